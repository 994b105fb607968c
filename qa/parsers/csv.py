"""CSV: one document a row, by the names in its header."""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.files import open_regular
from qa.parsers.checks import kind_of
from qa.parsers.encodings import BEFORE, SAMPLE, UTF8, Encoding, guessed, marked_encoding, not_utf8
from qa.parsers.raised import without_raised_marks

_LONGEST_LINE = 16_000_000  # bytes, and characters of one row; as large as a text may be in the other formats
_MOST_COLUMNS = 1_000
_LONGEST_HEADER = 20_000  # characters of all names together, which every row may quote
_LONGEST_NAME = 200  # characters; a longer name of a column is prose
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r" +\"[^\"]*\"\s*\Z")  # what is no value, but quotes behind a blank
_SAMPLE = 64_000  # characters of whole lines, by which the delimiter is found
_BLOCK = 1 << 20

_IDENTIFIERS = ("_id", "id")
_TITLES = ("title", "question")
_TEXTS = ("text", "body", "content", "answer")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The header: the names as they stand, and the places of the columns that mean something here, None without."""

    names: tuple[str, ...]
    identifier: int | None
    title: int | None
    text: int | None


@dataclass(frozen=True, slots=True)
class _Form:
    """What parts the values of a table, whether blanks follow it, before quotes too, and whether the file's first line
    declares it."""

    delimiter: str
    is_spaced: bool = False
    is_declared: bool = False


def read_csv(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield a document for each row, and an UnreadableDocument with its line for each wrong row.

    The text is the column "text", "body", "content" or "answer"; without one, all columns, each as "Name: value" on
    its own line. The title is the column "title" or "question". Values are separated by commas, semicolons, tabs or
    bars. The id is the file's source with that of the row, "id" or "_id", or with its line: tables count from 1 each.
    The file is read line by line, so its size does not matter; blank lines are passed over.
    """
    # The module has no other way to let a field be longer than its 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))
    empty = True
    with open_regular(path) as content:
        encoding = _encoding(content, source)
        form = _form(content, encoding)
        with _text(content, encoding) as lines:
            rows = _rows(lines, form)
            if form.is_declared:
                next(rows)
            columns = _columns(next(rows, (1, csv.Error()))[1], source)
            for line, row in rows:
                empty = False
                yield _read_row(row, columns, source, line, encoding)
    if empty:
        raise UnreadableDocument(source, "has a header only, and no rows below it")


def _text(content: BufferedReader, encoding: Encoding) -> TextIOWrapper:
    """Return an opened file's lines from its beginning; closed, or left to the collector, they close the file."""
    content.seek(0)
    return TextIOWrapper(content, encoding=encoding.codec, newline="")


class _Lines:
    """The lines of a file. ``number`` is the last one's, ``taken`` how many characters the current row has so far;
    ``open_quote`` tells that the file ended within a row.

    A quote that is never closed makes all that follows one row; a row that is too long raises csv.Error.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.number = 0
        self.taken = 0
        self.open_quote = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.open_quote = self.taken > 0
            raise StopIteration
        self.number += 1
        self.taken += len(line)
        if self.taken > _LONGEST_LINE:
            raise csv.Error("is too long: is a quote left open?")
        return line


def _rows(lines: Iterator[str], form: _Form) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the number of each row's first line, and the row or what is wrong with it; nothing for blank lines."""
    counted = _Lines(lines)
    rows = csv.reader(counted, delimiter=form.delimiter, skipinitialspace=form.is_spaced)
    while True:
        first, counted.taken = counted.number + 1, 0
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield first, error
            continue
        if counted.open_quote:
            yield first, csv.Error("has a quote that is never closed, so that all below it is part of it: close it")
        elif row:
            yield first, row


def _encoding(content: BufferedReader, source: str) -> Encoding:
    """Return what a file is written in.

    Raises UnreadableDocument when it is empty, cannot be decoded, or holds NUL characters or endless lines, wherever it
    does: this is found out beforehand, so that no file is read by half.
    """
    head = content.read(_BLOCK)
    kind = kind_of(head)
    if kind is not None:
        raise UnreadableDocument(source, f"is {kind}, not CSV: give it the ending of its format")
    encoding = marked_encoding(head) or Encoding(UTF8)
    wrong = _wrong_place(content, encoding, source)
    if wrong is None:
        return encoding
    content.seek(max(wrong - BEFORE, 0))
    sample = content.read(SAMPLE)
    guess = guessed(sample) if encoding.codec == UTF8 and b"\0" not in sample else None
    if guess is None or _wrong_place(content, Encoding(guess), source) is not None:
        content.seek(wrong)
        raise not_utf8(content.read(1)[0], wrong, source)
    return Encoding(guess, is_guess=True)


