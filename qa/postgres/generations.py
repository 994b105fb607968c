"""The generations of an index in a database: which one answers, how another is published, and their mirror here.

A generation is published in one transaction, by the connection that holds the lock of its build: a builder that lost
its connection lost the lock, and cannot publish. Those that ask finish on the generation that they began with: it
stays for a while when another has taken its place.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.errors import IndexDamaged, IndexGone, IndexLocked, IndexMissing, IndexUnwritable
from qa.postgres.address import CACHE
from qa.postgres.contents import (
    CONTENTS,
    HELD,
    PASSAGES,
    TABLES,
    checksum_of,
    fetch_file,
    inside,
    read_tables,
    write_files,
)
from qa.postgres.database import Database, Query, database_of, learn_types
from qa.postgres.schema import upgrade

if TYPE_CHECKING:
    from psycopg import Connection

GRACE = 60
"""Seconds that a generation stays after another has taken its place: who asks looks each second for a new one."""

MANIFEST = "manifest.json"

_PREFIXES = ("vectors_", "postings_", CONTENTS, PASSAGES)  # of the tables of a generation
STATE_FILES = frozenset({"calibration.json", "calibrated_on.json"})
"""The files beside the pointer that all machines share."""

_STATE = "state.json"  # of the mirror: when each file beside the pointer was changed


class Published(NamedTuple):
    """A generation in the database: its number, and the key of its tables."""

    number: int
    key: str


class Pointed(NamedTuple):
    """What an index in a database says: all generations, oldest first, the number of the one that answers, and when
    each file beside the pointer was changed."""

    generations: tuple[Published, ...]
    current: int
    changed: Mapping[str, str]

    def __str__(self) -> str:
        """Return it in a line, to see whether it has changed."""
        key = next(one.key for one in self.generations if one.number == self.current)
        return f"{self.current:06d} {key} {json.dumps(self.changed, sort_keys=True)}"


# --- reading -------------------------------------------------------------------------------------------------


def pointed(folder: Path) -> Pointed:
    """Return what the index of a mirror says now, in one round trip. Raises IndexMissing or DatabaseAway."""
    database = database_of(folder)
    from psycopg import sql

    try:
        # In one statement, which sees one moment: a build may publish between two.
        generations, state = database.read(
            Query(
                sql.SQL("SELECT g.number, g.key, p.number FROM {} AS g CROSS JOIN {} AS p ORDER BY g.number").format(
                    database.table("generations"), database.table("pointer")
                )
            ),
            Query(sql.SQL("SELECT name, changed::text FROM {}").format(database.table("state"))),
        )
    except IndexGone:
        generations, state = [], []
    if not generations:
        raise IndexMissing(
            f"There is no index at {database.address}: name another with --index, or build one with `qa index CORPUS "
            f"--index '{database.address}'`."
        )
    current = int(generations[0][2])
    return Pointed(tuple(Published(number, key) for number, key, _ in generations), current, dict(state))


def follow(folder: Path) -> Pointed:
    """Bring the mirror in step with what answers now, and return that. Raises IndexMissing, IndexDamaged or
    DatabaseAway."""
    found = pointed(folder)
    answering = next(one for one in found.generations if one.number == found.current)
    mirror(folder, answering)
    with _writing(folder), _mirroring(folder):
        _follow_state(folder, found.changed)
    known = {one.number for one in found.generations}
    with suppress(OSError):
        for path in (folder / "generations").iterdir():
            # A later one than the last that is known was published meanwhile.
            if path.name.isdigit() and int(path.name) not in known and int(path.name) < max(known):
                shutil.rmtree(path, ignore_errors=True)
    return found


def folder_of(folder: Path, number: int) -> Path:
    """Return where the mirror has a generation."""
    return folder / "generations" / f"{number:06d}"


def mirror(folder: Path, generation: Published) -> Path:
    """Return the folder of a generation with all of its files but those that stay in the database, fetched where they
    are not there yet; a file that another generation here has is linked. Raises IndexDamaged or IndexUnwritable."""
    target = folder_of(folder, generation.number)
    if _is_of(target, generation.key):
        return target
    with _writing(folder):
        (folder / "generations").mkdir(parents=True, exist_ok=True)
        with _mirroring(folder):
            if not _is_of(target, generation.key):
                for left in target.parent.glob("*.fetching"):
                    shutil.rmtree(left, ignore_errors=True)
                fetching = target.with_suffix(".fetching")
                fetching.mkdir()
                _fetch(folder, generation, fetching)
                shutil.rmtree(target, ignore_errors=True)
                fetching.rename(target)
    return target


def fetch_again(folder: Path, generation: Path) -> None:
    """Fetch a generation anew of which a file here is not what it was. Raises what ``mirror`` does."""
    found = next((one for one in pointed(folder).generations if one.number == int(generation.name)), None)
    if found is not None:
        with _writing(folder), _mirroring(folder):
            shutil.rmtree(generation, ignore_errors=True)
        mirror(folder, found)


def _is_of(generation: Path, key: str) -> bool:
    """Whether a folder has the generation of this key: after a schema was made anew its numbers begin again."""
    try:
        return key_of(generation) == key
    except (OSError, ValueError, KeyError):
        return False


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Raise IndexUnwritable for whatever keeps the mirror from being written."""
    try:
        yield
    except OSError as error:
        raise IndexUnwritable(
            f"{folder} cannot be written ({error.strerror}), where this machine keeps the index's small files: free "
            f"space or mend its rights, or name another folder in {CACHE}."
        ) from error


