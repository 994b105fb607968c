from dataclasses import replace
from typing import Any

import pytest

from qa.answers.notes import part_title, write_note
from qa.answers.verdicts import Thresholds, verdict
from qa.datatypes import Evidence, Hit, Note, Part, Phrase, Term, TermReport, TermState
from qa.wording import ENGLISH as SAID
from tests.english import ENGLISH, stems

GREETING = "Hello. Ask these texts a question, in a sentence or in a few words."

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
UNLIKELY = "This is the nearest passage, and probably does not answer it."


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (evidence(KNOWN), None),
        (evidence(), None),
        (
            evidence(WHOLE),
            "These texts have “psychotherapy” and “social action”, but nowhere “Psychotherapy and social action model” "
            "as one term.",
        ),
        (
            evidence(WHOLE, parts=APART),
            "These texts have “psychotherapy” and “social action”, but nowhere “Psychotherapy and social action model” "
            "as one term. No passage has “psychotherapy” and “social action” together.",
        ),
        (evidence(KNOWN, QUORVEX), "These texts do not mention “quorvex”."),
        (
            evidence(KNOWN, QUORVEX, report("zibble", TermState.UNKNOWN), QUORVEX),
            "These texts do not mention “quorvex” or “zibble”.",
        ),
        (
            evidence(*(report(text, TermState.UNKNOWN) for text in "abcdefg"), certain=0.1),
            f"These texts do not mention “a”, “b”, “c”, “d”, “e” and 2 more. {UNLIKELY}",
        ),
        (
            evidence(THERAPY, KNOWN),
            "These texts do not mention “quorvex therapy”, though they have “therapy”.",
        ),
        (
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy")),
            "“psycotherapy” was read as “psychotherapy”.",
        ),
        (  # what is missing is said before how the question was read
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy"), MISSPELLED, QUORVEX),
            "These texts do not mention “quorvex”. “psycotherapy” was read as “psychotherapy” and “anxeity” was read "
            "as “anxiety”.",
        ),
        (  # two sentences, and no third
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy"), QUORVEX, certain=0.1),
            "These texts do not mention “quorvex”. “psycotherapy” was read as “psychotherapy”.",
        ),
        (
            evidence(HEART, KNOWN),
            "These texts do not mention “heart attack”. Nearest to “heart attack” in meaning, they have “myocardial "
            "infarction”.",
        ),
        (evidence(KNOWN, certain=0.4), "The passage below is on the subject, but may not answer it."),
        (evidence(KNOWN, certain=0.4, hits=2), "The passages below are on the subject, but may not answer it."),
        (evidence(KNOWN, certain=0.25), "The nearest passage probably does not answer it."),
        (evidence(KNOWN, certain=0.25, hits=2), "The nearest passages probably do not answer it."),
        (evidence(KNOWN, certain=0.1), UNLIKELY),
        (evidence(KNOWN, certain=0.1, hits=2), "These are the nearest passages, and probably do not answer it."),
        (evidence(QUORVEX, certain=0.6), "These texts do not mention “quorvex”."),
        (
            evidence(QUORVEX, certain=0.25),
            "These texts do not mention “quorvex”. The nearest passage probably does not answer it.",
        ),
        (evidence(QUORVEX, certain=0.1), f"These texts do not mention “quorvex”. {UNLIKELY}"),
        (evidence(KNOWN, hits=0), "These texts have nothing on this question."),
    ],
)
def test_note(found: Case, text: str | None) -> None:
    assert note(found).text == text


@pytest.mark.parametrize(
    ("found", "asks"),
    [
        (evidence(KNOWN), None),
        (evidence(KNOWN, certain=0.4), None),
        (evidence(KNOWN, certain=0.1), "Can you put it in other words, or name the field it belongs to?"),
        (
            evidence(THERAPY),
            "Does “quorvex therapy” go by another name, or do you know of a text that has it?",
        ),
        (
            evidence(WHOLE),
            "Is “Psychotherapy and social action model” a name that you read somewhere, or do you mean “psychotherapy” "
            "or “social action”, or both together?",
        ),
        (
            evidence(report("psycotherapy", TermState.MISSPELLED, meant="psychotherapy")),
            "Did you mean “psychotherapy”?",
        ),
        (evidence(report("waht", TermState.MISSPELLED, meant="what")), None),
        # What is missing is asked before what was only misspelled.
        (evidence(MISSPELLED, QUORVEX), "Does “quorvex” go by another name, or do you know of a text that has it?"),
        (evidence(HEART), "Do you mean “myocardial infarction”?"),
    ],
)
def test_clarification(found: Case, asks: str | None) -> None:
    assert note(found).clarification == asks


