"""Reads one PDF in a process of its own, which the file may crash, fill or hold up without harm to the one that asked.

Run as ``python -P pdf_worker.py FILE``; imports nothing of the package. It writes one JSON object: ``error``, or
``title``, ``texts`` and ``labels`` of the pages, and ``outline`` as [level, heading, page]. With a page's place behind
FILE it writes that page in shades of grey, as a portable graymap; with ``boxed`` behind it in color, as PNG, in which
the words are marked that come by standard input.
"""

import contextlib
import ctypes
import json
import logging
import re
import struct
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import pypdfium2
from pypdfium2 import raw

_MEMORY = 400 << 20  # bytes
_FIRST_SECONDS = 8  # of processor time, for opening the file
_PAGES_A_SECOND = 20  # beyond; real pages take a tenth of that time
_MOST_PAGES = 10_000
_MOST_CHARACTERS = 16_000_000
_MOST_BOOKMARKS = 2_000
_MOST_PIECES = 5_000  # of a page; one of print has a hundred lines

_DOTS_AN_INCH, _POINTS_AN_INCH = 300, 72
_MOST_DOTS = 25_000_000  # of a page that is drawn; one of A4 has nine million
_SHOWN_DOTS_AN_INCH = 110  # of a picture to be looked at, which is then as wide as a column of text
_MOST_SHOWN_DOTS = 4_000_000
_MARKED = (255, 232, 130)  # red, green and blue, at most, of what is marked
_MOST_CHARACTERS_OF_A_PAGE = 50_000
_LARGEST_CODE = 0x110000
_LEAST_TELLING = 12  # letters of words that are looked for on a page

_MARK = re.compile(r"(?:(?<=[^\W\d_]{3})|(?<=[.,;:!?)\u201d]))\d{1,3}(?![\w.,]*\w)")
_LINE_END = re.compile(r"\s*[\r\n]\s*")
_RAISED = 1.0  # points
_LEAST_LETTERS = 5  # of a line that was drawn by letters
_LEAST_LINES = 3  # of columns beside each other
_LEAST_WIDTH = 100.0  # points of a column of prose; those of a newspaper have 120
_FILLED = 0.75  # of its column, at least, by most lines of prose


