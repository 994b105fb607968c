"""What the vectors say on the suspects of a question."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.answers.bearing import weigh
from qa.answers.missing import BORNE
from qa.answers.retrieval import look_up
from qa.answers.states import Suspect
from qa.datatypes import Question, Term
from qa.finding.tokens import TokenVectors
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.settings import BuildSettings
from tests.english import ENGLISH

FAMILY = "What is the quorvex method in family therapy?"
PASSAGES = np.array([[0.0, 1.0], [-1.0, 0.0]], np.float32)


def suspect(question: Question, text: str, capitals: float = 0.0) -> Suspect:
    start = question.text.index(text)
    words = tuple(word for word in question.words if start <= word.start < start + len(text))
    return Suspect(Term(text, start, start + len(text), words), words, (), {"needed": 0.0, "capitals": capitals})


def tokens_of(question: Question, vectors: list[tuple[float, float]]) -> TokenVectors:
    """Return one token for each word, between two of no text."""
    places = [(0, 0), *((word.start, word.end) for word in question.words), (0, 0)]
    return TokenVectors(places, np.array([(0, 0), *vectors, (0, 0)], np.float16))


def facts_of(question: Question, one: Suspect, tokens: TokenVectors, own: tuple[float, float]) -> dict[str, float]:
    (found,) = weigh(question, [one], tokens, np.array(own, np.float32), PASSAGES)
    assert found.facts is not None
    return {name: found.facts[name] for name in BORNE}


def test_facts_by_hand() -> None:
    """The tokens of the term sum to (8, 0), the others to (0, 6): the question is at .6 from the nearest passage, and
    without the term at 1."""
    question = ENGLISH.question(FAMILY)
    assert [word.folded for word in question.words] == [
        "what",
        "is",
        "the",
        "quorvex",
        "method",
        "in",
        "family",
        "therapy",
    ]
    tokens = tokens_of(question, [(0, 1), (0, 1), (0, 1), (5, 0), (3, 0), (0, 1), (0, 1), (0, 1)])
    facts = facts_of(question, suspect(question, "quorvex method"), tokens, (0.8, 0.6))
    assert facts == pytest.approx({"about": 0.8, "nearer": 1 - 0.6}, abs=1e-6)


def test_where_nothing_else_is_asked_nothing_comes_nearer() -> None:
    question = ENGLISH.question("quorvex?")
    facts = facts_of(question, suspect(question, "quorvex"), tokens_of(question, [(1, 0)]), (1.0, 0.0))
    assert facts == {"about": 1.0, "nearer": 0.0}


def test_what_was_cut_off_says_nothing() -> None:
    """A term behind the last token has no vector, and the question without it is as near as with it."""
    question = ENGLISH.question(FAMILY)
    tokens = tokens_of(question, [(1, 0)] * 8)
    short = TokenVectors(tokens.offsets[:3], tokens.vectors[:3])
    facts = facts_of(question, suspect(question, "family therapy"), short, (1.0, 0.0))
    assert facts == {"about": 0.0, "nearer": 0.0}


def test_a_name_is_not_weighed() -> None:
    question = ENGLISH.question("What is Quorvex?")
    one = suspect(question, "Quorvex", capitals=1.0)
    assert facts_of(question, one, tokens_of(question, [(0, 1), (0, 1), (1, 0)]), (0.8, 0.6)) == dict.fromkeys(BORNE, 0)


@pytest.fixture(scope="module")
def family_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("family")
    text = "# Family therapy\n\nFamily therapy sees a family as a whole.\n"
    (folder / "texts").mkdir()
    (folder / "texts" / "a.md").write_text(text, encoding="utf-8")
    build_index([folder / "texts"], folder / "index", BuildSettings())
    return folder / "index"


def test_a_term_that_the_texts_do_not_have_leads_away_from_them(family_index: Path) -> None:
    with open_index(family_index) as index:
        found = look_up([FAMILY, "How does family therapy regard a household?"], index)
    counted = [one for each in found for one in each.asked.counted if isinstance(one, Suspect)]
    facts = {one.term.text: one.facts or {} for one in counted}
    assert all(fact.keys() >= set(BORNE) for fact in facts.values())
    assert facts["quorvex method"]["nearer"] > 0.05 > facts["household"]["nearer"]


def test_weighing_embeds_nothing(family_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_index(family_index) as index:
        monkeypatch.setattr(index.embedder, "embed_questions", lambda texts: pytest.fail(f"{texts} embedded"))
        (found,) = look_up([FAMILY], index)
    assert found.asked.tokens is not None


def test_an_index_whose_graph_has_no_tokens_weighs_nothing(family_index: Path) -> None:
    with open_index(family_index) as index:
        (found,) = look_up([FAMILY], index)
        words = index.read_words([found.asked.read])[0]
        assert words is not None
        index._read[FAMILY] = replace(words, tokens=None)
        (without,) = look_up([FAMILY], index)
    assert not any(BORNE[0] in (one.facts or {}) for one in without.asked.counted if isinstance(one, Suspect))
