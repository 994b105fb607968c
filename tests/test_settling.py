"""What counts and readings together make of suspects: readings by hand."""

import json
from dataclasses import replace
from importlib.resources import files
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qa.answers import settling
from qa.answers.missing import (
    BORNE,
    COUNTED,
    KINDS,
    NUMBERED,
    READ,
    VARIANTS,
    Weighing,
    Weighings,
    packaged_weighings,
    variant_of,
)
from qa.answers.settling import Places, as_written, lacked, missing_probability, most_missing, read_facts, settle
from qa.answers.spelling import Correction
from qa.answers.states import Suspect
from qa.datatypes import Ground, Lack, Phrase, Reading, Scores, Term, TermReport, TermState
from tests.english import ENGLISH

QUESTION = "What does the purple elephant therapy cost?"
FLAT = dict.fromkeys((*COUNTED, NUMBERED), 0.0)


def term_of(text: str, question: str = QUESTION) -> Term:
    start = question.index(text)
    return Term(text, start, start + len(text), tuple(ENGLISH.words(text, start)), scores=Scores(0.0, 0.0, 0.0))


def suspect(text: str, *lacking: str, **facts: float) -> Suspect:
    term = term_of(text)
    words = tuple(word for word in term.words if QUESTION[word.start : word.end] in lacking)
    known = TermReport(term_of(text.rsplit(maxsplit=1)[-1]), TermState.KNOWN, 1)
    return Suspect(term, words, (Phrase("therapy", ("therapi",)),), {**FLAT, **facts}, (known,))


