"""PDF: one document a file, its pages kept as ranges of its text, its outline as sections.

The file is read by ``pdf_worker`` in a process of its own: the library is not safe to use from several threads, and a
hostile file can make it crash, or take gigabytes and minutes.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from qa.datatypes import Document, Page, Section
from qa.errors import UnreadableDocument
from qa.files import open_regular
from qa.parsers.checks import kind_of, title_of_field
from qa.parsers.html import only_top_heading, sections_between, under_title
from qa.parsers.line_ends import mended, parted_words, words_of
from qa.parsers.scans import READ_BY, can_read_scans, read_scans
from qa.parsers.text import title_of_name

_LONGEST_SECONDS = 600  # for a file of the most pages; the worker bounds its own processor time long before
_HEAD = 1024  # bytes within which a PDF says that it is one
_TAIL = 65_536  # bytes within which the last end mark of a PDF stands
_HEADING_WITHIN = 10_000  # characters; a page of a book has three thousand
_PAGE_GAP = "\n\n"
_WORKER = Path(__file__).with_name("pdf_worker.py")

_ONLY_IMAGES = "has no text, only images: run OCR on it, or install tesseract, which reads them"
_NO_LETTERS = "has only images, and tesseract finds no letters in them"
_REASONS = {
    "encrypted": "is encrypted: save it without a password",
    "damaged": "is damaged, so that no page can be read: download or export it again",
    "large": "has over 10,000 pages or 16 million characters: split it",
}

_OTHER_HYPHEN = re.compile(r"[\x02\ufffe]")  # that pdfium put where no word goes on
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\xad\ufffe\uffff\ud800-\udfff]")
_EDGE = 2  # lines of a page in which heads and feet stand
_LEAST_RUNNING = 3  # pages that have the same; two may begin alike by chance
_SHARE_RUNNING = 0.25  # of all pages: heads of left and right pages differ, and those of chapters change
_NUMBER = re.compile(r"\d+")
_NUMBERING = re.compile(r"^[\divxIVX.)]+\s+")


@dataclass(frozen=True, slots=True)
class _Pdf:
    """What a file holds; ``texts`` has None for a page that cannot be read."""

    title: str
    texts: list[str | None]
    labels: list[str]
    outline: list[tuple[int, str, int]]


def read_pdf(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document, and an UnreadableDocument for each page that cannot be read.

    The title is the file's own, else the only bookmark of level 1, else the file's name. Words that a line end parts
    are mended. What is only pictures is read where tesseract is installed. A file that is cut off is refused, even
    where some of its pages could be read: an answer from half a text would not say so.
    """
    with open_regular(path) as content:
        _check(content, source)
        found = _read(content, source)
        is_scan = not any(text and text.strip() for text in found.texts)
        if is_scan and can_read_scans():
            found.texts[:] = read_scans(content, len(found.texts), source)
    for number, page in enumerate(found.texts, start=1):
        if page is None:
            yield UnreadableDocument(f"{source}, page {number}", "is damaged; the file is read without this page")
    texts = _mended(without_running_lines([_with_line_ends(page or "") for page in found.texts]))
    if not any(texts):
        raise UnreadableDocument(source, _NO_LETTERS if is_scan and can_read_scans() else _ONLY_IMAGES)
    gaps = [_gap(before, after) for before, after in pairwise(texts)]
    text = "".join(piece for pair in zip(texts, [*gaps, ""], strict=True) for piece in pair)
    pages = tuple(_pages(texts, gaps, found.labels))
    headings = _headings(text, pages, found.outline)
    title = title_of_field(found.title) or only_top_heading(headings) or title_of_name(path)
    sections = under_title(sections_between(text, headings), title) if headings else _whole(text)
    yield Document(
        id=source, title=title, text=text, source=source, sections=sections or _whole(text),
        pages=tuple(page for page in pages if page.start < page.end), guess=READ_BY if is_scan else "",
    )  # fmt: skip


def _whole(text: str) -> tuple[Section, ...]:
    return (Section("", 0, 0, len(text)),)


def _check(content: BinaryIO, source: str) -> None:
    """Raise UnreadableDocument when a file is no PDF, or not all of one."""
    head = content.read(_HEAD)
    content.seek(max(content.seek(0, 2) - _TAIL, 0))
    tail = content.read()
    if not tail.strip():
        raise UnreadableDocument(source, "is empty")
    if b"%PDF-" not in head:
        kind = kind_of(head) or "something else"
        raise UnreadableDocument(source, f"is {kind}, not a PDF: give it the ending of its format")
    end = tail.rfind(b"%%EOF")
    if end < 0 or b" obj" in tail[end:]:
        raise UnreadableDocument(source, "is cut off: download or export it again")


