"""Names that a single text uses: known, but thinly, so that their parts are shown beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.answers.answering import Answerer
from qa.answers.parts import parts_of
from qa.answers.payload import answer_payload
from qa.answers.thin import with_thin
from qa.answers.verdicts import WantedPromise
from qa.datatypes import Reading, TermReport, TermState, Verdict
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.settings import BuildSettings
from tests.conftest import WordLengthEmbedder

NAMED = "What is the Lantern Kite Method?"

UNSURE = WantedPromise(risk=0.01)
"""By which nothing is called answered, and so what is thin is said."""


def texts(others: int) -> dict[str, str]:
    """One text on a name, one on each of its parts, and more on other things."""
    named = {
        "name.txt": "The method\n\nThe lantern kite method was taught by one school.\n",
        "lantern.txt": "Lantern\n\nA lantern gives light.\n",
        "kite.txt": "Kite\n\nA kite flies in the wind.\n",
    }
    return named | {f"other{number}.txt": f"Other {number}\n\nSomething else entirely.\n" for number in range(others)}


def built(folder: Path, files: dict[str, str], embedder: WordLengthEmbedder) -> Index:
    (folder / "texts").mkdir()
    for name, text in files.items():
        (folder / "texts" / name).write_text(text, encoding="utf-8")
    build_index([folder / "texts"], folder / "index", BuildSettings(passage_tokens=32), embedder)
    return open_index(folder / "index", embedder)


@pytest.fixture
def index(tmp_path: Path, embedder: WordLengthEmbedder) -> Iterator[Index]:
    opened = built(tmp_path, texts(10), embedder)
    yield opened
    opened.close()


def term_of(answerer: Answerer, question: str = NAMED) -> TermReport:
    return next(report for report in answerer.answer(question).terms if "antern" in report.term.text)


def test_a_name_of_a_single_text_is_thin(index: Index) -> None:
    answerer = Answerer(index, UNSURE)
    answer = answerer.answer(NAMED)
    report = term_of(answerer)
    assert report.state is TermState.KNOWN
    assert [part.text for part in report.thin] == ["lantern", "kite"]
    assert answer.verdict is not Verdict.ANSWERED
    assert "Only one of these texts uses “Lantern Kite Method”." in (answer.note or "")
    assert [part.terms for part in answer.parts] == [("lantern",), ("kite",), ("lantern", "kite")]
    (told,) = [term for term in answer_payload(answer)["terms"] if term["text"] == report.term.text]
    assert told["thin"] is True


def test_a_name_of_two_texts_is_not(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    files = texts(10) | {"again.txt": "Again\n\nThe lantern kite method came back.\n"}
    with Answerer(built(tmp_path, files, embedder)) as answerer:
        assert term_of(answerer).thin == ()


def test_nor_one_whose_parts_nobody_else_uses(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    files = {name: text for name, text in texts(12).items() if name not in {"lantern.txt", "kite.txt"}}
    with Answerer(built(tmp_path, files, embedder)) as answerer:
        assert term_of(answerer).thin == ()


def test_nor_one_of_a_small_corpus(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    with Answerer(built(tmp_path, texts(2), embedder)) as answerer:
        assert term_of(answerer).thin == ()


def test_nor_one_of_a_question_that_is_answered(index: Index) -> None:
    answerer = Answerer(index, WantedPromise(risk=0.4))
    assert answerer.answer(NAMED).verdict is Verdict.ANSWERED
    assert term_of(answerer).thin == ()


def test_nor_one_that_a_passage_answers(index: Index) -> None:
    report = term_of(Answerer(index, UNSURE))
    reading = Reading(log_odds=1.0, start=0, end=1, certainty=0.9, lacks=())
    (found,) = with_thin([report_without(report)], [reading], index)
    assert found.thin == ()
    (again,) = with_thin([report_without(report)], [], index)
    assert again.thin == report.thin
    assert parts_of([found]) == []


def report_without(report: TermReport) -> TermReport:
    from dataclasses import replace

    return replace(report, thin=())


def test_a_thin_name_may_be_asked_for_by_its_synonym(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    settings = 'synonyms = [["LKM", "lantern kite method"]]\n'
    index = built(tmp_path, texts(10) | {"corpus.toml": settings}, embedder)
    answer = Answerer(index, UNSURE).answer("What is the LKM?")
    (report,) = [one for one in answer.terms if one.term.text == "LKM"]
    assert report.state is TermState.KNOWN
    assert [part.text for part in report.thin] == ["lantern", "kite"]
