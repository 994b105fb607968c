"""A corpus brings along vectors, phrases and a calibration: what it has of its texts as they are is taken, the rest is
made."""

import gzip
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import numpy.typing as npt
import pytest

from qa.embedders import load_embedder
from qa.errors import BadSettings
from qa.evaluation.recalibrating import note
from qa.indexing.building import build_index
from qa.indexing.calibration import (
    DEFAULT_PROMISE,
    RULE,
    Calibration,
    Promise,
    packaged_calibration,
    read_own_calibration,
    save_calibration,
)
from qa.indexing.generations import current_generation
from qa.indexing.index import Generation, load_manifest, open_index
from qa.indexing.prepared import (
    CALIBRATION,
    PHRASES,
    VECTORS,
    PreparedVectors,
    prepared_calibration,
    prepared_phrases,
    prepared_vectors,
    save_phrases,
    save_prepared_calibration,
    save_vectors,
)
from qa.language import load_language
from qa.service import calibrate_on_corpus
from qa.settings import BuildSettings
from tests.conftest import ROOT, WordLengthEmbedder
from tests.english import ENGLISH
from training.prepared import Recording, prepare

Rows = npt.NDArray[np.float32]


def one(place: int) -> Rows:
    """Return the vector of length 1 along a dimension of four."""
    return np.asarray(np.eye(4, dtype=np.float32)[place])


def no_embedding(texts: object) -> Rows:
    raise AssertionError(f"embeds {texts}")


