"""Unknown terms + Index -> the terms closest in meaning that the texts do use: "heart attack", "myocardial infarction".

The phrases of the passages nearest to a term are compared with it by cosine.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from qa.indexing.index import Index, Selection
from qa.stores import Vectors

CLOSE = 0.6
"""The least cosine of a term that is offered; `benchmarks/closest.py` prints how near the best one comes to words that
mean nothing."""

PASSAGES = 5
OFFERED = 2


def closest_terms(
    terms: Sequence[str], vectors: Vectors, index: Index, selection: Selection | None = None
) -> list[tuple[str, ...]]:
    """Return for each term, with its (n, d) vectors, the closest terms that the texts use, best first; often none."""
    if not terms:
        return []
    _, ids = index.store.search(vectors, PASSAGES, selection.rows if selection else None)
    return [
        tuple(phrase for phrase, _ in islice(near_phrases(term, vector, rows.tolist(), index), OFFERED))
        for term, vector, rows in zip(terms, vectors, ids, strict=True)
    ]


def near_phrases(
    term: str, vector: Vectors, rows: Sequence[int], index: Index, least: float = CLOSE
) -> Iterator[tuple[str, float]]:
    """Yield the phrases of some passages that share no word with a term, with their cosines to its (d,) vector, the
    nearest first, down to the least."""
    phrases = index.generation.phrases
    places = phrases.places(rows)
    cosines = phrases.vectors(places) @ vector
    own = set(index.language.stems(term))
    for at in np.argsort(-cosines, kind="stable").tolist():
        if cosines[at] < least:
            return
        phrase = phrases.shown(places[at])
        if own.isdisjoint(index.language.stems(phrase)):
            yield phrase, float(cosines[at])
