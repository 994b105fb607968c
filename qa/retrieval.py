"""Questions + Index -> Evidence: rankings, the states of the terms, passages for the known parts.

Nothing is judged here: what the evidence means is ``confidence``'s and ``notes``'.
"""

from collections.abc import Sequence

import numpy as np

from qa.datatypes import Evidence, Hit, Part, Ranking, TermReport, TermState
from qa.fusions import rank, standard_score
from qa.index import Index
from qa.states import report_terms
from qa.stores import Vectors
from qa.terms import QUESTION_WORDS, find_terms, stems

DEPTH = 100
"""Hits of each ranking that go into the fusion, or k where that is more."""

PART_PASSAGES = 3
MAX_PARTS = 8
_FEW = 3  # known terms beside the flagged ones; more make a text of the question, not a subject
_PART_DEPTH = 200  # passages with a part's words that are compared by cosine


def gather_evidence(questions: Sequence[str], index: Index, k: int) -> list[Evidence]:
    """Return the evidence for each question, its ranking at most k long. The questions are embedded together."""
    reports = [report_terms(find_terms(question), index.lexicon) for question in questions]
    parts = [parts_of(report) for report in reports]
    texts = [*questions, *(part_text(terms) for asked in parts for terms in asked)]
    vectors = index.embed(texts)
    rest = iter(vectors[len(questions) :])
    rankings = dense_rankings(vectors[: len(questions)], index, max(DEPTH, k))
    found = []
    for number, question in enumerate(questions):
        dense = rankings[number]
        fused = standard_score(dense, lexical_ranking(question, index, max(DEPTH, k)))[:k]
        cosines = _cosines(vectors[number], fused, index)
        found.append(
            Evidence(
                question=question,
                ranking=fused,
                cosines=cosines,
                top_cosine=max(cosines, default=0.0),
                terms=reports[number],
                parts=tuple(Part(terms, _part_ranking(terms, next(rest), index)) for terms in parts[number]),
            )
        )
    return found


def dense_rankings(vectors: Vectors, index: Index, k: int) -> list[Ranking]:
    """Return the k nearest passages by cosine for each of the (q, d) vectors."""
    scores, ids = index.store.search(vectors, k)
    return [
        rank({int(row): float(score) for row, score in zip(rows, row_scores, strict=True)})
        for rows, row_scores in zip(ids, scores, strict=True)
    ]


def lexical_ranking(question: str, index: Index, k: int) -> Ranking:
    """Return the k best passages by BM25 over the question's words, those that only ask left out."""
    asked = stems(question)
    return index.lexicon.rank([word for word in asked if word not in QUESTION_WORDS] or asked, k)


def parts_of(reports: Sequence[TermReport]) -> list[tuple[str, ...]]:
    """Return the known parts of the flagged terms, each alone and then the parts of one term together.

    Where something is flagged and the question has few other terms, these are parts too: "anxiety" in a question on
    "anxiety and the quorvex method". At most MAX_PARTS in all.
    """
    flagged = [report for report in reports if report.state is not TermState.KNOWN]
    if not flagged:
        return []
    inside = [part for report in flagged for part in report.known_parts]
    beside = [part for report in reports if report.state is TermState.KNOWN for part in report.known_parts]
    alone = list(dict.fromkeys([*inside, *(beside if len(beside) <= _FEW else [])]))
    together = [tuple(dict.fromkeys(report.known_parts)) for report in flagged]
    return [*((part,) for part in alone), *dict.fromkeys(terms for terms in together if len(terms) > 1)][:MAX_PARTS]


def part_text(terms: Sequence[str]) -> str:
    """Return what is embedded for parts: "psychotherapy and social action"."""
    return " and ".join(terms)


def _part_ranking(terms: Sequence[str], vector: Vectors, index: Index) -> Ranking:
    """Return the passages nearest to the parts among those that have all of their words."""
    having = index.lexicon.rank_with_all([stems(term) for term in terms], _PART_DEPTH)
    cosines = _cosines(vector, having, index)
    return rank({hit.row: cosine for hit, cosine in zip(having, cosines, strict=True)})[:PART_PASSAGES]


def _cosines(vector: Vectors, hits: Sequence[Hit], index: Index) -> tuple[float, ...]:
    vectors = index.store.vectors(np.array([hit.row for hit in hits], np.int64))
    return tuple(float(cosine) for cosine in np.clip(vectors @ vector, -1, 1))
