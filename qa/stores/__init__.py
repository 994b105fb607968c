"""Vectors and row numbers only, never text. A new vector database is one module here and one row of STORES.

Every store must equal ``exact`` on the same data, within its stated recall.
"""

from pathlib import Path
from typing import Protocol

from qa.stores.exact import ExactStore
from qa.stores.faiss import FaissStore
from qa.stores.vectors import Ids, Scores, Vectors


class VectorStore(Protocol):
    """The contract. Vectors are float32 unit rows, so an inner product is a cosine."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add (n,) row numbers, each new, with their (n, d) vectors."""

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and (q, k') row numbers, best first, ``k' = min(k, len)``; never a row of -1.

        With ``among``, distinct row numbers that it holds, only these are searched and counted.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order."""

    def save(self, folder: Path) -> None:
        """Write the store into an empty folder."""

    @classmethod
    def load(cls, folder: Path) -> "VectorStore":
        """Return the store that was saved there, memory-mapped where it can be."""

    def __len__(self) -> int:
        """Return how many vectors it holds."""


STORES: dict[str, type[ExactStore] | type[FaissStore]] = {"exact": ExactStore, "faiss": FaissStore}

__all__ = ["STORES", "ExactStore", "FaissStore", "Ids", "Scores", "VectorStore", "Vectors"]
