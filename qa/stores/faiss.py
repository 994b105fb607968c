"""FAISS over inner products, its structure chosen by size: every vector compared, or a graph walked (HNSW).

Three files, memory-mapped where they are large: the vectors as they were given; their compressed codes, where a
smaller precision was asked for; the graph over whichever of the two is searched, where there are many.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from qa.stores.vectors import FLOAT32, Ids, Scores, Vectors, is_mapped

EXACT_UP_TO = 50_000
"""Vectors that are all compared: about 6 ms for one query of 384 dimensions (`benchmarks/growth.py`)."""

RECALL = 0.995
"""The share of the nearest ten that a graph aims to find for a sample of its own vectors. Questions are less like
passages than passages are: where this is met, they still find .99 (`benchmarks/growth.py`)."""

_VECTORS, _CODES, _GRAPH, _STRUCTURE = "vectors.faiss", "codes.faiss", "graph.faiss", "structure.json"
_CODECS = {"float16": faiss.ScalarQuantizer.QT_fp16, "int8": faiss.ScalarQuantizer.QT_8bit}

# Neighbours of a vector in the graph: FAISS's default. Candidates that are looked at to find them: more than its 40,
# for a better graph. Neither was tuned; what a graph finds is measured when it is built.
_NEIGHBOURS = 32
_CONSTRUCTION = 100

_BEAMS = (256, 512, 1024, 2048)  # candidates kept while the graph is walked: the first that reaches RECALL is used
_SAMPLE = 500
_TRAINED = 50_000  # vectors that the ranges of int8 are taken from
_NEAREST = 10
_ROUNDING = 1e-6  # between two ways to compute one cosine
_WRITTEN = 1 << 24  # bytes handed to Python at once

# Times as many are found by codes as are asked for, of which the vectors themselves tell the nearest: the nearest ten
# by int8 then hold all of the true ones, and .978 of them without (`benchmarks/growth.py`, 100,000 passages).
_SPARE = 3


@contextmanager
def _with_all_cores() -> Iterator[None]:
    """Use all cores here, however few a search may use."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


