"""A graph on disk -> compiled by OpenVINO for this machine, once for each process, beside whatever else is set up."""

import hashlib
import mmap
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

import numpy as np

MODEL, WEIGHTS = "model.xml", "model.bin"

THREADS = "QA_ENCODER_THREADS"
"""The variable that says how many threads the graph is run by; all cores without it. Read when it is compiled."""


class Texts(Enum):
    """What a run is of: questions and phrases, passages that are indexed, or pairs of a question and a passage."""

    SHORT = "short"
    PASSAGES = "passages"
    PAIRS = "pairs"


class Pace(NamedTuple):
    """How a processor is best given tokens: at ``least`` so many in a run, padding among them; a run of one row padded
    to a multiple of ``step``; so many tokens of padding in a run of several rows are ``worth`` not beginning another;
    and at ``most`` so many are run together, or one row. Rows that are run together have steps of 8 at least, or the
    same."""

    least: int
    step: int
    worth: int
    most: int


PLAIN, BF16 = "f32", "bf16"

PACES = {
    PLAIN: {Texts.SHORT: Pace(8, 8, 12, 64), Texts.PASSAGES: Pace(8, 4, 12, 512), Texts.PAIRS: Pace(88, 8, 12, 512)},
    BF16: {Texts.SHORT: Pace(8, 32, 64, 128), Texts.PASSAGES: Pace(8, 32, 64, 512), Texts.PAIRS: Pace(8, 32, 64, 512)},
}
"""By the form in which numbers are multiplied, and by what is run.

In float32 a token takes .1 to .4 ms, and to begin a run as long as 12 of them. Another length than the last run's
takes 2 ms more, one that was not run before 10, and OpenVINO keeps 1 MB for each: a server is to meet few, so what it
runs has steps of 8. Passages are all embedded in one go, where steps of 4 are no slower. For fewer than 7 tokens, and
for more than 80, OpenVINO packs the weights in another way, and keeps both, which takes 41 MB: pairs are all run as
long ones.

In bfloat16 a run takes 3 ms before the first token, a token .03 ms, and another length than the last run's 1.5 ms: what
is mostly of one length is a quarter faster.
"""

_CONVERTER = "openvino.tools.ovc"
_importing = threading.Lock()
_digests: dict[tuple[int, int, int, int], bytes] = {}  # of weights, by which file they were: each is read through once
_COPIED = 1 << 20  # bytes at a time
_GRAPHS = 12  # of an index three: encoder, reader, and what finds terms where the encoder does not


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph to compile, known by itself and by a digest of its weights: generations share them, and so do indexes.
    They are mapped, so that it can be compiled when the generation that it was opened from is gone."""

    digest: bytes
    model: bytes
    weights: mmap.mmap = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A compiled graph with the weights that it reads where they are mapped, and that OpenVINO does not keep alive, and
    how it is best given tokens."""

    graph: Any
    weights: mmap.mmap
    paces: Mapping[Texts, Pace]


def save_graph(folder: Path, graph: Any) -> None:
    """Write a graph into a folder. Weights are kept as float16: half the bytes, and cosines that differ by a
    millionth."""
    import_openvino().save_model(graph, folder / MODEL, compress_to_fp16=True)


def share_graph(export: Path, folder: Path) -> None:
    """Put an export's files in a new folder, as links to the same bytes where the disk has links."""
    folder.mkdir()
    for file in export.iterdir():
        try:
            os.link(file, folder / file.name)
        except OSError:
            shutil.copyfile(file, folder / file.name)


