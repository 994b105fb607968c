"""JSON lines, the BEIR layout: one document a line, ``{"_id", "title", "text"}``; ids are kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.readers.text import decode, is_encodable


def read_jsonl(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield a document for each line, and an UnreadableDocument with its number for each wrong line.

    The file is read line by line, so its size does not matter. Blank lines are passed over.
    """
    empty = True
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                empty = False
                yield _read_line(line, f"{source}:{number}")
    if empty:
        raise UnreadableDocument(source, "is empty")


def _read_line(line: bytes, source: str) -> Document | UnreadableDocument:
    try:
        record = json.loads(decode(line, source))
        identifier, title, text = _fields(record)
    except UnreadableDocument as error:
        return error
    except RecursionError:
        return UnreadableDocument(source, "is not JSON (nested too deeply)")
    except json.JSONDecodeError as error:
        return UnreadableDocument(source, f"is not JSON ({error})")
    except ValueError as error:
        return UnreadableDocument(source, str(error))
    return Document(id=identifier, title=title.strip(), text=text if text.strip() else title, source=source)


def _fields(record: Any) -> tuple[str, str, str]:
    """Return id, title and text of a record. Raises ValueError that says what is wrong with it."""
    if not isinstance(record, dict):
        raise ValueError('is not an object with "_id" and "text"')
    identifier, title, text = record.get("_id"), record.get("title") or "", record.get("text")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise ValueError('has no "_id"')
    if not isinstance(text, str) or not isinstance(title, str):
        raise ValueError('has no "text" that is a string')
    if not (text.strip() or title.strip()):
        raise ValueError("is empty")
    if "\0" in identifier + title + text or not is_encodable(identifier + title + text):
        raise ValueError("holds NUL or half characters, so it is no text")
    return identifier, title, text
