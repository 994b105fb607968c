"""What the reader of passages is worth on question sets that it never saw: does it know which questions are answered?

    python -m training.judge RUN ../shared/data/squad2 ../shared/data/clapnq …

For each set its questions are asked of its texts as ever, and the first five passages read. Printed are the areas under
the ROC curve of today's confidence, of the surest of the five by the reader alone, and of that less the surest word of
the question that no passage has.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.data import batches as stretches
from benchmarks.data import open_set_index
from qa.answers.retrieval import gather_evidence
from qa.answers.signals import SHOWN
from qa.datatypes import Passage
from qa.evaluation.formats import read_questions
from qa.evaluation.judgments import judgments_of
from qa.evaluation.outcomes import Grading, is_right
from qa.evaluation.question import SetQuestion
from qa.indexing.index import Index
from training.questions import UNKNOWN
from training.reader import QUESTION_TOKENS, TOKENS, Example, PassageReader, auroc, collate, tokenizer

LEAST_GRADES = {"medquad_a": 2}
MOST = 600  # questions of a set


def pair(question: Sequence[int], passage: Passage) -> Example:
    """Return a question and a passage, which stands under its title and heading, as the reader takes them."""
    context = ". ".join(part for part in (passage.title, passage.heading) if part)
    text = f"{context}. {passage.text}" if context else passage.text
    ids = CUTTER.encode(text, add_special_tokens=False).ids[: TOKENS - 3 - len(question)]
    return Example(tuple(question), tuple(ids), UNKNOWN, UNKNOWN, 0, (0,) * len(question), "", "")


def read(model: PassageReader, question: str, passages: Sequence[Passage]) -> tuple[np.ndarray, np.ndarray]:
    """Return the (n,) log odds that each passage answers, and the (n, words) log odds that it lacks each token."""
    tokens = CUTTER.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
    made = collate([pair(tokens, passage) for passage in passages])
    with torch.no_grad():
        _, answers, missing = model(made.ids, made.types, made.mask)
    return answers.numpy(), missing[:, 1 : 1 + len(tokens)].numpy()


CUTTER = tokenizer()


def judge(folder: Path, model: PassageReader) -> str:
    """Return a row of the table."""
    index = open_set_index(folder)
    lines = [line for line in read_questions(folder / "questions.jsonl") if isinstance(line, SetQuestion)]
    chosen = np.sort(np.random.default_rng(0).permutation(len(lines))[:MOST])
    asked = [lines[place] for place in chosen]
    judgments, _ = judgments_of(folder / "questions.jsonl", None, {question.id for question in asked}, index)
    grading = Grading(judgments, (), LEAST_GRADES.get(folder.name, 1))
    found: list[tuple[int, float, float, float]] = []
    for batch in stretches(asked):
        found += _judged(batch, index, model, grading)
    index.close()
    areas = [auroc([(scores[column], right) for right, *scores in found]) for column in range(3)]
    return f"| {folder.name} | {len(found)} | {' | '.join(f'{area:.3f}' for area in areas)} |"


def _judged(
    batch: Sequence[SetQuestion], index: Index, model: PassageReader, grading: Grading
) -> list[tuple[int, float, float, float]]:
    found = []
    evidence = gather_evidence([question.text for question in batch], index, SHOWN, with_parts=False)
    for question, one in zip(batch, evidence, strict=True):
        passages = [index.passage(hit.row) for hit in one.ranking]
        right = is_right(question, [passage.document_id for passage in passages], grading)
        if right is None or not passages:
            continue
        answers, missing = read(model, one.question.text, passages)
        lacking = float(missing.min(axis=0).max())
        surest = float(answers.max())
        found.append((int(right), index.calibration.log_odds(one.signals), surest, surest - max(lacking, 0.0)))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder that `python -m training.reader` wrote")
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--layers", type=int, default=6)
    chosen = parser.parse_args()
    model = PassageReader(chosen.layers)
    model.load_state_dict(torch.load(chosen.run / "state.pt", weights_only=True)["model"])
    model.eval()
    print("| set | questions | confidence | reader | reader, less what is missing |\n|---|---|---|---|---|")
    for folder in chosen.sets:
        print(judge(folder, model), flush=True)


if __name__ == "__main__":
    main()
