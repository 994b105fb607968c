"""Every behaviour over every store; every store must equal the exact one, an approximate one within its recall."""

import gc
import json
import re
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from qa.errors import IndexGone
from qa.postgres.database import Database, database_of
from qa.stores import STORES, ExactStore, FaissStore, PostgresStore, Vectors, VectorStore
from qa.stores import faiss as faiss_store
from qa.stores import postgres as postgres_store
from qa.stores.vectors import means_of_two


def unit_rows(seed: int, rows: int, dimension: int = 8) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def clustered_rows(seed: int, rows: int, dimension: int = 32, clusters: int = 20) -> Vectors:
    """Unit rows around centres, as passages lie around subjects."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(clusters, dimension))
    vectors = centres[chance.integers(clusters, size=rows)] + 0.7 * chance.normal(size=(rows, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture(params=sorted(STORES))
def kind(request: pytest.FixtureRequest) -> type[VectorStore]:
    found: type[VectorStore] = STORES[request.param]
    return found


FILES = [ExactStore, FaissStore]
_FOLDER: list[Path] = []


@pytest.fixture(scope="module", autouse=True)
def folder_of_a_database(store_folder: Path) -> Iterator[None]:
    _FOLDER[:] = [store_folder]
    yield
    _FOLDER.clear()


def make(kind: type[VectorStore], vectors: Vectors) -> VectorStore:
    """Return a store written and opened; what it mapped stays when the folder goes."""
    with tempfile.TemporaryDirectory(dir=_FOLDER[0]) as folder:
        kind.write(Path(folder), vectors)
        return kind.load(Path(folder))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a store be large that has more than 300 vectors."""
    monkeypatch.setattr(faiss_store, "EXACT_UP_TO", 300)
    monkeypatch.setattr(postgres_store, "EXACT_UP_TO", 300)


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), truth.tolist(), strict=True)]))


def test_by_hand(kind: type[VectorStore]) -> None:
    store = make(kind, np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32))
    scores, ids = store.search(np.array([[1, 0], [0, 1]], np.float32), 2)
    assert ids.tolist() == [[0, 1], [2, 1]]
    np.testing.assert_allclose(scores, [[1, 0.6], [1, 0.8]], rtol=1e-6)


def test_k_above_the_size_gives_all_and_never_a_row_of_minus_one(kind: type[VectorStore]) -> None:
    scores, ids = make(kind, unit_rows(0, 3)).search(unit_rows(1, 2), 10)
    assert scores.shape == ids.shape == (2, 3)
    assert sorted(ids[0].tolist()) == [0, 1, 2]


def test_empty(kind: type[VectorStore]) -> None:
    store = make(kind, np.empty((0, 8), np.float32))
    scores, ids = store.search(unit_rows(1, 2), 5)
    assert scores.shape == ids.shape == (2, 0)
    assert len(store) == 0


def test_vectors_by_row(kind: type[VectorStore]) -> None:
    vectors = unit_rows(0, 50)
    store = make(kind, vectors)
    assert len(store) == 50
    np.testing.assert_array_equal(store.vectors(np.array([3, 0, 3])), vectors[[3, 0, 3]])
    assert store.vectors(np.empty(0, np.int64)).shape == (0, 8)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 200), k=st.integers(1, 250))
@pytest.mark.parametrize("name", sorted(set(STORES) - {"exact"}))
def test_equals_exact(name: str, seed: int, rows: int, k: int) -> None:
    vectors, queries = unit_rows(seed, rows), unit_rows(seed + 1, 3)
    scores, ids = make(STORES[name], vectors).search(queries, k)
    exact_scores, exact_ids = make(ExactStore, vectors).search(queries, k)
    np.testing.assert_allclose(scores, exact_scores, atol=1e-6)
    # Where two cosines differ by less than rounding, either order is right.
    swapped = ids != exact_ids
    np.testing.assert_allclose(
        (queries @ vectors.T)[swapped.nonzero()[0], ids[swapped]], exact_scores[swapped], atol=1e-6
    )


def test_only_among_the_rows_given(kind: type[VectorStore]) -> None:
    store = make(kind, np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32))
    scores, ids = store.search(np.array([[1, 0]], np.float32), 2, np.array([2, 1]))
    assert ids.tolist() == [[1, 2]]
    np.testing.assert_allclose(scores, [[0.6, 0]], rtol=1e-6)
    assert store.search(np.array([[1, 0]], np.float32), 5, np.array([2]))[1].tolist() == [[2]]
    assert store.search(np.array([[1, 0]], np.float32), 5, np.empty(0, np.int64))[1].shape == (1, 0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 60), k=st.integers(1, 20), data=st.data())
