"""The contract of a reader: what it makes of a question and passages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from qa.datatypes import Passage, Reading

Pair = tuple[str, Passage]
"""A question and a passage."""


class Reader(Protocol):
    """Reads passages for what answers a question. ``checksum`` is of all that it is made of: a calibration holds for
    the reader that it was made with. Calls may come from several threads."""

    name: str
    checksum: str

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        """Return what each passage says on the question beside it."""


class ReaderMaker(Protocol):
    """Writes what a reader needs into an index, and opens it. ``languages`` are the codes of those that it reads: an
    index of texts in another one goes without it."""

    name: str
    languages: tuple[str, ...]

    def checksum(self) -> str:
        """Return the checksum of the reader that would be written. Raises ReaderUnusable."""

    def write(self, folder: Path) -> None:
        """Write it into a folder that is not there yet. Raises ReaderUnusable."""

    def load(self, folder: Path) -> Reader:
        """Return the one in a folder. Raises OSError or ValueError."""