def _limit(seconds: int) -> None:
    """Bound memory and processor time, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _read(path: str) -> dict[str, Any]:
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        encrypted = error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
        return {"error": "encrypted" if encrypted else "damaged"}
    if len(pdf) > _MOST_PAGES:
        return {"error": "large"}
    texts: list[str | None] = []
    characters = 0
    for number in range(len(pdf)):
        _limit(_FIRST_SECONDS + number // _PAGES_A_SECOND)
        texts.append(_page(pdf, number))
        characters += len(texts[-1] or "")
        if characters > _MOST_CHARACTERS:
            return {"error": "large"}
    labels = [_text_of(partial(pdf.get_page_label, number)) for number in range(len(pdf))]
    return {
        "title": _text_of(lambda: pdf.get_metadata_value("Title")),
        "texts": texts,
        "labels": labels,
        "outline": _outline(pdf),
    }


def _draw(path: str, number: int) -> bytes:
    """Return a page as a portable graymap."""
    page = pypdfium2.PdfDocument(path)[number]
    width, height = page.get_size()
    scale = min(_DOTS_AN_INCH / _POINTS_AN_INCH, (_MOST_DOTS / (width * height)) ** 0.5)
    drawn = page.render(scale=scale, grayscale=True)
    dots = bytes(drawn.buffer)
    rows = (dots[start : start + drawn.width] for start in range(0, drawn.stride * drawn.height, drawn.stride))
    return b"P5 %d %d 255\n" % (drawn.width, drawn.height) + b"".join(rows)


# --- a page as it is printed ---------------------------------------------------------------------------------


def _draw_boxed(path: str, number: int, words: str) -> bytes:
    """Return a page as PNG with these words of it marked, as far as they are found."""
    page = pypdfium2.PdfDocument(path)[number]
    width, height = page.get_size()
    scale = min(_SHOWN_DOTS_AN_INCH / _POINTS_AN_INCH, (_MOST_SHOWN_DOTS / (width * height)) ** 0.5)
    drawn = page.render(scale=scale, rev_byteorder=True)
    dots = bytes(drawn.buffer)
    starts = range(0, drawn.stride * drawn.height, drawn.stride)
    rows = [bytearray(dots[start : start + len(_MARKED) * drawn.width]) for start in starts]
    text_page = page.get_textpage()
    boxes = (text_page.get_charbox(place, loose=True) for place in _places_of(text_page, words.split()))
    for left, bottom, right, top in boxes:
        corners = [_on_picture(page, drawn.width, drawn.height, x, y) for x, y in ((left, top), (right, bottom))]
        (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(*corners, strict=True))
        for row in rows[max(y0 - 1, 0) : y1 + 1]:
            _mark(row, max(x0 - 1, 0), min(x1 + 1, drawn.width))
    return _as_png(rows)


def _mark(row: bytearray, first: int, end: int) -> None:
    """Lay a color over some dots of a row, three bytes each: white paper takes it, ink stays as dark."""
    for start in range(len(_MARKED) * first, len(_MARKED) * end, len(_MARKED)):
        row[start : start + len(_MARKED)] = map(min, row[start : start + len(_MARKED)], _MARKED)


def _on_picture(page: pypdfium2.PdfPage, width: int, height: int, x: float, y: float) -> tuple[int, int]:
    """Return where a place on a page, in points, is in its picture, which may be cut or turned."""
    column, row = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, column, row)
    return column.value, row.value


def _places_of(page: pypdfium2.PdfTextPage, words: Sequence[str]) -> list[int]:
    """Return the numbers of the characters that show these words, as far as these are found in a row. Only letters and
    digits are compared: hyphens, spaces and line ends are added and left out when a text is read."""
    letters: list[str] = []
    places: list[int] = []
    for place in range(min(page.count_chars(), _MOST_CHARACTERS_OF_A_PAGE)):
        code = raw.FPDFText_GetUnicode(page, place)
        folded = _letters(chr(code)) if code < _LARGEST_CODE else ""
        letters += folded
        places += [place] * len(folded)
    found: list[int] = []
    for start, end in _stretches("".join(letters), [_letters(word) for word in words]):
        found += places[start:end]
    return sorted(set(found))


def _stretches(letters: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where words stand in letters: as many in a row as there are, where these are enough to tell and stand there
    once."""
    first = 0
    while first < len(words):
        wanted, end = "", first
        while end < len(words) and wanted + words[end] in letters:
            wanted, end = wanted + words[end], end + 1
        is_told = len(wanted) >= _LEAST_TELLING and letters.count(wanted) == 1
        if is_told:
            start = letters.index(wanted)
            yield start, start + len(wanted)
        first = end if is_told else first + 1


def _letters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text).casefold() if one.isalnum())


