"""BERT's layers as nodes of an OpenVINO graph, from weights by their usual names (Devlin et al., NAACL 2019)."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

INPUTS = ("input_ids", "attention_mask", "token_type_ids")

MASKED = -65_504.0
"""What is added to what is not to be attended to: the least number of float16."""

_PREFIX = "encoder.layer"

Weights = dict[str, npt.NDArray[np.float32]]


class Layers:
    """The layers of one model, each a function of graph nodes."""

    def __init__(self, ov: Any, weights: Weights, config: dict[str, Any]) -> None:
        """Take OpenVINO's operations, the model's weights and its configuration."""
        self._ov, self._weights = ov, weights
        self._heads, self._size = config["num_attention_heads"], config["hidden_size"]
        self._epsilon = config["layer_norm_eps"]

    def embedded(self, ids: Any, types: Any, places: Any) -> Any:
        """Return the sum of the vectors of each token, its place in its text and its type, normalized."""
        ov, table = self._ov, partial(self._table, prefix="embeddings")
        summed = ov.add(
            ov.add(table("word_embeddings", ids), table("token_type_embeddings", types)),
            table("position_embeddings", places),
        )
        return self._normalized(summed, "embeddings.LayerNorm")

    def encoded(self, hidden: Any, added: Any, number: int) -> Any:
        """Return what a layer makes of its input: attention, then two dense layers, each beside what came in."""
        ov, name = self._ov, f"{_PREFIX}.{number}"
        query, key, value = (
            self._split(self.dense(hidden, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        attention = ov.scaled_dot_product_attention(query, key, value, added)
        joined = ov.reshape(ov.transpose(attention, np.array([0, 2, 1, 3])), np.array([0, 0, self._size]), True)
        attended = ov.add(self.dense(joined, f"{name}.attention.output.dense"), hidden)
        hidden = self._normalized(attended, f"{name}.attention.output.LayerNorm")
        widened = ov.gelu(self.dense(hidden, f"{name}.intermediate.dense"), "erf")
        return self._normalized(ov.add(self.dense(widened, f"{name}.output.dense"), hidden), f"{name}.output.LayerNorm")

    def _table(self, name: str, rows: Any, prefix: str) -> Any:
        return self._ov.gather(self._weight(f"{prefix}.{name}.weight"), rows, np.int64(0))

    def dense(self, node: Any, name: str) -> Any:
        """Return a dense layer of what comes in, without an activation."""
        multiplied = self._ov.matmul(node, self._weight(f"{name}.weight"), False, True)
        return self._ov.add(multiplied, self._weight(f"{name}.bias"))

    def _weight(self, name: str) -> Any:
        """Return a weight as a node. OpenVINO makes an array that it is given itself a list of Python's numbers first,
        which takes a second."""
        return self._ov.constant(self._weights[name])

    def _split(self, node: Any) -> Any:
        """Return (n, heads, length, width) of (n, length, heads * width)."""
        width = self._size // self._heads
        parted = self._ov.reshape(node, np.array([0, 0, self._heads, width]), True)
        return self._ov.transpose(parted, np.array([0, 2, 1, 3]))

    def _normalized(self, node: Any, name: str) -> Any:
        ov = self._ov
        centred = ov.mvn(node, np.array([-1]), True, self._epsilon, "inside_sqrt")
        return ov.add(ov.multiply(centred, self._weight(f"{name}.weight")), self._weight(f"{name}.bias"))

    def _places(self, same: Any) -> Any:
        """Return the (n, length) places of the tokens in their texts: how many of the same text stand before each."""
        ov = self._ov
        length = ov.gather(ov.shape_of(same), np.int64(1), np.int64(0))
        numbers = ov.range(np.int64(0), length, np.int64(1), output_type="i64")
        before = ov.less(ov.unsqueeze(numbers, np.array([0])), ov.unsqueeze(numbers, np.array([1])))
        return ov.reduce_sum(ov.convert(ov.logical_and(same, before), np.int64), np.array([2]), False)

    def states(self, ids: Any, mask: Any, types: Any, layers: int) -> list[Any]:
        """Return the (n, length, size) vectors of the tokens before the first layer and after each of so many.

        A token attends to those with its own number in the (n, length) mask: a mask of 1 and 0 leaves out what pads,
        and higher numbers keep several texts of one row apart."""
        ov = self._ov
        same = ov.equal(ov.unsqueeze(mask, np.array([2])), ov.unsqueeze(mask, np.array([1])))
        found = [self.embedded(ids, types, self._places(same))]
        others = ov.convert(ov.unsqueeze(ov.logical_not(same), np.array([1])), np.float32)
        added = ov.multiply(others, np.float32(MASKED))
        for number in range(layers):
            found.append(self.encoded(found[-1], added, number))
        return found
