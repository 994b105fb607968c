"""The terms of questions from scores that a reader can follow: of each word that a term begins, goes on, or neither."""

from itertools import product
from math import log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.datatypes import Term
from qa.errors import EmbedderUnusable
from qa.finding.head import WEIGHTS, checked
from qa.finding.terms import MOST, WordScores, _likeliest, find_terms
from qa.finding.tokens import scores_of_words
from tests.english import ENGLISH

OUTSIDE: WordScores = (4.0, 0.0, 0.0, -2.0, -1.0)
BEGINS: WordScores = (0.0, 4.0, 0.0, 2.0, 1.0)
GOES_ON: WordScores = (0.0, 0.0, 4.0, 4.0, 3.0)
KINDS = {"-": OUTSIDE, "B": BEGINS, "I": GOES_ON}


def terms_of(text: str, kinds: str) -> tuple[Term, ...]:
    return find_terms(ENGLISH.question(text), [KINDS[kind] for kind in kinds], ENGLISH)


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("What is family therapy?", "--BI", ["family therapy"]),
        ("family therapy social action", "BIBI", ["family therapy", "social action"]),
        ("psychotherapy and social action model", "BIIII", ["psychotherapy and social action model"]),
        ("the theory of change", "-BII", ["theory of change"]),
        ("self-help groups", "BII", ["self-help groups"]),
        ("family therapy, social action", "BIII", ["family therapy", "social action"]),  # a comma ends a term
        ("families or groups", "I-I", ["families", "groups"]),  # what goes on without a beginning begins
        ("therapy of the", "BII", ["therapy"]),  # no term ends in a small word
        ("of the", "BI", []),
        ("What is it?", "B-B", []),  # nor is one made of words that only ask
        ("my mother's garden", "-B-", ["mother", "garden"]),  # without the ending of a possessor
        ("What heals?", "--", ["heals"]),  # other words are terms too, of one word
        ("What about families", "--B", ["families"]),  # but for those that only join
        ("Set the retry_max limit", "---IB", ["Set", "retry_max", "limit"]),  # what is written as one is one
        ("Open app.config.json", "----", ["Open", "app.config.json"]),
        ("Does HTTP/3 help", "----", ["HTTP/3"]),
        ("cats/dogs", "BI", ["cats/dogs"]),
        ("", "", []),
    ],
)
def test_find_terms(text: str, kinds: str, expected: list[str]) -> None:
    found = terms_of(text, kinds)
    assert [term.text for term in found] == expected
    assert all(text[term.start : term.end] == term.text for term in found)
    assert all(term.words[-1].end == term.end for term in found)


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("How does the Nimbrel Boost Matrix technique work?", "---BIII-", ["Nimbrel Boost Matrix", "technique"]),
        ("the Purple Heart mortgage waiver", "-BIII", ["Purple Heart mortgage waiver"]),  # which is no head
        ("the Nimbrel Matrix technique manual", "-BIII", ["Nimbrel Matrix technique manual"]),
        ("Is the Obrecht-Vint model real", "--BII-", ["Obrecht-Vint model"]),  # one word, as it is written
        ("the guide Dog Plan", "-BII", ["guide Dog Plan"]),
        ("Is Exploration and Puerto Rico Syndrome real", "-B-BII-", ["Exploration", "Puerto Rico Syndrome"]),
        ("Is Exploration and Puerto Rico Syndrome real", "-BIIII-", ["Exploration and Puerto Rico Syndrome"]),
        ("the Information Cascade Flux in news", "--BI-B", ["Information Cascade Flux", "news"]),
        ("Is there a Drummer for Solaris", "---B-B", ["Drummer", "Solaris"]),
        ("Can I use Drummer for Solaris Zones", "---B-BI", ["Drummer", "Solaris Zones"]),
        ("Is the League for Old Boats", "--B-BI", ["League for Old Boats"]),  # a name with an article
        ("Tetralogy of Fallot heals", "B-B-", ["Tetralogy of Fallot", "heals"]),
        ("Kobe Bryant and Dwyane Wade", "BI-BI", ["Kobe Bryant", "Dwyane Wade"]),
        ("Kobe Bryant, Dwyane Wade", "BIBI", ["Kobe Bryant", "Dwyane Wade"]),
        ("Does Berlin office exist", "-BI-", ["Berlin office", "exist"]),  # one capital is no run
        ("Where is the Form 990 kept", "---B--", ["Form 990", "kept"]),
        ("Is Python 3 in decline", "-BB-B", ["Python 3", "decline"]),
        ("Homes Near 12 lakes", "B-BB", ["Homes Near 12", "lakes"]),
        ("HOW DOES FAMILY THERAPY HEAL", "--BI-", ["FAMILY THERAPY", "HEAL"]),
        ("Causes Of Feeling Possessive Of Others", "B--B--", ["Causes", "Feeling", "Possessive"]),
    ],
)
def test_a_run_of_capitals_is_one_term(text: str, kinds: str, expected: list[str]) -> None:
    assert [term.text for term in terms_of(text, kinds)] == expected


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("does windows 11 work", "-BB-", ["windows 11"]),
        ("does windows 11 work", "-B--", ["windows 11"]),
        ("what of the iphone 14?", "---BB", ["iphone 14"]),
        ("is python 3.12 out", "-BBB-", ["python 3.12"]),
        ("lose 20 pounds", "-BI", ["lose", "20 pounds"]),  # which counts pounds
        ("windows 11 users", "BBB", ["windows", "11", "users"]),  # as it might here
        ("windows, 11 of them", "BB--", ["windows", "11"]),
        ("the summer 2019 in brief", "-BB-B", ["summer", "2019", "brief"]),  # which says when
        ("from march 12 on", "-BB-", ["march", "12"]),
        ("is growth 5% now", "-BB-", ["growth", "5"]),
    ],
)
def test_a_number_behind_a_term_belongs_to_it(text: str, kinds: str, expected: list[str]) -> None:
    assert [term.text for term in terms_of(text, kinds)] == expected


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("How does poverty affect therapy?", "--BII", ["poverty", "affect", "therapy"]),
        ("How do race and class shape therapy?", "--BIIII", ["race and class", "shape", "therapy"]),
        ("Did Edward return?", "-BI", ["Edward", "return"]),
        # Of two that can be it the last is, for names end before it; the question's last word only where it is the one.
        ("How does anchor release therapy shape grief?", "--BIIII", ["anchor release therapy", "shape", "grief"]),
        ("How does group cohesion buffer stress?", "--BIII", ["group cohesion", "buffer", "stress"]),
        ("How do teachers challenge school discipline?", "--BIII", ["teachers", "challenge", "school discipline"]),
        ("Do new anchor release methods shape grief?", "--BIIII", ["anchor release methods", "shape", "grief"]),
        ("Where did they film game seasons?", "---BII", ["film", "game seasons"]),
        # Where something else can be the verb, or nothing can, the terms are left as they are.
        ("How does the family model heal?", "---BI-", ["family model", "heal"]),
        ("How does mirror therapy help", "--BI-", ["mirror therapy"]),
        ("How does family shape therapy, in short, differ?", "--BII---", ["family shape therapy", "short"]),
        ("Who does family therapy research?", "--BII", ["family therapy research"]),
        ("Which research does family therapy", "-B-BI", ["research", "family therapy"]),
        ("What does it mean, family shape therapy", "----BII", ["family shape therapy"]),
        ("Can Family Shape Therapy", "-BII", ["Family Shape Therapy"]),  # a name is not cut
        ("How does family therapy", "--BI", ["family therapy"]),
    ],
)
def test_a_verb_that_the_question_calls_for_is_no_part_of_a_term(text: str, kinds: str, expected: list[str]) -> None:
    assert [term.text for term in terms_of(text, kinds)] == expected


