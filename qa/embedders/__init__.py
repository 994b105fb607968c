"""Texts -> (n, d) float32 unit rows. A new kind of embedder is one module here and one row of EMBEDDERS.

Another package adds one as an entry point of the group ``candor.embedders``: a function without arguments, under the
name that ``--embedder`` takes. A folder of a sentence-transformers model needs no row.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.bundled import BundledEmbedder
from qa.embedders.exported import ExportedEmbedder, finds_terms, is_of_before
from qa.embedders.sentence_transformers import BUNDLED_NAME, load_sentence_transformer, model_checksum, model_folder
from qa.graphs.compiled import Texts, prepare
from qa.plugins import Table

ENCODER = "encoder"
"""The folder of a generation that holds the embedder in its fastest form, where there is one."""


FINDER = "finder"
"""The folder of a generation that holds what finds the terms of a question, where its embedder does not."""


class Embedder(Protocol):
    """The contract. ``checksum`` is of all its files: an index opens only with the embedder that made it.

    ``path`` is what ``load_embedder`` takes to load it again: a folder, its name in EMBEDDERS, or None for the bundled
    one.
    """

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

    def export_to(self, folder: Path, sample: Sequence[str]) -> "Embedder":
        """Write the form of it that answers fastest into ``folder``, which is not there yet, and return that form.

        It was found to give the same vectors for a ``sample`` of passages. Returns itself, and writes nothing, where
        there is no such form.
        """


EMBEDDERS: Table[Callable[[], Embedder]] = Table("candor.embedders", {BUNDLED_NAME: BundledEmbedder})
"""What makes each embedder, by its name."""


def load_embedder(path: Path | None = None) -> Embedder:
    """Return the bundled all-MiniLM-L6-v2, the sentence-transformers model in the folder ``path``, or the embedder of
    that name in EMBEDDERS.

    Raises EmbedderUnusable when there is none, or the bundled weights are not the official ones.
    """
    named = _named(path)
    return EMBEDDERS[named]() if named else load_sentence_transformer(path)


def _named(path: Path | None) -> str | None:
    """Return the name in EMBEDDERS that a path is, None where it is a folder, or nothing that is known."""
    if path is None:
        return BUNDLED_NAME
    return str(path) if not path.is_dir() and str(path) in EMBEDDERS else None


def exported_embedder(folder: Path) -> Embedder:
    """Return the embedder that was carried to a folder. Raises OSError, ValueError, KeyError or TypeError where it is
    not there, or damaged."""
    return ExportedEmbedder(folder)


def export_finder(folder: Path) -> None:
    """Write what finds the terms of questions, which embeds them, too, into a new folder; nothing where it does not run
    rightly here."""
    BundledEmbedder().export_finder(folder)


def prepare_embedder(generation: Path, private: bool = False) -> None:
    """Begin to make ready what a generation carries, before all else that an index needs is imported and opened. It is
    used when its files were compared with their checksums, and not before; what is wrong with them is reported then.

    A ``private`` one reads weights of its own, so that nothing happens to a process whose generation is cut short.
    """
    with suppress(OSError, ValueError, ImportError):
        prepare(generation / ENCODER, Texts.SHORT, private)
        if (generation / FINDER).is_dir():
            prepare(generation / FINDER, Texts.SHORT, private)


def embedder_checksum(path: Path | None = None) -> str:
    """Return the checksum that ``load_embedder(path)`` would have, without loading it. Raises EmbedderUnusable."""
    named = _named(path)
    if named not in {None, BUNDLED_NAME}:
        return load_embedder(path).checksum
    return model_checksum(model_folder(None if named else path))


__all__ = [
    "EMBEDDERS",
    "ENCODER",
    "FINDER",
    "Embedder",
    "ExportedEmbedder",
    "embedder_checksum",
    "export_finder",
    "exported_embedder",
    "finds_terms",
    "is_of_before",
    "load_embedder",
    "prepare_embedder",
]
