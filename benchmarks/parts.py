"""Whether the passages for a question's known parts are better with a part's vector in the question, or by itself.

    python -m benchmarks.parts ../shared/data/hypotermqa corpus [MORE SETS...]

Of each part that is sought for a judged question: whether one of its passages is of a document that is judged to bear
on the question, by the mean of its tokens' vectors as they stand in the question, and by the vector of its words
embedded apart. The difference comes with its 95 % interval, by paired bootstrap over the questions.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.arguments import named_sets
from benchmarks.data import QuestionSet, batches, open_set_index, read_set
from benchmarks.ordering import difference
from qa.answers.candidates import Candidates
from qa.answers.parts import first_of, having_all, nearest_to, part_text
from qa.answers.retrieval import Found, look_up, with_reports
from qa.datatypes import Phrase
from qa.indexing.index import Index
from qa.stores import Vectors

Shares = tuple[int, float, float]
"""Of a question: its parts, and the shares of them with a judged passage, by the vector in the question and apart."""


def main(folders: Sequence[Path]) -> None:
    """Print a row for each set."""
    print("| set | questions with parts | parts | judged passage, in the question | apart | difference |")
    print("|---|---|---|---|---|---|")
    for folder in folders:
        questions = read_set(folder)
        with open_set_index(folder, with_reader=False) as index:
            print(_row(questions.name, list(_measured(questions, index))), flush=True)


def _row(name: str, found: list[Shares]) -> str:
    if not found:
        return f"| {name} | 0 | 0 | - | - | - |"
    parts, inside, apart = (np.array(column) for column in zip(*found, strict=True))
    means = f"{np.average(inside, weights=parts):.3f} | {np.average(apart, weights=parts):.3f}"
    return f"| {name} | {len(found)} | {parts.sum()} | {means} | {difference(inside.tolist(), apart.tolist())} |"


def _measured(questions: QuestionSet, index: Index) -> Iterator[Shares]:
    """Yield the shares of each judged question that has parts."""
    judged = [one for one in questions.questions if questions.judgments.get(one["_id"])]
    for batch in batches(judged):
        for one, found in zip(batch, look_up([one["text"] for one in batch], index), strict=True):
            bears = {document for document, grade in questions.judgments[one["_id"]].items() if grade > 0}
            parts = with_reports(found, index).with_sides(index, None).asked.parts
            told = [(phrases, vector) for phrases, vector in parts if vector is not None]
            if told:
                apart = index.embed([part_text(phrases) for phrases, _ in told])
                inside = [_has_judged(phrases, vector, found, bears, index) for phrases, vector in told]
                others = [
                    _has_judged(phrases, vector, found, bears, index)
                    for (phrases, _), vector in zip(told, apart, strict=True)
                ]
                yield len(told), float(np.mean(inside)), float(np.mean(others))


def _has_judged(phrases: Sequence[Phrase], vector: Vectors, found: Found, bears: set[str], index: Index) -> bool:
    """Whether one of a part's passages, the nearest to a vector, is of a document that bears on the question."""
    having = having_all(phrases, index, None)
    candidates = Candidates.of((found.dense, having), index.store)
    shown, _ = first_of(nearest_to(vector, having, candidates), candidates, index)
    return any(index.passage(hit.row).document_id in bears for hit in shown)


if __name__ == "__main__":
    main(named_sets(__doc__))
