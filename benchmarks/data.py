"""Question sets in the layout of BEIR, and an index for each, kept in benchmarks/work/ between runs."""

import hashlib
import json
from collections import defaultdict
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from qa.errors import QAError
from qa.indexing.building import build_index
from qa.indexing.index import Index, check_index, open_index

WORK = Path(__file__).parent.resolve() / "work"

Judgments = dict[str, dict[str, int]]
"""{question id: {document id: grade}}"""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A set's questions, each with its labels, and its judgments."""

    name: str
    folder: Path
    questions: list[dict[str, Any]]
    judgments: Judgments


def read_set(folder: Path) -> QuestionSet:
    """Return the set in a folder: ``questions.jsonl`` and, where there is one, ``qrels.tsv``."""
    with (folder / "questions.jsonl").open(encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    judgments: defaultdict[str, dict[str, int]] = defaultdict(dict)
    qrels = folder / "qrels.tsv"
    if qrels.exists():
        for line in qrels.read_text(encoding="utf-8").splitlines()[1:]:
            question, document, grade = line.split("\t")
            judgments[question][document] = int(float(grade))
    return QuestionSet(folder.name, folder, questions, dict(judgments))


def open_set_index(folder: Path, with_reader: bool = True) -> Index:
    """Return the index of a set's texts, built first where it is missing or the corpus changed."""
    place, corpus = texts_of(folder)
    index = WORK / folder.name
    if not corpus.suffix:
        with chdir(place):
            build_index([corpus], index)
    elif not is_current(folder / corpus, index):
        with Console(stderr=True).status(f"index of {folder.name}"):
            build_index([folder / corpus], index)
    return open_index(index, with_reader=with_reader)


def texts_of(folder: Path) -> tuple[Path, Path]:
    """Return the texts of a set, and the folder from which its judgments name them: its ``corpus.jsonl``, its folder
    ``texts``, or else the folder itself, as it is with the project's own corpus."""
    if (folder / "corpus.jsonl").exists():
        return folder, Path("corpus.jsonl")
    return (folder, Path("texts")) if (folder / "texts").exists() else (folder.parent, Path(folder.name))


def is_current(corpus: Path, index: Path) -> bool:
    """Whether an index was built from a corpus as it is now, by this version's format and model."""
    try:
        manifest = check_index(index)
    except QAError:
        return False
    with corpus.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() in manifest.sources.values()


def batches(items: list[Any], size: int = 64) -> Any:
    """Yield stretches of a list with a progress bar."""
    starts = range(0, len(items), size)
    for start in track(starts, console=Console(stderr=True), transient=True):
        yield items[start : start + size]
