"""Connections to a database: what is asked waits out a restart and goes to the next host that an address names."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.errors import BadSettings, DatabaseAway, IndexDamaged, IndexGone, IndexUnwritable
from qa.postgres.address import Address, address_of

if TYPE_CHECKING:
    from psycopg import Connection, sql
    from psycopg_pool import ConnectionPool

PATIENCE = 10.0
"""Seconds that a query waits for a database that is away, in which one restarts or a replica takes over. Where that was
in vain, and before it was ever reached, a query fails at once."""

LAG = 1.0
"""Seconds in which a table that is not there is looked for again where an address names several hosts: a replica may
not have it yet, and the next connection be another host's."""

TIMEOUT = 20.0
"""Seconds that a query of a question may take."""

CONNECTIONS = "CANDOR_CONNECTIONS"
"""The variable that says how many connections a process holds at most; 8 without it, as many as it has threads."""

_CONNECT_SECONDS = 2
_CONNECTING: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 10_000,
}  # fmt: skip
_PAUSE = 0.05  # between two tries
_IDLE_SECONDS = 300.0
_LIFETIME = 600.0  # after which a connection is made anew, to the first host that answers

_MISSING = "an index in PostgreSQL needs more packages: install candor-qa[postgres]."


class Query(NamedTuple):
    """A statement and its values."""

    statement: "sql.Composed | sql.SQL"
    values: Sequence[object] = ()


class Fetch(NamedTuple):
    """A query whose rows are to be kept by who asked for them."""

    query: Query
    keep: Callable[[Sequence[tuple[Any, ...]]], None]


class Database:
    """The schema of one index. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        """Connect when something is asked. Raises IndexUnwritable where the packages that this needs are not there, and
        BadSettings for an address that is none."""
        self.address = address
        psycopg = self._psycopg()
        try:
            psycopg.conninfo.conninfo_to_dict(address.conninfo)
        except psycopg.Error as error:
            raise BadSettings(f"{address} is no address of PostgreSQL ({_said(error)}).") from None
        self._opening = threading.Lock()
        self._opened: ConnectionPool[Any] | None = None
        self._is_reached, self._is_away = False, False
        self._building = threading.local()
        self._lag = LAG if address.has_several_hosts else 0.0

    def table(self, name: str) -> "sql.Identifier":
        """Return the name of a table as it stands in a statement."""
        from psycopg import sql

        return sql.Identifier(self.address.schema, name)

    def read(self, *queries: Query) -> list[list[tuple[Any, ...]]]:
        """Return the rows of each query, all of them asked in one round trip.

        Raises DatabaseAway where no host answers in time, IndexGone where a table is not there.
        """
        psycopg = self._psycopg()
        from psycopg_pool import PoolTimeout

        writer: Connection[Any] | None = getattr(self._building, "connection", None)
        if writer is not None:
            return self._read_from(writer, queries)
        began, end, is_anew = time.monotonic(), 0.0, False
        while True:
            try:
                found = self._read(queries)
            except psycopg.errors.QueryCanceled as error:
                raise DatabaseAway(f"The database took longer than {TIMEOUT:.0f} s ({_said(error)}).") from error
            except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
                if time.monotonic() >= began + self._lag:
                    raise IndexGone(f"{self.address} does not have what was asked for ({_said(error)}).") from error
                time.sleep(_PAUSE)
            except psycopg.errors.InsufficientPrivilege as error:
                raise IndexUnwritable(
                    f"{self.address} may not be read ({_said(error)}): its owner can grant it, see docs/postgres.md."
                ) from error
            except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
                # From the first failure on: a host that vanished is only known to be gone after a while.
                end = end or time.monotonic() + (PATIENCE if self._is_reached and not self._is_away else 0)
                if time.monotonic() >= end:
                    self._is_away = not self._is_busy()
                    raise DatabaseAway(
                        f"The database of the index is away ({_said(error)}): ask again when it is back."
                    ) from error
                time.sleep(_PAUSE)
            except psycopg.Error as error:
                self.close()  # connections from before pgvector was there do not know its types
                if not is_anew:
                    is_anew = True
                    continue
                raise IndexDamaged(f"{self.address} cannot be read ({_said(error)}): build the index anew.") from error
            else:
                self._is_reached, self._is_away = True, False
                return found

    def fetch(self, *fetches: Fetch | None) -> None:
        """Run fetches, all in one round trip, none where there are none; None is nothing to fetch."""
        due = [fetch for fetch in fetches if fetch is not None]
        if due:
            for fetch, rows in zip(due, self.read(*(fetch.query for fetch in due)), strict=True):
                fetch.keep(rows)

    def _read(self, queries: Sequence[Query]) -> list[list[tuple[Any, ...]]]:
        with self._pool.connection(timeout=_CONNECT_SECONDS) as connection:
            return _rows(connection, queries)

    def _read_from(self, writer: "Connection[Any]", queries: Sequence[Query]) -> list[list[tuple[Any, ...]]]:
        """Return the rows of each query by the connection of a build, whose ``session`` tells what goes wrong."""
        import psycopg

        try:
            return _rows(writer, queries)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise IndexGone(f"{self.address} does not have what was asked for ({_said(error)}).") from error

    @contextmanager
    def reading_from(self, writer: "Connection[Any]") -> Iterator[None]:
        """Let this thread read by the connection of its build, until the end."""
        self._building.connection = writer
        try:
            yield
        finally:
            self._building.connection = None

    def _is_busy(self) -> bool:
        """Whether all connections are held by who asks."""
        opened = self._opened
        return opened is not None and opened.get_stats().get("pool_size", 0) >= opened.max_size

    @property
    def _pool(self) -> "ConnectionPool[Any]":
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> "ConnectionPool[Any]":
        """Return a pool, once a first connection was made: what is wrong with it, the pool would not tell.

        Raises psycopg.OperationalError where no host answers.
        """
        psycopg = self._psycopg()
        from psycopg_pool import ConnectionPool

        options = {"autocommit": True, **self._connecting("candor")}
        psycopg.connect(self.address.conninfo, **options).close()
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # what fails is tried again, and told once it is away
        return ConnectionPool(
            self.address.conninfo,
            kwargs=options,
            min_size=0,
            max_size=_most_connections(),
            max_idle=_IDLE_SECONDS,
            max_lifetime=_LIFETIME,
            reconnect_timeout=_CONNECT_SECONDS,
            configure=_configure_reading,
            open=True,
        )

    def _connecting(self, name: str) -> dict[str, Any]:
        """Return how to connect, as far as the address does not say."""
        from psycopg.conninfo import conninfo_to_dict

        said = conninfo_to_dict(self.address.conninfo)
        return {
            option: value for option, value in {"application_name": name, **_CONNECTING}.items() if option not in said
        }

    def _psycopg(self) -> Any:
        """Return the library. Raises IndexUnwritable where it is not installed."""
        try:
            import psycopg
            import psycopg_pool  # noqa: F401 - is needed too
            from pgvector.psycopg import register_vector  # noqa: F401 - so is this
        except ImportError:
            raise IndexUnwritable(f"{self.address}: {_MISSING}") from None
        return psycopg

    @contextmanager
    def session(self) -> Iterator["Connection[Any]"]:
        """Yield a connection of its own to a host that can be written, in which each statement is a transaction, and
        none has a limit of time. Raises IndexUnwritable for whatever goes wrong there."""
        psycopg = self._psycopg()
        try:
            with psycopg.connect(
                self.address.conninfo,
                autocommit=True,
                **{**self._connecting("candor index"), "target_session_attrs": "read-write"},
            ) as connection:
                _configure_building(connection)
                yield connection
        except psycopg.Error as error:
            raise IndexUnwritable(
                f"{self.address} cannot be written ({_said(error)}): mend its rights or free space, and run again. The "
                "index that was there is as it was."
            ) from error

    def close(self) -> None:
        """Give the connections back."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()


