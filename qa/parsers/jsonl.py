"""JSON lines, the BEIR layout: one document a line, ``{"_id", "title", "text"}``; ids are kept.
"id" and "contents", as Pyserini has them, are read as well."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.files import bounded_lines, open_regular
from qa.parsers.encodings import decode_utf8
from qa.parsers.text import is_encodable

_LONGEST_LINE = 10_000_000  # bytes; parsed JSON takes up to forty times as much memory
_LONGEST_ID = 1000  # characters; every passage carries it


def read_jsonl(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield a document for each line, and an UnreadableDocument with its number for each wrong line.

    The file is read line by line, so its size does not matter. Blank lines are passed over.
    """
    empty = True
    with open_regular(path) as opened:
        for number, line in enumerate(bounded_lines(opened, _LONGEST_LINE), start=1):
            if line is None:
                empty = False
                yield UnreadableDocument(f"{source}:{number}", f"is longer than {_LONGEST_LINE / 1e6:.0f} MB: split it")
            elif line.strip():
                empty = False
                yield _read_line(line, f"{source}:{number}")
    if empty:
        raise UnreadableDocument(source, "is empty")


def _read_line(line: bytes, source: str) -> Document | UnreadableDocument:
    try:
        record = _parse(decode_utf8(line, source))
        identifier, title, text = _fields(record)
    except UnreadableDocument as error:
        return error
    except ValueError as error:
        return UnreadableDocument(source, str(error))
    return Document(id=identifier, title=title.strip(), text=text if text.strip() else title, source=source)


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
