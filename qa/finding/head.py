"""The finder's head as nodes of an encoder's graph: scores for each token of a question, from two of its layers.

``words.safetensors`` holds its weights, which ``training.terms`` makes. The encoder's own weights are as they were, so
that a question is embedded and its words are read in one run.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from qa.errors import EmbedderUnusable
from qa.files import read_regular
from qa.graphs.bert import Weights

WEIGHTS = Path(__file__).with_name("words.safetensors")
CHECKSUM = "a3c2cfb6fc3482769fab49f2fc7c1b5550e1d332a53b19f28cbdcfd54aae0294"
"""The sha256 of the weights."""

LAYERS = (3, 6)
"""After which of the encoder's layers its vectors are read."""

SCORES = 5
"""Of each token: that no term has it, that one begins, that one goes on, that it is of a name, that it is needed."""

_CONVOLUTIONS = ("first", "second")
_LARGEST = 4 << 20


def word_scores(ov: Any, states: list[Any], mask: Any) -> Any:
    """Return the (n, length, 5) scores of the tokens, from the encoder's vectors after each layer. What is masked is 0
    throughout: the scores of a question do not depend on what is beside it, nor, across a gap, on what is before it."""
    weights = _weights()

    def dense(node: Any, name: str) -> Any:
        return ov.add(ov.matmul(node, weights[f"{name}.weight"], False, True), weights[f"{name}.bias"])

    held = ov.unsqueeze(ov.convert(ov.greater(mask, np.int64(0)), np.float32), np.array([1]))
    vectors = ov.concat([states[layer] for layer in LAYERS], -1)
    hidden = ov.multiply(_turned(ov, ov.relu(dense(vectors, "into"))), held)
    for name in _CONVOLUTIONS:
        bias = weights[f"{name}.bias"][None, :, None]
        read = ov.add(ov.convolution(hidden, weights[f"{name}.weight"], [1], [1], [1], [1]), bias)
        hidden = ov.multiply(ov.add(hidden, ov.relu(read)), held)
    return dense(_turned(ov, hidden), "out")


def _turned(ov: Any, node: Any) -> Any:
    return ov.transpose(node, np.array([0, 2, 1]))


@cache
def _weights() -> Weights:
    from safetensors.numpy import load

    return {name: array.astype(np.float32) for name, array in load(checked(WEIGHTS)).items()}


def checked(file: Path) -> bytes:
    """Return the packaged weights. Raises EmbedderUnusable where they are not what was shipped."""
    try:
        content = read_regular(file, _LARGEST)
    except OSError as error:
        raise EmbedderUnusable(_unusable(error.strerror or str(error))) from error
    if hashlib.sha256(content).hexdigest() != CHECKSUM:
        raise EmbedderUnusable(_unusable("its checksum differs"))
    return content


def _unusable(reason: str) -> str:
    return f"The package's {WEIGHTS.name}, which finds terms, cannot be used ({reason}): install the package again."
