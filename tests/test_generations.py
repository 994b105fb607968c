"""Which generation answers, whether it is whole, and how another takes its place."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from qa.answers.answering import Answerer
from qa.command.cli import cli
from qa.datatypes import Scope
from qa.errors import IndexDamaged, IndexLocked, IndexMissing, IndexUnwritable
from qa.indexing.building import build_index, find_changes
from qa.indexing.generations import (
    all_generations,
    current_generation,
    file_checksums,
    last_good_generation,
    locked,
    roll_back,
    shown_index,
    verify,
    write_manifest,
)
from qa.indexing.index import Generation, open_index
from qa.parsers import read_corpus
from qa.service import Live, look
from qa.settings import BuildSettings
from qa.stores import FaissStore
from tests.conftest import WordLengthEmbedder
from tests.databases import EITHER


def qa(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its time and size: what a build that writes nothing leaves as it was."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def texts_of(folder: Path) -> list[tuple[str, str]]:
    generation = Generation(current_generation(folder))
    found = [(p.source, p.text) for p in (generation.passages[row] for row in range(len(generation.passages)))]
    generation.close()
    return found


@pytest.fixture
def folder(corpus: Path, place: Path) -> Path:
    build_index([corpus], place, embedder=WordLengthEmbedder())
    return place


# --- updates -------------------------------------------------------------------------------------------------


@EITHER
def test_where_nothing_changed_nothing_is_written(corpus: Path, folder: Path) -> None:
    before, again = state(folder), WordLengthEmbedder()
    for path in corpus.iterdir():
        os.utime(path)  # another time is no other content
    report = build_index([corpus], folder, embedder=again)
    assert not report.changes
    assert (report.documents, report.passages, report.embedded) == (5, 6, 0)
    assert again.embedded == []
    assert state(folder) == before


@EITHER
def test_only_what_changed_is_read(corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def spy(files, taken):  # type: ignore[no-untyped-def]
        read.extend(file.source for file in files)
        return read_corpus(files, taken)

    monkeypatch.setattr("qa.indexing.building.read_corpus", spy)
    (corpus / "garden.txt").write_text("Garden\n\nBeds, and a pond.\n", encoding="utf-8")
    (corpus / "apple.md").rename(corpus / "zapple.md")
    (corpus / "family-therapy.md").unlink()
    again = WordLengthEmbedder()
    report = build_index([corpus], folder, embedder=again, remove=True)
    assert read == ["texts/garden.txt", "texts/zapple.md"]
    assert again.embedded == ["Garden\nGarden\n\nBeds, and a pond."]  # a renamed file's vectors are taken over
    assert report.changes.added == ("texts/zapple.md",)
    assert report.changes.changed == ("texts/garden.txt",)
    assert report.changes.removed == ("texts/apple.md", "texts/family-therapy.md")
    fresh = folder.parent / "fresh"
    build_index([corpus], fresh, embedder=WordLengthEmbedder())
    assert texts_of(folder) == texts_of(fresh)


@pytest.mark.parametrize(
    ("place", "seed"), [*(("files", n) for n in range(20)), *(("postgres", n) for n in range(5))], indirect=["place"]
)
def test_any_row_of_updates_ends_as_a_build_from_nothing(place: Path, tmp_path: Path, seed: int) -> None:
    chance, corpus = random.Random(seed), tmp_path / "texts"
    corpus.mkdir()
    names = [f"{letter}.{kind}" for letter in "abcdef" for kind in ("txt", "jsonl")]
    for _ in range(6):
        for name in chance.sample(names, 4):
            words = " ".join(chance.choices(["pond", "bed", "path", "tree", "oak"], k=chance.randint(0, 5)))
            path = corpus / name
            if chance.random() < 0.3:
                path.unlink(missing_ok=True)
            elif name.endswith("txt"):
                path.write_text(words, encoding="utf-8")
            else:  # ids that other files may have too, lines that are none, texts that are empty
                ids = [chance.choice("123") for _ in range(3)]
                lines = [json.dumps({"_id": i, "text": words * chance.randint(0, 2)}) for i in ids]
                path.write_text("\n".join([*lines, chance.choice(["", "{"])]), encoding="utf-8")
        (corpus / "always.txt").write_text("Always.", encoding="utf-8")
        build_index([corpus], place, embedder=WordLengthEmbedder(), remove=True)
    build_index([corpus], tmp_path / "fresh", embedder=WordLengthEmbedder())
    assert texts_of(place) == texts_of(tmp_path / "fresh")
    updated, fresh = (open_index(one, WordLengthEmbedder()) for one in (place, tmp_path / "fresh"))
    rows = np.arange(len(fresh))
    assert (updated.store.vectors(rows) == fresh.store.vectors(rows)).all()
    assert updated.manifest.sources == fresh.manifest.sources
    assert list(updated.generation.documents()) == list(fresh.generation.documents())
    updated.close()
    fresh.close()


def test_dry_run_lists_and_writes_nothing(real_folder: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "texts"
    corpus.mkdir()
    (corpus / "a.txt").write_text("One.", encoding="utf-8")
    (corpus / "b.txt").write_text("Two.", encoding="utf-8")
    index = tmp_path / "index"
    dry = qa("index", corpus, "--index", index, "--dry-run")
    assert dry.stdout.splitlines()[:2] == ["+ texts/a.txt", "+ texts/b.txt"]
    assert not index.exists()
    assert qa("index", corpus, "--index", index).exit_code == 0
    (corpus / "a.txt").write_text("Three.", encoding="utf-8")
    (corpus / "b.txt").unlink()
    (corpus / "c.txt").write_text("Four.", encoding="utf-8")
    before = state(index)
    dry = qa("index", corpus, "--index", index, "--dry-run")
    assert dry.stdout.splitlines() == [
        "+ texts/c.txt", "~ texts/a.txt", "- texts/b.txt", "1 added, 1 changed, 1 removed, 0 unchanged.",
    ]  # fmt: skip
    assert dry.stderr == "1 of 2 documents would go, from texts/b.txt (1): `qa index` does that only with --remove.\n"
    assert state(index) == before
    refused = qa("index", corpus, "--index", index)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("qa: 1 of 2 documents would go, from texts/b.txt (1): give --remove")
    assert state(index) == before
    removed = qa("index", corpus, "--index", index, "--remove").stdout
    assert removed.splitlines()[1] == "1 of 2 documents went, from texts/b.txt (1)."
    assert qa("index", corpus, "--index", index).stdout == f"Nothing changed: {index} has 2 documents as 2 passages.\n"


def test_other_settings_are_a_change(corpus: Path, folder: Path) -> None:
    changes = find_changes([corpus, corpus / "apple.md"], folder)
    assert changes.rebuild_reason is not None  # the embedder here is not the one that made it
    report = build_index([corpus], folder, BuildSettings(store="exact"), WordLengthEmbedder())
    assert (report.changes.rebuild_reason, report.reused) == ("another store is to hold the vectors", 6)
    report = build_index([corpus], folder, BuildSettings(), WordLengthEmbedder())
    assert (report.changes.rebuild_reason, report.embedded) == ("another store is to hold the vectors", 0)
    assert qa("check", "--index", folder).stdout.splitlines() == [
        "Generation 000002: whole, 6 passages, every vector compared.",
        "Generation 000003, which answers: whole, 6 passages, every vector compared.",
    ]


def test_watching_follows_what_changes_until_told_to_stop(corpus: Path, tmp_path: Path) -> None:
    index, log = corpus / "index", tmp_path / "log"
    command = [sys.executable, "-m", "qa", "index", str(corpus), "--index", str(index), "--watch", "--remove"]
    with log.open("w", encoding="utf-8") as output:
        watching = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def wait_for(words: str) -> None:
        end = time.monotonic() + 120
        while words not in log.read_text(encoding="utf-8") and watching.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        assert words in log.read_text(encoding="utf-8")

    try:
        wait_for("Watching ")
        (corpus / "new.txt").write_text("A new text.", encoding="utf-8")
        wait_for("Indexed 6 documents as 7 passages (6 unchanged)")
        (corpus / "new.txt").touch()
        for path in corpus.glob("*.*"):
            path.rename(tmp_path / path.name)
        wait_for("holds no text to index")
        (corpus / "only.txt").write_text("The only text.", encoding="utf-8")
        wait_for("Indexed 1 document as 1 passage")
        assert ("texts/only.txt", "The only text.") in texts_of(index)
        assert "Nothing changed" not in log.read_text(encoding="utf-8")
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.count(" ") > 4]
        assert [line.split()[0] for line in lines] == ["Indexed", "Indexed", "qa:", "Indexed", "6"]
    finally:
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(30) == 0


# --- integrity -----------------------------------------------------------------------------------------------


def test_each_flipped_byte_is_detected_and_its_file_named(folder: Path) -> None:
    generation, chance = current_generation(folder), random.Random(0)
    files = [path for path in generation.rglob("*") if path.is_file() and path.suffix != ".lock"]
    files = [path for path in files if path.stat().st_size]
    for _ in range(200):
        path = chance.choice(files)
        content = path.read_bytes()
        place = chance.randrange(len(content))
        flipped = bytes([content[place] ^ (1 << chance.randrange(8))])
        path.write_bytes(content[:place] + flipped + content[place + 1 :])
        with pytest.raises(IndexDamaged) as told:
            verify(generation)
        assert path.relative_to(generation).as_posix() in str(told.value) or "manifest" in path.name
        path.write_bytes(content)
    verify(generation)


def test_what_was_cut_off_before_its_checksum_was_taken_is_not_published(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = FaissStore.write

    def cut_off(store: Path, *arguments: object) -> None:
        write(store, *arguments)  # type: ignore[arg-type]
        file = store / "vectors.faiss"
        file.write_bytes(file.read_bytes()[:-9])

    monkeypatch.setattr(FaissStore, "write", cut_off)
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    with pytest.raises(IndexUnwritable, match="damaged"):
        build_index([corpus], folder, embedder=WordLengthEmbedder())
    assert current_generation(folder).name == "000001"
    assert [path.name for path in (folder / "generations").iterdir()] == ["000001"]


def test_check_names_what_is_damaged(corpus: Path, folder: Path) -> None:
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    build_index([corpus], folder, embedder=WordLengthEmbedder())
    assert qa("check", "--index", folder).stdout.splitlines() == [
        "Generation 000001: whole, 6 passages, every vector compared.",
        "Generation 000002, which answers: whole, 7 passages, every vector compared.",
    ]
    path = current_generation(folder) / "lexicon" / "words.tsv"
    path.write_bytes(path.read_bytes()[1:])
    checked = qa("check", "--index", folder)
    assert checked.exit_code == 1
    assert "lexicon/words.tsv is not what was written: its checksum differs" in checked.stderr
    assert checked.stdout.startswith("Generation 000001: whole, ")
    assert last_good_generation(folder)[0].name == "000001"


def test_check_says_that_an_index_is_of_another_format(corpus: Path, folder: Path) -> None:
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    build_index([corpus], folder, embedder=WordLengthEmbedder())
    old, current = all_generations(folder)
    for generation in (old, current):
        manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
        write_manifest(generation, json.dumps({**manifest, "format": 4}))
        checked = qa("check", "--index", folder)
        assert checked.exit_code == (generation == current)
    assert checked.stdout == "Generation 000001: whole, of another version, which this one cannot read.\n"
    assert "is of format 4, this version reads" in checked.stderr


def test_a_damaged_generation_is_mended_by_the_next_build(corpus: Path, folder: Path) -> None:
    path = current_generation(folder) / "passages.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Garden", b"Warden"))
    report = build_index([corpus], folder, embedder=WordLengthEmbedder())
    assert report.changes
    verify(current_generation(folder))
    assert not any("Warden" in text for _, text in texts_of(folder))


@EITHER
def test_a_dry_roll_back_only_says(corpus: Path, folder: Path) -> None:
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    build_index([corpus], folder, embedder=WordLengthEmbedder())
    before = state(folder)
    dry = qa("index", "--rollback", "--dry-run", "--index", folder)
    assert dry.stdout == f"{shown_index(folder)} would answer from generation 000001 again; nothing was changed.\n"
    assert state(folder) == before
    assert (
        qa("index", "--rollback", "--index", folder).stdout
        == f"{shown_index(folder)} answers from generation 000001 again.\n"
    )


@EITHER
def test_what_a_killed_build_did_not_remove_goes_with_the_next(corpus: Path, folder: Path) -> None:
    for number in range(2):
        (corpus / "new.txt").write_text(f"New {number}.", encoding="utf-8")
        build_index([corpus], folder, BuildSettings(keep=3), WordLengthEmbedder())
    assert len(all_generations(folder)) == 3
    assert not build_index([corpus], folder, BuildSettings(keep=2), WordLengthEmbedder()).changes
    assert [path.name for path in all_generations(folder)] == ["000002", "000003"]


@EITHER
def test_roll_back_and_forth(corpus: Path, folder: Path) -> None:
    first = texts_of(folder)
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    build_index([corpus], folder, embedder=WordLengthEmbedder())
    result = qa("index", "--rollback", "--index", folder)
    assert result.stdout == f"{shown_index(folder)} answers from generation 000001 again.\n"
    assert texts_of(folder) == first
    assert "no whole generation before 000001" in qa("index", "--rollback", "--index", folder).stderr
    report = build_index([corpus], folder, embedder=WordLengthEmbedder())
    assert report.generation.name == "000003"
    with pytest.raises(IndexMissing):
        roll_back(corpus / "nowhere")


@EITHER
def test_after_a_roll_back_the_chosen_generation_stays(corpus: Path, folder: Path) -> None:
    for number in range(2):
        (corpus / "new.txt").write_text(f"New {number}.", encoding="utf-8")
        build_index([corpus], folder, embedder=WordLengthEmbedder())
    assert roll_back(folder).name == "000002"
    (corpus / "new.txt").write_text("Better.", encoding="utf-8")
    build_index([corpus], folder, embedder=WordLengthEmbedder())
    assert [path.name for path in all_generations(folder)] == ["000002", "000004"]
    assert roll_back(folder).name == "000002"


def test_an_opened_index_outlives_its_folder(corpus: Path, folder: Path) -> None:
    index = open_index(folder, WordLengthEmbedder())
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    build_index([corpus], folder, BuildSettings(keep=1), WordLengthEmbedder())
    assert not index.generation.folder.exists()
    answerer = Answerer(index)
    assert answerer.answer("What is an aple?").terms[0].suggestion == "apple"
    assert answerer.answer("What is an apple?", 1, Scope("texts/apple")).passages[0].passage.source == "texts/apple.md"
    index.close()


@EITHER
def test_what_is_published_while_a_server_starts_is_followed(corpus: Path, folder: Path) -> None:
    seen = look(folder)
    answerer = Answerer(open_index(folder, WordLengthEmbedder()))
    (corpus / "new.txt").write_text("New.", encoding="utf-8")
    build_index([corpus], folder, embedder=WordLengthEmbedder())
    live = Live.of(answerer, seen)
    live.follow()
    end = time.monotonic() + 30
    while live.answerer.index.generation.folder.name != "000002" and time.monotonic() < end:
        time.sleep(0.05)
    assert (live.answerer.index.generation.folder.name, live.warning) == ("000002", None)
    live.close()


# --- locks ---------------------------------------------------------------------------------------------------


def test_a_second_builder_is_told_who_holds_the_folder(corpus: Path, folder: Path) -> None:
    with locked(folder), pytest.raises(IndexLocked, match=rf"\(process {os.getpid()} on .*, since 20.*give --wait"):
        build_index([corpus], folder, embedder=WordLengthEmbedder())


def test_a_lock_left_by_a_dead_process_is_no_lock(corpus: Path, folder: Path) -> None:
    code = f"""
