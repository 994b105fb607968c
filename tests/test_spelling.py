from collections.abc import Sequence
from pathlib import Path

import pytest

from qa.answers.spelling import (
    LEFT_OUT,
    SAME_START,
    SECOND_EDIT,
    SWAPPED,
    candidates,
    correct,
    corrected,
    joined,
    likelihood,
    other_spelling,
    suggest,
)
from qa.lexicons import Entry, Lexicon, TantivyLexicon
from qa.lexicons.tantivy import build_lexicon
from tests.english import ENGLISH, words

TEXTS = [
    "Psychosis and mutual aid.",
    "Mutual aid helps.",
    "A microtubule is a polymer.",
    "Airway and away. Microtubule. Freud.",
    "Counseling for behavior and leukemia, to organize well-being. Martin Freud.",
]


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return lexicon_of(TEXTS, tmp_path_factory.mktemp("spelling"))


def lexicon_of(texts: Sequence[str], folder: Path) -> Lexicon:
    build_lexicon(folder, (Entry(row, row, (), text) for row, text in enumerate(texts)), ENGLISH)
    return TantivyLexicon(folder, ENGLISH)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("mutaul", "mutual"),  # swapped
        ("muttual", "mutual"),  # doubled
        ("mtual", "mutual"),  # left out
        ("mutuap", "mutual"),  # another letter
        ("microtublue", "microtubule"),  # two edits, known from the texts alone
        ("boyfriiend", "boyfriend"),  # of plain English
        ("Goverment", "government"),
        ("mutual", None),  # no error
        ("molting", None),  # English, if rare
        ("andrzej", None),  # a name
        ("plusonic", None),  # two edits from "platonic", which the texts do not have
        ("quorvex", None),  # nothing is near
        ("teh", None),  # too short to tell
        ("x9y", None),
        ("", None),
        ("психотерапия", None),
        ("a" * 900, None),
    ],
)
def test_suggest(lexicon: Lexicon, word: str, meant: str | None) -> None:
    assert suggest(word, lexicon) == meant


def test_likelihood_by_hand() -> None:
    assert likelihood("arway", "airway", 1, 4.0) == pytest.approx(4.0 + SAME_START + LEFT_OUT)
    assert likelihood("arway", "away", 1, 5.0) == pytest.approx(5.0 + SAME_START)
    assert likelihood("form", "from", 1, 6.0) == pytest.approx(6.0 + SAME_START + SWAPPED)
    assert likelihood("xorm", "warm", 2, 5.0) == pytest.approx(5.0 + SECOND_EDIT)


def test_candidates_have_their_frequency(lexicon: Lexicon) -> None:
    # "microtubule" is in two of five passages of about a hundred words: 2e9 / 500 is 6.6 powers of ten.
    word, edits, frequency = candidates("microtubul", lexicon)[0]
    assert (word, edits) == ("microtubule", 1)
    assert frequency == pytest.approx(6.602, abs=0.001)


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        ("counselling", ["counseling"]),
        ("behaviours", ["behaviors"]),
        ("leukaemia", ["leukemia"]),
        ("organise", ["organize"]),
        ("wellbeing", ["well", "being"]),
        ("familly", []),
        ("quorvex", []),
        ("", []),
    ],
)
def test_other_spelling(lexicon: Lexicon, word: str, spelt: list[str]) -> None:
    found = [other.folded for given in words(word) for other in other_spelling(given, lexicon)]
    assert found == spelt


DESK = [
    "Staff log in with a card. Members sign up. Guests check in. Co-workers print. The isle is land of ours. "
    "T-shirts need a mend.",
    *["Their land lies fallow, as land is wont to."] * 11,
    "Send errors by email, or see the website.",
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return lexicon_of(DESK, tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        ("login", ["log", "in"]),
        ("signup", ["sign", "up"]),
        ("checkin", ["check", "in"]),
        ("coworkers", ["co", "workers"]),
        ("\u037a\u037ax", []),  # which folds to letters with a space before each: a half of it has no word
        ("tshirts", ["t", "shirts"]),
        ("tprint", []),  # nowhere side by side
        ("amend", []),  # "a mend": a letter that is a word
        ("island", []),  # one passage of twelve with "land" has "is" before it
    ],
)
def test_a_half_of_one_or_two_letters_is_one_where_the_other_often_stands_beside_it(
    desk: Lexicon, word: str, spelt: list[str]
) -> None:
    assert [other.folded for given in words(word) for other in other_spelling(given, desk)] == spelt


@pytest.mark.parametrize(
    ("pair", "whole"),
    [
        *(("web site", "website"), ("e-mail", "email"), ("log in", None), ("their land", None), ("quor vex", None)),
        *(("web & site", None), ("web, site", None), ("a ours", None)),
    ],
)
def test_two_words_are_one_where_the_texts_have_that_and_lack_one_of_them(
    desk: Lexicon, pair: str, whole: str | None
) -> None:
    left, *_, right = words(pair)
    found = joined(left, right, desk)
    assert (found and found.folded) == whole
    assert found is None or (found.start, found.end) == (0, len(pair))


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Frued", "freud"), ("Goverment", None), ("Frrued", None), ("Barth", None), ("Xreud", None)],
)
def test_a_name_is_read_only_as_one_of_the_texts(lexicon: Lexicon, word: str, meant: str | None) -> None:
    assert suggest(word, lexicon, name=True) == meant


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("What is mutaul aid?", "What is mutual aid?"),
        ("mutaul aid and psychoosis", "mutual aid and psychosis"),
        ("Is MUTAUL aid good?", "Is MUTAUL aid good?"),  # capitals are a name's
        ("IS MUTAUL AID GOOD?", "IS mutual AID GOOD?"),  # unless all is in capitals
        ("What did Frued say?", "What did freud say?"),
        ("What is wellbeing?", "What is wellbeing?"),  # the texts have it, with a hyphen
        ("What is quorvex?", "What is quorvex?"),
        ("They're ill, and wasn't he?", "They're ill, and wasn't he?"),
        ("What's psychoosis?", "What's psychosis?"),
        ("", ""),
    ],
)
def test_correct(lexicon: Lexicon, question: str, read: str) -> None:
    asked = ENGLISH.question(question)
    assert corrected(asked, correct(asked, lexicon)) == read


def test_corrections_say_which_word_was_read_as_which(lexicon: Lexicon) -> None:
    question = ENGLISH.question("Does mutaul aid help mutaul friends?")
    found = correct(question, lexicon)
    assert [(one.word.start, one.word.end, one.meant) for one in found] == [(5, 11, "mutual"), (21, 27, "mutual")]


def test_a_word_that_lacks_a_letter_is_not_read_as_two_of_which_one_only_joins(tmp_path: Path) -> None:
    lexicon = lexicon_of(
        ["Social action is what groups do.", "Action follows.", "They act on what they know."], tmp_path
    )
    asked = ENGLISH.question("What is social acton?")
    assert corrected(asked, correct(asked, lexicon)) == "What is social action?"
