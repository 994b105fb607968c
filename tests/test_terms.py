import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa.datatypes import Naming
from qa.language.terms import find_terms
from tests.english import stemmed, stems, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("?!… 😀", []),
        ("Therapies, therapy; THERAPY's therapist’s", ["therapi", "therapi", "therapi", "therapist"]),
        ("self-help group", ["self", "help", "group"]),
        ("rock & roll", ["rock", "and", "roll"]),
        ("Martín-Baró", ["martin", "baro"]),
        ("don't", ["dont"]),
        ("snake_case", ["snake", "case"]),
        ("12 steps", ["12", "step"]),
        ("علاج نفسي", ["علاج", "نفسي"]),
        ("e\u0301mpathie thera\u00adpist", ["empathi", "therapist"]),  # an accent of its own, a soft hyphen
    ],
)
def test_stems(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


@given(st.text(max_size=200))
def test_words_have_their_own_ranges(text: str) -> None:
    found = words(text)
    assert [word.stem for word in found] == stems(text)
    assert all(0 <= word.start < word.end <= len(text) for word in found)
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is psychotherapy?", ["psychotherapy"]),
        ("what is psychotherapy", ["psychotherapy"]),
        ("What is Psychotherapy and social action model?", ["Psychotherapy and social action model"]),
        ("what is psychotherapy and social action model", ["psychotherapy and social action model"]),
        ("WHAT IS PSYCHOTHERAPY AND SOCIAL ACTION MODEL", ["PSYCHOTHERAPY AND SOCIAL ACTION MODEL"]),
        ("the psychotherapy & social action model", ["psychotherapy & social action model"]),
        ('who made "the blue lotus method" and why?', ["the blue lotus method"]),
        ("How do I overcome anxiety and depression?", ["overcome", "anxiety", "depression"]),
        ("What should I do about my stress before track meets?", ["stress", "track", "meets"]),
        ("My mom's controlling behavior", ["mom", "controlling behavior"]),
        ("the NourishPro Vitality Plan approach to food", ["NourishPro Vitality Plan", "approach", "food"]),
        ("tell me about quorvex therapy", ["quorvex therapy"]),
        ("How does it work?", []),
        ("difference between narrative therapy and family therapy", ["narrative therapy", "family therapy"]),
        ("“What is quorvex therapy?”", ["quorvex therapy"]),
        ("CBT vs ACT", ["CBT", "ACT"]),
        ("What is type 2 diabetes?", ["type 2 diabetes"]),
        ("My aunt has Type II diabetes", ["aunt", "Type II diabetes"]),
        ("😀", []),
        ("", []),
    ],
)
def test_find_terms(question: str, expected: list[str]) -> None:
    assert [term.text for term in find_terms(question)] == expected


@given(st.text(max_size=120))
def test_terms_are_stretches_of_the_question_in_order(question: str) -> None:
    found = find_terms(question)
    assert all(question[term.start : term.end] == term.text for term in found)
    assert all(term.words for term in found)
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("question", "naming"),
    [
        ("What is family therapy?", Naming.ASKED),
        ("“family therapy”, is it any good for my cousin?", Naming.QUOTED),
        ("Does my cousin need family therapy?", None),
        ("Does family therapy help my cousin?", Naming.HEAD),
        ("Did the Cosmic Anisotropy Telescope impress my cousin?", Naming.CAPITALS),
        ("Did the follower conversion revolution reach my cousin?", Naming.DEFINITE),
        ("Does Form 990 help my cousin?", Naming.NUMBERED),
        ("Can vitamin D help my cousin?", Naming.NUMBERED),
        ("Did that May 12 help my cousin?", None),
        ("Did the Garden 1920 help my cousin?", None),
        ("Did follower conversion revolutions reach my cousin?", None),  # many, so described
        ("Did joint listening help my cousin?", None),
    ],
)
def test_naming(question: str, naming: Naming | None) -> None:
    assert find_terms(question)[0].naming is naming


@given(st.text(max_size=200))
@example("ﾟ ﾞ ’s & \u00ad")
def test_no_word_is_empty(text: str) -> None:
    assert all(word.folded and word.stem for word in words(text))


@given(st.text(max_size=200))
def test_stemmed_are_the_words(text: str) -> None:
    assert list(stemmed(text)) == [(word.stem, word.start, word.end) for word in words(text)]
    assert [(word.start + 7, word.end + 7) for word in words(text)] == [(w.start, w.end) for w in words(text, 7)]


asking = st.sampled_from(
    [
        "what",
        "who",
        "which",
        "how",
        "i",
        "we",
        "my",
        "is",
        "are",
        "does",
        "do",
        "can",
        "have",
        "been",
        "the",
        "a",
        "of",
        "for",
        "in",
        "and",
        "&",
        "to",
        "so",
        ".",
        "?",
        "!",
        ",",
        ";",
        ":",
        "(",
        ")",
        "-",
        "'s",
        '"',
        "_",
        "tell",
        "about",
        "study",
        "support",
        "critics",
        "first",
        "Garden",
        "garden",
        "Model",
        "model",
        "gardens",
        "impact",
        "quorvex",
        "means",
        "special",
        "one",
        "35",
        "x's",
        "don't",
        "re-",
        "́",
        "\xad",
        "😀",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(asking, max_size=14).map(" ".join))
def test_terms_of_any_wording_are_true_stretches(question: str) -> None:
    found = find_terms(question)
    assert all(question[term.start : term.end] == term.text for term in found)
    assert all(term.start <= word.start < word.end <= term.end for term in found for word in term.words)
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))
