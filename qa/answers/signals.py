"""Rankings, terms and passages of one question -> Signals: what its confidence is computed from.

Each signal is a field of ``datatypes.Signals``, where its range and meaning stand. Nothing is weighed here: that is
``confidence``'s.
"""

from collections.abc import Mapping, Sequence, Set
from itertools import combinations
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from qa.answers.candidates import Candidates
from qa.answers.settling import lacked
from qa.datatypes import NOTHING_MEASURED, Passage, Question, Ranking, Reading, Signals, TermReport, TermState
from qa.indexing.index import Index
from qa.language import Language

SHOWN = 5
"""Passages that signals are measured on, whatever number is asked for: confidence is that these answer."""

_BM25_LIMIT = 2.2  # k1 + 1: what the inverse document frequency of a word is multiplied by at most
_FLAGGED = {TermState.UNKNOWN, TermState.UNESTABLISHED}

Numbers = dict[str, float]


class Rankings(NamedTuple):
    """What was found for a question: by cosine, by BM25, and both together, whole and not cut where the answer is."""

    dense: Ranking
    lexical: Ranking
    fused: Ranking


class _StemmedPassage:
    """The stems of a passage: of its title and heading, and of all of it."""

    def __init__(self, passage: Passage, language: Language) -> None:
        self._passage = passage
        self._stemmed = language.stemmed(passage.text)
        self.context = frozenset(language.stems(f"{passage.title}\n{passage.heading}"))
        self.all = self.context.union(stem for stem, _, _ in self._stemmed)

    def sentences(self) -> list[list[str]]:
        """Return the stems of each sentence."""
        ranges = self._passage.sentences or ((0, len(self._passage.text)),)
        return [[stem for stem, start, _ in self._stemmed if a <= start < b] for a, b in ranges]


class Read(NamedTuple):
    """A question as it was read, what is known of its terms, what its first passages say, and how likely the likeliest
    of its terms is missing."""

    question: Question
    reports: Sequence[TermReport]
    readings: Sequence[Reading]
    missing: float = 0.0


def measure_signals(read: Read, rankings: Rankings, candidates: Candidates, index: Index) -> Signals:
    """Return the signals of a question from its rankings, and the candidates among which these are.

    All are 0 where nothing was found. Costs well under a millisecond, most of it to stem the five passages.
    """
    question, reports, readings, missing = read
    dense, lexical, fused = rankings
    if not fused:
        return NOTHING_MEASURED
    weights = content_weights(question, index)
    shown = [_StemmedPassage(index.passage(hit.row), index.language) for hit in fused[:SHOWN]]
    return Signals(
        **_nearness(dense, fused, candidates),
        **_coverage(weights, shown, index),
        **_missing(weights, reports, shown),
        lead=fused[0].score / sqrt(2 * log(max(len(fused), 2))),
        lexical_share=lexical[0].score / (_BM25_LIMIT * sum(weights.values())) if lexical and weights else 0.0,
        agreement=_agreement(fused[0].row, dense, lexical),
        length=log(1 + len(weights)),
        read_answer=max((reading.log_odds for reading in readings), default=0.0),
        read_lacking=_lacking(question, readings, frozenset(weights)),
        term_missing=missing,
    )


def _lacking(question: Question, readings: Sequence[Reading], content: Set[str]) -> float:
    """Return the highest probability with which a content word is lacking in every passage that was read."""
    if not readings:
        return 0.0
    words = [word for word in question.words if word.stem in content]
    return max((min(lacked(word.start, word.end, one) for one in readings) for word in words), default=0.0)


def content_weights(question: Question, index: Index) -> dict[str, float]:
    """Return the inverse document frequency of each stem of a question that does not only ask; of all where all do."""
    return {stem: index.lexicon.weight(stem) for stem in dict.fromkeys(question.content)}


def _nearness(dense: Ranking, fused: Ranking, candidates: Candidates) -> Numbers:
    vectors = candidates.vectors_of(fused[:SHOWN])
    likeness = vectors @ vectors.T
    pairs = [float(likeness[pair]) for pair in combinations(range(len(vectors)), 2)]
    nearest = [hit.score for hit in dense]
    return {
        "top_cosine": nearest[0],
        "rise": nearest[0] - float(np.median(nearest)),
        "coherence": sum(pairs) / len(pairs) if pairs else 0.0,
    }


def _coverage(weights: Mapping[str, float], shown: Sequence[_StemmedPassage], index: Index) -> Numbers:
    """Return what share of the question's lexical weight is found, and where."""
    total = sum(weights.values())

    def share(held: Set[str]) -> float:
        return sum(weight for stem, weight in weights.items() if stem in held) / total if total else 0.0

    first = shown[0]
    corpus = {stem for stem in weights if index.lexicon.passage_count([stem])}
    absent = max((weight for stem, weight in weights.items() if stem not in first.all), default=0.0)
    return {
        "corpus_coverage": share(corpus),
        "passage_coverage": share(first.all),
        "shown_coverage": share(frozenset().union(*(passage.all for passage in shown))),
        "sentence_coverage": max(share(first.context.union(sentence)) for sentence in first.sentences()),
        "title_coverage": max(share(passage.context) for passage in shown),
        "missing_word": absent / index.lexicon.weight(""),
        "matched_weight": share(first.all) * total,
    }


def _missing(weights: Mapping[str, float], reports: Sequence[TermReport], shown: Sequence[_StemmedPassage]) -> Numbers:
    """Return how much of the question hangs on terms that the texts lack, and on nouns that the first passage lacks."""
    flagged = [report for report in reports if report.state in _FLAGGED]
    nouns = [frozenset(report.stems) for report in reports if report.term.noun]
    lost = {stem for report in flagged for stem in report.stems}
    total = sum(weights.values())
    apart = [not any(frozenset(report.stems) <= passage.all for passage in shown) for report in flagged]
    return {
        "noun_coverage": sum(noun <= shown[0].all for noun in nouns) / len(nouns) if nouns else 1.0,
        "flagged_weight": sum(weight for stem, weight in weights.items() if stem in lost) / total if total else 0.0,
        "flagged_name": float(bool(flagged)),
        "flagged_unknown": float(any(report.state is TermState.UNKNOWN for report in flagged)),
        "flagged_apart": float(any(apart)),
    }


def _agreement(row: int, dense: Ranking, lexical: Ranking) -> float:
    """Return the mean of the row's reciprocal ranks in both rankings, 0 for one that lacks it."""
    return sum(1 / hit.rank for ranking in (dense, lexical) for hit in ranking if hit.row == row) / 2