@pytest.mark.parametrize(
    ("terms", "text"),
    [([], ""), (["a"], "“a”"), (["a", "b"], "“a” and “b”"), (["a", "b", "c"], "“a”, “b” and “c”")],
)
def test_quoted(terms: list[str], text: str) -> None:
    assert SAID.quoted(terms) == text


def test_part_title() -> None:
    assert part_title(["a"]) == "“a”"
    assert part_title(["a", "b"]) == "“a” and “b” together"


def test_two_terms_that_stand_apart_are_named_where_nothing_answers() -> None:
    apart = replace(evidence(KNOWN, certain=0.5)[0], apart=("side effects", "metformin"))
    together = "No passage has “side effects” and “metformin” together."
    assert (note((apart, 0.5)).text or "").startswith(together)
    assert note((apart, 0.9)).text is None


def asked(question: str, *terms: TermReport, certain: float = 0.5, **more: Any) -> Note:
    found = replace(evidence(*terms)[0], question=ENGLISH.question(question), **more)
    return note((found, certain))


def test_the_asker_s_capitals_are_kept() -> None:
    rogers = report("Carl Rogers and Freud method", TermState.UNESTABLISHED, "carl rogers", "freud")
    said = asked("What is the Carl Rogers and Freud method?", rogers)
    assert (said.text or "").startswith("These texts have “Carl Rogers” and “Freud”, but nowhere")
    assert "do you mean “Carl Rogers” or “Freud”, or both together?" in (said.clarification or "")


def test_a_question_in_another_language_gets_one_sentence() -> None:
    said = asked("¿Qué es la psicoterapia?", QUORVEX, language="es")
    assert said.text == "Your question seems to be in Spanish. These texts are in English, and so is this search."
    assert said.clarification is None


@pytest.mark.parametrize("greeting", ["hello", "Hi there!", "Good morning.", "HELLO?", "ok thanks a lot!"])
def test_a_greeting_is_asked_for_a_question(greeting: str) -> None:
    assert asked(greeting).text == GREETING
    known = replace(report(greeting, TermState.KNOWN), passage_count=2)
    assert asked(greeting, known).text != GREETING  # texts that are on greetings answer


def test_every_missing_term_is_named_however_many() -> None:
    names = ["quorvex therapy", "zibble method", "nimbrel matrix"]
    flagged = [report(name, TermState.UNKNOWN, name.split()[1]) for name in names]
    said = asked("What do they share?", *flagged, MISSPELLED).text or ""
    assert all(f"do not mention “{name}”, though they have “{name.split()[1]}”." in said for name in names)
    assert said.endswith("“anxeity” was read as “anxiety”.")


FOLLOW_UP = "It seems to go on from something asked before, and each question stands by itself here."


@pytest.mark.parametrize(
    "question",
    [
        "and for adults?", "And in children?", "What about teenagers?", "how about cost?", "Does it work?", "why?",
        "Who invented it?", "What are its limits?", "but why", "And does that help them?",
    ],
)  # fmt: skip
def test_a_question_that_goes_on_from_another_is_asked_for_whole(question: str) -> None:
    said = asked(question)
    assert said == Note(FOLLOW_UP, "What is it about? Ask it whole.")
    assert asked(question, certain=0.9).text is None  # what is answered needs no note


@pytest.mark.parametrize(
    "question",
    [
        "And what is the iron rule of organizing?",
        "What about mutual aid in a crisis?",
        "Is it normal to cry in therapy?",
        "therapy",
        "What is empathy?",
        "How does this differ from psychoanalysis and from family therapy?",
    ],
)
def test_a_question_that_stands_by_itself_is_no_follow_up(question: str) -> None:
    assert asked(question).text != FOLLOW_UP
