import os
from pathlib import Path

import pytest

from qa import parsers
from qa.datatypes import Document
from qa.errors import CorpusMissing, UnreadableDocument
from qa.parsers import CorpusFile, find_files, read_corpus

NOISE = bytes((7 * n * n + 13 * n) % 255 + 1 for n in range(5000))
"""What is text in no encoding."""


def file_in(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


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
    assert "shows no text" in reason(tmp_path, "a.md", b"---\nx: 1\n---\n")
    assert "shows no text" in reason(tmp_path, "b.md", b"<!-- one -->\n\n![](two.png)\n")


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
        b'{"_id": "6", "text": "\xff\0"}\n'
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
    found = find_files(tmp_path)
    assert [file.path.name for file in found.files] == ["good.txt"]
    assert [str(error) for error in found.unreadable] == [
        f"{tmp_path.name}/gone.txt: is a broken link (No such file or directory): mend or remove it"
    ]


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
    (error,) = found.unreadable
    assert (len(found.files), found.left_out) == (1, ())
    assert "is a link to a folder, which is not followed: set follow_links = true" in error.reason


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


@pytest.mark.parametrize(
    ("field", "title"),
    [
        ('title: !!bool "maybe"', "H"),
        ('title: !!int ""', "H"),
        ('other: !!float ""', "H"),
        ('title: !!timestamp "x"', "H"),
        ('title: "\\ud800 x\\0"', "x"),
        ('title: "\\ud83d\\ude00 x"', "😀 x"),
        ('title: "\\udfff"', "H"),
        ("title: '" + "x" * 301 + "'", "H"),
        ("title: &a [*a]", "H"),
        ("title: " + "[" * 5000, "H"),
        ("a: &a {x: 1}\nb: &b {<<: [" + ",".join(["*a"] * 40) + "]}\ntitle: T", "T"),
        ("title: T\nlist: [" + "x, " * 30_000 + "]", "H"),
    ],
)
def test_front_matter_of_any_kind_leaves_a_text(tmp_path: Path, field: str, title: str) -> None:
    document = read_one(tmp_path, "a.md", f"---\n{field}\n---\n\n# H\n\nText body.\n")
    assert document.title == title


def test_half_characters_of_front_matter_reach_no_alias(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.md", '---\naliases: ["\\udfff", "a\\ud800b"]\n---\n\nText.\n')
    assert document.aliases == ("ab",)


@pytest.mark.parametrize(
    "error", [RecursionError(), MemoryError(), KeyError("x"), AssertionError(), ValueError("\ud800")]
)
def test_a_reader_that_fails_in_any_way_names_its_file(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, source: str) -> None:
        raise error

    monkeypatch.setitem(parsers._OWN, ".txt", fail)
    (tmp_path / "a.txt").write_text("Text.", encoding="utf-8")
    good = file_in(tmp_path, "b.md", "Good.")
    bad, fine = read_corpus([CorpusFile(tmp_path / "a.txt", "a.txt"), CorpusFile(good, "b.md")])
    assert isinstance(bad, UnreadableDocument)
    assert bad.source == "a.txt"
    assert isinstance(fine, Document)


def test_a_link_that_leads_out_is_refused_unless_links_are_followed(tmp_path: Path) -> None:
    file_in(tmp_path, "c/a.txt", "A.")
    (tmp_path / "c" / "in.txt").symlink_to("a.txt")
    (tmp_path / "c" / "out.txt").symlink_to(file_in(tmp_path, "out/secret.txt", "Secret."))
    found = find_files(tmp_path / "c")
    assert [file.source for file in found.files] == ["c/a.txt", "c/in.txt"]
    assert [str(error) for error in found.unreadable] == [
        "c/out.txt: is a link that leads out of the corpus: set follow_links = true in corpus.toml"
    ]
    followed = find_files(tmp_path / "c", follow_links=True)
    assert [file.source for file in followed.files] == ["c/a.txt", "c/in.txt", "c/out.txt"]


def test_followed_folders_are_searched_once_and_circles_are_named(tmp_path: Path) -> None:
    file_in(tmp_path, "c/a.txt", "A.")
    file_in(tmp_path, "out/b.txt", "B.")
    (tmp_path / "c" / "circle").symlink_to(tmp_path / "c")
    (tmp_path / "c" / "far").symlink_to(tmp_path / "out")
    (tmp_path / "c" / "further").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "back").symlink_to(tmp_path / "c")
    (tmp_path / "c" / "self.txt").symlink_to("self.txt")
    found = find_files(tmp_path / "c", follow_links=True)
    assert [file.source for file in found.files] == ["c/a.txt", "c/far/b.txt"]
    assert sorted(error.source for error in found.unreadable) == ["c/circle", "c/far/back", "c/further", "c/self.txt"]


def test_links_to_what_is_no_file_are_named(tmp_path: Path) -> None:
    file_in(tmp_path, "a.txt", "A.")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "fifo.txt").symlink_to(tmp_path / "pipe")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    for follow_links in (False, True):
        found = find_files(tmp_path, follow_links=follow_links)
        assert [file.path.name for file in found.files] == ["a.txt"]
        assert len(found.unreadable) == 2


