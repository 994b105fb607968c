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

_MARK = re.compile(
    r"(?:(?<=[^\W\d_]{3})|(?<=[.,;:!?)\u201d]))\s*"
    r"(?P<mark>\d{1,3}(?:[,\u2013-]\d{1,3}){0,9}|\[\d{1,3}(?:[,\u2013-]\d{1,3}){0,9}\]|[*\u2020\u2021\u00a7]{1,4})"
    r"(?![\w.,]*\w)"
)
_HYPHENS = str.maketrans("\ufffe", "\x02")  # what stands for one differs by the call
_HIGHEST = 12.0  # points that a mark may be raised by, and stand off from its word
_LINE_END = re.compile(r"\s*[\r\n]\s*")
_RAISED = 1.0  # points
_LEAST_LETTERS = 5  # of a line that was drawn by letters
_LEAST_STEPS = 4  # letters of a line that are as far apart from each other
_UNEVEN = 0.06  # of the step between two letters, at most, where it is the same all over a line
_WIDEST_STEP = 2.0  # heights of a line between two letters of a word; what is farther apart are cells
_LONGEST_SPACED = 200  # characters of a line of letters
_LETTERS = re.compile(r"[^\W\d_](?:[ \t]+[^\W\d_]){3,}[ \t]*")
_TWO_LETTERS = 2  # that alternate are marks in a table, as Y and N are
_LEAST_LINES = 3  # of columns beside each other
_MOST_COLUMNS = 6
_MOST_LOOKED_AT = 60  # lines of a column that tell whether it is prose; each takes as long as the page has characters
_FILLED = 0.75  # of its column, at least, by most lines of prose
_GOES_ON = 0.34  # of the lines of a column of prose, at least, begin in the middle of a sentence
_LEAST_WORDS = 2.0  # of a line of prose, on the average
_NEAR = 0.9  # heights of a line that part two pieces of one line of prose at most; columns have wider gaps
_BLANK = 0.12  # heights of a line that part two words at least
_INNER = 0.3  # points by which the box of a piece is made narrower, so that it does not touch the next


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
    columns = _columns(pieces, page)
    if columns:
        return "\r\n".join(columns)
    text = str(page.get_text_bounded())
    places = _places(text, page)
    if places:
        text = _with_whole_lines(*_without_marks(text, places, page), page)
    return _with_whole_words(text, pieces, page)


def _places(text: str, page: pypdfium2.PdfTextPage) -> list[int]:
    """Return the number of the page's character at each place of its text, [] where they cannot be told. White space,
    which differs by the call, has that of the character before it."""
    signs = str(page.get_text_range()).translate(_HYPHENS)
    if len(signs) != page.count_chars():
        return []
    shown = [place for place, sign in enumerate(signs) if not sign.isspace()]
    plain = text.translate(_HYPHENS)
    if "".join(plain.split()) != "".join(signs[place] for place in shown):
        return []
    places: list[int] = []
    following = iter(shown)
    for sign in plain:
        places.append((places[-1] if places else 0) if sign.isspace() else next(following))
    return places


def _without_marks(text: str, places: list[int], page: pypdfium2.PdfTextPage) -> tuple[str, list[int]]:
    """Return the text without numbers and signs that are raised behind a word, as those of notes are, and the places
    of what is left."""
    kept: list[str] = []
    kept_places: list[int] = []
    end = 0
    for mark in _MARK.finditer(text):
        x, y = _origin(page, places[mark.start() - 1])
        mark_x, mark_y = _origin(page, places[mark.start("mark")])
        if not _RAISED <= mark_y - y <= _HIGHEST or not 0 <= mark_x - x <= 2 * _HIGHEST:
            continue
        kept.append(text[end : mark.start()])
        kept_places += places[end : mark.start()]
        end = mark.end()
        after = _LINE_END.match(text, end)
        if after and after.end() < len(text) and abs(_origin(page, places[after.end()])[1] - y) < _RAISED:
            kept.append(" ")  # the line goes on, and only the mark made another of it
            kept_places.append(kept_places[-1])
            end = after.end()
    return "".join([*kept, text[end:]]), [*kept_places, *places[end:]]


def _origin(page: pypdfium2.PdfTextPage, place: int) -> tuple[float, float]:
    """Return where a character begins, and the height of the line that it stands on."""
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(page, place, x, y)
    return x.value, y.value


def _with_whole_lines(text: str, places: list[int], page: pypdfium2.PdfTextPage) -> str:
    """Return the text with each line as words whose letters stand apart: as far all over the line, or by blanks."""
    lines: list[str] = []
    start = 0
    for line in text.splitlines(keepends=True):
        letters = [place for place, sign in enumerate(line, start=start) if not sign.isspace()]
        start += len(line)
        bare = line.rstrip()
        if len(letters) >= _LEAST_STEPS and len(bare) <= _LONGEST_SPACED and " " in bare:
            words = _spaced_words([text[place] for place in letters], [places[place] for place in letters], bare, page)
            lines.append(words + line[len(bare) :] if words else line)
        else:
            lines.append(line)
    return "".join(lines)


