"""Numbers that are raised as characters, "¹" and the like: marks of notes behind a word, else units and powers."""

import re
from collections.abc import Iterator

_ANY = re.compile(r"[¹²³⁰⁴-⁹]")
# A word has four letters at least and is not in a formula: "m²", "10³", "9.81 m/sec²" and "sin² x" are powers.
_MARK = re.compile(r"(?:(?<=[^\W\d_]{4})|(?<=[.,;:!?”»]))[¹²³⁰⁴-⁹]{1,3}(?:[,⁻][¹²³⁰⁴-⁹]{1,3})*(?![\w(])(?!\s*[=+−*/^])")


def raised_marks(text: str) -> Iterator[tuple[int, int]]:
    """Yield where marks of notes begin and end."""
    if _ANY.search(text):
        yield from (mark.span() for mark in _MARK.finditer(text))


def without_raised_marks(text: str) -> str:
    """Return a text without the marks of notes."""
    return _MARK.sub("", text) if _ANY.search(text) else text