def import_openvino() -> Any:
    """Return the library, imported without the package by which it would report each import to its makers, and without
    its converter, which takes longer to import than the rest and which only an export needs."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # how Python marks what is not there
    with _importing:
        if "openvino" not in sys.modules:
            sys.modules[_CONVERTER] = None  # type: ignore[assignment]
            try:
                import openvino
            finally:
                del sys.modules[_CONVERTER]
    import openvino

    return openvino


def graph_in(folder: Path, private: bool = False) -> _Graph:
    """Return the graph of a folder that an export filled. Raises OSError, or ValueError where its weights are empty.

    The weights of a ``private`` one are a copy on disk that nobody else can reach: what is mapped and then cut short by
    another ends the process that reads it.
    """
    with (folder / WEIGHTS).open("rb") as weights:
        stat = os.fstat(weights.fileno())
        mapped = _copied(weights) if private else _mapped(weights)
    digest = _digests.get(seen := (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size))
    if digest is None:
        digest = _digests[seen] = hashlib.sha256(mapped).digest()
    return _Graph(digest, (folder / MODEL).read_bytes(), mapped)


def _copied(file: IO[bytes]) -> mmap.mmap:
    with TemporaryFile() as copy:
        shutil.copyfileobj(file, copy, _COPIED)
        copy.flush()
        return _mapped(copy)


def _mapped(file: IO[bytes]) -> mmap.mmap:
    # A copy on writing, of which nothing is ever written: OpenVINO takes no memory that is read-only.
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def compiling(graph: _Graph) -> Future[_Compiled]:
    """Begin to compile a graph beside whatever else is done, unless that was begun and has not failed; whoever wants it
    learns what went wrong."""
    begun = begin_compiling(graph)
    if begun.done() and begun.exception() is not None:
        begin_compiling.cache_clear()
        begun = begin_compiling(graph)
    return begun


@lru_cache(maxsize=_GRAPHS)  # a process that builds again and again compiles once
def begin_compiling(graph: _Graph) -> Future[_Compiled]:
    """Begin to compile a graph, and keep what comes of it."""
    compiled: Future[_Compiled] = Future()

    def run() -> None:
        try:
            compiled.set_result(_compile(graph))
        except Exception as error:  # noqa: BLE001 - raised by result()
            compiled.set_exception(error)

    # No daemon: a process that ends while OpenVINO compiles would abort.
    threading.Thread(target=run, name="compile").start()
    return compiled


def prepare(folder: Path, texts: Texts, private: bool = False) -> None:
    """Begin to compile the graph of a folder, and run it once then, as for such texts, for the first run takes as
    long as ten others. See ``graph_in`` for a ``private`` one.

    Raises OSError, ValueError where its weights are empty, or ImportError.
    """
    graph = graph_in(folder, private)
    import_openvino()  # here: two threads that import take turns
    compiling(graph).add_done_callback(partial(_run_once, texts))


def _run_once(texts: Texts, compiled: Future[_Compiled]) -> None:
    if compiled.exception() is None:
        found = compiled.result()
        pace = found.paces[texts]
        with suppress(Exception):  # which the first text reports
            row = np.ones((1, max(pace.least, pace.step)), np.int64)
            found.graph.create_infer_request().infer([row] * len(found.graph.inputs))
        if hasattr(mmap, "MADV_DONTNEED"):
            found.weights.madvise(mmap.MADV_DONTNEED)  # they are packed: what is read again comes from the disk's cache


def _compile(graph: _Graph) -> _Compiled:
    """Return a graph compiled for this machine: in bfloat16 where its processor has that, else in float32."""
    openvino = import_openvino()
    core = openvino.Core()
    weights = openvino.Tensor(np.frombuffer(graph.weights, np.uint8), shared_memory=True)
    threads = os.environ.get(THREADS, "")
    fastest = BF16 if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else PLAIN
    # One stream with all cores: as many texts a second as a stream a core, at half the time for one question. No thread
    # is bound to a core: each process would bind its own to the same first ones, and leave the others idle.
    options = {
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": fastest,
        "INFERENCE_NUM_THREADS": int(threads) if threads.isdigit() else 0,
        "ENABLE_CPU_PINNING": False,
    }
    compiled = core.compile_model(core.read_model(graph.model, weights), "CPU", options)
    return _Compiled(compiled, graph.weights, PACES[fastest])
