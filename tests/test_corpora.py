"""corpus.toml: what is read, what it is called, and what its owner says with every answer."""

import os
from pathlib import Path

import pytest

from qa.answering import Answerer
from qa.building import build_index
from qa.corpora import find_corpora
from qa.errors import BadSettings, CorpusMissing
from qa.index import open_index
from tests.conftest import WordLengthEmbedder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("notes/a.txt", "notes/old/b.txt", "books/c.md", "books/draft.md"):
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Text of {name}.", encoding="utf-8")
    return tmp_path / "library"


def sources(*corpora: Path) -> list[str]:
    return [file.source for file in find_corpora(corpora).found.files]


def test_a_folder_without_settings(base: Path) -> None:
    assert sources(base) == [
        "library/books/c.md",
        "library/books/draft.md",
        "library/notes/a.txt",
        "library/notes/old/b.txt",
    ]


@pytest.mark.parametrize("named", ["", "corpus.toml"])
def test_settings_choose_folders_and_files(base: Path, named: str) -> None:
    (base / "corpus.toml").write_text(
        'name = "team"\nfolders = ["notes", "books"]\ninclude = ["*.md", "a*"]\nexclude = ["draft*", "old/"]\n',
        encoding="utf-8",
    )
    assert sources(base / named) == ["team/notes/a.txt", "team/books/c.md"]


def test_a_notice_goes_with_every_answer(base: Path, tmp_path: Path) -> None:
    (base / "corpus.toml").write_text(
        'title = "Notes"\nnotice = "Not medical\\n advice."\nlanguage = "en-GB"\nexamples = ["What is this? "]\n',
        encoding="utf-8",
    )
    build_index([base], tmp_path / "index", embedder=WordLengthEmbedder())
    index = open_index(tmp_path / "index", WordLengthEmbedder())
    assert (index.manifest.title, index.manifest.language) == ("Notes", "en-GB")
    assert index.manifest.examples == ("What is this?",)
    assert Answerer(index).answer("What is this?").notice == "Not medical advice."
    index.close()
    (base / "corpus.toml").unlink()
    report = build_index([base], tmp_path / "index", embedder=WordLengthEmbedder())
    assert (report.changes.elsewhere, report.embedded) == ("corpus.toml says something else", 0)


def test_notices_of_several_corpora_are_all_told(base: Path) -> None:
    for part, words in (("notes", "One."), ("books", "Two."), ("notes/old", "One.")):
        (base / part / "corpus.toml").write_text(f'notice = "{words}"', encoding="utf-8")
    assert find_corpora([base / "notes", base / "books", base / "notes" / "old"]).notice == "One. Two."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "is not TOML"),
        ('colour = "red"', "colour: extra inputs are not permitted. The settings are name, title"),
        ('name = "a/b"', "name: "),
        ('language = "English, mostly"', "language: "),
        ("folders = 3", "folders: "),
        (f'notice = "{"x" * 1001}"', "notice: "),
        ('examples = ["a", " "]', "examples.1: string should have at least 1 character"),
        (f"examples = {['a'] * 9}", "examples: "),
        ("\x00", "is not TOML"),
    ],
)
def test_settings_that_cannot_be_used(base: Path, text: str, words: str) -> None:
    (base / "corpus.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings, match=words):
        find_corpora([base])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('include = ["*.pdf"]', "leave no text to index"),
        ('folders = ["nowhere"]', "nowhere does not exist"),
        ("folders = []", "leave no text to index"),
    ],
)
def test_settings_that_leave_nothing(base: Path, text: str, words: str) -> None:
    (base / "corpus.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusMissing, match=words):
        find_corpora([base])


def test_named_settings_that_are_not_there(base: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"corpus\.toml does not exist"):
        find_corpora([base / "corpus.toml"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=" + "[" * 30_000, "nests its values too deeply"),
        ("a = 1" + "0" * 5000, "is not TOML"),
        ("a = 1" + "\n" * 64_000, "it holds over 0.064 MB"),
    ],
)
def test_hostile_settings_are_one_sentence(base: Path, text: str, expected: str) -> None:
    (base / "corpus.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings, match=expected):
        find_corpora([base])


def test_settings_that_are_a_pipe_are_refused_at_once(base: Path) -> None:
    os.mkfifo(base / "corpus.toml")
    with pytest.raises(BadSettings, match="not a file"):
        find_corpora([base])


def test_settings_let_links_be_followed(base: Path, tmp_path: Path) -> None:
    (tmp_path / "far.txt").write_text("Far.", encoding="utf-8")
    (base / "books" / "far.txt").symlink_to(tmp_path / "far.txt")
    assert "library/books/far.txt" not in sources(base)
    (base / "corpus.toml").write_text("follow_links = true", encoding="utf-8")
    assert "library/books/far.txt" in sources(base)
