"""Texts -> (n, d) float32 unit rows. A new kind of embedder is one module here, chosen in ``load_embedder``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.sentence_transformers import load_sentence_transformer, model_checksum, model_folder


class Embedder(Protocol):
    """The contract. ``checksum`` is of all its files: an index opens only with the embedder that made it."""

    name: str
    path: str | None
    checksum: str
    dimension: int
    max_tokens: int
    tokenizer: Tokenizer
    """Counts tokens exactly: it neither cuts nor pads."""
    passage_overhead: int
    """Tokens that embedding adds to each passage: special ones and the model's prompt."""

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""


def load_embedder(path: Path | None = None) -> Embedder:
    """Return the bundled all-MiniLM-L6-v2, or the sentence-transformers model in the folder ``path``.

    Raises EmbedderUnusable when the folder holds none, or the bundled weights are not the official ones.
    """
    return load_sentence_transformer(path)


def embedder_checksum(path: Path | None = None) -> str:
    """Return the checksum that ``load_embedder(path)`` would have, without loading it. Raises EmbedderUnusable."""
    return model_checksum(model_folder(path))
