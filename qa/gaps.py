"""What was asked and not found, counted by term in a file of the owner's (SQLite), day by day. It is sent nowhere.

Whoever asks may be telling of a person. So a term is written down only once three askers had it; until then there are
digests that nobody can read back, salted with a secret that is in no file: when a service starts, it counts anew what
fewer had asked. Questions are kept only where the owner wants that.
"""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from qa.errors import GapsUnusable

LEAST_ASKERS = 3
"""Who had a term before it is written down."""

MOST_TERMS = 100_000
"""Terms that a file holds at most: whoever reaches the service can ask for anything."""

MOST_CHARACTERS = 200
"""Of a term; a longer one says more of its asker than of the texts."""

_MOST_WAITING = 300_000  # digests of terms that fewer had asked for
_WAIT_SECONDS = 5.0  # for another process that writes
_ENDING = ".sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS gaps (
    corpus TEXT NOT NULL, term TEXT NOT NULL, state TEXT NOT NULL, day TEXT NOT NULL,
    asked INTEGER NOT NULL, closest TEXT NOT NULL, question TEXT,
    PRIMARY KEY (corpus, term, state, day)
);
CREATE TABLE IF NOT EXISTS askers (
    gap BLOB NOT NULL, asker BLOB NOT NULL, asked INTEGER NOT NULL, day TEXT NOT NULL,
    PRIMARY KEY (gap, asker)
) WITHOUT ROWID;
"""


class Lacking(NamedTuple):
    """A term that a corpus does not have: as it was asked, its state, and what the corpus has that is nearest to it."""

    term: str
    state: str
    closest: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """How often a term was asked for that a corpus does not have, from the first day to the last; ``question`` is the
    last one, where questions are kept."""

    corpus: str
    term: str
    state: str
    asked: int
    first: str
    last: str
    closest: str = ""
    question: str | None = None


class GapFile:
    """The file, opened anew for each use: any number of processes write into it."""

    def __init__(self, path: Path, secret: bytes | None = None, *, keeps_questions: bool = False) -> None:
        """Name the file, which is made if it is not there; processes of one service share a ``secret``. Raises
        GapsUnusable."""
        self.path = path
        self.keeps_questions = keeps_questions
        self._secret = secret or secrets.token_bytes(32)
        if path.suffix != _ENDING:
            raise GapsUnusable(f"{path} does not end in {_ENDING}: name it so.")
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise GapsUnusable(f"{path} cannot be written ({error.strerror}): name another file.") from error
        with self._opened() as connection, connection:
            connection.executescript(_SCHEMA)
            connection.execute("SELECT corpus, term, state, day, asked, closest, question FROM gaps LIMIT 1").fetchall()

    def add(self, corpus: str, asker: str, lacking: Sequence[Lacking], question: str) -> None:
        """Count what a corpus lacks of a question of this asker. Raises GapsUnusable."""
        kept = [one for one in lacking if len(one.term) <= MOST_CHARACTERS]
        if not kept:
            return
        with self._opened() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            for one in kept:
                self._count(connection, corpus, asker, one, question)

    def _count(self, connection: sqlite3.Connection, corpus: str, asker: str, one: Lacking, question: str) -> None:
        day = datetime.now(UTC).date().isoformat()
        term = " ".join(one.term.casefold().split())
        place = (corpus, term, one.state)
        is_written = connection.execute(
            "SELECT 1 FROM gaps WHERE corpus = ? AND term = ? AND state = ? LIMIT 1", place
        ).fetchone()
        asked = 1
        if not is_written:
            gap = self._digest("gap", *place)
            asked = self._asked(connection, gap, self._digest("asker", *place, asker), day)
            if not asked:
                return
            (terms,) = connection.execute("SELECT count(*) FROM gaps").fetchone()
            if terms >= MOST_TERMS:
                raise GapsUnusable(f"{self.path} holds {MOST_TERMS:,} terms, and takes no more: name another.")
            connection.execute("DELETE FROM askers WHERE gap = ?", (gap,))
        connection.execute(
            "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "asked = asked + excluded.asked, closest = excluded.closest, question = excluded.question",
            (*place, day, asked, one.closest, question if self.keeps_questions else None),
        )

    def _asked(self, connection: sqlite3.Connection, gap: bytes, asker: bytes, day: str) -> int:
        """Count an asker of a term that is not written down; return how often it was asked where it is to be, else
        0."""
        (waiting,) = connection.execute("SELECT count(*) FROM askers").fetchone()
        if waiting >= _MOST_WAITING and not connection.execute("DELETE FROM askers WHERE day < ?", (day,)).rowcount:
            return 0  # somebody asks for ever new terms: none of theirs is counted until tomorrow
        connection.execute(
            "INSERT INTO askers VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET asked = asked + 1", (gap, asker, day)
        )
        askers, asked = connection.execute("SELECT count(*), sum(asked) FROM askers WHERE gap = ?", (gap,)).fetchone()
        return int(asked) if askers >= LEAST_ASKERS else 0

    def _digest(self, *said: str) -> bytes:
        return hmac.digest(self._secret, "\0".join(said).encode("utf-8", "surrogatepass"), hashlib.sha256)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise GapsUnusable(f"{self.path} cannot keep what was not found ({error}): name another file.") from error


def read_gaps(path: Path, corpora: Sequence[str] | None = None, days: int | None = None) -> list[Gap]:
    """Return what was not found, most asked for first: of these corpora, of the last so many days, else all. Raises
    GapsUnusable where the file is none."""
    if not path.is_file():
        raise GapsUnusable(f"{path.absolute()} does not exist: name the file of `qa serve --gaps FILE`.")
    since = (datetime.now(UTC).date() - timedelta(days=days - 1)).isoformat() if days else date.min.isoformat()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT corpus, term, state, sum(asked), min(day), max(day), closest, question FROM "
                "(SELECT * FROM gaps WHERE day >= ? ORDER BY day) GROUP BY corpus, term, state "
                "ORDER BY sum(asked) DESC, term, corpus, state",
                (since,),
            ).fetchall()
    except sqlite3.Error as error:
        raise GapsUnusable(f"{path} holds nothing that can be read ({error}).") from error
    return [Gap(*row) for row in rows if corpora is None or row[0] in corpora]
