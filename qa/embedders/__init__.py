"""Texts -> (n, d) float32 unit rows. A new kind of embedder is one module here, chosen in ``load_embedder``."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.bundled import BundledEmbedder
from qa.embedders.exported import ExportedEmbedder, pass_on, prepare
from qa.embedders.sentence_transformers import load_sentence_transformer, model_checksum, model_folder

ENCODER = "encoder"
"""The folder of a generation that holds the embedder in its fastest form, where there is one."""


class Embedder(Protocol):
    """The contract. ``checksum`` is of all its files: an index opens only with the embedder that made it."""

    name: str
    path: str | None
    checksum: str
    dimension: int
    max_tokens: int

    @property
    def tokenizer(self) -> Tokenizer:
        """Return what counts tokens exactly: it neither cuts nor pads."""

    @property
    def passage_overhead(self) -> int:
        """Return how many tokens embedding adds to each passage: special ones and the model's prompt."""

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""

    def carried_to(self, folder: Path, sample: Sequence[str]) -> "Embedder":
        """Write the form of it that answers fastest into ``folder``, which is not there yet, and return that form.

        It was found to give the same vectors for a ``sample`` of passages. Returns itself, and writes nothing, where
        there is no such form.
        """


def load_embedder(path: Path | None = None) -> Embedder:
    """Return the bundled all-MiniLM-L6-v2, or the sentence-transformers model in the folder ``path``.

    Raises EmbedderUnusable when the folder holds none, or the bundled weights are not the official ones.
    """
    return BundledEmbedder() if path is None else load_sentence_transformer(path)


def carried_embedder(folder: Path) -> Embedder:
    """Return the embedder that was carried to a folder. Raises OSError, ValueError, KeyError or TypeError where it is
    not there, or damaged."""
    return ExportedEmbedder(folder)


def prepare_embedder(generation: Path, private: bool = False) -> None:
    """Begin to make ready what a generation carries, before all else that an index needs is imported and opened. It is
    used when its files were compared with their checksums, and not before; what is wrong with them is told then.

    A ``private`` one reads weights of its own, so that nothing happens to a process whose generation is cut short.
    """
    with suppress(OSError, ValueError, ImportError):
        prepare(generation / ENCODER, private)


def embedder_checksum(path: Path | None = None) -> str:
    """Return the checksum that ``load_embedder(path)`` would have, without loading it. Raises EmbedderUnusable."""
    return model_checksum(model_folder(path))


__all__ = [
    "ENCODER",
    "Embedder",
    "carried_embedder",
    "embedder_checksum",
    "load_embedder",
    "pass_on",
    "prepare_embedder",
]
