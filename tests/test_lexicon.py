import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.lexicon import Lexicon, build_lexicon
from qa.terms import stems

ROWS = [
    (0, "Family therapy", "Family therapy treats families."),
    (1, "Gardens", "A garden of herbs."),
    (2, "Action", "Social action is joint; the social and political action too."),
]


@pytest.fixture
def lexicon(tmp_path: Path) -> Lexicon:
    build_lexicon(tmp_path, ROWS)
    return Lexicon(tmp_path)


@pytest.mark.parametrize(
    ("phrase", "slop", "count"),
    [
        ("family", 0, 1),
        ("therapies", 0, 1),
        ("garden", 0, 1),  # title and text of one passage are one passage
        ("social action", 0, 1),
        ("Social-Action", 0, 1),
        ("action social", 0, 0),
        ("family families", 0, 0),
        ("therapy family", 0, 0),  # not from the end of a title into a text
        ("social political", 0, 0),
        ("social political", 1, 1),
        ("unheard", 0, 0),
        ("", 0, 0),
    ],
)
def test_passage_count(lexicon: Lexicon, phrase: str, slop: int, count: int) -> None:
    assert lexicon.passage_count(stems(phrase), slop) == count


def test_length(lexicon: Lexicon) -> None:
    assert len(lexicon) == 3


def test_bm25_by_hand(lexicon: Lexicon) -> None:
    # One passage of three has "herb", once, in 6 tokens (title, break and text) of 9 on average.
    (hit,) = lexicon.rank(stems("herbs"), 10)
    lengths = [len(stems(f"{context} {text}")) + 1 for _, context, text in ROWS]
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    frequency = 2.2 / (1 + 1.2 * (1 - 0.75 + 0.75 * lengths[1] / (sum(lengths) / 3)))
    assert (hit.row, hit.rank) == (1, 1)
    assert hit.score == pytest.approx(idf * frequency, rel=1e-3)


def test_rank_orders_and_cuts(lexicon: Lexicon) -> None:
    ranking = lexicon.rank(stems("families action"), 10)
    assert {hit.row for hit in ranking} == {0, 2}
    assert ranking[0].score >= ranking[1].score
    assert len(lexicon.rank(stems("families action"), 1)) == 1
    assert lexicon.rank([], 10) == ()


def test_rank_with_all(lexicon: Lexicon) -> None:
    assert [hit.row for hit in lexicon.rank_with_all([stems("social action"), stems("joint")], 5)] == [2]
    assert lexicon.rank_with_all([stems("social action"), stems("garden")], 5) == ()
    assert lexicon.rank_with_all([], 5) == ()


vocabulary = st.sampled_from(["ant", "bee", "cow", "dog"])


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.lists(vocabulary, min_size=1, max_size=6), min_size=1, max_size=8),
    phrase=st.lists(vocabulary, min_size=1, max_size=3),
)
def test_counts_equal_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], phrase: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("lexicon")
    build_lexicon(folder, ((row, "", " ".join(text)) for row, text in enumerate(texts)))
    expected = sum(f" {' '.join(phrase)} " in f" {' '.join(text)} " for text in texts)
    assert Lexicon(folder).passage_count(stems(" ".join(phrase))) == expected
