"""How an index grows: time to build and to update, bytes on disk and in memory a passage, time of a question.

    apt-get download linux-doc-6.1 python3.11-doc postgresql-doc-15 git-doc anarchism
    for package in *.deb; do dpkg -x $package texts; done
    python -m benchmarks.growth texts --postgres

With --postgres each index is moved into PostgreSQL, too, on this machine, and asked there.

The passages are paragraphs of real documentation, up to 100 thousand of them. Of more, each is made of two of those,
and so is its vector, which keeps the clusters of the real ones and is not computed by the model.
"""

import gzip
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from psycopg import sql
from rich.console import Console
from selectolax.lexbor import LexborHTMLParser

from benchmarks.arguments import command_line
from benchmarks.clusters import cluster
from benchmarks.data import WORK
from qa.answers.answering import Answerer
from qa.cores import leave_cores
from qa.embedders import Embedder, load_embedder
from qa.indexing.building import build_index
from qa.indexing.generations import current_generation
from qa.indexing.index import Generation, open_index
from qa.library import index_folder
from qa.postgres.address import CACHE
from qa.postgres.database import Query, database_of
from qa.settings import BuildSettings
from qa.stores import Vectors, postgres

SETTINGS = ("shared_buffers = 4GB", "max_wal_size = 8GB")
"""Of PostgreSQL, as its manual advises for a machine of this size; the other settings are its defaults."""

FILES = 1000
REAL = 100_000  # passages that are embedded by the model
ASKED = 200
_SEED = 0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Built:
    """What one build took; ``peak`` is the resident memory in bytes at its highest."""

    seconds: float
    peak: int


@dataclass(frozen=True, slots=True)
class Asked:
    """An opened index: seconds to open it, bytes resident of its own and mapped, milliseconds by stage, recall."""

    opened: float
    own: int
    mapped: int
    passages: int
    question: float
    question_95: float
    dense: float
    exact: float
    recall_10: float
    recall_100: float


# --- texts ---------------------------------------------------------------------------------------------------


def paragraphs(folder: Path) -> list[str]:
    """Return the distinct paragraphs of prose in a folder's .rst, .txt and .html files, shuffled."""
    found: dict[str, None] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink() and re.search(r"\.(rst|txt|html)(\.gz)?$", file.name):
            found.update(dict.fromkeys(filter(_is_prose, _blocks(file))))
    texts = list(found)
    random.Random(_SEED).shuffle(texts)
    return texts


def _blocks(file: Path) -> list[str]:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        text = opened.read().decode("utf-8", "replace")
    blocks = [n.text() for n in LexborHTMLParser(text).css("p")] if ".html" in file.name else re.split(r"\n\s*\n", text)
    return [" ".join(block.split()) for block in blocks]


def _is_prose(text: str) -> bool:
    return 80 <= len(text) <= 1500 and sum(letter.isalpha() or letter == " " for letter in text) > 0.8 * len(text)