def taken(folder: Path, checksum: str = "made by this") -> PreparedVectors:
    return prepared_vectors([folder], checksum, 4)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A folder with the vectors of two passages and one question."""
    save_vectors(tmp_path, "made by this", {"a bee": one(0), "a sea": one(1)}, {"a bee": one(2)})
    return tmp_path


def test_known_vectors_are_taken_and_others_made(prepared: Path) -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Rows:
        asked.extend(texts)
        return np.array([one(3)] * len(texts))

    found = taken(prepared).passages(["a tree", "a sea", "a bee", "a stone"], embed)
    assert found.tolist() == [one(3).tolist(), one(1).tolist(), one(0).tolist(), one(3).tolist()]
    assert asked == ["a tree", "a stone"]


def test_a_phrase_is_no_passage(prepared: Path) -> None:
    vectors = taken(prepared)
    assert vectors.questions(["a bee"], no_embedding).tolist() == [one(2).tolist()]
    assert vectors.questions(["a sea"], lambda texts: np.array([one(3)])).tolist() == [one(3).tolist()]


def test_nothing_is_taken_of_another_model(prepared: Path) -> None:
    assert len(taken(prepared)) == 3
    assert len(taken(prepared, "made by another")) == 0
    assert len(prepared_vectors([prepared], "made by this", 5)) == 0


def test_several_corpora_bring_their_own(prepared: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    save_vectors(other, "made by this", {"a tree": one(3), "a bee": one(0)}, {})
    both = prepared_vectors([prepared, other, tmp_path / "none"], "made by this", 4)
    assert len(both) == 4
    texts = ["a tree", "a bee", "a sea"]
    assert both.passages(texts, no_embedding).tolist() == [one(3).tolist(), one(0).tolist(), one(1).tolist()]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def _text(file: Path) -> None:
    file.write_text("no vectors", encoding="utf-8")


def _pickled(file: Path) -> None:
    np.savez(file, embedder=np.array("made by this"), keys=np.array([{}], object), vectors=np.zeros((1, 4), np.float16))


def _long(file: Path) -> None:
    np.savez(file, embedder=np.array("made by this"), keys=np.zeros(1, np.uint64), vectors=np.ones((1, 4), np.float16))


def _other_shape(file: Path) -> None:
    np.savez(file, embedder=np.array("made by this"), keys=np.zeros(2, np.uint64), vectors=np.eye(4, dtype=np.float16))


def _no_keys(file: Path) -> None:
    np.savez(file, embedder=np.array("made by this"), vectors=np.eye(4, dtype=np.float16))


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _one_array(file: Path) -> None:
    with file.open("wb") as opened:
        np.save(opened, np.eye(4))


def _too_large(file: Path) -> None:
    with ZipFile(file, "w", ZIP_DEFLATED) as archive, archive.open("vectors.npy", "w", force_zip64=True) as member:
        for _ in range(1025):
            member.write(bytes(1 << 20))


def _impossible(file: Path) -> None:
    header = b"{'descr': '<f2', 'fortran_order': False, 'shape': (100000000000000, 4), }"
    member = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    with ZipFile(file, "w") as archive:
        for name in ("embedder", "keys", "vectors"):
            archive.writestr(f"{name}.npy", member)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [_cut, _text, _pickled, _long, _other_shape, _no_keys, _folder, _empty, _one_array, _too_large, _impossible],
)
def test_vectors_that_cannot_be_used_are_said_and_made_anew(
    spoil: Callable[[Path], None], prepared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(prepared / VECTORS)
    with caplog.at_level(logging.WARNING, "qa"):
        assert len(taken(prepared)) == 0
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{prepared / VECTORS} cannot be used (")
    assert said.endswith("so the texts are embedded: make it anew, or leave it out of corpus.toml.")


# --- phrases ---------------------------------------------------------------------------------------------------


def test_known_phrases_are_taken_and_others_found(tmp_path: Path) -> None:
    save_phrases(tmp_path, ENGLISH, {"A brass clock ticks.": ["a known phrase"], "Nothing.": []})
    found = prepared_phrases([tmp_path / "none", tmp_path], ENGLISH)
    assert len(found) == 2
    assert found.of("A brass clock ticks.") == ["a known phrase"]
    assert found.of("Nothing.") == []
    assert found.of("A green apple falls.") == ENGLISH.phrases("A green apple falls.")


def test_no_phrases_are_taken_of_another_language_or_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_phrases(tmp_path, ENGLISH, {"Ein Apfel.": ["Apfel"]})
    assert len(prepared_phrases([tmp_path], load_language("de"))) == 0
    monkeypatch.setattr("qa.indexing.prepared.__version__", "0.0.1")
    assert len(prepared_phrases([tmp_path], ENGLISH)) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff",
        gzip.compress(b"{")[:-4],
        gzip.compress(b"[]"),
        gzip.compress(b"{}"),
        gzip.compress(b"\xff"),
        gzip.compress(b"[" * 100_000),
    ],
    ids=["empty", "text", "damaged", "cut", "a list", "nothing", "no text", "deep"],
)
def test_phrases_that_cannot_be_used_are_said_and_found_anew(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / PHRASES).write_bytes(content)
    with caplog.at_level(logging.WARNING, "qa"):
        assert len(prepared_phrases([tmp_path], ENGLISH)) == 0
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{tmp_path / PHRASES} cannot be used (")
    assert said.endswith("so the texts are looked through: make it anew, or leave it out of corpus.toml.")


@pytest.mark.parametrize("phrases", [{"0": [3]}, {"0": 3}, {"0": "abc"}, {"0": {"x": 1}}, {"0": ["\ud800"]}, [], None])
def test_what_are_no_phrases_is_not_taken(phrases: object, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_phrases(tmp_path, ENGLISH, {})
    fields = json.loads(gzip.decompress((tmp_path / PHRASES).read_bytes()))
    (tmp_path / PHRASES).write_bytes(gzip.compress(json.dumps(fields | {"phrases": phrases}).encode()))
    with caplog.at_level(logging.WARNING, "qa"):
        assert len(prepared_phrases([tmp_path], ENGLISH)) == 0
    assert "cannot be used" in caplog.text


def test_phrases_larger_than_they_may_be_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qa.indexing.prepared._LARGEST_PHRASES", 1000)
    (tmp_path / PHRASES).write_bytes(gzip.compress(b" " * 1001))
    with caplog.at_level(logging.WARNING, "qa"):
        assert len(prepared_phrases([tmp_path], ENGLISH)) == 0
    assert "larger than it may be" in caplog.text


# --- when texts are indexed ----------------------------------------------------------------------------------


def bring(corpus: Path, embedder: WordLengthEmbedder) -> Path:
    """Let a corpus bring along the vectors of its texts as they are; return the folder of these."""
    folder = corpus / "prepared"
    folder.mkdir()
    recording = Recording(embedder, {}, {})
    build_index([corpus], corpus.parent / "first", embedder=recording)
    save_vectors(folder, embedder.checksum, recording.passages, recording.questions)
    (folder / "notes.md").write_text("This is none of the texts.", encoding="utf-8")
    (corpus / "corpus.toml").write_text('prepared = "prepared"\n', encoding="utf-8")
    return folder


def vectors_in(index: Path) -> Rows:
    generation = Generation(current_generation(index))
    found = generation.store.vectors(np.arange(len(generation.passages)))
    generation.close()
    return np.asarray(found)


def test_only_what_is_not_prepared_is_embedded(corpus: Path, tmp_path: Path) -> None:
    bring(corpus, WordLengthEmbedder())
    embedder = WordLengthEmbedder()
    report = build_index([corpus], tmp_path / "index", embedder=embedder)
    assert embedder.embedded == []
    assert (report.left_out, report.unreadable) == ((), ())
    assert vectors_in(tmp_path / "index") == pytest.approx(vectors_in(tmp_path / "first"), abs=1e-3)
    (corpus / "new.txt").write_text("A new text on beavers.", encoding="utf-8")
    build_index([corpus], tmp_path / "another", embedder=embedder)
    (embedded,) = embedder.embedded
    assert "beavers" in embedded


@pytest.mark.parametrize("place", [".", "", "..", "apple.txt", "../minutes", "loop", "a" * 300])
def test_what_is_prepared_has_a_folder_of_its_own(place: str, corpus: Path, tmp_path: Path) -> None:
    (corpus / "apple.txt").write_text("An apple is a fruit.", encoding="utf-8")
    (corpus / "loop").symlink_to(corpus / "loop")
    (corpus / "../minutes").mkdir()
    settings = f'prepared = "{place}"\nfolders = [".", "../minutes"]\n'
    (corpus / "corpus.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(BadSettings, match="prepared is to name a folder of its own"):
        build_index([corpus], tmp_path / "index", embedder=WordLengthEmbedder())


def test_a_link_to_what_is_prepared_hides_it(corpus: Path, tmp_path: Path) -> None:
    folder = bring(corpus, WordLengthEmbedder())
    (corpus / "link").symlink_to(folder)
    (corpus / "corpus.toml").write_text('prepared = "link"\n', encoding="utf-8")
    embedder = WordLengthEmbedder()
    report = build_index([corpus], tmp_path / "index", embedder=embedder)
    assert embedder.embedded == []
    assert all("notes.md" not in str(error) for error in report.unreadable)


def test_a_calibration_is_taken_for_just_these_texts_and_questions(corpus: Path, tmp_path: Path) -> None:
    folder, index = bring(corpus, WordLengthEmbedder()), tmp_path / "index"
    questions = tmp_path / "judged.jsonl"
    questions.write_text('{"_id": "1", "text": "What is a bee?"}\n', encoding="utf-8")
    build_index([corpus], index, embedder=WordLengthEmbedder())
    manifest = load_manifest(current_generation(index))
    made: Calibration = replace(packaged_calibration(), promise=DEFAULT_PROMISE)
    save_prepared_calibration(folder, made, manifest, questions)
    assert prepared_calibration([tmp_path / "none", folder], manifest, questions) == made
    assert calibrate_on_corpus(index, questions, [folder]) == sum(made.questions.values())
    assert read_own_calibration(index) == made
    assert calibrate_on_corpus(index, questions, [folder]) is None  # nothing changed since

    # one of another rule is made anew, and keeps what its owner promised
    save_calibration(index, replace(made, rule=RULE - 1, promise=Promise(0.1, 0.1)))
    note(index, {"generation": current_generation(index).name}, made=True)
    assert calibrate_on_corpus(index, questions, [folder]) == sum(made.questions.values())
    assert read_own_calibration(index) == replace(made, promise=Promise(0.1, 0.1))

    (corpus / "new.txt").write_text("A new text.", encoding="utf-8")
    build_index([corpus], index, embedder=WordLengthEmbedder())
    assert prepared_calibration([folder], load_manifest(current_generation(index)), questions) is None
    for other in (replace(manifest, synonyms=(("a bee", "a wasp"),)), replace(manifest, language="de")):
        assert prepared_calibration([folder], other, questions) is None
    questions.write_text('{"_id": "1", "text": "What is a sea?"}\n', encoding="utf-8")
    assert prepared_calibration([folder], manifest, questions) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"rests_on": {}}', "null", '"rests_on"'])
def test_a_calibration_that_cannot_be_used_is_said(
    content: str, corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build_index([corpus], tmp_path / "index", embedder=WordLengthEmbedder())
    manifest = load_manifest(current_generation(tmp_path / "index"))
    (tmp_path / CALIBRATION).write_text(content, encoding="utf-8")
    with caplog.at_level(logging.WARNING, "qa"):
        assert prepared_calibration([tmp_path], manifest, corpus) is None
    assert all("cannot be used" in record.getMessage() for record in caplog.records)
    assert bool(caplog.records) is (content != '{"rests_on": {}}')  # which is of other texts


def test_a_calibration_that_was_changed_is_not_taken(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build_index([corpus], tmp_path / "index", embedder=WordLengthEmbedder())
    manifest = load_manifest(current_generation(tmp_path / "index"))
    save_prepared_calibration(tmp_path, packaged_calibration(), manifest, corpus)
    fields = json.loads((tmp_path / CALIBRATION).read_text(encoding="utf-8"))
    fields["calibration"] = fields["calibration"].replace('"intercept": ', '"intercept": 1')
    (tmp_path / CALIBRATION).write_text(json.dumps(fields), encoding="utf-8")
    assert prepared_calibration([tmp_path], manifest, corpus) is None
    assert "its checksum differs" in caplog.text


# --- the project's own corpus --------------------------------------------------------------------------------


def test_a_corpus_that_names_no_folder_cannot_be_prepared(corpus: Path) -> None:
    with pytest.raises(SystemExit, match=r'write prepared = "prepared" into its corpus\.toml'):
        prepare(corpus)


@pytest.mark.slow
def test_the_default_corpus_brings_all_that_is_made_of_it(tmp_path: Path) -> None:
    """Where it fails, run ``python -m training.prepared``."""
    recording = Recording(load_embedder(), {}, {})
    settings = BuildSettings(reader="extractive")
    report = build_index([ROOT / "corpus"], tmp_path / "index", settings, embedder=recording)
    assert (report.embedded, len(recording.passages), len(recording.questions)) == (report.passages, 0, 0)
    assert report.questions is not None
    phrases = prepared_phrases(report.prepared, ENGLISH)
    with open_index(tmp_path / "index", with_reader=False) as opened:
        texts = {opened.passage(row).text for row in range(len(opened))}
    assert len(phrases) == len(texts)
    assert all(phrases.of(text) == ENGLISH.phrases(text) for text in texts)
    manifest = load_manifest(current_generation(tmp_path / "index"))
    brought = prepared_calibration(report.prepared, manifest, report.questions)
    assert brought is not None
    calibrate_on_corpus(tmp_path / "index", report.questions)
    made = read_own_calibration(tmp_path / "index")
    assert made is not None
    # With float32 in place of bfloat16 they differ by .008; another way to judge terms moved one by .05.
    assert brought.intercept == pytest.approx(made.intercept, abs=0.03)
    for name, by in made.signals.items():
        assert brought.signals[name].weight == pytest.approx(by.weight, abs=0.03), name


@pytest.mark.slow
def test_prepared_vectors_are_those_of_the_encoder(tmp_path: Path) -> None:
    embedder = load_embedder()
    recording = Recording(embedder, {}, {})
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for file in sorted((ROOT / "corpus").glob("*.md"))[::40]:
        (corpus / file.name).write_bytes(file.read_bytes())
    build_index([corpus], tmp_path / "index", embedder=recording)
    vectors = prepared_vectors([ROOT / "corpus" / "prepared"], embedder.checksum, embedder.dimension)
    texts = list(recording.passages)
    found = vectors.passages(texts, no_embedding)
    assert len(texts) > 20
    cosines = np.einsum("nd,nd->n", found, np.array([recording.passages[text] for text in texts]))
    assert cosines.min() > 0.999
