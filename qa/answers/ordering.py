"""What scores do not see: a rare word that few passages have, passages that say nothing, and those that say the same.

``benchmarks/ordering.py`` measures what each is worth, and where its numbers come from.
"""

import re
from collections.abc import Container, Iterator, Sequence
from itertools import islice

import numpy as np

from qa.answers.candidates import Candidates
from qa.answers.fusions import rank
from qa.datatypes import Hit, Passage, Question, Ranking, Word
from qa.indexing.index import Index
from qa.language import Language
from qa.lexicons import Lexicon

SAME = 0.999
"""Passages with this cosine to each other or more say the same: copies, but for a comma."""

FIRST = 20
"""Passages of a ranking that are looked at: no more are shown at first."""

RARE = 3.0
"""On wordfreq's Zipf scale, once in a million words: up to here a word is rare in its language, and not only in the
texts."""

FEW = 5
"""Passages that may have a rare word which is taken to be what a question is about."""

RARE_WORTH = 2.0
"""What the only passage with a rare word gains, in standard deviations of the fused scores; of several, each its share.
From 1.5 to 2 no set falls and most rise; above, they fall again."""

MOST_RARE = 20
"""Rare words of a question that are looked up: questions of people have fewer."""

LEAST_OWN = 4
"""Words that a passage has and neither its title nor its heading: with fewer it says nothing by itself."""

EMPTY_WORTH = 2.0
"""What a passage without own words loses, in the same unit. On sets of questions 1 gives the same within the intervals;
on the pages of a manual, sections that only name the page still come first with it."""

_MARKS = ".,;:!…\"“”„«»'‘’*_"  # a question is no statement, and a sign of a number is a part of it
_NOTE_MARK = re.compile(r"\[\w{1,3}\]")
_BULLET = re.compile(r"^[^\S\n]*[-–*•+][^\S\n]+", re.MULTILINE)

_LONGEST_EMPTY = 120  # characters; in more, there are always as many words


def put_in_order(fused: Ranking, question: Question, index: Index, among: Sequence[int] | None = None) -> Ranking:
    """Return a fused ranking with passages that have a rare word of the question raised, and those of its first that
    say nothing by themselves lowered."""
    gains = rare_gains(question, index.lexicon, among)
    raised = _moved(fused, gains) if gains else fused
    losses = {hit.row: -empty_loss(index.passage(hit.row), index.language) for hit in raised[:FIRST]}
    return _moved(raised, losses) if any(losses.values()) else raised


def _moved(ranking: Ranking, gains: dict[int, float]) -> Ranking:
    return rank({hit.row: hit.score + gains.get(hit.row, 0.0) for hit in ranking})


def rare_gains(question: Question, lexicon: Lexicon, among: Sequence[int] | None = None) -> dict[int, float]:
    """Return what each passage gains that has a rare word of the question."""
    gains: dict[int, float] = {}
    for word in _rare_words(question, lexicon.language):
        if 0 < lexicon.passage_count([word.stem]) <= FEW:
            having = lexicon.rank_with_all([[word.stem]], FEW, among)
            for hit in having:
                gains[hit.row] = gains.get(hit.row, 0.0) + RARE_WORTH / len(having)
    return gains


def _rare_words(question: Question, language: Language) -> Iterator[Word]:
    """Yield the rare words of a question, each once, the first ``MOST_RARE``."""
    distinct = {word.stem: word for word in question.words if word.stem not in language.question_words}
    return islice((word for word in distinct.values() if language.frequency(word.folded) <= RARE), MOST_RARE)


def empty_loss(passage: Passage, language: Language) -> float:
    """Return what a passage loses for want of words of its own."""
    if len(passage.text) > _LONGEST_EMPTY:
        return 0.0
    said = set(language.stems(f"{passage.title} {passage.heading}")) | language.question_words | language.small_words
    own = set(language.stems(passage.text)) - said
    return EMPTY_WORTH * max(LEAST_OWN - len(own), 0) / LEAST_OWN


def find_copies(ranking: Ranking, candidates: Candidates, index: Index) -> dict[int, int]:
    """Return the row of each passage that says the same as a better one, with the row of that: those that are as near
    to it as copies are, and, of the first, those with the same words under another title or heading."""
    if len(ranking) < 2:
        return {}
    vectors = candidates.vectors_of(ranking)
    near = vectors @ vectors.T >= SAME
    np.fill_diagonal(near, val=True)
    firsts: dict[tuple[str, ...], int] = {}
    copies: dict[int, int] = {}
    for place, (hit, first) in enumerate(zip(ranking, near.argmax(axis=0).tolist(), strict=True)):
        same = min(first, place)
        if place < FIRST:
            same = min(same, firsts.setdefault(wording(index.passage(hit.row)), place))
        if same < place:
            best = ranking[same].row
            copies[hit.row] = copies.get(best, best)
    return copies


def wording(passage: Passage) -> tuple[str, ...]:
    """Return the words of a passage as copies of it have them too: in lower case, without its title, which a text file
    begins with, and without marks of sentences, lists and notes; of a passage that is its title, that."""
    first, _, rest = passage.text.strip().partition("\n")
    is_titled = _plain(first) == _plain(passage.title)
    return (is_titled and _plain(rest)) or _plain(passage.text)


def _plain(text: str) -> tuple[str, ...]:
    stripped = (word.strip(_MARKS) for word in _NOTE_MARK.sub("", _BULLET.sub("", text)).lower().split())
    return tuple(word for word in stripped if word)


def copies_last(ranking: Ranking, copies: Container[int]) -> Ranking:
    """Return the ranking with copies behind all others, their scores unchanged."""
    if not any(hit.row in copies for hit in ranking):
        return ranking
    ordered = sorted(ranking, key=lambda hit: hit.row in copies)
    return tuple(Hit(hit.row, hit.score, place) for place, hit in enumerate(ordered, start=1))