def test_every_store_equals_the_exact_one_among_any_rows(seed: int, rows: int, k: int, data: st.DataObject) -> None:
    among = np.array(sorted(data.draw(st.sets(st.integers(0, rows - 1)))), np.int64)
    vectors, queries = unit_rows(seed, rows), unit_rows(seed + 1, 3)
    exact = make(ExactStore, vectors).search(queries, k, among)
    for other in STORES.values():
        scores, ids = make(other, vectors).search(queries, k, among)
        assert ids.shape == (3, min(k, len(among)))
        np.testing.assert_allclose(scores, exact[0], atol=1e-6)
        np.testing.assert_array_equal(ids, exact[1])


# --- many vectors ----------------------------------------------------------------------------------------------


@pytest.fixture(params=[FaissStore, PostgresStore])
def graph(request: pytest.FixtureRequest, large: None) -> type[VectorStore]:
    found: type[VectorStore] = request.param
    return found


def test_a_graph_finds_what_comparing_all_finds(graph: type[VectorStore]) -> None:
    vectors, queries = clustered_rows(0, 3000), clustered_rows(1, 200)
    store = make(graph, vectors)
    scores, ids = store.search(queries, 10)
    exact = make(ExactStore, vectors).search(queries, 10)
    assert recall(ids, exact[1]) >= 0.99
    assert "a graph walked" in store.structure
    np.testing.assert_allclose(scores, np.einsum("qd,qkd->qk", queries, vectors[ids]), atol=1e-6)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_a_graph_among_rows_compares_each_of_them(graph: type[VectorStore]) -> None:
    vectors, queries = clustered_rows(0, 1000), clustered_rows(1, 20)
    among = np.random.default_rng(2).choice(1000, 300, replace=False).astype(np.int64)
    scores, ids = make(graph, vectors).search(queries, 30, among)
    exact = make(ExactStore, vectors).search(queries, 30, among)
    np.testing.assert_array_equal(ids, exact[1])
    np.testing.assert_allclose(scores, exact[0], atol=1e-6)


def test_a_graph_of_a_database_finds_the_nearest_among_many_rows(large: None) -> None:
    vectors, queries = clustered_rows(0, 1000), clustered_rows(1, 20)
    among = np.arange(0, 1000, 2)
    _, ids = make(PostgresStore, vectors).search(queries, 10, among)
    assert (ids % 2 == 0).all()
    assert recall(ids, make(ExactStore, vectors).search(queries, 10, among)[1]) >= 0.99


@pytest.mark.parametrize("k", [10, 400, 2000])
def test_a_graph_gives_k_rows_also_where_most_are_copies_of_one(k: int, graph: type[VectorStore]) -> None:
    vectors = np.concatenate([np.repeat(unit_rows(0, 1), 900, axis=0), unit_rows(1, 100)])
    _, ids = make(graph, vectors).search(unit_rows(2, 5), k)
    assert ids.shape == (5, min(k, 1000))
    assert (ids >= 0).all()
    assert all(len(set(row)) == len(row) for row in ids.tolist())


def test_means_of_two_stand_between_the_rows() -> None:
    """At right angles to each other, each of two is at .71 of their mean, where it is at 1 of itself."""
    axes = np.eye(50, dtype=np.float32)
    means = means_of_two(50, 200, axes.__getitem__)
    assert means.shape == (200, 50)
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 1, atol=1e-6)
    nearest = (means @ axes.T).max(axis=1)
    alike = nearest > 0.99  # the same row twice: one of fifty
    np.testing.assert_allclose(nearest[~alike], 1 / np.sqrt(2), atol=1e-6)
    assert alike.sum() < 20
    np.testing.assert_array_equal(means, means_of_two(50, 200, axes.__getitem__))


@pytest.mark.parametrize("rest", [0, 1e-10])
def test_the_mean_of_opposite_vectors_is_one_of_them(rest: float) -> None:
    rows = np.array([[1, 0], [-1, rest]], np.float32)
    means = means_of_two(2, 20, rows.__getitem__)
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 1)
    np.testing.assert_allclose(np.abs(means), [[1, 0]] * 20, atol=1e-6)


