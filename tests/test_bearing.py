"""What the vectors say on the suspects of a question."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.answers.bearing import LONG, MOST_LEFT_OUT, suspects_to_weigh, texts_to_weigh, weigh
from qa.answers.missing import BORNE, COUNTED, NUMBERED
from qa.answers.retrieval import look_up, weigh_suspects
from qa.answers.states import Suspect
from qa.datatypes import Question, Term
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.settings import BuildSettings
from tests.english import ENGLISH

FAMILY = "What is the quorvex method in family therapy?"


def suspect(question: Question, text: str, needed: float = 0.0) -> Suspect:
    start = question.text.index(text)
    words = tuple(word for word in question.words if start <= word.start < start + len(text))
    return Suspect(Term(text, start, start + len(text), words), words, (), {"needed": needed, "capitals": 0.0})


def test_a_question_is_embedded_without_each_suspect() -> None:
    question = ENGLISH.question(FAMILY)
    assert texts_to_weigh(question, [suspect(question, "quorvex method")]) == [
        "quorvex method",
        "What is the  in family therapy?",
    ]


def test_of_many_suspects_those_that_an_answer_needs_most_are_left_out() -> None:
    question = ENGLISH.question("alpha beta gamma delta epsilon")
    found = [suspect(question, text, needed) for needed, text in enumerate(question.text.split())]
    asked = texts_to_weigh(question, found)
    assert asked[: len(found)] == question.text.split()
    assert len(asked) == len(found) + MOST_LEFT_OUT
    assert "beta gamma delta epsilon" not in asked  # without the one that it needs least


@pytest.mark.parametrize("text", ["quorvex?", "quorvex and so on " * (LONG // 10)])
def test_nothing_is_left_out_where_it_would_tell_nothing(text: str) -> None:
    question = ENGLISH.question(text)
    counted = [suspect(question, text.rstrip("?") if len(text) < LONG else "quorvex")]
    assert texts_to_weigh(question, counted) == [counted[0].term.text]
    own = np.array([1.0, 0.0])
    (found,) = weigh(question, counted, {counted[0].term.text: own}, own, np.array([[0.6, 0.8]]))
    assert found.facts == {"needed": 0.0, "capitals": 0.0, "about": 1.0, "nearer": 0.0}


def test_facts_by_hand() -> None:
    """The question is at .6 from the only passage, and without its suspect at 1."""
    question = ENGLISH.question(FAMILY)
    vectors = {
        "quorvex method": np.array([0.96, -0.28]),
        "What is the  in family therapy?": np.array([0.0, 1.0]),
    }
    counted = [suspect(question, "quorvex method")]
    assert set(texts_to_weigh(question, counted)) == set(vectors)
    own, passages = np.array([0.8, 0.6]), np.array([[0.0, 1.0]])
    (found,) = weigh(question, counted, vectors, own, passages)
    assert found.facts is not None
    by_hand = {"about": 0.96 * 0.8 - 0.28 * 0.6, "nearer": 1 - 0.6}
    assert {name: found.facts[name] for name in BORNE} == pytest.approx(by_hand)


def test_a_name_is_not_weighed() -> None:
    question = ENGLISH.question("What is Quorvex?")
    one = suspect(question, "Quorvex")
    named = replace(one, facts={**(one.facts or {}), "capitals": 1.0})
    assert texts_to_weigh(question, [named]) == []
    own, passages = np.array([0.8, 0.6]), np.array([[0.0, 1.0]])
    (found,) = weigh(question, [named], {}, own, passages)
    assert found.facts == {"needed": 0.0, "capitals": 1.0, "about": 0.0, "nearer": 0.0}


@pytest.mark.parametrize(("name", "is_open"), [(-9.0, False), (3.5, True), (9.0, False)])
def test_only_what_the_counts_leave_open_is_weighed(name: float, is_open: bool) -> None:
    question = ENGLISH.question(FAMILY)
    facts = {**dict.fromkeys((*COUNTED, NUMBERED), 0.0), "name": name, "capitals": name > 5}
    one = replace(suspect(question, "quorvex method"), lacking=(), facts=facts)
    assert suspects_to_weigh(question, [one], ENGLISH) == ([one] if is_open else [])
    assert suspects_to_weigh(question, [one], ENGLISH, every=True) == [one]
    assert suspects_to_weigh(question, [replace(one, facts=None)], ENGLISH, every=True) == []


@pytest.mark.parametrize(
    ("text", "term", "is_weighed"),
    [
        ("What is melancholy?", "melancholy", False),
        ("melancholy", "melancholy", False),
        ("What is melancholy in music?", "melancholy", True),
        ("What is the melancholy rate?", "melancholy rate", True),
    ],
)
def test_a_word_that_is_all_that_is_asked_for_is_not_weighed(text: str, term: str, is_weighed: bool) -> None:
    question = ENGLISH.question(text)
    facts = {**dict.fromkeys((*COUNTED, NUMBERED), 0.0), "name": 2.0, "needed": 2.0}
    one = replace(suspect(question, term), facts=facts)
    assert suspects_to_weigh(question, [one], ENGLISH) == ([one] if is_weighed else [])


def test_a_term_that_the_texts_do_not_have_leads_away_from_them(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.md").write_text("# Family therapy\n\nFamily therapy sees a family as a whole.\n", encoding="utf-8")
    build_index([texts], tmp_path / "index", BuildSettings())
    with open_index(tmp_path / "index") as index:
        found = look_up([FAMILY, "How does family therapy regard a household?"], index)
        found = weigh_suspects(found, index, every=True)
    counted = [one for each in found for one in each.asked.counted if isinstance(one, Suspect)]
    facts = {one.term.text: one.facts or {} for one in counted}
    assert all(fact.keys() >= set(BORNE) for fact in facts.values())
    assert facts["quorvex method"]["nearer"] > 0.1 > facts["household"]["nearer"]
