"""Over five hundred files made to do harm, by name: none is made before it is asked for; each is always the same."""

import base64
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain

from tests.data.make_samples import WORD, archive, docx, epub, odt, paragraph, pdf, presentation, shape, workbook

Made = Callable[[], bytes]

_DEEP = 100_000
_MILLION = 1_000_000
_DATA = 3_750_000  # bytes, five million characters as base64

_PIECES = {
    "spaces": " ",
    "newlines": "\n",
    "returns": "\r\n",
    "tabs": "\t",
    "letter-lines": "a\n",
    "letter-paragraphs": "a\n\n",
    "chinese": "心理療法とは何ですか",
    "chinese-stops": "心理。",
    "thai": "การบำบัดทางจิต",
    "accents": "e\u0301\u0301\u0301",
    "marks": "\u0301",
    "zero-width": "a\u200b",
    "joined-emoji": "👩\u200d",
    "flags": "🇦",
    "right-to-left": "\u202eab ",
    "ligatures": "ﷺ",
    "stops": ". ",
    "abbreviations": "e.g. Dr. ",
    "ellipses": "…",
    "quotes": "“‘",
    "brackets": "([{ ",
    "dashes": "— ",
    "numbers": "1.1.1 ",
    "dots": ". . . . . 1\n",
    "nbsp": "a\u00a0",
    "halves-of-words": "x" * 299 + " ",
    "hashes": "# ",
    "bars": "| ",
    "lists": "- a\n",
    "unit-separators": "a\x1f",
    "form-feeds": "a\x0c",
    "private": "\ue000",
}

_RUNS: dict[str, Made] = {
    "base64": lambda: base64.b64encode(random.Random(1).randbytes(_DATA)),
    "hex": lambda: random.Random(2).randbytes(2 * _MILLION).hex().encode(),
    "hex-lines": lambda: random.Random(3).randbytes(2 * _MILLION).hex("\n", 30).encode(),
    "base64-lines": lambda: base64.encodebytes(random.Random(4).randbytes(_DATA)),
    "script": lambda: b"function(a,b){return[a+b]};" * 150_000,
    "json": lambda: json.dumps([{"a": n, "b": [True]} for n in range(100_000)], separators=(",", ":")).encode(),
    "address": lambda: b"https://example.org/?" + b"q=1&" * _MILLION,
    "word": lambda: b"therapy" * 700_000,
    "minus": lambda: b"-" * 5 * _MILLION,
    "data-uri": lambda: b"data:image/png;base64," + b"iVBOR" * _MILLION,
    "data-uris": lambda: (b"Word data:image/png;base64," + b"iVBOR" * 20 + b" word. ") * 1_000,
    "data-uri-parameters": lambda: b"data:" + b";a=b" * _MILLION,
}


def hostile_files() -> dict[str, Made]:
    """Return what makes each file, by the name that it is to have."""
    found = chain(
        _texts(), _markdown(), _records(), _tables(), _pages(), _archives(), _pdfs(), _marked_up(), _mislabelled()
    )
    return dict(found)


def _within(before: bytes, made: Made, after: bytes) -> bytes:
    return before + made() + after


def _encoded(text: str) -> Made:
    return lambda: text.encode(errors="surrogatepass")


def _repeated(piece: str, characters: int = 100_000) -> Made:
    return _encoded(f"Begin here. {piece * (characters // len(piece))} And end.")


def _texts() -> Iterator[tuple[str, Made]]:
    yield from ((f"{name}.txt", _repeated(piece)) for name, piece in _PIECES.items())
    yield from ((f"run-{name}.txt", partial(_within, b"A word. ", made, b" An end.")) for name, made in _RUNS.items())
    for encoding in ("utf-16", "utf-32", "utf-7", "cp037", "shift_jis"):
        yield f"{encoding}.txt", partial("Therapy helps.".encode, encoding)
    yield "half-characters.txt", _encoded("a \ud800 b \udfff")
    yield "overlong.txt", lambda: b"a \xc0\xaf b"
    yield "cut.txt", lambda: "héé".encode()[:-1]
    yield "nuls.txt", lambda: b"a\0b" * 1000
    yield "random.txt", lambda: random.Random(5).randbytes(_MILLION)
    yield "large.txt", lambda: b"A sentence of words. " * _MILLION
    yield "long-title.txt", lambda: b"Title " * 19 + b"\n\n" + b"word " * 1000


