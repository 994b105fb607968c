"""HTML, PDF, Word, EPUB and CSV: what is read of them, and that no file of theirs, however made, does harm."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers import PARSERS, CorpusFile, read_corpus
from tests.conftest import ROOT
from tests.data.make_samples import (
    GARDEN_CHAPTERS,
    GARDEN_OUTLINE,
    GARDEN_PAGES,
    WORD,
    archive,
    docx,
    epub,
    odt,
    paragraph,
    pdf,
)  # fmt: skip
from tests.test_parsers import NOISE, read, read_one, reason

FORMATS = [".html", ".pdf", ".docx", ".odt", ".epub", ".csv"]


def shown(document: Document) -> list[tuple[str, int, str]]:
    check(document)
    return [(s.heading, s.level, document.text[s.start : s.end].strip()) for s in document.sections]


def check(document: Document) -> None:
    """Ranges are in order, do not overlap and lie within the text; the text can be stored."""
    for ranges in ([(s.start, s.end) for s in document.sections], [(p.start, p.end) for p in document.pages]):
        places = [0, *(place for pair in ranges for place in pair), len(document.text)]
        assert places == sorted(places)
    assert "\0" not in document.text + document.title
    (document.text + document.title).encode()


def texts(items: list[Document | UnreadableDocument]) -> list[str]:
    return [item.text if isinstance(item, Document) else item.reason for item in items]


# HTML


def html(folder: Path, markup: str | bytes) -> Document:
    return read_one(folder, "some-name.html", markup)


def test_html_text_is_what_a_browser_shows(tmp_path: Path) -> None:
    document = html(
        tmp_path,
        "<!doctype html><head><title>Herbs</title><style>p{}</style></head><body><nav>Menu</nav>"
        "<p>Basil  wants\n <b>sun</b>shine &amp; care.<br>Water it.</p><ul><li>Mint<li>Sage</ul>"
        "<table><tr><th>Herb<th>Month<tr><td>Basil<td>May</table>"
        "<div hidden>no</div><p style='display: none'>no</p><pre>\n  a\n    b\n</pre>"
        "<script>if (a<b) '<div>'</script><!-- no --><p title='a > b'>Soft hy&shy;phen</p><svg><text>no</text></svg>",
    )
    assert document.text == (
        "Basil wants sunshine & care.\nWater it.\n\n- Mint\n- Sage\n\nHerb | Month\nBasil | May\n\n  a\n    b\n\n"
        "Soft hyphen"
    )
    assert document.title == "Herbs"


def test_html_sections(tmp_path: Path) -> None:
    markup = "Before <h1>Top <i>one</i></h1>Top one again. Two<h2>Two</h2><p>Two is here.</p><h3></h3><h2>Empty</h2>"
    document = html(tmp_path, markup)
    assert document.title == "Top one"
    assert shown(document) == [
        ("", 0, "Before"),
        ("", 1, "Top one again. Two"),
        ("Two", 2, "Two is here."),
        ("", 1, "Empty"),
    ]


@pytest.mark.parametrize(
    ("markup", "sections"),
    [
        ("<h1>A</h1><p>One.</p><h2>Two: 2</h2>", [("", 1, "One."), ("", 1, "Two: 2")]),
        (
            "<h1>A</h1><h2>Boats</h2><h3>Punt: 2</h3><h3>Raft: 3</h3><h2>Oars</h2><p>Ask.</p><h2>End</h2>",
            [("Boats", 2, "Punt: 2"), ("Boats", 2, "Raft: 3"), ("Oars", 2, "Ask."), ("", 1, "End")],
        ),
        ("<h3>Low: 1</h3><h2>High: 2</h2>", [("", 1, "Low: 1"), ("", 1, "High: 2")]),
        ("<h2>One</h2><h3>a: 1</h3><h2>Two</h2><h3>b: 2</h3>", [("One", 2, "a: 1"), ("Two", 2, "b: 2")]),
        ("<h1>A</h1><h2>B</h2><h3>C</h3><p>Text.</p>", [("C", 3, "Text.")]),
    ],
)
def test_headings_without_text_below_are_text(
    tmp_path: Path, markup: str, sections: list[tuple[str, int, str]]
) -> None:
    assert shown(html(tmp_path, markup)) == sections


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<title>Page</title><h1>Top</h1>x", "Page"),
        ("<title>Page.docx</title><h1>Top</h1>x", "Top"),
        ("<h1>One</h1>x<h1>Two</h1>y", "Some name"),
        ("<h1>One</h1>x<h1 class=title>Two</h1>y", "Two"),
        ("<svg><title>Icon</title></svg><p>x", "Some name"),
    ],
)
def test_html_title(tmp_path: Path, markup: str, title: str) -> None:
    assert html(tmp_path, markup).title == title


@pytest.mark.parametrize(
    "content",
    [
        "<p>Käse</p>".encode(),
        "<p>Käse</p>".encode("utf-8-sig"),
        "<p>Käse</p>".encode("utf-16"),
        '<meta charset="ISO-8859-1"><p>Käse</p>'.encode("latin-1"),
        '<meta http-equiv=content-type content="text/html; charset=windows-1252"><p>Käse</p>'.encode("cp1252"),
    ],
)
def test_html_charset(tmp_path: Path, content: bytes) -> None:
    assert html(tmp_path, content).text == "Käse"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (NOISE, "not UTF-8"),
        (b"<meta charset=punycode><p>caf\xe9", "not in the charset that it names, punycode"),
        (b"<meta charset=gb2312><p>caf\xff", "not in the charset that it names, gb2312"),
        (b"\xff\xfe\x00", "not in UTF-16"),
        (b"<script>x</script><nav>menu</nav>", "shows no text"),
        (b"%PDF-1.4 x", "is a PDF, not HTML"),
    ],
)
def test_html_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, "a.html", content)


def test_html_of_another_age_is_read(tmp_path: Path) -> None:
    markup = "<table>" + "<tr><td><font size=2><b>Cell" * 2000 + "</table>" + "<li><p>Item" * 2000
    assert html(tmp_path, markup).text.count("Cell") == 2000


tags = st.sampled_from(
    ["<h1>", "</h1>", "<h2>", "<p>", "</p>", "<div>", "</div>", "<td>", "<table>", "</table>", "<li>", "<ul>", "<pre>",
     "</pre>", "<nav>", "</nav>", "<br>", "<b>", "a", " ", "\n", "&amp;", "<!--", "-->", "<div hidden>", "<x y='", "'>",
     "<title>", "</title>", "\ud7ff", "&#0;", "&#xd800;", "😀"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(markup=st.lists(tags, min_size=1, max_size=40).map("".join))
def test_html_sections_hold_for_any_markup(tmp_path_factory: pytest.TempPathFactory, markup: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.html"
    path.write_bytes(markup.encode())
    for item in read(path):
        if isinstance(item, Document):
            check(item)


# PDF


def test_pdf_pages_outline_and_hyphens(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.pdf", pdf(outline=GARDEN_OUTLINE, title="Garden notes"))
    assert document.title == "Garden notes"
    assert [(page.label, document.text[page.start : page.end]) for page in document.pages] == [
        ("1", "Keeping a garden\nA garden wants water in the morning and shade at noon."),
        ("2", "Beds\nA raised bed drains well.\nIt is a self-contained plot. Call it self-contained."),
    ]
    assert shown(document) == [
        ("Keeping a garden", 1, "A garden wants water in the morning and shade at noon."),
        ("Beds", 1, "A raised bed drains well.\nIt is a self-contained plot. Call it self-contained."),
    ]


def test_pdf_without_outline_is_one_section(tmp_path: Path) -> None:
    document = read_one(tmp_path, "some-name.pdf", pdf(title="Microsoft Word - draft.doc"))
    assert (document.title, len(document.sections)) == ("Some name", 1)


def test_pdf_only_bookmark_is_the_title(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.pdf", pdf(outline=[("Keeping a garden", 0)]))
    assert document.title == "Keeping a garden"
    assert [section.heading for section in document.sections] == [""]


def test_pdf_bookmark_that_is_not_on_its_page_begins_there(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.pdf", pdf(title="Garden notes", outline=[("1.2 beds", 1), ("Elsewhere", 1)]))
    assert [heading for heading, _, _ in shown(document)] == ["", "1.2 beds"]


def test_pdf_page_labels(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.pdf", pdf(labels="/PageLabels << /Nums [0 << /S /r /St 4 >>] >>"))
    assert [page.label for page in document.pages] == ["iv", "v"]


ENCRYPT = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >> /ID [<{0}> <{0}>]".format("ab" * 32)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (pdf([[]]), "only images"),
        (pdf(encrypt=ENCRYPT), "is encrypted: save it without a password"),
        (pdf()[:-200], "is cut off"),
        (pdf() + b"9 0 obj << >> endobj", "is cut off"),
        (b"%PDF-1.7\n%%EOF", "is damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "is an image, not a PDF"),
        (b"Plain text.", "something else, not a PDF"),
        (docx(), "is a zip archive, not a PDF"),
    ],
)
def test_pdf_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, "a.pdf", content)


# Word


def test_docx_sections_tables_and_title(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.docx", docx())
    assert document.title == "A garden year"
    assert shown(document) == [
        ("", 1, "A garden has four seasons."),
        ("Spring", 1, "Sow peas in March.\n\nPlant | Month"),
        ("Autumn", 1, "Gather leaves for compost."),
    ]


def test_docx_title(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.docx", docx(title="From the properties")).title == "From the properties"
    assert read_one(tmp_path, "b.docx", docx(title="Word Document")).title == "A garden year"
    one = paragraph("Only one", "Heading1") + paragraph("Text.")
    assert read_one(tmp_path, "c.docx", docx(one)).title == "Only one"
    assert read_one(tmp_path, "some-name.docx", docx(one + paragraph("Two", "Heading1"))).title == "Some name"


def test_odt_sections_tables_notes_and_title(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.odt", odt())
    assert document.title == "A garden year"
    assert shown(document) == [
        ("", 1, "A garden  has four seasons.\n\nIn most places."),
        ("Spring", 1, "- Sow peas in March.\nPlant | Month"),
        ("Autumn", 2, "Gather leaves\nfor compost."),
    ]
    assert read_one(tmp_path, "b.odt", odt(title="From the properties")).title == "From the properties"
    assert read_one(tmp_path, "some-name.odt", odt("<text:p>Text.</text:p>")).title == "Some name"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (odt()[:-100], "is cut off"),
        (odt(""), "shows no text"),
        (odt(more={"content.xml": "<office"}), "is not XML"),
        (docx(), "without an OpenDocument text in it"),
        (b"Just text.", "not an OpenDocument text"),
    ],
)
def test_odt_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, "a.odt", content)


def encrypted(content: bytes) -> bytes:
    """Return an archive with the flag of encryption on every entry of its list."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 8] |= 1
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def declared(content: bytes, name: bytes, size: int) -> bytes:
    """Return an archive that says of an entry that it unpacks to ``size`` bytes."""
    changed = bytearray(content)
    at = changed.rfind(name) - 46
    changed[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(changed)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (docx()[:-100], "is cut off"),
        (docx()[: len(docx()) // 2], "is cut off"),
        (encrypted(docx()), "is encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 512, "is encrypted or an old .doc"),
        (declared(docx(), b"word/document.xml", 4_000_000_000), "would unpack to 4,00"),
        (declared(docx(), b"word/document.xml", 100), "is damaged"),
        (declared(docx(), b"word/document.xml", 9000), "is damaged"),
        (archive({"word/document.xml": b" " * 60_000_000}), "would unpack to 60 MB"),
        (archive({f"{number}": "" for number in range(10_001)}), "over 10,000 entries"),
        (pdf(), "is a PDF, not a Word document"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "is an image, not a Word document"),
        (b"Plain text.", "something else, not a Word document"),
        (archive({"a.txt": "Text."}), "without a Word document in it"),
        (docx(more={"word/document.xml": "<w:document"}), "is not XML"),
        (docx(more={"word/document.xml": "<other/>"}), "is not a Word document inside"),
        (docx(""), "shows no text"),
    ],
)
def test_docx_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, "a.docx", content)


# EPUB


def test_epub_chapters_are_sections(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.epub", epub())
    assert document.title == "The garden book"
    assert shown(document) == [("Soil", 1, "Soil holds water."), ("On seeds", 1, "Seeds sleep in winter.")]
    assert document.text == "Soil\n\nSoil holds water.\n\nSeeds sleep in winter."


def test_epub_of_headings_alone_is_read(tmp_path: Path) -> None:
    chapters = {f"{name}.xhtml": f"<html><body><h1>{name}: 0155</h1></body></html>" for name in ("Vet", "Smith")}
    assert shown(read_one(tmp_path, "a.epub", epub(chapters))) == [("", 1, "Vet: 0155"), ("", 1, "Smith: 0155")]


def test_epub_leaves_out_what_is_missing_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    path.write_bytes(epub(spine=["one.xhtml", "gone.xhtml", "../../secret.xhtml", "/etc/passwd", "one.xhtml"]))
    items = read(path)
    assert [item.source for item in items] == [
        "a.epub/text/gone.xhtml",
        "a.epub/../secret.xhtml",
        "a.epub//etc/passwd",
        "a.epub",
    ]
    assert texts(items)[-1] == "Soil\n\nSoil holds water."


def drm(uri: str) -> dict[str, str | bytes]:
    return {"META-INF/encryption.xml": f'<encryption><CipherReference URI="{uri}"/></encryption>'}


def test_epub_with_encrypted_fonts_is_read(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.epub", epub(more=drm("text/font.otf"))).sections


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (epub()[:-100], "is cut off"),
        (encrypted(epub()), "is encrypted"),
        (declared(epub(), b"text/one.xhtml", 4_000_000_000), "would unpack to 4,000 MB"),
        (epub(more=drm("text/one.xhtml")), "protected against copying"),
        (epub(spine=[]), "lists no chapters"),
        (epub(spine=["gone.xhtml"], chapters={}), "missing"),
        (docx(), "without an EPUB book in it"),
        (pdf(), "is a PDF, not an EPUB book"),
        (b"Plain text.", "something else, not an EPUB book"),
    ],
)
def test_epub_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "a.epub"
    path.write_bytes(content)
    items = read(path)
    assert all(isinstance(item, UnreadableDocument) for item in items)
    assert expected in texts(items)[0]


# CSV


def rows(folder: Path, content: str | bytes) -> list[tuple[str, str, str]]:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    items = read(path)
    return [
        (item.source, item.title, item.text) if isinstance(item, Document) else (item.source, "", f"! {item.reason}")
        for item in items
    ]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("declaration", ["sep=;\r\n", "sep=;\n"])
def test_csv_with_the_delimiter_that_excel_declares(tmp_path: Path, declaration: str) -> None:
    content = f"{declaration}title;text\nBeds;Dig, then sow.\n".encode()
    (document,) = read(written(tmp_path, content))
    assert isinstance(document, Document)
    assert (document.title, document.text, document.source) == ("Beds", "Dig, then sow.", "a.csv:3")


def test_csv_tells_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    items = read(written(tmp_path, b'title,text\nA,One.\nB,"Two.\nC,Three.\nD,Four.\n'))
    assert [item.title for item in items if isinstance(item, Document)] == ["A"]
    (wrong,) = [item for item in items if isinstance(item, UnreadableDocument)]
    assert wrong.source == "a.csv:3"
    assert "never closed" in wrong.reason


def test_csv_without_an_answer(tmp_path: Path) -> None:
    items = read(written(tmp_path, b"question,answer\nHow do I renew a card?,\n"))
    assert [str(item) for item in items] == ["a.csv:2: has no text"]


def test_csv_columns(tmp_path: Path) -> None:
    content = '\ufeffPlant;Note\r\nPea;"Sow; in\r\nMarch"\r\n\r\nBean;\r\n'
    assert rows(tmp_path, content) == [
        ("a.csv:2", "", "Plant: Pea\nNote: Sow; in\r\nMarch"),
        ("a.csv:5", "", "Plant: Bean"),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('question, answer\n"Sow, when?", "In March, early."\nHow?, "By hand."\n', ["In March, early.", "By hand."]),
        ('sep=;\nquestion; answer\n"Sow; when?"; "In March."\n', ["In March."]),
        ('question,answer\nWhat?, 5" of snow\nWhy?,Cold.\n', [' 5" of snow', "Cold."]),
    ],
)
def test_csv_with_blanks_behind_the_delimiter(tmp_path: Path, content: str, expected: list[str]) -> None:
    assert [text for _, _, text in rows(tmp_path, content)] == expected


