"""How fast Candor embeds, starts, answers and builds, beside what others do on the same machine in the same run.

    python -m venv peers
    peers/bin/pip install -r benchmarks/peers/requirements.txt
    python -m benchmarks.speed path/to/scifact --peers peers/bin/python

Every service answers from the same texts with the same model, two processes each, over connections of their own.
Candor's answers have their notes and confidence. An index that was built is kept in benchmarks/work/speed with the time
that it took: remove that folder to build all anew. The last row needs --growth, and what `benchmarks.growth` has built.

A share of the limit is of the floating-point operations that a product of two large matrices reaches with all cores.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ir_measures import calc_aggregate, nDCG
from rich.console import Console
from rich.progress import track

from benchmarks.arguments import command_line
from benchmarks.data import WORK, QuestionSet, read_set
from benchmarks.growth import ASKED, REAL, Asked, ask, paragraphs
from benchmarks.load import PORT, Load, ask_all, resident, served
from qa.answers.answering import Answerer
from qa.answers.retrieval import lexical_ranking
from qa.cores import leave_cores
from qa.embedders import Embedder, load_embedder
from qa.embedders.sentence_transformers import model_folder
from qa.indexing.generations import current_generation
from qa.indexing.index import Generation, open_index
from qa.indexing.prepared import CALIBRATION, VECTORS
from qa.indexing.splitters import Splitter
from qa.readers.extractive import trained_weights
from qa.stores import Vectors

SPEED = WORK / "speed"
PEERS = Path(__file__).parent / "peers"
READER = SPEED / "reader"
_EMBEDDED = 192  # passages a round
_ROUNDS = 3
_ASKED = 100
_STARTS = 5
_CLIENTS = 16
_MEASURES = (
    "building",
    "embedding",
    "quality",
    "starting",
    "first",
    "memory",
    "serving",
    "reading",
    "single",
    "overhead",
    "growing",
)
_ON_INDEXES = {"embedding", "quality", "serving", "reading", "overhead"}
"""What is measured on the indexes that "building" builds, and keeps."""
_MATRIX = 2048  # rows and columns
_FLOP_A_TOKEN = 2 * 6 * (4 * 384 * 384 + 2 * 384 * 1536)
"""Multiplications and additions of a token in the six layers of all-MiniLM-L6-v2, without those between tokens."""
_ANSWERS_A_SECOND = {"plain script": (1.2, 2.0), "txtai": (1.6, 2.5), "Haystack": (4.0, 4.0)}
_PERCENTILE_99 = {"plain script": (1.0, 0.8), "txtai": (0.5, 0.5), "Haystack": (0.3, 0.3)}
"""What is to be reached against each, with AVX2 and with bfloat16."""
_READ_A_SECOND = {"txtai, its reader": (2.0, 3.0), "Haystack, its reader": (2.0, 3.0)}
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False", "TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True, slots=True)
class Peer:
    """Another way to answer from the same texts: how it is built, and served where it has a server; and where it is
    asked so that it reads what it finds, where it has a reader."""

    name: str
    script: str
    libraries: tuple[str, ...]
    serve: tuple[str, ...] = ()
    address: str = "/ask?q="
    reading: str = ""


_PEERS = (
    Peer("plain script", "plain.py", ("flask", "sentence-transformers", "faiss-cpu"),
         ("-m", "gunicorn", "-w", "{workers}", "-b", "127.0.0.1:{port}", "--timeout", "300", "plain:app")),
    Peer("txtai", "with_txtai.py", ("txtai",),
         ("-m", "uvicorn", "--port", "{port}", "--workers", "{workers}", "txtai.api:app"), "/search?limit=5&query=",
         "/rag?query="),
    Peer("Haystack", "with_haystack.py", ("haystack-ai", "transformers-haystack"),
         ("-m", "uvicorn", "--port", "{port}", "--workers", "{workers}", "with_haystack:app"), reading="/ask?q="),
    Peer("LangChain", "with_langchain.py", ("langchain-community",)),
)  # fmt: skip


def goal(plain: float, bf16: float) -> float:
    """Return what a row is to reach on this kind of processor: with AVX2 alone, or with bfloat16."""
    from openvino import Core

    return bf16 if "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else plain


def row(  # noqa: PLR0913, PLR0917 - one argument a column
    name: str, against: str, found: str, ratio: float, goal: float, at_most: bool = False
) -> None:
    """Print a row: what was found, and by what factor the goal is met or missed."""
    short = ratio / goal if at_most else goal / ratio
    verdict = "met" if short <= 1 else f"missed, by {short:.2f}"
    reach = f"{'at most ' if at_most else ''}{goal:g}"
    print(f"| {name} | {against} | {found} | {ratio:.3g} | {reach} | {verdict} |", flush=True)


def alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Run a function in a process of its own, so that neither memory nor threads of another count."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def product_rate() -> float:
    """Return the floating-point operations a second that a product of two matrices reaches."""
    import torch  # with all cores, which numpy leaves to the encoder here

    matrix = torch.rand(_MATRIX, _MATRIX)
    return 2 * _MATRIX**3 / min(_seconds(torch.matmul, matrix, matrix) for _ in range(5))


def tokens_of(index: Path, texts: Sequence[str]) -> float:
    """Return how many tokens the texts have for an index's embedder, on average."""
    embedder = Generation(current_generation(index)).exported_embedder()
    assert embedder is not None
    encoded = embedder.tokenizer.encode_batch(list(texts))
    return statistics.mean(min(len(one.ids), embedder.max_tokens) for one in encoded)


