"""Vectors in a table of PostgreSQL with pgvector: every vector compared, or a graph walked (HNSW), by their number.

The graph holds halves of the vectors' digits; what it finds is compared again by whole ones, so that scores are those
of every other store. A folder has the table's name and what the graph was measured to find, never a secret.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.postgres.database import Database, Fetch, Query, database_of
from qa.postgres.tables import OwnTable
from qa.stores.vectors import Ids, Scores, Vectors, means_of_two

if TYPE_CHECKING:
    from psycopg import Connection

EXACT_UP_TO = 10_000
"""Vectors that are all compared: about 8 ms for one query of 384 dimensions (`benchmarks/growth.py`)."""

RECALL = 0.97
"""The share of the nearest ten that a graph aims to find, as with files."""

# Neighbours of a vector in the graph: pgvector's default. Candidates that are looked at to find them: more than its 64.
_NEIGHBOURS = 16
_CONSTRUCTION = 100

# Candidates kept while the graph is walked: the first that reaches RECALL is used, or the last.
_BEAMS = (100, 200, 400, 800)
_LARGEST_BEAM = 1000  # that pgvector takes
_MORE = 1.2  # times k: candidates of the graph that are compared again, for halves of digits swap neighbours
_DEEPER = 5  # times k: candidates at least, so that what is found deep in a ranking is nearly what comparing all finds
_SAMPLE = 200
_NEAREST = 10
_ROUNDING = 1e-5  # between two ways to compute one cosine
_MEMORY = (
    2_000  # MB that are asked for to build a graph, which takes long where it outgrows them; a server may give more
)
_INLINE = 1_900  # digits of a vector that fit into a row of a page, and are kept there: a search reads each
_BLOCK = 10_000  # rows that are copied between two looks at the array
_KEPT = 4_096  # vectors by row, 6 MB: candidates of a question are wanted twice


class PostgresStore(OwnTable):
    """Opened for searching. Safe to use from several threads."""

    description, begins, rows = "structure.json", "vectors_", "vectors"

    def __init__(self, database: Database, structure: dict[str, Any]) -> None:
        """Search the table that a structure describes."""
        self._database = database
        self._table = database.table(structure["table"])
        self._size, self._dimension = int(structure["vectors"]), int(structure["dimension"])
        self._beam = int(structure["beam"])
        recall = structure["recall_at_10"]
        found = "" if recall is None else f", which finds {recall:.3f} of the nearest ten"
        how = f"a graph walked{found}" if self._beam else "every vector compared"
        self.structure = f"{how}, in PostgreSQL"
        self._vectors: OrderedDict[int, Vectors] = OrderedDict()
        self._turn = Lock()

    @classmethod
    def write(cls, folder: Path, vectors: Vectors) -> None:
        """Write the vectors into a new table, and measure what a graph finds by comparing with every vector.

        Raises IndexUnwritable, or ValueError for a folder that mirrors no database.
        """
        database = database_of(folder)
        from psycopg import sql

        name = f"{cls.begins}{secrets.token_hex(6)}"
        structure = {
            "table": name, "vectors": len(vectors), "dimension": vectors.shape[1], "beam": 0, "recall_at_10": None
        }  # fmt: skip
        # Before the table is there: of a build that is killed the folder says what it has left.
        cls.describe(folder, structure)
        with database.session() as connection:
            with connection.transaction():  # so that a replica has all of the table, or none
                _copy(connection, database, name, vectors)
            # So that counting the rows looks at the key alone.
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(database.table(name)))
            if len(vectors) > EXACT_UP_TO:
                _build_graph(connection, database, name, vectors.shape)
        if len(vectors) > EXACT_UP_TO:
            cls.describe(folder, {**structure, **_measured(database, structure, vectors)})

    @classmethod
    def load(cls, folder: Path) -> "PostgresStore":
        """Return the store that was written there. Raises ValueError on a damaged folder."""
        return cls(database_of(folder), cls.described(folder))

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and row numbers, best first, in one round trip; with ``among`` each of these is
        compared, or the graph is walked until k of them are found where they are many."""
        k = min(k, self._size if among is None else len(among))
        if k == 0 or not len(queries):
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        graph = self._walks(k, among)
        asked = [self._graph_query(q, k, among) if graph else self._exact_query(q, k, among) for q in queries]
        found = self._database.read(*([self._beam_query(k)] if graph else []), *asked)[-len(queries) :]
        if any(len(rows) < k for rows in found):  # fewer than k can be reached from where the graph is entered
            found = self._database.read(*(self._exact_query(query, k, among) for query in queries))
        return (
            np.array([[-score for _, score in rows] for rows in found], np.float32),
            np.array([[row for row, _ in rows] for rows in found], np.int64),
        )

    def _walks(self, k: int, among: Ids | None) -> bool:
        few = among is not None and len(among) <= EXACT_UP_TO
        return bool(self._beam) and not few and _MORE * k <= _LARGEST_BEAM

    def _beam_query(self, k: int) -> Query:
        """Return the query that sets how far the graph is walked by those in the same round trip."""
        from psycopg import sql

        settings = {
            "hnsw.ef_search": str(min(max(self._beam, _DEEPER * k), _LARGEST_BEAM)),
            "hnsw.iterative_scan": "strict_order",
            "hnsw.max_scan_tuples": str(max(self._size, 20_000)),
        }
        calls = sql.SQL(", ").join(sql.SQL("set_config(%s, %s, true)") for _ in settings)
        return Query(sql.SQL("SELECT {}").format(calls), [one for pair in settings.items() for one in pair])

    def _exact_query(self, query: Vectors, k: int, among: Ids | None) -> Query:
        from psycopg import sql

        only, values = _only(among)
        # "+ 0.0" keeps the graph out: an index orders by the plain expression alone.
        statement = sql.SQL("SELECT row, (vector <#> %s) + 0.0 AS score FROM {}{} ORDER BY score, row LIMIT %s").format(
            self._table, only
        )
        return Query(statement, [query, *values, k])

    def _graph_query(self, query: Vectors, k: int, among: Ids | None) -> Query:
        from psycopg import sql

        only, values = _only(among)
        half = sql.SQL("halfvec({})").format(sql.Literal(self._dimension))
        statement = sql.SQL(
            "SELECT row, (vector <#> %s) + 0.0 AS score FROM ("
            "SELECT row, vector FROM {table}{only} ORDER BY vector::{half} <#> %s::vector::{half} LIMIT %s"
            ") AS near ORDER BY score, row LIMIT %s"
        ).format(table=self._table, only=only, half=half)
        return Query(statement, [query, *values, query, int(_MORE * k), k])

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order; those not kept in one round trip."""
        if not len(ids):
            return np.empty((0, self._dimension), np.float32)
        held: dict[int, Vectors] = {}
        self._database.fetch(self.fetching(ids, held))
        return np.stack([held[row] for row in ids.tolist()])

    def fetching(self, ids: Ids, held: dict[int, Vectors] | None = None) -> Fetch | None:
        """Return what fetches the vectors that are not kept, and keeps them; all go into ``held``."""
        from psycopg import sql

        held = {} if held is None else held
        with self._turn:
            held |= {row: vector for row in ids.tolist() if (vector := self._vectors.get(row)) is not None}
        missing = sorted({*ids.tolist()} - held.keys())
        if not missing:
            return None
        statement = sql.SQL("SELECT row, vector FROM {} WHERE row = ANY(%s)").format(self._table)
        return Fetch(Query(statement, [missing]), self._keeping(held))

    def _keeping(self, held: dict[int, Vectors]) -> Callable[[Sequence[tuple[Any, ...]]], None]:
        def keep(rows: Sequence[tuple[Any, ...]]) -> None:
            found = {row: np.asarray(vector.to_numpy(), np.float32) for row, vector in rows}
            held.update(found)
            with self._turn:
                self._vectors.update(found)
                while len(self._vectors) > _KEPT:
                    self._vectors.popitem(last=False)

        return keep

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return self._size


def _only(among: Ids | None) -> tuple[Any, list[object]]:
    """Return the condition that takes only some rows, and its values."""
    from psycopg import sql

    return (sql.SQL(""), []) if among is None else (sql.SQL(" WHERE row = ANY(%s)"), [among.tolist()])


def _copy(connection: "Connection[Any]", database: Database, name: str, vectors: Vectors) -> None:
    from psycopg import sql

    table, dimension = database.table(name), sql.Literal(vectors.shape[1])
    connection.execute(
        sql.SQL("CREATE TABLE {} (row integer NOT NULL, vector vector({}) NOT NULL)").format(table, dimension)
    )
    if vectors.shape[1] <= _INLINE:
        connection.execute(sql.SQL("ALTER TABLE {} ALTER COLUMN vector SET STORAGE PLAIN").format(table))
    copying = sql.SQL("COPY {} FROM STDIN WITH (FORMAT BINARY)").format(table)
    with connection.cursor().copy(copying) as copy:
        copy.set_types(["int4", "vector"])
        for start in range(0, len(vectors), _BLOCK):
            for row, vector in enumerate(np.asarray(vectors[start : start + _BLOCK]), start=start):
                copy.write_row((row, vector))
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (row)").format(table))


def _build_graph(connection: "Connection[Any]", database: Database, name: str, shape: tuple[int, ...]) -> None:
    from psycopg import sql

    size, dimension = shape
    # Each vector in halves, its neighbours twice over in the lowest layer, and what stands around them.
    wanted = int(1.5 * size * (2 * dimension + 2 * _NEIGHBOURS * 16 + 64) / 1e6) + 64
    row = connection.execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem')) / 1000000").fetchone()
    if row and row[0] < min(wanted, _MEMORY):
        connection.execute(sql.SQL("SET maintenance_work_mem = {}").format(sql.Literal(f"{min(wanted, _MEMORY)}MB")))
    statement = sql.SQL(
        "CREATE INDEX ON {} USING hnsw ((vector::halfvec({})) halfvec_ip_ops) WITH (m = {}, ef_construction = {})"
    )
    numbers = map(sql.Literal, (dimension, _NEIGHBOURS, _CONSTRUCTION))
    connection.execute(statement.format(database.table(name), *numbers))


def _measured(database: Database, structure: dict[str, Any], vectors: Vectors) -> dict[str, Any]:
    """Return which beam is the first to reach RECALL, or the last, and what it finds for means of two vectors."""
    sample = means_of_two(len(vectors), _SAMPLE, lambda rows: np.array(vectors[rows], np.float32))
    enough = _nearest(sample, vectors) - _ROUNDING
    found: dict[str, Any] = {}
    for beam in _BEAMS:
        store = PostgresStore(database, {**structure, "beam": beam})
        scores = np.concatenate([store.search(one[None], _NEAREST)[0] for one in sample])
        found = {"beam": beam, "recall_at_10": float((scores >= enough[:, None]).mean())}
        if found["recall_at_10"] >= RECALL:
            break
    return found


def _nearest(sample: Vectors, vectors: Vectors) -> Scores:
    """Return the cosine of the tenth nearest vector to each of a sample, by every one of them."""
    best: Scores = np.full((len(sample), _NEAREST), -2, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        both = np.concatenate([best, sample @ np.asarray(vectors[start : start + _BLOCK]).T], axis=1)
        best = -np.partition(-both, _NEAREST - 1, axis=1)[:, :_NEAREST]
    return np.asarray(best.min(axis=1), np.float32)