def _rows(connection: "Connection[Any]", queries: Sequence[Query]) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each query, all asked in one round trip."""
    if len(queries) == 1:
        return [connection.execute(queries[0].statement, queries[0].values, binary=True).fetchall()]
    with connection.pipeline():
        cursors = [connection.execute(query.statement, query.values, binary=True) for query in queries]
        return [cursor.fetchall() for cursor in cursors]


def _most_connections() -> int:
    written = os.environ.get(CONNECTIONS, "8")
    if not written.isdigit() or int(written) < 1:
        raise BadSettings(f"{CONNECTIONS} = {written!r}: it must be a whole number from 1 on.")
    return int(written)


def _configure_reading(connection: "Connection[Any]") -> None:
    # Not as an option of the connection, which poolers refuse.
    connection.execute(f"SET statement_timeout = '{TIMEOUT:.0f}s'")
    learn_types(connection)


def _configure_building(connection: "Connection[Any]") -> None:
    # So that the lock of a builder goes within a minute where its machine does.
    for setting, seconds in (("idle", 30), ("interval", 10), ("count", 3)):
        connection.execute(f"SET tcp_keepalives_{setting} = {seconds}")
    # A build waits for hours, and says nothing while it embeds.
    for limit in ("statement_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(f"SET {limit} = 0")
    learn_types(connection)


def learn_types(connection: "Connection[Any]") -> None:
    """Teach a connection the types of pgvector, where the database has them."""
    from psycopg.types import TypeInfo

    if TypeInfo.fetch(connection, "vector") is not None:
        from pgvector.psycopg import register_vector

        register_vector(connection)


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


_databases: dict[Address, Database] = {}
_finding = threading.Lock()


def database_at(address: Address) -> Database:
    """Return the database at an address, the same one for all of a process."""
    with _finding:
        return _databases.setdefault(address, Database(address))


def database_of(folder: Path) -> Database:
    """Return the database of the index that a folder, or one that it is in, mirrors. Raises ValueError for none."""
    return database_at(address_of(folder))


_parents: list[dict[Address, Database]] = []


def _leave_to_parent() -> None:
    """Have a child that was forked connect anew; what it has of its parent's connections is neither used nor closed."""
    _parents.append(dict(_databases))
    _databases.clear()


os.register_at_fork(after_in_child=_leave_to_parent)
