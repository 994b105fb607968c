"""FAISS over inner products: a flat index, so exact, faster than numpy and memory-mapped."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from qa.stores.vectors import Ids, Scores, Vectors

_FILE = "vectors.faiss"


class FaissStore:
    """A flat FAISS index. Row numbers may be any distinct integers of 64 bits."""

    def __init__(self, dimension: int) -> None:
        """Start empty."""
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add (n,) row numbers with their (n, d) vectors."""
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and row numbers, best first.

        FAISS pads with rows of -1 where k exceeds what it may search, so k is cut to that.
        """
        k = min(k, len(self) if among is None else len(among))
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        only = None if among is None else faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]
        scores, ids = self._index.search(np.ascontiguousarray(queries, np.float32), k, params=only)
        return scores, ids

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order."""
        if len(ids) == 0:
            return np.empty((0, self._index.d), np.float32)
        found: Vectors = self._index.reconstruct_batch(np.ascontiguousarray(ids, np.int64))
        return found

    def save(self, folder: Path) -> None:
        """Write ``vectors.faiss``."""
        faiss.write_index(self._index, str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path) -> "FaissStore":
        """Return the store saved in the folder, memory-mapped."""
        store = cls(1)
        store._index = faiss.read_index(str(folder / _FILE), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        return store

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return int(self._index.ntotal)
