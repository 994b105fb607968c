"""What an index loses is said, and asked for where it is much."""

import json
from pathlib import Path

import pytest

from qa.errors import CorpusMissing, DocumentsWouldGo
from qa.indexing.building import BuildReport, build_index, find_changes
from qa.indexing.removals import removals
from qa.settings import BuildSettings
from tests.conftest import WordLengthEmbedder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Twenty texts in one corpus, and two in another."""
    for number in range(20):
        write(tmp_path / "handbook" / f"part{number % 2}" / f"{number}.txt", f"Text {number} of the handbook.")
    for number in range(2):
        write(tmp_path / "minutes" / f"{number}.txt", f"Minutes {number}.")
    build(tmp_path, "handbook", "minutes")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def build(base: Path, *corpora: str, remove: bool = False, settings: BuildSettings | None = None) -> BuildReport:
    named = [base / corpus for corpus in corpora]
    return build_index(named, base / "index", settings, WordLengthEmbedder(), remove=remove)


def test_by_hand() -> None:
    going = removals(["a/b/1.md", "a/b/2.md", "c.jsonl", "c.jsonl", "c.jsonl"], 50)
    assert going.places == (("c.jsonl", 3), ("a/b", 2))
    assert going.describe("went") == "5 of 50 documents went, from c.jsonl (3) and a/b (2)"
    assert (going.are_many, removals(["a/b"] * 6, 50).are_many) == (False, True)  # more than a tenth
    assert removals([f"{name}/x" for name in "abcdefg"], 9).describe("went").endswith("e/x (1) and 2 other places")


def test_a_corpus_that_is_not_named_again(base: Path) -> None:
    report = build(base, "handbook")  # 2 of 22 is less than a tenth
    assert report.removed.describe("went") == "2 of 22 documents went, from minutes (2)"
    build(base, "handbook", "minutes")
    with pytest.raises(DocumentsWouldGo, match=r"20 of 22 documents would go, from handbook \(20\): give --remove"):
        build(base, "minutes")
    assert build(base, "handbook", "minutes").changes.rebuild_reason is None  # all is as it was
    report = build(base, "minutes", remove=True)
    assert (report.removed.documents, report.documents) == (20, 2)


def test_files_that_are_deleted(base: Path) -> None:
    for number in (0, 2):
        (base / "handbook" / "part0" / f"{number}.txt").unlink()
    removed = build(base, "handbook", "minutes").removed
    assert removed.describe("went") == "2 of 22 documents went, from handbook/part0 (2)"
    for number in (4, 6, 8):
        (base / "handbook" / "part0" / f"{number}.txt").unlink()
    with pytest.raises(DocumentsWouldGo, match=r"3 of 20 documents would go, from handbook/part0 \(3\)"):
        build(base, "handbook", "minutes")
    changes = find_changes([base / "handbook", base / "minutes"], base / "index")
    assert (changes.removals.documents, changes.removals.are_many) == (3, True)


def test_documents_are_not_read_where_every_file_is_there(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(base / "handbook" / "part0" / "0.txt", "Another text.")
    named = [base / "handbook", base / "minutes"]
    monkeypatch.setattr("qa.indexing.building.read_documents", lambda _: pytest.fail("they are read"))
    assert find_changes(named, base / "index").removals.documents == 0


def test_a_folder_that_is_empty(base: Path) -> None:
    (base / "handbook" / "part0").rename(base / "unmounted")
    with pytest.raises(DocumentsWouldGo, match="from handbook/part0"):
        build(base, "handbook", "minutes")
    (base / "handbook" / "part1").rename(base / "also-unmounted")
    with pytest.raises(CorpusMissing, match="holds no text to index"):
        build(base, "handbook", "minutes", remove=True)


def test_what_is_only_called_otherwise_does_not_go(base: Path) -> None:
    (base / "handbook" / "part0").rename(base / "handbook" / "first")
    (base / "minutes").rename(base / "protocols")
    report = build(base, "handbook", "protocols")
    assert (report.removed.documents, report.documents) == (0, 22)


def test_documents_that_go_from_a_file_that_stays(base: Path) -> None:
    lines = [json.dumps({"_id": str(number), "text": f"Line {number}."}) for number in range(50)]
    write(base / "lines.jsonl", "\n".join(lines))
    build(base, "lines.jsonl", remove=True)
    write(base / "lines.jsonl", "\n".join(lines[:20]))
    with pytest.raises(DocumentsWouldGo, match=r"30 of 50 documents would go, from lines\.jsonl \(30\)"):
        build(base, "lines.jsonl")
    (base / "lines.jsonl").rename(base / "renamed.jsonl")
    write(base / "renamed.jsonl", "\n".join([*lines, '{"_id": "new", "text": "New."}']))
    assert build(base, "renamed.jsonl").removed.documents == 0


def test_a_file_that_can_no_longer_be_read(base: Path) -> None:
    for number in range(5):
        (base / "handbook" / f"part{number % 2}" / f"{number}.txt").write_bytes(b"\0")
    with pytest.raises(DocumentsWouldGo, match=r"5 of 22 documents would go, from handbook \(5\)"):
        build(base, "handbook", "minutes")


def test_another_model_or_setting_is_no_way_round(base: Path) -> None:
    with pytest.raises(DocumentsWouldGo):
        build(base, "minutes", settings=BuildSettings(passage_tokens=64))