def _markdown() -> Iterator[tuple[str, Made]]:
    pieces = {
        "quotes": ">",
        "lists": "- ",
        "numbered": "1. a\n",
        "quoted-lists": "> - " * 9 + "a\n",
        "deep-lists": "- " * 20 + "a\n",
        "emphasis": "*a _b ",
        "stars": "**",
        "underscores": "_a",
        "backticks": "` `` ",
        "brackets": "[",
        "images": "![",
        "links": "[a](",
        "closed": "]",
        "angle": "<",
        "half-links": "[a](<b",
        "references": "[a]: x\n",
        "labels": "[a\n",
        "titles": "[a]: /u 't\n",
        "headings": "# a\nb\n",
        "setext": "a\n=\n",
        "rules": "***\n",
        "html": "<div>\n",
        "comments": "<!--",
        "tags": "<a b='",
        "instructions": "<?",
        "sections": "<![CDATA[",
        "entities": "&amp",
        "numbers": "&#1114112;",
        "escapes": "\\",
        "fences": "```\n",
        "code": "    a\n\n",
        "tabs": "\t",
        "tables": "|a|b|\n|-|-|\n",
        "autolinks": "<http://a",
        "lazy": "> a\nb\n",
        "breaks": "a  \n",
    }
    yield from ((f"md-{name}.md", _repeated(piece)) for name, piece in pieces.items())
    yield from ((f"run-{name}.md", partial(_within, b"A ![x](", made, b") b")) for name, made in _RUNS.items())
    yield "stairs.md", lambda: "".join("  " * n + "- a\n" for n in range(1000)).encode()
    yield "stairs-of-quotes.md", lambda: "".join(">" * n + " a\n" for n in range(500)).encode()
    yield "ladder-of-backticks.md", lambda: "".join("`" * n + " " for n in range(2000)).encode()
    yield "heading.md", lambda: b"# " + b"*a _b [c](" * 200_000 + b"\n\nText."
    yield "heading-data.md", lambda: b"# A ![x](data:image/png;base64," + b"iVBOR" * _MILLION + b")\n\nText."
    yield "crossed-lines.md", lambda: b"> - > - a\n" * 30_000
    fronts = {
        "anchors": "a: &a [x]\n" + "".join(f"k{n}: &b{n} [*a, *a]\n" for n in range(1000)),
        "laughs": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
        "merges": "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)),
        "deep": "title: " + "[" * 5000,
        "deep-maps": "title: " + "{a: " * 5000,
        "indents": "".join(" " * n + "a:\n" for n in range(300)),
        "circle": "title: &a [*a]\n",
        "bool": 'title: !!bool "maybe"\n',
        "int": 'title: !!int ""\n',
        "float": 'title: !!float ""\n',
        "time": 'title: !!timestamp "x"\n',
        "binary": 'title: !!binary "!"\n',
        "set": "title: !!set [a]\n",
        "omap": "title: !!omap a\n",
        "object": "title: !!python/object/apply:os.system [a]\n",
        "key": "? [a]\n: b\n",
        "half": 'title: "\\ud800"\naliases: ["\\udfff"]\n',
        "number": "title: " + "9" * 10_000 + "\n",
        "sexagesimal": "title: " + ":".join(["59"] * 3000) + "\n",
        "long": "title: T\n" + "x: y\n" * 50_000,
        "control": 'title: "\\0\\e[31m"\n',
        "directive": "%YAML 9.9\n",
        "documents": "--- a\n" * 1000,
        "quote": 'title: "' + "a" * 60_000 + "\n",
        "date": "title: 0000-00-00\n",
        "aliases": "aliases: [" + "a, " * 20_000 + "]\n",
    }
    for name, front in fronts.items():
        yield f"front-{name}.md", _encoded(f"---\n{front}---\n\n# H\n\nText body.\n")


