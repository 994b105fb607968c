"""What counts as a change of a corpus, and from when on."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from click.testing import CliRunner

from qa.command.cli import cli
from qa.indexing import building
from qa.indexing.building import BuildReport, Changes
from qa.indexing.watching import Watch

_GUARD_SECONDS = 60
_QUIET_SECONDS = 3.0  # in which a change that counts would long have been told


@pytest.fixture(autouse=True)
def guard() -> Iterator[None]:
    """Fail, rather than hang, where a change is lost."""

    def fail(number: int, frame: FrameType | None) -> None:
        raise AssertionError("a change was lost")

    handlers = {number: signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGTERM)}
    signal.signal(signal.SIGALRM, fail)
    signal.alarm(_GUARD_SECONDS)
    yield
    signal.alarm(0)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "handbook" / "old").mkdir(parents=True)
    (tmp_path / "minutes").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "handbook" / "a.md").write_text("One.", encoding="utf-8")
    (tmp_path / "handbook" / "old" / "b.md").write_text("Two.", encoding="utf-8")
    (tmp_path / "handbook" / "judged.jsonl").write_text("{}", encoding="utf-8")
    (tmp_path / "handbook" / "corpus.toml").write_text(
        'folders = [".", "../minutes"]\nquestions = "judged.jsonl"', encoding="utf-8"
    )
    return tmp_path / "handbook"


def write(path: Path, text: str = "Words.") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def replace(path: Path) -> None:
    """Save as editors do: beside it, then in its place."""
    write(path.with_name(path.name + "~"))
    path.with_name(path.name + "~").replace(path)


ACTS: dict[str, Callable[[Path], object]] = {
    "a new text": lambda base: write(base / "new.txt"),
    "a text changed": lambda base: write(base / "a.md", "Other."),
    "a text replaced": lambda base: replace(base / "a.md"),
    "a text gone": lambda base: (base / "a.md").unlink(),
    "a folder gone": lambda base: (base / "old").rename(base.parent / "elsewhere"),
    "a folder come": lambda base: (base.parent / "more").rename(base / "more"),
    "in a folder of the settings": lambda base: write(base.parent / "minutes" / "m.txt"),
    "the settings": lambda base: write(base / "corpus.toml", "title = 'Other'"),
    "the judged set": lambda base: write(base / "judged.jsonl", "{} "),
    "its judgments": lambda base: write(base / "qrels.tsv"),
    "the corpus gone": lambda base: base.rename(base.parent / "away"),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_counts(base: Path, act: str) -> None:
    with Watch([base], base / "index") as watch:
        ACTS[act](base)
        watch.wait()


def test_what_does_not_count(base: Path) -> None:
    with Watch([base], base / "index") as watch:
        waiting = threading.Thread(target=watch.wait, daemon=True)
        waiting.start()
        for name in (
            ".hidden.md",
            ".a.md.swp",
            "a.md~",
            "#a.md#",
            "~$a.docx",
            ".git/x.md",
            "index/generations/1/p.jsonl",
        ):
            write(base / name)
        write(base / "4913")
        (base / "4913").unlink()
        write(base.parent / "beside.md")
        write(base / "index" / "runs" / "r.jsonl")
        write(base / "index" / "notes.md")
        os.utime(base / "old")
        waiting.join(_QUIET_SECONDS)
        assert waiting.is_alive()
        write(base / "new.md")
        waiting.join(_GUARD_SECONDS)
        assert not waiting.is_alive()


def test_settings_are_followed_where_they_lead(base: Path) -> None:
    with Watch([base], base / "index") as watch:
        write(base / "corpus.toml", 'folders = ["../more"]')
        watch.wait()
        write(base.parent / "more" / "m.txt")
        watch.wait()
        write(base / "corpus.toml", "folders = ")  # half written
        watch.wait()
        write(base.parent / "more" / "n.txt")
        watch.wait()


def test_a_corpus_that_comes_back(base: Path) -> None:
    with Watch([base], base.parent / "index") as watch:
        base.rename(base.parent / "away")
        watch.wait()
        (base.parent / "away").rename(base)
        watch.wait()
        write(base / "a.md", "Other.")
        watch.wait()


def test_a_corpus_that_is_one_file(base: Path) -> None:
    with Watch([base / "a.md"], base.parent / "index") as watch:
        for _ in range(2):
            replace(base / "a.md")
            watch.wait()


def test_what_changes_during_the_first_build_is_built(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[bool] = []

    def build(*_: object, **__: object) -> BuildReport:
        built.append((base / "late.md").exists())
        if len(built) == 2:
            raise SystemExit(7)
        write(base / "late.md")
        return BuildReport(base, 1, 1, 0, 0, Changes((), (), (), 1))

    monkeypatch.setattr(building, "build_index", build)
    result = CliRunner().invoke(cli, ["index", str(base), "--index", str(base / "index"), "--watch"])
    assert (result.exit_code, built) == (7, [False, True])
