"""The array types that stores share, and how those that are plain files are written and opened."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_LEAST_LENGTH = 1e-9  # of a sum: that of two opposite rows has no direction

MAPPED_BYTES = 64_000_000
"""From which on a file of vectors is mapped, so that processes share it: about 40,000 passages. A smaller one is read
into memory, where nobody can cut it short under the process that reads it."""


def is_mapped(file: Path) -> bool:
    """Whether a file is so large that it is mapped. Raises OSError."""
    return file.stat().st_size > MAPPED_BYTES


def like_questions(size: int, count: int, vectors: Callable[[Ids], Vectors]) -> Vectors:
    """Return so many (n, d) unit rows, each the mean of two of the rows 0 to ``size``, drawn by chance.

    A question is less near to passages than they are to each other, which makes its nearest harder to find: with the
    same beam a graph of 100,000 finds .999 of the ten nearest to its own vectors, .953 of those to such means, and
    .917 of those to questions on another text (`benchmarks/README.md`, Growth).
    """
    drawn = np.random.default_rng(0).integers(size, size=(2, count))
    sums = (first := vectors(drawn[0])) + vectors(drawn[1])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths > 0, sums / np.maximum(lengths, _LEAST_LENGTH), first)


def save_array(file: Path, array: npt.NDArray[Any]) -> None:
    """Write an array as ``np.save`` does, and raise OSError also where only its last bytes cannot be written.

    Given a file, numpy writes past Python and passes over what fails when its buffer is emptied.
    """
    with file.open("wb") as output:
        np.save(SimpleNamespace(write=output.write), array)