@pytest.mark.parametrize("ending", sorted(parsers.PARSERS))
def test_a_file_that_became_a_pipe_is_refused_at_once(tmp_path: Path, ending: str) -> None:
    os.mkfifo(tmp_path / f"a{ending}")
    (error,) = read(tmp_path / f"a{ending}")
    assert isinstance(error, UnreadableDocument)
    assert "not a file" in error.reason


@pytest.mark.parametrize("ending", [".txt", ".md", ".html"])
def test_a_text_over_its_limit_is_refused(tmp_path: Path, ending: str) -> None:
    with (tmp_path / f"a{ending}").open("wb") as sparse:
        sparse.truncate(16_000_001)
    (error,) = read(tmp_path / f"a{ending}")
    assert isinstance(error, UnreadableDocument)
    assert error.reason == "holds more than the 16 MB of text for one file: split it"


def test_a_file_over_the_limit_of_all_is_not_opened(tmp_path: Path) -> None:
    file_in(tmp_path, "a.txt", "A.")
    with (tmp_path / "b.jsonl").open("wb") as sparse:
        sparse.truncate(2_000_000_001)
    found = find_files(tmp_path)
    assert [str(error) for error in found.unreadable] == [
        f"{tmp_path.name}/b.jsonl: holds 2.0 GB, over the 2 GB for one file: split it"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\n\nb\n\n" * 20_001, "over 20,000 headings"),
        ("- - - - - - - - a\n" * 20_000, "over 300,000 elements"),
    ],
)
def test_markdown_with_more_blocks_than_a_book(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in reason(tmp_path, "a.md", text.encode())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"x" * 10_000_001, "longer than 10 MB"),
        (b'{"_id": 1' + b"0" * 5000 + b', "text": "x"}', "a number has over 4,300 digits"),
        (b'{"_id": "' + b"x" * 1001 + b'", "text": "x"}', '"_id" of over 1,000 characters'),
        (b'{"_id": NaN, "text": "x"}', 'has no "_id"'),
    ],
)
def test_a_hostile_line_is_one_wrong_line(tmp_path: Path, line: bytes, expected: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(line + b'\n{"_id": "2", "text": "Good."}\n')
    wrong, good = read(tmp_path / "a.jsonl")
    assert isinstance(wrong, UnreadableDocument)
    assert expected in wrong.reason
    assert isinstance(good, Document)


def test_of_endless_wrong_lines_the_first_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"x\n" * 5000)
    (tmp_path / "b.jsonl").write_bytes(b'{"_id": "1", "text": "x"}\n' * 5000)
    assert len(read(tmp_path / "b.jsonl")) == 1002
    items = read(tmp_path / "a.jsonl")
    assert len(items) == 1001
    assert str(items[-1]) == "a.jsonl: has 4,000 more that are left out"


def test_endless_names_are_cut(tmp_path: Path) -> None:
    (document,) = read(file_in(tmp_path, "a.jsonl", '{"_id": "1", "title": "' + "word " * 1000 + '", "text": "x"}'))
    assert isinstance(document, Document)
    assert len(document.title) == 1000


def test_a_file_of_wrong_lines_alone_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"x\n" * 20_000 + b'{"_id": "1", "text": "x"}\n')
    assert str(read(tmp_path / "a.jsonl")[-1]) == "a.jsonl: is left out, for the first 10,000 records are all wrong"
    (tmp_path / "b.jsonl").write_bytes(b'{"_id": "1", "text": "x"}\n' + b"x\n" * 20_000)
    assert str(read(tmp_path / "b.jsonl")[-1]) == "b.jsonl: has 19,000 more that are left out"