def test_csv_questions_and_answers(tmp_path: Path) -> None:
    assert rows(tmp_path, "Question\tAnswer\nWhen to sow?\tIn March.\n") == [("a.csv:2", "When to sow?", "In March.")]


def test_csv_keeps_ids_and_tells_wrong_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,title,text\n7,Peas,Sow.\n8,Beans\n,,\n7,Again,x\n9,Leeks,"Open\n', encoding="utf-8")
    items = read(path)
    assert [item.id for item in items if isinstance(item, Document)] == ["a.csv#7", "a.csv:5"]
    wrong = [(item.source, item.reason[:9]) for item in items if isinstance(item, UnreadableDocument)]
    assert wrong == [
        ("a.csv:3", "has field"),
        ("a.csv:4", "is empty"),
        ("a.csv:6", "has a quo"),
    ]


def test_csv_row_without_end_is_let_go(tmp_path: Path) -> None:
    found = rows(tmp_path, 'name,text\nPea,Sow.\nBean,"' + "never closed\n" * 1_500_000)
    assert found[0] == ("a.csv:2", "", "Sow.")
    assert found[1] == ("a.csv:3", "", "! is too long: is a quote left open?")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"text\n" + NOISE, "not UTF-8 (byte 0x"),
        (b"text\n" + b"x" * (1 << 20) + NOISE, "not UTF-8 (byte 0x"),
        (b"text\n\0", "NUL"),
        (b"1,2\n3,4\n", "has no header"),
        (b"name,text\n", "header only"),
        (b"A line of prose.\nAnd another.\n", "single column"),
        (b"a" * 17_000_000, "line of over 16 MB"),
        (b"a," * 1_000_000 + b"a\n" + b"1," * 1_000_000 + b"1\n", "over 1,000 columns"),
        (",".join(f"{number:030}x" for number in range(1000)).encode() + b"\n", "over 20,000 characters"),
        (pdf(), "is a PDF, not CSV"),
        (docx(), "is a zip archive, not CSV"),
    ],
)
def test_csv_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, "a.csv", content)


