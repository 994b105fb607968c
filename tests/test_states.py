"""What the counts say on terms, on the tiny corpus: apples, family therapy, social action, psychotherapy, gardens."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from qa.answers.states import Counted, Suspect, count_terms
from qa.datatypes import Scores, Term, TermReport, TermState
from qa.indexing.index import Index
from qa.lexicons import Entry, Lexicon, TantivyLexicon
from qa.lexicons.tantivy import build_lexicon
from tests.conftest import TEXTS
from tests.english import ENGLISH

SCORES = Scores(begins=3.0, name=2.0, needed=1.0)


def term_of(question: str, text: str, scores: Scores | None = SCORES, *, quoted: bool = False) -> Term:
    start = question.index(text)
    words = tuple(ENGLISH.words(text, start))
    return Term(text, start, start + len(text), words, scores=scores, quoted=quoted)


def counted(lexicon: Lexicon, question: str, *texts: str) -> tuple[Counted, ...]:
    terms = [term_of(question, text) for text in texts or (question,)]
    return count_terms(terms, ENGLISH.question(question), lexicon)


def suspect(lexicon: Lexicon, question: str, text: str) -> Suspect:
    (found,) = counted(lexicon, question, text)
    assert isinstance(found, Suspect)
    return found


@pytest.mark.parametrize(
    ("text", "passages", "part"),
    [
        ("psychotherapy", 2, "psychotherapy"),
        ("PSYCHOTHERAPY", 2, "psychotherapy"),
        ("family therapies", 1, "family therapies"),
        ("family-therapy", 1, "family-therapy"),
        ("garden model", 1, "garden model"),
        ("apple fruit", 1, "apple fruit"),  # close together: "An apple is a fruit"
        ("familytherapy", 1, "family therapy"),  # written as one word
    ],
)
def test_the_whole_is_used(tiny_index: Index, text: str, passages: int, part: str) -> None:
    (found,) = counted(tiny_index.lexicon, text)
    assert isinstance(found, TermReport)
    assert (found.state, found.passage_count, found.known_parts) == (TermState.KNOWN, passages, (part,))


@pytest.mark.parametrize(
    ("text", "lacking", "parts"),
    [
        ("quorvex", "quorvex", ()),
        ("quorvex therapy", "quorvex", ("therapy",)),
        ("Quorvex Family Therapy", "quorvex", ("family therapy",)),
        ("treatable", "treatable", ()),  # what is derived from a word of the texts is another word: they have "treats"
        ("family garden", "", ("family", "garden")),
        ("psychotherapy and social action model", "", ("psychotherapy", "social action")),
        ("family D", "d", ("family",)),
    ],
)
def test_suspects(tiny_index: Index, text: str, lacking: str, parts: tuple[str, ...]) -> None:
    found = suspect(tiny_index.lexicon, text, text)
    assert (found.lacking_text, tuple(part.text for part in found.parts)) == (lacking, parts)


def test_parts_are_those_that_most_passages_use(tmp_path: Path) -> None:
    """Neither the longest beginning, which one passage has, nor more stretches than are needed."""
    name = "psychotherapy and community organizing model"
    texts = ["psychotherapy and community", *2 * ["community organizing"], "psychotherapy", "organizing"]
    build_lexicon(tmp_path, [Entry(row, row, (), text) for row, text in enumerate(texts)], ENGLISH)
    found = suspect(TantivyLexicon(tmp_path, ENGLISH), name, name)
    assert [part.text for part in found.parts] == ["psychotherapy", "community organizing"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("psychotherapy", "social action model"), ["psychotherapy and social action model"]),
        (("psychotherapy", "social action"), ["psychotherapy", "social action"]),  # the texts use what is behind it
        (("psychotherapy", "joint garden"), ["psychotherapy", "joint garden"]),  # which is no head
        (("family therapy", "social action model"), ["family therapy", "social action model"]),  # two names
        (("psychotherapy", "model"), ["psychotherapy", "model"]),
    ],
)
def test_what_an_and_joins(tiny_index: Index, texts: tuple[str, str], expected: list[str]) -> None:
    question = f"What is the {' and '.join(texts)}?"
    found = counted(tiny_index.lexicon, question, *texts)
    shown = [one.term.text for one in found]
    assert shown == expected
    whole = [one for one in found if isinstance(one, Suspect) and " and " in one.term.text]
    assert all(one.term.scores == SCORES and len(one.parts) == 2 for one in whole)


def test_names_that_the_texts_use_are_taken_apart(tiny_index: Index) -> None:
    question = "Compare family therapy and social action"
    found = counted(tiny_index.lexicon, question, "family therapy and social action")
    assert [(one.term.text, one.term.start) for one in found] == [("family therapy", 8), ("social action", 27)]


def test_what_is_reported_of_a_suspect_that_is_cleared(tiny_index: Index) -> None:
    question = "What of the joint social action?"
    cleared = suspect(tiny_index.lexicon, question, "joint social action").cleared
    assert [(report.term.text, report.state) for report in cleared] == [
        ("joint", TermState.KNOWN),
        ("social action", TermState.KNOWN),
    ]
    assert all(question[report.term.start : report.term.end] == report.term.text for report in cleared)


def test_facts_by_hand(tiny_index: Index) -> None:
    """No passage has the words of "Beds garden" side by side in this order; one of the two has a capital."""
    facts = suspect(tiny_index.lexicon, "Tell of Beds garden", "Beds garden").facts
    assert facts == {
        **{"begins": 3.0, "name": 2.0, "needed": 1.0, "beside": 0.0, "capitals": 0.5, "plain": 0.0, "quoted": 0.0},
        **{"single": 0.0, "frequency": 0.0, "headed": 0.0, "head_used": 0.0, "joined": 0.0, "numbered": 0.0},
    }


@pytest.mark.parametrize(
    ("text", "headed", "head_used", "joined"),
    [
        ("garden therapy", 1.0, 0.0, 0.0),
        ("garden family therapy", 1.0, 1.0, 0.0),  # the texts have "family therapy"
        ("joint social action", 0.0, 1.0, 0.0),
        ("garden and action therapy", 1.0, 0.0, 1.0),
        ("zither family therapy", 1.0, 0.0, 0.0),  # what lacks a word is not judged by the others
    ],
)
def test_facts_of_the_head(tiny_index: Index, text: str, headed: float, head_used: float, joined: float) -> None:
    facts = suspect(tiny_index.lexicon, f"What of the {text}?", text).facts
    assert facts is not None
    assert (facts["headed"], facts["head_used"], facts["joined"]) == (headed, head_used, joined)


def test_what_is_written_as_one_is_not_known_by_its_words(tiny_index: Index) -> None:
    found = suspect(tiny_index.lexicon, "What is family_garden?", "family_garden")
    assert found.facts is not None
    assert (found.lacking_text, found.parts, found.cleared) == ("family_garden", (), ())
    assert (found.facts["single"], found.facts["frequency"]) == (1.0, 0.0)
    (known,) = counted(tiny_index.lexicon, "What is family_therapy?", "family_therapy")
    assert isinstance(known, TermReport)
    suspect(tiny_index.lexicon, "What is apple_fruit?", "apple_fruit")  # "An apple is a fruit" is not that


def test_facts_of_a_word_that_is_missing(tiny_index: Index) -> None:
    facts = suspect(tiny_index.lexicon, "What is a thermostat?", "thermostat").facts
    assert facts is not None
    assert facts["frequency"] == ENGLISH.frequency("thermostat") > 0
    assert (facts["single"], facts["head_used"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("question", "text", "frequent"),
    [
        ("Do you sell a thermostat in London?", "London", False),  # how frequent a name is says nothing
        ("do you sell a thermostat in london?", "london", True),
        ("DO YOU SELL A THERMOSTAT IN LONDON?", "LONDON", True),
        ("Thermostats Sold Across Greater London Boroughs", "London", True),  # a headline names nothing
        ("London has what?", "London", True),  # the first word has its capital by its place
    ],
)
def test_how_frequent_a_word_is_counts_where_it_is_no_name(
    tiny_index: Index, question: str, text: str, frequent: bool
) -> None:
    facts = suspect(tiny_index.lexicon, question, text).facts
    assert facts is not None
    assert facts["frequency"] == (ENGLISH.frequency("london") if frequent else 0.0)


@pytest.mark.parametrize(
    ("question", "text", "plain"),
    [
        ("Does Ada sell a thermostat?", "thermostat", 1.0),
        ("Does Ada sell a Thermostat?", "Thermostat", 0.0),
        ("Does she sell a thermostat?", "thermostat", 0.0),  # the first word has its capital by its place
        ("Could I buy a thermostat?", "thermostat", 0.0),  # and "I" is no name
        ("DOES ADA SELL A THERMOSTAT?", "THERMOSTAT", 0.0),
    ],
)
def test_a_term_without_capitals_beside_a_name(tiny_index: Index, question: str, text: str, plain: float) -> None:
    facts = suspect(tiny_index.lexicon, question, text).facts
    assert facts is not None
    assert facts["plain"] == plain


@pytest.mark.parametrize(
    ("question", "text", "all_asked"),
    [
        ("What is a thermostat?", "thermostat", True),
        ("thermostat", "thermostat", True),
        ("What is a thermostat apple?", "thermostat apple", False),  # the texts have apples
        ("Is a thermostat a fruit?", "thermostat", False),
        ("What is it to be in?", "it to be in", False),  # it has no word that they lack
    ],
)
def test_whether_the_texts_lack_all_that_is_asked_for(
    tiny_index: Index, question: str, text: str, all_asked: bool
) -> None:
    assert suspect(tiny_index.lexicon, question, text).all_asked == all_asked


def test_a_suspect_is_compared_with_the_others(tiny_index: Index) -> None:
    question = "Is a thermostat a humidifier?"
    terms = [term_of(question, "thermostat"), term_of(question, "humidifier")]
    wanted = Scores(begins=3.0, name=2.0, needed=-1.5)
    found = count_terms([terms[0], replace(terms[1], scores=wanted)], ENGLISH.question(question), tiny_index.lexicon)
    assert [one.facts["beside"] for one in found if isinstance(one, Suspect) and one.facts] == [0.0, -2.5]


def test_a_question_in_capitals_has_none(tiny_index: Index) -> None:
    facts = suspect(tiny_index.lexicon, "TELL OF THE FAMILY GARDEN", "FAMILY GARDEN").facts
    assert facts is not None
    assert facts["capitals"] == 0.0


def test_terms_that_were_only_grouped(tiny_index: Index) -> None:
    """Without a finder what is quoted is a suspect, and each word that is not ordinary; nothing else is."""
    question = "“family garden” quorvex tomorrow garden family"
    terms = [
        term_of(question, "family garden", None, quoted=True),
        term_of(question, "quorvex tomorrow garden family", None),
    ]
    found = count_terms(terms, ENGLISH.question(question), tiny_index.lexicon)
    shown = [(one.term.text, isinstance(one, Suspect)) for one in found]
    assert shown == [("family garden", True), ("quorvex", True), ("garden", False), ("family", False)]


@pytest.mark.parametrize("text", ["35 50", "the 1960s", "a", ""])
def test_nothing_is_said_of_what_is_no_word(tiny_index: Index, text: str) -> None:
    terms = [term_of(text, text)] if text else []
    found = count_terms(terms, ENGLISH.question(text or "x"), tiny_index.lexicon)
    assert all(isinstance(one, TermReport) or not one.lacking for one in found)


def test_known_is_what_the_texts_have(tiny_index: Index) -> None:
    """Every two neighbouring words of the texts are known together."""
    for text in TEXTS.values():
        words = [word for word in ENGLISH.words(text) if word.stem not in ENGLISH.small_words]
        for one, other in pairwise(words):
            if text[one.end : other.start] == " ":
                (found,) = counted(tiny_index.lexicon, text[one.start : other.end])
                assert isinstance(found, TermReport)


def test_a_letter_alone_is_no_part(tmp_path: Path) -> None:
    entries = [Entry(0, 0, (), "Vitamin pills."), Entry(1, 1, (), "Plan D for the family.")]
    build_lexicon(tmp_path, iter(entries), ENGLISH)
    found = suspect(TantivyLexicon(tmp_path, ENGLISH), "vitamin D", "vitamin D")
    assert [part.text for part in found.parts] == ["vitamin"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("quorvex-guided family therapy", ["family therapy"]),
        ("quorvex-guided therapy", ["therapy"]),
        ("quorvex-family therapy", ["family therapy"]),  # a noun behind a hyphen says what
        ("guided quorvex", ["guided"]),
    ],
)
def test_a_participle_behind_a_hyphen_is_no_part(tmp_path: Path, text: str, parts: list[str]) -> None:
    entries = [Entry(0, 0, (), "Family therapy is guided."), Entry(1, 1, (), "Guided therapy is for all.")]
    build_lexicon(tmp_path, iter(entries), ENGLISH)
    found = suspect(TantivyLexicon(tmp_path, ENGLISH), text, text)
    assert [part.text for part in found.parts] == parts
