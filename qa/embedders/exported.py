"""A model as an index carries it: one graph from tokens to unit rows, run by OpenVINO, without torch.

It is made of a sentence-transformers model when an index is first built, and gives the same vectors: on processors that
multiply bfloat16 in hardware all but the same, and about three times as fast.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.datatypes import Question
from qa.finding.tokens import ReadWords, TokenVectors, scores_of_words
from qa.graphs.compiled import Texts, save_graph, share_graph
from qa.graphs.running import GraphRunner, Tokens

TOKENIZER, DESCRIPTION = "tokenizer.json", "encoder.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What an exported model is of, and what is put before texts. ``inputs`` are the graph's, in its order;
    ``finds_terms`` says that it has scores for the words of a question beside its vector, ``tells_tokens`` that it has
    the vectors of the tokens, too, and ``packs`` that it takes several texts in one row, see ``GraphRunner``."""

    name: str
    path: str | None
    checksum: str
    dimension: int
    max_tokens: int
    passage_prompt: str
    question_prompt: str
    inputs: tuple[str, ...]
    finds_terms: bool = False
    tells_tokens: bool = False
    packs: bool = False


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
        self._cutting = _tokenizer(self._tokenizer, self.max_tokens)
        self._runner = GraphRunner(folder, self._told.inputs, self.max_tokens, packs=self._told.packs)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Return what counts tokens: it neither cuts nor pads."""
        return _tokenizer(self._tokenizer)

    @cached_property
    def passage_overhead(self) -> int:
        """Return how many tokens embedding adds to each passage."""
        return len(self.tokenizer.encode(self._told.passage_prompt).ids)

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows, with the prompt that the model wants before passages, if any."""
        return self._embed([self._told.passage_prompt + text for text in texts], Texts.PASSAGES)

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) unit rows, with the prompt that the model wants before questions, if any."""
        return self._embed([self._told.question_prompt + text for text in texts])

    @property
    def finds_terms(self) -> bool:
        """Whether the graph also has scores for the words of a question, from which its terms are found."""
        return self._told.finds_terms

    def read_questions(self, questions: Sequence[Question]) -> tuple[npt.NDArray[np.float32], list[ReadWords]]:
        """Return (n, dimension) unit rows of questions, and what the same run tells of the words of each. Only for a
        graph that ``finds_terms``."""
        prompt = self._told.question_prompt
        encodings = self._cutting.encode_batch([prompt + question.text for question in questions])
        offsets = [[(start - len(prompt), end - len(prompt)) for start, end in made.offsets] for made in encodings]
        rows = [Tokens(made.ids, made.type_ids) for made in encodings]
        outputs = self._runner.run(rows)
        vectors = np.stack([vector for vector, *_ in outputs])
        found = [
            ReadWords(
                scores_of_words(question, places, scores.tolist()),
                TokenVectors(places, tokens[0].astype(np.float16)) if tokens else None,
            )
            for question, places, (_, scores, *tokens) in zip(questions, offsets, outputs, strict=True)
        ]
        return vectors, found

    def export_to(self, folder: Path, sample: Sequence[str]) -> "ExportedEmbedder":
        """Put the model's files in another folder, as links to the same bytes where the disk has links; it itself."""
        share_graph(self._folder, folder)
        return self

    def _embed(self, texts: Sequence[str], kind: Texts = Texts.SHORT) -> npt.NDArray[np.float32]:
        encodings = self._cutting.encode_batch(list(texts))
        outputs = self._runner.run([Tokens(made.ids, made.type_ids) for made in encodings], kind)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for place, (vector, *_) in enumerate(outputs):
            vectors[place] = vector
        return vectors


def finds_terms(folder: Path) -> bool:
    """Whether a folder holds an export whose graph has scores for the words of a question."""
    return bool(_told_in(folder).get("finds_terms", False))


def is_of_before(folder: Path) -> bool:
    """Whether a folder holds an export with such scores as an earlier version wrote it, without the vectors of
    tokens."""
    return finds_terms(folder) and not _told_in(folder).get("tells_tokens", False)


def _told_in(folder: Path) -> dict[str, Any]:
    description = folder / DESCRIPTION
    return json.loads(description.read_text(encoding="utf-8")) if description.is_file() else {}


@lru_cache(maxsize=2)  # for a process that builds again and again: to read one takes as long as to embed a text
def _tokenizer(described: str, longest: int | None = None) -> Tokenizer:
    """Return a tokenizer, which cuts what is longer than so many tokens, if any are given."""
    found = Tokenizer.from_str(described)
    if longest is not None:
        found.enable_truncation(longest)
    return found


def save_export(folder: Path, graph: Any, tokenizer: Tokenizer, description: Description) -> ExportedEmbedder:
    """Write a graph with what belongs to it into a folder, and return it opened."""
    save_graph(folder, graph)
    (folder / TOKENIZER).write_text(tokenizer.to_str(), encoding="utf-8")
    (folder / DESCRIPTION).write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")
    return ExportedEmbedder(folder)
