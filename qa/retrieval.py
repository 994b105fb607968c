"""Questions + Index -> Evidence: rankings, the states of the terms, passages for the known parts.

Nothing is judged here: what the evidence means is ``confidence``'s and ``notes``'.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from qa.closest import closest_terms
from qa.datatypes import EVERYTHING, Evidence, Hit, Part, Ranking, Scope, TermReport, TermState
from qa.fusions import rank, standard_score
from qa.index import Index, Selection
from qa.lexicon import Lexicon
from qa.signals import Rankings, measure_signals
from qa.states import report_terms
from qa.stores import Vectors
from qa.terms import find_terms
from qa.vocabulary import QUESTION_WORDS
from qa.words import stems

DEPTH = 100
"""Hits of each ranking that go into the fusion. Where k is more, what deeper ones bring comes behind."""

SAME = 0.999
"""Passages with this cosine to each other or more say the same: copies, but for a comma."""

MOST_COMPARED = 3
"""Unknown terms of a question for which close ones are sought: each costs tens of phrases to embed, as much as a
question of 200 characters. A long question costs enough by itself, and none is sought for it."""

LONG = 500
"""Characters from which on a question is long, half of the most that it may have."""

FREQUENT = 0.05
"""Of the passages: a pair of words that are both in more is left out of BM25 in a large index. It tells least, for such
words often stand side by side by chance, and costs most; `benchmarks/stages.py` has what small indexes would lose."""

MANY = 20_000
"""Passages with a word up to which its pairs always count: about twice as many as the largest set has that the
confidence was fitted on, so that no signal of it changes, and few enough to be looked through in less than a
millisecond a pair."""

PART_PASSAGES = 3
MAX_PARTS = 8
_FEW = 3  # known terms beside the flagged ones; more make a text of the question, not a subject
_PART_DEPTH = 200  # passages with a part's words that are compared by cosine


def gather_evidence(
    questions: Sequence[str], index: Index, k: int, scope: Scope = EVERYTHING, with_parts: bool = True
) -> list[Evidence]:
    """Return the evidence for each question, its ranking k long where the scope has so many passages.

    The questions are embedded together. Without parts there are neither passages for the known parts nor closest terms,
    which cost most and bear on no signal. Raises BadQuestion when nothing is in the scope.
    """
    selection = index.select(scope)
    reports = [report_terms(find_terms(question), index.lexicon) for question in questions]
    read = [read_as(question, found) for question, found in zip(questions, reports, strict=True)]
    parts = [parts_of(report) if with_parts else [] for report in reports]
    unknown = (
        [text for pair in zip(questions, reports, strict=True) for text in unknown_of(*pair)] if with_parts else []
    )
    part_texts = [part_text(terms) for asked in parts for terms in asked]
    vectors = index.embed([*read, *part_texts, *unknown])
    rest = iter(vectors[len(questions) : len(questions) + len(part_texts)])
    closest = iter(closest_terms(unknown, vectors[len(questions) + len(part_texts) :], index, selection))
    depth = max(DEPTH, k)
    rankings = dense_rankings(vectors[: len(questions)], index, depth, selection)
    found = []
    for number, question in enumerate(questions):
        lexical = lexical_ranking(read[number], index, depth, selection)
        head = copies_last(standard_score(rankings[number][:DEPTH], lexical[:DEPTH]), index)
        measured = Rankings(rankings[number][:DEPTH], lexical[:DEPTH], head)
        fused = head if k <= len(head) else _deepened(head, standard_score(rankings[number], lexical))
        found.append(
            Evidence(
                question=question,
                ranking=fused[:k],
                cosines=_cosines(vectors[number], fused[:k], index),
                signals=measure_signals(read[number], reports[number], measured, index),
                terms=tuple(_with_closest(question, reports[number], closest) if with_parts else reports[number]),
                parts=tuple(Part(terms, _part_ranking(terms, next(rest), index, selection)) for terms in parts[number]),
                scope=scope,
            )
        )
    return found


def _deepened(head: Ranking, deeper: Ranking) -> Ranking:
    """Return a ranking with what a deeper one has beside it behind, so that its first hits do not depend on k."""
    held = {hit.row for hit in head}
    rest = [hit for hit in deeper if hit.row not in held]
    return (*head, *(Hit(hit.row, hit.score, place) for place, hit in enumerate(rest, start=len(head) + 1)))


def dense_rankings(vectors: Vectors, index: Index, k: int, selection: Selection | None = None) -> list[Ranking]:
    """Return the k nearest passages by cosine for each of the (q, d) vectors, of a selection where one is given."""
    scores, ids = index.store.search(vectors, k, selection.rows if selection else None)
    return [
        rank({int(row): float(score) for row, score in zip(rows, row_scores, strict=True)})
        for rows, row_scores in zip(ids, scores, strict=True)
    ]


def lexical_ranking(question: str, index: Index, k: int, selection: Selection | None = None) -> Ranking:
    """Return the k best passages by BM25 over the question's words and its pairs of neighbours, words that only ask
    left out."""
    asked = stems(question)
    words = [word for word in asked if word not in QUESTION_WORDS] or asked
    pairs = telling_pairs(asked, index.lexicon)
    return index.lexicon.rank(words, k, pairs, selection.documents if selection else None)


def telling_pairs(asked: Sequence[str], lexicon: Lexicon, many: int = MANY) -> list[tuple[str, str]]:
    """Return the pairs of neighbours among a question's stems that BM25 counts: none of two words that only ask, and
    none of two words that both stand in more than ``FREQUENT`` of the passages, and in more than ``many``."""
    rare = max(many, FREQUENT * len(lexicon))
    pairs = [pair for pair in pairwise(asked) if not QUESTION_WORDS.issuperset(pair)]
    return [pair for pair in pairs if any(lexicon.passage_count([stem]) <= rare for stem in pair)]


def copies_last(ranking: Ranking, index: Index) -> Ranking:
    """Return the ranking with passages that say the same as a better one behind all others, their scores unchanged."""
    if len(ranking) < 2:
        return ranking
    vectors = index.store.vectors(np.array([hit.row for hit in ranking], np.int64))
    same = np.triu(vectors @ vectors.T >= SAME, k=1).any(axis=0)
    if not same.any():
        return ranking
    ordered = [*np.flatnonzero(~same), *np.flatnonzero(same)]
    return tuple(Hit(ranking[at].row, ranking[at].score, place) for place, at in enumerate(ordered, start=1))


def read_as(question: str, reports: Sequence[TermReport]) -> str:
    """Return the question with each misspelled word as it was meant: what is searched for."""
    for report in reversed(reports):
        if report.suggestion is not None:
            question = question[: report.term.start] + report.suggestion + question[report.term.end :]
    return question


def unknown_of(question: str, reports: Sequence[TermReport]) -> list[str]:
    """Return the unknown terms of a question for which close ones are sought, each once, the first MOST_COMPARED; none
    of a LONG question."""
    most = MOST_COMPARED if len(question) <= LONG else 0
    return list(dict.fromkeys(r.term.text for r in reports if r.state is TermState.UNKNOWN))[:most]


def _with_closest(
    question: str, reports: Sequence[TermReport], closest: Iterator[tuple[str, ...]]
) -> Iterator[TermReport]:
    found = {text: next(closest) for text in unknown_of(question, reports)}
    for report in reports:
        yield replace(report, closest=found.get(report.term.text, ())) if report.state is TermState.UNKNOWN else report


def parts_of(reports: Sequence[TermReport]) -> list[tuple[str, ...]]:
    """Return the known parts of the flagged terms, each alone and then the parts of one term together.

    Where something is flagged and the question has few other terms, these are parts too: "anxiety" in a question on
    "anxiety and the quorvex method". At most MAX_PARTS in all.
    """
    flagged = [report for report in reports if report.state in {TermState.UNKNOWN, TermState.UNESTABLISHED}]
    if not flagged:
        return []
    inside = [part for report in flagged for part in report.known_parts]
    nouns = [report for report in reports if report.state is TermState.KNOWN and report.term.noun]
    beside = [part for report in nouns for part in report.known_parts]
    alone = list(dict.fromkeys([*inside, *(beside if len(beside) <= _FEW else [])]))
    together = [tuple(dict.fromkeys(report.known_parts)) for report in flagged]
    return [*((part,) for part in alone), *dict.fromkeys(terms for terms in together if len(terms) > 1)][:MAX_PARTS]


def part_text(terms: Sequence[str]) -> str:
    """Return what is embedded for parts: "psychotherapy and social action"."""
    return " and ".join(terms)


def _part_ranking(terms: Sequence[str], vector: Vectors, index: Index, selection: Selection | None) -> Ranking:
    """Return the passages nearest to the parts among those that have all of their words."""
    among = selection.documents if selection else None
    having = index.lexicon.rank_with_all([stems(term) for term in terms], _PART_DEPTH, among)
    cosines = _cosines(vector, having, index)
    nearest = rank({hit.row: cosine for hit, cosine in zip(having, cosines, strict=True)})
    return copies_last(nearest, index)[:PART_PASSAGES]


def _cosines(vector: Vectors, hits: Sequence[Hit], index: Index) -> tuple[float, ...]:
    vectors = index.store.vectors(np.array([hit.row for hit in hits], np.int64))
    return tuple(float(cosine) for cosine in np.clip(vectors @ vector, -1, 1))
