"""What is read of a passage: by hand, and properties over random texts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa.answers.windows import WINDOW, find_window
from qa.datatypes import Passage
from tests.english import ENGLISH


def passage_of(text: str, *sentences: tuple[int, int]) -> Passage:
    return Passage("p", "d", "", "", "d.txt", text, 0, len(text), sentences=sentences)


def test_a_short_passage_is_read_whole() -> None:
    assert find_window(passage_of("Bees dance."), {"bee": 1.0}, ENGLISH) == (0, 11)


def test_the_sentences_with_most_of_the_question_are_read() -> None:
    filler, answer = "Nothing of it here at all. " * 20, "Bees dance to show where flowers are. "
    text = filler + answer + filler
    start, end = find_window(
        passage_of(text, *sentence_ranges(text)), {"bee": 2.0, "flower": 1.5, "noth": 0.1}, ENGLISH
    )
    assert answer.strip() in text[start:end]
    assert end - start <= WINDOW


def sentence_ranges(text: str) -> list[tuple[int, int]]:
    ends = [at + 2 for at in range(len(text)) if text[at : at + 2] == ". "]
    return list(zip([0, *ends], ends, strict=False))


def test_a_word_counts_once_however_often_it_comes() -> None:
    text = "bee " * 90 + "flower bee " * 90
    start, end = find_window(passage_of(text), {"bee": 1.0, "flower": 1.0}, ENGLISH)
    assert "flower" in text[start:end]


@given(st.text("ab .\n", max_size=2000), st.lists(st.integers(0, 2000), max_size=6))
def test_it_is_a_stretch_of_the_passage(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    start, end = find_window(passage_of(text, *pairwise(places)), {"a": 1.0}, ENGLISH)
    assert 0 <= start <= end <= len(text)
    assert end - start <= WINDOW
    assert end > start or not text
