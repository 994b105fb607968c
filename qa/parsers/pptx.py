"""PowerPoint presentations: one document a file, each slide a section under its title (ECMA-376, PresentationML)."""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, check_xml, open_archive, read_xml
from qa.parsers.blocks import Blocks
from qa.parsers.checks import title_of_field
from qa.parsers.html import quotable, under_title
from qa.parsers.text import title_of_name

_PRESENTATION, _RELATIONS = "ppt/presentation.xml", "ppt/_rels/presentation.xml.rels"
_PROPERTIES = "docProps/core.xml"

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SLIDE = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"dt", "ftr", "sldNum"})  # the date, the foot and the number of a slide
_HIDDEN = frozenset({"0", "false"})


def read_pptx(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the presentation: the text of its slides in their order, tables row by row; hidden slides, notes and
    pictures are omitted.

    The title is the one in its properties, else the title of its only slide with one, else the file's name.
    """
    blocks = Blocks()
    with open_archive(path, source, "a PowerPoint presentation") as archive:
        if _PRESENTATION not in archive.names:
            raise UnreadableDocument(source, "is a zip archive without a PowerPoint presentation in it")
        title = _title(archive)
        for name in _slides(archive):
            _write_slide(_read(archive, name), blocks)
    found = quotable(blocks.shown(), source)
    title = title or found.title or title_of_name(path)
    yield Document(id=source, title=title, text=found.text, source=source, sections=under_title(found.sections, title))


def _read(archive: Archive, name: str) -> ET.Element:
    content = archive.read(name)
    check_xml(content, archive.source, name)
    return ET.fromstring(content)  # noqa: S314 - it was checked, and declares no entities


def _title(archive: Archive) -> str:
    if _PROPERTIES not in archive.names:
        return ""
    properties = read_xml(archive.read(_PROPERTIES), archive.source, _PROPERTIES)
    return next((title_of_field(element.text) for element in properties if element.name == "title"), "")


def _slides(archive: Archive) -> list[str]:
    """Return the names of the slides in their order."""
    if _RELATIONS not in archive.names:
        return []
    targets = {element.get("Id"): element.get("Target", "") for element in _read(archive, _RELATIONS)}
    listed = _read(archive, _PRESENTATION).iter(f"{_SLIDE}sldId")
    names = [posixpath.normpath(posixpath.join("ppt", targets.get(one.get(_RELATION), ""))) for one in listed]
    return [name for name in names if name in archive.names]


def _write_slide(slide: ET.Element, blocks: Blocks) -> None:
    if slide.get("show", "1") in _HIDDEN:
        return
    shapes = [(_kind(shape), shape) for shape in slide.iter() if shape.tag in {f"{_SLIDE}sp", f"{_SLIDE}graphicFrame"}]
    for kind, shape in shapes:
        if kind in _TITLES:
            blocks.head(" ".join(_paragraphs(shape)), 1)
    for kind, shape in shapes:
        if kind in _TITLES | _FURNITURE:
            continue
        rows = list(shape.iter(f"{_DRAWING}tr"))
        lines = [_row(row) for row in rows] if rows else _paragraphs(shape)
        for place, line in enumerate(lines):
            blocks.write(line, "\n" if place else "\n\n")


def _kind(shape: ET.Element) -> str:
    """Return what a shape holds the place of, "" where it is one of its own."""
    place = next(shape.iter(f"{_SLIDE}ph"), None)
    return "" if place is None else place.get("type", "")


def _row(row: ET.Element) -> str:
    cells = (" ".join(_paragraphs(cell)) for cell in row.iter(f"{_DRAWING}tc"))
    return " | ".join(cell for cell in cells if cell)


def _paragraphs(shape: ET.Element) -> list[str]:
    found = (" ".join("".join(_pieces(one)).split()) for one in shape.iter(f"{_DRAWING}p"))
    return [text for text in found if text]


def _pieces(paragraph: ET.Element) -> Iterator[str]:
    """Yield the text of a paragraph; what is struck out is none."""
    for run in paragraph:
        properties = run.find(f"{_DRAWING}rPr")
        if properties is not None and properties.get("strike", "noStrike") != "noStrike":
            continue
        if run.tag == f"{_DRAWING}br":
            yield " "
        yield from (piece.text or "" for piece in run.iter(f"{_DRAWING}t"))
