"""An index in PostgreSQL: several machines, roles, servers that go away, and answers that are those of files."""

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from benchmarks import failover
from benchmarks.clusters import QUICK, Cluster, cluster
from qa.answers.answering import Answerer
from qa.command.cli import cli
from qa.datatypes import Scope
from qa.errors import BadSettings, DatabaseAway, IndexDamaged, IndexLocked, IndexMismatch, IndexMissing, IndexUnwritable
from qa.indexing import working
from qa.indexing.building import build_index
from qa.indexing.calibration import packaged_calibration, read_own_calibration, save_calibration
from qa.indexing.generations import current_generation, locked, read_pointer
from qa.indexing.index import open_index
from qa.library import Library, index_folder, parse_shelves
from qa.postgres import database as connections
from qa.postgres import generations, jobs
from qa.postgres.address import ADDRESS, address_of, is_database, is_mirror, mirror_of, parse_address
from qa.postgres.contents import HELD, inside
from qa.postgres.database import Database, Query, database_of
from qa.postgres.schema import MIGRATIONS, builder_rights, prepare_schema, reader_rights
from qa.service import Live
from qa.settings import BuildSettings
from qa.web.app import create_app
from tests.conftest import ROOT, WordLengthEmbedder
from tests.databases import new_address

QUESTIONS = (
    "What is an apple?", "What is family therapy?", "How does the garden model bear on psychotherapy?",
    "What is the social action pact?", "What is an aple?", "Where are beds and paths?", "quorvex",
)  # fmt: skip


def build(corpus: Path, folder: Path) -> Path:
    return build_index([corpus], folder, embedder=WordLengthEmbedder()).generation


def change(corpus: Path, text: str) -> None:
    (corpus / "garden.txt").write_text(f"Garden\n\n{text}\n", encoding="utf-8")


def texts_of(folder: Path) -> list[str]:
    index = open_index(folder, WordLengthEmbedder())
    found = [index.passage(row).text for row in range(len(index))]
    index.close()
    return found


def tables(folder: Path) -> set[str]:
    database = database_of(folder)
    rows = database.read(
        Query(sql.SQL("SELECT tablename FROM pg_tables WHERE schemaname = %s"), [database.address.schema])
    )[0]
    return {name for (name,) in rows}


