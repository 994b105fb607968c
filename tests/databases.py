"""A PostgreSQL server of the tests' own, with pgvector, and schemas in it for one test each."""

import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.clusters import QUICK, cluster
from qa.postgres import generations
from qa.postgres.address import ADDRESS, Address, mirror_of, parse_address
from qa.postgres.database import database_at
from qa.postgres.schema import prepare_schema

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """Start a server for the session; return the address of its database, without a schema."""
    with tempfile.TemporaryDirectory(prefix="candor-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server is another user's where root may run none
        with cluster(Path(folder), with_replica=False, settings=QUICK) as made:
            yield f"postgresql:///postgres?user=postgres&host={made.primary.folder}"


def new_address(server: str) -> Address:
    """Return the address of a schema that nothing else uses, and that is not there yet."""
    join = "&" if "?" in server else "?"
    return parse_address(f"{server}{join}schema=test_{os.getpid()}_{next(_numbers)}")


@pytest.fixture(scope="session")
def store_folder(database_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder whose folders are of one schema, for tests that write many stores."""
    folder = tmp_path_factory.mktemp("stores")
    address = new_address(database_server)
    prepare_schema(database_at(address))
    (folder / ADDRESS).write_text(json.dumps({"address": str(address)}), encoding="utf-8")
    yield folder
    database_at(address).close()


@pytest.fixture
def database_folder(database_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder that mirrors a new, empty index in the database."""
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(generations, "GRACE", 0)
    address = new_address(database_server)
    prepare_schema(database_at(address))
    yield mirror_of(address)
    database_at(address).close()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return where an index is to be built: a folder, or what mirrors a database if the test is told so."""
    if getattr(request, "param", "files") == "files":
        return tmp_path / "index"
    found: Path = request.getfixturevalue("database_folder")
    return found


EITHER = pytest.mark.parametrize("place", ["files", "postgres"], indirect=True)
"""Runs a test over an index in files, and over one in a database."""
