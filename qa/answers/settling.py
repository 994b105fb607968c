"""Readings -> the states of the terms: what the passages say decides before the form of a question does.

A term that the counts would flag is known after all where a passage that answers says what it means, in whatever words:
"pet insurance discount" where a sentence gives the insurance's discount. And a word that is asked about, however
ordinary, is unknown where no text has it and no passage that was read says the like.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.answers.verdicts import ANSWERS
from qa.datatypes import Question, Reading, Term, TermReport, TermState, Word
from qa.lexicons import Lexicon

HAS = 0.3
"""The probability below which a passage that answers has what a term says."""

LACKS = 0.8
"""The probability from which on every passage read lacks a word, to call it missing. Chosen on the reader's validation
part; ``benchmarks/states.py`` has what it gives on sets that had no part in it."""

_FLAGGED = {TermState.UNKNOWN, TermState.UNESTABLISHED}


def settle(
    question: Question, reports: Sequence[TermReport], readings: Sequence[Reading], lexicon: Lexicon
) -> tuple[TermReport, ...]:
    """Return the reports on a question's terms, which is as it was read, as its passages bear them out."""
    if not readings:
        return tuple(reports)
    moved = _Moved(reports)
    settled = [_said(report, readings, moved) for report in reports]
    seen = [(report.term.start, report.term.end) for report in reports if report.state is not TermState.KNOWN]
    missing = [
        _missing_report(word, question, moved)
        for word in missing_words(question, readings, lexicon)
        if not any(start < moved.back(word.end) and moved.back(word.start) < end for start, end in seen)
    ]
    return tuple(sorted([*settled, *missing], key=lambda report: report.term.start))


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


def missing_words(question: Question, readings: Sequence[Reading], lexicon: Lexicon) -> list[Word]:
    """Return the words of a question that do not only ask, that no text has, and that every passage read lacks."""
    language = lexicon.language
    return [
        word
        for word in question.words
        if word.stem not in language.question_words | language.small_words
        and not lexicon.has_word(word.folded)
        and min(lacking(word.start, word.end, reading) for reading in readings) >= LACKS
    ]


def _said(report: TermReport, readings: Sequence[Reading], moved: "_Moved") -> TermReport:
    """Return a flagged report as known where a passage that answers says what it means."""
    start, end = moved.there(report.term.start), moved.there(report.term.end)
    if report.state not in _FLAGGED:
        return report
    answering = [reading for reading in readings if reading.log_odds >= ANSWERS]
    if any(lacking(start, end, reading) < HAS for reading in answering):
        return replace(report, state=TermState.KNOWN, reason="a passage that answers says the like")
    return report


def _missing_report(word: Word, question: Question, moved: "_Moved") -> TermReport:
    start, end = moved.back(word.start), moved.back(word.end)
    own = replace(word, start=start, end=end)
    term = Term(question.text[word.start : word.end], start, end, (own,))
    return TermReport(term, TermState.UNKNOWN, 0, reason="not in these texts, nor the like in a passage that was read")


class _Moved:
    """Where the characters of a question are once its misspelled words were read as others, and back."""

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

    def back(self, place: int) -> int:
        """Return where a place of the question as it was read is as it was written."""
        return place - next((shift for end, shift in reversed(self._shifts) if end + shift <= place), 0)
