"""Fits the dense ranking's weight in the default fusion: on all sets but one, reported on that one.

python -m benchmarks.fusion ../shared/data/scifact ../shared/data/squad2 [MORE SETS...]
"""

from collections.abc import Sequence
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import nDCG

from benchmarks.arguments import named_sets
from benchmarks.data import Judgments, batches, open_set_index, read_set
from benchmarks.retrieval import DEPTH, Run, document_scores
from benchmarks.rivals import reciprocal_rank
from qa.answers.fusions import standard_score
from qa.answers.retrieval import dense_rankings, lexical_ranking
from qa.datatypes import Ranking
from qa.indexing.index import Index

WEIGHTS = [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]

Pairs = dict[str, tuple[Ranking, Ranking]]
"""{question id: (dense ranking, lexical ranking)}"""


def pairs_of(folder: Path, index: Index) -> tuple[Pairs, Judgments]:
    """Return both rankings of each judged question of a set, and its judgments."""
    questions = read_set(folder)
    pairs: Pairs = {}
    judged = [question for question in questions.questions if question["_id"] in questions.judgments]
    for batch in batches(judged):
        vectors = index.embed([question["text"] for question in batch])
        for one, dense in zip(batch, dense_rankings(vectors, index, DEPTH), strict=True):
            question = index.language.question(one["text"])
            pairs[one["_id"]] = (dense, lexical_ranking(question, index, DEPTH))
    return pairs, questions.judgments


def ndcg(pairs: Pairs, judgments: Judgments, index: Index, weight: float | None) -> float:
    """Return the mean nDCG@10 at a weight; of reciprocal rank fusion for None."""
    run: Run = {}
    for question, (dense, lexical) in pairs.items():
        fused = reciprocal_rank([dense, lexical]) if weight is None else standard_score(dense, lexical, weight)
        run[question] = document_scores(fused, index)
    return float(np.mean(ndcg_of_run(run, judgments)))


def ndcg_of_run(run: Run, judgments: Judgments) -> list[float]:
    """Return nDCG@10 of each judged question; one that got no document counts as 0."""
    scored = {metric.query_id: metric.value for metric in ir_measures.iter_calc([nDCG @ 10], judgments, run)}
    return [scored.get(question, 0.0) for question in judgments]


def main(folders: Sequence[Path]) -> None:
    """Print nDCG@10 of each set at each weight, and at the weight that the other sets choose."""
    columns = " | ".join(map(str, WEIGHTS))
    print(f"| set | reciprocal rank | {columns} | chosen by the others | there |")
    print("|---|---|" + "---|" * len(WEIGHTS) + "---|---|")
    tables, ranks = [], []
    for folder in folders:
        index = open_set_index(folder)
        pairs, judgments = pairs_of(folder, index)
        ranks.append(ndcg(pairs, judgments, index, None))
        tables.append([ndcg(pairs, judgments, index, weight) for weight in WEIGHTS])
        index.close()
    table = np.array(tables)
    for row, folder in enumerate(folders):
        chosen = int(np.delete(table, row, axis=0).mean(axis=0).argmax())
        cells = " | ".join(f"{value:.3f}" for value in table[row])
        print(f"| {folder.name} | {ranks[row]:.3f} | {cells} | {WEIGHTS[chosen]} | {table[row, chosen]:.3f} |")
    means = " | ".join(f"{value:.3f}" for value in table.mean(axis=0))
    print(f"| mean | {np.mean(ranks):.3f} | {means} | {WEIGHTS[int(table.mean(axis=0).argmax())]} | |")


if __name__ == "__main__":
    main(named_sets(__doc__))