import pathlib, time
from qa.indexing.generations import locked
with locked(pathlib.Path({str(folder)!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(IndexLocked, match=f"process {holder.pid} "):
        build_index([corpus], folder, embedder=WordLengthEmbedder())
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert not build_index([corpus], folder, embedder=WordLengthEmbedder()).changes


def test_other_names_are_known_also_after_an_update(tmp_path: Path) -> None:
    corpus = tmp_path / "texts"
    corpus.mkdir()
    article = "---\naliases: [CBT, quorvex zibble]\n---\n# Cognitive therapy\n\nIt treats thoughts.\n"
    (corpus / "a.md").write_text(article, encoding="utf-8")
    for number in range(2):
        (corpus / "b.txt").write_text(f"Other text {number}.", encoding="utf-8")
        build_index([corpus], tmp_path / "index", embedder=WordLengthEmbedder())
        index = open_index(tmp_path / "index", WordLengthEmbedder())
        assert index.lexicon.passage_count(["cbt"]) == 1
        assert index.lexicon.passage_count(["quorvex", "zibbl"]) == 1
        assert index.lexicon.passage_count(["cbt", "quorvex"]) == 0  # two names are no phrase
        index.close()


def test_only_files_of_its_own_are_hashed_for_a_new_generation(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for generation in (before, after):
        generation.mkdir()
        (generation / "own").write_text(generation.name, encoding="ascii")
    (before / "shared").write_text("shared", encoding="ascii")
    (after / "shared").hardlink_to(before / "shared")
    write_manifest(before, json.dumps({"files": {"own": "of before", "shared": "of shared"}}))
    found = file_checksums(after, before)
    assert found == {"own": hashlib.sha256(b"after").hexdigest(), "shared": "of shared"}
    write_manifest(after, json.dumps({"files": found}))
    verify(after, before)
    with pytest.raises(IndexDamaged, match="shared"):
        verify(after)
    write_manifest(before, json.dumps({"files": {}}))  # what was never stated was never verified
    with pytest.raises(IndexDamaged, match="shared"):
        verify(after, before)
