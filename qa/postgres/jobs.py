"""Batches of texts that wait to be embedded by whoever takes them, on any machine.

Who takes a batch holds its row locked until its vectors are there: the row of one that dies is free again with its
connection, so none is lost and none is embedded twice. A queue needs no more than that, and no other service.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qa.errors import IndexUnwritable
from qa.postgres.contents import copy_folder, drop_folder, fetch_file, inside, names_in
from qa.postgres.database import Database, database_of
from qa.postgres.generations import connection_of

if TYPE_CHECKING:
    from psycopg import Connection

Vectors = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

_PAUSE = 0.2  # seconds between two looks for a batch that another embeds


class Batch(NamedTuple):
    """Texts to embed: the number of the batch, and the key of the build, under which its encoder lies."""

    number: int
    build: str
    texts: list[str]


# --- who builds ----------------------------------------------------------------------------------------------


def post_encoder(folder: Path, build: str, encoder: Path) -> None:
    """Put an encoder's files where those that embed find them."""
    copy_folder(connection_of(folder), database_of(folder), build, encoder)


def remove_encoder(folder: Path, build: str) -> None:
    """Drop the table of an encoder whose build has all vectors."""
    drop_folder(connection_of(folder), database_of(folder), build)


def post(folder: Path, build: str, texts: Sequence[str]) -> int:
    """Put a batch on the table, and return its number."""
    from psycopg import sql

    row = (
        connection_of(folder)
        .execute(
            sql.SQL("INSERT INTO {} (build, texts) VALUES (%s, %s) RETURNING id").format(_table(database_of(folder))),
            [build, json.dumps(list(texts)).encode()],
        )
        .fetchone()
    )
    return int(row[0]) if row else 0


def collect(folder: Path, number: int, dimension: int, embed: Embed) -> Vectors:
    """Return the vectors of a batch, and take it off the table; while another embeds it, embed the next that nobody
    has taken."""
    from psycopg import sql

    table, connection = _table(database_of(folder)), connection_of(folder)
    while True:
        row = connection.execute(sql.SQL("SELECT vectors FROM {} WHERE id = %s").format(table), [number]).fetchone()
        if row is None:
            raise IndexUnwritable("A batch is gone from the table of jobs: run `qa index` again.")
        if row[0] is not None:
            connection.execute(sql.SQL("DELETE FROM {} WHERE id = %s").format(table), [number])
            return np.frombuffer(row[0], np.float32).reshape(-1, dimension)
        if not work(connection, database_of(folder), lambda batch: embed(batch.texts)):
            time.sleep(_PAUSE)


# --- who embeds ----------------------------------------------------------------------------------------------


def work(connection: "Connection[Any]", database: Database, embed: Callable[[Batch], Vectors]) -> bool:
    """Take the first batch that nobody has, embed it, and put its vectors on the table; whether there was one."""
    from psycopg import sql

    with connection.transaction(), _taken(connection, database) as batch:
        if batch is None:
            return False
        vectors = np.ascontiguousarray(embed(batch), np.float32)
        connection.execute(
            sql.SQL("UPDATE {} SET vectors = %s WHERE id = %s").format(_table(database)),
            [vectors.tobytes(), batch.number],
        )
    return True


@contextmanager
def _taken(connection: "Connection[Any]", database: Database) -> Iterator[Batch | None]:
    from psycopg import sql

    row = connection.execute(
        sql.SQL(
            "SELECT id, build, texts FROM {} WHERE vectors IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        ).format(_table(database))
    ).fetchone()
    yield Batch(int(row[0]), row[1], json.loads(row[2])) if row else None


def fetch_encoder(database: Database, build: str, folder: Path) -> None:
    """Write the files of a build's encoder into a folder. Raises IndexGone where the build is over."""
    for name in names_in(database, build):
        fetch_file(database, build, name, inside(folder, name))


def are_there(connection: "Connection[Any]", database: Database) -> bool:
    """Whether there is a table of batches yet: the first build makes it."""
    row = connection.execute("SELECT to_regclass(%s)", [f"{database.address.schema}.jobs"]).fetchone()
    return bool(row and row[0])


def _table(database: Database) -> Any:
    return database.table("jobs")