def share(tokens: float, seconds: float, limit: float) -> str:
    """Return the share of the limit at which so many tokens were embedded in so many seconds."""
    return f"{tokens * _FLOP_A_TOKEN / seconds / limit:.0%} of the limit"


# --- embedding -----------------------------------------------------------------------------------------------


def passages_of(index: Path) -> list[str]:
    """Return what was embedded of each passage of an index, by row."""
    generation = Generation(current_generation(index))
    embedder = generation.exported_embedder()
    assert embedder is not None
    splitter = Splitter(
        embedder.tokenizer, embedder.max_tokens, generation.manifest.passage_tokens, embedder.passage_overhead
    )
    found = (generation.passages[place] for place in range(len(generation.passages)))
    return [splitter.context(passage) + passage.text for passage in found]


def embed_both(index: Path, texts: Sequence[str], questions: Sequence[str]) -> dict[str, float]:
    """Return passages a second and milliseconds of one question by model and export, in turns."""
    original, exported = load_embedder(), Generation(current_generation(index)).exported_embedder()
    assert exported is not None
    both: dict[str, Embedder] = {"original": original, "exported": exported}
    rates: dict[str, list[float]] = {name: [] for name in both}
    for embedder in both.values():
        embedder.embed_passages(texts[:32])
    for _ in range(_ROUNDS):
        for name, embedder in both.items():
            rates[name].append(len(texts) / _seconds(embedder.embed_passages, texts))
    found = {name: statistics.median(rate) for name, rate in rates.items()}
    asked = {
        f"{name} question": 1000
        * statistics.median(_seconds(lambda e=e, q=q: e.embed_questions([q])) for q in questions)
        for name, e in both.items()
    }
    return {**found, **asked}


def measure_embedding(index: Path, questions: Sequence[str], limit: float) -> None:
    texts = passages_of(index)
    step = len(texts) // _EMBEDDED
    chosen = texts[::step][:_EMBEDDED]
    found = alone(embed_both, index, chosen, questions[:_ASKED])
    tokens = tokens_of(index, chosen)
    used = share(tokens, 1 / found["exported"], limit)
    shown = f"{found['exported']:.1f} and {found['original']:.1f}, {tokens:.0f} tokens each: {used}"
    row("passages embedded a second", "sentence-transformers", shown, found["exported"] / found["original"], 3.5)
    tokens = tokens_of(index, questions[:_ASKED])
    used = share(tokens, found["exported question"] / 1000, limit)
    shown = (
        f"{found['exported question']:.1f} and {found['original question']:.1f} ms, {tokens:.0f} tokens each: {used}"
    )
    faster = found["original question"] / found["exported question"]
    row("one question embedded, median", "sentence-transformers", shown, faster, 5)


def original_vectors(index: Path, texts: Sequence[str]) -> Vectors:
    """Return the (n, d) vectors of an index's passages by the model as it came, kept between runs."""
    kept = SPEED / "original.npy"
    if not kept.exists():
        embedder = load_embedder()
        blocks = range(0, len(texts), 256)
        np.save(kept, np.concatenate([embedder.embed_passages(texts[at : at + 256]) for at in track(blocks)]))
    return np.asarray(np.load(kept))


