"""Outcomes -> measures with intervals. Each is a mean over questions, or one number pooled from all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from qa.evaluation.outcomes import STATES, Column, Outcomes

ECE_BINS = 15
_RESAMPLES = 1000
_RESAMPLES_LARGE = 200
_LARGE = 10_000  # questions from which on fewer resamples are drawn: the interval is narrow anyway
_LEVEL = 0.95

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure's value over ``questions`` questions, with its 95 % interval by percentile bootstrap over questions."""

    value: float
    low: float
    high: float
    questions: int


@dataclass(frozen=True, slots=True)
class Pooled:
    """A measure that is no mean: a function of these columns over the questions that have them all."""

    columns: tuple[str, ...]
    compute: Callable[..., float]


# --- confidence against being right -------------------------------------------------------------------------


def auroc(confidence: Column, right: Column) -> float:
    """Return the area under the ROC curve: the chance that a right answer has the higher confidence, ties counting
    half (Mann-Whitney). NaN where all are right or all wrong."""
    positives = float(right.sum())
    negatives = len(right) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = float(rankdata(confidence)[right == 1].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def risks_by_coverage(confidence: Column, right: Column) -> Column:
    """Return for each count n the expected share of wrong answers among the n most confident; questions of equal
    confidence share their risk."""
    order = np.argsort(-confidence, kind="stable")
    values, first, counts = np.unique(-confidence[order], return_index=True, return_counts=True)
    wrong = 1 - right[order]
    mean = np.add.reduceat(wrong, first) / counts if len(values) else wrong
    return np.asarray(np.cumsum(np.repeat(mean, counts)) / np.arange(1, len(wrong) + 1))


def aurc(confidence: Column, right: Column) -> float:
    """Return the area under the risk-coverage curve (Geifman and El-Yaniv 2017): lower is better."""
    return float(risks_by_coverage(confidence, right).mean()) if len(right) else float("nan")


def coverage_at(precision: float) -> Callable[[Column, Column], float]:
    """Return the largest share of questions that can be answered, most confident first, at this precision or more."""

    def coverage(confidence: Column, right: Column) -> float:
        if not len(right):
            return float("nan")
        ordered = np.sort(-confidence)
        last_of_tie = np.append(ordered[1:] != ordered[:-1], True)
        held = (1 - risks_by_coverage(confidence, right) >= precision - 1e-12) & last_of_tie
        return float((np.flatnonzero(held)[-1] + 1) / len(right)) if held.any() else 0.0

    return coverage


def brier(confidence: Column, right: Column) -> float:
    """Return the mean squared difference of confidence and being right (Brier 1950): lower is better."""
    return float(np.mean((confidence - right) ** 2)) if len(right) else float("nan")


def ece(confidence: Column, right: Column) -> float:
    """Return the expected calibration error over 15 bins of equal mass (Naeini et al. 2015): lower is better."""
    if not len(right):
        return float("nan")
    bins = reliability_bins(confidence, right)
    return float(sum(count * abs(mean - share) for mean, share, count in bins) / len(right))


def reliability_bins(confidence: Column, right: Column) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share right, questions) of each bin of equal mass, least confident first."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, ECE_BINS) if len(part)]
    return [(float(confidence[part].mean()), float(right[part].mean()), len(part)) for part in parts]


# --- terms -----------------------------------------------------------------------------------------------------


def _ratio(upper: float, lower: float) -> float:
    return upper / lower if lower else float("nan")


def _precision(right: Column, flagged: Column, wanted: Column) -> float:
    return _ratio(right.sum(), flagged.sum())


def _recall(right: Column, flagged: Column, wanted: Column) -> float:
    return _ratio(right.sum(), wanted.sum())


def _f1(right: Column, flagged: Column, wanted: Column) -> float:
    return _ratio(2 * right.sum(), flagged.sum() + wanted.sum())


def state_macro_f1(wanted: Column, got: Column) -> float:
    """Return the mean F1 of the states that are wanted at all, over questions of a kind that calls for one state."""
    scores = []
    for state in range(len(STATES)):
        if (wanted == state).any():
            both = float(((wanted == state) & (got == state)).sum())
            scores.append(2 * both / float((wanted == state).sum() + (got == state).sum()))
    return float(np.mean(scores)) if scores else float("nan")


