"""What the readers learn from is labelled as a person would label it."""

import random

import pytest
from rapidfuzz.distance import OSA

from training.questions import BEGINS, GOES_ON, OUTSIDE, UNKNOWN, Inventor, exchanged, label

CONTEXT = (
    "The clothing allowance is paid once a year. Veterans whose prosthetic devices damage clothing can claim. "
    "The Board of Appeals decides within ninety days."
)


def labels(question: str) -> dict[str, tuple[int, int, int]]:
    """Return the labels of each word of a question that the context answers."""
    found = label(question, CONTEXT)
    assert found is not None
    by = found.labelled
    words = (by.text[start:end] for start, end in by.words)
    return dict(zip(words, zip(by.border, by.unit, by.need, strict=True), strict=True))


def test_a_phrase_that_the_passage_uses_is_a_term_and_a_unit() -> None:
    found = labels("When is the clothing allowance paid?")
    assert found["clothing"] == (BEGINS, 1, 1)
    assert found["allowance"] == (GOES_ON, 1, 1)
    assert found["When"] == (OUTSIDE, UNKNOWN, UNKNOWN)


def test_a_phrase_that_it_answers_without_using_only_describes() -> None:
    found = labels("What is the appeal decision deadline?")
    assert [found[word][1] for word in ("appeal", "decision", "deadline")] == [0, 0, 0]
    assert [found[word][2] for word in ("appeal", "decision", "deadline")] == [1, 0, 0]


def test_a_word_that_the_answer_lacks_is_not_needed() -> None:
    found = labels("Do veterans apply for the allowance?")
    assert (found["veterans"][2], found["apply"][2], found["allowance"][2]) == (1, 0, 1)


def test_what_is_exchanged_keeps_the_labels_of_what_it_replaces() -> None:
    found = label("When is the clothing allowance paid to veterans?", CONTEXT)
    assert found is not None
    slot = next(slot for slot in found.slots if slot.end - slot.first == 2)
    made = exchanged(found, slot, "quorvex and zibble plan")
    assert made.text == "When is the quorvex and zibble plan paid to veterans?"
    words = [made.text[start:end] for start, end in made.words]
    assert words == ["When", "is", "the", "quorvex", "and", "zibble", "plan", "paid", "to", "veterans"]
    assert made.border[3:7] == (BEGINS, GOES_ON, GOES_ON, GOES_ON)
    assert (made.unit[3:7], made.need[3:7]) == ((1, 1, 1, 1), (1, 1, 1, 1))
    assert made.border[-1] == BEGINS


@pytest.mark.parametrize("seed", range(20))
def test_a_typing_error_changes_one_letter(seed: int) -> None:
    found = label("When is the clothing allowance paid to veterans?", CONTEXT)
    assert found is not None
    inventor = Inventor([found], ["rare"], random.Random(seed))
    mistyped = inventor.mistyped("allowance")
    assert OSA.distance(mistyped, "allowance") <= 1
    assert mistyped[0] == "a"
    assert inventor.pseudo().isalpha()
