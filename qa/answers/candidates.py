"""The passages that may answer a question, with their vectors, fetched once."""

from collections.abc import Iterable

import numpy as np

from qa.datatypes import Hit, Ranking
from qa.stores import Ids, Vectors, VectorStore


class Candidates:
    """Rows of an index with their vectors: one look into the store a question, which may be another machine's."""

    def __init__(self, rows: Ids, vectors: Vectors) -> None:
        """Join distinct rows in ascending order with their (n, d) vectors."""
        self._rows = rows
        self._vectors = vectors

    @classmethod
    def of(cls, rankings: Iterable[Ranking], store: VectorStore) -> "Candidates":
        """Return the passages of all rankings."""
        rows = np.unique(np.array([hit.row for ranking in rankings for hit in ranking], np.int64))
        return cls(rows, store.vectors(rows))

    def vectors_of(self, hits: Iterable[Hit]) -> Vectors:
        """Return the (n, d) vectors of hits among the candidates, in their order."""
        wanted = np.array([hit.row for hit in hits], np.int64)
        return self._vectors[np.searchsorted(self._rows, wanted)]

    def cosines(self, hits: Iterable[Hit], vector: Vectors) -> tuple[float, ...]:
        """Return the cosine of each hit with a unit vector, in their order."""
        return tuple(float(cosine) for cosine in np.clip(self.vectors_of(hits) @ vector, -1, 1))
