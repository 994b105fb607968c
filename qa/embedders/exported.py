"""A model as an index carries it: one graph from tokens to unit rows, run by OpenVINO, without torch.

It is made of a sentence-transformers model when an index is first built, and gives the same vectors: on processors that
multiply bfloat16 in hardware all but the same, and about three times as fast.
"""

import json
import mmap
import os
import shutil
import sys
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

MODEL, WEIGHTS, TOKENIZER, DESCRIPTION = "model.xml", "model.bin", "tokenizer.json", "encoder.json"

THREADS = "QA_ENCODER_THREADS"
"""The variable that says how many threads the graph is run by; all cores without it. Read when it is compiled."""

_CONVERTER = "openvino.tools.ovc"
_importing = threading.Lock()

_BATCH_TOKENS = 512
"""Tokens that are run together, padding among them. More is no faster and takes more memory."""

_QUESTION_TOKENS = 64
"""The same for questions and phrases. For more than 80 (with AVX2) OpenVINO packs the weights in another way, and keeps
both: 41 MB."""

_LEAST_TOKENS = 8
"""Tokens that are run together at least, padding among them: of fewer than 7 the same is true."""

_STEP = 4
"""Of the lengths of longer texts, which are padded to it: a length that was not run before takes 5 ms more, and what
OpenVINO keeps for it 0.6 MB."""

_COPIED = 1 << 20  # bytes at a time

_PADDING = 12
"""Tokens of padding in a run that are worth it: to begin another takes as long as 12 tokens (5 ms, where a token takes
0.4, on one core with AVX2)."""


@dataclass(frozen=True, slots=True)
class Description:
    """What an exported model is of, and what is put before texts. ``inputs`` are the graph's, in its order."""

    name: str
    path: str | None
    checksum: str
    dimension: int
    max_tokens: int
    passage_prompt: str
    question_prompt: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph to compile, known by itself and by which weights on which disk it has: generations share them as links.
    They are mapped, so that it can be compiled when the generation that it was opened from is gone."""

    identity: tuple[int, int, int]
    model: bytes
    weights: mmap.mmap = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A compiled graph with the weights that it reads where they are mapped, and that OpenVINO does not keep alive."""

    graph: Any
    weights: mmap.mmap


@dataclass(slots=True, eq=False)
class _Wanted:
    """The tokens of what one call is to embed, how many may be run together, and the vectors when they are there."""

    encodings: Sequence[Any]
    most: int
    vectors: npt.NDArray[np.float32] | None = None


class ExportedEmbedder:
    """An exported model. Its graph is compiled beside whatever else is set up, and the first text waits for it. Calls
    from several threads take turns."""

    def __init__(self, folder: Path) -> None:
        """Open the folder that an export filled. Raises OSError, ValueError, KeyError or TypeError on another."""
        fields = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._told = Description(**{**fields, "inputs": tuple(fields["inputs"])})
        self.name, self.path, self.checksum = self._told.name, self._told.path, self._told.checksum
        self.dimension, self.max_tokens = self._told.dimension, self._told.max_tokens
        self._tokenizer = (folder / TOKENIZER).read_text(encoding="utf-8")
        self._folder = folder
        self._turn = threading.Lock()
        self._waiting: deque[_Wanted] = deque()
        self._cutting = _tokenizer(self._tokenizer, self.max_tokens)
        self._compiling = compiling(graph_in(folder))

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Return what counts tokens: it neither cuts nor pads."""
        return _tokenizer(self._tokenizer)

    @cached_property
    def _request(self) -> Any:
        return self._compiling.result().graph.create_infer_request()

    @cached_property
    def passage_overhead(self) -> int:
        """Return how many tokens embedding adds to each passage."""
        return len(self.tokenizer.encode(self._told.passage_prompt).ids)

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows, with the prompt that the model wants before passages, if any."""
        return self._embed([self._told.passage_prompt + text for text in texts], _BATCH_TOKENS)

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows, with the prompt that the model wants before questions, if any."""
        return self._embed([self._told.question_prompt + text for text in texts], _QUESTION_TOKENS)

    def export_to(self, folder: Path, sample: Sequence[str]) -> "ExportedEmbedder":
        """Put the model's files in another folder, as links to the same bytes where the disk has links; it itself."""
        share_encoder(self._folder, folder)
        return self

    def _embed(self, texts: Sequence[str], most: int) -> npt.NDArray[np.float32]:
        """Return the vectors of texts. What other threads want meanwhile is run with the next of them to get its turn:
        short questions together take less time than one after the other."""
        wanted = _Wanted(self._cutting.encode_batch(list(texts)), most)
        self._waiting.append(wanted)
        with self._turn:
            if wanted.vectors is None:
                self._run_all([wanted, *self._take_others(wanted)])
        assert wanted.vectors is not None  # noqa: S101 - by this turn, or by that of another
        return wanted.vectors

    def _take_others(self, wanted: _Wanted) -> list[_Wanted]:
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        return [one for one in taken if one is not wanted]

    def _run_all(self, together: Sequence[_Wanted]) -> None:
        try:
            most = min(one.most for one in together)
            vectors = self._run([encoding for one in together for encoding in one.encodings], most)
        except Exception:
            self._waiting.extend(together[1:])  # each of the others is to meet the error itself
            raise
        ends = np.cumsum([len(one.encodings) for one in together])
        for one, found in zip(together, np.split(vectors, ends[:-1]), strict=True):
            one.vectors = found

    def _run(self, encodings: Sequence[Any], most: int) -> npt.NDArray[np.float32]:
        vectors = np.empty((len(encodings), self.dimension), np.float32)
        for places in batches([len(encoding.ids) for encoding in encodings], most):
            tokens = self._padded([encodings[place] for place in places])
            vectors[places] = self._request.infer(tokens)[0]
        return vectors

    def _padded(self, encodings: Sequence[Any]) -> list[npt.NDArray[np.int64]]:
        """Return the graph's inputs, each (n, length). What pads is masked, so it can be any token."""
        longest = max(len(encoding.ids) for encoding in encodings)
        length = min(padded_length(longest, len(encodings)), max(longest, self.max_tokens))
        given = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        padded = []
        for name in self._told.inputs:
            array: npt.NDArray[np.int64] = np.zeros((len(encodings), length), np.int64)
            for row, encoding in enumerate(encodings):
                array[row, : len(encoding.ids)] = getattr(encoding, given[name])
            padded.append(array)
        return padded


