"""Fusions that the one in use is compared with."""

from collections import defaultdict
from collections.abc import Sequence

from qa.answers.fusions import rank
from qa.datatypes import Ranking

RRF_K = 60
"""The constant that the authors of reciprocal rank fusion found to serve everywhere."""


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
