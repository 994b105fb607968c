"""Two runs of one set, question by question: wins and losses, and whether the difference may be chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import permutation_test

from qa.evaluation.measures import LOWER_IS_BETTER, MEANS, interval, resample
from qa.evaluation.outcomes import Column, Outcomes

_PERMUTATIONS = 10_000
_SWINGS = 10
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure's mean in both runs over the ``questions`` that both have. ``low`` and ``high`` are the 95 % interval
    of this less other by paired bootstrap; ``p`` is of a paired permutation test, both sides, the signs of the
    differences being swapped."""

    this: float
    other: float
    low: float
    high: float
    p: float
    wins: int
    losses: int
    ties: int
    questions: int


@dataclass(frozen=True, slots=True)
class Swing:
    """A question whose first measure differs most; the answers are added by whoever reads the runs."""

    id: str
    this: float
    other: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences by measure, the largest swings of ``swing_measure``, and the questions that one run lacks."""

    differences: dict[str, Difference]
    swing_measure: str | None
    swings: tuple[Swing, ...]
    only_this: int
    only_other: int


def compare(this: Outcomes, other: Outcomes, ranking_measures: Sequence[str]) -> Comparison:
    """Return the comparison over the questions that both runs have. Measures that are no means are left out."""
    places = {identifier: row for row, identifier in enumerate(other.ids)}
    shared = [(row, places[identifier]) for row, identifier in enumerate(this.ids) if identifier in places]
    rows = np.array(shared, np.int64).reshape(-1, 2)
    columns = {**{name: name for name in ranking_measures}, **MEANS}
    paired = {name: _paired(this.column(column), other.column(column), rows) for name, column in columns.items()}
    held = {name: values for name, values in paired.items() if values.shape[1]}
    first = next(iter(held), None)
    return Comparison(
        differences={name: _difference(values, name in LOWER_IS_BETTER) for name, values in held.items()},
        swing_measure=first,
        swings=_swings(this, other, columns[first], rows) if first else (),
        only_this=len(this.ids) - len(rows),
        only_other=len(other.ids) - len(rows),
    )


def _paired(this: Column, other: Column, rows: Any) -> Column:
    """Return (2, n) values of the questions that have the measure in both runs."""
    values = np.array([this[rows[:, 0]], other[rows[:, 1]]])
    return np.asarray(values[:, ~np.isnan(values).any(axis=0)])


def _difference(values: Column, lower_is_better: bool) -> Difference:
    this, other = values
    gain = (other - this) if lower_is_better else (this - other)
    drawn = resample({"difference": lambda rows: float((this - other)[rows].mean())}, len(this))["difference"]
    wins, losses = int((gain > _TIE).sum()), int((gain < -_TIE).sum())
    return Difference(
        float(this.mean()),
        float(other.mean()),
        *interval(drawn),
        p=_p_value(this - other),
        wins=wins,
        losses=losses,
        ties=len(this) - wins - losses,
        questions=len(this),
    )


def _p_value(differences: Column) -> float:
    # Only questions that differ can change the mean when signs are swapped.
    moved = differences[np.abs(differences) > _TIE]
    if len(moved) < 2:  # one question alone proves nothing
        return 1.0
    test = permutation_test(
        (moved,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_PERMUTATIONS,
        batch=1000,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def _swings(this: Outcomes, other: Outcomes, column: str, rows: Any) -> tuple[Swing, ...]:
    ours, theirs = this.column(column), other.column(column)
    pairs = [Swing(this.ids[row], float(ours[row]), float(theirs[place])) for row, place in rows]
    moved = [swing for swing in pairs if abs(swing.this - swing.other) > _TIE]
    return tuple(sorted(moved, key=lambda swing: (-abs(swing.this - swing.other), swing.id))[:_SWINGS])