@lru_cache(maxsize=2)  # for a process that builds again and again: to read one takes as long as to embed a text
def _tokenizer(described: str, longest: int | None = None) -> Tokenizer:
    """Return a tokenizer, which cuts what is longer than so many tokens, if any are given."""
    found = Tokenizer.from_str(described)
    if longest is not None:
        found.enable_truncation(longest)
    return found


def padded_length(longest: int, texts: int) -> int:
    """Return how many tokens each of so many texts is run with, of which the longest has so many."""
    least = max(longest, ceil(_LEAST_TOKENS / texts))
    return least if least <= _LEAST_TOKENS else ceil(least / _STEP) * _STEP


def batches(lengths: Sequence[int], most: int = _BATCH_TOKENS) -> list[list[int]]:
    """Return the places of texts to run together, the longest first, each batch of all but the same length and with
    ``most`` tokens, or of one text."""
    found: list[list[int]] = []
    padding = 0
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        longest = lengths[found[-1][0]] if found else 0
        padding += longest - lengths[place]
        texts = len(found[-1]) + 1 if found else 1
        if found and padding <= _PADDING and texts * padded_length(longest, texts) <= most:
            found[-1].append(place)
        else:
            found.append([place])
            padding = 0
    return found


def save_export(folder: Path, graph: Any, tokenizer: Tokenizer, description: Description) -> ExportedEmbedder:
    """Write a graph with what belongs to it into a folder, and return it opened.

    Weights are kept as float16: half the bytes, and cosines that differ by a millionth.
    """
    openvino = import_openvino()
    openvino.save_model(graph, folder / MODEL, compress_to_fp16=True)
    (folder / TOKENIZER).write_text(tokenizer.to_str(), encoding="utf-8")
    (folder / DESCRIPTION).write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")
    return ExportedEmbedder(folder)


def share_encoder(export: Path, folder: Path) -> None:
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
    return _Graph((stat.st_dev, stat.st_ino, stat.st_mtime_ns), (folder / MODEL).read_bytes(), mapped)


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


@lru_cache(maxsize=1)  # a process that builds again and again compiles once
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


def prepare(folder: Path, private: bool = False) -> None:
    """Begin to compile the graph of a folder, and run it once then, for the first run takes as long as ten others.
    See ``graph_in`` for a ``private`` one.

    Raises OSError, ValueError where its weights are empty, or ImportError.
    """
    graph = graph_in(folder, private)
    import_openvino()  # here: two threads that import take turns
    compiling(graph).add_done_callback(_run_once)


def _run_once(compiled: Future[_Compiled]) -> None:
    if compiled.exception() is None:
        graph, weights = compiled.result().graph, compiled.result().weights
        with suppress(Exception):  # which the first text reports
            graph.create_infer_request().infer([np.ones((1, _LEAST_TOKENS), np.int64)] * len(graph.inputs))
        if hasattr(mmap, "MADV_DONTNEED"):
            weights.madvise(mmap.MADV_DONTNEED)  # they are packed: what is read again comes from the disk's cache


def _compile(graph: _Graph) -> _Compiled:
    """Return a graph compiled for this machine: in bfloat16 where its processor has that, else in float32."""
    openvino = import_openvino()
    core = openvino.Core()
    weights = openvino.Tensor(np.frombuffer(graph.weights, np.uint8), shared_memory=True)
    threads = os.environ.get(THREADS, "")
    fastest = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
    # One stream with all cores: as many texts a second as a stream a core, at half the time for one question.
    options = {
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": fastest,
        "INFERENCE_NUM_THREADS": int(threads) if threads.isdigit() else 0,
    }
    return _Compiled(core.compile_model(core.read_model(graph.model, weights), "CPU", options), graph.weights)
