"""OpenDocument texts: one document a file, its headings kept as sections (ISO/IEC 26300, parts ``content.xml``,
``styles.xml`` and ``meta.xml``)."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, check_xml, open_archive, read_xml
from qa.parsers.checks import LONGEST_TITLE, title_of_field
from qa.parsers.html import HtmlText, is_note_mark, only_top_heading, quotable, sections_between, under_title
from qa.parsers.text import title_of_name

_CONTENT, _META, _STYLES = "content.xml", "meta.xml", "styles.xml"

# What is in the file and not on its pages: what was deleted, comments, hidden text, and what stands for objects.
_UNSEEN = frozenset(
    {"tracked-changes", "annotation", "hidden-text", "hidden-paragraph", "note-citation", "desc", "title"}
)
_ITEM = "- "
_DIGITS = 5
_TITLE = "Title"  # a style
_MOST_PARENTS = 50  # styles that one comes from, each from the next
_BLOCKS = frozenset({"p", "h"})
_STYLED = frozenset({"text:span", "text:p", "text:h"})
_RAISED = re.compile(r"super\b|[1-9]\d*%")
_BEFORE_MARK = 8  # characters
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
        styles = _styles(archive)
    found = quotable(_shown(content, styles), source)
    title = title or found.title or title_of_name(path)
    yield Document(id=source, title=title, text=found.text, source=source, sections=under_title(found.sections, title))


def _title(archive: Archive) -> str:
    if _META not in archive.names:
        return ""
    elements = read_xml(archive.read(_META), archive.source, _META)
    return next((title_of_field(element.text) for element in elements if element.name == "title"), "")


def _styles(archive: Archive) -> "_Styles":
    """Return the styles that the document shares, beside which its text describes others."""
    styles = _Styles()
    if _STYLES in archive.names:
        content = archive.read(_STYLES)
        check_xml(content, archive.source, _STYLES)
        parser = expat.ParserCreate()
        parser.StartElementHandler = styles.start
        parser.Parse(content, True)
    return styles


def _shown(content: bytes, styles: "_Styles") -> HtmlText:
    page = _Page(styles)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = page.start, page.end
    parser.CharacterDataHandler = page.characters
    parser.Parse(content, True)
    text = "".join(page.pieces)
    title = page.title or only_top_heading(page.headings)
    return HtmlText(title, text, sections_between(text, page.headings))


class _Styles:
    """What the styles of a document say of their text, each by itself or by the one that it comes from."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._said: dict[str, dict[str, bool]] = {}
        self._style = ""  # that is being described

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element, of which those that describe styles are looked at."""
        if tag == "style:style":
            self._style = attributes.get("style:name", "")
            self._parents[self._style] = attributes.get("style:parent-style-name", "")
        elif tag == "style:text-properties":
            said = self._said.setdefault(self._style, {})
            for kind in ("style", "type"):
                if line := attributes.get(f"style:text-line-through-{kind}"):
                    said["struck"] = line != "none"
            if "text:display" in attributes:
                said["hidden"] = attributes["text:display"] == "none"
            if position := attributes.get("style:text-position"):
                said["raised"] = bool(_RAISED.match(position))

    def says(self, style: str, what: str) -> bool:
        """Whether the text of a style is "struck", "hidden" or "raised"."""
        for _ in range(_MOST_PARENTS):
            if what in self._said.get(style, {}) or style not in self._parents:
                break
            style = self._parents[style]
        return self._said.get(style, {}).get(what, False)

    def is_title(self, style: str) -> bool:
        """Whether a style is that of titles, or comes from it."""
        for _ in range(_MOST_PARENTS):
            if style == _TITLE or style not in self._parents:
                break
            style = self._parents[style]
        return style == _TITLE


def _number(written: str) -> int:
    """Return a number of 1 or more, 1 for whatever is none."""
    return max(int(written), 1) if written.isascii() and written.isdigit() and len(written) < _DIGITS else 1


class _Page:
    """What the elements of ``content.xml`` show, in their order."""

    def __init__(self, styles: _Styles) -> None:
        self.pieces: list[str] = []
        self.headings: list[tuple[str, int, int, int]] = []
        self.title = ""
        self._length = 0
        self._unseen = 0  # how many elements deep in what is not shown
        self._blocks: list[tuple[str, dict[str, str], list[str]]] = []
        self._styles = styles
        self._spans: list[tuple[list[str], int] | None] = []  # where the open ones begin, if they are raised
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
        elif tag.startswith("style:"):
            self._styles.start(tag, attributes)
        elif tag == "text:span":
            is_raised = self._blocks and self._styles.says(attributes.get("text:style-name", ""), "raised")
            self._spans.append((self._blocks[-1][2], len(self._blocks[-1][2])) if is_raised else None)
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
        style = attributes.get("text:style-name", "") if tag in _STYLED else ""
        is_struck = bool(style) and (self._styles.says(style, "struck") or self._styles.says(style, "hidden"))
        is_closed = tag == "text:section" and (
            attributes.get("text:display") == "none" or attributes.get("text:is-hidden") == "true"
        )
        return is_struck or is_closed or (name in _UNSEEN and not tag.startswith("dc:"))

    def characters(self, text: str) -> None:
        """Take text where a paragraph shows it."""
        if self._blocks and not self._unseen:
            self._blocks[-1][2].append(text)

    def end(self, tag: str) -> None:
        """End an element."""
        name = tag.rpartition(":")[2]
        if self._unseen:
            self._unseen -= 1
        elif tag == "text:span" and self._spans:
            self._end_span()
        elif name in _BLOCKS and self._blocks and tag.startswith("text:"):
            self._end_block()
        elif name == _CELL and self._row is not None:
            self._row.append(" ".join(self._in_cell or []))
            self._in_cell = None
        elif name == "table-row" and self._row is not None:
            self._write(" | ".join(cell for cell in self._row if cell), "\n")
            self._row = None

    def _end_span(self) -> None:
        """Take back what a raised stretch shows where it is the mark of a note."""
        raised = self._spans.pop()
        if raised is not None:
            pieces, start = raised
            before = "".join(pieces[max(start - _BEFORE_MARK, 0) : start])[-_BEFORE_MARK:]
            if is_note_mark("sup", "", "".join(pieces[start:]), before):
                del pieces[start:]

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
        is_title = name == "p" and self._styles.is_title(attributes.get("text:style-name", "")) and line
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
