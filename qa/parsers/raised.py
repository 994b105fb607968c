"""Numbers that are raised as characters, "¹" and the like: marks of notes behind a word, else units and powers."""

import re
from collections.abc import Iterator

_ANY = re.compile(r"[¹²³⁰⁴-⁹]")
# As in markup, a word has three letters at least: "m²" and "10³" are none. "sin²(x)" is a power.
_MARK = re.compile(r"(?:(?<=[^\W\d_]{3})|(?<=[.,;:!?)\]”»]))[¹²³⁰⁴-⁹]{1,3}(?:[,⁻][¹²³⁰⁴-⁹]{1,3})*(?![\w(])")


def raised_marks(text: str) -> Iterator[tuple[int, int]]:
    """Yield where marks of notes begin and end."""
    if _ANY.search(text):
        yield from (mark.span() for mark in _MARK.finditer(text))


def without_raised_marks(text: str) -> str:
    """Return a text without the marks of notes."""
    return _MARK.sub("", text) if _ANY.search(text) else text