class FaissStore:
    """Opened for searching."""

    def __init__(self, vectors: Any, flat: Any, structure: str, graph: Any = None, beam: int = 0) -> None:
        """Join FAISS indexes: of the vectors, of what is searched of them, and the graph over that, if any."""
        self.structure = structure
        self.beam = beam
        self._vectors = vectors
        self._flat = flat
        self._graph = graph

    @classmethod
    @_with_all_cores()
    def write(cls, folder: Path, vectors: Vectors, precision: str = FLOAT32) -> None:
        """Write the files; what a graph or codes find is measured by comparing with every vector."""
        dimension, large = vectors.shape[1], len(vectors) > EXACT_UP_TO
        if precision != FLOAT32:
            codes = faiss.IndexScalarQuantizer(dimension, _CODECS[precision], faiss.METRIC_INNER_PRODUCT)
            if len(vectors):
                codes.train(vectors[_sample(len(vectors), _TRAINED)])
            codes.add(vectors)
            _write(codes, folder / _CODES)
            del codes
        if large:
            graph = faiss.IndexHNSWFlat(dimension, _NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
            graph.hnsw.efConstruction = _CONSTRUCTION
            graph.add(vectors)
            _write(graph.storage, folder / _VECTORS)
            _write(graph, folder / _GRAPH, faiss.IO_FLAG_SKIP_STORAGE)
            del graph
        else:
            flat = faiss.IndexFlatIP(dimension)
            flat.add(vectors)
            _write(flat, folder / _VECTORS)
        _settle(folder, precision, _BEAMS if large else (0,))

    @classmethod
    def load(cls, folder: Path) -> "FaissStore":
        """Return the store written in the folder, mapped where it is large. Raises RuntimeError or ValueError on a
        damaged one."""
        told = json.loads((folder / _STRUCTURE).read_text(encoding="utf-8"))
        vectors = _open(folder / _VECTORS)
        flat = vectors if told["precision"] == FLOAT32 else _open(folder / _CODES)
        way = f"{'a graph walked' if told['beam'] else 'every vector compared'}, as {told['precision']}"
        if told["recall_at_10"] is not None:
            way += f", which finds {told['recall_at_10']:.3f} of the nearest ten"
        if not told["beam"]:
            return cls(vectors, flat, way)
        graph = _open(folder / _GRAPH)
        graph.storage, graph.own_fields = flat, False
        flat.thisown = True  # SWIG gives it away with the assignment, and no one would ever unmap it
        return cls(vectors, flat, way, graph, told["beam"])

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and row numbers, best first; with ``among`` each of these is compared."""
        k = min(k, len(self) if among is None else len(among))
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        queries = np.ascontiguousarray(queries, np.float32)
        if self._flat is self._vectors:
            return self._nearest(queries, k, among)
        wider = min(_SPARE * k, len(self) if among is None else len(among))
        scores, ids = self._rescored(queries, self._nearest(queries, wider, among)[1])
        return scores[:, :k], ids[:, :k]

    def _nearest(self, queries: Vectors, k: int, among: Ids | None) -> tuple[Scores, Ids]:
        if among is not None:
            return self._compare(queries, k, among)
        if self._graph is not None:
            return self._walk(queries, k)
        scores, ids = self._flat.search(queries, k)
        return scores, ids

    def _walk(self, queries: Vectors, k: int) -> tuple[Scores, Ids]:
        beam = faiss.SearchParametersHNSW(efSearch=max(self.beam, 2 * k))  # type: ignore[attr-defined]
        scores, ids = self._graph.search(queries, k, params=beam)
        if (ids < 0).any():  # fewer than k can be reached from where the graph is entered
            scores, ids = self._flat.search(queries, k)
        return scores, ids

    def _compare(self, queries: Vectors, k: int, among: Ids) -> tuple[Scores, Ids]:
        chosen = np.zeros(len(self), bool)
        chosen[among] = True
        bits = np.packbits(chosen, bitorder="little")
        only = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits)))  # type: ignore[call-arg]
        scores, ids = self._flat.search(queries, k, params=only)
        return scores, ids

    def _rescored(self, queries: Vectors, ids: Ids) -> tuple[Scores, Ids]:
        """Return what codes found by the cosines of the vectors themselves."""
        vectors = self.vectors(ids.ravel()).reshape(*ids.shape, self._vectors.d)
        scores = np.einsum("qd,qkd->qk", queries, vectors)
        order = np.argsort(-scores, axis=1, kind="stable")
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(ids, order, axis=1)

    def vectors(self, ids: Ids) -> Vectors:
        """Return the (n, d) vectors of the row numbers, in their order."""
        if len(ids) == 0:
            return np.empty((0, self._vectors.d), np.float32)
        found: Vectors = self._vectors.reconstruct_batch(np.ascontiguousarray(ids, np.int64))
        return found

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return int(self._vectors.ntotal)


def _open(file: Path) -> Any:
    # Not IO_FLAG_MMAP: that maps inverted lists only, and reads a flat index or a graph into memory.
    return faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC if is_mapped(file) else 0)


def _write(index: Any, file: Path, flags: int = 0) -> None:
    # Not by its name: FAISS says nothing when the last bytes of a file cannot be written.
    with file.open("wb") as output:
        writer = faiss.PyCallbackIOWriter(output.write, _WRITTEN)  # type: ignore[attr-defined]
        faiss.write_index(index, writer, flags)


def _sample(total: int, size: int) -> Ids:
    return np.sort(np.random.default_rng(0).choice(total, min(size, total), replace=False))


def _settle(folder: Path, precision: str, beams: Sequence[int]) -> None:
    """Write which beam is the first to reach RECALL, or the last, and what it was measured to find."""
    _write_structure(folder, precision, beams[0], None)
    store = FaissStore.load(folder)
    if len(store) <= _NEAREST or (not beams[0] and precision == FLOAT32):
        return
    rows = _sample(len(store), _SAMPLE)
    sample = store.vectors(rows)
    nearest: tuple[Scores, Ids] = store._vectors.search(sample, _NEAREST + 1)
    enough = _others(nearest, rows)[:, -1:] - _ROUNDING
    recall = 0.0
    for beam in beams:
        store.beam = beam
        recall = float((_others(store.search(sample, _NEAREST + 1), rows) >= enough).mean())
        if recall >= RECALL:
            break
    _write_structure(folder, precision, store.beam, recall)


def _others(found: tuple[Scores, Ids], rows: Ids) -> Scores:
    """Return the (n, 10) best cosines to others than the row itself. Copies of it are others."""
    scores, ids = found
    own: npt.NDArray[np.bool_] = ids == rows[:, None]
    own[~own.any(axis=1), -1] = True
    others: Scores = scores[~own].reshape(len(rows), _NEAREST)
    return others


def _write_structure(folder: Path, precision: str, beam: int, recall: float | None) -> None:
    told = {"precision": precision, "beam": beam, "recall_at_10": recall}
    (folder / _STRUCTURE).write_text(json.dumps(told) + "\n", encoding="utf-8")
