"""Each rule of states.py on the tiny corpus: apples, family therapy, social action, psychotherapy, gardens."""

import pytest

from qa.index import Index
from qa.states import report_terms
from qa.terms import find_terms

Row = tuple[str, str, int, tuple[str, ...]]


def reports(index: Index, question: str) -> list[Row]:
    found = report_terms(find_terms(question), index.lexicon)
    return [(r.term.text, str(r.state), r.passage_count, r.known_parts) for r in found]


WHOLE = ("psychotherapy", "social action")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # 1. The whole is used, in any inflection, hyphenation or case.
        ("What is psychotherapy?", [("psychotherapy", "known", 2, ("psychotherapy",))]),
        ("what is PSYCHOTHERAPY", [("PSYCHOTHERAPY", "known", 2, ("psychotherapy",))]),
        ("What are family therapies?", [("family therapies", "known", 1, ("family therapies",))]),
        ("What is family-therapy?", [("family-therapy", "known", 1, ("family-therapy",))]),
        # 2. A word is absent.
        ("What is quorvex?", [("quorvex", "unknown", 0, ())]),
        ("Tell me about quorvex therapy", [("quorvex therapy", "unknown", 0, ("therapy",))]),
        # 3. Every part is known, the whole never used.
        (
            "What is Psychotherapy and social action model?",
            [("Psychotherapy and social action model", "unestablished", 0, WHOLE)],
        ),
        (
            "what is psychotherapy and social action model",
            [("psychotherapy and social action model", "unestablished", 0, WHOLE)],
        ),
        (
            "the psychotherapy & social action model",
            [("psychotherapy & social action model", "unestablished", 0, WHOLE)],
        ),
        ('is there a "family garden"', [("family garden", "unestablished", 0, ("family", "garden"))]),
        # 4. Ordinary language: the words that the corpus has, and no flag for the others.
        (
            "How do apple trees grow in a cool garden?",
            [
                ("apple trees", "known", 1, ("apple trees",)),
                ("cool", "known", 1, ("cool",)),
                ("garden", "known", 1, ("garden",)),
            ],
        ),
        ("Is there any evidence?", []),
        ("35 50", []),
    ],
)
def test_states(tiny_index: Index, question: str, expected: list[Row]) -> None:
    assert reports(tiny_index, question) == expected


def test_spans_are_the_askers_own(tiny_index: Index) -> None:
    question = "Please, what is the Psychotherapy and Social Action Model, and quorvex?"
    found = report_terms(find_terms(question), tiny_index.lexicon)
    assert [question[r.term.start : r.term.end] for r in found] == [
        "Psychotherapy and Social Action Model",
        "quorvex",
    ]


def test_a_corpus_may_use_the_whole(tiny_index: Index) -> None:
    assert reports(tiny_index, "What is a garden model?")[0][1] == "known"
