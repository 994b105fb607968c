"""Unknown terms + Index -> the terms closest in meaning that the texts do use: "heart attack", "myocardial infarction".

The passages nearest to a term are read for their noun phrases, and these are compared with the term by cosine.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nlargest
from math import log

from qa.indexing.index import Index, Selection
from qa.stores import Vectors

CLOSE = 0.6
"""The least cosine of a term that is offered; `benchmarks/closest.py` prints how near the best one comes to words that
mean nothing."""

PASSAGES = 5
OFFERED = 2
_WORDS = 4  # the longest phrase that is a term
_COMPARED = 20  # phrases of one term's passages; `benchmarks/closest.py` prints what is lost with fewer
_LEAST_USES = 2  # passages that use a phrase, so that it is a term of these texts and not one author's turn


def closest_terms(
    terms: Sequence[str], vectors: Vectors, index: Index, selection: Selection | None = None
) -> list[tuple[str, ...]]:
    """Return for each term, with its (n, d) vectors, the closest terms that the texts use, best first; often none."""
    if not terms:
        return []
    _, ids = index.store.search(vectors, PASSAGES, selection.rows if selection else None)
    found = [candidate_phrases(term, [int(row) for row in rows], index) for term, rows in zip(terms, ids, strict=True)]
    unique = list(dict.fromkeys(phrase for phrases in found for phrase in phrases))
    places = {phrase: place for place, phrase in enumerate(unique)}
    embedded = index.embed(unique)
    return [
        _close([(phrase, float(embedded[places[phrase]] @ vector)) for phrase in phrases])
        for phrases, vector in zip(found, vectors, strict=True)
    ]


def _close(scored: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    near = sorted((pair for pair in scored if pair[1] >= CLOSE), key=lambda pair: -pair[1])
    return tuple(phrase for phrase, _ in near[:OFFERED])


def candidate_phrases(term: str, rows: Sequence[int], index: Index, most: int = _COMPARED) -> list[str]:
    """Return the phrases of the passages that share no word with the term and that the texts use more than once.

    At most so many, for embedding them is what costs: first short ones that these passages use often and the texts
    rarely, by tf-idf a word.
    """
    stems = index.language.stems
    own = set(stems(term))
    phrases: dict[tuple[str, ...], str] = {}
    uses: Counter[tuple[str, ...]] = Counter()
    for phrase in _all_phrases(rows, index):
        words = tuple(stems(phrase))
        if words and len(words) <= _WORDS and not own & set(words):
            phrases.setdefault(words, phrase)
            uses[words] += 1
    counts = {words: index.lexicon.passage_count(words) for words in uses}
    worth = {w: uses[w] * log(len(index) / n) / len(w) for w, n in counts.items() if n >= _LEAST_USES}
    return [phrases[words] for words in nlargest(most, worth, key=worth.__getitem__)]


def _all_phrases(rows: Sequence[int], index: Index) -> Iterator[str]:
    passages = [index.passage(row) for row in rows]
    yield from (heading for passage in passages for heading in (passage.title, passage.heading) if heading)
    for passage in passages:
        yield from index.language.phrases(passage.text)
