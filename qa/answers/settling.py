"""Readings -> the states of the terms: what the passages say decides before the form of a question does.

A term that the counts would flag is known after all where a passage that answers says what it means, in whatever words:
"pet insurance discount" where a sentence gives the insurance's discount.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.answers.verdicts import ANSWERS
from qa.datatypes import Reading, TermReport, TermState

HAS = 0.3
"""The probability below which a passage that answers has what a term says: chosen by hand, low, since a name that is
not flagged misleads more than one that is."""

_FLAGGED = {TermState.UNKNOWN, TermState.UNESTABLISHED}


def settle(reports: Sequence[TermReport], readings: Sequence[Reading]) -> tuple[TermReport, ...]:
    """Return the reports on a question's terms as the passages that were read bear them out."""
    if not readings:
        return tuple(reports)
    moved = _Moved(reports)
    return tuple(_said(report, readings, moved) for report in reports)


def flagged_lacking(reports: Sequence[TermReport], readings: Sequence[Reading]) -> float:
    """Return the highest probability with which a name that the counts flag is lacking in every passage read, 0 without
    any."""
    moved = _Moved(reports)
    named = [report.term for report in reports if report.state in _FLAGGED and report.term.named]
    spans = [(moved.there(term.start), moved.there(term.end)) for term in named]
    return max((min((lacking(*span, one) for one in readings), default=0.0) for span in spans), default=0.0)


def lacking(start: int, end: int, reading: Reading) -> float:
    """Return how probable it is that a passage lacks what a question says from ``start`` to ``end``: the mean over its
    tokens, 0 without any."""
    held = [lack.probability for lack in reading.lacks if lack.end > start and lack.start < end]
    return sum(held) / len(held) if held else 0.0


def _said(report: TermReport, readings: Sequence[Reading], moved: "_Moved") -> TermReport:
    """Return a flagged report as known where a passage that answers says what it means."""
    start, end = moved.there(report.term.start), moved.there(report.term.end)
    if report.state not in _FLAGGED:
        return report
    answering = [reading for reading in readings if reading.log_odds >= ANSWERS]
    if any(lacking(start, end, reading) < HAS for reading in answering):
        return replace(report, state=TermState.KNOWN, reason="a passage that answers says the like")
    return report


class _Moved:
    """Where the characters of a question are once its misspelled words were read as others."""

    def __init__(self, reports: Sequence[TermReport]) -> None:
        self._shifts = list(self._all(reports))

    @staticmethod
    def _all(reports: Sequence[TermReport]) -> Iterator[tuple[int, int]]:
        """Yield where each corrected word ends as it was written, and by how much what follows is moved."""
        total = 0
        for report in sorted(reports, key=lambda report: report.term.start):
            if report.suggestion is not None:
                total += len(report.suggestion) - (report.term.end - report.term.start)
                yield report.term.end, total

    def there(self, place: int) -> int:
        """Return where a place of the question as it was written is as it was read."""
        return place + next((shift for end, shift in reversed(self._shifts) if end <= place), 0)
