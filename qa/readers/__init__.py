"""Question + passages -> where each answers, and whether it does. A new reader is one module here and a row of READERS.

Another package adds one as an entry point of the group ``candor.readers``.
"""

from contextlib import suppress
from pathlib import Path

from qa.graphs.compiled import Texts, prepare
from qa.plugins import Table
from qa.readers.contract import Pair, Reader, ReaderMaker
from qa.readers.extractive import EXTRACTIVE, Extractive

READER = "reader"
"""The folder of a generation that holds its reader, where it has one."""

NO_READER = "none"
"""The name under which an index is made without one."""

READERS: Table[ReaderMaker] = Table("candor.readers", {EXTRACTIVE: Extractive()})


def prepare_reader(generation: Path, private: bool = False) -> None:
    """Begin to make ready the reader that a generation carries, see ``embedders.prepare_embedder``."""
    with suppress(OSError, ValueError, ImportError):
        prepare(generation / READER, Texts.PAIRS, private)


__all__ = ["NO_READER", "READER", "READERS", "Pair", "Reader", "ReaderMaker", "prepare_reader"]
