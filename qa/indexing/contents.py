"""The bytes of a generation's files."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from weakref import finalize

from qa.errors import IndexDamaged
from qa.indexing.generations import rebuild
from qa.postgres.contents import TABLES, DatabaseContent

_BLOCK = 1 << 20  # bytes of a file that is read from its beginning to its end


class FileContent:
    """The bytes of a file, read when asked for, also after its folder was removed.

    It is not mapped: a mapped file that somebody cuts short ends the process that reads it.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self._close = finalize(self, os.close, self._descriptor)  # with the last who uses it, as a map would be
        self._length = os.fstat(self._descriptor).st_size

    def __len__(self) -> int:
        """Return how many bytes it had when it was opened."""
        return self._length

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes in [start, end). Raises IndexDamaged where the file has been cut short."""
        found = os.pread(self._descriptor, end - start, start)
        if len(found) < end - start:
            raise damaged(self._path, ValueError("it is shorter than it was"))
        return found

    def read_all(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of each range [start, end)."""
        return [self.read(start, end) for start, end in ranges]

    def read_ahead(self) -> None:
        """Do nothing: the system does."""

    def lines(self) -> Iterator[bytes]:
        """Yield the lines in order, without their ends, a block in memory at a time. Raises IndexDamaged."""
        rest = b""
        for start in range(0, self._length, _BLOCK):
            *lines, rest = (rest + self.read(start, min(start + _BLOCK, self._length))).split(b"\n")
            yield from lines

    def close(self) -> None:
        """Give the file back."""
        self._close()


Content = FileContent | DatabaseContent
"""The bytes of a file of a generation, wherever they are."""


def open_content(generation: Path, name: str) -> Content:
    """Return the bytes of a generation's file: where it is not there, those that the database holds. Raises OSError or
    ValueError."""
    if not (generation / name).exists() and (generation / TABLES).exists():
        return DatabaseContent(generation, name)
    return FileContent(generation / name)


def damaged(path: Path, error: Exception) -> IndexDamaged:
    """Return the error of a file that is not what was written."""
    return IndexDamaged(f"{path} is damaged ({error}): {rebuild(path.parent)}.")
