"""Numbers that say which of several is meant: "Windows 11", "Form 990", "type 2".

Others say when, how old or how much: a year, a day of a month, an age, and what has a sign of a share or a price, or is
a range in figures. These are none.
"""

import re
from calendar import day_name, month_abbr, month_name

from qa.datatypes import Question

YEARS = range(1800, 2100)

CALENDAR = frozenset(name.lower() for name in (*month_name, *month_abbr, "sept", *day_name) if name)
"""Names of months and days."""

_MEASURES = frozenset(
    {"age", "ages", "aged", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks"}
    | {"month", "months", "year", "years"}
)
"""What has a number behind it that says how old or when."""

_WORDS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_ROMAN = (
    *("II", "III", "IV", "", "VI", "VII", "VIII", "IX", "", "XI", "XII"),
    *("XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX"),
)
_WAYS = tuple((str(number), roman, word) for number, (roman, word) in enumerate(zip(_ROMAN, _WORDS, strict=True), 2))
"""Each number from two on as it is written in figures, in Roman ones and as a word. "One", "I", "V" and "X" are as
often something else."""

_PARTED = frozenset({" ", "-", "\u2010", "\u2011"})
"""What stands between a word and its number."""

_COUNTS = re.compile(r"\s?[%€£$¥]|[.,:/\-–\u2010\u2011]\d")
"""What follows a number that says how much, or from where to where."""


def number_behind(question: Question, place: int) -> range:
    """Return the places of the number, all of its parts ("3.12"), that stands right behind the word at a place and says
    which of several it is; nothing where none does."""
    words, number = question.words, figures_behind(question, place)
    if not number or words[place].folded in CALENDAR | _MEASURES:
        return range(0)
    first = words[number.start].folded
    is_year = len(number) == 1 and len(first) == len("1800") and int(first) in YEARS
    return range(0) if is_year else number


def figures_behind(question: Question, place: int) -> range:
    """Return the places of the figures, with all of their parts, that stand right behind the word at a place; nothing
    where they are a share, a price or a part of a range."""
    words, first = question.words, place + 1
    if first >= len(words) or not words[first].folded.isdecimal():
        return range(0)
    if not words[place].folded[-1:].isalpha() or not is_parted(question, place):
        return range(0)
    end = number_end(question, first)
    return range(0) if _COUNTS.match(question.text, words[end - 1].end) else range(first, end)


def number_end(question: Question, first: int) -> int:
    """Return the place behind the number that begins at a place, with all of its parts."""
    words, end = question.words, first + 1
    while end < len(words) and words[end].folded.isdecimal() and _between(question, end - 1) == ".":
        end += 1
    return end


def is_parted(question: Question, place: int) -> bool:
    """Whether the word at a place and the next one are parted as a word and its number are."""
    return _between(question, place) in _PARTED


def _between(question: Question, place: int) -> str:
    """Return what stands between the word at a place and the next one."""
    return question.text[question.words[place].end : question.words[place + 1].start]


def other_ways(folded: str) -> tuple[str, ...]:
    """Return how else a number from two to twenty is written: "II" and "two" for "2"."""
    ways = next((ways for ways in _WAYS if folded and folded in map(str.lower, ways)), ())
    return tuple(way for way in ways if way and way.lower() != folded)
