"""Times of day and dates in a question -> how else texts may write them: "8.30am" and "08:30", "25/12/2025" and "25
December 2025".

A number alone is neither: "8.30" is a price as well. Which of the ways the texts have, the counts say.
"""

import re
from calendar import month_name
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from qa.datatypes import Question, Word

ENGLISH = "en"
"""The language in which halves of a day and months have names here; in others only figures are read."""

_MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}
_NAMES = "|".join(_MONTHS)
_BEFORE, _AFTER = r"(?<![\w.:/-])", r"(?![\w:/-]|\.\d)"
_HALVED = re.compile(rf"{_BEFORE}(\d{{1,2}})(?:[.:](\d\d))?\s?([ap])(?:m|\.m\.){_AFTER}", re.IGNORECASE)
_CLOCK = re.compile(rf"{_BEFORE}(\d{{1,2}}):(\d\d){_AFTER}")
_FIGURES = re.compile(rf"{_BEFORE}(\d{{1,2}})([/.])(\d{{1,2}})\2(\d{{4}}){_AFTER}")
_YEAR_FIRST = re.compile(rf"{_BEFORE}(\d{{4}})-(\d\d)-(\d\d){_AFTER}")
_DAY_FIRST = re.compile(rf"{_BEFORE}(\d{{1,2}}) ({_NAMES}),? (\d{{4}}){_AFTER}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"{_BEFORE}({_NAMES}) (\d{{1,2}}),? (\d{{4}}){_AFTER}", re.IGNORECASE)
_HOURS, _MINUTES, _NOON = 24, 60, 12


class Moment(NamedTuple):
    """A time or date as the words of a question that write it, and the other ways to write it."""

    words: Sequence[Word]
    others: tuple[str, ...]


def find_moments(question: Question, language: str) -> list[Moment]:
    """Return the times of day and dates of a question in a language, given by its code, in order."""
    found = sorted(_found(question.text, language))
    moments = (Moment([w for w in question.words if start <= w.start < end], ways) for start, end, ways in found)
    return [moment for moment in moments if moment.words]


def _found(text: str, language: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield (start, end, other ways) of each."""
    for match in _CLOCK.finditer(text):
        if not _HALVED.match(text, match.start()):
            yield (*match.span(), _times(int(match[1]), int(match[2]), language))
    for match in _FIGURES.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        yield (*match.span(), (*_dates(year, second, first, language), *_dates(year, first, second, language)))
    for match in _YEAR_FIRST.finditer(text):
        yield (*match.span(), _dates(int(match[1]), int(match[2]), int(match[3]), language))
    if language != ENGLISH:
        return
    for match in _HALVED.finditer(text):
        hour = int(match[1])
        if 1 <= hour <= _NOON:
            later = _NOON if match[3].lower() == "p" else 0
            yield (*match.span(), _times(hour % _NOON + later, int(match[2] or 0), language))
    for match in _DAY_FIRST.finditer(text):
        yield (*match.span(), _dates(int(match[3]), _MONTHS[match[2].lower()], int(match[1]), language))
    for match in _MONTH_FIRST.finditer(text):
        yield (*match.span(), _dates(int(match[3]), _MONTHS[match[1].lower()], int(match[2]), language))


def _times(hour: int, minute: int, language: str) -> tuple[str, ...]:
    """Return the ways to write a time, none where it is none."""
    if hour >= _HOURS or minute >= _MINUTES:
        return ()
    ways = [f"{hour:02}:{minute:02}", f"{hour}:{minute:02}"]
    if language == ENGLISH:
        half, twelfth = "am" if hour < _NOON else "pm", hour % _NOON or _NOON
        ways += [f"{twelfth}:{minute:02} {half}", f"{twelfth}:{minute:02}{half}"]
        ways += [] if minute else [f"{twelfth} {half}", f"{twelfth}{half}"]
    return tuple(dict.fromkeys(ways))


def _dates(year: int, month: int, day: int, language: str) -> tuple[str, ...]:
    """Return the ways to write a date, none where there is no such day."""
    try:
        date(year, month, day)
    except ValueError:
        return ()
    ways = [f"{year}-{month:02}-{day:02}", f"{day}/{month}/{year}", f"{day:02}/{month:02}/{year}"]
    ways += [f"{month}/{day}/{year}", f"{month:02}/{day:02}/{year}"]
    if language == ENGLISH:
        ways += [f"{day} {month_name[month]} {year}", f"{month_name[month]} {day}, {year}"]
    return tuple(dict.fromkeys(ways))
