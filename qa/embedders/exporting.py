"""A sentence-transformers model in memory -> the graph that an index carries. Needs torch; asking does not."""

import logging
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.exported import Description, ExportedEmbedder, save_export
from qa.graphs.compiled import import_openvino

LEAST_COSINE = 0.999
"""Between the vectors of a text by the model and by its export; a lower one means that something of the model was lost.
bfloat16 moves a cosine by less than .0001, a missing prompt or another pooling by more than .01."""

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_EXAMPLE = ["A sentence.", "Another sentence, which is longer, so that the first is padded."]


class Original(Protocol):
    """The model as sentence-transformers runs it."""

    tokenizer: Tokenizer

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows."""


def export(
    model: Any, original: Original, description: Description, folder: Path, sample: Sequence[str]
) -> ExportedEmbedder | None:
    """Write a model's export into a new folder and return it opened; None, and no folder, where the export is not the
    same: where it cannot be made, or gives other vectors for a sample of passages.
    """
    folder.mkdir()
    try:
        graph, inputs = _convert(model)
        fields = {name: getattr(description, name) for name in Description.__slots__}
        exported = save_export(folder, graph, original.tokenizer, Description(**{**fields, "inputs": inputs}))
        if _same(original, exported, sample):
            return exported
        reason = "it gives other vectors than the model"
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever of torch, of the model's own code or of OpenVINO it may be
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
    logging.getLogger("qa").warning(
        "%s is used as it is, which is slower: its export failed (%s)", description.name, reason
    )
    shutil.rmtree(folder)
    return None


def _same(original: Original, exported: ExportedEmbedder, sample: Sequence[str]) -> bool:
    pairs = (
        (original.embed_passages(sample), exported.embed_passages(sample)),
        (original.embed_questions(sample), exported.embed_questions(sample)),
    )
    return all(bool((np.einsum("nd,nd->n", one, other) >= LEAST_COSINE).all()) for one, other in pairs)


def _convert(model: Any) -> tuple[Any, tuple[str, ...]]:
    """Return the graph from tokens to unit rows, and the names of its inputs in order."""
    import torch

    example = model.preprocess(_EXAMPLE)
    inputs = tuple(name for name in _INPUTS if name in example)

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tokens: torch.Tensor) -> torch.Tensor:
            embedded = self.model(dict(zip(inputs, tokens, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(embedded, dim=-1)

    # The trace reads every attribute of the model, and the library warns of those that it gave up.
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing: that a branch was taken, which the check on real texts covers
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            Pipeline().eval(), tuple(example[name] for name in inputs), check_trace=False
        )
        shapes = [(-1, -1)] * len(inputs)
        import_openvino()
        from openvino.tools.ovc import convert_model

        return convert_model(traced, input=[(s, np.int64) for s in shapes]), inputs