def pair(number: int, held: int) -> tuple[int, int]:
    """Return the two real passages that a made one is made of."""
    return number % held, (number * 7919 + number // held * 104_729) % held


def made_texts(texts: Sequence[str], size: int) -> Iterator[str]:
    """Yield real texts, and of more than there are three quarters of one and the last quarter of another."""
    for number in range(size):
        if size <= REAL:
            yield texts[number]
            continue
        one, other = (texts[place].split() for place in pair(number, REAL))
        yield " ".join([*one[: 3 * len(one) // 4], *other[3 * len(other) // 4 :], f"({number // REAL})"])


def write_corpus(texts: Sequence[str], size: int, folder: Path) -> None:
    """Write the texts as JSON lines, a document each, into FILES files."""
    folder.mkdir(parents=True)
    lines = (
        json.dumps({"_id": str(number), "title": "", "text": text})
        for number, text in enumerate(made_texts(texts, size))
    )
    for number in range(FILES):
        content = [next(lines) for _ in range(size // FILES)]
        (folder / f"{number:04}.jsonl").write_text("\n".join(content) + "\n", encoding="utf-8")


class MadeEmbedder:
    """The real embedder, but that passages, asked for in their order, get vectors made of two real ones."""

    def __init__(self, real: Embedder, vectors: Vectors) -> None:
        """Make vectors of these (n, d) ones."""
        self.real = real
        self.vectors = vectors
        self.done = 0
        self.chance = np.random.default_rng(_SEED)

    def __getattr__(self, name: str) -> Any:
        """Be the real one in all else."""
        return getattr(self.real, name)

    def export_to(self, folder: Path, sample: Sequence[str]) -> "MadeEmbedder":
        """Carry the real one."""
        self.real = self.real.export_to(folder, sample)
        return self

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit rows around one real passage, some way to another, with noise of a tenth of their length."""
        pairs = np.array([pair(self.done + place, len(self.vectors)) for place in range(len(texts))])
        self.done += len(texts)
        noise = self.chance.normal(size=(len(texts), self.vectors.shape[1])) * 0.1 / np.sqrt(self.vectors.shape[1])
        made = 0.75 * self.vectors[pairs[:, 0]] + 0.25 * self.vectors[pairs[:, 1]] + noise
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


# --- measures, each in a process of its own ------------------------------------------------------------------


def alone(function: Callable[..., Result], *arguments: object) -> Result:
    """Run a function in a new process, whose memory is then its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def build(corpus: Path, index: Path, real: Path | None) -> Built:
    """Build an index, with vectors made of the real ones of another index where one is given."""
    embedder: Any = load_embedder()
    if real is not None:
        generation = Generation(current_generation(real))
        embedder = MadeEmbedder(embedder, generation.store.vectors(np.arange(REAL)))
    start = time.perf_counter()
    build_index([corpus], index, embedder=embedder)
    seconds = time.perf_counter() - start
    return Built(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def ask(index: Path, questions: Sequence[str]) -> Asked:
    """Open an index and ask it, one question after the other."""
    embedder = Generation(current_generation(index)).exported_embedder()
    assert embedder is not None
    embedder.embed_questions(questions[:2])
    own, mapped = _resident("RssAnon"), _resident("RssFile")
    start = time.perf_counter()
    opened = open_index(index, embedder)
    seconds = time.perf_counter() - start
    answerer = Answerer(opened)
    times = [_milliseconds(answerer.answer, question) for question in questions]
    own, mapped = _resident("RssAnon") - own, _resident("RssFile") - mapped
    vectors, store = opened.embed(questions), opened.store
    rows = [vectors[place : place + 1] for place in range(len(questions))]
    dense = [_milliseconds(store.search, row, 100) for row in rows]
    everything = np.arange(len(store), dtype=np.int64)
    exact = [_milliseconds(store.search, row, 100, everything) for row in rows[:50]]
    found, nearest = store.search(vectors, 100)[1], store.search(vectors, 100, everything)[1]
    return Asked(
        seconds, own, mapped, len(store),
        float(np.median(times)), float(np.percentile(times, 95)), float(np.median(dense)), float(np.median(exact)),
        recall(found[:, :10], nearest[:, :10]), recall(found, nearest),
    )  # fmt: skip


def recall(found: np.ndarray, nearest: np.ndarray) -> float:
    """Return the mean share of the nearest that were found."""
    pairs = zip(found.tolist(), nearest.tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs]))


def _milliseconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - start) * 1000


def _resident(kind: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(kind))


def move(corpus: Path, index: Path, database: Path) -> Built:
    """Build an index in a database that takes all over from one in files: what is left are its tables and its graph."""
    start = time.perf_counter()
    build_index([corpus], database, BuildSettings(basis=index))
    return Built(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def ask_database(folder: Path, questions: Sequence[str]) -> Asked:
    """Do what ``ask`` does with an index in a database, the truth for recall by every vector there."""
    postgres.EXACT_UP_TO = sys.maxsize  # of rows that are named; how the store searches all is in its folder
    return ask(folder, questions)


def update(corpus: Path, index: Path) -> float:
    """Return the seconds that `qa index` takes, its start included, after one document of one file has changed."""
    file = corpus / "0500.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    text = f"A text changed at {time.time_ns()}, about an index that takes over what did not change."
    lines[0] = json.dumps(json.loads(lines[0]) | {"text": text})
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "qa", "index", str(corpus), "--index", str(index)], check=True)
    return time.perf_counter() - start


# --- the table -----------------------------------------------------------------------------------------------


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("texts", type=Path, help="folder of the unpacked packages")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="passages")
    parser.add_argument("--postgres", action="store_true", help="measure each size in PostgreSQL, too")
    chosen = parser.parse_args()
    leave_cores()  # for the processes that measure
    if max(chosen.sizes) > REAL and REAL not in chosen.sizes:
        parser.error(f"sizes above {REAL} are made of the passages of {REAL}: name that size too")
    with Console(stderr=True).status("reading texts"):
        texts = paragraphs(chosen.texts)
    questions = [" ".join(text.split()[:12]) for text in texts[-ASKED:]]
    rows = [_row(size, texts[:-ASKED], questions) for size in chosen.sizes]
    _print([f"{size:,} passages" for size in chosen.sizes], rows)
    if chosen.postgres:
        rows = [_database_row(size, questions) for size in chosen.sizes]
        _print([f"{size:,} in PostgreSQL" for size in chosen.sizes], rows)


def _print(heads: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    print(f"| | {' | '.join(heads)} |\n|---|{'---|' * len(rows)}")
    for name in rows[0]:
        print(f"| {name} | {' | '.join(row[name] for row in rows)} |")
    print()


def _row(size: int, texts: Sequence[str], questions: Sequence[str]) -> dict[str, str]:
    folder = WORK / "growth" / str(size)
    corpus, index, record = folder / "corpus", folder / "index", folder / "built.json"
    if not record.exists():
        if not corpus.exists():
            write_corpus(texts, size, corpus)
        real = WORK / "growth" / str(REAL) / "index" if size > REAL else None
        print(f"building {size:,}", file=sys.stderr)
        record.write_text(json.dumps(asdict(alone(build, corpus, index, real))), encoding="utf-8")
    built = Built(**json.loads(record.read_text(encoding="utf-8")))
    asked = alone(ask, index, questions)
    seconds = update(corpus, index) if size <= REAL else 0.0  # without the model in the build there is no share
    generation = current_generation(index)
    return {
        "build, s": f"{built.seconds:,.0f}" + ("" if size <= REAL else " (without the model)"),
        "build, MB resident at most": f"{built.peak / 1e6:,.0f}",
        "one document in one of 1,000 files changed, s": f"{seconds:,.1f}" if seconds else "-",
        "of a full build": f"{seconds / built.seconds:.1%}" if seconds else "-",
        "on disk, bytes a passage": f"{_bytes(generation) / asked.passages:,.0f}",
        "of these vectors": f"{_bytes(generation / 'store') / asked.passages:,.0f}",
        "of these words": f"{_bytes(generation / 'lexicon') / asked.passages:,.0f}",
        "open and compare checksums, s": f"{asked.opened:.2f}",
        "memory that one process adds to the model's, MB": f"{asked.own / 1e6:,.0f}",
        "of mapped files, which processes share, MB": f"{asked.mapped / 1e6:,.0f}",
        **_answering(asked),
    }


def _answering(asked: Asked) -> dict[str, str]:
    """Return the rows on questions."""
    return {
        "question, ms, median": f"{asked.question:.1f}",
        "question, ms, 95th percentile": f"{asked.question_95:.1f}",
        "vector search, ms": f"{asked.dense:.2f}",
        "the same, every vector compared, ms": f"{asked.exact:.2f}",
        "recall@10": f"{asked.recall_10:.4f}",
        "recall@100": f"{asked.recall_100:.4f}",
    }


def _database_row(size: int, questions: Sequence[str]) -> dict[str, str]:
    folder = WORK / "growth" / str(size)
    with TemporaryDirectory(prefix="candor-") as place:
        Path(place).chmod(0o755)
        os.environ[CACHE] = str(Path(place) / "machine")
        with cluster(Path(place) / "servers", with_replica=False, settings=SETTINGS) as made:
            database = index_folder(made.address())
            built = alone(move, folder / "corpus", folder / "index", database)
            asked = alone(ask_database, database, questions)
            sizes = _table_sizes(database)
    return {
        "build with all taken over, s": f"{built.seconds:,.0f}",
        "build, MB resident at most": f"{built.peak / 1e6:,.0f}",
        "in the database, bytes a passage, the encoder's and reader's files among them": _of(sizes, "", asked.passages),
        "of these vectors": _of(sizes, "vectors", asked.passages),
        "of these words": _of(sizes, "postings", asked.passages),
        "open, s": f"{asked.opened:.2f}",
        "memory that one process adds to the model's, MB": f"{asked.own / 1e6:,.0f}",
        **_answering(asked),
    }


def _table_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each table of an index in a database, with its indexes."""
    database = database_of(folder)
    asking = sql.SQL(
        "SELECT tablename, pg_total_relation_size(format('%%I.%%I', schemaname, tablename)::regclass) "
        "FROM pg_tables WHERE schemaname = %s"
    )
    return dict(database.read(Query(asking, [database.address.schema]))[0])


def _of(sizes: dict[str, int], begins: str, passages: int) -> str:
    return f"{sum(size for name, size in sizes.items() if name.startswith(begins)) / passages:,.0f}"


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
