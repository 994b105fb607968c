"""A cross-encoder that reads ``[CLS] question [SEP] passage [SEP]``: where the answer starts and ends, whether the
passage answers at all, and which of the question's tokens it lacks.

Its layers are trained from the bundled encoder's (see ``training/``), whose vectors of single tokens it shares: the
weights beside this file are without them. A generation holds both as one graph.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from qa.datatypes import Lack, Passage, Reading
from qa.embedders.sentence_transformers import check_bundled, model_folder
from qa.errors import ReaderUnusable
from qa.files import read_regular
from qa.graphs.bert import INPUTS, Layers, Weights
from qa.graphs.compiled import Texts, import_openvino, save_graph
from qa.graphs.running import GraphRunner, Outputs, Tokens
from qa.readers.contract import Pair

EXTRACTIVE = "extractive"

WEIGHTS = Path(__file__).with_name("reader.safetensors")
CHECKSUM = "379118f78c4cd2c43c7000586517c765cc6e4389387fd627e807834a6c72b0f5"
"""The sha256 of the weights."""

QUESTION_TOKENS, ALL_TOKENS = 64, 256
"""The most of a question that is read, and of question and passage together, as in training."""

LONGEST_ANSWER = 40
"""Tokens."""

_CLS, _SEP = 101, 102
_OUTSIDE = 1e4  # what is taken from the score of a token that is not of the passage
_TOKENIZER, _DESCRIPTION = "tokenizer.json", "reader.json"
_LARGEST = 64 << 20

Floats = npt.NDArray[np.float32]


class Extractive:
    """Makes the reader of the package's weights."""

    name = EXTRACTIVE
    languages: tuple[str, ...] = ("en",)

    def checksum(self) -> str:
        """Return the checksum of the packaged weights. Raises ReaderUnusable where they are not what was shipped."""
        try:
            found = hashlib.sha256(read_regular(WEIGHTS, _LARGEST)).hexdigest()
        except OSError as error:
            raise ReaderUnusable(_unusable(error.strerror or str(error))) from error
        if found != CHECKSUM:
            raise ReaderUnusable(_unusable("its checksum differs"))
        return found

    def write(self, folder: Path) -> None:
        """Write the graph of the packaged weights, and what cuts texts for it, into a new folder. Raises
        ReaderUnusable."""
        checksum, encoder = self.checksum(), model_folder(None)
        check_bundled(encoder)
        folder.mkdir()
        save_graph(folder, _build_graph(encoder))
        cutter = Tokenizer.from_file(str(encoder / _TOKENIZER))
        cutter.no_truncation()
        cutter.no_padding()
        (folder / _TOKENIZER).write_text(cutter.to_str(), encoding="utf-8")
        told = {"name": EXTRACTIVE, "checksum": checksum}
        (folder / _DESCRIPTION).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    def load(self, folder: Path) -> "ExtractiveReader":
        """Return the reader in a folder. Raises OSError, ValueError or KeyError."""
        return ExtractiveReader(folder)


def _unusable(reason: str) -> str:
    return f"{WEIGHTS} cannot be used ({reason}), so no passage is read: install candor-qa again, and index again."


def _build_graph(encoder: Path) -> Any:
    """Return the graph from tokens, (n, length) each, to the (n, 2, length) log probabilities of the answer's start and
    end, the (n,) log odds of answering, and the (n, length) of missing."""
    from safetensors.numpy import load_file

    openvino = import_openvino()
    from openvino import opset13 as ov

    config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    own = load_file(encoder / "model.safetensors")
    trained = trained_weights()
    weights = {name: array.astype(np.float32) for name, array in own.items() if array.dtype != np.int64} | trained
    tokens = [ov.parameter([-1, -1], np.int64, name=name) for name in INPUTS]
    ids, mask, types = tokens
    layers = Layers(ov, weights, config)
    count = 1 + max(int(name.split(".")[2]) for name in trained if name.startswith("encoder.layer."))
    hidden = layers.states(ids, mask, types, count)[-1]
    outside = ov.multiply(ov.subtract(np.float32(1), ov.convert(types, np.float32)), np.float32(_OUTSIDE))
    apart = ov.unsqueeze(outside, np.array([2]))
    spans = ov.transpose(ov.subtract(layers.dense(hidden, "span"), apart), np.array([0, 2, 1]))
    largest = ov.reduce_max(ov.subtract(hidden, apart), np.array([1]), False)
    first = ov.gather(hidden, np.int64(0), np.int64(1))
    answers = layers.dense(ov.concat([first, largest], 1), "answer")
    missing = layers.dense(ov.relu(layers.dense(hidden, "missing.0")), "missing.2")
    outputs = [ov.log_softmax(spans, 2), answers, ov.squeeze(missing, np.array([2]))]
    return openvino.Model(outputs, tokens, EXTRACTIVE)


