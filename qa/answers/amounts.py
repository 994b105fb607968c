"""Amounts of a question -> where a text has them, however it writes them: "£1250" as "£1,250", "1.5kg" as "1.5 kg".

What a number counts is compared as it is written; units are not converted. Dates, times of day and ranges are none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.language import Language

_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee"}
_LEAST = 1000  # from here on a number can have a mark between its thousands

_SIGN = "[" + "".join(_CURRENCIES) + "]"
_AMOUNT = re.compile(
    rf"""(?<![\w.,/:\-–])(?P<before>{_SIGN}[ ]?)?
    (?P<number>\d{{1,3}}(?:\.\d{{3}})+,\d{{1,2}}(?!\d)        # 1.250,00
    |(?:\d{{1,3}}(?:[,'’ \u00a0\u202f]\d{{3}})+(?!\d)|\d+)(?:\.\d+)?)  # 1,250.00 and 1250.00
    (?![\d/:\-–]|[.,]\d)
    (?P<unit>[ \u00a0\u202f]?(?:{_SIGN}|[^\W\d_]+))?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number at ``text[start:end]``, with its sign or what is written as one with it; ``value`` is how any writing of
    it is compared, ``currency`` the stem of its currency's name, ``unit`` the word right behind it in lower case, which
    ends at ``unit_end``, and ``welded`` whether no space parts the two."""

    value: str
    currency: str
    unit: str
    welded: bool
    start: int
    end: int
    unit_end: int

    @property
    def is_told_apart(self) -> bool:
        """Whether it can be written in several ways, so that its digits alone do not find it."""
        return bool(self.currency) or self.welded or "." in self.value or int(self.value) >= _LEAST


def amounts_in(text: str, language: Language) -> Iterator[Amount]:
    """Yield the amounts of a text in order."""
    for found in _AMOUNT.finditer(text):
        before, behind = (found["before"] or "").strip(), (found["unit"] or "").strip()
        welded = bool(behind) and found["unit"] == behind
        names = [_CURRENCIES.get(sign) for sign in (before, behind)] + language.stems(behind)[:1]
        currency = next((name for name in names if name in _CURRENCIES.values()), "")
        is_named = bool(currency) and not before
        end = found.end() if (welded or is_named) else found.end("number")
        value = _value(found["number"])
        yield Amount(value, currency or "", behind.lower(), welded, found.start(), end, found.end())


def _value(number: str) -> str:
    """Return a number without marks between its thousands and without zeros that say nothing."""
    if re.search(r"\.\d{3}.*,", number):
        number = number.replace(".", "").replace(",", ".")
    whole, _, part = re.sub(r"[^\d.]", "", number).partition(".")
    part = part.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{'.' if part else ''}{part}"


def find_amounts(text: str, asked: Sequence[Amount], language: Language) -> list[tuple[int, int]]:
    """Return the [start, end) ranges in a text of the amounts that are asked for, in order."""
    wanted = [one for one in asked if one.is_told_apart]
    if not wanted:
        return []
    return [
        (found.start, found.unit_end if one.welded and one.unit == found.unit else found.end)
        for found in amounts_in(text, language)
        if (one := next((one for one in wanted if _is_same(one, found)), None))
    ]


def _is_same(asked: Amount, found: Amount) -> bool:
    if asked.value != found.value or (asked.currency and found.currency and asked.currency != found.currency):
        return False
    is_measured = (asked.welded and not asked.currency) or (found.welded and not found.currency)
    return not is_measured or asked.unit == found.unit