def reading(log_odds: float, probability: float, *lacking: str) -> Reading:
    """A reading that lacks these words with a probability, and the others with none."""
    words = ENGLISH.question(QUESTION).words
    lacks = (Lack(w.start, w.end, probability if QUESTION[w.start : w.end] in lacking else 0.0) for w in words)
    return Reading(log_odds, 0, 0, 0.0, tuple(lacks))


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing hangs on the name alone, on reading where there is one, and on a threshold of a half."""
    counted, read = Weighing(0.0, {"name": 1.0}), Weighing(0.0, {"name": 1.0, "lacking": 1.0})
    intercepts = {"lacking": 0.0, "numbered": 1.0, "apart": -1.0}
    of_read, of_counted = (
        {kind: replace(one, intercept=intercept) for kind, intercept in intercepts.items()} for one in (read, counted)
    )
    weighings = Weighings({"read": of_read, "counted": of_counted}, 0.5)
    monkeypatch.setattr(settling, "packaged_weighings", lambda: weighings)


def states(*suspects: Suspect, readings: tuple[Reading, ...] = ()) -> list[tuple[str, TermState]]:
    return [(report.term.text, report.state) for report in settle(suspects, readings)]


@pytest.mark.usefixtures("by_name")
def test_what_is_flagged_and_how() -> None:
    lacks, apart = suspect("purple elephant therapy", "elephant", name=0.5), suspect("elephant therapy", name=0.5)
    assert states(lacks) == [("purple elephant therapy", TermState.UNKNOWN)]
    assert states(apart) == [("therapy", TermState.KNOWN)]  # 0.5 - 1 < 0: cleared
    numbered = replace(apart, facts={**FLAT, "name": -0.5, "numbered": 1.0})
    assert states(numbered) == [("elephant therapy", TermState.UNESTABLISHED)]  # 1 - 0.5 > 0
    assert states(replace(apart, facts={**FLAT, "name": 1.5})) == [("elephant therapy", TermState.UNESTABLISHED)]


@pytest.mark.usefixtures("by_name")
def test_probability_by_hand() -> None:
    found = missing_probability(suspect("elephant therapy", name=2.0), ())
    assert found == pytest.approx(1 / (1 + exp(-(2.0 - 1.0))))
    (report,) = settle([suspect("elephant therapy", name=2.0)], ())
    assert report.probability == found
    assert most_missing([suspect("therapy", name=-3.0), suspect("elephant therapy", name=2.0)], ()) == found
    assert most_missing([], ()) == 0.0


@pytest.mark.usefixtures("by_name")
def test_a_passage_that_says_it_clears_a_term() -> None:
    named = suspect("elephant therapy", name=2.0)
    has, lacks = reading(1.0, 0.01, "elephant", "therapy"), reading(1.0, 0.99, "elephant", "therapy")
    assert states(named, readings=(lacks, lacks)) == [("elephant therapy", TermState.UNESTABLISHED)]
    assert states(named, readings=(lacks, has)) == [("therapy", TermState.KNOWN)]


@pytest.mark.usefixtures("by_name")
def test_all_that_is_asked_for_is_missing_unless_a_passage_answers() -> None:
    alone = replace(suspect("elephant", "elephant", name=-9.0), all_asked=True)
    assert states(alone) == [("elephant", TermState.UNKNOWN)]
    fails, answers = reading(-3.0, 0.0), reading(2.0, 0.0)
    assert missing_probability(alone, (fails,)) == pytest.approx(1 - fails.probability)
    assert missing_probability(alone, (fails, answers)) == pytest.approx(1 - answers.probability)
    assert states(alone, readings=(fails, answers)) == [("elephant", TermState.KNOWN)]  # in other words than asked
    assert states(replace(alone, all_asked=False), readings=(fails,)) == [("elephant", TermState.KNOWN)]


@pytest.mark.usefixtures("by_name")
def test_that_a_passage_has_the_pieces_of_a_token_does_not_clear_it() -> None:
    question = "What does retry_max cost?"
    words = tuple(ENGLISH.words("retry_max", question.index("retry_max")))
    term = Term("retry_max", words[0].start, words[-1].end, words, scores=Scores(0.0, 0.0, 0.0))
    token = Suspect(term, words, (), {**FLAT, "name": 2.0})
    has = Reading(1.0, 0, 0, 0.0, tuple(Lack(word.start, word.end, 0.0) for word in words))
    assert states(token, readings=(has,)) == [("retry_max", TermState.UNKNOWN)]


def test_facts_of_reading_by_hand() -> None:
    """One passage lacks one of two words surely and answers as likely as not, another lacks both a little and less
    probably answers."""
    first, second = reading(0.0, 0.8, "elephant"), reading(-2.0, 0.3, "elephant", "therapy")
    facts = read_facts(term_of("elephant therapy"), [first, second])
    assert set(facts) == set(READ)
    assert facts["lacking"] == pytest.approx(log(0.3 / 0.7))  # less than (0.8 + 0) / 2
    assert facts["lacking_most"] == pytest.approx(log(0.3 / 0.7))  # less than 0.8
    assert facts["answers"] == 0.0
    fails = min(1 - 0.5 * (1 - 0.4), 1 - 1 / (1 + exp(2.0)) * (1 - 0.3))
    assert facts["answer_lacks"] == pytest.approx(log(fails / (1 - fails)))
    assert read_facts(term_of("therapy"), []) == {}


def test_lacked() -> None:
    assert lacked(QUESTION.index("purple"), QUESTION.index("therapy"), reading(0.0, 0.6, "purple")) == 0.3
    assert lacked(500, 510, reading(0.0, 0.6, "purple")) == 0.0  # past what was read


def test_a_term_that_was_only_grouped_is_as_likely_as_not() -> None:
    grouped = replace(suspect("elephant therapy"), facts=None)
    assert missing_probability(grouped, ()) == 0.5
    assert states(grouped) == [("elephant therapy", TermState.UNESTABLISHED)]


# --- the regressions of the package ------------------------------------------------------------------------------


def test_the_regressions_weigh_every_fact() -> None:
    found = packaged_weighings()
    assert found.fitted.keys() == VARIANTS.keys()
    for variant, kinds in found.fitted.items():
        assert tuple(kinds) == KINDS
        assert all(tuple(one.weights) == VARIANTS[variant] for one in kinds.values())
    assert 0.2 < found.threshold < 0.8
    stored = json.loads((files("qa.answers") / "missing.json").read_text(encoding="utf-8"))
    assert stored["read"]["lacking"]["weights"] == dict(found.fitted["read"]["lacking"].weights)


@pytest.mark.parametrize(
    ("known", "variant"),
    [((), "counted"), (READ, "read"), (BORNE, "borne"), ((*READ, *BORNE), "borne and read")],
)
def test_which_regression_is_used_is_a_matter_of_what_is_known(known: tuple[str, ...], variant: str) -> None:
    facts = {**FLAT, **dict.fromkeys(known, 0.5)}
    assert variant_of(facts) == variant
    assert packaged_weighings().probability(facts, lacks_word=True) == pytest.approx(
        packaged_weighings().fitted[variant]["lacking"].probability(facts)
    )


FACTS = some.fixed_dictionaries(
    {**{name: some.floats(-10, 10) for name in VARIANTS["borne and read"]}, NUMBERED: some.sampled_from([0.0, 1.0])}
)


@given(FACTS, some.booleans(), some.sampled_from(["name", "nearer", "lacking"]), some.floats(0, 5))
def test_a_clearer_name_and_a_surer_lack_never_speak_for_a_term(
    facts: dict[str, float], lacks_word: bool, name: str, more: float
) -> None:
    weighings = packaged_weighings()
    before = weighings.probability(facts, lacks_word=lacks_word)
    after = weighings.probability({**facts, name: facts[name] + more}, lacks_word=lacks_word)
    assert 0 <= before <= after + 1e-9 <= 1 + 1e-9


# --- as it was written -----------------------------------------------------------------------------------------

WRITTEN = "Does famly help with the quorvex thrapy of famly?"
READ_AS = "Does family help with the quorvex therapy of family?"


def corrections() -> tuple[Correction, ...]:
    meant = {"famly": "family", "thrapy": "therapy"}
    words = ENGLISH.question(WRITTEN).words
    return tuple(Correction(w, meant[WRITTEN[w.start : w.end]]) for w in words if WRITTEN[w.start : w.end] in meant)


def test_terms_stand_where_they_were_written() -> None:
    reports = [
        TermReport(term_of("family", READ_AS), TermState.KNOWN, 1),
        TermReport(term_of("help", READ_AS), TermState.KNOWN, 1),
        TermReport(term_of("quorvex therapy", READ_AS), TermState.UNKNOWN, 0),
    ]
    found = as_written(reports, WRITTEN, corrections(), ENGLISH)
    shown = [(report.term.text, report.term.spelt, report.state, report.suggestion) for report in found]
    assert shown == [
        ("famly", "famly", TermState.MISSPELLED, "family"),  # known as that, and not twice
        ("help", "help", TermState.KNOWN, None),
        ("quorvex thrapy", "quorvex therapy", TermState.UNKNOWN, None),
        ("thrapy", "thrapy", TermState.MISSPELLED, "therapy"),
        ("famly", "famly", TermState.MISSPELLED, "family"),
    ]
    assert all(WRITTEN[report.term.start : report.term.end] == report.term.text for report in found)


def test_without_corrections_nothing_moves() -> None:
    reports = (TermReport(term_of("therapy"), TermState.KNOWN, 1),)
    assert as_written(reports, QUESTION, (), ENGLISH) == reports


def test_a_word_that_is_read_as_several_is_one_place() -> None:
    asked, read = "Who gets vacation pay, and GP pay?", "Who gets paid time off pay, and general practitioner pay?"
    words = {asked[word.start : word.end]: word for word in ENGLISH.words(asked)}
    places = Places((
        Correction(words["vacation"], "paid time off", Ground.SYNONYM, 1),
        Correction(words["GP"], "general practitioner", Ground.SYNONYM, 1),
    ))  # fmt: skip

    def written(stretch: str) -> str:
        start = read.index(stretch)
        return asked[places.written(start) : places.written_end(start + len(stretch))]

    assert written("paid time off") == written("time") == written("time off") == written("paid") == "vacation"
    assert written("time off pay") == "vacation pay"
    assert written("gets paid") == "gets vacation"
    assert written("practitioner pay") == "GP pay"
    assert written("general") == "GP"
    assert [written(same) for same in ("Who gets", "pay, and", "pay?")] == ["Who gets", "pay, and", "pay?"]
