"""Excel workbooks: one document a file, each sheet a section, its rows as lines with their cells parted by bars."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, check_xml, open_archive
from qa.parsers.blocks import Blocks
from qa.parsers.checks import check_size, title_of_field
from qa.parsers.html import quotable, under_title
from qa.parsers.text import title_of_name

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell, MergedCell

_MOST_CELLS = 200_000
_MOST_COLUMNS = 16_384  # of a sheet of Excel's
_DIGITS = 9
_SHOWN = "visible"
_ON = frozenset({"1", "true"})
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def read_xlsx(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the workbook: what its cells show, formulas as they were last computed; pictures, and what is hidden
    or struck out, are omitted.

    The title is the one in its properties, else the file's name.
    """
    with open_archive(path, source, "an Excel workbook") as archive:
        if "xl/workbook.xml" not in archive.names:
            raise UnreadableDocument(source, "is a zip archive without an Excel workbook in it")
        hidden = {name: _hidden_of(archive, name, source) for name in archive.names if _SHEET.fullmatch(name)}
        book = _open(_parts(archive), source)
    try:
        title = title_of_field(book.properties.title or "")
        blocks = _written(book, hidden, source)
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


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What a sheet hides: the numbers of its rows, and a 1 at the number of each column."""

    rows: set[int] = field(default_factory=set)
    columns: bytearray = field(default_factory=lambda: bytearray(_MOST_COLUMNS + 1))


def _hidden_of(archive: Archive, name: str, source: str) -> _Hidden:
    content = archive.read(name)
    check_xml(content, source, name)
    return _hidden(content)


def _hidden(sheet: bytes) -> _Hidden:
    found = _Hidden()
    row = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row
        name, is_hidden = tag.rpartition(":")[2], attributes.get("hidden") in _ON
        if name == "row":
            row = _number(attributes.get("r", "")) or row + 1
            found.rows.update({row} if is_hidden else ())
        elif name == "col" and is_hidden:
            first = _number(attributes.get("min", ""))
            last = min(_number(attributes.get("max", "")), _MOST_COLUMNS)
            found.columns[first : last + 1] = b"\1" * max(last + 1 - first, 0)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(sheet, True)
    return found


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < _DIGITS else 0


def _is_struck(cell: "Cell | MergedCell") -> bool:
    try:
        return bool(cell.font and cell.font.strike)
    except IndexError:  # a style that the workbook has not
        return False


def _written(book: "Workbook", hidden_of: Mapping[str, _Hidden], source: str) -> Blocks:
    blocks = Blocks()
    cells = 0
    for sheet in book.worksheets:
        if sheet.sheet_state != _SHOWN:
            continue
        rows = 0
        hidden = hidden_of.get(getattr(sheet, "_worksheet_path", ""), _Hidden())
        for number, row in enumerate(sheet.iter_rows(), start=1):
            cells += len(row)
            if cells > _MOST_CELLS:
                raise UnreadableDocument(source, f"has over {_MOST_CELLS:,} cells: split it, or save it as .csv")
            if number in hidden.rows:
                continue
            seen = (cell for column, cell in enumerate(row, start=1) if not any(hidden.columns[column : column + 1]))
            line = " | ".join(text for cell in seen if (text := _shown(cell.value)) and not _is_struck(cell))
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