def _wrong_place(content: BufferedReader, encoding: Encoding, source: str) -> int | None:
    """Return where the first byte stands that an encoding does not know, None where it knows all of a file. Raises
    UnreadableDocument as ``_encoding``."""
    content.seek(0)
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    position = line = 0
    empty = True
    while True:
        block = content.read(_BLOCK)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return position - pending + error.start
        if "\0" in text:
            raise UnreadableDocument(source, "holds NUL bytes, so it is no text: export it as text")
        last = max(text.rfind("\n"), text.rfind("\r"))
        line = line + len(text) if last < 0 else len(text) - last
        if line > _LONGEST_LINE:
            raise UnreadableDocument(source, f"has a line of over {_LONGEST_LINE / 1e6:.0f} MB: is it CSV?")
        empty = empty and not text.strip()
        position += len(block)
        if not block:
            break
    if empty:
        raise UnreadableDocument(source, "is empty")
    return None


def _form(content: BufferedReader, encoding: Encoding) -> _Form:
    """Return how the values of a table are parted, which a first line such as "sep=;" declares, as Excel writes it.

    Else it is as most of the first rows have as many values as the header, over one.
    """
    lines = _text(content, encoding)
    sample = lines.readlines(_SAMPLE)
    lines.detach()
    declared = sample[0].rstrip("\r\n").removeprefix("sep=")
    is_declared = sample[0].startswith("sep=") and declared in {*_DELIMITERS}
    delimiters, rows = (declared, sample[1:]) if is_declared else (_DELIMITERS, sample)

    def fit(form: _Form) -> tuple[int, int, int]:
        found = [[] if isinstance(row, csv.Error) else row for _, row in _rows(iter(rows), form)]
        widths = [len(row) for row in found]
        width = widths[0] if widths else 0
        quoted = sum(bool(_QUOTED.match(value)) for row in found for value in row)
        return (widths.count(width) if width > 1 else 0, width, -quoted)

    forms = [_Form(one, is_spaced, is_declared) for is_spaced in (False, True) for one in delimiters]
    return max(forms, key=fit)


def _columns(header: list[str] | csv.Error, source: str) -> _Columns:
    if not isinstance(header, csv.Error) and len(header) > _MOST_COLUMNS:
        raise UnreadableDocument(source, f"has over {_MOST_COLUMNS:,} columns: leave out those that say nothing")
    names = () if isinstance(header, csv.Error) else tuple(" ".join(name.split()) for name in header)
    plain = [name.lower() for name in names]
    numbers = any(name.replace(".", "", 1).replace(",", "", 1).lstrip("+-").isdigit() for name in names)
    if not any(names) or numbers or any(len(name) > _LONGEST_NAME for name in names):
        raise UnreadableDocument(source, "has no header: name the columns in its first line")
    if sum(map(len, names)) > _LONGEST_HEADER:
        raise UnreadableDocument(source, f"has names of columns of over {_LONGEST_HEADER:,} characters: shorten them")
    columns = _Columns(names, _place(plain, _IDENTIFIERS), _place(plain, _TITLES), _place(plain, _TEXTS))
    if len(names) == 1 and columns.text is None:
        raise UnreadableDocument(source, 'has a single column that is not named "text": is it CSV?')
    return columns


def _place(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _read_row(
    row: list[str] | csv.Error, columns: _Columns, file: str, line: int, encoding: Encoding
) -> Document | UnreadableDocument:
    source = f"{file}:{line}"
    if isinstance(row, csv.Error):
        return UnreadableDocument(source, str(row))
    if not any(value.strip() for value in row):
        return UnreadableDocument(source, "is empty")
    if len(row) != len(columns.names):
        return UnreadableDocument(
            source, f"has fields: {len(row)}, columns: {len(columns.names)}; quote values that hold the delimiter"
        )
    title = " ".join(_value(row, columns.title).split())
    text = _value(row, columns.text) if columns.text is not None else _joined(row, columns.names)
    title, text = without_raised_marks(title), without_raised_marks(text)
    if not text.strip():
        return UnreadableDocument(source, "has no text" if title else "is empty")
    own = _value(row, columns.identifier).strip()
    identifier = f"{file}#{own}" if own else source
    guess = encoding.codec if encoding.is_guess else ""
    return Document(id=identifier, title=title, text=text, source=source, guess=guess)


def _value(row: list[str], place: int | None) -> str:
    return "" if place is None else row[place]


def _joined(row: list[str], names: tuple[str, ...]) -> str:
    """Return the values that are there, each on its own line after its column's name."""
    pairs = [(name, value.strip()) for name, value in zip(names, row, strict=True) if value.strip()]
    return "\n".join(f"{name}: {value}" if name else value for name, value in pairs)
