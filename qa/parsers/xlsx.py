"""Excel workbooks: one document a file, each sheet a section, its rows as lines with their cells parted by bars."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, check_xml, open_archive
from qa.parsers.blocks import Blocks
from qa.parsers.checks import check_size, title_of_field
from qa.parsers.html import quotable, under_title
from qa.parsers.text import title_of_name

if TYPE_CHECKING:
    from openpyxl import Workbook

_MOST_CELLS = 200_000
_SHOWN = "visible"


def read_xlsx(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the workbook: what its cells show, formulas as they were last computed; hidden sheets and pictures are
    omitted.

    The title is the one in its properties, else the file's name.
    """
    with open_archive(path, source, "an Excel workbook") as archive:
        if "xl/workbook.xml" not in archive.names:
            raise UnreadableDocument(source, "is a zip archive without an Excel workbook in it")
        book = _open(_parts(archive), source)
    try:
        title = title_of_field(book.properties.title or "")
        blocks = _written(book, source)
    finally:
        book.close()
    found = quotable(blocks.shown(), source)
    title = title or title_of_name(path)
    yield Document(id=source, title=title, text=found.text, source=source, sections=under_title(found.sections, title))


def _parts(archive: Archive) -> io.BytesIO:
    """Return an archive of only the parts in XML, each of them checked."""
    parts = io.BytesIO()
    with zipfile.ZipFile(parts, "w") as checked:
        for name in sorted(archive.names):
            if name.endswith((".xml", ".rels")):
                content = archive.read(name)
                check_xml(content, archive.source, name)
                checked.writestr(name, content)
    parts.seek(0)
    return parts


def _open(parts: io.BytesIO, source: str) -> "Workbook":
    from openpyxl import load_workbook  # takes a fifth of a second

    try:
        return load_workbook(parts, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # it trusts the parts to fit together, and raises anything where not
        raise UnreadableDocument(source, "is not an Excel workbook inside, or a damaged one: save it again") from error


def _written(book: "Workbook", source: str) -> Blocks:
    blocks = Blocks()
    cells = 0
    for sheet in book.worksheets:
        if sheet.sheet_state != _SHOWN:
            continue
        rows = 0
        for values in sheet.iter_rows(values_only=True):
            cells += len(values)
            if cells > _MOST_CELLS:
                raise UnreadableDocument(source, f"has over {_MOST_CELLS:,} cells: split it, or save it as .csv")
            line = " | ".join(text for value in values if (text := _shown(value)))
            if line and not rows:  # the name of an empty sheet says nothing
                blocks.head(sheet.title, 2)
            blocks.write(line, "\n" if rows else "\n\n")
            rows += bool(line)
        check_size(blocks.length, source)
    return blocks


def _shown(value: object) -> str:
    """Return a cell on one line, as a sheet shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, time):
        return value.isoformat("auto" if value.second or value.microsecond else "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:.10g}" if isinstance(value, float) else " ".join(str(value).split())
