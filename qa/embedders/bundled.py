"""The bundled all-MiniLM-L6-v2, its graph built from its weights: no torch is imported to index or to ask.

The layers are BERT's (Devlin et al., NAACL 2019) in the sizes of the model's own configuration, then the mean of the
tokens' vectors, as unit rows (Reimers and Gurevych, EMNLP 2019). Tests compare it with the model as
sentence-transformers runs it; each build compares it with vectors that were computed so once.
"""

import json
from collections.abc import Sequence
from functools import cached_property, partial
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.exported import Description, ExportedEmbedder, import_openvino, save_export
from qa.embedders.sentence_transformers import (
    BUNDLED_MAX_TOKENS,
    BUNDLED_NAME,
    SentenceTransformerEmbedder,
    check_bundled,
    load_sentence_transformer,
    model_checksum,
    model_folder,
)

LEAST_COSINE = 0.999
"""Between a vector of the graph and that of the model; see ``exporting``."""

REFERENCE = (
    "What is social action?",
    "Mutual aid is when people help each other, without a charity between them. " * 9,
)
"""Texts whose vectors by the model stand in ``reference.npy``: a question, and a passage over several runs' lengths."""

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_MASKED = -65_504.0  # added to what is not to be attended to: the least number of float16
_PREFIX = "encoder.layer"

Weights = dict[str, npt.NDArray[np.float32]]


class BundledEmbedder:
    """The bundled model before an index carries it. It knows its tokens at once; only where it has to embed by itself,
    which no build on a processor that runs its graph rightly asks of it, is the model loaded with torch."""

    def __init__(self) -> None:
        """Find the model. Raises EmbedderUnusable when its weights are not the official ones."""
        self._folder = model_folder(None)
        check_bundled(self._folder)
        self.name, self.checksum = BUNDLED_NAME, model_checksum(self._folder)
        self.path: str | None = None
        self.max_tokens = BUNDLED_MAX_TOKENS
        self._config = json.loads((self._folder / "config.json").read_text(encoding="utf-8"))
        self.dimension = int(self._config["hidden_size"])
        self.tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.passage_overhead = len(self.tokenizer.encode("").ids)

    @cached_property
    def _model(self) -> SentenceTransformerEmbedder:
        return load_sentence_transformer(None)

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""
        return self._model.embed_passages(texts)

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""
        return self._model.embed_questions(texts)

    def export_to(self, folder: Path, sample: Sequence[str]) -> "ExportedEmbedder | SentenceTransformerEmbedder":
        """Write the graph into a new folder and return it opened; the model's export by torch, or the model itself,
        where the graph gives other vectors here."""
        folder.mkdir()
        description = Description(self.name, self.path, self.checksum, self.dimension, self.max_tokens, "", "", _INPUTS)
        exported = save_export(folder, build_graph(self._folder, self._config), self.tokenizer, description)
        if is_like_reference(exported):
            return exported
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        return self._model.export_to(folder, sample)


def is_like_reference(embedder: ExportedEmbedder) -> bool:
    """Whether an embedder gives the vectors that the model gave."""
    wanted: npt.NDArray[np.float32] = np.load(BytesIO((files("qa.embedders") / "reference.npy").read_bytes()))
    found = embedder.embed_passages(REFERENCE)
    return bool((np.einsum("nd,nd->n", found, wanted) >= LEAST_COSINE).all())


def build_graph(folder: Path, config: dict[str, Any]) -> Any:
    """Return the graph from tokens, (n, length) each, to (n, dimension) unit rows."""
    from safetensors.numpy import load_file

    openvino = import_openvino()
    from openvino import opset13 as ov

    read = load_file(folder / "model.safetensors")
    weights: Weights = {name: array.astype(np.float32) for name, array in read.items() if array.dtype != np.int64}
    tokens = [ov.parameter([-1, -1], np.int64, name=name) for name in _INPUTS]
    ids, mask, types = tokens
    layer = _Layers(ov, weights, config)
    hidden = layer.embedded(ids, types)
    attended = ov.convert(mask, np.float32)
    added = ov.multiply(ov.subtract(np.float32(1), ov.unsqueeze(attended, np.array([1, 2]))), np.float32(_MASKED))
    for number in range(config["num_hidden_layers"]):
        hidden = layer.encoded(hidden, added, number)
    return openvino.Model([_mean(ov, hidden, attended)], tokens, BUNDLED_NAME)


