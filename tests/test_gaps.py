from typing import Any

from qa.evaluation.gaps import find_gaps
from tests.english import ENGLISH


def answer(question: str, *terms: tuple[str, str]) -> dict[str, Any]:
    return {"question": question, "terms": [{"text": t, "state": s, "known_parts": ["p"]} for t, s in terms]}


def test_gaps_are_counted_by_question_whatever_the_inflection() -> None:
    answers = [
        answer("1?", ("Quorvex therapy", "unknown"), ("fine", "known")),
        answer("2?", ("quorvex therapies", "unknown"), ("quorvex therapy", "unknown")),
        answer("3?", ("zibble", "unestablished")),
        answer("4?", ("QUORVEX-therapy", "unknown")),
        answer("5?", ("quorvex therapy", "unknown"), ("teh", "misspelled")),
    ]
    first, second = find_gaps(answers, ENGLISH)
    assert (first.term, first.questions, first.examples, first.known_parts) == (
        "Quorvex therapy", 4, ("1?", "2?", "4?"), ("p",),
    )  # fmt: skip
    assert (second.term, second.state, second.questions) == ("zibble", "unestablished", 1)


def test_no_gaps() -> None:
    assert find_gaps([answer("1?", ("fine", "known"))], ENGLISH) == []
