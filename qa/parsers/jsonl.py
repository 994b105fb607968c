"""JSON lines, the BEIR layout: one document a line, ``{"_id", "title", "text"}``; ids are kept.
"id" and "contents", as Pyserini has them, are read as well."""

import codecs
import io
import json
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.files import bounded_lines, open_regular
from qa.parsers.encodings import SAMPLE, Decoded, decode_utf8, guessed, marked_encoding
from qa.parsers.text import is_encodable

_LONGEST_LINE = 10_000_000  # bytes; parsed JSON takes up to forty times as much memory
_MOST_BYTES = 4  # of a character, and of a byte order mark
_LONGEST_ID = 1000  # characters; every passage carries it


def read_jsonl(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield a document for each line, and an UnreadableDocument with its number for each wrong line.

    The file is read line by line, so its size does not matter. Blank lines are passed over. Lines that are not UTF-8
    are read as what the first of them is likely to be.
    """
    empty = True
    decode = _Decoder()
    with open_regular(path) as opened:
        for number, line in enumerate(bounded_lines(_as_utf8(opened, source), _LONGEST_LINE), start=1):
            if line is None:
                empty = False
                yield UnreadableDocument(f"{source}:{number}", f"is longer than {_LONGEST_LINE / 1e6:.0f} MB: split it")
            elif line.strip():
                empty = False
                yield _read_line(line, f"{source}:{number}", decode)
    if empty:
        raise UnreadableDocument(source, "is empty")


class _Transcoded(io.RawIOBase):
    """A file that its byte order mark says is UTF-16 or UTF-32, as UTF-8."""

    def __init__(self, opened: BufferedReader, codec: str, source: str) -> None:
        self._opened = opened
        self._codec = codec.upper()
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._source = source

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as there is text, and return how far."""
        block = self._opened.read(max(len(buffer) // _MOST_BYTES, 1))
        try:
            text = self._decoder.decode(block, final=not block).encode()
        except UnicodeError:
            raise UnreadableDocument(
                self._source, f"is not in {self._codec}, as it announces: save it as UTF-8"
            ) from None
        buffer[: len(text)] = text
        return len(text) or (self.readinto(buffer) if block else 0)


def _as_utf8(opened: BufferedReader, source: str) -> BufferedReader:
    """Return a file from its beginning, as UTF-8 where it announces another Unicode encoding."""
    marked = marked_encoding(opened.peek(_MOST_BYTES)[:_MOST_BYTES])
    if marked is None or marked.codec == "utf-8-sig":
        return opened
    return BufferedReader(_Transcoded(opened, marked.codec, source))


class _Decoder:
    """Decodes lines that are UTF-8, or what the first one that is not is likely to be; where others were UTF-8, and not
    ASCII, that one is damaged."""

    def __init__(self) -> None:
        self._guess: str | None = None
        self._is_guessed = False

    def __call__(self, line: bytes, source: str) -> Decoded:
        """Return a line as text, and the encoding where that is a guess. Raises UnreadableDocument where it is none."""
        try:
            text = decode_utf8(line, source)
            self._is_guessed = self._is_guessed or not text.isascii()
            return Decoded(text)
        except UnreadableDocument:
            if b"\0" in line or not line.strip():
                raise
            if not self._is_guessed:
                self._is_guessed, self._guess = True, guessed(line[:SAMPLE])
            if self._guess is None:
                raise
            try:
                return Decoded(line.decode(self._guess), self._guess)
            except UnicodeDecodeError:
                pass
            raise


def _read_line(line: bytes, source: str, decode: _Decoder) -> Document | UnreadableDocument:
    try:
        decoded = decode(line, source)
        record = _parse(decoded.text)
        identifier, title, text = _fields(record)
    except UnreadableDocument as error:
        return error
    except ValueError as error:
        return UnreadableDocument(source, str(error))
    text = text if text.strip() else title
    return Document(id=identifier, title=title.strip(), text=text, source=source, guess=decoded.guess)


def _parse(line: str) -> Any:
    """Return parsed JSON. Raises ValueError that says in words why not."""
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("is not JSON (nested too deeply)") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error})") from None
    except ValueError:  # of more digits than Python converts
        raise ValueError("is not JSON (a number has over 4,300 digits)") from None


def _fields(record: Any) -> tuple[str, str, str]:
    """Return id, title and text of a record. Raises ValueError that says what is wrong with it."""
    if not isinstance(record, dict):
        raise ValueError('is not an object with "_id" and "text"')
    identifier = record.get("_id", record.get("id"))
    title, text = record.get("title") or "", record.get("text", record.get("contents"))
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise ValueError('has no "_id" or "id"')
    if len(identifier) > _LONGEST_ID:
        raise ValueError(f'has an "_id" of over {_LONGEST_ID:,} characters: shorten it')
    if not isinstance(text, str) or not isinstance(title, str):
        raise ValueError('has no "text" or "contents" that is a string')
    if not (text.strip() or title.strip()):
        raise ValueError("is empty")
    if "\0" in identifier + title + text or not is_encodable(identifier + title + text):
        raise ValueError("holds NUL or half characters, so it is no text")
    return identifier, title, text