class _Layers:
    """The layers of one model, each a function of graph nodes."""

    def __init__(self, ov: Any, weights: Weights, config: dict[str, Any]) -> None:
        self._ov, self._weights = ov, weights
        self._heads, self._size = config["num_attention_heads"], config["hidden_size"]
        self._epsilon = config["layer_norm_eps"]

    def embedded(self, ids: Any, types: Any) -> Any:
        """Return the sum of the vectors of each token, its place and its type, normalized."""
        ov, table = self._ov, partial(self._table, prefix="embeddings")
        length = ov.gather(ov.shape_of(ids), np.int64(1), np.int64(0))
        places = ov.range(np.int64(0), length, np.int64(1), output_type="i64")
        summed = ov.add(
            ov.add(table("word_embeddings", ids), table("token_type_embeddings", types)),
            table("position_embeddings", places),
        )
        return self._normalized(summed, "embeddings.LayerNorm")

    def encoded(self, hidden: Any, added: Any, number: int) -> Any:
        """Return what a layer makes of its input: attention, then two dense layers, each beside what came in."""
        ov, name = self._ov, f"{_PREFIX}.{number}"
        query, key, value = (
            self._split(self._dense(hidden, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        attention = ov.scaled_dot_product_attention(query, key, value, added)
        joined = ov.reshape(ov.transpose(attention, np.array([0, 2, 1, 3])), np.array([0, 0, self._size]), True)
        attended = ov.add(self._dense(joined, f"{name}.attention.output.dense"), hidden)
        hidden = self._normalized(attended, f"{name}.attention.output.LayerNorm")
        widened = ov.gelu(self._dense(hidden, f"{name}.intermediate.dense"), "erf")
        return self._normalized(
            ov.add(self._dense(widened, f"{name}.output.dense"), hidden), f"{name}.output.LayerNorm"
        )

    def _table(self, name: str, rows: Any, prefix: str) -> Any:
        return self._ov.gather(self._weights[f"{prefix}.{name}.weight"], rows, np.int64(0))

    def _dense(self, node: Any, name: str) -> Any:
        multiplied = self._ov.matmul(node, self._weights[f"{name}.weight"], False, True)
        return self._ov.add(multiplied, self._weights[f"{name}.bias"])

    def _split(self, node: Any) -> Any:
        """Return (n, heads, length, width) of (n, length, heads * width)."""
        width = self._size // self._heads
        parted = self._ov.reshape(node, np.array([0, 0, self._heads, width]), True)
        return self._ov.transpose(parted, np.array([0, 2, 1, 3]))

    def _normalized(self, node: Any, name: str) -> Any:
        ov = self._ov
        centred = ov.mvn(node, np.array([-1]), True, self._epsilon, "inside_sqrt")
        return ov.add(ov.multiply(centred, self._weights[f"{name}.weight"]), self._weights[f"{name}.bias"])


def _mean(ov: Any, hidden: Any, attended: Any) -> Any:
    """Return the mean of the vectors of the tokens that are attended to, as a unit row."""
    weights = ov.unsqueeze(attended, np.array([2]))
    summed = ov.reduce_sum(ov.multiply(hidden, weights), np.array([1]), False)
    mean = ov.divide(summed, ov.maximum(ov.reduce_sum(weights, np.array([1]), False), np.float32(1e-9)))
    return ov.normalize_l2(mean, np.array([1]), 1e-24, "max")
