from dataclasses import replace

import pytest

from qa.answers.notes import part_title, quoted, write_note
from qa.answers.verdicts import Thresholds, verdict
from qa.datatypes import Evidence, Hit, Note, Part, Phrase, Term, TermReport, TermState
from tests.english import ENGLISH, stems

HIT = Hit(0, 0.1, 1)
Case = tuple[Evidence, float]  # with its confidence


def phrase(text: str) -> Phrase:
    return Phrase(text, tuple(stems(text)))


def report(text: str, state: TermState, *parts: str, meant: str | None = None) -> TermReport:
    read = phrase(meant) if meant else None
    return TermReport(Term(text, 0, len(text), ()), state, 0, read, tuple(map(phrase, parts)))


def evidence(*terms: TermReport, certain: float = 0.9, parts: tuple[Part, ...] = (), hits: int = 1) -> Case:
    return Evidence(ENGLISH.question("q"), (HIT,) * hits, (0.5,) * hits, terms=terms, parts=parts), certain


def note(case: Case) -> Note:
    found, certain = case
    return write_note(found, certain, verdict(found, certain, Thresholds(answered=0.7, not_in_corpus=0.2)), ENGLISH)


KNOWN = report("psychotherapy", TermState.KNOWN, "psychotherapy")
WHOLE = report("Psychotherapy and social action model", TermState.UNESTABLISHED, "psychotherapy", "social action")
QUORVEX = report("quorvex", TermState.UNKNOWN)
THERAPY = report("quorvex therapy", TermState.UNKNOWN, "therapy")
MISSPELLED = report("anxeity", TermState.MISSPELLED, meant="anxiety")
HEART = replace(report("heart attack", TermState.UNKNOWN), closest=("myocardial infarction",))
APART = (Part((phrase("psychotherapy"), phrase("social action")), ()),)
UNLIKELY = "The passages shown are the best there are, and probably do not answer the question."


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (evidence(KNOWN), None),
        (evidence(), None),
        (
            evidence(WHOLE),
            "These texts use “psychotherapy” and “social action”, but nowhere “Psychotherapy and social action "
            "model” as one term.",
        ),
        (
            evidence(WHOLE, parts=APART),
            "These texts use “psychotherapy” and “social action”, but nowhere “Psychotherapy and social action "
            "model” as one term. No passage has “psychotherapy” and “social action” together.",
        ),
        (evidence(KNOWN, QUORVEX), "These texts do not have the term “quorvex”."),
        (
            evidence(KNOWN, QUORVEX, report("zibble", TermState.UNKNOWN), QUORVEX),
            "These texts do not have the terms “quorvex” and “zibble”.",
        ),
        (
            evidence(*(report(text, TermState.UNKNOWN) for text in "abcdefg"), certain=0.1),
            f"These texts do not have the terms “a”, “b”, “c”, “d”, “e” and 2 more. {UNLIKELY}",
        ),
        (
            evidence(THERAPY, KNOWN),
            "These texts do not have the term “quorvex therapy”, though they have “therapy”.",
        ),
        (
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy")),
            "“psycotherapy” was read as “psychotherapy”.",
        ),
        (
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy"), MISSPELLED, QUORVEX),
            "“psycotherapy” was read as “psychotherapy” and “anxeity” was read as “anxiety”. These texts do not have "
            "the term “quorvex”.",
        ),
        (
            evidence(HEART, KNOWN),
            "These texts do not have the term “heart attack”. Close to “heart attack” in meaning, they have "
            "“myocardial infarction”.",
        ),
        (evidence(KNOWN, certain=0.4), "The passages shown are near the question, but may not answer it."),
        (evidence(KNOWN, certain=0.25), "The passages shown are near the question, and probably do not answer it."),
        (evidence(KNOWN, certain=0.1), UNLIKELY),
        (evidence(QUORVEX, certain=0.6), "These texts do not have the term “quorvex”."),
        (
            evidence(QUORVEX, certain=0.25),
            "These texts do not have the term “quorvex”. The passages shown are near the question, and probably do not "
            "answer it.",
        ),
        (evidence(QUORVEX, certain=0.1), f"These texts do not have the term “quorvex”. {UNLIKELY}"),
        (evidence(KNOWN, hits=0), "These texts have nothing to show for the question."),
    ],
)
def test_note(found: Case, text: str | None) -> None:
    assert note(found).text == text


@pytest.mark.parametrize(
    ("found", "asks"),
    [
        (evidence(KNOWN), None),
        (evidence(KNOWN, certain=0.4), None),
        (evidence(KNOWN, certain=0.1), "Can you ask it in other words, or name the subject that it belongs to?"),
        (
            evidence(THERAPY),
            "Is there another name for “quorvex therapy”, or a text that you expected it in?",
        ),
        (
            evidence(WHOLE),
            "What do you mean by “Psychotherapy and social action model”: “psychotherapy” or “social action”, how "
            "they go together, or a name that you met somewhere, and where?",
        ),
        (
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy")),
            "If “psychotherapy” is not what you meant, what is?",
        ),
        (evidence(report("waht", TermState.MISSPELLED, meant="what")), None),
        # What is missing is asked before what was only misspelled.
        (evidence(MISSPELLED, QUORVEX), "Is there another name for “quorvex”, or a text that you expected it in?"),
        (evidence(HEART), "Do you mean “myocardial infarction”, or something else by “heart attack”?"),
    ],
)
def test_clarification(found: Case, asks: str | None) -> None:
    assert note(found).clarification == asks


@pytest.mark.parametrize(
    ("terms", "text"),
    [([], ""), (["a"], "“a”"), (["a", "b"], "“a” and “b”"), (["a", "b", "c"], "“a”, “b” and “c”")],
)
def test_quoted(terms: list[str], text: str) -> None:
    assert quoted(terms) == text


def test_part_title() -> None:
    assert part_title(["a"]) == "“a”"
    assert part_title(["a", "b"]) == "“a” and “b” together"


def test_two_terms_that_stand_apart_are_named_where_nothing_answers() -> None:
    apart = replace(evidence(KNOWN, certain=0.5)[0], apart=("side effects", "metformin"))
    together = "No passage has “side effects” and “metformin” together."
    assert (note((apart, 0.5)).text or "").startswith(together)
    assert note((apart, 0.9)).text is None