_TERMS = ("terms_right", "terms_flagged", "terms_wanted")
_CONFIDENCE = ("confidence", "right")

POOLED: dict[str, Pooled] = {
    "auroc": Pooled(_CONFIDENCE, auroc),
    "aurc": Pooled(_CONFIDENCE, aurc),
    "coverage@precision80": Pooled(_CONFIDENCE, coverage_at(0.8)),
    "coverage@precision90": Pooled(_CONFIDENCE, coverage_at(0.9)),
    "brier": Pooled(_CONFIDENCE, brier),
    "ece": Pooled(_CONFIDENCE, ece),
    "term_precision": Pooled(_TERMS, _precision),
    "term_recall": Pooled(_TERMS, _recall),
    "term_f1": Pooled(_TERMS, _f1),
    "state_macro_f1": Pooled(("state_wanted", "state_got"), state_macro_f1),
}

MEANS: dict[str, str] = {
    "answer_containment": "answer_containment",
    "exact_match": "exact_match",
    "token_f1": "token_f1",
    "false_flag_rate": "false_flag",
    "suggestion_accuracy": "suggestion_right",
    "known_parts_accuracy": "known_parts_right",
}
"""Measures that are the mean of a column, and the column; the ranking measures have columns of their own names."""

LOWER_IS_BETTER = frozenset({"aurc", "brier", "ece", "false_flag_rate"})


def measure(outcomes: Outcomes, ranking_measures: Sequence[str]) -> dict[str, Estimate]:
    """Return every measure for which the set has labels, by name.

    The same resamples of the questions serve every measure, so that two measures, or two runs, can be compared
    question by question.
    """
    means = {**{name: name for name in ranking_measures}, **MEANS}
    functions = {name: _mean(outcomes.column(column)) for name, column in means.items()}
    functions |= {name: _pool(outcomes, pooled) for name, pooled in POOLED.items()}
    counts = {name: _count(outcomes, [column]) for name, column in means.items()}
    counts |= {name: _count(outcomes, pooled.columns) for name, pooled in POOLED.items()}
    everything = np.arange(len(outcomes.ids))
    wanted = {name: function for name, function in functions.items() if not np.isnan(function(everything))}
    drawn = resample(wanted, len(outcomes.ids))
    return {
        name: Estimate(function(everything), *interval(drawn[name]), counts[name]) for name, function in wanted.items()
    }


def _mean(column: Column) -> Callable[[Rows], float]:
    def mean(rows: Rows) -> float:
        held = column[rows]
        held = held[~np.isnan(held)]
        return float(held.mean()) if len(held) else float("nan")

    return mean


def _pool(outcomes: Outcomes, pooled: Pooled) -> Callable[[Rows], float]:
    columns = np.array([outcomes.column(name) for name in pooled.columns])

    def compute(rows: Rows) -> float:
        held = columns[:, rows]
        return pooled.compute(*held[:, ~np.isnan(held).any(axis=0)])

    return compute


def _count(outcomes: Outcomes, columns: Sequence[str]) -> int:
    held = np.array([outcomes.column(name) for name in columns])
    return int((~np.isnan(held).any(axis=0)).sum())


def resample(functions: Mapping[str, Callable[[Rows], float]], questions: int) -> dict[str, Column]:
    """Return each function's values over resamples of the questions with replacement, seed 0; the same resamples for
    all of them."""
    generator = np.random.default_rng(0)
    resamples = _RESAMPLES if questions < _LARGE else _RESAMPLES_LARGE
    drawn: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(resamples):
        rows = generator.integers(0, questions, questions)
        for name, function in functions.items():
            drawn[name].append(function(rows))
    return {name: np.array(values) for name, values in drawn.items()}


def interval(drawn: Column) -> tuple[float, float]:
    """Return the 95 % percentile interval of resampled values; resamples without a value are passed over."""
    held = drawn[~np.isnan(drawn)]
    low, high = np.quantile(held, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]) if len(held) else (np.nan, np.nan)
    return float(low), float(high)
