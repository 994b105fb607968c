"""The tables of an index in a database, made by numbered migrations, and the rights that they need.

A schema has four tables of its own: ``generations``, ``pointer`` with the one that answers, ``state`` with what
outlives a generation, such as the index's own calibration, and ``migrations``. Each generation adds tables whose names
end in its key: they are written before it is published and dropped with it.
"""

from typing import TYPE_CHECKING

from qa.errors import IndexMismatch
from qa.postgres.database import Database

if TYPE_CHECKING:
    from psycopg import Connection

MIGRATIONS = (
    """
    CREATE TABLE {schema}.generations (
        number integer PRIMARY KEY,
        key text NOT NULL UNIQUE,
        tables text[] NOT NULL,
        documents integer NOT NULL,
        passages integer NOT NULL,
        published timestamptz NOT NULL DEFAULT now(),
        replaced timestamptz
    );
    CREATE TABLE {schema}.pointer (
        number integer NOT NULL REFERENCES {schema}.generations,
        is_the_only boolean PRIMARY KEY DEFAULT true CHECK (is_the_only)
    );
    CREATE TABLE {schema}.state (
        name text PRIMARY KEY,
        content bytea NOT NULL,
        changed timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE {schema}.jobs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        build text NOT NULL,
        texts bytea NOT NULL,
        vectors bytea
    );
    CREATE INDEX jobs_open ON {schema}.jobs (build, id) WHERE vectors IS NULL;
    """,
)
"""The statements of each version, from the first on. A published one is never changed: another is added."""

VECTOR_VERSION = (0, 8, 4)
"""The first pgvector that is used: indexes of those before could lose rows."""


def prepare_schema(database: Database) -> None:
    """Bring the schema to this version's tables, made where it is not there.

    Raises IndexUnwritable or IndexMismatch.
    """
    with database.session() as connection:
        upgrade(connection, database.address.schema)


def upgrade(connection: "Connection[object]", schema: str) -> None:
    """Bring a schema to this version's tables on a connection that may write."""
    from psycopg import sql

    name = sql.Identifier(schema)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{schema}.migrations"])
        _have_vectors(connection)
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is None:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))  # which needs a right that others lack
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {}.migrations (number integer PRIMARY KEY, made timestamptz DEFAULT now())"
            ).format(name)
        )
        row = connection.execute(sql.SQL("SELECT coalesce(max(number), 0) FROM {}.migrations").format(name)).fetchone()
        made = int(row[0]) if row else 0  # type: ignore[index]
        _check_version(made, schema)
        for number, statements in enumerate(MIGRATIONS[made:], start=made + 1):
            connection.execute(sql.SQL(statements).format(schema=name))
            connection.execute(sql.SQL("INSERT INTO {}.migrations (number) VALUES (%s)").format(name), [number])


def _check_version(made: int, schema: str) -> None:
    if made > len(MIGRATIONS):
        raise IndexMismatch(
            f"The schema {schema} is of version {made}, and this Candor knows {len(MIGRATIONS)}: upgrade it here."
        )


def _have_vectors(connection: "Connection[object]") -> None:
    """Add pgvector to the database where it is not there yet. Raises IndexMismatch where it is too old."""
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if row is None:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    found = str(row[0]) if row else ""  # type: ignore[index]
    version = tuple(int(part) for part in found.split(".") if part.isdigit())
    if version < VECTOR_VERSION:
        wanted = ".".join(map(str, VECTOR_VERSION))
        raise IndexMismatch(f"The database has pgvector {found}, and {wanted} is needed: let its owner upgrade it.")


def builder_rights(schema: str, role: str) -> str:
    """Return the statements that let a role build an index: all in its own schema, nothing elsewhere. pgvector is to
    be there already."""
    return f'CREATE SCHEMA IF NOT EXISTS "{schema}" AUTHORIZATION "{role}";\n'


def reader_rights(schema: str, role: str, builder: str) -> str:
    """Return the statements that let a role ask and nothing else: what is there, and what the ``builder`` will add."""
    return (
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}";\n'
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{role}";\n'
        f'ALTER DEFAULT PRIVILEGES FOR ROLE "{builder}" IN SCHEMA "{schema}" GRANT SELECT ON TABLES TO "{role}";\n'
    )
