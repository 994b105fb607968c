"""Questions of our own on the project's own corpus, and how many of each kind have the states that they should.

``data/terms.jsonl`` has for each what its texts do not have (``missing``), in lower case and as it was meant; and, for
one with an error in a word, what was ``meant``. Most were put together of terms and frames, all by hand.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from qa.answers.answering import Answerer
from qa.answers.retrieval import gather_evidence
from qa.datatypes import TermReport, TermState

FILE = Path(__file__).parent / "data" / "terms.jsonl"
QUESTIONS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def reports(real_answerer: Answerer) -> list[tuple[TermReport, ...]]:
    asked = [question["question"] for question in QUESTIONS]
    found = gather_evidence(asked, real_answerer.index, 1, with_parts=False)
    return [evidence.terms for evidence in found]


def missing(found: tuple[TermReport, ...]) -> set[str]:
    flagged = {TermState.UNKNOWN, TermState.UNESTABLISHED}
    return {report.term.spelt.lower() for report in found if report.state in flagged}


def is_right(question: dict[str, Any], found: tuple[TermReport, ...]) -> bool:
    meant = {report.suggestion for report in found if report.suggestion}
    if "meant" in question and meant != {question["meant"]}:
        return False
    return missing(found) == {term.lower() for term in question["missing"]}


def test_there_are_five_hundred() -> None:
    assert len({question["question"] for question in QUESTIONS}) >= 500


# What was found when they were first asked, less two or three questions.
FLOORS = {
    "known": 0.95, "unknown": 0.83, "unestablished": 0.9, "subject": 0.88, "misspelled": 0.97, "plain": 0.93,
    "typo": 0.93,
}  # fmt: skip


@pytest.mark.parametrize("kind", FLOORS)
def test_states_of_a_kind(reports: list[tuple[TermReport, ...]], kind: str) -> None:
    own = [(q, found) for q, found in zip(QUESTIONS, reports, strict=True) if q["kind"] == kind]
    wrong = [(q["question"], sorted(missing(found))) for q, found in own if not is_right(q, found)]
    assert 1 - len(wrong) / len(own) >= FLOORS[kind], wrong


def test_terms_stand_where_they_say(reports: list[tuple[TermReport, ...]]) -> None:
    for question, found in zip(QUESTIONS, reports, strict=True):
        text = question["question"]
        assert all(text[report.term.start : report.term.end] == report.term.text for report in found)
        starts = [report.term.start for report in found]
        assert starts == sorted(starts)
