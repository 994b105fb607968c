"""Rankings -> Ranking. A fusion sees rows, scores and ranks only."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from qa.datatypes import Hit, Ranking


def rank(scores: Mapping[int, float]) -> Ranking:
    """Return the ranking of {row: score}, best first; equal scores in the order of their rows."""
    ordered = sorted([(-score, row) for row, score in scores.items()])
    return tuple([Hit(row, -less, place) for place, (less, row) in enumerate(ordered, start=1)])


DENSE_WEIGHT = 0.6
"""The dense ranking's share in ``standard_score``; `benchmarks/fusion.py` fits it, one set left out at a time."""


def standard_score(dense: Ranking, lexical: Ranking, dense_weight: float = DENSE_WEIGHT) -> Ranking:
    """Return one ranking by the weighted sum of both rankings' standard scores.

    A standard score is how many standard deviations a hit stands above the mean, over the rows of both rankings; a row
    that one of them lacks has its lowest score there. Unlike ranks, scores tell by how much the first is ahead; unlike
    raw scores, standard ones do not depend on how long a question is. Weighted CombSUM (Fox and Shaw, TREC-2, 1994)
    after z-normalisation (Renda and Straccia, SAC 2003).
    """
    rows = np.unique(np.array([hit.row for hit in (*dense, *lexical)], np.int64))
    scores = dense_weight * _standard(dense, rows) + (1 - dense_weight) * _standard(lexical, rows)
    return rank(dict(zip(rows.tolist(), scores.tolist(), strict=True)))


def _standard(ranking: Ranking, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the (rows,) standard scores of a ranking for rows in order, 0 where all are equal."""
    held = np.array([hit.score for hit in ranking], np.float64)
    scores = np.full(len(rows), held.min() if len(held) else 0.0)
    scores[np.searchsorted(rows, np.array([hit.row for hit in ranking], np.int64))] = held
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / spread if spread else np.zeros(len(scores))
