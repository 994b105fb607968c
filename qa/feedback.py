"""What askers said of their answers, in a file of the owner's (SQLite). It is sent nowhere.

A question is kept only where the owner allows it: whoever asks may be telling of a person.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from qa.errors import FeedbackUnusable

MAX_NOTE_CHARACTERS = 1000

MOST_KEPT = 1_000_000
"""Judgments that a file holds at most: whoever reaches the page can write one."""

_ENDING = ".sqlite"
_COLUMNS = ("day", "is_right", "verdict", "confidence", "generation", "note", "is_scoped", "question", "missing")
_WAIT_SECONDS = 5.0  # for another process that writes
_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    is_right INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    confidence REAL NOT NULL,
    generation TEXT NOT NULL,
    note TEXT NOT NULL,
    is_scoped INTEGER NOT NULL,
    question TEXT,
    missing TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an asker said: whether the passages answer, what the service had made of it, and a note. It ``is_scoped``
    where only some of the texts were asked. ``question`` and the ``missing`` terms that were named are None where
    questions are not kept."""

    day: str
    is_right: bool
    verdict: str
    confidence: float
    generation: str
    note: str = ""
    is_scoped: bool = False
    question: str | None = None
    missing: Sequence[str] | None = None


class Tally(NamedTuple):
    """How many answers with a verdict were judged, and how many of these answer as their askers say."""

    verdict: str
    judged: int
    right: int


class FeedbackFile:
    """The file, opened anew for each use: any number of processes write into it."""

    def __init__(self, path: Path, *, keeps_questions: bool = False) -> None:
        """Name the file, which is made if it is not there. Raises FeedbackUnusable where it cannot
        be written, or is called otherwise."""
        self.path = path
        self.keeps_questions = keeps_questions
        if path.suffix != _ENDING:
            raise FeedbackUnusable(f"{path} does not end in {_ENDING}, by which `qa calibrate` knows it: name it so.")
        try:
            path.touch(mode=0o600)  # what is said is the owner's to read
        except OSError as error:
            raise FeedbackUnusable(f"{path} cannot be written ({error.strerror}): name another file.") from error
        with self._opened() as connection, connection:
            connection.execute(_SCHEMA)
            connection.execute("SELECT is_right, is_scoped, question, missing FROM feedback LIMIT 1").fetchall()

    def add(self, judged: Judged) -> None:
        """Keep what an asker said. Raises FeedbackUnusable where it cannot be written, or the file is full."""
        missing = json.dumps(list(judged.missing or ()), ensure_ascii=False)
        question = (judged.question, missing) if self.keeps_questions else (None, None)
        made = (judged.day, judged.is_right, judged.verdict, judged.confidence, judged.generation)
        what = (*made, judged.note, judged.is_scoped)
        with self._opened() as connection, connection:
            (kept,) = connection.execute("SELECT coalesce(max(id), 0) FROM feedback").fetchone()
            if kept >= MOST_KEPT:
                raise FeedbackUnusable(f"{self.path} holds {MOST_KEPT:,} judgments, and takes no more: name another.")
            connection.execute("INSERT INTO feedback VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*what, *question))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise FeedbackUnusable(f"{self.path} cannot keep feedback ({error}): name another file.") from error


def file_of(path: Path, corpus: str) -> Path:
    """Return the file of a corpus: of several each has its own, feedback.NAME.sqlite, for each is calibrated by
    itself."""
    return path.with_name(f"{path.stem}.{corpus}{path.suffix}") if corpus else path


def read_feedback(path: Path) -> list[Judged]:
    """Return all that was said, in order. Raises FeedbackUnusable where the file is none."""
    if not path.is_file():
        raise FeedbackUnusable(f"{path.absolute()} does not exist: name the file of `qa serve --feedback FILE`.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM feedback ORDER BY id").fetchall()  # noqa: S608
        said = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        return [
            Judged(
                **{
                    **one,
                    "is_right": bool(one["is_right"]),
                    "is_scoped": bool(one["is_scoped"]),
                    "missing": json.loads(one["missing"]) if one["missing"] else None,
                }
            )
            for one in said
        ]
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise FeedbackUnusable(f"{path} holds no feedback that can be read ({error}).") from error


def count_wrong(path: Path, generation: str, verdict: str) -> tuple[int, int]:
    """Return how many answers with a verdict, of a generation, were judged, and how many of these do not
    answer. Raises FeedbackUnusable."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            judged, right = connection.execute(
                "SELECT count(*), coalesce(sum(is_right), 0) FROM feedback WHERE generation = ? AND verdict = ?",
                (generation, verdict),
            ).fetchone()
    except sqlite3.Error as error:
        raise FeedbackUnusable(f"{path} holds no feedback that can be read ({error}).") from error
    return judged, judged - right


def tallies(said: Sequence[Judged]) -> list[Tally]:
    """Return the counts by verdict."""
    found = []
    for verdict in dict.fromkeys(judged.verdict for judged in said):
        of_it = [judged.is_right for judged in said if judged.verdict == verdict]
        found.append(Tally(verdict, len(of_it), sum(of_it)))
    return found