def trained_weights() -> Weights:
    """Return the packaged weights, by the names of the encoder's: whole numbers of a byte, each row by its own scale
    where there is one (``training.reader.write_weights``)."""
    from safetensors.numpy import load_file

    stored = load_file(WEIGHTS)
    found = {}
    for name, array in stored.items():
        scale = stored.get(f"{name}.scale")
        if not name.endswith(".scale"):
            values = array.astype(np.float32)
            found[name.removeprefix("bert.")] = values if scale is None else values * scale.astype(np.float32)[:, None]
    return found


class ExtractiveReader:
    """The reader as an index carries it, run without torch."""

    def __init__(self, folder: Path) -> None:
        """Open the folder that ``Extractive.write`` filled. Raises OSError, ValueError or KeyError on another."""
        told = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        self.name, self.checksum = str(told["name"]), str(told["checksum"])
        self._described = (folder / _TOKENIZER).read_text(encoding="utf-8")
        self._runner = GraphRunner(folder, INPUTS, ALL_TOKENS)

    @cached_property
    def _cutter(self) -> Tokenizer:
        return Tokenizer.from_str(self._described)

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        """Return what each passage, which stands under its title and heading, says on the question beside it."""
        heads = [_head(passage) for _, passage in pairs]
        texts = [head + passage.text for head, (_, passage) in zip(heads, pairs, strict=True)]
        asked = dict(
            zip(dict.fromkeys(q for q, _ in pairs), self._cut(dict.fromkeys(q for q, _ in pairs)), strict=True)
        )
        questions, passages = [asked[question] for question, _ in pairs], self._cut(texts)
        rows = [_tokens(question, passage) for question, passage in zip(questions, passages, strict=True)]
        outputs = self._runner.run(rows, Texts.PAIRS)
        return [
            _reading(output, question, passage, len(head), text)
            for output, question, passage, head, (_, text) in zip(
                outputs, questions, passages, heads, pairs, strict=True
            )
        ]

    def _cut(self, texts: Sequence[str] | dict[str, None]) -> list[Encoding]:
        return list(self._cutter.encode_batch(list(texts), add_special_tokens=False))


def _head(passage: Passage) -> str:
    above = ". ".join(part for part in (passage.title, passage.heading) if part)
    return f"{above}. " if above else ""


def _tokens(question: Encoding, passage: Encoding) -> Tokens:
    """Return question and passage as one row; the passage's tokens have the type 1, as in training."""
    asked = question.ids[:QUESTION_TOKENS]
    read = passage.ids[: ALL_TOKENS - 3 - len(asked)]
    return Tokens([_CLS, *asked, _SEP, *read, _SEP], [0] * (len(asked) + 2) + [1] * len(read) + [0])


def _reading(outputs: Outputs, question: Encoding, passage: Encoding, head: int, text: Passage) -> Reading:
    """Return the reading of a row's outputs; ``head`` is how many characters stand before the passage's own."""
    spans, answers, missing = outputs
    asked = min(len(question.ids), QUESTION_TOKENS)
    read = min(len(passage.ids), ALL_TOKENS - 3 - asked)
    lacks = tuple(
        Lack(start, end, _probability(float(missing[1 + at])))
        for at, (start, end) in enumerate(question.offsets[:asked])
    )
    own = next((at for at, (start, _) in enumerate(passage.offsets[:read]) if start >= head), read)
    log_odds = float(answers[0])
    if own == read:
        return Reading(log_odds, 0, 0, 0.0, lacks)
    begin = 2 + asked + own
    first, last, certainty = best_span(spans[:, begin : begin + read - own])
    start, end = passage.offsets[own + first][0] - head, passage.offsets[own + last][1] - head
    return Reading(log_odds, max(start, 0), min(end, len(text.text)), certainty, lacks)


def best_span(spans: Floats) -> tuple[int, int, float]:
    """Return the likeliest first and last token, and their probability, of (2, length) log probabilities of starts and
    ends that are independent; at most LONGEST_ANSWER tokens long."""
    starts, ends = spans
    sums = starts[:, None] + ends[None, :]
    sums[~np.triu(np.tri(len(starts), k=LONGEST_ANSWER - 1, dtype=bool))] = -np.inf
    first, last = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(first), int(last), float(np.exp(min(sums[first, last], 0.0)))


def _probability(log_odds: float) -> float:
    return 1 / (1 + float(np.exp(-min(max(log_odds, -30.0), 30.0))))