def other_machine(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the mirror of the same index on another machine."""
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path / "other machine"))
    found = mirror_of(address_of(folder))
    assert found != folder
    return found


# --- addresses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "conninfo", "schema"),
    [
        ("postgresql://host/db", "postgresql://host/db", "candor"),
        ("POSTGRESQL://host/db", "postgresql://host/db", "candor"),
        ("postgresql:///db?options=-c%20geqo%3Doff", "postgresql:///db?options=-c%20geqo%3Doff", "candor"),
        ("postgres://u@h1:1,h2:2/db?schema=a_1&sslmode=require", "postgresql://u@h1:1,h2:2/db?sslmode=require", "a_1"),
    ],
)
def test_an_address_is_taken_apart(written: str, conninfo: str, schema: str) -> None:
    found = parse_address(written)
    assert (found.conninfo, found.schema) == (conninfo, schema)
    assert parse_address(str(found)) == found


@pytest.mark.parametrize("written", ["postgresql:", "postgresql:db", "postgres:/h/db", "postgresql://[h/db"])
def test_what_is_meant_as_an_address_is_no_folder(written: str) -> None:
    result = CliRunner().invoke(cli, ["ask", "What?", "--index", written])
    assert (result.exit_code, "write postgresql://HOST/DATABASE" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "written",
    ["postgresql://u:secret@h/db", "postgresql://h/db?password=secret", "postgresql://h/db?oauth_client_secret=secret"],
)
def test_a_password_does_not_belong_into_an_address(written: str) -> None:
    with pytest.raises(BadSettings, match="PGPASSWORD") as refused:
        parse_address(written)
    assert "secret" not in str(refused.value)
    result = CliRunner().invoke(cli, ["ask", "What?", "--index", written])
    assert (result.exit_code, "PGPASSWORD" in result.stderr) == (2, True)


@pytest.mark.parametrize("schema", ["", "A", "a-b", "a;b", '"', "x" * 41])
def test_a_schema_has_a_plain_name(schema: str) -> None:
    with pytest.raises(BadSettings, match="cannot be the schema"):
        parse_address(f"postgresql://h/db?schema={schema}")


def test_a_folder_is_no_address(tmp_path: Path) -> None:
    assert not any(map(is_database, ("index", "/a/postgres", "postgres", "postgresql", "C:/x")))
    assert not is_mirror(tmp_path)
    assert index_folder("some/index") == Path("some/index")


def test_several_corpora_may_be_in_one_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path))
    one, two = parse_shelves(["a=postgresql://h/db?schema=a", "b=postgresql://h/db?schema=b"])
    assert one.index != two.index
    assert str(address_of(two.index)) == "postgresql://h/db?schema=b"
    (alone,) = parse_shelves(["postgresql://h/db?schema=a"])
    assert (alone.name, alone.index) == ("", one.index)
    assert "secret" not in (one.index / ADDRESS).read_text(encoding="utf-8")


# --- answers ---------------------------------------------------------------------------------------------------


def test_answers_are_those_of_files(corpus: Path, database_folder: Path, tmp_path: Path) -> None:
    build(corpus, database_folder)
    build(corpus, tmp_path / "index")
    here, there = (Answerer(open_index(at, WordLengthEmbedder())) for at in (tmp_path / "index", database_folder))
    for question in QUESTIONS:
        for scope in (Scope(), Scope(source="texts/s")):
            assert there.answer(question, 3, scope) == here.answer(question, 3, scope)
    here.close()
    there.close()


def test_a_question_whose_terms_are_known_takes_three_round_trips(
    corpus: Path, database_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, database_folder)
    answerer = Answerer(open_index(database_folder, WordLengthEmbedder()))
    trips: list[int] = []
    read = Database.read

    def counted(self: Database, *queries: Query) -> list[list[tuple[object, ...]]]:
        trips.append(len(queries))
        return read(self, *queries)

    monkeypatch.setattr(Database, "read", counted)
    assert answerer.answer("What is family therapy?").passages
    assert len(trips) <= 3
    answerer.close()


def test_what_stays_in_the_database_is_not_on_the_machine(corpus: Path, database_folder: Path) -> None:
    generation = build(corpus, database_folder)
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["files"].keys() > HELD
    assert not any((generation / name).exists() for name in HELD)
    assert all((generation / name).is_file() for name in manifest["files"].keys() - HELD)
    assert (manifest["store"], manifest["lexicon"]) == ("postgres", "postgres")


# --- machines --------------------------------------------------------------------------------------------------


def test_what_one_machine_builds_another_answers_from(
    corpus: Path, database_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, database_folder)
    other = other_machine(database_folder, tmp_path, monkeypatch)
    assert texts_of(other) == texts_of(database_folder)
    before = read_pointer(other)
    change(corpus, "A pond.")
    report = build_index([corpus], other, embedder=WordLengthEmbedder())  # what it takes over, it reads from there
    assert (report.embedded, report.reused) == (1, 5)
    assert read_pointer(database_folder) != before
    assert "A pond." in " ".join(texts_of(database_folder))


def test_a_calibration_is_every_machine_s(
    corpus: Path, database_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, database_folder)
    other = other_machine(database_folder, tmp_path, monkeypatch)
    before, own = read_pointer(other), packaged_calibration(read=False)
    save_calibration(database_folder, own)
    assert read_pointer(other) != before
    current_generation(other)
    assert read_own_calibration(other) is not None
    save_calibration(other, None)
    current_generation(database_folder)
    assert read_own_calibration(database_folder) is None


def test_one_builder_among_all_machines(
    corpus: Path, database_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, database_folder)
    other = other_machine(database_folder, tmp_path, monkeypatch)
    with locked(database_folder), pytest.raises(IndexLocked, match=r"\(postgres on the same machine, since .*--wait"):
        build(corpus, other)
    assert not build_index([corpus], other, embedder=WordLengthEmbedder()).changes


def test_a_builder_that_is_killed_leaves_what_answers(corpus: Path, database_folder: Path) -> None:
    build(corpus, database_folder)
    before, held = texts_of(database_folder), tables(database_folder)
    change(corpus, "Never to be seen.")
    code = f"""
import pathlib, sys, time
sys.path.insert(0, {str(Path.cwd())!r})
import qa.indexing.building as building
from tests.conftest import ROOT, WordLengthEmbedder
building._write_manifest = lambda *given: (print("written", flush=True), time.sleep(60))
corpus, folder = pathlib.Path({str(corpus)!r}), pathlib.Path({str(database_folder)!r})
building.build_index([corpus], folder, embedder=WordLengthEmbedder())
"""
    builder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert builder.stdout is not None
    assert builder.stdout.readline() == "written\n"
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    builder.stdout.close()
    assert len(tables(database_folder)) > len(held)
    assert texts_of(database_folder) == before
    change(corpus, "Something else.")
    build(corpus, database_folder)
    database = database_of(database_folder)
    rows = database.read(Query(sql.SQL("SELECT tables FROM {}").format(database.table("generations"))))[0]
    named = {name for (found,) in rows for name in found}
    assert tables(database_folder) == named | {"generations", "pointer", "state", "jobs", "migrations"}


def test_an_index_moves_into_a_database_and_out_again(corpus: Path, database_folder: Path, tmp_path: Path) -> None:
    files, again = tmp_path / "index", tmp_path / "again"
    build(corpus, files)
    embedder = WordLengthEmbedder()
    into = build_index([corpus], database_folder, BuildSettings(basis=files), embedder)
    out = build_index([corpus], again, BuildSettings(basis=database_folder), embedder)
    assert (into.embedded, into.reused, out.embedded, out.reused, embedder.embedded) == (0, 6, 0, 6, [])
    assert texts_of(again) == texts_of(database_folder) == texts_of(files)
    with pytest.raises(IndexMissing):
        build_index([corpus], tmp_path / "third", BuildSettings(basis=tmp_path / "none"), embedder)


def test_an_index_without_phrases_opens_on_another_machine(
    database_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "one.txt"
    text.write_text("Alone.", encoding="utf-8")
    build(text, database_folder)
    assert texts_of(other_machine(database_folder, tmp_path, monkeypatch)) == ["Alone."]


def test_a_file_of_the_mirror_that_was_cut_is_fetched_again(corpus: Path, database_folder: Path) -> None:
    generation = build(corpus, database_folder)
    documents = generation / "documents.jsonl"
    whole = documents.read_bytes()
    documents.write_bytes(whole[:-9])
    assert texts_of(database_folder)
    assert documents.read_bytes() == whole


def test_numbers_that_begin_again_are_other_generations(
    corpus: Path, database_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, database_folder)
    other = other_machine(database_folder, tmp_path, monkeypatch)
    before, database = read_pointer(other), database_of(database_folder)
    assert "A pond." not in texts_of(other)[3]
    with database.session() as connection:
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(database.address.schema)))
    change(corpus, "A pond.")
    assert build(corpus, database_folder).name == "000001"
    assert read_pointer(other) != before
    for machine in (database_folder, other):
        assert "A pond." in texts_of(machine)[3]


def test_who_asks_may_fetch_what_the_same_machine_has_just_built(
    corpus: Path, database_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, database_folder)
    insert = generations._point

    def fetched_at_once(connection: psycopg.Connection[object], database: Database, number: int) -> None:
        insert(connection, database, number)
        connection.execute("COMMIT")
        following = threading.Thread(target=current_generation, args=(database_folder,))
        following.start()
        following.join()
        connection.execute("BEGIN")

    monkeypatch.setattr(generations, "_point", fetched_at_once)
    change(corpus, "A pond.")
    assert build(corpus, database_folder).name == "000002"
    monkeypatch.undo()
    assert "A pond." in " ".join(texts_of(database_folder))


@pytest.mark.parametrize("most", ["0", "x", "-1"])
def test_the_most_connections_are_a_number(most: str, database_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_CONNECTIONS", most)
    with pytest.raises(BadSettings, match="a whole number from 1 on"):
        current_generation(database_folder)


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a\0b"])
def test_a_database_names_no_files_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="none of an index"):
        inside(tmp_path, name)


def test_a_new_database_has_its_first_index_built_and_asked_by_one_process(
    corpus: Path, database_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_address(database_server).schema
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("qa.stores.postgres.EXACT_UP_TO", 2)
    with psycopg.connect(database_server, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    folder = mirror_of(parse_address(database_server.replace("/postgres?", f"/{name}?")))
    with pytest.raises(IndexMissing):
        current_generation(folder)  # a connection from before there was pgvector
    build(corpus, folder)
    with open_index(folder, WordLengthEmbedder()) as index:
        assert "a graph walked" in index.store.structure
        assert Answerer(index).answer("What is an apple?").passages
    database_of(folder).close()


# --- embedding on several machines ------------------------------------------------------------------------------


def lengths(texts: Sequence[str]) -> np.ndarray:
    return np.array([[len(text), 1] for text in texts], np.float32)


def test_a_batch_is_embedded_by_one_alone_and_lost_by_none(database_folder: Path) -> None:
    database, embedded = database_of(database_folder), []

    def embed(batch: jobs.Batch) -> np.ndarray:
        embedded.extend(batch.texts)
        return lengths(batch.texts)

    with locked(database_folder):
        numbers = [jobs.post(database_folder, "b", [f"{'x' * n}\0"]) for n in range(1, 5)]
        dies = psycopg.connect(database.address.conninfo)
        taking = sql.SQL("SELECT id FROM {} WHERE vectors IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
        assert dies.execute(taking.format(database.table("jobs"))).fetchone() == (numbers[0],)
        with database.session() as helper:
            assert jobs.work(helper, database, embed)  # the second one, for the first is taken
            assert embedded == ["xx\0"]
            pid = dies.info.backend_pid
            dies.close()
            while helper.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
                time.sleep(0.01)
            assert jobs.work(helper, database, embed)
        assert embedded == ["xx\0", "x\0"]
        found = [jobs.collect(database_folder, number, 2, lengths) for number in numbers]
        assert np.concatenate(found)[:, 0].tolist() == [2, 3, 4, 5]
        with database.session() as helper:
            assert not jobs.work(helper, database, embed)


def test_workers_are_for_an_index_that_they_reach(corpus: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["index", str(corpus), "--index", str(tmp_path / "index"), "--workers"])
    assert (result.exit_code, "--workers needs an index that other machines reach" in result.stderr) == (1, True)
    result = CliRunner().invoke(cli, ["work", "--index", str(tmp_path / "index")])
    assert (result.exit_code, "give its address" in result.stderr) == (1, True)


@pytest.mark.usefixtures("real_folder")  # a real model, which others can be given
def test_a_build_that_others_help_with_is_the_same(
    database_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tmp_path / "many.jsonl"
    texts.write_text(
        "".join(json.dumps({"_id": str(n), "text": f"Text {n} has its own words."}) + "\n" for n in range(60)),
        encoding="utf-8",
    )
    monkeypatch.setattr(working, "BATCH", 2)
    monkeypatch.setattr(working, "_SECONDS", 0.01)
    stopped = threading.Event()
    done: list[int] = []
    helper = threading.Thread(target=working.work, args=(database_folder, done.append, stopped.is_set))
    helper.start()
    build_index([texts], database_folder, BuildSettings(workers=True))
    stopped.set()
    helper.join()
    alone = build_index([texts], tmp_path / "index")
    assert 0 < done[-1] < 60
    rows = np.arange(alone.passages)
    with open_index(database_folder) as together, open_index(tmp_path / "index") as one:
        np.testing.assert_allclose(together.store.vectors(rows), one.store.vectors(rows), atol=1e-3)


# --- what goes wrong -------------------------------------------------------------------------------------------


def test_there_is_no_index_yet(database_folder: Path) -> None:
    with pytest.raises(IndexMissing, match="build one with `qa index CORPUS --index 'postgresql://"):
        current_generation(database_folder)


def test_check_names_what_was_changed_in_the_database(corpus: Path, database_folder: Path) -> None:
    generation = build(corpus, database_folder)
    database = database_of(database_folder)
    key = json.loads((generation / "contents.json").read_text(encoding="utf-8"))["key"]
    with database.session() as connection:
        table = database.table(f"passages_{key}")
        connection.execute(
            sql.SQL("UPDATE {} SET line = replace(line::text, 'fruit', 'stone')::json WHERE row = 0").format(table)
        )
    result = CliRunner().invoke(cli, ["check", "--index", str(database_folder)])
    assert result.exit_code == 1
    assert "passages.jsonl in the database is not what was written" in result.stderr
    assert "run `qa index" in result.stderr
    assert str(database.address) in result.stderr


def test_a_schema_of_a_newer_version_is_left_alone(database_folder: Path) -> None:
    database = database_of(database_folder)
    with database.session() as connection:
        connection.execute(
            sql.SQL("INSERT INTO {} VALUES (%s)").format(database.table("migrations")), [len(MIGRATIONS) + 1]
        )
    with pytest.raises(IndexMismatch, match="upgrade it here"):
        prepare_schema(database)


def test_a_store_in_a_database_needs_an_index_there(corpus: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["index", str(corpus), "--index", str(tmp_path / "index"), "--store", "postgres"])
    assert (result.exit_code, "give its address, --index postgresql://" in result.stderr) == (1, True)


def test_a_host_that_is_not_there_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path))
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    result = CliRunner().invoke(cli, ["ask", "What?", "--index", f"postgresql:///db?host={tmp_path}"])
    assert result.exit_code == 1
    assert "The database of the index is away" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://h/db?colour=red", "is no address of PostgreSQL"),
        ("postgresql://h:x/db", "port"),
        ("postgresql:///nowhere?user=postgres&host={host}", 'database "nowhere" does not exist'),
        ("postgresql:///postgres?user=nobody&host={host}", 'role "nobody" does not exist'),
        (
            "postgresql:///postgres?user=postgres&host={host}&schema=empty",
            "There is no index at postgresql:///postgres",
        ),
    ],
)
@pytest.mark.parametrize("command", [["ask", "What?"], ["check"], ["serve", "--port", "0", "--corpus", "nowhere"]])
def test_what_is_wrong_with_an_address_is_said_in_a_sentence(  # noqa: PLR0917 - a row of a table, and what it needs
    address: str, said: str, command: list[str], database_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path))
    host = database_server.rpartition("host=")[2]
    result = CliRunner().invoke(cli, [*command, "--index", address.format(host=host)])
    assert result.exit_code == 1
    assert said in result.stderr or ("serve" in command and "there is no index in postgresql://" in result.stderr)
    assert result.stderr.count("\n") == 1


def test_the_packages_that_it_needs_may_not_be_there(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for command in (["ask", "What?"], ["index", str(corpus)], ["work"]):
        result = CliRunner().invoke(cli, [*command, "--index", "postgresql://h/db"])
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert "install candor-qa[postgres]" in result.stderr


def test_roles_may_do_what_they_are_for(
    corpus: Path, database_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = new_address(database_server).schema
    builder, reader = f"{schema}_builder", f"{schema}_reader"
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    with psycopg.connect(database_server, autocommit=True) as owner:
        owner.execute("CREATE EXTENSION IF NOT EXISTS vector")
        for role in (builder, reader):
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        owner.execute(builder_rights(schema, builder))
        owner.execute(reader_rights(schema, reader, builder))
    builds, reads = (
        mirror_of(parse_address(f"{database_server.replace('user=postgres', f'user={role}')}&schema={schema}"))
        for role in (builder, reader)
    )
    build(corpus, builds)
    index = open_index(reads, WordLengthEmbedder())
    assert Answerer(index).answer("What is an apple?").passages
    with pytest.raises(IndexUnwritable, match="permission denied"):
        build(corpus, reads)
    index.close()
    for folder in (builds, reads):
        database_of(folder).close()


def test_the_rights_told_are_those_tested() -> None:
    told = (ROOT / "docs" / "postgres.md").read_text(encoding="utf-8")
    assert (
        builder_rights("handbook", "candor_builder") + reader_rights("handbook", "candor_reader", "candor_builder")
        in told
    )


# --- servers that go away --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), settings=QUICK) as made:
        yield made


@pytest.fixture
def replicated(servers: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return what mirrors a new index that a primary has and its replica."""
    monkeypatch.setenv("CANDOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(connections, "PATIENCE", 0.5)
    address = parse_address(servers.address(new_address("postgresql:///x").schema))
    yield mirror_of(address)
    database_of(mirror_of(address)).close()


def served(folder: Path) -> tuple[Live, object]:
    live = Live.of(Answerer(open_index(folder, WordLengthEmbedder())))
    return live, create_app(Library.of(live)).test_client()


def test_a_replica_answers_while_the_primary_is_away(corpus: Path, replicated: Path, servers: Cluster) -> None:
    build(corpus, replicated)
    live, client = served(replicated)
    ask = "/api/ask?q=What+is+a+garden"
    expected = client.get(ask).json["passages"]  # type: ignore[attr-defined]
    for mode in ("fast", "immediate"):
        servers.primary.stop(mode)
        try:
            answered = client.get(ask)  # type: ignore[attr-defined]
            assert (answered.status_code, answered.json["passages"]) == (200, expected)
            with pytest.raises(IndexUnwritable):
                build(corpus, replicated)
        finally:
            servers.primary.start()
    servers.replica.stop()
    try:
        assert client.get(ask).status_code == 200  # type: ignore[attr-defined]
    finally:
        servers.replica.start()
    live.close()


def test_a_database_that_is_away_is_said_and_answers_come_back(
    corpus: Path, replicated: Path, servers: Cluster
) -> None:
    build(corpus, replicated)
    live, client = served(replicated)
    ask = "/api/ask?q=What+is+family+therapy"
    servers.replica.stop()
    servers.primary.stop()
    try:
        away = client.get(ask)  # type: ignore[attr-defined]
        assert (away.status_code, away.json["error"]["code"]) == (503, "database_away")
        assert int(away.headers["Retry-After"]) > 0
        ready = client.get("/readyz")  # type: ignore[attr-defined]
        assert ready.status_code == 503
        assert "The database of the index is away" in ready.text
        assert client.get("/healthz").status_code == 200  # type: ignore[attr-defined]
        assert client.get(ask).status_code == 503  # type: ignore[attr-defined]
        with pytest.raises(DatabaseAway):
            current_generation(replicated)
    finally:
        servers.primary.start()
        servers.replica.start()
    assert client.get(ask).status_code == 200  # type: ignore[attr-defined]
    assert client.get("/readyz").status_code == 200  # type: ignore[attr-defined]
    live.close()


def test_a_question_to_a_generation_that_is_gone_is_answered_by_the_next(corpus: Path, database_folder: Path) -> None:
    build(corpus, database_folder)
    live, client = served(database_folder)
    for text in ("A pond.", "A second pond."):
        change(corpus, text)
        build(corpus, database_folder)
    answered = client.get("/api/ask?q=Is+there+a+pond+in+the+garden")  # type: ignore[attr-defined]
    assert answered.status_code == 200
    assert "A second pond." in " ".join(passage["text"] for passage in answered.json["passages"])
    posted = client.post("/api/ask", json={"question": "What is an apple?"})  # type: ignore[attr-defined]
    assert posted.status_code == 200
    live.close()


def test_a_damaged_row_is_no_answer(corpus: Path, database_folder: Path) -> None:
    generation = build(corpus, database_folder)
    database = database_of(database_folder)
    key = json.loads((generation / "contents.json").read_text(encoding="utf-8"))["key"]
    with database.session() as connection:
        connection.execute(sql.SQL("UPDATE {} SET line = '[1]'").format(database.table(f"passages_{key}")))
    with pytest.raises(IndexDamaged, match="build the index anew"):
        Answerer(open_index(database_folder, WordLengthEmbedder())).answer("What is an apple?")


@pytest.mark.slow
def test_no_question_fails_while_servers_go_away_and_builders_are_killed(tmp_path: Path) -> None:
    """The short form of `python -m benchmarks.failover`."""
    lines = (ROOT / "corpus" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["text"] for line in lines[: failover.CONSTANT]]
    with tempfile.TemporaryDirectory(prefix="candor-") as folder:
        Path(folder).chmod(0o755)
        with cluster(Path(folder) / "servers", settings=QUICK) as made:
            plan = failover.Plan(kills=5, restarts=2, losses=1, servers=2)
            report = failover.run(Path(folder), made, ROOT / "corpus", questions, plan)
    assert (report.failed, report.wrong) == ([], [])
    assert report.asked > 100
    assert report.happened["builder killed"] == 5
    assert report.happened["primary restarted"] == 2