def _as_png(rows: Sequence[bytearray]) -> bytes:
    """Return rows of red, green and blue as PNG (RFC 2083), unfiltered."""
    head = struct.pack(">IIBBBBB", len(rows[0]) // len(_MARKED), len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    parts = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _page(pdf: pypdfium2.PdfDocument, number: int) -> str | None:
    """Return a page's text, None where it cannot be read."""
    try:
        page = pdf[number]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return None
    text = _as_laid_out(text_page)
    text_page.close()
    page.close()
    return text


# --- as it is laid out ---------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    """A stretch of one line as it was drawn, and its place on the page in points."""

    left: float
    bottom: float
    right: float
    top: float

    def is_beside(self, other: "_Piece") -> bool:
        """Whether both stand on one line."""
        return self.bottom < (other.bottom + other.top) / 2 < self.top


def _as_laid_out(page: pypdfium2.PdfTextPage) -> str:
    """Return a page's text: columns that were drawn line by line one after the other, letters that were drawn one by
    one as words, and no marks of notes at the end of a word."""
    pieces = [_Piece(*page.get_rect(number)) for number in range(min(page.count_rects(), _MOST_PIECES))]
    columns = _columns(pieces)
    if columns:
        return "\r\n".join(str(page.get_text_bounded(*piece)).strip() for piece in columns)
    return _with_whole_words(_without_marks(page), pieces, page)


def _without_marks(page: pypdfium2.PdfTextPage) -> str:
    """Return the text without numbers that are raised behind a word, as those of notes are."""
    text = str(page.get_text_bounded())
    if len(text) != page.count_chars() or text != page.get_text_range():  # then the places are not those of the signs
        return text
    kept, end = [], 0
    for mark in _MARK.finditer(text):
        before = _baseline(page, mark.start() - 1)
        if _baseline(page, mark.start()) < before + _RAISED:
            continue
        kept.append(text[end : mark.start()])
        end = mark.end()
        after = _LINE_END.match(text, end)
        if after and after.end() < len(text) and abs(_baseline(page, after.end()) - before) < _RAISED:
            kept.append(" ")  # the line goes on, and only the mark made another of it
            end = after.end()
    return "".join([*kept, text[end:]])


def _baseline(page: pypdfium2.PdfTextPage, place: int) -> float:
    """Return the height of the line that a character stands on."""
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(page, place, x, y)
    return y.value


def _with_whole_words(text: str, pieces: Sequence[_Piece], page: pypdfium2.PdfTextPage) -> str:
    """Return the text with the letters of a line that were drawn one by one put together to words."""
    for line in _lines(pieces):
        if len(line) < _LEAST_LETTERS or any(one.right - one.left > 2 * (one.top - one.bottom) for one in line):
            continue
        letters = [str(page.get_text_bounded(*piece)).strip() for piece in line]
        if any(len(letter) != 1 for letter in letters):
            continue
        gaps = [after.left - before.right for before, after in pairwise(line)]
        widest = sorted(gaps)[len(gaps) // 2] + (line[0].top - line[0].bottom) / 2
        words = "".join(
            (" " if gap > widest else "") + letter for gap, letter in zip([0.0, *gaps], letters, strict=True)
        )
        drawn = page.get_text_bounded(line[0].left, line[0].bottom, line[-1].right, line[0].top)
        text = text.replace(str(drawn).strip(), words, 1)
    return text


def _lines(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the pieces that were drawn one behind the other on one line."""
    line: list[_Piece] = []
    for piece in pieces:
        if line and not (piece.is_beside(line[-1]) and piece.left > line[-1].left):
            yield line
            line = []
        line.append(piece)
    if line:
        yield line


def _columns(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Return the pieces of a page by columns, where two of prose were drawn line by line; [] where none were.

    Then the lines with one piece on each side of the same gap are many, and most fill their column: cells of a table do
    not. What runs over both columns parts what stands above it from what stands below.
    """
    lines = list(_lines(pieces))
    pairs = [line for line in lines if len(line) == len(("left", "right"))]
    if len(pairs) < _LEAST_LINES:
        return []
    middle = (max(left.right for left, _ in pairs) + min(right.left for _, right in pairs)) / 2
    if not all(left.right < middle < right.left for left, right in pairs):
        return []
    width = max(left.right for left, _ in pairs) - min(left.left for left, _ in pairs)
    filled = sum(left.right - left.left > _FILLED * width for left, _ in pairs)
    if filled < len(pairs) / 2 or width < _LEAST_WIDTH:
        return []
    ordered: list[_Piece] = []
    left: list[_Piece] = []
    right: list[_Piece] = []
    for line in lines:
        if len(line) == len(("left", "right")):
            left.append(line[0])
            right.append(line[1])
        elif line[-1].right < middle and left:
            left += line
        elif line[0].left > middle and right:
            right += line
        else:
            ordered += [*left, *right, *line]
            left, right = [], []
    return [*ordered, *left, *right]


def _text_of(get: Callable[[], Any]) -> str:
    """Return what a call gets, "" where that is no text."""
    try:
        return str(get() or "")
    except UnicodeDecodeError:
        return ""


def _outline(pdf: pypdfium2.PdfDocument) -> list[tuple[int, str, int]]:
    found: list[tuple[int, str, int]] = []
    for bookmark in pdf.get_toc():
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        if page is not None:
            found.append((bookmark.level + 1, _text_of(bookmark.get_title), page))
        if len(found) == _MOST_BOOKMARKS:
            break
    return found


if __name__ == "__main__":
    logging.disable()
    _limit(_FIRST_SECONDS)
    if sys.argv[-1] == "boxed":
        sys.stdout.buffer.write(_draw_boxed(sys.argv[1], int(sys.argv[2]), sys.stdin.read()))
    elif len(sys.argv) > len(("program", "file")):
        sys.stdout.buffer.write(_draw(sys.argv[1], int(sys.argv[2])))
    else:
        sys.stdout.buffer.write(json.dumps(_read(sys.argv[1])).encode())
