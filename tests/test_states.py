"""Each rule of states.py on the tiny corpus: apples, family therapy, social action, psychotherapy, gardens."""

from itertools import pairwise
from pathlib import Path

import pytest

from qa.answers.states import report_terms
from qa.datatypes import TermReport, TermState
from qa.indexing.index import Index
from qa.language.terms import find_terms
from qa.lexicons import Entry, Lexicon, TantivyLexicon
from qa.lexicons.tantivy import build_lexicon
from tests.conftest import TEXTS
from tests.english import ENGLISH

Row = tuple[str, str, int, tuple[str, ...]]


def reports_of(index: Index, question: str) -> tuple[TermReport, ...]:
    return report_terms(find_terms(question), index.lexicon)


def rows(index: Index, question: str) -> list[Row]:
    return [(r.term.text, str(r.state), r.passage_count, r.known_parts) for r in reports_of(index, question)]


def flagged(index: Index, question: str) -> list[tuple[str, str]]:
    found = [(r.term.text, str(r.state)) for r in reports_of(index, question)]
    return [pair for pair in found if pair[1] != "known"]


WHOLE = ("psychotherapy", "social action")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is psychotherapy?", [("psychotherapy", "known", 2, ("psychotherapy",))]),
        ("what is PSYCHOTHERAPY", [("PSYCHOTHERAPY", "known", 2, ("psychotherapy",))]),
        ("What are family therapies?", [("family therapies", "known", 1, ("family therapies",))]),
        ("What is family-therapy?", [("family-therapy", "known", 1, ("family-therapy",))]),
        ("What is a garden model?", [("garden model", "known", 1, ("garden model",))]),
        # Close together: "Psychotherapy can go along with social action."
        ("What is joint social action?", [("joint social action", "unestablished", 0, ("joint", "social action"))]),
        ("What is an apple fruit?", [("apple fruit", "known", 1, ("apple fruit",))]),
    ],
)
def test_the_whole_is_used(tiny_index: Index, question: str, expected: list[Row]) -> None:
    assert rows(tiny_index, question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is quorvex?", [("quorvex", "unknown", 0, ())]),
        ("Tell me about quorvex therapy", [("quorvex therapy", "unknown", 0, ("therapy",))]),
        ("Who developed Quorvex Family Therapy?", [("Quorvex Family Therapy", "unknown", 0, ("family therapy",))]),
        # What is derived from a word of the texts is another word: they have "treats".
        ("What is treatable?", [("treatable", "unknown", 0, ())]),
        (
            "Tell me about quorvex and zibblefax",
            [("quorvex", "unknown", 0, ()), ("zibblefax", "unknown", 0, ())],
        ),
    ],
)
def test_a_word_is_missing(tiny_index: Index, question: str, expected: list[Row]) -> None:
    assert rows(tiny_index, question) == expected


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What is Psychotherapy and social action model?", "Psychotherapy and social action model"),
        ("what is psychotherapy and social action model", "psychotherapy and social action model"),
        ("WHAT IS PSYCHOTHERAPY AND SOCIAL ACTION MODEL?", "PSYCHOTHERAPY AND SOCIAL ACTION MODEL"),
        ("the psychotherapy & social action model", "psychotherapy & social action model"),
        (
            "Is there any evidence for the psychotherapy and social action model?",
            "psychotherapy and social action model",
        ),
        ("My teacher spoke of the psychotherapy and social action model.", "psychotherapy and social action model"),
        ("“Psychotherapy and social action model”, what is it?", "Psychotherapy and social action model"),
    ],
)
def test_the_whole_is_named_and_never_used(tiny_index: Index, question: str, term: str) -> None:
    assert (term, "unestablished", 0, WHOLE) in rows(tiny_index, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("who made the family garden", [("family garden", "unestablished")]),
        ("Can you explain garden action to me?", [("garden action", "unestablished")]),
        ('is there a "family garden"', [("family garden", "unestablished")]),
        ("Does the Garden Family Effort have beds?", [("Garden Family Effort", "unestablished")]),
        ("My sister tried apple distress therapy.", [("apple distress therapy", "unestablished")]),
        ("My sister sent Garden 12 to the family.", [("Garden 12", "unestablished")]),
        ("My sister put family D in a garden.", [("family D", "unknown")]),
        ("Has garden family action been tested in randomized trials?", [("garden family action", "unestablished")]),
    ],
)
def test_what_makes_a_name(tiny_index: Index, question: str, expected: list[tuple[str, str]]) -> None:
    assert flagged(tiny_index, question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "How do apple trees grow in a cool garden?",
        "What should I do about my family distress before autumn?",
        "My garden shows distress by autumn apple beds",
        "Is there any evidence?",
        "35 50",
        "the 1960s",
        "How do families end?",
        "Can I treat an apple as a whole?",
        "I don't keep apples",
        "family therapy and social action",
        "What are apples and gardens?",
        "Immensely grateful people bravely ponder gardens",
        "What is the difference between a garden and an ordinary one?",
        "My sister had a Garden 1920 and in May 12",
    ],
)
def test_ordinary_language_is_not_flagged(tiny_index: Index, question: str) -> None:
    assert flagged(tiny_index, question) == []


