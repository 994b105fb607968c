import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.lexicons import Entry, Lexicon, Spelling, TantivyLexicon
from qa.lexicons.tantivy import CONTEXT_WEIGHT, PHRASE_WEIGHT, build_lexicon
from tests.english import ENGLISH, stems

ROWS = [
    Entry(0, 0, ("Family therapy",), "Family therapy treats families."),
    Entry(1, 1, ("Gardens",), "A garden of herbs."),
    Entry(2, 1, ("Action",), "Social action is joint; the social and political action too."),
]
LENGTHS = [len(stems(row.text)) + CONTEXT_WEIGHT * (len(stems(row.context[0])) + 1) for row in ROWS]


def bm25(row: int, frequency: int, passages: int) -> float:
    """A word that so many of the three passages have, so often in this one."""
    idf = math.log(1 + (3 - passages + 0.5) / (passages + 0.5))
    return idf * 2.2 * frequency / (frequency + 1.2 * (1 - 0.75 + 0.75 * LENGTHS[row] / (sum(LENGTHS) / 3)))


@pytest.fixture
def lexicon(tmp_path: Path) -> Lexicon:
    build_lexicon(tmp_path, ROWS, ENGLISH)
    return TantivyLexicon(tmp_path, ENGLISH)


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
    (hit,) = lexicon.rank(stems("herbs"), 10)
    assert (hit.row, hit.rank) == (1, 1)
    assert hit.score == pytest.approx(bm25(1, frequency=1, passages=1), rel=1e-3)


def test_a_title_counts_twice(lexicon: Lexicon) -> None:
    (hit,) = lexicon.rank(stems("garden"), 10)
    assert hit.score == pytest.approx(bm25(1, frequency=1 + 2, passages=1), rel=1e-3)


def test_a_phrase_counts_beside_its_words(lexicon: Lexicon) -> None:
    # "social" twice; "action" twice and in the title, which counts twice; "social action" once, of the weight of both.
    words, phrase = stems("social action"), tuple(stems("social action"))
    (alone,) = lexicon.rank(words, 10)
    (both,) = lexicon.rank(words, 10, [phrase])
    assert alone.score == pytest.approx(bm25(2, 2, 1) + bm25(2, 2 + 2, 1), rel=1e-3)
    assert both.score - alone.score == pytest.approx(PHRASE_WEIGHT * 2 * bm25(2, 1, 1), rel=1e-3)


def test_only_among_the_documents_given(lexicon: Lexicon) -> None:
    assert [hit.row for hit in lexicon.rank(stems("families action"), 10, among=[0])] == [0]
    assert [hit.row for hit in lexicon.rank(stems("families action"), 10, among=[1])] == [2]
    (alone,) = lexicon.rank(stems("action"), 10)
    assert lexicon.rank(stems("action"), 10, among=[1])[0].score == pytest.approx(alone.score)
    assert lexicon.rank_with_all([stems("social action")], 5, among=[0]) == ()


@pytest.mark.parametrize(
    ("word", "edits", "expected"),
    [
        ("famly", 1, [Spelling("family", 1, 1)]),
        ("actoin", 1, [Spelling("action", 1, 1)]),  # two neighbours swapped are one edit
        ("gardn", 2, [Spelling("garden", 1, 1), Spelling("gardens", 2, 1)]),
        ("family", 1, []),  # itself is no other spelling
        ("quorvex", 2, []),
    ],
)
def test_near_spellings(lexicon: Lexicon, word: str, edits: int, expected: list[Spelling]) -> None:
    assert lexicon.near_spellings(word, edits) == expected


def test_no_spelling_of_an_empty_lexicon(tmp_path: Path) -> None:
    build_lexicon(tmp_path, [Entry(0, 0, (), "!")], ENGLISH)
    assert TantivyLexicon(tmp_path, ENGLISH).near_spellings("word", 2) == []


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
    build_lexicon(folder, (Entry(row, row, (), " ".join(text)) for row, text in enumerate(texts)), ENGLISH)
    expected = sum(f" {' '.join(phrase)} " in f" {' '.join(text)} " for text in texts)
    assert TantivyLexicon(folder, ENGLISH).passage_count(stems(" ".join(phrase))) == expected
