import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.datatypes import Document
from qa.errors import CorpusMissing, UnreadableDocument
from qa.readers import CorpusFile, find_files, read_corpus


def read(path: Path) -> list[Document | UnreadableDocument]:
    return list(read_corpus([CorpusFile(path, path.name)]))


def read_one(folder: Path, name: str, content: str | bytes) -> Document:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (document,) = read(path)
    assert isinstance(document, Document)
    return document


def reason(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    (error,) = read(path)
    assert isinstance(error, UnreadableDocument)
    assert error.source.startswith(name)
    return error.reason


def test_text_keeps_every_character(tmp_path: Path) -> None:
    text = "A title\r\n\r\nLine one\nline two\t\u00e9\u0301\n"
    document = read_one(tmp_path, "a.txt", text)
    assert document.text == text
    assert document.title == "A title"
    assert document.id == document.source == "a.txt"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Short title\n\nBody.", "Short title"),
        ("A sentence ends here.\n\nBody.", "Some name"),
        ("First line\nof a wrapped paragraph", "Some name"),
        ("What is it?\n\nIt is this.", "What is it?"),
        ("\ufeffWith a mark\n\nBody.", "With a mark"),
    ],
)
def test_text_title(tmp_path: Path, content: str, title: str) -> None:
    assert read_one(tmp_path, "some-name.txt", content).title == title


def test_markdown_sections(tmp_path: Path) -> None:
    text = "# Top *title*\n\nIntro.\n\n## One\n\nBody one.\n\nSetext\n------\n\nBody two.\n"
    document = read_one(tmp_path, "a.md", text)
    assert document.title == "Top title"
    shown = [(s.heading, s.level, document.text[s.start : s.end].strip()) for s in document.sections]
    assert shown == [("", 1, "Intro."), ("One", 2, "Body one."), ("Setext", 2, "Body two.")]


def test_markdown_title(tmp_path: Path) -> None:
    assert read_one(tmp_path, "some-name.md", "# One\n\nx\n\n# Two\n\ny").title == "Some name"
    assert read_one(tmp_path, "b.md", "---\ntitle: From the front\n---\n\n# One\n\nx").title == "From the front"
    assert read_one(tmp_path, "c.md", "---\ntitle: [\n---\n\n# One\n\nx").title == "One"
    assert read_one(tmp_path, "d.md", "---\ntitle: 5\n---\n\n# One\n\nx").title == "One"


