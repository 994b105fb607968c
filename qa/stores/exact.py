"""Every inner product, in numpy: the measure of every other store."""

from pathlib import Path

import numpy as np

from qa.files import LocalFiles
from qa.stores.vectors import Ids, Scores, Vectors, is_mapped, save_array

_FILE = "vectors.npy"


class ExactStore(LocalFiles):
    """Compares a query with every vector."""

    structure = "every vector compared"

    def __init__(self, vectors: Vectors) -> None:
        """Search these (n, d) vectors."""
        self._vectors = vectors

    @classmethod
    def write(cls, folder: Path, vectors: Vectors) -> None:
        """Write ``vectors.npy``."""
        save_array(folder / _FILE, vectors)

    @classmethod
    def load(cls, folder: Path) -> "ExactStore":
        """Return the store written in the folder, memory-mapped where it is large."""
        return cls(np.load(folder / _FILE, mmap_mode="r" if is_mapped(folder / _FILE) else None))

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and row numbers, best first; equal cosines in the order of their rows."""
        ids = np.arange(len(self), dtype=np.int64) if among is None else np.sort(among)
        scores = queries @ (self._vectors if among is None else self._vectors[ids]).T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, order, axis=1), ids[order]

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order."""
        return np.asarray(self._vectors[ids])

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return len(self._vectors)
