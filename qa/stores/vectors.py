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


def means_of_two(size: int, count: int, vectors: Callable[[Ids], Vectors]) -> Vectors:
    """Return so many (n, d) unit rows, each the mean of two of the first ``size`` rows, drawn by chance; ``vectors``
    returns the rows of given numbers.

    They stand between passages, and the nearest to them are harder to find than those to a passage; those to questions
    are harder still (`benchmarks/README.md`, Growth).
    """
    drawn = np.random.default_rng(0).integers(size, size=(2, count))
    sums = (first := vectors(drawn[0])) + vectors(drawn[1])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths > _LEAST_LENGTH, sums / np.maximum(lengths, _LEAST_LENGTH), first)


def save_array(file: Path, array: npt.NDArray[Any]) -> None:
    """Write an array as ``np.save`` does, and raise OSError also where only its last bytes cannot be written.

    Given a file, numpy writes past Python and passes over what fails when its buffer is emptied.
    """
    with file.open("wb") as output:
        np.save(SimpleNamespace(write=output.write), array)
