"""nDCG@10 of the dense, the lexical and two fused rankings of a question set, a document standing where its best
passage does.

    python -m benchmarks.retrieval ../shared/data/scifact [MORE SETS...]
"""

from collections.abc import Sequence
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import nDCG

from benchmarks.arguments import named_sets
from benchmarks.data import QuestionSet, batches, open_set_index, read_set
from benchmarks.rivals import reciprocal_rank
from qa.answers.fusions import standard_score
from qa.answers.retrieval import dense_rankings, lexical_ranking
from qa.datatypes import Ranking
from qa.indexing.index import Index

DEPTH = 100
RESAMPLES = 1000
Run = dict[str, dict[str, float]]


def document_scores(ranking: Ranking, index: Index) -> dict[str, float]:
    """Return each document's best score in a ranking of passages."""
    scores: dict[str, float] = {}
    for hit in ranking:
        scores.setdefault(index.passage(hit.row).document_id, hit.score)
    return scores


def runs(questions: QuestionSet, index: Index) -> dict[str, Run]:
    """Return the runs {question: {document: score}} of each ranking over the judged questions."""
    found: dict[str, Run] = {"dense": {}, "lexical": {}, "reciprocal rank": {}, "standard score": {}}
    judged = [question for question in questions.questions if question["_id"] in questions.judgments]
    for batch in batches(judged):
        vectors = index.embed([question["text"] for question in batch])
        for one, dense in zip(batch, dense_rankings(vectors, index, DEPTH), strict=True):
            lexical = lexical_ranking(index.language.question(one["text"]), index, DEPTH)
            rankings = {
                "dense": dense,
                "lexical": lexical,
                "reciprocal rank": reciprocal_rank([dense, lexical]),
                "standard score": standard_score(dense, lexical),
            }
            for name, ranking in rankings.items():
                found[name][one["_id"]] = document_scores(ranking, index)
    return found


def mean_with_interval(values: Sequence[float]) -> str:
    """Return the mean with its 95 % interval by percentile bootstrap, 1,000 resamples, seed 0."""
    array = np.array(values)
    draws = np.random.default_rng(0).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(array[draws].mean(axis=1), [2.5, 97.5])
    return f"{array.mean():.3f} [{low:.3f}, {high:.3f}]"


def main(folders: Sequence[Path]) -> None:
    """Print a row for each set."""
    print("| set | documents | passages | questions | dense | lexical | reciprocal rank | standard score (default) |")
    print("|---|---|---|---|---|---|---|---|")
    for folder in folders:
        questions, index = read_set(folder), open_set_index(folder)
        cells = []
        for run in runs(questions, index).values():
            scored = {m.query_id: m.value for m in ir_measures.iter_calc([nDCG @ 10], questions.judgments, run)}
            # A question that got no document has no row of its own and counts as 0.
            cells.append(mean_with_interval([scored.get(question, 0.0) for question in questions.judgments]))
        counts = f"{index.manifest.documents} | {len(index)} | {len(questions.judgments)}"
        print(f"| {questions.name} | {counts} | {' | '.join(cells)} |", flush=True)
        index.close()


if __name__ == "__main__":
    main(named_sets(__doc__))