def measure_quality(index: Path, asked: QuestionSet) -> None:
    generation = Generation(current_generation(index))
    texts = passages_of(index)
    judged = [question for question in asked.questions if question["_id"] in asked.judgments]
    wanted = [question["text"] for question in judged]
    exported = generation.exported_embedder()
    assert exported is not None
    pairs = (
        (original_vectors(index, texts), load_embedder().embed_questions(wanted)),
        (generation.store.vectors(np.arange(len(texts))), exported.embed_questions(wanted)),
    )
    documents = [generation.passages[place].document_id for place in range(len(texts))]
    found = []
    for passages, questions in pairs:
        run: dict[str, dict[str, float]] = {}
        for question, scores in zip(judged, questions @ passages.T, strict=True):
            best: dict[str, float] = {}
            for place in np.argsort(-scores)[:100].tolist():
                best.setdefault(documents[place], float(scores[place]))
            run[question["_id"]] = best
        found.append(calc_aggregate([nDCG @ 10], asked.judgments, run)[nDCG @ 10])
    difference = abs(found[1] - found[0])
    shown = f"nDCG@10 {found[1]:.4f} and {found[0]:.4f}, {len(judged)} questions"
    row("quality after export", "the original", shown, difference, 0.003, at_most=True)


# --- starting ------------------------------------------------------------------------------------------------


def measure_start(index: Path) -> None:
    qa = [sys.executable, "-m", "qa"]
    commands = {
        "import": [sys.executable, "-c", "import sentence_transformers"],
        "ask": [*qa, "ask", "What is psychotherapy?", "--index", str(index)],
        "help": [*qa, "--help"],
        "least": [sys.executable, "-c", "import numpy, faiss, tantivy, openvino"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(_STARTS):
        for name, command in commands.items():
            times[name].append(_seconds(_run, command))
    found = {name: statistics.median(seconds) for name, seconds in times.items()}
    shown = f"{found['ask']:.2f} and {found['import']:.2f} s"
    row("`qa ask`, cold process", "`import sentence_transformers`", shown, found["ask"] / found["import"], 0.25, True)
    shown = f"{found['ask']:.2f} s; {found['least']:.2f} to import numpy, faiss, tantivy and openvino"
    row("the same, s", "-", shown, found["ask"], 1, at_most=True)
    row("`qa --help`, s", "-", f"{found['help']:.3f} s", found["help"], 0.15, at_most=True)
    ready = []
    for _ in range(_STARTS):
        start = time.perf_counter()
        with served(_own_server(index, 1), "/readyz", Path.cwd(), {}):
            ready.append(time.perf_counter() - start)
    row("`qa serve` ready, s", "-", f"{statistics.median(ready):.2f} s", statistics.median(ready), 1.5, at_most=True)


def measure_first(corpus: Path) -> None:
    """Start where there is no index yet, with what the default corpus brings along of one and without."""
    seconds = {}
    for brought in (True, False):
        with TemporaryDirectory() as folder:
            left_out = None if brought else shutil.ignore_patterns(VECTORS, CALIBRATION)
            shutil.copytree(corpus, Path(folder) / "corpus", ignore=left_out)
            start = time.perf_counter()
            command = [sys.executable, "-m", "qa", "serve", "--port", str(PORT)]
            with served(command, "/api/ask?q=What+is+psychotherapy%3F", Path(folder), {}):
                seconds[brought] = time.perf_counter() - start
    shown = f"{seconds[True]:.1f} s; {seconds[False]:.1f} without what the corpus brings along"
    row("first `qa serve` to its first answer, s", "-", shown, seconds[True], goal(30, 8), at_most=True)


def _own_server(index: Path, workers: int, reader: str = "on") -> list[str]:
    options = ["--index", str(index), "--port", str(PORT), "--workers", str(workers), "--reader", reader]
    return [sys.executable, "-m", "qa", "serve", *options]


def measure_memory(index: Path, python: str, questions: Sequence[str]) -> None:
    """Compare the memory of one serving process, on the default corpus."""
    corpus, folder = texts_of(index, SPEED / "default.jsonl"), SPEED / "default-plain"
    if not folder.exists():
        _run([python, str(PEERS / "plain.py"), str(corpus), str(folder)])
    with served(_own_server(index, 1), "/readyz", Path.cwd(), {}) as process:
        ask_all("/api/ask?q=", questions, 4)
        own = max(resident(process.pid))
    with served(_peer_server(_PEERS[0], python, 1), "/ask?q=a", PEERS, {**_OFFLINE, "FOLDER": str(folder)}) as process:
        ask_all("/ask?q=", questions, 4)
        other = max(resident(process.pid))
    shown = f"{own / 1e6:.0f} and {other / 1e6:.0f} MB"
    row(
        "resident memory of one serving process, default corpus",
        "plain script",
        shown,
        own / other,
        goal(0.45, 0.4),
        at_most=True,
    )


def texts_of(index: Path, corpus: Path) -> Path:
    """Write the documents of an index, put together from their passages, for those who read JSON lines."""
    generation = Generation(current_generation(index))
    with corpus.open("w", encoding="utf-8") as output:
        for document in generation.documents():
            rows = range(document.first_row, document.end_row)
            text = "\n".join(generation.passages[place].text for place in rows)
            output.write(json.dumps({"_id": document.id, "title": document.title, "text": text}) + "\n")
    return corpus


# --- serving -------------------------------------------------------------------------------------------------


def _peer_server(peer: Peer, python: str, workers: int) -> list[str]:
    return [python, *(part.format(port=PORT, workers=workers) for part in peer.serve)]


def write_reader(folder: Path) -> None:
    """Write Candor's reader as a model for those who read with transformers: the same layers, and where the answer
    starts and ends; they have no use for its other heads."""
    from safetensors.numpy import load_file, save_file

    encoder = model_folder(None)
    shutil.copytree(encoder, folder, dirs_exist_ok=True)
    weights = {**load_file(encoder / "model.safetensors"), **trained_weights()}
    named = {f"bert.{name}": array for name, array in weights.items() if name.startswith(("embeddings.", "encoder."))}
    spans = {f"qa_outputs.{part}": weights[f"span.{part}"] for part in ("weight", "bias")}
    save_file({**named, **spans}, folder / "model.safetensors", {"format": "pt"})
    told = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**told, "architectures": ["BertForQuestionAnswering"]}))


