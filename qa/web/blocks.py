"""A document's text -> what a page shows of it: headings, paragraphs, items, rows and pages, with the places of its
passages.

Every character of the text that is no white space between blocks is in one stretch, in order.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.datatypes import Page, Passage, Section

_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_ITEM = "- "
_CELL = " | "
_DEEPEST = 6  # of the headings of HTML


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of text as it is shown; ``anchor`` is the name of the place where a passage begins, "" elsewhere."""

    text: str
    anchor: str = ""
    is_found: bool = False


Line = tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One of a page's blocks. ``kind`` is "heading", "paragraph", "list", "table" or "page"; ``lines`` are its items,
    or the cells of its ``rows``; ``label`` is that of a page, ``level`` that of a heading in HTML, from 2 to 6."""

    kind: str
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()
    level: int = 0
    label: str = ""
    anchor: str = ""


def anchor_of(start: int) -> str:
    """Return the name of the place in a document's page where a passage begins."""
    return f"c{start}"


class Layout:
    """Cuts one document's text into blocks."""

    def __init__(self, text: str, passages: Sequence[Passage], found: tuple[int, int] | None) -> None:
        """Take the text, its passages, and the stretch that is looked for."""
        self._text = text
        self._found = found or (0, 0)
        self._level, self._highest = 1, 1  # of the last heading in HTML, whose levels are not skipped; of the document
        self._anchors = {passage.start for passage in passages} | ({found[0]} if found else set())
        self._cuts = sorted({*self._anchors, *self._found})

    def blocks(
        self, sections: Sequence[Section], pages: Sequence[Page], first: int, end: int, title: str
    ) -> Iterator[Block]:
        """Yield the blocks of ``text[first:end]``; a heading that says the title again is left out."""
        self._highest = min((one.level for one in sections if one.heading and one.heading != title), default=1)
        edges = sorted({first, end, *(page.start for page in pages if first < page.start < end)})
        labels = {page.start: page.label for page in pages}
        for start, stop in pairwise(edges):
            if start in labels:
                yield Block("page", label=labels[start])
            yield from self._body(sections, start, stop, title)

    def _body(self, sections: Sequence[Section], first: int, end: int, title: str) -> Iterator[Block]:
        """Yield the headings and what stands under them. Where there are no sections, all is text."""
        reached = first
        for section in sections:
            if section.end <= first or section.start >= end:
                continue
            yield from self._headings(reached, min(section.start, end), section, title)
            start, stop = max(section.start, first), min(section.end, end)
            yield from self._plain(start, stop)
            reached = stop
        yield from self._plain(reached, end)

    def _headings(self, first: int, end: int, section: Section, title: str) -> Iterator[Block]:
        for start, stop in self._apart(first, end):
            if " ".join(self._text[start:stop].split()) != title:
                level = min(max(section.level - self._highest, 0) + 2, self._level + 1, _DEEPEST)
                self._level = level
                yield Block("heading", (self._stretches(start, stop),), level=level, anchor=f"h{start}")

    def _plain(self, first: int, end: int) -> Iterator[Block]:
        for start, stop in self._apart(first, end):
            lines = list(self._lines(start, stop))
            written = [self._text[a:b] for a, b in lines]
            if all(line.startswith(_ITEM) for line in written):
                yield Block("list", tuple(self._stretches(a, b, len(_ITEM)) for a, b in lines))
            elif all(_CELL in line for line in written):
                yield Block("table", rows=tuple(self._cells(a, b) for a, b in lines))
            else:
                yield Block("paragraph", (self._stretches(start, stop),))

    def _apart(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges that blank lines part, without the white space around them."""
        starts = [first, *(blank.end() for blank in _BLANK.finditer(self._text, first, end))]
        ends = [*(blank.start() for blank in _BLANK.finditer(self._text, first, end)), end]
        for start, stop in zip(starts, ends, strict=True):
            stretch = self._text[start:stop]
            if stretch.strip():
                yield start + len(stretch) - len(stretch.lstrip()), start + len(stretch.rstrip())

    def _lines(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for line in self._text[start:end].split("\n"):
            if line.strip():
                yield start, start + len(line)
            start += len(line) + 1

    def _cells(self, start: int, end: int) -> tuple[Line, ...]:
        cells = []
        for cell in self._text[start:end].split(_CELL):
            cells.append(self._stretches(start, start + len(cell)))
            start += len(cell) + len(_CELL)
        return tuple(cells)

    def _stretches(self, start: int, end: int, hidden: int = 0) -> Line:
        """Return a range in stretches; of its first characters so many are shown by other means, as the dot of an
        item is."""
        cuts = [start, *(cut for cut in self._cuts if start < cut < end), end]
        found = []
        for a, b in pairwise(cuts):
            anchor = anchor_of(a) if a in self._anchors else ""
            text = self._text[max(a, start + hidden) : b]
            found.append(Stretch(text, anchor, self._found[0] <= a < self._found[1]))
        return tuple(found)
