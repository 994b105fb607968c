"""What is gained by raising passages with a rare word and lowering those that say nothing: nDCG@10 with and without.

    python -m benchmarks.ordering ../shared/data/scifact [MORE SETS...]

Differences come with their 95 % interval, by paired bootstrap over the questions.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import ir_measures
import numpy as np
from ir_measures import nDCG

from benchmarks.arguments import named_sets
from benchmarks.data import QuestionSet, batches, open_set_index, read_set
from benchmarks.retrieval import DEPTH, RESAMPLES, Run, document_scores
from qa.answers import ordering
from qa.answers.fusions import standard_score
from qa.answers.ordering import put_in_order
from qa.answers.retrieval import dense_rankings, lexical_ranking
from qa.datatypes import Question, Ranking
from qa.indexing.index import Index

Order = Callable[[Ranking, Question, Index], Ranking]


def _rare_only(fused: Ranking, question: Question, index: Index) -> Ranking:
    with patch.object(ordering, "EMPTY_WORTH", 0.0):
        return put_in_order(fused, question, index)


def _empty_only(fused: Ranking, question: Question, index: Index) -> Ranking:
    with patch.object(ordering, "RARE_WORTH", 0.0):
        return put_in_order(fused, question, index)


ORDERS: dict[str, Order] = {
    "as fused": lambda fused, *_: fused,
    "rare words": _rare_only,
    "own words": _empty_only,
    "both": put_in_order,
}


def runs(questions: QuestionSet, index: Index) -> dict[str, Run]:
    """Return the run {question: {document: score}} of each order over the judged questions."""
    found: dict[str, Run] = {name: {} for name in ORDERS}
    for one, question, fused in _fused(questions, index):
        for name, order in ORDERS.items():
            found[name][one] = document_scores(order(fused, question, index), index)
    return found


def _fused(questions: QuestionSet, index: Index) -> Iterator[tuple[str, Question, Ranking]]:
    judged = [question for question in questions.questions if question["_id"] in questions.judgments]
    for batch in batches(judged):
        vectors = index.embed([one["text"] for one in batch])
        for one, dense in zip(batch, dense_rankings(vectors, index, DEPTH), strict=True):
            question = index.language.question(one["text"])
            yield one["_id"], question, standard_score(dense, lexical_ranking(question, index, DEPTH))


def difference(values: Sequence[float], others: Sequence[float]) -> str:
    """Return the mean difference with its interval, seed 0."""
    gained = np.array(values) - np.array(others)
    draws = np.random.default_rng(0).integers(0, len(gained), (RESAMPLES, len(gained)))
    low, high = np.percentile(gained[draws].mean(axis=1), [2.5, 97.5])
    return f"{gained.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


def main(folders: Sequence[Path]) -> None:
    """Print a row for each set."""
    print(f"| set | questions | {' | '.join(ORDERS)} |\n|{'---|' * (2 + len(ORDERS))}")
    for folder in folders:
        questions = read_set(folder)
        with open_set_index(folder) as index:
            scored = {}
            for name, run in runs(questions, index).items():
                found = {m.query_id: m.value for m in ir_measures.iter_calc([nDCG @ 10], questions.judgments, run)}
                scored[name] = [found.get(question, 0.0) for question in questions.judgments]
        plain = scored.pop("as fused")
        cells = [f"{np.mean(plain):.4f}", *(difference(values, plain) for values in scored.values())]
        print(f"| {questions.name} | {len(questions.judgments)} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(named_sets(__doc__))
