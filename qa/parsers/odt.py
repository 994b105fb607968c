"""OpenDocument texts: one document a file, its headings kept as sections (ISO/IEC 26300, parts ``content.xml`` and
``meta.xml``)."""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, check_xml, open_archive, read_xml
from qa.parsers.checks import LONGEST_TITLE, title_of_field
from qa.parsers.html import HtmlText, only_top_heading, quotable, sections_between, under_title
from qa.parsers.text import title_of_name

_CONTENT, _META = "content.xml", "meta.xml"

# What is in the file and not on its pages: what was deleted, comments, hidden text, and what stands for objects.
_UNSEEN = frozenset(
    {"tracked-changes", "annotation", "hidden-text", "hidden-paragraph", "note-citation", "desc", "title"}
)
_ITEM = "- "
_DIGITS = 5
_BLOCKS = frozenset({"p", "h"})
_STYLED = frozenset({"text:span", "text:p", "text:h"})
_CELL = "table-cell"
_MOST_SPACES = 80  # that one element stands for
_LIKE_TEXT = {"tab": "\t", "line-break": "\n"}


def read_odt(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the document; images, comments and deleted text are omitted, footnotes stand after their paragraph.

    The title is the one in its properties, else the paragraph in the style "Title", else the only heading of level 1,
    else the file's name.
    """
    with open_archive(path, source, "an OpenDocument text") as archive:
        if _CONTENT not in archive.names:
            raise UnreadableDocument(source, "is a zip archive without an OpenDocument text in it")
        title = _title(archive)
        content = archive.read(_CONTENT)
        check_xml(content, source, _CONTENT)
    found = quotable(_shown(content), source)
    title = title or found.title or title_of_name(path)
    yield Document(id=source, title=title, text=found.text, source=source, sections=under_title(found.sections, title))


def _title(archive: Archive) -> str:
    if _META not in archive.names:
        return ""
    elements = read_xml(archive.read(_META), archive.source, _META)
    return next((title_of_field(element.text) for element in elements if element.name == "title"), "")


def _shown(content: bytes) -> HtmlText:
    page = _Page()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = page.start, page.end
    parser.CharacterDataHandler = page.characters
    parser.Parse(content, True)
    text = "".join(page.pieces)
    title = page.title or only_top_heading(page.headings)
    return HtmlText(title, text, sections_between(text, page.headings))


def _takes_back(properties: dict[str, str]) -> bool:
    """Whether a style strikes text out, or hides it."""
    is_struck = properties.get("style:text-line-through-style", "none") != "none"
    return is_struck or properties.get("text:display") == "none"


def _number(written: str) -> int:
    """Return a number of 1 or more, 1 for whatever is none."""
    return max(int(written), 1) if written.isascii() and written.isdigit() and len(written) < _DIGITS else 1


class _Page:
    """What the elements of ``content.xml`` show, in their order."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.headings: list[tuple[str, int, int, int]] = []
        self.title = ""
        self._length = 0
        self._unseen = 0  # how many elements deep in what is not shown
        self._blocks: list[tuple[str, dict[str, str], list[str]]] = []
        self._title_styles = {"Title"}
        self._style = ""  # that is being described
        self._unseen_styles: set[str] = set()
        self._notes: list[str] = []
        self._row: list[str] | None = None
        self._in_cell: list[str] | None = None
        self._item = ""  # what stands before a paragraph that begins an item of a list
        self._after_item = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        name = tag.rpartition(":")[2]
        if self._unseen or self._is_unseen(tag, name, attributes):
            self._unseen += 1
        elif name == "style":
            self._begin_style(attributes)
        elif name == "text-properties" and _takes_back(attributes):
            self._unseen_styles.add(self._style)
        elif name == "table-row":
            self._row = []
        elif name == _CELL:
            self._in_cell = []
        elif name == "list":
            self._after_item = False
        elif name == "list-item":
            self._item = _ITEM
        elif name in _BLOCKS and tag.startswith("text:"):
            self._blocks.append((name, attributes, []))
        elif name == "s":
            self.characters(" " * min(_number(attributes.get("text:c", "")), _MOST_SPACES))
        else:
            self.characters(_LIKE_TEXT.get(name, ""))

    def _is_unseen(self, tag: str, name: str, attributes: dict[str, str]) -> bool:
        is_struck = tag in _STYLED and attributes.get("text:style-name") in self._unseen_styles
        return is_struck or (name in _UNSEEN and not tag.startswith("dc:"))

    def _begin_style(self, attributes: dict[str, str]) -> None:
        self._style = attributes.get("style:name", "")
        parent = attributes.get("style:parent-style-name")
        if parent in self._title_styles:
            self._title_styles.add(self._style)
        if parent in self._unseen_styles:
            self._unseen_styles.add(self._style)

    def characters(self, text: str) -> None:
        """Take text where a paragraph shows it."""
        if self._blocks and not self._unseen:
            self._blocks[-1][2].append(text)

    def end(self, tag: str) -> None:
        """End an element."""
        name = tag.rpartition(":")[2]
        if self._unseen:
            self._unseen -= 1
        elif name in _BLOCKS and self._blocks and tag.startswith("text:"):
            self._end_block()
        elif name == _CELL and self._row is not None:
            self._row.append(" ".join(self._in_cell or []))
            self._in_cell = None
        elif name == "table-row" and self._row is not None:
            self._write(" | ".join(cell for cell in self._row if cell), "\n")
            self._row = None

    def _end_block(self) -> None:
        name, attributes, pieces = self._blocks.pop()
        text = "".join(pieces).strip()
        if self._blocks:  # a note within a paragraph
            self._notes.append(text)
        elif self._in_cell is not None:
            self._in_cell.extend([" ".join(text.split())] if text else [])
        else:
            self._write_block(name, attributes, text)
            for note in self._notes:
                self._write(note, "\n\n")
            self._notes.clear()

    def _write_block(self, name: str, attributes: dict[str, str], text: str) -> None:
        line = " ".join(text.split())
        is_title = name == "p" and attributes.get("text:style-name") in self._title_styles and line
        if is_title and not self.title and len(line) <= LONGEST_TITLE:
            self.title = line
        item, self._item = self._item, ""
        start = self._write(f"{item}{text}" if text else "", "\n" if item and self._after_item else "\n\n")
        self._after_item = bool(item and text)
        if (name == "h" or is_title) and line:
            level = 1 if is_title else _number(attributes.get("text:outline-level", ""))
            self.headings.append((line[:LONGEST_TITLE], level, start, self._length))

    def _write(self, text: str, gap: str) -> int:
        """Write a block, parted from what stands before; return where it begins."""
        if not text:
            return self._length
        between = gap if self.pieces else ""
        self.pieces += [between, text]
        self._length += len(between) + len(text)
        return self._length - len(text)
