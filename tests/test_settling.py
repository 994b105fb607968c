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
    found = settle(ENGLISH.question(question), reports_on(question, index), readings, index.lexicon)
    return {report.term.text: report.state for report in found}


def test_without_readings_the_counts_decide(tiny_index: Index) -> None:
    reports = reports_on(MISSING, tiny_index)
    assert settle(ENGLISH.question(MISSING), reports, (), tiny_index.lexicon) == reports


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


def test_an_ordinary_word_that_nothing_has_is_missing(tiny_index: Index) -> None:
    question = "Do apples grow in winter?"
    assert "winter" not in states(question, tiny_index)
    sure = reading(question, -2.0, 0.9, "winter")
    assert states(question, tiny_index, sure)["winter"] is TermState.UNKNOWN
    assert "winter" not in states(question, tiny_index, sure, reading(question, -2.0, 0.7, "winter"))


def test_a_word_that_some_text_has_is_not(tiny_index: Index) -> None:
    question = "Do apples treat families?"
    found = states(question, tiny_index, reading(question, -2.0, 1.0, "families", "apples"))
    assert TermState.UNKNOWN not in found.values()


def test_places_are_of_the_question_as_it_was_written(tiny_index: Index) -> None:
    """The misspelled word is read as a longer one: what follows is found where it stands."""
    written = "Does famly therapy help in winter?"
    reports = reports_on(written, tiny_index)
    misspelled = next(report for report in reports if report.state is TermState.MISSPELLED)
    read = written.replace("famly", misspelled.suggestion or "")
    found = settle(ENGLISH.question(read), reports, [reading(read, -2.0, 0.9, "winter")], tiny_index.lexicon)
    winter = next(report for report in found if report.term.text == "winter")
    assert written[winter.term.start : winter.term.end] == "winter"
