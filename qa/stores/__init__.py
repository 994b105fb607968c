"""Vectors and row numbers only, never text. A new vector database is one module here and one row of STORES.

A store is written once, with its generation, and never changed. Every store must equal ``exact`` on the same data,
within its stated recall.
"""

from pathlib import Path
from typing import Protocol

from qa.stores.exact import ExactStore
from qa.stores.faiss import FaissStore
from qa.stores.vectors import FLOAT32, PRECISIONS, Ids, Scores, Vectors, save_array


class VectorStore(Protocol):
    """The contract. Vectors are float32 unit rows, so an inner product is a cosine; a row's number is its place."""

    structure: str
    """How it searches and what it is measured to lose by that, in words."""

    @classmethod
    def write(cls, folder: Path, vectors: Vectors, precision: str = FLOAT32) -> None:
        """Write the store of (n, d) vectors, which may be memory-mapped, into an empty folder.

        ``precision`` is how the vectors that are searched are kept, of PRECISIONS; cosines are of the whole ones.
        """

    @classmethod
    def load(cls, folder: Path) -> "VectorStore":
        """Return the store that was written there, memory-mapped where it is large, so that processes share it."""

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and (q, k') row numbers, best first, ``k' = min(k, len)``; never a row of -1.

        With ``among``, distinct row numbers that it holds, only these are searched and counted, each of them.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order, as they were written."""

    def __len__(self) -> int:
        """Return how many vectors it holds."""


STORES: dict[str, type[ExactStore] | type[FaissStore]] = {"exact": ExactStore, "faiss": FaissStore}

__all__ = [
    "FLOAT32", "PRECISIONS", "STORES", "ExactStore", "FaissStore", "Ids", "Scores", "VectorStore", "Vectors",
    "save_array",
]  # fmt: skip