def _spaced_words(letters: Sequence[str], places: Sequence[int], line: str, page: pypdfium2.PdfTextPage) -> str:
    """Return the words of a line whose letters stand apart, "" where it is no such line. Letters that stand in the
    order of the alphabet, or alternate, are a table's."""
    is_spelt = bool(_LETTERS.fullmatch(line))
    is_list = is_spelt and (len(set(letters)) <= _TWO_LETTERS or list(letters) == sorted(letters))
    if is_list or not all(letter.isalpha() for letter in letters):
        return ""
    steps: list[float] = []
    before = _origin(page, places[0])
    for place in places[1:]:
        here = _origin(page, place)
        steps.append(here[0] - before[0])
        if here[1] != before[1] or steps[-1] <= 0 or not (is_spelt or _is_even(steps[-1] / steps[0])):
            return ""
        before = here
    step = sorted(steps)[len(steps) // 2]
    _, bottom, _, top = page.get_charbox(places[0], loose=True)
    if step > _WIDEST_STEP * (top - bottom):
        return ""
    return _joined(letters, [one > 3 / 2 * step for one in steps])


def _is_even(steps: float) -> bool:
    """Whether a letter is one step from the next, or as many as a space takes."""
    return abs(steps - round(steps)) < _UNEVEN * steps


def _joined(letters: Sequence[str], are_parted: Sequence[bool]) -> str:
    """Return letters with a space before each that is parted from the one before it."""
    return "".join(
        (" " if is_parted else "") + one for one, is_parted in zip(letters, [False, *are_parted], strict=True)
    )


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
        words = _joined(letters, [gap > widest for gap in gaps])
        drawn = str(page.get_text_bounded(line[0].left, line[0].bottom, line[-1].right, line[0].top)).strip()
        if "".join(drawn.split()) == "".join(letters):
            text = text.replace(drawn, words, 1)
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


# --- columns -------------------------------------------------------------------------------------------------


class _Cell(NamedTuple):
    """What stands together on a line: its pieces, and where it begins and ends, in points."""

    left: float
    right: float
    pieces: Sequence[_Piece]


def _columns(pieces: Sequence[_Piece], page: pypdfium2.PdfTextPage) -> list[str]:
    """Return the lines of a page by columns, where several of prose were drawn line by line; [] where none were.

    What runs over several columns parts what stands above it from what stands below.
    """
    lines = [_cells(line) for line in _lines(pieces)]
    edges = _edges([line for line in lines if 1 < len(line) <= _MOST_COLUMNS])
    columns: list[list[_Cell]] = [[] for _ in range(len(edges) + 1)]
    for line in lines:
        for column, cell in _within(line, edges) if len(line) > 1 else ():
            columns[column].append(cell)
    if not edges or not all(_is_prose(column[:_MOST_LOOKED_AT], page) for column in columns):
        return []
    ordered: list[_Cell] = []
    waiting: list[list[_Cell]] = [[] for _ in columns]
    for line in lines:
        found = _within(line, edges)
        if found and (len(line) > 1 or any(waiting)):
            for column, cell in found:
                waiting[column].append(cell)
        else:
            whole = _Cell(line[0].left, line[-1].right, [piece for cell in line for piece in cell.pieces])
            ordered += [*(cell for column in waiting for cell in column), whole]
            waiting = [[] for _ in columns]
    return [_written(cell, page) for cell in [*ordered, *(cell for column in waiting for cell in column)]]


def _cells(line: Sequence[_Piece]) -> list[_Cell]:
    """Return the pieces of a line by what stands near each other."""
    cells: list[list[_Piece]] = []
    for piece in line:
        if cells and piece.left - cells[-1][-1].right <= _NEAR * (piece.top - piece.bottom):
            cells[-1].append(piece)
        else:
            cells.append([piece])
    return [_Cell(cell[0].left, cell[-1].right, cell) for cell in cells]


def _edges(lines: Sequence[Sequence[_Cell]]) -> list[float]:
    """Return where the gaps between columns are, by the lines that have most of them; [] where there are none."""
    counts = [len(line) for line in lines]
    most = max((count for count in set(counts) if counts.count(count) >= _LEAST_LINES), default=0)
    full = [line for line in lines if len(line) == most]
    edges = []
    for place in range(most - 1):
        left, right = max(line[place].right for line in full), min(line[place + 1].left for line in full)
        if left >= right:
            return []
        edges.append((left + right) / 2)
    return edges


def _written(cell: _Cell, page: pypdfium2.PdfTextPage) -> str:
    """Return the text of a cell, its pieces parted by spaces where they stand apart."""
    text, end = "", cell.left
    for piece in cell.pieces:
        inner = _INNER if piece.right - piece.left > 4 * _INNER else 0.0
        box = (piece.left + inner, piece.bottom, piece.right - inner, piece.top)
        is_apart = bool(text) and piece.left - end > _BLANK * (piece.top - piece.bottom)
        text += (" " if is_apart else "") + " ".join(str(page.get_text_bounded(*box)).split())
        end = piece.right
    return text


def _within(line: Sequence[_Cell], edges: Sequence[float]) -> list[tuple[int, _Cell]]:
    """Return the cells of a line with their columns; [] where one runs over several columns."""
    found = []
    for cell in line:
        column = sum(edge < cell.left for edge in edges)
        if column != sum(edge < cell.right for edge in edges):
            return []
        found.append((column, cell))
    return found


def _is_prose(column: Sequence[_Cell], page: pypdfium2.PdfTextPage) -> bool:
    """Whether the lines of a column go on from one to the next, as cells of a table do not: of those after the first
    many begin with a small letter. In scripts without those, most lines are as long as the column is wide."""
    lines = [_written(cell, page) for cell in column]
    starts = [line[:1] for line in lines[1:]]
    if any(one.islower() or one.isupper() for one in starts):
        words = sum(len(line.split()) for line in lines)
        return words >= _LEAST_WORDS * len(lines) and sum(map(str.islower, starts)) >= _GOES_ON * len(starts)
    width = max(cell.right for cell in column) - min(cell.left for cell in column)
    is_text = sum(one.isalpha() for one in starts) > len(starts) / 2
    return is_text and sum(cell.right - cell.left > _FILLED * width for cell in column) > len(column) / 2


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
