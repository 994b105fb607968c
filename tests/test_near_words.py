from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from qa.language.near_words import NearWords

WORDS = st.text("abcéß𝔄\u4e2dŁ", min_size=1, max_size=6)


def test_by_hand() -> None:
    words = NearWords(["grape", "gape", "grapes", "garpe", "grave", "great", "grape fruit"])
    assert words.find("grape", 1) == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert words.find("grap", 2) == [(0, 1), (1, 2), (2, 2), (3, 2), (4, 2), (5, 2)]
    assert words.find("xylophone", 2) == []


def test_nothing_is_near_in_an_empty_list() -> None:
    assert NearWords([]).find("word", 2) == []


@given(st.lists(WORDS, max_size=30), WORDS, st.integers(0, 3))
def test_it_finds_what_comparing_with_each_word_finds(words: list[str], word: str, edits: int) -> None:
    distances = [OSA.distance(word, other) for other in words]
    assert NearWords(words).find(word, edits) == [
        (place, distance) for place, distance in enumerate(distances) if 0 < distance <= edits
    ]