def _records() -> Iterator[tuple[str, Made]]:
    lines = {
        "deep": "[" * _MILLION,
        "deep-objects": '{"a":' * _DEEP,
        "digits": '{"_id": ' + "1" * 100_000 + ', "text": "x"}',
        "exponent": '{"_id": 1e400, "text": "x"}',
        "nan": '{"_id": NaN, "text": NaN}',
        "half": '{"_id": "1", "text": "\\ud800"}',
        "half-id": '{"_id": "\\udc00", "text": "x"}',
        "nul": '{"_id": "1", "text": "\\u0000"}',
        "types": '{"_id": [], "text": {}}',
        "keys": "{" + ",".join(f'"k{n}": {n}' for n in range(200_000)) + "}",
        "same-key": "{" + '"_id": "1",' * 200_000 + '"text": "x"}',
        "lists": "[" + "[]," * 2 * _MILLION + "0]",
        "long-id": '{"_id": "' + "x" * _MILLION + '", "text": "x"}',
        "long-title": '{"_id": "1", "title": "' + "word " * 200_000 + '", "text": "x"}',
        "cut": '{"_id": "1", "text": "x',
        "bool": '{"_id": true, "text": true}',
        "escapes": '{"_id": "1", "text": "' + "\\u0041 " * 50_000 + '"}',
        "quotes": '"' * 100_000,
        "data": '{"_id": "1", "text": "data:image/png;base64,' + "iVBOR" * _MILLION + '"}',
    }
    for name, line in lines.items():
        yield f"line-{name}.jsonl", _encoded(f'{line}\n{{"_id": "good", "text": "Good text."}}\n')
    yield "no-line-end.jsonl", lambda: b"x" * 20 * _MILLION
    yield "wrong-lines.jsonl", lambda: b"x\n" * _MILLION
    yield "blank-lines.jsonl", lambda: b"\n" * 5 * _MILLION
    yield "nuls.jsonl", lambda: bytes(20 * _MILLION)
    yield "utf-16.jsonl", lambda: '{"_id": "1", "text": "x"}'.encode("utf-16")
    yield "same-id.jsonl", lambda: b'{"_id": "1", "text": "x"}\n' * 50_000


def _tables() -> Iterator[tuple[str, Made]]:
    yield "columns.csv", lambda: b"a," * _MILLION + b"a\n" + b"1," * _MILLION + b"1\n"
    yield "names.csv", lambda: b",".join(b"n%0100d" % n for n in range(900)) + b"\n" + b"1," * 899 + b"1\n"
    yield "quote.csv", lambda: b'name,text\na,"' + b"x\n" * 8 * _MILLION
    yield "quotes.csv", lambda: b"name,text\n" + b'a,"x""' * _MILLION
    yield "line.csv", lambda: b"a," * 8_500_000
    yield "values.csv", lambda: b"a,b\n" + b"," * 15 * _MILLION
    yield "delimiters.csv", lambda: b"a,b\n" + b",;\t\n" * 1_000
    yield "blank.csv", lambda: b"a,b\n" + b"\n" * 5 * _MILLION
    yield "returns.csv", lambda: b"a,b\r" + b"\r" * 5 * _MILLION
    yield "sep.csv", lambda: b"sep=,\n"
    yield "field.csv", lambda: b"name,text\na," + b"x" * 15 * _MILLION
    yield "nul.csv", lambda: b"name,text\na,\0\n"
    yield "half.csv", _encoded("name,text\na,\ud800\n")
    yield "wrong-rows.csv", lambda: b"name,text\n" + b"a,b,c\n" * 500_000


def _pages() -> Iterator[tuple[str, Made]]:
    pieces = {
        "deep": "<div>",
        "inline": "<b><i>",
        "crossed": "<span><div></span>",
        "empty": "<div/>",
        "vector": "<svg><style><div>",
        "half-tags": "<a ",
        "signs": "<",
        "closing": "</",
        "equals": "<a = ",
        "attribute": '<a b="',
        "comments": "<!--",
        "entities": "&amp",
        "numbers": "&#x110000;",
        "halves": "&#xd800;",
        "scripts": "<script>",
        "plain": "<plaintext>",
        "tables": "<table><tr><td>",
        "selects": "<select><option>",
        "templates": "<template>",
        "frames": "<iframe>",
        "forms": "<form>",
        "headings": "<h1>a</h1><p>b",
        "paragraphs": "<p>a ",
        "breaks": "<br>",
        "rubies": "<ruby><rp>",
        "math": "<math><mi>",
        "sections": "<![CDATA[",
        "nuls": "a\0",
        "breaking-spaces": "&nbsp;",
    }
    yield from ((f"html-{name}.html", _repeated(piece, 500_000)) for name, piece in pieces.items())
    yield "attributes.html", lambda: b"<br " + b" ".join(b"a%d=1" % n for n in range(300_000)) + b"><p>x"
    yield "picture.html", lambda: b"<p>A <img src='data:image/png;base64," + b"iVBOR" * _MILLION + b"'> b"
    yield "style.html", lambda: b"<p style='" + b"a:b;" * _MILLION + b"'>x"
    yield "external.html", lambda: b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>a &x; b'
    yield "charset.html", lambda: b"<meta charset=zlib_codec><p>caf\xe9"
    yield "utf-16.html", lambda: "<p>Käse</p>".encode("utf-16")[:-1]
    yield "run.html", lambda: b"<p>" + _RUNS["base64"]()


