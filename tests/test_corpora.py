"""corpus.toml: what is read, what it is called, and what its owner says with every answer."""

import os
from pathlib import Path

import pytest

from qa.answers.answering import Answerer
from qa.errors import BadSettings, CorpusMissing
from qa.indexing.building import build_index
from qa.indexing.corpora import find_corpora
from qa.indexing.index import open_index
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


def corpus_of(base: Path, settings: str) -> Path:
    (base / "corpus.toml").write_text(settings, encoding="utf-8")
    return base


def test_a_folder_elsewhere_has_its_own_name(base: Path, tmp_path: Path) -> None:
    for name in ("minutes/m.txt", "x/minutes/n.txt", "x/team/o.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Minutes.", encoding="utf-8")
    corpus_of(base, 'name = "team"\nfolders = ["./notes/../books", "../minutes"]\nexclude = ["draft*"]')
    assert sources(base) == ["team/books/c.md", "minutes/m.txt"]
    corpus_of(base, 'name = "team"\nfolders = ["books/c.md", "../minutes", "../x/minutes", "../x/team"]')
    assert sources(base) == [
        "team/books/c.md", f"{tmp_path.name}/minutes/m.txt", "x/minutes/n.txt", "team/o.txt",
    ]  # fmt: skip
    corpus_of(base, 'name = "team"\nfolders = ["old", "../x/team"]')
    (base / "old").mkdir()
    (base / "old" / "p.txt").write_text("Old.", encoding="utf-8")
    assert sources(base, tmp_path / "x" / "team") == ["team/old/p.txt", "team/o.txt"]


def test_a_file_to_which_several_folders_lead_stands_once(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = sources(base)
    corpus_of(base, 'folders = [".", "notes", "books/../notes/old"]')
    (base / "linked").symlink_to(base / "notes")
    assert sources(base) == once
    corpus_of(base, 'folders = ["."]')
    assert sources(base, base / "notes", base / "notes" / "a.txt", base / "linked") == once
    monkeypatch.chdir(base / "notes")
    assert sources(Path(), Path(".."))[:3] == ["notes/a.txt", "notes/old/b.txt", "library/books/c.md"]


def test_no_file_is_lost_where_sources_would_be_the_same(tmp_path: Path) -> None:
    for name in ("p/a/minutes/x.txt", "q/a/minutes/x.txt", "r/b/minutes/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    found = sources(tmp_path / "p" / "a", tmp_path / "q" / "a" / "minutes", tmp_path / "r" / "b" / "minutes")
    assert len(set(found)) == 3
    assert not any(".." in source for source in found)


@pytest.mark.parametrize("judged", ["judged.jsonl", "sub/judged.csv", "sub", "../judged.txt"])
def test_questions_are_no_documents(base: Path, judged: str) -> None:
    before = sources(base)
    file = base / judged / "queries.jsonl" if judged == "sub" else base / judged
    file.parent.mkdir(exist_ok=True)
    file.write_text("What is a?", encoding="utf-8")
    (file.parent / "qrels.tsv").write_text("1\tlibrary/notes/a.txt\t1", encoding="utf-8")
    corpus_of(base, f'questions = "{judged}"')
    assert sources(base) == before
    assert sources(base, file.parent, *([file] if file.is_relative_to(base) else [])) == before
    assert find_corpora([base]).found.left_out == ()


def test_settings_as_a_windows_editor_saves_them(base: Path) -> None:
    (base / "corpus.toml").write_bytes(b"\xef\xbb\xbfname = 'team'\r\n")
    assert sources(base)[0] == "team/books/c.md"
    (base / "corpus.toml").write_bytes(b"name = 'caf\xe9'")
    with pytest.raises(BadSettings, match=r"is not UTF-8 .*: save it as UTF-8"):
        find_corpora([base])


def test_what_an_office_program_keeps_is_no_document(base: Path) -> None:
    (base / "~$c.docx").write_bytes(b"x")
    assert not any("~$" in source for source in sources(base))


def test_an_index_in_its_corpus_is_no_document(base: Path) -> None:
    before = sources(base)
    for _ in range(2):
        build_index([base], base, embedder=WordLengthEmbedder())
        assert [file.source for file in find_corpora([base], base).found.files] == before


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
    assert (report.changes.rebuild_reason, report.embedded) == ("corpus.toml says something else", 0)


def test_notices_of_several_corpora_are_all_told(base: Path) -> None:
    for part, words in (("notes", "One."), ("books", "Two."), ("notes/old", "One.")):
        (base / part / "corpus.toml").write_text(f'notice = "{words}"', encoding="utf-8")
    assert find_corpora([base / "notes", base / "books", base / "notes" / "old"]).notice == "One. Two."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "is not TOML"),
        ('titel = "x"', r'no setting "titel" \(did you mean title\?\): the settings are name'),
        ("title = 5", "title = 5: title must be a text of at most 200 characters"),
        ('include = "*.md"', r'include = "\*.md": include must be a list of patterns as in a .gitignore'),
        ('exclude = ["!"]', "exclude = .*: exclude must be a list of patterns"),
        ('folders = ["a\\u0000b"]', r"folders, item 1 = .*: folders must be a list of folders or files"),
        ("questions = true", "questions = true: questions must be the path of a judged set"),
        ('language = "xx"', 'language = "xx": language must be the code of a language, such as "de" or "en-GB"'),
        ('colour = "red"', r'corpus.toml: there is no setting "colour": the settings are name, title'),
        ('name = "a/b"', 'name = "a/b": name must be a text of 1 to 100 characters'),
        ('language = "English, mostly"', "language = .*: one of ca, cs, da, de"),
        ("folders = 3", r'folders = 3: folders must be a list of folders or files, such as \[".", "../minutes"\]'),
        (f'notice = "{"x" * 1001}"', "notice = .*: notice must be a text of at most 1,000"),
        ('examples = ["a", " "]', 'examples, item 2 = " ": examples must be a list of at most 8 questions'),
        (f"examples = {['a'] * 9}", "examples = .*: examples must be"),
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
        ('include = ["*.pdf"]', "leaves no text to index"),
        ('folders = ["nowhere"]', "nowhere does not exist"),
        ("folders = []", "leaves no text to index"),
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