def measure_serving(index: Path, python: str, questions: Sequence[str], limit: float) -> None:
    """Compare what two processes answer without reading anything."""
    own = _own_load(index, "off", questions)
    others = {peer.name: _peer_load(peer, python, questions) for peer in _PEERS if peer.serve}
    used = share(tokens_of(index, questions), 1 / own[0].rate, limit)
    _serving_rows("off", own, others, _ANSWERS_A_SECOND, used)


def measure_reading(index: Path, python: str, questions: Sequence[str], limit: float) -> None:
    """Compare what two processes answer that read what they find, and with a script that does not."""
    own = _own_load(index, "on", questions)
    plain = next(peer for peer in _PEERS if peer.name == "plain script")
    others = {plain.name: _peer_load(plain, python, questions)}
    for peer in (one for one in _PEERS if one.reading):
        others[f"{peer.name}, its reader"] = _peer_load(peer, python, questions, reads=True)
    used = share(tokens_of(index, questions), 1 / own[0].rate, limit)
    _serving_rows("on", own, others, _ANSWERS_A_SECOND | _READ_A_SECOND, used)


Loads = tuple[Load, Load]
"""What clients saw: 16 of them, and 8."""


def _serving_rows(
    reader: str, own: Loads, others: Mapping[str, Loads], reach: Mapping[str, tuple[float, float]], used: str
) -> None:
    full, halved = own
    for name, (other, _) in others.items():
        failed = f"{full.failed} and {other.failed} failed"
        shown = f"{full.rate:.0f} and {other.rate:.0f}, {failed}; the questions' tokens alone are {used}"
        row(
            f"HTTP answers a second, 16 clients, reader {reader}",
            name,
            shown,
            full.rate / other.rate,
            goal(*reach[name]),
        )
    for name, (_, other) in others.items():
        shown = f"{halved.percentile_99:.0f} and {other.percentile_99:.0f} ms"
        ratio, wanted = halved.percentile_99 / other.percentile_99, goal(*_PERCENTILE_99[name.split(",")[0]])
        row(f"99th percentile, 8 clients, reader {reader}", name, shown, ratio, wanted, at_most=True)


def _own_load(index: Path, reader: str, questions: Sequence[str]) -> Loads:
    with served(_own_server(index, 2, reader), "/readyz", Path.cwd(), {}):
        return _load("/api/ask?q=", questions)


