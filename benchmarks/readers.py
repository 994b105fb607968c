"""What reading passages is worth, and what it costs: by how many are read, and how much of each.

    python -m benchmarks.readers ../shared/data/squad2 ../shared/data/clapnq …

For each set: the area under the ROC curve of the surest passage's log odds by the reader alone, whether the first five
answer, and the median milliseconds of reading. Where the set has answers, also whether the words that the reader finds
in a passage of a document that answers are one of them, and the F1 of their words, both as SQuAD measures them.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.arguments import named_sets
from benchmarks.data import open_set_index, read_set
from qa.answers.retrieval import gather_evidence
from qa.answers.signals import SHOWN, content_weights
from qa.answers.spans import CERTAIN
from qa.answers.windows import cut_to_window
from qa.datatypes import Passage, Question
from qa.evaluation.formats import read_questions
from qa.evaluation.measures import auroc
from qa.evaluation.outcomes import Grading, is_right, span_scores
from qa.evaluation.question import SetQuestion
from qa.indexing.index import Index
from qa.readers import Reader

MOST = 300  # questions of a set
LEAST_GRADES = {"medquad_a": 2}
WAYS = ((1, True), (2, True), (3, True), (5, True), (2, False), (3, False))
"""How many passages, and whether of each the window alone."""


class Judged(NamedTuple):
    """A question as its set has it and as it is asked, the passages found, and whether they answer."""

    asked: SetQuestion
    question: Question
    passages: Sequence[Passage]
    right: bool


def cut(passage: Passage, question: Question, index: Index) -> Passage:
    """Return a passage with what of it is read for a question."""
    return cut_to_window(passage, content_weights(question, index), index.language)[0]


def judged(folder: Path, index: Index) -> Iterator[Judged]:
    """Yield questions of a set of which it is known whether what was found answers."""
    grading = Grading(read_set(folder).judgments, (), LEAST_GRADES.get(folder.name, 1))
    lines = [line for line in read_questions(folder / "questions.jsonl") if isinstance(line, SetQuestion)]
    drawn = Random(0).sample(lines, min(MOST, len(lines)))
    for asked in drawn:
        (evidence,) = gather_evidence([asked.text[:1000]], index, SHOWN, with_parts=False)
        passages = [index.passage(hit.row) for hit in evidence.ranking]
        right = is_right(asked, [passage.document_id for passage in passages], grading)
        if right is not None and passages:
            yield Judged(asked, evidence.question, passages, right)


def rows_of(name: str, found: Sequence[Judged], index: Index, reader: Reader) -> Iterator[str]:
    """Yield a row of the table for each way of reading."""
    right = np.array([float(one.right) for one in found])
    for passages, windowed in WAYS:
        odds, times = [], []
        for one in found:
            read = [cut(p, one.question, index) if windowed else p for p in one.passages[:passages]]
            started = time.perf_counter()
            readings = reader.read([(one.question.text, passage) for passage in read])
            times.append(time.perf_counter() - started)
            odds.append(max(reading.log_odds for reading in readings))
        kind = "window" if windowed else "whole"
        yield f"| {name} | {passages}, {kind} | {auroc(np.array(odds), right):.3f} | {median(times) * 1000:.0f} |"


def spans(folder: Path, found: Sequence[Judged], index: Index, reader: Reader) -> str | None:
    """Return rows on how well answers are placed in passages of documents that answer and hold one; None without."""
    judgments = read_set(folder).judgments
    by_document: dict[str, list[Passage]] = {}
    for row in range(len(index)):
        passage = index.passage(row)
        by_document.setdefault(passage.document_id, []).append(passage)
    scores = [
        _span_scores(one, passage, reader)
        for one in found
        if one.asked.answers and one.asked.answerable is not False
        for document in judgments.get(one.asked.id, {})
        for passage in by_document.get(document, [])
        if any(answer in passage.text for answer in one.asked.answers)
    ]
    if not scores:
        return None
    parts = (
        ("all", scores),
        (f"certain, {CERTAIN} or more", [one for one in scores if one[2] >= CERTAIN]),
        ("the others", [one for one in scores if one[2] < CERTAIN]),
    )
    rows = []
    for kind, held in parts:
        if held:
            exact, f1, _ = (mean(column) for column in zip(*held, strict=True))
            rows.append(f"| {folder.name} | {kind} | {len(held)} | {exact:.3f} | {f1:.3f} |")
    return "\n".join(rows)


def _span_scores(one: Judged, passage: Passage, reader: Reader) -> tuple[float, float, float]:
    """Return exact match and F1 of the words that are found in a passage, and how certain they are."""
    (reading,) = reader.read([(one.question.text, passage)])
    found = {"answer": {"text": passage.text[reading.start : reading.end]}}
    return *span_scores(found, one.asked.answers or ()), reading.certainty


def main(folders: Sequence[Path]) -> None:
    """Print the table, and one on spans for the sets that have answers."""
    console, lines = Console(stderr=True), []
    print("| set | passages read | AUROC | ms |\n|---|---|---|---|")
    for folder in folders:
        index = open_set_index(folder, with_reader=False)
        reader = index.generation.reader()
        assert reader is not None
        found = list(track(judged(folder, index), folder.name, console=console, transient=True))
        for row in rows_of(folder.name, found, index, reader):
            print(row, flush=True)
        lines.append(spans(folder, found, index, reader))
        index.close()
    print("\n| set | places | passages that hold an answer | exact match | F1 |\n|---|---|---|---|---|")
    print("\n".join(line for line in lines if line))


if __name__ == "__main__":
    main(named_sets(__doc__))
