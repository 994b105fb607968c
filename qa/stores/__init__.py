"""Vectors and row numbers only, never text. A new vector database is one module here and one row of STORES.

A store is written once, with its generation, and never changed. Every store must equal ``exact`` on the same data,
within its stated recall. Another package adds one as an entry point of the group ``candor.stores``.
"""

from pathlib import Path
from typing import Protocol

from qa.plugins import Table
from qa.stores.exact import ExactStore
from qa.stores.faiss import FaissStore
from qa.stores.postgres import PostgresStore
from qa.stores.vectors import Ids, Scores, Vectors, save_array


class VectorStore(Protocol):
    """The contract. Vectors are float32 unit rows, so an inner product is a cosine; a row's number is its place.

    A store that keeps its vectors elsewhere writes into its folder where they are, never a secret: a generation's
    folder is copied, checked and removed as a whole.
    """

    structure: str
    """How it searches and what it is measured to lose by that, in words."""

    @classmethod
    def write(cls, folder: Path, vectors: Vectors) -> None:
        """Write the store of (n, d) vectors, which may be memory-mapped, into an empty folder."""

    @classmethod
    def load(cls, folder: Path) -> "VectorStore":
        """Return the store that was written there, memory-mapped where it is large, so that processes share it."""

    @classmethod
    def verify(cls, folder: Path) -> None:
        """Compare what the store keeps outside of its folder with what was written. Raises ValueError where it differs.

        The folder's own files are compared with their checksums by ``generations``.
        """

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Remove what the store keeps outside of its folder, before the folder is removed with its generation."""

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and (q, k') row numbers, best first, ``k' = min(k, len)``; never a row of -1.

        With ``among``, distinct row numbers that it holds, only these are searched and counted, each of them.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order, as they were written."""

    def __len__(self) -> int:
        """Return how many vectors it holds."""


_OWN: dict[str, type[VectorStore]] = {"exact": ExactStore, "faiss": FaissStore, "postgres": PostgresStore}

STORES: Table[type[VectorStore]] = Table("candor.stores", _OWN)
"""The stores by name."""

__all__ = [
    "STORES",
    "ExactStore",
    "FaissStore",
    "Ids",
    "PostgresStore",
    "Scores",
    "VectorStore",
    "Vectors",
    "save_array",
]
