"""What the dearest question costs: counted in calls and in memory, which every machine has alike."""

import sys
import tracemalloc
import unicodedata
from types import FrameType
from typing import Any

import pytest

from qa.answers.answering import Answerer
from qa.answers.spelling import MOST_SPELLED
from qa.errors import BadQuestion
from qa.indexing.index import Index
from qa.language.near_words import NearWords
from qa.limits import MAX_QUESTION_CHARACTERS
from tests.conftest import ROOT
from tests.english import fold, stems

MOST_CALLS = 120_000  # of Python functions: what a question of 1,000 short words takes, and half as many again
MOST_KEPT = 500_000  # bytes after twenty questions beyond those before; a table of words that doubles takes 295,000


def kinds_of_letters() -> dict[tuple[int, int, str, bool], str]:
    """Return a letter for each way in which Unicode's letters differ for a normaliser: category, what it folds to."""
    found: dict[tuple[int, int, str, bool], str] = {}
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        category = unicodedata.category(letter)
        if category not in {"Cn", "Cs", "Co"}:
            compatible = len(unicodedata.normalize("NFKD", letter))
            folded = len(letter.casefold())
            found.setdefault((compatible, folded, category, unicodedata.combining(letter) > 0), letter)
    return found


KINDS = kinds_of_letters()


@pytest.fixture
def answerer(tiny_index: Index) -> Answerer:
    """Return an answerer that has loaded what its first questions load."""
    made = Answerer(tiny_index)
    for question in ("What is an aple and quorvexian?", "ªªªª x", "½ wellbeing"):
        made.answer(question)
    return made


def calls_of(answerer: Answerer, question: str) -> int:
    """Return how many Python functions an answer calls; 0 where the question is refused."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        answerer.answer(question)
    except BadQuestion:
        return 0
    finally:
        sys.setprofile(None)
    return calls


def test_one_letter_can_be_eighteen() -> None:
    assert max(compatible for compatible, *_ in KINDS) == 18
    assert fold("\ufdfa").count(" ") == 3  # four words in one letter
    assert len(fold("\ufdfa" * 1000)) == 18_000


@pytest.mark.parametrize("letter", KINDS.values(), ids=lambda letter: f"U+{ord(letter):04X}")
def test_no_letter_of_unicode_makes_a_question_dear(answerer: Answerer, letter: str) -> None:
    whole = letter * (MAX_QUESTION_CHARACTERS - 3) + " ab"
    parted = (letter * 4 + "x ") * (MAX_QUESTION_CHARACTERS // 6)
    assert calls_of(answerer, whole) < MOST_CALLS
    assert calls_of(answerer, parted) < MOST_CALLS


def test_no_length_of_words_makes_a_question_dear(answerer: Answerer) -> None:
    for length in (1, 2, 3, 4, 5, 7, 10, 20, 44, 45, 46, 100, 999):
        for letters in ("abcdefghij", "aeo", "e", "ABCD", "x'", "a-"):
            word = (letters * length)[:length]
            question = "".join(f"{word}{number % 10} " for number in range(1000))[:1000]
            assert calls_of(answerer, question) < MOST_CALLS


@pytest.mark.parametrize(
    "question",
    [
        "What is " + "apple " * 160 + "model?",
        "social action " * 70,
        "“apple” " * 120,
        "What is " + " and ".join(["apple"] * 98) + "?",
        "Apple " * 160,
        "a" + "\u0301" * 998 + "b",
        "apple\n" * 160,
    ],
    ids=lambda question: question[:12],
)
def test_no_repetition_makes_a_question_dear(answerer: Answerer, question: str) -> None:
    assert 0 < calls_of(answerer, question) < MOST_CALLS


def test_only_so_many_words_are_looked_up(answerer: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    find = NearWords.find

    def noted(self: NearWords, word: str, edits: int) -> list[tuple[int, int]]:
        looked_up.append(word)
        return find(self, word, edits)

    monkeypatch.setattr(NearWords, "find", noted)
    answerer.answer(" ".join(f"{a}{b}zqx" for a in "bcdfghjklm" for b in "npqrstvwxz"))
    assert len(set(looked_up)) == MOST_SPELLED


def test_long_words_are_not_kept() -> None:
    def dear(number: int) -> str:
        return "\ufdfa" * 900 + f" {number} " + "".join(f"\ufdfa\ufdfa\ufdfaz{number} " for _ in range(9))

    def kept() -> int:
        """Return the bytes that the package has made, and not what else runs beside the test."""
        traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, f"{ROOT}/qa/*")])
        return sum(trace.size for trace in traces.traces)

    tracemalloc.start()
    try:
        for number in range(1, 150):  # more than are remembered
            stems(dear(number))
        before = kept()
        for number in range(150, 170):
            stems(dear(number))
        assert kept() - before < MOST_KEPT
    finally:
        tracemalloc.stop()
