"""Texts -> (n, d) float32 unit rows. A new kind of embedder is one module here and one row of EMBEDDERS."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.sentence_transformers import load_sentence_transformer


class Embedder(Protocol):
    """The contract. ``checksum`` is of the weights: an index opens only with the embedder that made it."""

    name: str
    path: str | None
    checksum: str
    dimension: int
    max_tokens: int
    tokenizer: Tokenizer
    """Counts tokens exactly: it neither cuts nor pads."""

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""


EMBEDDERS: dict[str, Callable[[Path | None], Embedder]] = {"sentence_transformers": load_sentence_transformer}


def load_embedder(path: Path | None = None) -> Embedder:
    """Return the bundled all-MiniLM-L6-v2, or the sentence-transformers model in the folder ``path``.

    Raises EmbedderUnusable when the folder holds none, or the bundled weights are not the official ones.
    """
    return EMBEDDERS["sentence_transformers"](path)
