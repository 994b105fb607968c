"""Numbers that say which of several is meant: what is one, how else it is written, and that a wrong one is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qa.answers.answering import Answerer
from qa.answers.missing import NUMBERED
from qa.answers.numbers import judge_numbers
from qa.answers.states import Suspect, count_terms
from qa.datatypes import Scores, Term, TermState
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
        ("in June 8, the Act 1988, Dec 25, Sunday 3", []),  # days and a year
        ("aged 12, at age 7, week 3, of years 4", []),
        ("costs 20€, growth 5 %, lost 2,500 and paid 3.50", [("paid", "3.50")]),
        ("open 24/7, ages 5-12, call 1-800, grades 5–7", []),
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
        ("5", ("five",)),  # "V" is more
        ("1", ()),  # "one" and "I" are
        ("one", ()),
        ("i", ()),
        ("21", ()),
        ("", ()),
        ("²", ()),
    ],
)
def test_other_ways(written: str, expected: tuple[str, ...]) -> None:
    assert other_ways(written) == expected


# --- asked ---------------------------------------------------------------------------------------------------

TEXT = """# Units

Units 1 to 5 are taught in spring, chapters 2, 3 and 7 in the fall. The session, 30 minutes long,
begins early, and Freud was of age.
The handbook 2023 has sections 3.1 to 3.5.

# Installing

The program runs on Windows 10 and needs Python 3.11. To install it on Windows 10, download the installer and start it.

It needs macOS 12 and 16 GB of memory. Open the program (10 MB) or the installer. 5 people help.

# Form 7

Who has left fills it in.

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
        "What tells of World War two?",
        "Is unit 3 taught?",
        "When is chapter 5 taught?",
        "What happens in session 1?",  # no session has a number
        "Was Freud at age 30 taught?",
    ],
)
def test_the_texts_number_is_known(answerer: Answerer, question: str) -> None:
    assert all(one.state is TermState.KNOWN for one in answerer.answer(question).terms)


@pytest.mark.parametrize(
    ("term", "numbered"),
    [
        ("Windows 11", 1.0),
        ("windows-11", 1.0),
        ("Python 3.12", 1.0),
        ("Python 5", 1.0),  # what stands behind the point is no number of its own
        ("unit 6", 1.0),
        ("unit 3", 0.0),  # lies between two
        ("chapter 5", 0.0),
        ("chapter 8", 1.0),
        ("section 3.2", 0.0),
        ("section 3.7", 1.0),
        ("section 4", 1.0),
        ("form 12", 1.0),  # a heading has another
        ("session 1", 0.0),
        ("session 40", 0.0),  # "30 minutes" stand behind a comma
        ("handbook 3", 0.0),  # which has a year
        ("program 14", 0.0),
        ("macOS 14", 1.0),  # "16 GB" is no other
        ("zither 1", 0.0),  # a word is missing
        ("installer 2", 0.0),
    ],
)
def test_what_the_texts_number(answerer: Answerer, term: str, numbered: float) -> None:
    text = f"Tell of the {term} here"
    question = ENGLISH.question(text)
    words = tuple(word for word in question.words if word.start >= len("Tell of the ") and word.folded != "here")
    suspect = Term(term, words[0].start, words[-1].end, words, scores=Scores(3.0, 2.0, 1.0))
    counted = count_terms([suspect], question, answerer.index.lexicon)
    found = [one for one in judge_numbers(counted, question, answerer.index) if isinstance(one, Suspect)]
    assert [one.facts[NUMBERED] for one in found if one.facts] == [numbered]
