"""Words that a line end parts -> the words as they are read: "reimburse-" and "ment" are "reimbursement"."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from simplemma import is_known

# pdfium puts U+0002 in place of a hyphen and the line end after it, and U+FFFE in some of its calls.
_PARTED = re.compile(r"(?<=\w)(?:[\x02\ufffe]\s{0,4}|\xad\s{0,4}|-[ \t]{0,4}\r?\n[ \t]{0,20})(?=[a-zà-ÿ])")
_WORD_BEFORE = re.compile(r"\w+$")
_WORD_AFTER = re.compile(r"\w+")
_LONGEST_WORD = 40  # characters
_COMMON = 3.0  # on wordfreq's Zipf scale: once in a million words
_WORD = re.compile(r"\w+(?:-\w+)*")


class Parted(NamedTuple):
    """Where a line end parts a word, ``text[start:end]``, and the hyphen that stands there in truth, or ""."""

    start: int
    end: int
    hyphen: str


def words_of(texts: Iterable[str]) -> set[str]:
    """Return the words of texts, hyphenated ones whole, in lower case."""
    return {word.lower() for text in texts for word in _WORD.findall(text)}


def parted_words(text: str, words: set[str]) -> Iterator[Parted]:
    """Yield where line ends part words, in order.

    The hyphen goes where the word stands put together elsewhere among the ``words``, or is English and nowhere
    hyphenated; a rare one ("wellknown") only where its halves are not both words of their own. A soft hyphen always
    goes.
    """
    for found in _PARTED.finditer(text):
        before = _WORD_BEFORE.search(text, max(found.start() - _LONGEST_WORD, 0), found.start())
        after = _WORD_AFTER.match(text, found.end(), found.end() + _LONGEST_WORD)
        halves = [half[0].lower() if half else "" for half in (before, after)]
        is_whole = found[0][0] == "\xad" or "".join(halves) in words
        is_whole = is_whole or ("-".join(halves) not in words and _is_english(halves))
        yield Parted(*found.span(), "" if is_whole else "-")


def _is_english(halves: Sequence[str]) -> bool:
    from wordfreq import zipf_frequency  # takes a third of a second

    joined = "".join(halves)
    if not is_known(joined, lang="en"):
        return False
    return zipf_frequency(joined, "en") >= _COMMON or any(zipf_frequency(half, "en") < _COMMON for half in halves)


def mended(text: str, parted: Iterable[Parted]) -> str:
    """Return a text with the parted words put together."""
    pieces, end = [], 0
    for word in parted:
        pieces += [text[end : word.start], word.hyphen]
        end = word.end
    return "".join([*pieces, text[end:]])
