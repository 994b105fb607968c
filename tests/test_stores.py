"""Every behaviour over every store; every store must equal the exact one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.stores import STORES, ExactStore, Vectors, VectorStore


def unit_rows(seed: int, rows: int, dimension: int = 8) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture(params=sorted(STORES))
def kind(request: pytest.FixtureRequest) -> type[VectorStore]:
    found: type[VectorStore] = STORES[request.param]
    return found


def make(kind: type[VectorStore], vectors: Vectors) -> VectorStore:
    store = kind(vectors.shape[1])  # type: ignore[call-arg]
    store.add(np.arange(len(vectors)), vectors)
    return store


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
    store = kind(8)  # type: ignore[call-arg]
    scores, ids = store.search(unit_rows(1, 2), 5)
    assert scores.shape == ids.shape == (2, 0)
    assert len(store) == 0


def test_adding_twice_and_rows_of_any_number(kind: type[VectorStore]) -> None:
    vectors = unit_rows(0, 4)
    store = kind(8)  # type: ignore[call-arg]
    store.add(np.array([70, 2**40]), vectors[:2])
    store.add(np.array([5, 6]), vectors[2:])
    assert len(store) == 4
    assert store.search(vectors[1:2], 1)[1].tolist() == [[2**40]]
    np.testing.assert_array_equal(store.vectors(np.array([5, 70])), vectors[[2, 0]])


def test_vectors_of_no_rows(kind: type[VectorStore]) -> None:
    assert make(kind, unit_rows(0, 2)).vectors(np.empty(0, np.int64)).shape == (0, 8)


def test_saved_and_loaded_is_the_same(kind: type[VectorStore], tmp_path: Path) -> None:
    store = make(kind, unit_rows(0, 50))
    store.save(tmp_path)
    loaded = kind.load(tmp_path)
    queries = unit_rows(1, 5)
    assert len(loaded) == 50
    for ours, theirs in zip(store.search(queries, 7), loaded.search(queries, 7), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(loaded.vectors(np.array([3])), unit_rows(0, 50)[[3]])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 200), k=st.integers(1, 250))
@pytest.mark.parametrize("name", sorted(set(STORES) - {"exact"}))
def test_equals_exact(name: str, seed: int, rows: int, k: int) -> None:
    vectors, queries = unit_rows(seed, rows), unit_rows(seed + 1, 3)
    store: type[VectorStore] = STORES[name]
    scores, ids = make(store, vectors).search(queries, k)
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
