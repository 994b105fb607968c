"""Numbers that say which of several is meant: "Windows 11", "Form 990", "type 2".

A year tells when, and a day of a month too; and a number with a noun behind it counts ("20 pounds").
"""

from calendar import month_name

from qa.datatypes import Question

YEARS = range(1800, 2100)

_MONTHS = frozenset(name.lower() for name in month_name if name)
_WORDS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_ROMAN = (
    *("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"),
    *("XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX"),
)
_WAYS = tuple((str(number), roman, word) for number, (roman, word) in enumerate(zip(_ROMAN, _WORDS, strict=True), 1))
"""Each number as it is written in figures, in Roman ones and as a word."""

_PARTED = frozenset({" ", "-", "\u2010", "\u2011"})
"""What stands between a word and its number."""


def number_behind(question: Question, place: int) -> range:
    """Return the places of the number, all of its parts ("3.12"), that stands right behind the word at a place and says
    which of several it is; nothing where none does."""
    words, first = question.words, place + 1
    if first >= len(words) or not words[first].folded.isdecimal() or words[place].folded in _MONTHS:
        return range(0)
    if not words[place].folded[-1:].isalpha() or not is_parted(question, place):
        return range(0)
    end = first + 1
    while end < len(words) and words[end].folded.isdecimal() and _between(question, end - 1) == ".":
        end += 1
    is_year = end == first + 1 and len(words[first].folded) == len("1800") and int(words[first].folded) in YEARS
    is_share = question.text[words[end - 1].end :][:1] == "%"
    return range(0) if is_year or is_share else range(first, end)


def is_parted(question: Question, place: int) -> bool:
    """Whether the word at a place and the next one are parted as a word and its number are."""
    return _between(question, place) in _PARTED


def _between(question: Question, place: int) -> str:
    """Return what stands between the word at a place and the next one."""
    return question.text[question.words[place].end : question.words[place + 1].start]


def other_ways(folded: str) -> tuple[str, ...]:
    """Return how else a number up to twenty is written: "II" and "two" for "2". A letter alone is no number here."""
    if len(folded) == 1 and not folded.isdecimal():
        return ()
    return tuple(way for ways in _WAYS for way in ways if way.lower() != folded and folded in map(str.lower, ways))