def _external(entity: str) -> str:
    return f"<!DOCTYPE x [<!ENTITY {entity}>]>"


def _word(inner: str, before: str = "") -> bytes:
    return docx(
        more={"word/document.xml": f'{before}<w:document xmlns:w="{WORD}"><w:body>{inner}</w:body></w:document>'}
    )


def _altered(content: bytes, *changes: tuple[bytes, bytes]) -> bytes:
    for old, new in changes:
        content = content.replace(old, new)
    return content


def _archives() -> Iterator[tuple[str, Made]]:
    laughs = (
        '<!DOCTYPE x [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + "]>"
    )
    xml: Mapping[str, str] = {
        "laughs": laughs + "<a>&j;</a>",
        "external": _external('x SYSTEM "file:///etc/passwd"') + "<a>&x;</a>",
        "parameter": _external('% x SYSTEM "http://127.0.0.1/"') + "<a/>",
        "long": _external(f'x "{"a" * 100_000}"') + f"<a>{'&x;' * 1000}</a>",
        "deep": "<a>" * _DEEP,
        "attributes": "<a " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>",
        "attribute": f'<a b="{"x" * 5_000_000}"/>',
        "run": f"<a>{'x ' * 2_000_000}</a>",
        "names": "".join(f"<n{n}/>" for n in range(300_000)),
        "not": "no XML",
        "nothing": "",
        "comment": f"<!--{'- ' * 2_000_000}--><a/>",
        "data": f"<a><![CDATA[{'x' * 2_000_000}]]></a>",
        "instruction": f"<?a {'x' * 2_000_000}?><a/>",
    }
    for name, content in xml.items():
        yield f"{name}.docx", partial(docx, more={"word/document.xml": content})
        yield f"{name}.epub", partial(epub, more={"text/book.opf": content})
        yield f"{name}.odt", partial(odt, more={"content.xml": content})
        yield f"{name}.pptx", partial(presentation, shape("a"), more={"ppt/slides/slide1.xml": content})
        yield f"list-{name}.pptx", partial(presentation, shape("a"), more={"ppt/presentation.xml": content})
        yield f"{name}.xlsx", partial(_replaced, _BOOK, "xl/worksheets/sheet1.xml", content)
        yield f"strings-{name}.xlsx", partial(_replaced, _BOOK, "xl/sharedStrings.xml", content)
    yield "styles.docx", lambda: docx(more={"word/styles.xml": "<w:styles>" + "<w:style/>" * 100_000})
    yield "nested.docx", lambda: _word("<w:p>" * 490 + "</w:p>" * 490)
    yield "tables.docx", lambda: _word("<w:tbl><w:tr><w:tc>" * 150 + paragraph("a") + "</w:tc></w:tr></w:tbl>" * 150)
    yield "elements.docx", lambda: _word("<w:p/>" * 350_000)
    yield "paragraphs.docx", lambda: _word(paragraph("a") * 60_000)
    yield "picture.docx", lambda: _word(paragraph("a data:image/png;base64," + "iVBOR" * 190_000))
    yield "chapters.epub", lambda: epub({f"{n}.xhtml": "<p>a" for n in range(1000)})
    yield "missing.epub", lambda: epub(spine=[f"{n}.xhtml" for n in range(10_000)])
    yield "out.epub", lambda: epub(spine=["../../../etc/passwd", "/etc/passwd", "one.xhtml"])
    yield "headings.epub", lambda: epub({"a.xhtml": "<h1>a</h1><p>b</p>" * 50_000})
    yield "slides.pptx", lambda: presentation(*[shape("a")] * 5_000)
    yield "shapes.pptx", lambda: presentation(shape("a") * 50_000)
    yield "groups.pptx", lambda: presentation("<p:grpSp>" * 5_000 + shape("a") + "</p:grpSp>" * 5_000)
    yield "rows.xlsx", lambda: workbook(("A", [["a"]] * 60_000))
    yield "sheets.xlsx", lambda: workbook(*((f"S{n}", [["a"]]) for n in range(500)))
    yield "far.xlsx", lambda: _replaced(_BOOK, "xl/worksheets/sheet1.xml", _FAR)
    yield "wide.xlsx", lambda: workbook(("A", [["a"] * 16_384] * 20))
    yield "spaces.odt", lambda: odt('<text:p>a<text:s text:c="999999999"/>b</text:p>')
    yield (
        "repeated.odt",
        lambda: odt(
            '<table:table><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
            'table:number-columns-repeated="16384"><text:p>a</text:p></table:table-cell></table:table-row></table:table>'
        ),
    )
    wholes = {".docx": docx(), ".epub": epub(), ".odt": odt(), ".pptx": presentation(shape("Sow")), ".xlsx": _BOOK}
    for ending, whole in wholes.items():
        yield f"cut{ending}", partial(bytes, whole[: len(whole) // 2])
        yield f"end{ending}", partial(bytes, whole[-30:])
        yield f"sizes{ending}", partial(_sized, whole, 5)
        yield f"huge-sizes{ending}", partial(_sized, whole, 2**31)
        yield f"overlap{ending}", partial(_overlapping, whole)
        yield f"method{ending}", partial(_altered, whole, (b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x63\0"))
        yield f"encrypted{ending}", partial(_altered, whole, (b"\x14\0\0\0\x08\0", b"\x14\0\x01\0\x08\0"))
        yield f"checksums{ending}", partial(_altered, whole, (b"Sow", b"Saw"), (b"\x9d", b"\x9e"))
        yield f"absolute{ending}", lambda: archive({"/etc/passwd": "x", "../../x": "y"})
        yield (
            f"ratio{ending}",
            lambda: archive(
                {"word/document.xml": b" " * 60 * _MILLION, "META-INF/container.xml": b" " * 60 * _MILLION}
            ),
        )
        yield f"entries{ending}", lambda: archive({f"{n}.xml": "" for n in range(20_000)}, zipfile.ZIP_STORED)
        yield f"random{ending}", lambda: b"PK\x03\x04" + random.Random(6).randbytes(100_000) + b"PK\x05\x06" + bytes(18)


_BOOK = workbook(("Seeds", [["Sow", 1], ["Mow", 2]]))
_FAR = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>'
    '<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)


def _replaced(content: bytes, name: str, entry: str) -> bytes:
    """Return an archive with another entry by this name."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        entries = {one: packed.read(one) for one in packed.namelist()}
    return archive({**entries, name: entry})


def _marked_up() -> Iterator[tuple[str, Made]]:
    pieces = {
        "titles": "a\n=\n\n",
        "directives": ".. note:: a\n\n",
        "quotes": "a\n\n   ",
        "stars": "*a **b ",
        "backticks": "`a ``b ",
        "roles": ":a:`",
        "links": "`a <b>`_ ",
        "references": "a_ ",
        "notes": "[#]_ ",
        "substitutions": "|a| ",
        "bullets": "- a\n\n  ",
        "lines": "| a\n",
        "fields": ":a: b\n",
        "tables": "+-+\n|a|\n+-+\n\n",
        "literals": "a::\n\n b\n\n",
        "comments": "..\n\n",
        "escapes": "\\",
    }
    yield from ((f"rst-{name}.rst", _repeated(piece)) for name, piece in pieces.items())
    yield "circle.rst", _encoded(".. |a| replace:: |b|\n.. |b| replace:: |a|\n\nText |a|.")
    yield "file.rst", _encoded("Text.\n\n.. include:: /etc/passwd\n\n.. csv-table::\n   :file: /etc/passwd\n")
    yield "raw.rst", _encoded("Text.\n\n.. raw:: html\n   :url: http://127.0.0.1/\n")
    yield "deep.rst", _encoded("Text.\n" + "".join("\n" + " " * n + "a\n" for n in range(400)))
    yield "nested.rst", _encoded("Text.\n\n" + "".join(" " * 3 * n + ".. note::\n\n" for n in range(300)))
    yield "settings.rst", _encoded(".. default-role:: raw\n\n.. role:: raw-html(raw)\n   :format: html\n\nText `a`.")


def _sized(content: bytes, size: int) -> bytes:
    """Return an archive whose list says that each entry unpacks to so many bytes."""
    changed, start = bytearray(content), 0
    while (start := changed.find(b"PK\x01\x02", start)) >= 0:
        changed[start + 24 : start + 28] = struct.pack("<I", size)
        start += 4
    return bytes(changed)


def _overlapping(content: bytes) -> bytes:
    """Return an archive whose entries all begin where the first one does."""
    changed, start = bytearray(content), 0
    while (start := changed.find(b"PK\x01\x02", start)) >= 0:
        changed[start + 42 : start + 46] = bytes(4)
        start += 4
    return bytes(changed)


def _pdfs() -> Iterator[tuple[str, Made]]:
    yield "circle.pdf", lambda: pdf([[]]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]")
    yield "parent.pdf", lambda: pdf().replace(b"/Parent 2 0 R", b"/Parent 5 0 R")
    yield "outline.pdf", lambda: pdf(outline=[("A", 0), ("B", 1)]).replace(b"/Next 10 0 R", b"/Next 9 0 R")
    yield "count.pdf", lambda: pdf().replace(b"/Count 2", b"/Count 2000000000")
    yield "negative.pdf", lambda: pdf().replace(b"/Count 2", b"/Count -5")
    yield "deep.pdf", lambda: pdf([[]], extra=["[" * _DEEP]).replace(b"/Contents 6 0 R", b"/Contents 7 0 R")
    yield "dictionaries.pdf", lambda: pdf([[]], extra=["<< /A " * _DEEP + ">>" * _DEEP], labels="/Names 7 0 R")
    yield "bomb.pdf", lambda: _compressed(zlib.compress(zlib.compress(b"(a) Tj " * 30 * _MILLION, 1), 9), 2)
    yield "filters.pdf", lambda: _compressed(b"x", 1000)
    yield "length.pdf", lambda: pdf().replace(b"/Length ", b"/Length 9999999999")
    yield "offsets.pdf", lambda: pdf().replace(b"00000 n", b"65535 n")
    yield "startxref.pdf", lambda: pdf().replace(b"startxref\n", b"startxref\n9999999999")
    yield "previous.pdf", lambda: pdf(encrypt="/Prev 9")
    yield "labels.pdf", lambda: pdf(labels="/PageLabels << /Kids [1 0 R 1 0 R] >>")
    yield "cut.pdf", lambda: pdf()[:-300]
    yield "head.pdf", lambda: b"%PDF-1.7\n" + random.Random(7).randbytes(500_000) + b"\n%%EOF"
    yield "nuls.pdf", lambda: b"%PDF-1.7\n" + bytes(5 * _MILLION) + b"\n%%EOF"
    yield "lines.pdf", lambda: pdf([["a b"] * 20_000])
    yield "pages.pdf", lambda: pdf([["a"]] * 3_000)
    yield "run.pdf", lambda: pdf([["x" * 100_000]])
    yield "bookmarks.pdf", lambda: pdf(outline=[("(" * 200, 0)] * 3_000)
    yield "encrypted.pdf", lambda: pdf(encrypt="/Encrypt << /Filter /X /V 99 >>")


def _compressed(packed: bytes, filters: int) -> bytes:
    head = f"<< /Length {len(packed)} /Filter [{' /FlateDecode' * filters}] >>"
    stream = f"{head}\nstream\n{packed.decode('latin-1')}\nendstream"
    return pdf([["x"]], extra=[stream]).replace(b"/Contents 6 0 R", b"/Contents 7 0 R")


_ENDINGS = (
    ".txt", ".md", ".rst", ".jsonl", ".csv", ".html", ".pdf", ".docx", ".odt", ".pptx", ".xlsx", ".epub",
)  # fmt: skip


def _mislabelled() -> Iterator[tuple[str, Made]]:
    kinds: Mapping[str, Made] = {
        "pdf": pdf,
        "docx": docx,
        "image": lambda: b"\x89PNG\r\n\x1a\n" + random.Random(8).randbytes(1000),
        "gzip": lambda: b"\x1f\x8b" + bytes(100),
        "text": lambda: b"Plain text here.",
        "nothing": lambda: b"",
    }
    for name, made in kinds.items():
        for ending in _ENDINGS:
            yield f"is-{name}{ending}", made
