"""Plain text: one document a file."""

import re
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.checks import read_whole
from qa.parsers.encodings import decode_any
from qa.parsers.line_ends import Parted, mended, parted_words, words_of
from qa.parsers.raised import raised_marks
from qa.parsers.source_lines import lines_of_text

_MAY_PART = re.compile(r"\xad|-[ \t]{0,4}\r?\n")
_TITLE_LENGTH = 120  # characters; a longer first line is prose, not a title


def read_text(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document, its id being its source.

    The title is the first line where that is short, does not end as a sentence does, and a blank line
    follows; else the file's name. Words that a line end parts are put together, and raised numbers of notes omitted.
    """
    written, guess = astuple(decode_any(read_whole(path, source), source))
    parted = list(parted_words(written, words_of([written]))) if _MAY_PART.search(written) else []
    parted = sorted([*parted, *(Parted(*mark, "") for mark in raised_marks(written))])
    text = mended(written, parted)
    yield Document(
        id=source,
        title=_title(text) or title_of_name(path),
        text=text,
        source=source,
        guess=guess,
        lines=lines_of_text(written, parted),
    )


def is_encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8: half characters, from broken JSON or file names, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_characters(text: str) -> str:
    """Return a text without NUL and half characters; two halves that belong together become the character.

    YAML and JSON can write either, and neither can be stored.
    """
    if "\0" not in text and is_encodable(text):
        return text
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def title_of_name(path: Path) -> str:
    """Return a file's name made readable: "social-action.txt" -> "Social action"."""
    name = path.stem.replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def _title(text: str) -> str | None:
    first, _, rest = text.lstrip().partition("\n")
    first = first.strip()
    blank_follows = not rest.split("\n", 1)[0].strip()
    if first and len(first) <= _TITLE_LENGTH and blank_follows and not first.endswith((".", "!", ":", ";", ",")):
        return first
    return None
