"""What the texts have another word for: synonyms of the owner's, and acronyms."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answers.answering import Answerer
from qa.answers.equivalents import find_equivalents, initialled
from qa.datatypes import Answer, Ground, TermReport, TermState
from qa.errors import BadSettings
from qa.indexing.building import build_index
from qa.indexing.corpora import find_corpora
from qa.indexing.index import open_index
from qa.settings import BuildSettings
from tests.english import ENGLISH

TEXT = """# Seeing a doctor

Your general practitioner can refer you to art classes or gardening groups. Employees get twenty days of paid time off.

# Phones

The mobile phone plan is paid by the office, and so is a handset. The office also lends a laptop.

# Staff

Information technology mends what is broken. It is open all day.
"""
SETTINGS = """
synonyms = [
    ["vacation", "holidays", "paid time off"],
    ["cell phone", "mobile phone", "handset"],
    ["IT", "information technology"],
]
synonyms_file = "more.txt"
"""


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    folder: Path = tmp_path_factory.mktemp("equivalents")
    texts = folder / "texts"
    texts.mkdir()
    (texts / "desk.md").write_text(TEXT, encoding="utf-8")
    (texts / "corpus.toml").write_text(SETTINGS, encoding="utf-8")
    (texts / "more.txt").write_text("# ours\nlaptop, notebook computer # portable\n\n", encoding="utf-8")
    build_index([texts], folder / "index", BuildSettings())
    return Answerer(open_index(folder / "index"))


def report(answer: Answer, text: str) -> TermReport:
    (found,) = [one for one in answer.terms if one.term.text == text]
    return found


@pytest.mark.parametrize(
    ("question", "written", "meant"),
    [
        ("How many days of vacation do employees get?", "vacation", "paid time off"),
        ("who has holidays", "holidays", "paid time off"),
        ("Who pays for my cell phone?", "cell phone", "mobile phone"),
        ("Who lends a notebook computer?", "notebook computer", "laptop"),
        ("What can a GP offer, like gardening?", "GP", "general practitioner"),
    ],
)
def test_a_term_that_the_texts_have_another_word_for_is_known(
    answerer: Answerer, question: str, written: str, meant: str
) -> None:
    answer = answerer.answer(question)
    found = report(answer, written)
    assert question[found.term.start : found.term.end] == written
    assert (found.state, found.passage_count) == (TermState.KNOWN, 1)
    assert found.reason is not None
    assert (found.reason.ground, found.reason.words) == (Ground.SYNONYM, meant)
    assert all(one.state is TermState.KNOWN for one in answer.terms)
    assert written not in (answer.note or "")


def test_what_the_texts_have_in_both_ways_is_sought_in_both(answerer: Answerer) -> None:
    found = find_equivalents(ENGLISH.question("Who pays for a handset?"), answerer.index)
    assert found.readings == ()
    assert set(found.also) == {"mobil", "phone"}


@pytest.mark.parametrize(
    ("question", "reads"),
    [
        ("Who asks IT for help?", ["information technology"]),
        ("Does it mend this?", []),  # no acronym, and a word of its own
        ("What does the ZQX do?", []),  # of which nothing has the initials
        ("WHAT CAN A GP DO?", []),  # where all are capitals none shows an acronym
        ("Who lends a zeppelin?", []),
    ],
)
def test_nothing_else_is_read_as_another_word(answerer: Answerer, question: str, reads: list[str]) -> None:
    readings, also = find_equivalents(ENGLISH.question(question), answerer.index)
    assert [one.meant for one in readings] in ([], reads)
    assert set(also) <= {stem for text in reads for stem in ENGLISH.stems(text)}


def test_a_file_of_synonyms_is_no_text(answerer: Answerer) -> None:
    assert [document.source for document in answerer.index.generation.documents()] == ["texts/desk.md"]
    assert ("laptop", "notebook computer") in answerer.index.manifest.synonyms


@pytest.mark.parametrize(
    ("acronym", "text", "runs"),
    [
        ("GP", "Ask your general practitioner. Good people", ["general practitioner", "good people"]),
        ("MOU", "a memorandum of understanding", ["memorandum of understanding"]),
        ("DA", "the department of agriculture", ["department of agriculture"]),
        ("GP", "general. Practice", []),
        ("GP", "general care practice", []),
        ("GP", "", []),
    ],
)
def test_initials(acronym: str, text: str, runs: list[str]) -> None:
    assert list(initialled(acronym, text, ENGLISH)) == runs


@given(st.text(alphabet="abc of.\n", max_size=60), st.text(alphabet="ABCO", min_size=2, max_size=4))
def test_runs_begin_with_the_initials(text: str, acronym: str) -> None:
    for run in initialled(acronym, text, ENGLISH):
        initials = [word[0] for word in run.split()]
        assert initials[0] == acronym[0].lower()
        assert set(acronym.lower()) <= set(initials)


@pytest.mark.parametrize(
    "written",
    [
        'synonyms = "GP"',
        'synonyms = [["GP"]]',
        'synonyms = [["GP", ""]]',
        'synonyms_file = "none.txt"',
        'synonyms_file = "one.txt"',
        'synonyms_file = "latin.txt"',
    ],
)
def test_synonyms_that_cannot_be_used(tmp_path: Path, written: str) -> None:
    (tmp_path / "corpus.toml").write_text(written, encoding="utf-8")
    (tmp_path / "a.md").write_text("A text.", encoding="utf-8")
    (tmp_path / "one.txt").write_text("GP, general practitioner\nalone\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("café, coffee".encode("latin-1"))
    with pytest.raises(BadSettings, match=r"synonyms|one\.txt, line 2|not UTF-8"):
        find_corpora([tmp_path])
