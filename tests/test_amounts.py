"""Amounts that a text writes otherwise than the question."""

from pathlib import Path

import pytest

from qa.answers.amounts import amounts_in, find_amounts
from qa.answers.answering import Answerer, find_highlights
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.settings import BuildSettings
from tests.conftest import WordLengthEmbedder
from tests.english import ENGLISH


def marked(text: str, question: str) -> list[str]:
    return [text[a:b] for a, b in find_amounts(text, list(amounts_in(question, ENGLISH)), ENGLISH)]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("A permit costs £3,700.", "What costs £3700?", ["£3,700"]),
        ("A permit costs £3700.", "What costs £3,700.00?", ["£3700"]),
        ("The fee is 1.250,00 € or less.", "What is the fee of €1250?", ["1.250,00 €"]),
        ("It is 4 600 dollars.", "What is $4600?", ["4 600 dollars"]),
        ("Members pay $25 a day.", "Who pays 25 dollars?", ["$25"]),
        ("Visitors pay 60 pounds.", "Who pays £60?", ["60 pounds"]),
        ("Each gets 2.5 kg.", "Who gets 2.5kg?", ["2.5 kg"]),
        ("Each gets 2.5kg.", "Who gets 2.50 kg?", ["2.5kg"]),
        ("The jug holds 750 mL.", "What holds 750ml?", ["750 mL"]),
        ("The lift takes 1,600 kg.", "What takes 1600kg?", ["1,600 kg"]),
        ("It takes 12 000 steps.", "What takes 12,000 steps?", ["12 000"]),
        ("It takes 12 000 steps.", "What takes 12,000?", ["12 000"]),
    ],
)
def test_an_amount_is_found_however_it_is_written(text: str, question: str, expected: list[str]) -> None:
    assert marked(text, question) == expected


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Members pay £25.", "Who pays $25?"),
        ("The jug holds 750 g.", "What holds 750ml?"),
        ("It has 750kg.", "Does it have 750.5 kg?"),
        ("We met on 25/12/2025 at 10:15.", "Who pays $25?"),
        ("From 10-25 of them.", "Who pays $25?"),
        ("Version 3.7.25 is old.", "Is it 3.7kg?"),
        ("There are 25 rooms.", "Are there 25 rooms?"),  # the digits are words already
        ("", "What is £5?"),
    ],
)
def test_what_is_another_amount_is_not(text: str, question: str) -> None:
    assert marked(text, question) == []


def test_amounts_and_words_side_by_side_are_one_mark() -> None:
    text = "A permit costs £3,700 a year."
    spans = find_highlights(text, frozenset(ENGLISH.stems("costs 700")), ENGLISH, list(amounts_in("£3700", ENGLISH)))
    assert [text[start:end] for start, end in spans] == ["costs £3,700"]


def test_an_answer_marks_the_amounts_of_its_question(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    (tmp_path / "permits.md").write_text("# Permits\n\nA fishing permit costs £3,700.\n", encoding="utf-8")
    build_index([tmp_path], tmp_path / "index", BuildSettings(passage_tokens=32), embedder)
    with open_index(tmp_path / "index", embedder) as index:
        (quoted,) = Answerer(index).answer("What does £3700 pay for?").passages
    assert [quoted.passage.text[start:end] for start, end in quoted.highlights] == ["£3,700"]