def _peer_load(peer: Peer, python: str, questions: Sequence[str], reads: bool = False) -> Loads:
    folder = SPEED / peer.name
    address = peer.reading if reads else peer.address
    settings = "reading.yml" if reads else "api.yml"
    variables = {**_OFFLINE, "FOLDER": str(folder), "CONFIG": str(folder / settings)}
    if reads:
        variables["READER"] = str(READER)
    with served(_peer_server(peer, python, 2), address + "a", PEERS, variables):
        return _load(address, questions)


def _load(address: str, questions: Sequence[str]) -> Loads:
    """Return what clients saw of a service, which has been asked some questions before."""
    warm, asked = questions[:64], questions[64:]
    half = len(asked) // 2
    ask_all(address, warm, _CLIENTS)
    return ask_all(address, asked[:half], _CLIENTS), ask_all(address, asked[half:], _CLIENTS // 2)


def measure_single(index: Path) -> None:
    """Measure one question at a time on the default corpus, with and without a term that it lacks."""
    lines = Path("corpus/questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    lacking = [question["text"] for question in asked if question.get("off_corpus_terms")][:_ASKED]
    plain = [question["text"] for question in asked if question.get("off_corpus_terms") == []][:_ASKED]
    for reader in ("off", "on"):
        with served(_own_server(index, 1, reader), "/readyz", Path.cwd(), {}):
            ask_all("/api/ask?q=", [f"{question} " for question in plain[:8]], 1)
            for name, questions, reach in (
                ("", plain, goal(10, 5)),
                (", with a term that is missing", lacking, goal(15, 7)),
            ):
                median = ask_all("/api/ask?q=", questions, 1).median
                shown = f"{median:.1f} ms, {len(questions)} questions"
                row(f"one question over HTTP{name}, reader {reader}, ms", "-", shown, median, reach, at_most=True)


def stages(index: Path, questions: Sequence[str]) -> dict[str, float]:
    """Return the median milliseconds of an answer, and of the embedding and searching in it, one after the other."""
    opened = open_index(index)
    answerer = Answerer(opened)
    answerer.answer(questions[0])
    whole, inside = [], []
    for question in questions[1:]:
        whole.append(1000 * _seconds(answerer.answer, question))
        texts = [f"{question} "]  # another text, which is not remembered
        start = time.perf_counter()
        vector = opened.embed(texts)
        opened.store.search(vector, 100)
        lexical_ranking(opened.language.question(question), opened, 100)
        inside.append(1000 * (time.perf_counter() - start))
    beyond = [one - other for one, other in zip(whole, inside, strict=True)]
    return {"whole": statistics.median(whole), "beyond": statistics.median(beyond)}


def measure_overhead(index: Path, questions: Sequence[str]) -> None:
    found = alone(stages, index, questions)
    with served(_own_server(index, 1), "/readyz", Path.cwd(), {}):
        ask_all("/api/ask?q=", questions[-8:], 1)
        median = ask_all("/api/ask?q=", questions[:-8], 1).median
    http = median - found["whole"]
    shown = f"{http:.1f} ms of HTTP, {found['beyond']:.1f} of terms, note and confidence; {median:.1f} in all"
    row("HTTP time beyond embedding and search, median ms", "-", shown, http + found["beyond"], 2, at_most=True)


# --- building ------------------------------------------------------------------------------------------------


def build(name: str, command: Sequence[str], folder: Path) -> float:
    """Build an index with a command and return the seconds that it took, those of an earlier run where it stands."""
    record = SPEED / f"{name}.seconds"
    if not (record.exists() and folder.exists()):
        with Console(stderr=True).status(f"{name} builds"):
            seconds = _seconds(_run, command)
        record.write_text(f"{seconds:.1f}\n", encoding="ascii")
    return float(record.read_text(encoding="ascii"))


def _run(command: Sequence[str]) -> str:
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **_OFFLINE}
    ).stdout.strip()


def some_texts(asked: QuestionSet, most: int | None) -> Path:
    """Return a set's corpus, or one written of so many of its texts, those that questions are judged by first."""
    whole = (asked.folder / "corpus.jsonl").resolve()
    if most is None:
        return whole
    judged = {document for judgments in asked.judgments.values() for document in judgments}
    lines = whole.read_text(encoding="utf-8").splitlines()
    first = sorted(lines, key=lambda line: json.loads(line)["_id"] not in judged)[:most]
    (SPEED / "corpus.jsonl").write_text("\n".join(first) + "\n", encoding="utf-8")
    return SPEED / "corpus.jsonl"


