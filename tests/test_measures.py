"""Measures on rows that a reader can check by hand."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from qa.evaluation.measures import (
    aurc,
    auroc,
    brier,
    coverage_at,
    ece,
    interval,
    measure,
    resample,
    state_macro_f1,
)
from qa.evaluation.outcomes import Grading, Outcomes, collect_outcomes, contains_answer, normalised_term
from qa.evaluation.question import SetQuestion

RANKING = ("ndcg@10", "recall@10", "mrr@10", "map@10", "success@1", "success@3")


def answer(
    *documents: str, confidence: float = 0.5, terms: tuple[dict[str, Any], ...] = (), text: str = "t"
) -> dict[str, Any]:
    passages = [{"document_id": document, "text": text} for document in documents]
    return {"_id": "q", "confidence": confidence, "passages": passages, "terms": list(terms)}


def outcomes(answered: dict[str, Any], graded: dict[str, int], least_grade: int = 1) -> Outcomes:
    return collect_outcomes([(SetQuestion("q", "?"), answered)], Grading({"q": graded}, RANKING, least_grade))


def test_ranking_measures_by_hand() -> None:
    # Documents b, a, c in the order of their best passage; a and c are relevant, and d, which is not found.
    found = outcomes(answer("b", "a", "b", "c"), {"a": 1, "c": 2, "d": 1}).columns
    gain = 1 / math.log2(3) + 2 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg@10"][0] == pytest.approx(gain / ideal)
    assert found["recall@10"][0] == pytest.approx(2 / 3)
    assert found["mrr@10"][0] == pytest.approx(1 / 2)
    assert found["map@10"][0] == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert (found["success@1"][0], found["success@3"][0]) == (0, 1)


def test_a_question_without_a_passage_counts_as_nothing() -> None:
    pairs = [
        (SetQuestion("q", "?"), answer("a")),
        (SetQuestion("p", "?"), answer()),
        (SetQuestion("unjudged", "?"), answer("a")),
    ]
    found = collect_outcomes(pairs, Grading({"q": {"a": 1}, "p": {"a": 1}}, RANKING))
    estimates = measure(found, RANKING)
    assert all(estimates[name].value == 0.5 for name in RANKING)
    assert all(estimates[name].questions == 2 for name in RANKING)


def test_least_grade() -> None:
    found = outcomes(answer("a"), {"a": 1, "b": 2}, least_grade=2).columns
    assert (found["success@1"][0], found["recall@10"][0], found["right"][0]) == (0, 0, 0)
    assert outcomes(answer("b"), {"a": 1, "b": 2}, least_grade=2).columns["right"][0] == 1


def test_right_is_one_of_the_first_five_documents() -> None:
    graded = {"f": 1}
    assert outcomes(answer("a", "b", "c", "d", "f"), graded).columns["right"][0] == 1
    assert outcomes(answer("a", "b", "c", "d", "e", "f"), graded).columns["right"][0] == 0


def test_right_without_judgments_is_the_set_s_own_label() -> None:
    pairs = [(SetQuestion(str(value), "?", answerable=value), answer("a")) for value in (True, False, None)]
    assert collect_outcomes(pairs, Grading({}, ())).columns["right"].tolist()[:2] == [1, 0]


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("It was in The 10th century.", "10th Century", True),
        ("It was in the 10th century.", "the 10th century", True),
        ("It was 110th.", "10th", False),
        ("A well-known fact", "well known", True),
        ("anything", "the", False),
    ],
)
def test_contains_answer(text: str, wanted: str, found: bool) -> None:
    assert contains_answer(answer("a", text=text), [wanted]) is found


CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.2])
RIGHT = np.array([1.0, 0.0, 1.0, 0.0])


def test_confidence_measures_by_hand() -> None:
    assert auroc(CONFIDENCE, RIGHT) == 3 / 4
    assert aurc(CONFIDENCE, RIGHT) == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)
    assert brier(CONFIDENCE, RIGHT) == pytest.approx((0.01 + 0.64 + 0.09 + 0.04) / 4)
    assert ece(CONFIDENCE, RIGHT) == pytest.approx((0.1 + 0.8 + 0.3 + 0.2) / 4)  # fewer questions than bins: one each
    assert coverage_at(0.6)(CONFIDENCE, RIGHT) == 3 / 4
    assert coverage_at(0.8)(CONFIDENCE, RIGHT) == 1 / 4
    assert coverage_at(0.8)(CONFIDENCE, 1 - RIGHT) == 0.0


def test_questions_of_equal_confidence_share_their_risk() -> None:
    same = np.full(4, 0.5)
    assert aurc(same, RIGHT) == pytest.approx(0.5)
    assert auroc(same, RIGHT) == 0.5
    assert coverage_at(0.9)(same, np.array([1.0, 1.0, 1.0, 0.0])) == 0.0
    assert coverage_at(0.75)(same, np.array([1.0, 1.0, 1.0, 0.0])) == 1.0


def test_ece_in_bins_of_equal_mass() -> None:
    # 30 questions in 15 bins of two, each with one right and one wrong: |0.8 - 0.5| in each.
    assert ece(np.full(30, 0.8), np.tile([1.0, 0.0], 15)) == pytest.approx(0.3)


rows = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), st.booleans()), min_size=2, max_size=60)


@given(rows)
def test_measures_agree_with_another_library(values: list[tuple[float, bool]]) -> None:
    confidence = np.array([value for value, _ in values])
    right = np.array([float(value) for _, value in values])
    assert brier(confidence, right) == pytest.approx(float(brier_score_loss(right, confidence, pos_label=1)), abs=1e-9)
    if 0 < right.sum() < len(right):
        assert auroc(confidence, right) == pytest.approx(float(roc_auc_score(right, confidence)), abs=1e-9)
    assert 0 <= aurc(confidence, right) <= 1
    assert 0 <= ece(confidence, right) <= 1


def term(text: str, state: str, suggestion: str | None = None, parts: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"text": text, "state": state, "suggestion": suggestion, "known_parts": list(parts)}


def test_term_measures_by_hand() -> None:
    pairs = [
        # Missing, and named exactly but for case and article.
        (
            SetQuestion(
                "1", "?", off_corpus_terms=("The Quorvex therapy",), known_parts=("therapy",), kind="unknown_word"
            ),
            answer(terms=(term("quorvex therapy", "unknown", parts=("therapy",)), term("x", "known"))),
        ),
        # Missing, and only a part of it named.
        (
            SetQuestion("2", "?", off_corpus_terms=("zibble model",), known_parts=("model",), kind="unknown_compound"),
            answer(terms=(term("zibble", "unknown"),)),
        ),
        # Nothing missing: one flagged all the same, one not.
        (SetQuestion("3", "?", off_corpus_terms=(), kind="all_known"), answer(terms=(term("y", "unestablished"),))),
        (SetQuestion("4", "?", off_corpus_terms=(), kind="known_compound"), answer(terms=(term("y", "known"),))),
        # Misspelled, one corrected rightly and one not.
        (
            SetQuestion("5", "?", off_corpus_terms=(), misspelled=(("teh", "the"),), kind="misspelling"),
            answer(terms=(term("teh", "misspelled", "the"),)),
        ),
        (
            SetQuestion("6", "?", off_corpus_terms=(), misspelled=(("recieve", "receive"),), kind="misspelling"),
            answer(terms=(term("recieve", "unknown"),)),
        ),
    ]
    found = measure(collect_outcomes(pairs, Grading({}, ())), ())
    # Flagged: quorvex therapy, zibble, y, recieve; wanted: two; right: one.
    assert found["term_precision"].value == 1 / 4
    assert found["term_recall"].value == 1 / 2
    assert found["term_f1"].value == pytest.approx(2 * 1 / (4 + 2))
    assert found["false_flag_rate"].value == 1 / 2
    assert found["suggestion_accuracy"].value == 1 / 2
    assert found["known_parts_accuracy"].value == 1 / 2
    # States wanted: unknown, unestablished, known, known, misspelled, misspelled;
    # got: unknown, unknown, unestablished, known, misspelled, unknown.
    known, misspelled, unknown, unestablished = 2 / (2 + 1), 2 / (2 + 1), 2 / (1 + 3), 0.0
    assert found["state_macro_f1"].value == pytest.approx((known + misspelled + unknown + unestablished) / 4)


def test_state_macro_f1_counts_only_states_that_are_wanted() -> None:
    assert state_macro_f1(np.array([0.0, 0.0]), np.array([0.0, 3.0])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("The Social-Action model?", "social action model"), ("“a  b”", "b"), ("an apple", "apple"), ("other", "other")],
)
def test_normalised_term(text: str, plain: str) -> None:
    assert normalised_term(text) == plain


def test_only_measures_that_the_labels_allow() -> None:
    assert measure(collect_outcomes([(SetQuestion("1", "?"), answer("a"))], Grading({}, RANKING)), RANKING) == {}


def test_intervals_hold_the_value_and_are_the_same_every_time() -> None:
    values = np.arange(200) % 2
    first, second = (resample({"mean": lambda rows: float(values[rows].mean())}, 200)["mean"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    low, high = interval(first)
    # The standard error of a mean of 200 coins is 0.5 / sqrt(200) = 0.035; 1.96 of it each way.
    assert (low, high) == pytest.approx((0.5 - 0.069, 0.5 + 0.069), abs=0.012)


def test_the_same_resamples_serve_every_measure() -> None:
    values = np.random.default_rng(1).random(50)
    drawn = resample(
        {"a": lambda rows: float(values[rows].mean()), "b": lambda rows: float(2 * values[rows].mean())}, 50
    )
    np.testing.assert_allclose(drawn["b"], 2 * drawn["a"])