def _mirroring(folder: Path) -> AbstractContextManager[object]:
    """Return a context in which no other process of this machine puts a generation into the mirror."""
    from filelock import FileLock

    return FileLock(folder / ".mirror.lock")


def _fetch(folder: Path, generation: Published, target: Path) -> None:
    database = database_of(folder)
    fetch_file(database, generation.key, MANIFEST, target / MANIFEST)
    fetch_file(database, generation.key, "manifest.sha256", target / "manifest.sha256")
    try:
        checksums = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (ValueError, KeyError) as error:
        raise IndexDamaged(f"{database.address}: the manifest of generation {generation.number} is damaged.") from error
    here = _files_here(folder)
    for name, checksum in checksums.items():
        if name in HELD:
            continue
        path = inside(target, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if _linked(here.get((name, checksum)), path, checksum):
            continue
        if fetch_file(database, generation.key, name, path) != checksum:
            raise IndexDamaged(
                f"{database.address}: {name} of generation {generation.number} is not what was written: its checksum "
                "differs. Build the index anew."
            )
    sizes = dict.fromkeys(checksums, 0) | _sizes(database, generation.key)
    (target / TABLES).write_text(json.dumps({"key": generation.key, "sizes": sizes}) + "\n", encoding="utf-8")


def _files_here(folder: Path) -> dict[tuple[str, str], Path]:
    """Return the files that generations here have, by name and checksum."""
    found = {}
    for manifest in (folder / "generations").glob(f"[0-9]*/{MANIFEST}"):
        with suppress(OSError, ValueError, KeyError):
            for name, checksum in json.loads(manifest.read_text(encoding="utf-8"))["files"].items():
                found[name, checksum] = manifest.parent / name
    return found


def _linked(source: Path | None, target: Path, checksum: str) -> bool:
    """Link to a file of another generation here, where it still is what its manifest says."""
    if source is None:
        return False
    try:
        with source.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != checksum:
                return False
        os.link(source, target)
    except OSError:
        return False
    return True


def _sizes(database: Database, key: str) -> dict[str, int]:
    from psycopg import sql

    statement = sql.SQL("SELECT name, sum(octet_length(content)) FROM {} GROUP BY name").format(
        database.table(f"{CONTENTS}{key}")
    )
    return {name: int(size) for name, size in database.read(Query(statement))[0]}


def _follow_state(folder: Path, changed: Mapping[str, str]) -> None:
    """Bring the files beside the pointer in step with the database."""
    from psycopg import sql

    known = _known_state(folder)
    if known == changed:
        return
    database = database_of(folder)
    statement = sql.SQL("SELECT name, content FROM {}").format(database.table("state"))
    held = dict(database.read(Query(statement))[0])
    for name in (known.keys() | held.keys()) & STATE_FILES:
        if name in held:
            _replace(folder / name, held[name])
        else:
            (folder / name).unlink(missing_ok=True)
    _replace(folder / _STATE, json.dumps(dict(changed)).encode())


def _known_state(folder: Path) -> dict[str, str]:
    """Return when each file beside the pointer was changed that the mirror has."""
    with suppress(OSError, ValueError):
        found: dict[str, str] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        return found
    return {}


def _replace(file: Path, content: bytes) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    new.write_bytes(content)
    new.replace(file)


# --- writing -------------------------------------------------------------------------------------------------

_builds: dict[Path, "Connection[Any]"] = {}
"""The connection that holds the lock of each build of this process."""


@contextmanager
def building(folder: Path, wait: bool) -> Iterator[None]:
    """Hold the index for one builder among all machines; the database frees it when the connection ends.

    Raises IndexLocked unless it is to ``wait``, IndexUnwritable or IndexMismatch.
    """
    database = database_of(folder)
    schema = database.address.schema
    with database.session() as connection:
        upgrade(connection, schema)
        learn_types(connection)  # which may be there only now
        row = connection.execute("SELECT pg_try_advisory_lock(hashtext('candor'), hashtext(%s))", [schema]).fetchone()
        if not row or not row[0]:
            if not wait:
                raise IndexLocked(
                    f"Another `qa index`{_holder(connection, schema)} is building at {database.address}: wait for it "
                    "to end, or give --wait."
                )
            connection.execute("SELECT pg_advisory_lock(hashtext('candor'), hashtext(%s))", [schema])
        _builds[folder] = connection
        try:
            with database.reading_from(connection):  # and from no replica, which may lag
                yield
        finally:
            del _builds[folder]


def connection_of(folder: Path) -> "Connection[Any]":
    """Return the connection that holds the lock of a build of this process."""
    return _builds[folder]


def _holder(connection: "Connection[Any]", schema: str) -> str:
    row = connection.execute(
        "SELECT a.usename, coalesce(host(a.client_addr), 'the same machine'), to_char(a.backend_start, 'HH24:MI') "
        "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND l.classid::bigint = (hashtext('candor')::bigint & 4294967295) "
        "AND l.objid::bigint = (hashtext(%s)::bigint & 4294967295)",
        [schema],
    ).fetchone()
    return f" ({row[0]} on {row[1]}, since {row[2]})" if row and row[0] else ""


def publish(partial: Path, folder: Path) -> Path:
    """Write a generation's files, let it answer in one transaction, and return its folder in the mirror. Raises
    IndexUnwritable, also where the lock of its build was lost."""
    database, connection = database_of(folder), _builds[folder]
    key = secrets.token_hex(6)
    write_files(connection, database, key, partial)
    tables = [*tables_of(partial), f"{CONTENTS}{key}", f"{PASSAGES}{key}"]
    manifest = json.loads((partial / MANIFEST).read_text(encoding="utf-8"))
    with connection.transaction():
        number = _insert(connection, database, key, tables, manifest)
        _point(connection, database, number)
    for name in HELD:
        (partial / name).unlink(missing_ok=True)
    target = folder_of(folder, number)
    with _writing(folder), _mirroring(folder):
        if not _is_of(target, key):  # or who asks here has fetched it already
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
    return target


def tables_of(partial: Path) -> list[str]:
    """Return the tables that the store and the lexicon of a generation say that they have."""
    found = []
    for file in sorted([*partial.glob("store/*.json"), *partial.glob("lexicon/*.json")]):
        with suppress(ValueError):
            said = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(said, dict) and isinstance(said.get("table"), str):
                found.append(said["table"])
    return found


def _insert(
    connection: "Connection[Any]", database: Database, key: str, tables: Sequence[str], manifest: Mapping[str, Any]
) -> int:
    from psycopg import sql

    generations = database.table("generations")
    row = connection.execute(
        sql.SQL(
            "INSERT INTO {0} (number, key, tables, documents, passages) "
            "SELECT coalesce(max(number), 0) + 1, %s, %s, %s, %s FROM {0} RETURNING number"
        ).format(generations),
        [key, list(tables), manifest["documents"], manifest["passages"]],
    ).fetchone()
    return int(row[0]) if row else 0


def _point(connection: "Connection[Any]", database: Database, number: int) -> None:
    from psycopg import sql

    pointer, generations = database.table("pointer"), database.table("generations")
    connection.execute(
        sql.SQL("UPDATE {} SET replaced = now() WHERE number IN (SELECT number FROM {})").format(generations, pointer)
    )
    connection.execute(
        sql.SQL("INSERT INTO {} (number) VALUES (%s) ON CONFLICT (is_the_only) DO UPDATE SET number = %s").format(
            pointer
        ),
        [number, number],
    )
    connection.execute(sql.SQL("UPDATE {} SET replaced = NULL WHERE number = %s").format(generations), [number])


def point_to(folder: Path, number: int) -> None:
    """Let a generation answer, within a build's lock."""
    with _builds[folder].transaction():
        _point(_builds[folder], database_of(folder), number)


def remove_leftovers(folder: Path) -> None:
    """Drop the tables that no generation has: those of builds that were killed."""
    from psycopg import sql

    database, connection = database_of(folder), _builds[folder]
    rows = connection.execute(
        sql.SQL(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename ~ %s "
            "AND NOT tablename = ANY (SELECT unnest(tables) FROM {})"
        ).format(database.table("generations")),
        [database.address.schema, f"^({'|'.join(_PREFIXES)})[0-9a-f]{{12}}$"],
    ).fetchall()
    for (name,) in rows:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(database.table(name)))
    connection.execute(sql.SQL("DELETE FROM {}").format(database.table("jobs")))


