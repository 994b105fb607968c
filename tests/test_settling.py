"""What reading makes of the states of terms: readings by hand on the five tiny documents."""

import pytest

from qa.answers.settling import settle
from qa.answers.states import report_terms
from qa.datatypes import Lack, Reading, TermReport, TermState
from qa.indexing.index import Index
from tests.english import ENGLISH

MISSING = "What does the purple elephant therapy cost in Washington?"


def reports_on(question: str, index: Index) -> tuple[TermReport, ...]:
    return report_terms(ENGLISH.find_terms(ENGLISH.question(question)), index.lexicon)


def reading(question: str, log_odds: float, probability: float, *lacked: str) -> Reading:
    """A reading that lacks these words with a probability, and the others with none."""
    words = ENGLISH.question(question).words
    lacks = (Lack(w.start, w.end, probability if question[w.start : w.end] in lacked else 0.0) for w in words)
    return Reading(log_odds, 0, 0, 0.0, tuple(lacks))


def states(question: str, index: Index, *readings: Reading) -> dict[str, TermState]:
    found = settle(reports_on(question, index), readings)
    return {report.term.text: report.state for report in found}


def test_without_readings_the_counts_decide(tiny_index: Index) -> None:
    reports = reports_on(MISSING, tiny_index)
    assert settle(reports, ()) == reports


@pytest.mark.parametrize(
    ("log_odds", "probability", "flagged"),
    [(-2.0, 0.05, True), (0.0, 0.05, False), (2.0, 0.25, False), (2.0, 0.35, True)],
)
def test_a_passage_that_says_it_clears_a_term(
    tiny_index: Index, log_odds: float, probability: float, flagged: bool
) -> None:
    question = "What is the quorvex therapy?"
    assert TermState.UNKNOWN in states(question, tiny_index).values()
    found = states(question, tiny_index, reading(question, log_odds, probability, "quorvex", "therapy"))
    assert (TermState.UNKNOWN in found.values()) is flagged


def test_places_are_of_the_question_as_it_was_read(tiny_index: Index) -> None:
    """The misspelled word is read as a longer one: what follows is looked for where it stands then."""
    written = "Does famly help with the quorvex therapy?"
    reports = reports_on(written, tiny_index)
    misspelled = next(report for report in reports if report.state is TermState.MISSPELLED)
    read = written.replace("famly", misspelled.suggestion or "")
    for lacked, state in (("quorvex", TermState.UNKNOWN), ("help", TermState.KNOWN)):
        settled = settle(reports, [reading(read, 2.0, 1.0, lacked)])
        assert next(report for report in settled if "quorvex" in report.term.text).state is state
