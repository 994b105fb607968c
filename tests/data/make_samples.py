"""Makes small files of the binary formats, byte by byte, so that the tests need no program that writes them.

``python -m tests.data.make_samples FOLDER`` writes one of each, to be looked at in other programs. The sentences are
the project's own and free for any use (CC0).
"""

import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

GARDEN_PAGES = (
    ("Keeping a garden", "A garden wants water in the morn-", "ing and shade at noon."),
    ("Beds", "A raised bed drains well.", "It is a self-", "contained plot. Call it self-contained."),
)
GARDEN_OUTLINE = (("Keeping a garden", 0), ("Beds", 1))


def pdf(
    pages: Sequence[Sequence[str]] = GARDEN_PAGES,
    *,
    title: str = "",
    outline: Sequence[tuple[str, int]] = (),
    labels: str = "",
    encrypt: str = "",
    extra: Sequence[str] = (),
) -> bytes:
    """Return a PDF of lines of text; ``outline`` has titles with page numbers from 0, ``labels`` a PDF number tree."""
    count = len(pages)
    first_bookmark = 5 + 2 * count
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(count))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R {labels} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /First {first_bookmark} 0 R /Last {first_bookmark + len(outline) - 1} 0 R >>" if outline else "<< >>",
    ]
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        stream = f"BT /F1 12 Tf 16 TL 50 750 Td {shown} ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {6 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    for place, (heading, page) in enumerate(outline):
        following = f"/Next {first_bookmark + place + 1} 0 R" if place + 1 < len(outline) else ""
        objects.append(f"<< /Title ({heading}) /Parent 4 0 R {following} /Dest [{5 + 2 * page} 0 R /Fit] >>")
    objects += extra
    objects.append(f"<< /Title ({title}) >>")
    return _pdf_file(objects, f"/Info {len(objects)} 0 R {encrypt}")


def _pdf_file(objects: Sequence[str], trailer: str) -> bytes:
    written = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = len(written)
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    written += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}".encode()
    written += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(written)


def archive(entries: Mapping[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as packed:
        for name, entry in entries.items():
            packed.writestr(name, entry)
    return content.getvalue()


def paragraph(text: str, style: str = "") -> str:
    """Return a paragraph of a Word document."""
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r></w:p>"


GARDEN_BODY = "".join(
    [
        paragraph("A garden year", "Title"),
        paragraph("A garden has four seasons."),
        paragraph("Spring", "Heading1"),
        paragraph("Sow peas in March."),
        "<w:tbl><w:tr><w:tc>" + paragraph("Plant") + "</w:tc><w:tc>" + paragraph("Month") + "</w:tc></w:tr></w:tbl>",
        paragraph("Autumn", "Heading1"),
        paragraph("Gather leaves for compost."),
    ]
)


def docx(body: str = GARDEN_BODY, *, title: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a Word document; ``more`` adds entries or replaces them."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in (("Title", "Title"), ("Heading1", "heading 1"), ("Heading2", "heading 2"))
    )
    properties = (
        '<p:coreProperties xmlns:p="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></p:coreProperties>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relations,
        "docProps/core.xml": properties,
        "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
    }
    return archive({**entries, **(more or {})})


GARDEN_CHAPTERS = {
    "one.xhtml": '<html><head><title/></head><body><h1>Soil</h1><p>Soil holds <a id="x"/>water.</p></body></html>',
    "two.xhtml": "<html><head><title>Seeds</title></head><body><p>Seeds sleep in winter.</p></body></html>",
}


ODT_BODY = """
<text:tracked-changes><text:p>Deleted long ago.</text:p></text:tracked-changes>
<text:p text:style-name="P1">A garden year</text:p>
<text:p>A garden<text:s text:c="2"/>has four<office:annotation><text:p>Really?</text:p></office:annotation> seasons.
<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>In most places.</text:p></text:note-body>
</text:note></text:p>
<text:h text:outline-level="1">Spring</text:h>
<text:list><text:list-item><text:p>Sow peas in March.</text:p></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>Plant</text:p></table:table-cell>
<table:table-cell><text:p>Month</text:p></table:table-cell></table:table-row></table:table>
<text:h text:outline-level="2">Autumn</text:h>
<text:p>Gather leaves<text:line-break/>for compost.</text:p>
"""


def odt(
    body: str = ODT_BODY, *, title: str = "", styles: str = "", more: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Return an OpenDocument text; P1 is a style made from "Title"."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "style")
    )
    style = f'<style:style style:name="P1" style:parent-style-name="Title"/>{styles}'
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{style}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    meta = (
        '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>{title}</dc:title></office:meta>'
        "</office:document-meta>"
    )
    entries = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, "meta.xml": meta}
    return archive({**entries, **(more or {})})


def epub(
    chapters: Mapping[str, str] = GARDEN_CHAPTERS,
    *,
    title: str = "The garden book",
    spine: Sequence[str] | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Return a book; ``spine`` lists the references to chapters, whether or not they are there."""
    listed = list(chapters if spine is None else spine)
    items = "".join(
        f'<item id="c{place}" href="{name}" media-type="application/xhtml+xml"/>' for place, name in enumerate(listed)
    )
    order = "".join(f'<itemref idref="c{place}"/>' for place in range(len(listed)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"<dc:title>{title}</dc:title></metadata><manifest>{items}"
        '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
        f"<spine>{order}</spine></package>"
    )
    contents = (
        "<ncx><navMap><navPoint><navLabel><text>On seeds</text></navLabel>"
        '<content src="two.xhtml#top"/></navPoint></navMap></ncx>'
    )
    entries: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="text/book.opf"/></rootfiles></container>',
        "text/book.opf": package,
        "text/toc.ncx": contents,
        **{f"text/{name}": content for name, content in chapters.items()},
    }
    return archive({**entries, **(more or {})})


_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def shape(*lines: str, kind: str = "") -> str:
    """Return a shape of a slide with lines of text; ``kind`` is what the slide's layout has it for."""
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    return f"<p:sp>{place}<p:txBody>{paragraphs}</p:txBody></p:sp>"


def presentation(*slides: str, hidden: int = 0, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a presentation of slides; they are stored in the other order. ``more`` adds entries or replaces them."""
    listed = "".join(f'<p:sldId r:id="r{number}"/>' for number in range(len(slides)))
    names = [f"slides/slide{len(slides) - number}.xml" for number in range(len(slides))]
    targets = "".join(f'<Relationship Id="r{number}" Target="{name}"/>' for number, name in enumerate(names))
    spaces = f'xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}" xmlns:r="{_RELATIONS}"'
    shown = {
        f"ppt/{name}": f'<p:sld {spaces} show="{0 if number == hidden - 1 else 1}">{slide}</p:sld>'
        for number, (name, slide) in enumerate(zip(names, slides, strict=True))
    }
    return archive(
        {
            "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f"<Relationships>{targets}</Relationships>",
            **shown,
            **(more or {}),
        }
    )


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    """Return an Excel workbook of sheets with their rows."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "garden.pdf").write_bytes(pdf(outline=GARDEN_OUTLINE, title="Keeping a garden"))
    (folder / "garden.docx").write_bytes(docx())
    (folder / "garden.epub").write_bytes(epub())