@pytest.mark.parametrize(
    ("question", "term", "suggestion"),
    [
        ("What is psycotherapy?", "psycotherapy", "psychotherapy"),
        ("what is familly therapy", "familly", "family"),
        ("Does gardning help?", "gardning", "gardening"),  # a word of plain English
        ("WHAT IS PSYCOTHERAPY", "PSYCOTHERAPY", "psychotherapy"),
    ],
)
def test_misspelled(tiny_index: Index, question: str, term: str, suggestion: str) -> None:
    found = [r for r in reports_of(tiny_index, question) if r.state != "known"]
    assert [(r.term.text, str(r.state), r.suggestion) for r in found] == [(term, "misspelled", suggestion)]


@pytest.mark.parametrize("question", ["Who is Havelock?", "What is GARDN?", "What is molting?"])
def test_a_name_an_acronym_and_a_rare_word_are_no_misspellings(tiny_index: Index, question: str) -> None:
    assert [state for _, state in flagged(tiny_index, question)] == ["unknown"]


def test_spans_are_the_askers_own(tiny_index: Index) -> None:
    question = "Please, what is the Psychotherapy and Social Action Model, and quorvex?"
    assert [question[r.term.start : r.term.end] for r in reports_of(tiny_index, question)] == [
        "Psychotherapy and Social Action Model",
        "quorvex",
    ]


def test_every_state_has_its_reason(tiny_index: Index) -> None:
    question = "How is the psychotherapy and social action model related to quorvex?"
    assert [report.reason for report in reports_of(tiny_index, question)] == [
        "named (asked), each part is used, the whole nowhere",
        "not in these texts: quorvex",
    ]
    assert reports_of(tiny_index, "apples")[0].reason == "these texts use it, in 2 passages"


@pytest.fixture
def dining(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    texts = ["Overall value.", "A dining room.", "An experience.", "A follower.", "A conversion.", "The revolution."]
    folder = tmp_path_factory.mktemp("dining")
    build_lexicon(folder, (Entry(row, row, (), text) for row, text in enumerate([*texts, *TEXTS.values()])), ENGLISH)
    return TantivyLexicon(folder, ENGLISH)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # Nothing but the form says that these are names; the head of the first is no everyday word.
        ("How did my town change with the follower conversion revolution?", ["follower conversion revolution"]),
        ("How did my town change the overall dining experience?", []),
        ("My town had the follower conversion revolution.", []),  # a statement asks after nothing
        ("How did my town change with the dining room revolution?", []),  # two neighbours of it are used together
    ],
)
def test_a_long_compound(dining: Lexicon, question: str, expected: list[str]) -> None:
    found = report_terms(find_terms(question), dining)
    assert [report.term.text for report in found if report.state == "unestablished"] == expected


@pytest.mark.parametrize(
    "question",
    [
        "What are Quorvex's theories?",
        "What ruined my sister's garden?",
        "psycotherapy treats my mom's distress, and the gardn's",
        "familly distress plan",
        "familly familly familly",
        'Who said "the quorvex\'s"?',
        "What is e\u0301mpathy, what thera\u00adpist?",
        "quorvex " * 60,
    ],
)
def test_spans_are_true_and_do_not_overlap(tiny_index: Index, question: str) -> None:
    found = [report.term for report in reports_of(tiny_index, question)]
    assert found
    assert all(question[term.start : term.end] == term.text for term in found)
    spans = sorted((term.start, term.end) for term in found)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_what_is_known_parts_is_never_the_term_itself(tiny_index: Index) -> None:
    # The texts have "treats", whose stem is that of "treatable"; what is derived from a word is another one.
    (report,) = reports_of(tiny_index, "What is treatable?")
    assert (str(report.state), report.known_parts) == ("unknown", ())


def test_a_letter_is_no_known_part(tmp_path: Path) -> None:
    build_lexicon(tmp_path, [Entry(0, 0, ("",), "Plan d is better for my family than vitamin pills.")], ENGLISH)
    report = report_terms(find_terms("Did vitamin D help my family?"), TantivyLexicon(tmp_path, ENGLISH))[0]
    assert (report.term.text, report.state, report.known_parts) == ("vitamin D", TermState.UNESTABLISHED, ("vitamin",))


def test_an_acronym_is_missed_in_any_question(tiny_index: Index) -> None:
    question = "How do apple trees, garden beds, paths and families bear PTSD in autumn after the cool distress?"
    assert flagged(tiny_index, question) == [("PTSD", "unknown")]


def test_the_noun_after_which_is_looked_up(tiny_index: Index) -> None:
    assert ("antidepressants", "unknown") in flagged(tiny_index, "Which antidepressants treat distress?")