def test_how_far_a_graph_is_walked_is_chosen_by_what_is_harder_to_find(
    graph: type[VectorStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vectors of the store itself are all found with the first beam, which is too few for means of two."""
    for module in (faiss_store, postgres_store):
        monkeypatch.setattr(module, "_BEAMS", (20,))
    vectors = clustered_rows(0, 3000, 128, 50)
    own = vectors[:100]
    nearest = make(ExactStore, vectors).search(own, 10)[1]
    narrow = make(graph, vectors)
    assert recall(narrow.search(own, 10)[1], nearest) > faiss_store.RECALL
    finds = float(re.findall(r"finds (\d\.\d+) of", narrow.structure)[0])
    assert finds < faiss_store.RECALL
    for module in (faiss_store, postgres_store):
        monkeypatch.setattr(module, "_BEAMS", (20, 1000))
    assert "finds 1.000 of" in make(graph, vectors).structure


def test_the_structure_follows_the_size() -> None:
    assert make(FaissStore, unit_rows(0, 300)).structure == "every vector compared"


def mapped_files() -> str:
    return Path("/proc/self/maps").read_text(encoding="utf-8")


@pytest.mark.usefixtures("large")
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="tells mappings by /proc")
@pytest.mark.parametrize("rows", [200, 500])
def test_a_store_that_is_dropped_unmaps_its_files(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FaissStore.write(tmp_path, unit_rows(0, rows))
    gc.collect()
    small = FaissStore.load(tmp_path)
    small.search(unit_rows(1, 2), 5)
    assert str(tmp_path) not in mapped_files()  # nobody can cut short what a process reads of it
    monkeypatch.setattr("qa.stores.vectors.MAPPED_BYTES", 0)
    store = FaissStore.load(tmp_path)
    store.search(unit_rows(1, 2), 5)
    assert str(tmp_path) in mapped_files()
    del store
    gc.collect()
    assert str(tmp_path) not in mapped_files()


def test_copies_count_as_found_when_a_graph_is_measured(graph: type[VectorStore]) -> None:
    assert "finds 1.000 of" in make(graph, np.repeat(unit_rows(0, 50), 20, axis=0)).structure


def resident_kilobytes(kind: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory by /proc")
@pytest.mark.parametrize("kind", FILES)
def test_a_large_store_takes_no_memory_of_its_own(kind: type[VectorStore], monkeypatch: pytest.MonkeyPatch) -> None:
    rows, dimension = 20_000, 384  # 30 MB
    monkeypatch.setattr("qa.stores.vectors.MAPPED_BYTES", 20_000_000)
    with tempfile.TemporaryDirectory() as folder:
        kind.write(Path(folder), clustered_rows(0, rows, dimension))
        before = resident_kilobytes("RssAnon")
        store = kind.load(Path(folder))
        store.search(clustered_rows(1, 1, dimension), 5)
        assert resident_kilobytes("RssAnon") - before < 10_000


@pytest.mark.parametrize("missing", [1, 100, 5000, 20_000])
@pytest.mark.parametrize("kind", FILES)
def test_a_store_that_cannot_be_written_to_its_end_says_so(
    kind: type[VectorStore], missing: int, tmp_path: Path
) -> None:
    """The last bytes are the trap: a library may only learn of them when it closes the file."""
    kind.write(tmp_path, unit_rows(0, 1000))
    size = max(path.stat().st_size for path in tmp_path.iterdir())
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - missing, limit[1]))
    try:
        with pytest.raises(OSError):
            kind.write(tmp_path, unit_rows(0, 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


# --- in a database -----------------------------------------------------------------------------------------------


def test_a_table_that_lost_rows_is_no_whole_store(store_folder: Path, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=store_folder) as folder:
        PostgresStore.write(Path(folder), unit_rows(0, 20))
        table = json.loads(Path(folder, "structure.json").read_text(encoding="utf-8"))["table"]
        database = database_of(store_folder)
        with database.session() as connection:
            connection.execute(sql.SQL("DELETE FROM {} WHERE row = 7").format(database.table(table)))
        with pytest.raises(ValueError, match="has 19 rows in place of 20"):
            PostgresStore.verify(Path(folder))
        PostgresStore.remove(Path(folder))
        with pytest.raises(IndexGone):
            PostgresStore.load(Path(folder)).search(unit_rows(0, 1), 3)


def test_vectors_are_fetched_once(store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make(PostgresStore, unit_rows(0, 20))
    rows = np.array([3, 5])
    before = store.vectors(rows)
    monkeypatch.setattr(Database, "read", None)
    np.testing.assert_array_equal(store.vectors(rows), before)