def measure_building(corpus: Path, index: Path, python: str, limit: float) -> None:
    own = build("Candor", [sys.executable, "-m", "qa", "index", str(corpus), "--index", str(index)], index)
    texts = passages_of(index)
    used = share(tokens_of(index, texts) * len(texts), own, limit)
    for peer in _PEERS:
        folder = SPEED / peer.name
        reader = [str(READER)] if peer.name == "txtai" else []  # its settings name it
        seconds = build(peer.name, [python, str(PEERS / peer.script), str(corpus), str(folder), *reader], folder)
        if peer.name != "plain script":
            shown = f"{own:.0f} and {seconds:.0f} s: {used}"
            row("index build, end to end", peer.name, shown, seconds / own, goal(1.2, 3.5))


# --- growing -------------------------------------------------------------------------------------------------


def measure_growing(texts: Path) -> None:
    """Compare the time of a question between the two larger indexes that ``benchmarks.growth`` built of these texts."""
    questions = [" ".join(text.split()[:12]) for text in paragraphs(texts)[-ASKED:]]
    less, more = (_asked(size, questions) for size in (REAL, 10 * REAL))
    shown = f"{more.question:.1f} and {less.question:.1f} ms; vector search {more.dense:.2f} and {less.dense:.2f}"
    against = f"{less.passages:,} passages"
    row("10 times the passages, a question, median", against, shown, more.question / less.question, 2, at_most=True)


def _asked(size: int, questions: Sequence[str]) -> Asked:
    found: Asked = alone(ask, WORK / "growth" / str(size) / "index", questions)
    return found


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("set", type=Path, help="folder of scifact, in the layout of BEIR")
    parser.add_argument("--peers", required=True, help="the Python of the environment that the others are installed in")
    parser.add_argument("--texts", type=int, help="index only so many of the texts, the judged ones first")
    parser.add_argument("--growth", type=Path, help="the folder of texts that `benchmarks.growth` was given")
    parser.add_argument("--only", nargs="+", choices=_MEASURES, default=_MEASURES, help="rows to measure")
    chosen = parser.parse_args()
    if chosen.only != _MEASURES and "growing" in chosen.only and chosen.growth is None:
        parser.error("to measure growing, name the texts with --growth")
    index = SPEED / "Candor"
    if _ON_INDEXES & set(chosen.only) and "building" not in chosen.only and not (SPEED / "Candor.seconds").exists():
        wanted = ", ".join(name for name in chosen.only if name in _ON_INDEXES)
        parser.error(
            f"{wanted}: measured on what building builds; add it, as in --only building {' '.join(chosen.only)}"
        )
    leave_cores()  # for the processes that measure
    SPEED.mkdir(parents=True, exist_ok=True)
    asked = read_set(chosen.set)
    corpus = some_texts(asked, chosen.texts)
    questions = [question["text"] for question in asked.questions]
    default = SPEED / "default"
    _run([sys.executable, "-m", "qa", "index", "--index", str(default)])
    write_reader(READER)
    told = "import importlib.metadata as m, sys; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    libraries = _run([chosen.peers, "-c", told, *(name for peer in _PEERS for name in peer.libraries)])
    print(f"{os.cpu_count()} cores, {platform.machine()}; OpenVINO {version('openvino')}; peers: {libraries}\n")
    texts = sum(1 for _ in corpus.open(encoding="utf-8"))
    limit = alone(product_rate)
    print(f"{texts:,} texts, {len(questions):,} questions; the limit is {limit / 1e9:.0f} GFLOP/s\n")
    print("| row | against | found | ratio | to reach | |\n|---|---|---|---|---|---|", flush=True)
    measures = {
        "building": lambda: measure_building(corpus, index, chosen.peers, limit),
        "embedding": lambda: measure_embedding(index, questions, limit),
        "quality": lambda: measure_quality(index, asked),
        "starting": lambda: measure_start(default),
        "first": lambda: measure_first(Path("corpus")),
        "memory": lambda: measure_memory(default, chosen.peers, questions[:40]),
        "serving": lambda: measure_serving(index, chosen.peers, questions, limit),
        "reading": lambda: measure_reading(index, chosen.peers, questions, limit),
        "single": lambda: measure_single(default),
        "overhead": lambda: measure_overhead(index, questions[: _ASKED + 8]),
        "growing": lambda: measure_growing(chosen.growth),
    }
    for name in chosen.only if chosen.growth else (name for name in chosen.only if name != "growing"):
        measures[name]()


if __name__ == "__main__":
    main()