def prune(folder: Path, current: int, keep: int, before: int | None) -> None:
    """Drop all but ``keep`` generations, as with files; one that has answered until a moment ago stays for now."""
    from psycopg import sql

    database, connection = database_of(folder), _builds[folder]
    generations = database.table("generations")
    rows = connection.execute(
        sql.SQL(
            "SELECT number, tables, coalesce(extract(epoch FROM now() - replaced) < %s, false) FROM {} "
            "WHERE number <> %s ORDER BY number"
        ).format(generations),
        [GRACE, current],
    ).fetchall()
    others = sorted(rows, key=lambda row: (row[0] == before, row[0]))
    for number, tables, is_just_replaced in others[: max(len(others) - (keep - 1), 0)]:
        if is_just_replaced:
            continue
        with connection.transaction():
            connection.execute(sql.SQL("DELETE FROM {} WHERE number = %s").format(generations), [number])
            for name in tables:
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(database.table(name)))
        shutil.rmtree(folder_of(folder, number), ignore_errors=True)


def share_state(folder: Path, name: str) -> None:
    """Let the database have a file that stands beside the pointer, or no longer, as the mirror has it."""
    with _writing(folder), _mirroring(folder):
        try:
            changed = _share(folder, name)
        except BaseException:
            (folder / _STATE).unlink(missing_ok=True)  # so that what the database has is fetched again
            raise
        known = _known_state(folder)
        known.pop(name, None)
        _replace(folder / _STATE, json.dumps({**known, **changed}).encode())


def _share(folder: Path, name: str) -> dict[str, str]:
    """Return when the file was changed in the database, by its name; nothing where it is gone."""
    from psycopg import sql

    database = database_of(folder)
    state = database.table("state")
    with database.session() as connection:
        if not (folder / name).is_file():
            connection.execute(sql.SQL("DELETE FROM {} WHERE name = %s").format(state), [name])
            return {}
        row = connection.execute(
            sql.SQL(
                "INSERT INTO {} (name, content) VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET content = excluded.content, changed = clock_timestamp() "
                "RETURNING changed::text"
            ).format(state),
            [name, (folder / name).read_bytes()],
        ).fetchone()
    return {name: row[0]} if row else {}


def checksum_of_held(generation: Path, name: str) -> str:
    """Return the sha256 of a file of a mirrored generation that the database holds."""
    return checksum_of(database_of(generation), key_of(generation), name)


def key_of(generation: Path) -> str:
    """Return the key of the tables of a mirrored generation. Raises OSError or ValueError."""
    return str(read_tables(generation)["key"])
