"""Readings -> the answer: exact to the character, in every passage that says it."""

from hypothesis import given
from hypothesis import strategies as st

from qa.answers.spans import find_answer, sentence_around
from qa.datatypes import Passage, Place, QuotedPassage, Reading

TEXT = "It opened in 1911. The clock is of brass. It strikes at noon."
PASSAGE = Passage("p", "d", "Museum", "", "d.txt", TEXT, 0, len(TEXT), sentences=((0, 19), (19, 42), (42, 61)))


def read(log_odds: float, start: int, end: int, certainty: float = 0.9) -> Reading:
    return Reading(log_odds, start, end, certainty, ())


def test_the_surest_passage_gives_the_words() -> None:
    other = Passage("q", "e", "Clock", "", "e.txt", "THE CLOCK is of BRASS.", 0, 22)
    quoted = [QuotedPassage(1, PASSAGE, 0.5), QuotedPassage(2, other, 0.4)]
    found = find_answer(quoted, [read(2.0, 35, 40), read(1.0, 0, 9)])
    assert found is not None
    assert found.text == "brass"
    assert found.probability == 0.5859  # the logistic function of .556 * 2 - .765 = .347
    assert found.places == (Place(1, 35, 40), Place(2, 16, 21))


def test_none_where_no_passage_answers_or_its_words_are_unsure() -> None:
    quoted = [QuotedPassage(1, PASSAGE, 0.5)]
    assert find_answer(quoted, [read(-0.1, 35, 40)]) is None
    assert find_answer(quoted, [read(2.0, 35, 40, 0.39)]) is None
    assert find_answer(quoted, [read(2.0, 0, 0)]) is None
    assert find_answer(quoted, []) is None


def test_none_where_its_words_are_more_likely_wrong() -> None:
    """.556 * log odds - .765 is 0 at 1.3759."""
    quoted = [QuotedPassage(1, PASSAGE, 0.5)]
    assert find_answer(quoted, [read(1.37, 35, 40)]) is None
    found = find_answer(quoted, [read(1.38, 35, 40)])
    assert found is not None
    assert 0.5 < found.probability < 0.502


def test_a_passage_that_answers_less_surely_still_has_the_words() -> None:
    quoted = [QuotedPassage(1, PASSAGE, 0.5), QuotedPassage(2, PASSAGE, 0.4)]
    found = find_answer(quoted, [read(0.2, 0, 9), read(3.0, 35, 40)])
    assert found is not None
    assert found.places == (Place(2, 35, 40), Place(1, 35, 40))


def test_the_sentence_of_the_answer() -> None:
    assert sentence_around(PASSAGE, read(2.0, 35, 40)) == (19, 42)
    assert sentence_around(PASSAGE, read(-2.0, 35, 40)) is None


@given(st.text(min_size=1, max_size=60), st.data())
def test_every_place_has_the_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    passages = [
        QuotedPassage(rank, Passage("p", "d", "", "", "d", own, 0, len(own)), 0.5)
        for rank, own in enumerate((text, text.upper(), "x" + text), start=1)
    ]
    found = find_answer(passages, [read(2.0, start, end)] + [read(1.0, 0, 1)] * 2)
    assert found is not None
    for place in found.places:
        own = passages[place.rank - 1].passage.text
        assert own[place.start : place.end].lower() == found.text.lower()
