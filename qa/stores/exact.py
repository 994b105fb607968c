"""Every inner product, in numpy: the measure of every other store."""

from pathlib import Path

import numpy as np

from qa.stores.vectors import Ids, Scores, Vectors


class ExactStore:
    """Compares a query with every vector. Memory-mapped when loaded."""

    def __init__(self, dimension: int) -> None:
        """Start empty."""
        self._ids: Ids = np.empty(0, np.int64)
        self._vectors: Vectors = np.empty((0, dimension), np.float32)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add (n,) row numbers with their (n, d) vectors."""
        self._ids = np.concatenate([self._ids, ids])
        self._vectors = np.concatenate([self._vectors, vectors])

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and row numbers, best first; equal cosines in the order of adding."""
        ids, vectors = self._ids, self._vectors
        if among is not None:
            chosen = np.isin(ids, among)
            ids, vectors = ids[chosen], vectors[chosen]
        scores = queries @ vectors.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, order, axis=1), ids[order]

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order."""
        place = {int(row): index for index, row in enumerate(self._ids)}
        return np.asarray(self._vectors[[place[int(row)] for row in ids]])

    def save(self, folder: Path) -> None:
        """Write ``ids.npy`` and ``vectors.npy``."""
        np.save(folder / "ids.npy", self._ids)
        np.save(folder / "vectors.npy", self._vectors)

    @classmethod
    def load(cls, folder: Path) -> "ExactStore":
        """Return the store saved in the folder."""
        store = cls(0)
        store._ids = np.load(folder / "ids.npy")
        store._vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        return store

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return len(self._ids)