# Files made to do harm. Each is written by a function, so that none is made before its test.

DEEP = 100_000
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


def bomb(name: str) -> bytes:
    """Return an archive with an entry that says, truly, that it unpacks to 10 GB, by 64-bit sizes."""
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = block.compress(b" " * 1_000_000) + block.flush()
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 33, 0, len(packed), 2**32 - 1, len(name), 0)
    sizes = struct.pack("<HHQ", 1, 8, 10**10)
    listed = b"PK\x01\x02" + struct.pack(
        "<HHHHHHIIIHHHHHII", 45, 45, 0, 8, 0, 33, 0, len(packed), 2**32 - 1, len(name), len(sizes), 0, 0, 0, 0, 0
    )
    entry, directory = local + name.encode() + packed, listed + name.encode() + sizes
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(entry), 0)
    return entry + directory + end


def many_entries() -> bytes:
    directory = (b"PK\x01\x02" + bytes(42)) * 1_000_000
    return b"PK\x03\x04" + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, len(directory), 4, 0)


def word(inner: str) -> bytes:
    return docx(more={"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{inner}</w:body></w:document>'})


def flate_bomb() -> bytes:
    packed = zlib.compress(b"(a) Tj " * 80_000_000, 1)
    packed = zlib.compress(packed, 9)
    head = f"<< /Length {len(packed)} /Filter [/FlateDecode /FlateDecode] >>"
    stream = f"{head}\nstream\n{packed.decode('latin-1')}\nendstream"
    return pdf([["x"]], extra=[stream]).replace(b"/Contents 6 0 R", b"/Contents 7 0 R")


HOSTILE: dict[str, Callable[[], bytes]] = {
    "deep.html": lambda: b"<div>" * DEEP,
    "deep-inline.html": lambda: b"<b><i>" * DEEP + b"x",
    "deep-crossed.html": lambda: b"<span><div></span>" * DEEP,
    "deep-empty.html": lambda: b"<div/>" * DEEP,
    "deep-svg.html": lambda: b"<svg><style><div>" * DEEP,
    "formatting.html": lambda: b"".join(b"<b id=%d>" % n for n in range(450)) + b"<p>x</p>" * DEEP,
    "attributes.html": lambda: b"<br " + b" ".join(b"a%d=1" % n for n in range(300_000)) + b">",
    "attributes-cut.html": lambda: b"<br " + b" <".join(b"a%d" % n for n in range(300_000)) + b">",
    "half-tags.html": lambda: b"<a " * 500_000,
    "signs.html": lambda: b"<" * 2_000_000,
    "signs-closing.html": lambda: b"</" * 2_000_000,
    "equal-signs.html": lambda: b"<a " + b"= " * 2_000_000,
    "quote.html": lambda: b'<a b="' + b"x " * 2_500_000,
    "quotes.html": lambda: b'<a b="' * 800_000,
    "comment.html": lambda: b"<!--" + b"- " * 2_500_000,
    "comments.html": lambda: b"<!--" * 1_200_000,
    "unclosed.html": lambda: b"<svg>" * 500_000,
    "scripts.html": lambda: b"<script>" * 500_000,
    "elements.html": lambda: b"<p>a" * 1_500_000,
    "inline.html": lambda: b"<i>" * 5_000_000,
    "headings.html": lambda: b"<h1>a" * 290_000,
    "large.html": lambda: b"x" * 20_000_000,
    "wide-elements.html": lambda: "<p>😀 ".encode() * 290_000 + b"a " * 6_000_000,
    "words.html": lambda: b"a " * 7_900_000,
    "wide.html": lambda: "😀 ".encode() * 3_000_000,
    "bomb.docx": lambda: bomb("word/document.xml"),
    "entries.docx": many_entries,
    "deep.docx": lambda: word("<w:p>" * DEEP + "</w:p>" * DEEP),
    "nested.docx": lambda: word("<w:p>" * 490 + "</w:p>" * 490),
    "laughs.odt": lambda: odt(more={"content.xml": LAUGHS + "<text>&j;</text>"}),
    "laughs.docx": lambda: docx(more={"word/document.xml": LAUGHS + "<w:document>&j;</w:document>"}),
    "laughs-properties.docx": lambda: docx(more={"docProps/core.xml": LAUGHS + "<title>&j;</title>"}),
    "elements.docx": lambda: word("<w:p/>" * 600_000),
    "text.docx": lambda: word(paragraph("a\n" * 4_000_000)),
    "bomb.epub": lambda: bomb("META-INF/container.xml"),
    "entries.epub": many_entries,
    "deep.epub": lambda: epub({"a.xhtml": "<div>" * DEEP}),
    "deep-package.epub": lambda: epub(more={"text/book.opf": "<a>" * DEEP + "</a>" * DEEP}),
    "laughs.epub": lambda: epub(more={"META-INF/container.xml": LAUGHS + "<container>&j;</container>"}),
    "chapters.epub": lambda: epub(spine=[f"{n}.xhtml" for n in range(40_000)]),
    "deep.pdf": lambda: pdf([[]], extra=["[" * DEEP + "]" * DEEP]).replace(b"/Contents 6 0 R", b"/Contents 7 0 R"),
    "dictionaries.pdf": lambda: pdf([[]], extra=["<< /A " * DEEP + ">>" * DEEP], labels="/Names 7 0 R"),
    "circle.pdf": lambda: pdf([[]]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]"),
    "bomb.pdf": flate_bomb,
    "quote.csv": lambda: b'name,text\na,"' + b"x\n" * 8_000_000,
    "line.csv": lambda: b"a," * 8_500_000,
    "values.csv": lambda: b"a,b\n" + b"," * 15_000_000,
}  # fmt: skip

READ = """
import json, sys
from pathlib import Path
from qa.errors import UnreadableDocument
from qa.parsers import CorpusFile, read_corpus
assert "torch" not in sys.modules
items = list(read_corpus([CorpusFile(Path(sys.argv[1]), "file")]))
used = 0
if sys.platform == "linux":
    import resource
    # Not ru_maxrss, which a process has from the one that started it.
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    used = max(int(peak), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1000
wrong = [item.reason for item in items if isinstance(item, UnreadableDocument)]
json.dump([used, len(items), wrong[:3]], sys.stdout)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_or_read_in_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name]())
    # 10 s is the limit on a machine of its own; the tests share theirs.
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    megabytes, items, wrong = json.loads(done.stdout)
    assert items
    assert megabytes < 500
    assert not any("Traceback" in message for message in wrong)


@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=400), suffix=st.sampled_from([".html", ".docx", ".odt", ".epub", ".csv"]))
def test_random_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"random{suffix}"
    for head in (b"", b"PK\x03\x04"):
        path.write_bytes(head + content)
        for item in read_corpus([CorpusFile(path, path.name)]):
            if isinstance(item, Document):
                check(item)


SAMPLES = {
    ".docx": docx(),
    ".odt": odt(),
    ".epub": epub(),
    ".html": GARDEN_CHAPTERS["one.xhtml"].encode(),
    ".csv": b"a,b\nc,d\n",
}


@settings(max_examples=200, deadline=None)
@given(data=st.data(), suffix=st.sampled_from(sorted(SAMPLES)))
def test_changed_bytes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, suffix: str) -> None:
    content = bytearray(SAMPLES[suffix])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=5)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"changed{suffix}"
    path.write_bytes(content)
    try:
        items = list(PARSERS[suffix](path, path.name))
    except UnreadableDocument:
        return
    for item in items:
        if isinstance(item, Document):
            check(item)


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_changed_bytes_of_a_pdf(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(pdf(GARDEN_PAGES, outline=GARDEN_OUTLINE))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=5)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.pdf"
    path.write_bytes(content)
    try:
        items = list(PARSERS[".pdf"](path, path.name))
    except UnreadableDocument:
        return
    for item in items:
        if isinstance(item, Document):
            check(item)
