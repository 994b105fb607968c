"""FAISS over inner products, its structure chosen by size: every vector compared, or a graph walked (HNSW).

Two files, memory-mapped where they are large: the vectors as they were given, and the graph over them where there are
many.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from qa.files import LocalFiles
from qa.stores.vectors import Ids, Scores, Vectors, is_mapped, means_of_two

EXACT_UP_TO = 50_000
"""Vectors that are all compared: about 6 ms for one query of 384 dimensions (`benchmarks/growth.py`)."""

RECALL = 0.97
"""The share of the nearest ten that a graph aims to find, for means of two of its vectors. Where it is met, those to
words on the subject of its passages are found to .998 and more (`benchmarks/recall.py`)."""

_VECTORS, _GRAPH, _STRUCTURE = "vectors.faiss", "graph.faiss", "structure.json"

# Neighbours of a vector in the graph: FAISS's default. Candidates that are looked at to find them: more than its 40,
# for a better graph. Neither was tuned; what a graph finds is measured when it is built.
_NEIGHBOURS = 32
_CONSTRUCTION = 100

# Candidates kept while the graph is walked: the first that reaches RECALL is used, or the last, which takes 10 ms.
_BEAMS = (256, 512, 1024, 2048)
_SAMPLE = 500
_NEAREST = 10
_ROUNDING = 1e-6  # between two ways to compute one cosine
_WRITTEN = 1 << 24  # bytes handed to Python at once


@contextmanager
def _with_all_cores() -> Iterator[None]:
    """Use all cores here, however few a search may use."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


class FaissStore(LocalFiles):
    """Opened for searching."""

    def __init__(self, vectors: Any, structure: str, graph: Any = None, beam: int = 0) -> None:
        """Join FAISS indexes: of the vectors, and the graph over them, if any."""
        self.structure = structure
        self.beam = beam
        self._vectors = vectors
        self._graph = graph

    @classmethod
    @_with_all_cores()
    def write(cls, folder: Path, vectors: Vectors) -> None:
        """Write the files; what a graph finds is measured by comparing with every vector."""
        dimension, large = vectors.shape[1], len(vectors) > EXACT_UP_TO
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
        _settle(folder, _BEAMS if large else (0,))

    @classmethod
    def load(cls, folder: Path) -> "FaissStore":
        """Return the store written in the folder, mapped where it is large. Raises RuntimeError or ValueError on a
        damaged one."""
        structure = json.loads((folder / _STRUCTURE).read_text(encoding="utf-8"))
        vectors = _open(folder / _VECTORS)
        if not structure["beam"]:
            return cls(vectors, "every vector compared")
        recall = structure["recall_at_10"]
        found = "" if recall is None else f", which finds {recall:.3f} of the nearest ten"
        graph = _open(folder / _GRAPH)
        graph.storage, graph.own_fields = vectors, False
        vectors.thisown = True  # SWIG gives it away with the assignment, and no one would ever unmap it
        return cls(vectors, f"a graph walked{found}", graph, structure["beam"])

    def search(self, queries: Vectors, k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Return (q, k') cosines and row numbers, best first; with ``among`` each of these is compared."""
        k = min(k, len(self) if among is None else len(among))
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        queries = np.ascontiguousarray(queries, np.float32)
        if among is not None:
            return self._compare(queries, k, among)
        return self._walk(queries, k) if self._graph is not None else self.compare_all(queries, k)

    def compare_all(self, queries: Vectors, k: int) -> tuple[Scores, Ids]:
        """Return what ``search`` does for k of at most all, by every vector."""
        scores, ids = self._vectors.search(queries, k)
        return scores, ids

    def _walk(self, queries: Vectors, k: int) -> tuple[Scores, Ids]:
        beam = faiss.SearchParametersHNSW(efSearch=max(self.beam, 2 * k))  # type: ignore[attr-defined]
        scores, ids = self._graph.search(queries, k, params=beam)
        if (ids < 0).any():  # fewer than k can be reached from where the graph is entered
            return self.compare_all(queries, k)
        return scores, ids

    def _compare(self, queries: Vectors, k: int, among: Ids) -> tuple[Scores, Ids]:
        chosen = np.zeros(len(self), bool)
        chosen[among] = True
        bits = np.packbits(chosen, bitorder="little")
        only = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits)))  # type: ignore[call-arg]
        scores, ids = self._vectors.search(queries, k, params=only)
        return scores, ids

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


def _settle(folder: Path, beams: Sequence[int]) -> None:
    """Write which beam is the first to reach RECALL, or the last, and what it was measured to find."""
    _write_structure(folder, beams[0], None)
    store = FaissStore.load(folder)
    if not beams[0] or len(store) <= _NEAREST:
        return
    sample = means_of_two(len(store), _SAMPLE, store.vectors)
    enough = store.compare_all(sample, _NEAREST)[0][:, -1:] - _ROUNDING  # so that copies count as each other
    recall = 0.0
    for beam in beams:
        store.beam = beam
        recall = float((store.search(sample, _NEAREST)[0] >= enough).mean())
        if recall >= RECALL:
            break
    _write_structure(folder, store.beam, recall)


def _write_structure(folder: Path, beam: int, recall: float | None) -> None:
    structure = {"beam": beam, "recall_at_10": recall}
    (folder / _STRUCTURE).write_text(json.dumps(structure) + "\n", encoding="utf-8")
