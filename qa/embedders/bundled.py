"""The bundled all-MiniLM-L6-v2, its graph built from its weights: no torch is imported to index or to ask.

The layers are BERT's (Devlin et al., NAACL 2019) in the sizes of the model's own configuration, then the mean of the
tokens' vectors, as unit rows (Reimers and Gurevych, EMNLP 2019). Tests compare it with the model as
sentence-transformers runs it; each build compares it with vectors that were computed so once.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.exported import Description, ExportedEmbedder, save_export
from qa.embedders.sentence_transformers import (
    BUNDLED_MAX_TOKENS,
    BUNDLED_NAME,
    SentenceTransformerEmbedder,
    check_bundled,
    load_sentence_transformer,
    model_checksum,
    model_folder,
)
from qa.finding.head import word_scores
from qa.graphs.bert import INPUTS, Layers, Weights
from qa.graphs.compiled import import_openvino

LEAST_COSINE = 0.999
"""Between a vector of the graph and that of the model; see ``exporting``."""

REFERENCE = (
    "What is social action?",
    "Mutual aid is when people help each other, without a charity between them. " * 9,
)
"""Texts whose vectors by the model stand in ``reference.npy``: a question, and a passage over several runs' lengths."""


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
        return self.export_finder(folder) or self._model.export_to(folder, sample)

    def export_finder(self, folder: Path) -> ExportedEmbedder | None:
        """Write the graph, which also finds the terms of questions, into a new folder and return it opened; None, and
        no folder, where it gives other vectors than the model."""
        folder.mkdir()
        about = (self.name, self.path, self.checksum, self.dimension, self.max_tokens, "", "", INPUTS)
        description = Description(*about, finds_terms=True, tells_tokens=True, packs=True)
        exported = save_export(folder, build_graph(self._folder, self._config), self.tokenizer, description)
        if is_like_reference(exported):
            return exported
        rmtree(folder)
        return None


def is_like_reference(embedder: ExportedEmbedder) -> bool:
    """Whether an embedder gives the vectors that the model gave."""
    wanted: npt.NDArray[np.float32] = np.load(BytesIO((files("qa.embedders") / "reference.npy").read_bytes()))
    question = [REFERENCE[0]] * 2  # as several texts of one row, which passages never are
    found = np.concatenate([embedder.embed_passages(REFERENCE), embedder.embed_questions(question)])
    return bool((np.einsum("nd,nd->n", found, wanted[[0, 1, 0, 0]]) >= LEAST_COSINE).all())


def build_graph(folder: Path, config: dict[str, Any]) -> Any:
    """Return the graph from tokens, (n, length) each, to (n, texts, dimension) unit rows of the texts of each row, to
    (n, length, 5) scores of the words, and to (n, length, dimension) vectors of the tokens."""
    from safetensors.numpy import load_file

    openvino = import_openvino()
    from openvino import opset13 as ov

    read = load_file(folder / "model.safetensors")
    weights: Weights = {name: array.astype(np.float32) for name, array in read.items() if array.dtype != np.int64}
    tokens = [ov.parameter([-1, -1], np.int64, name=name) for name in INPUTS]
    ids, mask, types = tokens
    states = Layers(ov, weights, config).states(ids, mask, types, config["num_hidden_layers"])
    vectors = _means(ov, states[-1], mask)
    return openvino.Model([vectors, word_scores(ov, states, mask), states[-1]], tokens, BUNDLED_NAME)


def _means(ov: Any, hidden: Any, mask: Any) -> Any:
    """Return the (n, texts, dimension) means of the vectors of each text's tokens, as unit rows: those of the sums."""
    most = ov.reduce_max(mask, np.array([0, 1]), False)
    numbers = ov.range(np.int64(1), ov.add(most, np.int64(1)), np.int64(1), output_type="i64")
    of_text = ov.equal(ov.unsqueeze(numbers, np.array([0, 2])), ov.unsqueeze(mask, np.array([1])))
    summed = ov.matmul(ov.convert(of_text, np.float32), hidden, False, False)
    return ov.normalize_l2(summed, np.array([2]), 1e-24, "max")