def test_words_beside_the_terms_are_no_noun_phrases() -> None:
    assert [(term.text, term.noun) for term in terms_of("What heals families?", "--B")] == [
        ("heals", False),
        ("families", True),
    ]


def test_what_is_quoted_is_one_term_however_it_scores() -> None:
    (quoted, other) = terms_of("Is “theory of change” a family?", "-----B")
    assert (quoted.text, quoted.quoted) == ("theory of change", True)
    assert (other.text, other.quoted) == ("family", False)


def test_scores_of_a_term_by_hand() -> None:
    (term,) = terms_of("What is family therapy?", "--BI")
    assert term.scores is not None
    assert term.scores.begins == pytest.approx(4.0 - log(2))  # against the other two together, each 0
    assert term.scores.name == (2.0 + 4.0) / 2
    assert term.scores.needed == 3.0


def test_scores_are_bounded() -> None:
    (term,) = find_terms(ENGLISH.question("family"), [(-90.0, 90.0, -90.0, 99.0, -99.0)], ENGLISH)
    assert term.scores == (MOST, MOST, -MOST)


@pytest.mark.parametrize(
    ("ex", "expected"),
    [
        ((1.0, 0.5, -9.0), ["ex-wife"]),  # .5 + 3 is more than 1 + 2 and than 1 + 0
        ((4.0, 0.5, -9.0), ["ex", "wife"]),  # 4 + 2 is more than .5 + 3
    ],
)
def test_kinds_are_the_likeliest_together(ex: WordScores, expected: list[str]) -> None:
    scores = [OUTSIDE, (*ex, 0.0, 0.0), (0.0, 2.0, 3.0, 0.0, 0.0)]
    assert [term.text for term in find_terms(ENGLISH.question("my ex-wife"), scores, ENGLISH)] == expected


