"""Rankings -> Ranking. A fusion sees rows, scores and ranks only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from qa.datatypes import Hit, Ranking

RRF_K = 60
"""The constant of reciprocal rank fusion that its authors found to serve everywhere, see ``reciprocal_rank``."""


def rank(scores: Mapping[int, float]) -> Ranking:
    """Return the ranking of {row: score}, best first; equal scores in the order of their rows."""
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Hit(row, score, place) for place, (row, score) in enumerate(ordered, start=1))


def reciprocal_rank(rankings: Sequence[Ranking]) -> Ranking:
    """Return one ranking by the sum of ``1 / (60 + rank)`` over the rankings that hold a row.

    Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009.
    """
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for hit in ranking:
            scores[hit.row] += 1 / (RRF_K + hit.rank)
    return rank(scores)
