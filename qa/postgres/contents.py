"""A generation's files as rows: each in chunks, and its passages a row each. What is read by place is read here.

Of a generation in a database a machine holds the small files only; ``contents.json`` beside them names the tables.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import IndexDamaged
from qa.postgres.database import Database, Query, database_of

if TYPE_CHECKING:
    from psycopg import Connection, sql

CONTENTS, PASSAGES = "contents_", "passages_"
TABLES = "contents.json"

PASSAGE_FILE = "passages.jsonl"
HELD = frozenset({PASSAGE_FILE, "texts.bin", "phrases/ids.bin", "phrases/shown.bin", "phrases/vectors.bin"})
"""The files of a generation that stay in the database: they grow with the texts, and are read by place."""

CHUNK = 1 << 18
"""Bytes of a file in one row. A part of them is read without the others, for they are not compressed."""

_BLOCK = 1 << 20  # bytes of a file that is read from its beginning to its end


class DatabaseContent:
    """The bytes of a file of a generation, read when asked for, as ``indexing.contents.FileContent`` gives them."""

    def __init__(self, generation: Path, name: str) -> None:
        """Read the file of this name. Raises OSError or ValueError where the generation has none."""
        tables = read_tables(generation)
        self._database, self._name = database_of(generation), name
        self._table = self._database.table(f"{CONTENTS}{tables['key']}")
        self._length = int(tables["sizes"][name])
        self._ahead, self._last = 0, (0, b"")

    def __len__(self) -> int:
        """Return how many bytes it has."""
        return self._length

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes in [start, end). Raises IndexDamaged where there are fewer, or what ``Database.read``
        does."""
        return self.read_all([(start, end)])[0]

    def read_all(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of each range [start, end), all in one round trip."""
        if self._ahead:
            return [self._read_on(start, end) for start, end in ranges]
        return self._fetched(ranges) if ranges else []

    def _fetched(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        from psycopg import sql

        statement = sql.SQL(
            "SELECT r.place, substring(c.content FROM (greatest(r.start - c.chunk::bigint * {size}, 0) + 1)::int FOR "
            "(least(r.stop, (c.chunk + 1)::bigint * {size}) - greatest(r.start, c.chunk::bigint * {size}))::int) "
            "FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS r(place, start, stop) JOIN {table} AS c "
            "ON c.name = %s AND c.chunk BETWEEN r.start / {size} AND (r.stop - 1) / {size} "
            "ORDER BY r.place, c.chunk"
        ).format(table=self._table, size=sql.Literal(CHUNK))
        places = list(range(len(ranges)))
        starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
        found = [b""] * len(ranges)
        for place, part in self._database.read(Query(statement, [places, starts, ends, self._name]))[0]:
            found[place] += part
        if any(len(part) < end - start for part, (start, end) in zip(found, ranges, strict=True)):
            raise IndexDamaged(f"{self._database.address}: {self._name} is shorter than it was: build the index anew.")
        return found

    def read_ahead(self) -> None:
        """From now on read what follows too, for who reads all in order."""
        self._ahead = _BLOCK

    def _read_on(self, start: int, end: int) -> bytes:
        """Return the bytes in [start, end), of what was read last where they are in it."""
        first, content = self._last
        if not first <= start <= end <= first + len(content):
            first = start
            (content,) = self._fetched([(start, max(end, min(start + self._ahead, self._length)))])
            self._last = first, content
        return content[start - first : end - first]

    def close(self) -> None:
        """Do nothing: the connections are all questions'."""


def read_tables(generation: Path) -> dict[str, Any]:
    """Return the key of a generation's tables and the sizes of its files. Raises OSError or ValueError."""
    found = json.loads((generation / TABLES).read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get("sizes"), dict):
        raise ValueError(f"{TABLES} names no tables")
    return found


def write_files(connection: "Connection[Any]", database: Database, key: str, generation: Path) -> None:
    """Write all files of a generation into new tables, the passages into one of their own."""
    from psycopg import sql

    passages = database.table(f"{PASSAGES}{key}")
    with connection.transaction():  # so that a replica has all of the tables, or none
        sizes = copy_folder(connection, database, key, generation)
        connection.execute(sql.SQL("CREATE TABLE {} (row integer, line json NOT NULL)").format(passages))
        _copy_passages(connection, passages, generation / PASSAGE_FILE)
    (generation / TABLES).write_text(json.dumps({"key": key, "sizes": sizes}) + "\n", encoding="utf-8")


def copy_folder(connection: "Connection[Any]", database: Database, key: str, folder: Path) -> dict[str, int]:
    """Write all files of a folder but the passages into a new table, and return their sizes by name."""
    from psycopg import sql

    table = database.table(f"{CONTENTS}{key}")
    connection.execute(
        sql.SQL("CREATE TABLE {} (name text, chunk integer, content bytea NOT NULL, PRIMARY KEY (name, chunk))").format(
            table
        )
    )
    connection.execute(sql.SQL("ALTER TABLE {} ALTER COLUMN content SET STORAGE EXTERNAL").format(table))
    sizes = {}
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN WITH (FORMAT BINARY)").format(table)) as copy:
        copy.set_types(["text", "int4", "bytea"])
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"):
            name = file.relative_to(folder).as_posix()
            if name != PASSAGE_FILE:
                sizes[name] = file.stat().st_size
                _copy_file(copy, name, file)
    return sizes


def drop_folder(connection: "Connection[Any]", database: Database, key: str) -> None:
    """Drop the table of a folder's files."""
    from psycopg import sql

    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(database.table(f"{CONTENTS}{key}")))


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file that a database names, in a folder. Raises IndexDamaged where it lies elsewhere."""
    if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
        raise IndexDamaged(f"The database names the file “{name}”, which is none of an index: build it anew.")
    return folder / name


def names_in(database: Database, key: str) -> list[str]:
    """Return the names of the files that a table has."""
    from psycopg import sql

    statement = sql.SQL("SELECT DISTINCT name FROM {} ORDER BY name").format(database.table(f"{CONTENTS}{key}"))
    return [name for (name,) in database.read(Query(statement))[0]]


def _copy_file(copy: Any, name: str, file: Path) -> None:
    with file.open("rb") as opened:
        for number, chunk in enumerate(iter(lambda: opened.read(CHUNK), b"")):
            copy.write_row((name, number, chunk))


def _copy_passages(connection: "Connection[Any]", table: "sql.Identifier", file: Path) -> None:
    from psycopg import sql

    copying = sql.SQL("COPY {} FROM STDIN WITH (FORMAT BINARY)").format(table)
    with file.open("rb") as lines, connection.cursor().copy(copying) as copy:
        copy.set_types(["int4", "text"])  # which json is, in this form
        for row, line in enumerate(lines):
            copy.write_row((row, line.decode().rstrip("\n")))
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (row)").format(table))
    connection.execute(sql.SQL("ANALYZE {}").format(table))


def fetch_file(database: Database, key: str, name: str, target: Path) -> str:
    """Write a file that the database holds, and return its sha256."""
    from psycopg import sql

    statement = sql.SQL("SELECT content FROM {} WHERE name = %s AND chunk BETWEEN %s AND %s ORDER BY chunk").format(
        database.table(f"{CONTENTS}{key}")
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, chunks = hashlib.sha256(), _BLOCK // CHUNK * 16
    with target.open("wb") as file:
        for first in range(0, 1 << 30, chunks):
            rows = database.read(Query(statement, [name, first, first + chunks - 1]))[0]
            for (content,) in rows:
                digest.update(content)
                file.write(content)
            if len(rows) < chunks:
                return digest.hexdigest()
    return digest.hexdigest()


def checksum_of(database: Database, key: str, name: str) -> str:
    """Return the sha256 of a file that the database holds, read from its beginning to its end."""
    from psycopg import sql

    is_passages = name == PASSAGE_FILE
    table = database.table(f"{PASSAGES if is_passages else CONTENTS}{key}")
    reading = (
        sql.SQL("SELECT row, line::text || E'\\n' FROM {} WHERE row > %s ORDER BY row LIMIT 10000")
        if is_passages
        else sql.SQL("SELECT chunk, content FROM {} WHERE chunk > %s AND name = {} ORDER BY chunk LIMIT 16")
    ).format(table, sql.Literal(name))
    digest, last = hashlib.sha256(), -1
    while rows := database.read(Query(reading, [last]))[0]:
        for last, content in rows:  # noqa: B007 - the last one read is where the next query goes on
            digest.update(content.encode() if isinstance(content, str) else content)
    return digest.hexdigest()