@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=1, max_size=6), st.integers(0, 6))
def test_of_all_ways_in_which_a_term_goes_on_where_one_began_the_likeliest_is_taken(
    drawn: list[tuple[int, int, int]], comma: int
) -> None:
    text = " ".join("zebra," if place == comma else "zebra" for place in range(len(drawn)))
    scores = [(float(out), float(begins), float(goes_on), 0.0, 0.0) for out, begins, goes_on in drawn]
    allowed = [
        kinds
        for kinds in product(range(3), repeat=len(drawn))
        if all(
            kind != 2 or (place > 0 and kinds[place - 1] != 0 and place - 1 != comma)
            for place, kind in enumerate(kinds)
        )
    ]
    best = max(sum(scores[place][kind] for place, kind in enumerate(kinds)) for kinds in allowed)
    found = _likeliest(ENGLISH.question(text), scores)
    assert tuple(found) in allowed
    assert sum(scores[place][kind] for place, kind in enumerate(found)) == best


def test_words_and_tokens() -> None:
    question = ENGLISH.question("quorvex Garden")
    offsets = [(0, 0), (0, 4), (4, 7), (8, 14), (0, 0)]  # as an encoder cuts it, with what begins and ends
    scores = [[float(place)] * 5 for place in range(5)]
    assert scores_of_words(question, offsets, scores) == [(1.0,) * 5, (3.0,) * 5]
    cut = scores_of_words(question, offsets[:3], scores)
    assert cut[1][0] > max(cut[1][1:])  # of what was cut off: it is of no term


def test_weights_that_are_not_the_shipped_ones_are_told_in_a_sentence(tmp_path: Path) -> None:
    assert checked(WEIGHTS)
    damaged = tmp_path / "words.safetensors"
    damaged.write_bytes(WEIGHTS.read_bytes()[:-1])
    with pytest.raises(EmbedderUnusable, match=r"checksum differs\): install the package again"):
        checked(damaged)
    with pytest.raises(EmbedderUnusable, match="No such file"):
        checked(tmp_path / "missing")
