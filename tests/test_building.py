import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qa.answers.answering import Answerer
from qa.datatypes import Document, Passage
from qa.embedders import is_of_before
from qa.errors import BadSettings, CorpusMissing, IndexLocked, IndexUnwritable
from qa.indexing import building
from qa.indexing.building import build_index
from qa.indexing.generations import current_generation, locked
from qa.indexing.index import Generation, open_index
from qa.indexing.splitters import Splitter
from qa.parsers import find_files, read_corpus
from qa.settings import BuildSettings
from tests.conftest import TEXTS, WordLengthEmbedder
from tests.databases import EITHER

# Root without the right to pass over permissions is refused as anyone else is.
DROP = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "generations").iterdir())


def all_passages(folder: Path) -> list[Passage]:
    generation = Generation(current_generation(folder))
    found = [generation.passages[row] for row in range(len(generation.passages))]
    generation.close()
    return found


def test_an_encoder_of_an_earlier_version_is_written_anew_with_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So an index of before learns what a new graph tells, and no passage is embedded again."""
    text = tmp_path / "texts" / "a.txt"
    text.parent.mkdir()
    text.write_text("Family therapy sees a family as a whole.", encoding="utf-8")
    encoders: list[int] = []
    for more in ("", "Narrative therapy tells a story.", "Music therapy plays."):
        (text.parent / f"b{len(more)}.txt").write_text(more or "Art therapy paints.", encoding="utf-8")
        monkeypatch.setattr(building, "is_of_before", lambda _: len(encoders) == 1)
        report = build_index([text.parent], tmp_path / "index", BuildSettings())
        encoders.append((report.generation / "encoder" / "model.bin").stat().st_ino)
        assert report.embedded == (2 if len(encoders) == 1 else 1)
    assert len(set(encoders)) == 2
    assert encoders[1] == encoders[2]


def test_which_encoder_is_of_an_earlier_version(tmp_path: Path) -> None:
    for told, expected in (
        ({}, False),
        ({"finds_terms": False}, False),
        ({"finds_terms": True}, True),
        ({"finds_terms": True, "tells_tokens": True}, False),
    ):
        (tmp_path / "encoder.json").write_text(json.dumps(told), encoding="utf-8")
        assert is_of_before(tmp_path) == expected
    assert not is_of_before(tmp_path / "none")


@EITHER
def test_what_is_built(place: Path, corpus: Path, embedder: WordLengthEmbedder) -> None:
    report = build_index([corpus], place, embedder=embedder)
    passages = all_passages(place)
    assert (report.documents, report.passages, report.embedded, report.reused) == (5, 6, 6, 0)
    assert [passage.document_id for passage in passages] == [
        "texts/apple.md", "texts/apple.md", "texts/family-therapy.md", "texts/garden.txt",
        "texts/psychotherapy.txt", "texts/social-action.txt",
    ]  # fmt: skip
    shown = {item.source: item.text for item in read_corpus(find_files(corpus).files) if isinstance(item, Document)}
    for passage in passages:
        assert shown[passage.source][passage.start : passage.end] == passage.text
    assert embedder.embedded[1] == "Apple: Storage\nKeep it cool."


def test_the_manifest_says_how(corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    report = build_index([corpus], tmp_path / "index", BuildSettings(store="exact"), embedder)
    manifest = json.loads((report.generation / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["embedder"] == "word-length"
    assert manifest["embedder_checksum"] == "0" * 64
    assert (manifest["documents"], manifest["passages"], manifest["passage_tokens"]) == (5, 6, 32)
    assert manifest["store"] == "exact"
    assert sorted(manifest["sources"]) == sorted(f"texts/{name}" for name in TEXTS)
    assert all(len(checksum) == 64 for checksum in manifest["sources"].values())


@EITHER
def test_unchanged_passages_are_not_embedded_again(
    place: Path, corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder
) -> None:
    build_index([corpus], place, embedder=embedder)
    (corpus / "garden.txt").write_text("Garden\n\nSomething else altogether.\n", encoding="utf-8")
    (corpus / "apple.md").unlink()
    again = WordLengthEmbedder()
    report = build_index([corpus], place, embedder=again, remove=True)
    assert again.embedded == ["Garden\nGarden\n\nSomething else altogether."]
    assert (report.passages, report.embedded, report.reused) == (4, 1, 3)
    fresh = build_index([corpus], tmp_path / "fresh", embedder=WordLengthEmbedder())
    taken, computed = Generation(report.generation), Generation(fresh.generation)
    rows = range(4)
    import numpy as np

    np.testing.assert_array_equal(taken.store.vectors(np.array(rows)), computed.store.vectors(np.array(rows)))
    taken.close()
    computed.close()


def change(corpus: Path) -> None:
    """Make the next build have something to do."""
    path = corpus / "garden.txt"
    path.write_text(path.read_text(encoding="utf-8") + "More of it.\n", encoding="utf-8")


@EITHER
@pytest.mark.parametrize(
    ("keep", "stay"), [(2, ["000003", "000004"]), (1, ["000004"]), (3, ["000002", "000003", "000004"])]
)
def test_only_the_last_generations_stay(
    place: Path, corpus: Path, embedder: WordLengthEmbedder, keep: int, stay: list[str]
) -> None:
    for _ in range(4):
        build_index([corpus], place, BuildSettings(keep=keep), embedder)
        change(corpus)
    assert generations(place) == stay
    assert current_generation(place).name == "000004"


@EITHER
def test_an_open_index_answers_on_while_others_are_built(
    place: Path, corpus: Path, embedder: WordLengthEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.postgres.generations.GRACE", 60)
    build_index([corpus], place, embedder=embedder)
    index = open_index(place, embedder)
    before = Answerer(index).answer("What is an apple?")
    for _ in range(3):
        change(corpus)
        build_index([corpus], place, embedder=embedder)
    assert Answerer(index).answer("What is an apple?") == before
    index.close()


def test_one_unreadable_file_does_not_stop_the_others(
    corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder
) -> None:
    (corpus / "latin.txt").write_bytes(b"caf\xe9\0")
    (corpus / "nul.txt").write_bytes(b"\0\0")
    (corpus / "void.txt").write_bytes(b"")
    (corpus / "photo.png").write_bytes(b"\x89PNG")
    report = build_index([corpus], tmp_path / "index", embedder=embedder)
    assert report.documents == 5
    assert [error.source for error in report.unreadable] == [
        "texts/latin.txt",
        "texts/nul.txt",
        "texts/void.txt",
    ]
    assert report.left_out == ("texts/photo.png",)


@EITHER
def test_what_could_not_be_read_is_named_again_where_nothing_changed(
    place: Path, corpus: Path, embedder: WordLengthEmbedder
) -> None:
    (corpus / "latin.txt").write_bytes(b"caf\xe9\0")
    (corpus / "lines.jsonl").write_text('{"_id": "1", "text": "Good."}\nbad', encoding="utf-8")
    first = build_index([corpus], place, embedder=embedder)
    again = build_index([corpus], place, embedder=embedder)
    assert not again.changes
    assert [str(error) for error in again.unreadable] == [str(error) for error in first.unreadable]
    assert [error.source for error in again.unreadable] == ["texts/latin.txt", "texts/lines.jsonl:2"]


@EITHER
def test_nothing_readable_leaves_the_index_as_it_was(
    place: Path, corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder
) -> None:
    build_index([corpus], place, embedder=embedder)
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "void.txt").write_bytes(b"")
    with pytest.raises(CorpusMissing, match=r"void\.txt: is empty"):
        build_index([bad], place, embedder=embedder)
    assert generations(place) == ["000001"]
    assert len(all_passages(place)) == 6


def test_a_text_of_headings_only_is_refused_in_words(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    (tmp_path / "a.md").write_text("---\nx: 1\n---\n", encoding="utf-8")
    with pytest.raises(CorpusMissing, match="Nothing in the corpus could be read"):
        build_index([tmp_path / "a.md"], tmp_path / "index", embedder=embedder)


def test_leftovers_of_a_killed_build_are_removed(corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    leftover = tmp_path / "index" / "generations" / "abc.partial"
    leftover.mkdir(parents=True)
    (leftover / "passages.jsonl").write_text("half", encoding="utf-8")
    build_index([corpus], tmp_path / "index", embedder=embedder)
    assert generations(tmp_path / "index") == ["000001"]


@pytest.mark.parametrize("step", ["_write_vectors", "_write_lexicon", "_write_manifest"])
def test_a_full_disk_loses_nothing(
    corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index([corpus], tmp_path / "index", embedder=embedder)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    change(corpus)
    monkeypatch.setattr(building, step, fail)
    with pytest.raises(IndexUnwritable, match=r"No space left on device.*as it was"):
        build_index([corpus], tmp_path / "index", embedder=embedder)
    assert generations(tmp_path / "index") == ["000001"]
    assert len(all_passages(tmp_path / "index")) == 6


def test_a_disk_that_is_really_full(small_disk: Path, tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    records = (json.dumps({"_id": str(n), "text": f"Text number {n} is here. " * 20}) for n in range(20_000))
    (tmp_path / "c.jsonl").write_text("\n".join(records), encoding="utf-8")
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    (small_disk / "ballast").write_bytes(bytes(free - 5_000_000))
    with pytest.raises(IndexUnwritable, match="No space left on device"):
        build_index([tmp_path / "c.jsonl"], small_disk / "index", embedder=embedder)
    assert generations(small_disk / "index") == []


@EITHER
def test_two_builders_in_one_folder(place: Path, corpus: Path, embedder: WordLengthEmbedder) -> None:
    folder = place
    with locked(folder), pytest.raises(IndexLocked, match="wait for it to end"):
        build_index([corpus], folder, embedder=embedder)
    build_index([corpus], folder, embedder=embedder)


@pytest.mark.parametrize("make", ["a file in the way", "below a file"])
def test_a_folder_that_cannot_be_made(corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder, make: str) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    folder = tmp_path / "file" if make == "a file in the way" else tmp_path / "file" / "index"
    with pytest.raises(IndexUnwritable, match="cannot be written"):
        build_index([corpus], folder, embedder=embedder)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, for root writes to read-only folders")
def test_a_read_only_folder(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    folder.chmod(0o555)
    command = [*DROP, sys.executable, "-m", "qa", "index", str(corpus), "--index", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "cannot be written (Permission denied)" in ran.stderr


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, for root reads everything")
def test_what_may_not_be_read_does_not_stop_the_others(corpus: Path, tmp_path: Path) -> None:
    (corpus / "garden.txt").chmod(0)
    (corpus / "closed").mkdir()
    (corpus / "closed").chmod(0)
    command = [*DROP, sys.executable, "-m", "qa", "index", str(corpus), "--index", str(tmp_path / "index")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    (corpus / "closed").chmod(0o755)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Indexed 4 documents as 5 passages")
    assert "left out: texts/garden.txt: cannot be opened: Permission denied" in ran.stderr
    assert "left out: texts/closed: cannot be opened: Permission denied" in ran.stderr


def test_two_corpora_of_one_name_keep_both(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    for top in ("a", "b"):
        (tmp_path / top / "texts").mkdir(parents=True)
        (tmp_path / top / "texts" / "x.txt").write_text(f"Text of {top}.", encoding="utf-8")
    corpora = [tmp_path / "a" / "texts", tmp_path / "b" / "texts"]
    report = build_index(corpora, tmp_path / "index", embedder=embedder)
    assert (report.documents, report.unreadable) == (2, ())
    assert [p.source for p in all_passages(tmp_path / "index")] == ["a/texts/x.txt", "b/texts/x.txt"]


def test_an_unknown_store(corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    with pytest.raises(BadSettings, match="the stores are exact, faiss"):
        build_index([corpus], tmp_path / "index", BuildSettings(store="cloud"), embedder)


def test_progress_ends_at_the_whole(corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    steps: list[tuple[str, int, int | None]] = []
    build_index([corpus], tmp_path / "index", embedder=embedder, progress=lambda *step: steps.append(step))
    assert steps[-1] == ("Indexing words", 6, 6)
    assert ("Embedding", 6, 6) in steps
    assert ("Reading", 5, None) in steps


def test_a_text_with_letters_that_fold_to_marks(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    (tmp_path / "joy.txt").write_text("Joy\n\n(*ﾟ▽ﾟ)ﾉ is drawn for joy, and ﾟ alone for nothing.", encoding="utf-8")
    build_index([tmp_path / "joy.txt"], tmp_path / "index", embedder=embedder)
    index = open_index(tmp_path / "index", embedder)
    assert index.lexicon.has_word("ﾟ")
    assert index.lexicon.near_spellings("joyy", 1)[0].word == "joy"
    index.close()


@pytest.mark.parametrize("error", [RecursionError(), MemoryError(), ValueError("odd")])
def test_a_text_that_cannot_be_split_is_named_and_the_others_are_indexed(
    corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = Splitter.split

    def fail(splitter: Splitter, document: Document) -> list[Passage]:
        if document.source == "texts/garden.txt":
            raise error
        return split(splitter, document)

    monkeypatch.setattr(Splitter, "split", fail)
    report = build_index([corpus], tmp_path / "index", embedder=embedder)
    assert report.documents == 4
    assert [problem.source for problem in report.unreadable] == ["texts/garden.txt"]
    again = build_index([corpus], tmp_path / "index", embedder=embedder)
    assert not again.changes


def test_half_characters_of_front_matter_do_not_reach_the_index(
    corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder
) -> None:
    front = '---\ntitle: "\\ud800 Loss"\naliases: ["\\udfff", "grief\\ud800"]\n---\n\nA text on grief.\n'
    (corpus / "half.md").write_text(front, encoding="utf-8")
    report = build_index([corpus], tmp_path / "index", embedder=embedder)
    assert (report.documents, report.unreadable) == (6, ())
    (found,) = [passage for passage in all_passages(tmp_path / "index") if passage.source == "texts/half.md"]
    assert found.title == "Loss"


def test_a_record_whose_id_another_file_takes_meanwhile_is_kept(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    """Of two files of records the first takes an id of the second between two builds."""
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.jsonl").write_text('{"id": "9", "text": "Nine apples."}\n', encoding="utf-8")
    (texts / "b.jsonl").write_text('{"id": "1", "text": "One garden."}\n', encoding="utf-8")
    build_index([texts], tmp_path / "index", embedder=embedder)
    with (texts / "a.jsonl").open("a", encoding="utf-8") as more:
        more.write('{"id": "1", "text": "One apple."}\n')
    report = build_index([texts], tmp_path / "index", embedder=embedder)
    assert (report.documents, report.unreadable) == (3, ())
    assert {one.document_id: one.text for one in all_passages(tmp_path / "index")} == {
        "9": "Nine apples.",
        "1": "One apple.",
        "texts/b.jsonl#1": "One garden.",
    }
