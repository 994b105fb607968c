"""How often the words that would be shown as the answer are right, and how probably they are said to be.

    python -m benchmarks.spans corpus ../shared/data/squad2 ../shared/data/clapnq …

Asked are all questions of sets that have answers, those among them that nothing answers too, for which no words are
right. Else they are where half of their words, or more, are those of an answer (F1), or where they stand in one as
whole words, which is easier to meet where answers are whole sentences, as in clapnq and the corpus. A logistic
regression on the log odds that the passage answers is fitted, each set with the square root of its number as its
weight, once without each set and once on all, which gives the slope and the intercept of `qa/answers/spans.py`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from benchmarks.arguments import named_sets
from benchmarks.data import open_set_index
from qa.answers.answering import Answerer
from qa.answers.retrieval import gather_evidence
from qa.answers.spans import LIKELY, answering_in_words
from qa.datatypes import QuotedPassage
from qa.evaluation.formats import read_questions
from qa.evaluation.measures import auroc
from qa.evaluation.outcomes import contains_answer, span_scores
from qa.evaluation.question import SetQuestion
from qa.limits import MAX_QUESTION_CHARACTERS

HALF = 0.5
_FEWEST = 2
BOUNDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)

Floats = npt.NDArray[np.float64]


class Found(NamedTuple):
    """The log odds of a passage that answers in a few words, and whether they are right."""

    log_odds: float
    right: bool


def is_right(text: str, asked: SetQuestion) -> bool:
    """Whether words answer a question."""
    if asked.answerable is False or not asked.answers:
        return False
    _, f1 = span_scores({"answer": {"text": text}}, asked.answers)
    return f1 >= HALF or contains_answer({"passages": [{"text": answer} for answer in asked.answers]}, [text])


def found_in(folder: Path) -> Iterator[Found]:
    """Yield what is found for the questions of a set, where a passage answers in a few words."""
    with Answerer(open_set_index(folder)) as answerer:
        index = answerer.index
        lines = [line for line in read_questions(folder / "questions.jsonl") if isinstance(line, SetQuestion)]
        for asked in track(lines, folder.name, console=Console(stderr=True), transient=True):
            (evidence,) = gather_evidence([asked.text[:MAX_QUESTION_CHARACTERS]], index, 2, with_parts=False)
            passages = [QuotedPassage(hit.rank, index.passage(hit.row), 0.0) for hit in evidence.ranking]
            answering = answering_in_words(passages, evidence.readings)
            if answering:
                surest, best = answering[0]
                yield Found(surest.log_odds, is_right(best.passage.text[surest.start : surest.end], asked))


def fitted(sets: Sequence[Sequence[Found]]) -> LogisticRegression:
    """Return the regression on some sets."""
    odds = np.array([[one.log_odds] for found in sets for one in found])
    right = np.array([one.right for found in sets for one in found])
    weights = np.array([1 / np.sqrt(len(found)) for found in sets for _ in found])
    return LogisticRegression(C=100).fit(odds, right, sample_weight=weights * len(weights) / weights.sum())


def row_of(name: str, found: Sequence[Found], others: Sequence[Sequence[Found]]) -> str:
    """Return a set's row: by the reader alone, and by what was fitted on the others."""
    odds, right = (np.array(column, np.float64) for column in zip(*found, strict=True))
    said: Floats = fitted(others).predict_proba(odds[:, None])[:, 1]
    shown = said >= LIKELY
    cells = (
        f"{right.sum():.0f} of {len(right)}",
        f"{right.mean():.2f}",
        f"{(1 / (1 + np.exp(-odds))).mean():.2f}",
        f"{said.mean():.2f}",
        f"{auroc(odds, right):.2f}",
        f"{right[shown].sum():.0f} of {shown.sum()}",
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def main(folders: Sequence[Path]) -> None:
    """Print both tables and what was fitted."""
    sets = {folder.name: found for folder in folders if (found := list(found_in(folder)))}
    if len(sets) < _FEWEST:
        raise SystemExit("Name two sets or more in which words are found: each is judged by a fit on the others.")
    print("| set, left out | words are right | share | as the reader says | as fitted | AUROC | right of those shown |")
    print("|---|---|---|---|---|---|---|")
    for name, found in sets.items():
        print(row_of(name, found, [other for key, other in sets.items() if key != name]))
    together = [one for found in sets.values() for one in found]
    print("\n| log odds that the passage answers | words are right | share |\n|---|---|---|")
    for least, end in zip(BOUNDS, (*BOUNDS[1:], np.inf), strict=True):
        right = [one.right for one in together if least <= one.log_odds < end]
        print(f"| {least} to {end} | {sum(right)} of {len(right)} | {np.mean(right) if right else 0:.2f} |")
    both = fitted(list(sets.values()))
    print(f"\nOn all sets: slope {both.coef_[0][0]:.3f}, intercept {both.intercept_[0]:.3f}.")


if __name__ == "__main__":
    main(named_sets(__doc__))
