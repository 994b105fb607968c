"""The passages of a generation by row: in a file, or in a table of a database."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.datatypes import Passage
from qa.errors import IndexDamaged
from qa.indexing.contents import FileContent, damaged
from qa.indexing.records import fields_of
from qa.plurals import count
from qa.postgres import contents
from qa.postgres.database import Fetch, Query, database_of
from qa.postgres.generations import key_of

PASSAGES, OFFSETS = contents.PASSAGE_FILE, "passages.offsets.npy"

_KEPT = 1_024  # lines by row: what is fetched for a question is looked at several times


def parse_passage(line: bytes | str) -> Passage:
    """Return the passage that a stored line is. Raises ValueError, KeyError or TypeError where it is none."""
    fields = fields_of(Passage, line)
    fields["sentences"] = tuple((int(start), int(end)) for start, end in fields["sentences"])
    return Passage(**fields)


class PassageFile:
    """The passages of a generation by row, read from disk when asked for."""

    def __init__(self, generation: Path) -> None:
        """Open the file; ``offsets`` holds where each line begins, and the file's length last."""
        self._path = generation / PASSAGES
        self._offsets: npt.NDArray[np.int64] = np.load(generation / OFFSETS)
        if self._offsets.dtype != np.int64 or self._offsets.ndim != 1 or not len(self._offsets):
            raise ValueError(f"{OFFSETS} holds no offsets")
        self._content = FileContent(self._path)
        if int(self._offsets[-1]) != len(self._content):
            raise ValueError(
                f"{PASSAGES} has {count(len(self._content), 'byte')} in place of {int(self._offsets[-1]):,}"
            )

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> Passage:
        """Return the passage of a row in [0, len). Raises IndexDamaged where the file is not what was written."""
        try:
            return parse_passage(self.lines(row, row + 1))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(self._path, error) from error

    def lines(self, first: int, end: int) -> bytes:
        """Return the lines of the rows from ``first`` up to, not with, ``end``, as they are stored."""
        return self._content.read(int(self._offsets[first]), int(self._offsets[end]))

    def lengths(self, first: int, end: int) -> list[int]:
        """Return how many bytes each of these lines has."""
        lengths: list[int] = np.diff(self._offsets[first : end + 1]).tolist()
        return lengths

    def read_ahead(self) -> None:
        """Do nothing: the system does."""

    def close(self) -> None:
        """Give the file back."""
        self._content.close()


class DatabasePassages:
    """The passages of a generation that a database holds. Safe to use from several threads."""

    def __init__(self, generation: Path, size: int) -> None:
        """Read the table of a mirrored generation. Raises OSError or ValueError."""
        self.database = database_of(generation)
        self._table = self.database.table(f"{contents.PASSAGES}{key_of(generation)}")
        self._size = size
        self._lines: OrderedDict[int, str] = OrderedDict()
        self._turn = Lock()
        self._ahead = 0
        self._last: tuple[int, list[str]] = (0, [])  # read by ``lines``, with the row of the first

    def __len__(self) -> int:
        """Return how many passages there are."""
        return self._size

    def __getitem__(self, row: int) -> Passage:
        """Return the passage of a row in [0, len). Raises IndexDamaged where the table is not what was written."""
        line = self._lines.get(row)
        if line is None:
            held: dict[int, str] = {}
            self.database.fetch(self._fetching([row], held))
            line = held.get(row, "")
        try:
            return parse_passage(line)
        except (ValueError, KeyError, TypeError) as error:
            where = self.database.address
            raise IndexDamaged(f"Passage {row} in {where} is damaged: build the index anew.") from error

    def reach(self) -> None:
        """Look whether the table is there. Raises DatabaseAway or IndexGone."""
        from psycopg import sql

        self.database.read(Query(sql.SQL("SELECT FROM {} LIMIT 1").format(self._table)))

    def fetching(self, rows: Sequence[int]) -> Fetch | None:
        """Return what fetches the passages that are not kept, and keeps them."""
        missing = sorted({row for row in rows if row not in self._lines})
        return self._fetching(missing, {}) if missing else None

    def _fetching(self, rows: Sequence[int], held: dict[int, str]) -> Fetch:
        from psycopg import sql

        statement = sql.SQL("SELECT row, line::text FROM {} WHERE row = ANY(%s)").format(self._table)
        return Fetch(Query(statement, [list(rows)]), self._keeping(held))

    def _keeping(self, held: dict[int, str]) -> Callable[[Sequence[tuple[Any, ...]]], None]:
        def keep(rows: Sequence[tuple[Any, ...]]) -> None:
            held.update(rows)
            with self._turn:
                self._lines.update(rows)
                while len(self._lines) > _KEPT:
                    self._lines.popitem(last=False)

        return keep

    def lines(self, first: int, end: int) -> bytes:
        """Return the lines of the rows from ``first`` up to, not with, ``end``, as they are stored."""
        return b"".join(f"{line}\n".encode() for line in self._between(first, end))

    def lengths(self, first: int, end: int) -> list[int]:
        """Return how many bytes each of these lines has."""
        return [len(line.encode()) + 1 for line in self._between(first, end)]

    def _between(self, first: int, end: int) -> list[str]:
        from psycopg import sql

        start, lines = self._last
        if not start <= first <= end <= start + len(lines):
            statement = sql.SQL("SELECT line::text FROM {} WHERE row >= %s AND row < %s ORDER BY row")
            query = Query(statement.format(self._table), [first, max(end, first + self._ahead)])
            start, lines = first, [line for (line,) in self.database.read(query)[0]]
            self._last = start, lines
        return lines[first - start : end - start]

    def read_ahead(self) -> None:
        """From now on read what follows too, for who reads all in order."""
        self._ahead = _KEPT

    def close(self) -> None:
        """Do nothing: the connections are all questions'."""


Passages = PassageFile | DatabasePassages
"""The passages of a generation, wherever they are."""


def open_passages(generation: Path, size: int) -> Passages:
    """Return the passages of a generation, of which it has so many. Raises OSError or ValueError."""
    return PassageFile(generation) if (generation / PASSAGES).exists() else DatabasePassages(generation, size)
