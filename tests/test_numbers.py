"""Numbers that say which of several is meant: what is one, how else it is written, and that a wrong one is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qa.answers.answering import Answerer
from qa.datatypes import TermState
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.language.numbers import number_behind, other_ways
from qa.settings import BuildSettings
from tests.english import ENGLISH


def behind(text: str) -> list[tuple[str, str]]:
    """Return each word of a question that has such a number behind it, with that."""
    question = ENGLISH.question(text)
    words, found = question.words, []
    for place, word in enumerate(words):
        number = number_behind(question, place)
        if number:
            found.append((text[word.start : word.end], text[words[number.start].start : words[number.stop - 1].end]))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is Windows 11 there?", [("Windows", "11")]),
        ("python 3.12.1 or python 4", [("python", "3.12.1"), ("python", "4")]),
        ("Form 990-EZ and COVID-19", [("Form", "990"), ("COVID", "19")]),
        ("Form 1023", [("Form", "1023")]),
        ("the 20 pounds", [("the", "20")]),  # whether the word says something is for others to see
        ("in June 8, the Act 1988", []),  # a day and a year
        ("rose by a share, 5, share 5%", []),
        ("Windows, 11 of them (Windows) 11", []),
        ("11 12 13", []),
        ("type ²²²² and type ٣", [("type", "²²²²"), ("type", "٣")]),  # digits, however they are written
        ("", []),
    ],
)
def test_number_behind(text: str, expected: list[tuple[str, str]]) -> None:
    assert behind(text) == expected


@given(some.text(alphabet="a ²٣19.-–%\u2011xIV", max_size=30))
def test_what_is_found_stands_right_behind_its_word(text: str) -> None:
    for word, number in behind(text):
        assert f"{word} {number}" in text.replace("-", " ").replace("\u2011", " ")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2", ("II", "two")),
        ("ii", ("2", "two")),
        ("twenty", ("20", "XX")),
        ("1", ("I", "one")),
        ("i", ()),  # is a word
        ("21", ()),
        ("", ()),
        ("²", ()),
    ],
)
def test_other_ways(written: str, expected: tuple[str, ...]) -> None:
    assert other_ways(written) == expected


# --- asked ---------------------------------------------------------------------------------------------------

TEXT = """# Installing

The program runs on Windows 10 and needs Python 3.11. To install it on Windows 10, download the installer and start it.

# Telephones

Staff get an iPhone 12, which is paid for by the office. World War II is told of in the hall.
"""


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    folder: Path = tmp_path_factory.mktemp("numbers")
    (folder / "manual.md").write_text(TEXT, encoding="utf-8")
    build_index([folder / "manual.md"], folder / "index", BuildSettings(reader="extractive"))
    return Answerer(open_index(folder / "index"))


@pytest.mark.parametrize(
    ("question", "term", "part"),
    [
        ("How do I install it on Windows 11?", "Windows 11", "windows"),
        ("how do i install it on windows 11?", "windows 11", "windows"),
        ("Does it need Python 3.12?", "Python 3.12", "python"),
        ("Who pays for an iPhone 14?", "iPhone 14", "iphone"),
    ],
)
def test_another_number_is_told(answerer: Answerer, question: str, term: str, part: str) -> None:
    answer = answerer.answer(question)
    (found,) = [one for one in answer.terms if one.state is not TermState.KNOWN]
    assert (found.term.text, found.state) == (term, TermState.UNESTABLISHED)
    assert [phrase.text for phrase in found.parts] == [part]
    assert answer.note is not None
    assert term in answer.note


@pytest.mark.parametrize(
    "question",
    [
        "How do I install it on Windows 10?",
        "how do i install it on windows 10?",
        "Does it need Python 3.11?",
        "Who pays for an iPhone 12?",
        "What tells of World War 2?",
    ],
)
def test_the_texts_number_is_known(answerer: Answerer, question: str) -> None:
    assert all(one.state is TermState.KNOWN for one in answerer.answer(question).terms)