def _read(content: BinaryIO, source: str) -> _Pdf:
    # -P: else the folder of the parsers would stand before the standard library, with its own html and csv. The file
    # is passed opened: its name may lead to something else by now.
    number = content.fileno()
    command = [sys.executable, "-P", str(_WORKER), f"/dev/fd/{number}"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=_LONGEST_SECONDS, check=True, pass_fds=[number]
        )
        made = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise UnreadableDocument(
            source, "takes too much time or memory to read, or is damaged: export it again"
        ) from error
    if "error" in made:
        raise UnreadableDocument(source, _REASONS[made["error"]])
    return _Pdf(made["title"], made["texts"], made["labels"], made["outline"])


def _with_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_running_lines(texts: list[str]) -> list[str]:
    """Return the pages without the heads and feet that run through them: the first and the last lines of a page that,
    but for their numbers, many others have there as well."""
    split = [[line for line in text.split("\n") if line.strip()] for text in texts]
    counted = Counter((edge, _NUMBER.sub("#", line)) for lines in split for edge, _, line in _edges(lines))
    enough = max(_LEAST_RUNNING, _SHARE_RUNNING * len(texts))

    def without(lines: list[str]) -> str:
        running = {place for edge, place, line in _edges(lines) if counted[edge, _NUMBER.sub("#", line)] >= enough}
        return "\n".join(line for place, line in enumerate(lines) if place not in running)

    return [
        without(lines)
        if any(counted[edge, _NUMBER.sub("#", line)] >= enough for edge, _, line in _edges(lines))
        else text
        for lines, text in zip(split, texts, strict=True)
    ]


def _edges(lines: list[str]) -> Iterator[tuple[str, int, str]]:
    """Yield the lines at the top and at the foot of a page, with their places."""
    for place, line in enumerate(lines):
        if place < _EDGE:
            yield "top", place, line.strip()
        if place >= len(lines) - _EDGE:
            yield "foot", place, line.strip()


def _gap(before: str, after: str) -> str:
    """Return what stands between two pages: a line end where a sentence goes on, else a blank line."""
    goes_on = before[-1:].isalnum() or before[-1:] in {",", ";"}
    return "\n" if goes_on and after[:1].islower() else _PAGE_GAP


def _mended(plain: list[str]) -> list[str]:
    """Return the pages with the words put together that line ends part, and without control characters."""
    words = words_of(plain)
    whole = (mended(text, parted_words(text, words)) for text in plain)
    return [_CONTROLS.sub("", _OTHER_HYPHEN.sub("-", text)).strip() for text in whole]


def _pages(texts: list[str], gaps: list[str], labels: list[str]) -> Iterator[Page]:
    start = 0
    for number, (text, gap, label) in enumerate(zip(texts, [*gaps, ""], labels, strict=True), start=1):
        yield Page(" ".join(_CONTROLS.sub("", label).split()) or str(number), start, start + len(text), number)
        start += len(text) + len(gap)


def _headings(
    text: str, pages: tuple[Page, ...], outline: list[tuple[int, str, int]]
) -> list[tuple[str, int, int, int]]:
    """Return (heading, level, its start, its end) of the bookmarks, in the order of the text.

    A heading that is not found on its page begins at the page's start; of several there, only the first does.
    """
    found: list[tuple[str, int, int, int]] = []
    reached = 0
    for level, title, number in outline:
        heading = title_of_field(_CONTROLS.sub("", title))
        if not heading or not 0 <= number < len(pages):
            continue
        page = pages[number]
        if page.end < reached:
            continue  # a bookmark that leads back, as a list of figures does after the chapters
        place = _place(text, heading, max(page.start, reached), page.end)
        if place is None and page.start >= reached:
            place = (page.start, page.start)
        if place is not None:
            found.append((heading, level, *place))
            reached = max(place[1], place[0] + 1)
    return found


def _place(text: str, heading: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where a heading stands within a stretch, on lines of its own if it does so anywhere, with or without
    its number."""
    for wanted in dict.fromkeys([heading, _NUMBERING.sub("", heading)]):
        words = r"\s{1,5}".join(re.escape(word) for word in wanted.split())
        for pattern in (rf"^\W{{0,5}}(?:[\divx.)]{{1,12}}\s{{1,5}})?{words}\W{{0,3}}$", words):
            within = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
            match = within.search(text, start, min(end, start + _HEADING_WITHIN)) if words else None
            if match is not None:
                return match.span()
    return None