def test_markdown_front_matter_is_in_no_section(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.md", "---\nsecret: yes\n---\n\nBefore.\n\n# T\n\nAfter.\n")
    assert [document.text[s.start : s.end].strip() for s in document.sections] == ["Before.", "After."]


def test_markdown_hash_in_code_is_no_heading(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.md", "# T\n\n```\n# comment\n```\n")
    assert [section.heading for section in document.sections] == [""]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_markdown_line_ends(tmp_path: Path, end: str) -> None:
    document = read_one(tmp_path, "a.md", end.join(["# T", "", "One.", "", "## H", "", "Two."]))
    assert [document.text[s.start : s.end].strip() for s in document.sections] == ["One.", "Two."]


def test_markdown_without_text(tmp_path: Path) -> None:
    assert "headings only" in reason(tmp_path, "a.md", b"# T\n\n## H\n")
    assert "headings only" in reason(tmp_path, "b.md", b"---\nx: 1\n---\n")


pieces = st.sampled_from(
    ["# a", "## b", "c", "---", "===", "- d", "```", "> # e", "    # f", "\n", "\r\n", "\r", "\n\n"]
)


@settings(max_examples=200, deadline=None)
@given(text=st.lists(pieces, min_size=1, max_size=30).map("".join))
def test_markdown_sections_are_in_order_and_hold_every_line_that_is_no_heading(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.md"
    path.write_bytes(text.encode())
    (document,) = read(path)
    if isinstance(document, UnreadableDocument):
        return
    assert document.text == text
    ends = [0, *(section.end for section in document.sections)]
    assert all(end <= s.start <= s.end <= len(text) for end, s in zip(ends, document.sections, strict=False))
    if "#" not in text and "--" not in text and "==" not in text:
        assert "".join(text[s.start : s.end] for s in document.sections) == text


def test_jsonl_names_wrong_lines_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(
        b'{"_id": "1", "title": "T", "text": "One."}\n'
        b"not json\n"
        b"[1]\n"
        b'{"title": "no id", "text": "x"}\n'
        b'{"_id": "2", "text": 5}\n'
        b'{"_id": "3", "text": "  "}\n'
        b'{"_id": "4", "text": "\\ud800"}\n'
        b"\n"
        b'{"_id": 5, "text": "Five."}\n'
        b'{"_id": "1", "text": "again"}\n'
        b'{"_id": "6", "text": "\xff"}\n'
    )
    items = read(path)
    documents = [item for item in items if isinstance(item, Document)]
    wrong = [item.source for item in items if isinstance(item, UnreadableDocument)]
    assert [(d.id, d.title, d.text, d.source) for d in documents] == [
        ("1", "T", "One.", "c.jsonl:1"),
        ("5", "", "Five.", "c.jsonl:9"),
    ]
    assert wrong == [f"c.jsonl:{line}" for line in (2, 3, 4, 5, 6, 7, 10, 11)]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.jsonl"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        ("\u00a0\n".encode(), "empty"),
        (b"caf\xe9", "not UTF-8 (byte 0xe9 at 3)"),
        (b"\0" * 50, "NUL"),
    ],
)
def test_unreadable_files(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, name, content)


def test_a_deeply_nested_line_is_one_wrong_line(tmp_path: Path) -> None:
    assert "not JSON" in reason(tmp_path, "a.jsonl", b"[" * 200_000)


def test_find_files_sorts_and_passes_over(tmp_path: Path) -> None:
    for name in ["b.txt", "a.md", "README.md", ".hidden.txt", "photo.png", "deep/c.jsonl", ".git/d.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.txt")
    found = find_files(tmp_path)
    top = tmp_path.name
    assert [file.source for file in found.files] == [f"{top}/a.md", f"{top}/b.txt", f"{top}/deep/c.jsonl"]
    assert found.left_out == (f"{top}/photo.png",)


def test_a_broken_link_in_a_folder_is_listed(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Good.", encoding="utf-8")
    (tmp_path / "gone.txt").symlink_to("nowhere")
    items = list(read_corpus(find_files(tmp_path).files))
    assert [type(item) for item in items] == [UnreadableDocument, Document]


def test_an_index_inside_its_corpus_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A.", encoding="utf-8")
    (tmp_path / "index" / "generations").mkdir(parents=True)
    (tmp_path / "index" / "CURRENT").touch()
    (tmp_path / "index" / "passages.jsonl").write_text("{}", encoding="utf-8")
    assert [file.path.name for file in find_files(tmp_path).files] == ["a.txt"]


def test_linked_folders_are_told_and_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A.", encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = find_files(tmp_path)
    assert (len(found.files), found.left_out) == (1, (f"{tmp_path.name}/loop",))


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A.", encoding="utf-8")
    Path(os.fsdecode(bytes(tmp_path) + b"/bad\xff.txt")).write_text("B.", encoding="utf-8")
    (error,) = find_files(tmp_path).unreadable
    assert "not UTF-8: rename it" in error.reason


@pytest.mark.parametrize("make", ["missing", "empty", "link", "format"])
def test_no_corpus(tmp_path: Path, make: str) -> None:
    corpus = tmp_path / "corpus"
    if make == "empty":
        corpus.mkdir()
    if make == "link":
        corpus.symlink_to(tmp_path / "nowhere")
    if make == "format":
        corpus = tmp_path / "corpus.exe"
        corpus.write_bytes(b"MZ")
    with pytest.raises(CorpusMissing, match=str(corpus)):
        find_files(corpus)


@pytest.mark.parametrize(
    ("field", "aliases"),
    [
        ("aliases: [CBT, cognitive behavioural  therapy]", ("CBT", "cognitive behavioural therapy")),
        ("aliases: []", ()),
        ("aliases: CBT", ()),
        ("aliases: [1, null, '', ' ', {a: b}, [c]]", ()),
        (f"aliases: [{', '.join('n' + str(n) for n in range(99))}]", tuple(f"n{n}" for n in range(20))),
        (f"aliases: ['{'x' * 301}']", ()),
        ("aliases: [", ()),
        ("other: 1", ()),
    ],
)
def test_other_names_of_front_matter(tmp_path: Path, field: str, aliases: tuple[str, ...]) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\n{field}\n---\n# A\n\nText.\n", encoding="utf-8")
    (document,) = read_corpus([CorpusFile(path, "a.md")])
    assert isinstance(document, Document)
    assert document.aliases == aliases
