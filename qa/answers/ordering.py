"""What scores do not see: a rare word or a name that few passages have, passages that say nothing, or nothing of one
document, and those that say the same.

``benchmarks/ordering.py`` measures what each is worth, and where its numbers come from.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence, Set
from itertools import islice

import numpy as np

from qa.answers.candidates import Candidates
from qa.answers.fusions import rank
from qa.datatypes import Hit, Passage, Question, Ranking, Word
from qa.indexing.index import Index
from qa.language import Language
from qa.language.numbers import CALENDAR
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

OTHERS = 2
"""Other documents that say the same as a passage under the same heading, from which on it may be a footer. Chosen so,
as the next one, and not fitted: none of the sets has footers."""

ALIKE = 0.8
"""The share of their words that such passages have in common: a date or a number is another on each page."""

_ABBREVIATION = re.compile(r"[A-Z]\w{0,3}\.")
_LOOKED_AT = 8  # passages with the words of one that may be a footer: long ones that have them too come last
_LONGEST_FOOTER = 200  # characters
_END = 200  # characters of a passage in which its last word stands
_MARKS = ".,;:!…\"“”„«»'‘’*_"  # a question is no statement, and a sign of a number is a part of it
_NOTE_MARK = re.compile(r"\[\w{1,3}\]")
_BULLET = re.compile(r"^[^\S\n]*[-–*•+][^\S\n]+", re.MULTILINE)

_LONGEST_EMPTY = 120  # characters; in more, there are always as many words


def put_in_order(fused: Ranking, question: Question, index: Index, among: Sequence[int] | None = None) -> Ranking:
    """Return a fused ranking with passages that have a rare word or a name of the question raised, and those of its
    first that say nothing by themselves, or what other documents say too, lowered."""
    gains, names = rare_gains(question, index.lexicon, among), name_gains(question, index, among)
    raised = _moved(fused, gains) if gains else fused
    raised = _reordered(raised, names) if names else raised
    losses = {hit.row: -_loss(index.passage(hit.row), question, index) for hit in raised[:FIRST]}
    return _moved(raised, losses) if any(losses.values()) else raised


def _moved(ranking: Ranking, gains: dict[int, float]) -> Ranking:
    return rank({hit.row: hit.score + gains.get(hit.row, 0.0) for hit in ranking})


def _reordered(ranking: Ranking, gains: dict[int, float]) -> Ranking:
    """Return the ranking in the order of the moved scores, with its scores in their places: that a common name is there
    says where to look first, and makes no answer more probable."""
    moved = _moved(ranking, gains)
    return tuple(Hit(hit.row, held.score, hit.rank) for hit, held in zip(moved, ranking, strict=True))


def rare_gains(question: Question, lexicon: Lexicon, among: Sequence[int] | None = None) -> dict[int, float]:
    """Return what each passage gains that has a rare word of the question."""
    gains: dict[int, float] = {}
    for word in _rare_words(question, lexicon.language):
        if 0 < lexicon.passage_count([word.stem]) <= FEW:
            having = lexicon.rank_with_all([[word.stem]], FEW, among)
            for hit in having:
                gains[hit.row] = gains.get(hit.row, 0.0) + RARE_WORTH / len(having)
    return gains


def name_gains(question: Question, index: Index, among: Sequence[int] | None = None) -> dict[int, float]:
    """Return what each passage gains that has a name of the question which is common as a word or a name: "Smith"."""
    gains: dict[int, float] = {}
    for name in _common_names(question, index.language):
        if 0 < index.lexicon.passage_count([name.stem]) <= FEW:
            having = index.lexicon.rank_with_all([[name.stem]], FEW, among)
            index.bring((), having)
            named = [hit.row for hit in having if _has_name(index.passage(hit.row), name.stem, index.language)]
            for row in named:
                gains[row] = gains.get(row, 0.0) + RARE_WORTH / len(named)
    return gains


def _common_names(question: Question, language: Language) -> Iterator[Word]:
    """Yield the words of a question that have a capital and are not rare, each once, the first ``MOST_RARE``; none
    where capitals say nothing: in a headline, in a language whose nouns have them, at the beginning, in a date."""
    small = language.question_words | language.small_words
    joining = [word for word in question.words[1:] if word.stem in small]
    is_headline = bool(joining) and all(question.text[word.start].isupper() for word in joining)
    if language.capital_nouns or question.text.isupper() or is_headline:
        return
    distinct = {word.stem: word for word in question.words[1:] if _is_name(word, question.text, small)}
    yield from islice((word for word in distinct.values() if language.frequency(word.folded) > RARE), MOST_RARE)


def _is_name(word: Word, text: str, small: Set[str]) -> bool:
    """Whether a word has a capital for itself: not behind the end of a sentence, but for an abbreviation ("Dr. Smith"),
    nor in a short form of small words ("I'm"), nor as a day or a month."""
    written, before = text[word.start : word.end], text[: word.start].split()[-1:]
    begins = bool(before) and before[0][-1] in ".!?:" and not _ABBREVIATION.fullmatch(before[0])
    is_small = word.stem in small or not small.isdisjoint(re.split("['’ʼ]", written.lower())[:1])
    return written[0].isupper() and not begins and not is_small and word.folded not in CALENDAR


def _has_name(passage: Passage, stem: str, language: Language) -> bool:
    """Whether a passage, its title or its heading has a word with a capital."""
    texts = (passage.text, passage.title, passage.heading)
    return any(found == stem and text[start].isupper() for text in texts for found, start, _ in language.stemmed(text))


def _rare_words(question: Question, language: Language) -> Iterator[Word]:
    """Yield the rare words of a question, each once, the first ``MOST_RARE``."""
    distinct = {word.stem: word for word in question.words if word.stem not in language.question_words}
    return islice((word for word in distinct.values() if language.frequency(word.folded) <= RARE), MOST_RARE)


def _loss(passage: Passage, question: Question, index: Index) -> float:
    return EMPTY_WORTH if is_footer(passage, question, index) else empty_loss(passage, index.language)


def empty_loss(passage: Passage, language: Language) -> float:
    """Return what a passage loses for want of words of its own."""
    if len(passage.text) > _LONGEST_EMPTY:
        return 0.0
    own = _own_words(passage, language) - set(language.stems(passage.heading))
    return EMPTY_WORTH * max(LEAST_OWN - len(own), 0) / LEAST_OWN


def _own_words(passage: Passage, language: Language) -> set[str]:
    """Return the stems that a passage has and its title has not, of words that say something: single letters, as
    options of a command are, do not."""
    said = set(language.stems(passage.title)) | language.question_words | language.small_words
    return {stem for stem in language.stems(passage.text) if len(stem) > 1 or not stem.isascii()} - said


def is_footer(passage: Passage, question: Question, index: Index) -> bool:
    """Whether a passage was found for its title alone and says under its heading what other documents say under theirs:
    of what is asked of one document such wording tells nothing."""
    if not passage.heading or len(passage.text) > _LONGEST_FOOTER:
        return False
    language, asked = index.language, set(question.content)
    own, heading = _own_words(passage, language), language.stems(passage.heading)
    if not own or not asked.isdisjoint(own.union(heading)) or asked.isdisjoint(language.stems(passage.title)):
        return False
    index.lexicon.prepare(own)
    shared = [stem for stem in sorted(own) if index.lexicon.passage_count([stem]) > OTHERS]
    if len(shared) < ALIKE * len(own):
        return False
    having = index.lexicon.rank_with_all([heading, *([stem] for stem in shared)], _LOOKED_AT)
    index.bring((), having)
    others = [index.passage(hit.row) for hit in having]
    documents = {other.document_id for other in others if _is_alike(passage, other, language)}
    return len(documents - {passage.document_id}) >= OTHERS


def _is_alike(one: Passage, other: Passage, language: Language) -> bool:
    """Whether two passages have all but all words in common, those of their titles left out."""
    titles = set(language.stems(f"{one.title} {other.title}"))
    words, others = (_own_words(passage, language) - titles for passage in (one, other))
    return one.heading == other.heading and len(words & others) >= ALIKE * len(words | others)


def find_copies(ranking: Ranking, candidates: Candidates, index: Index) -> dict[int, int]:
    """Return the row of each passage that says the same as a better one, with the row of that: those that are as near
    to it as copies are, and, of the first, those with the same words under another title or heading."""
    if len(ranking) < 2:
        return {}
    vectors = candidates.vectors_of(ranking)
    near = vectors @ vectors.T >= SAME
    np.fill_diagonal(near, val=True)
    worded = _worded_alike([index.passage(hit.row) for hit in ranking[:FIRST]])
    copies: dict[int, int] = {}
    for place, (hit, first) in enumerate(zip(ranking, near.argmax(axis=0).tolist(), strict=True)):
        same = min(first, place, worded.get(place, place))
        if same < place:
            best = ranking[same].row
            copies[hit.row] = copies.get(best, best)
    return copies


def _worded_alike(passages: Sequence[Passage]) -> dict[int, int]:
    """Return the place of each passage that has the same words as one before it, with the first place of these."""
    ends = [_last_word(passage.text[-_END:]) for passage in passages]  # few end alike, and these alone are compared
    alike = Counter(ends)
    firsts: dict[tuple[str, ...], int] = {}
    sought = (place for place, end in enumerate(ends) if alike[end] > 1)
    return {place: firsts.setdefault(wording(passages[place]), place) for place in sought}


def wording(passage: Passage) -> tuple[str, ...]:
    """Return the words of a passage as copies of it have them too: in lower case, without its title, which a text file
    begins with, and without marks of sentences, lists and notes; of a passage that is its title, that."""
    first, _, rest = passage.text.strip().partition("\n")
    may_be_title = len(first) <= 2 * len(passage.title)  # its marks and blanks count; most first lines are paragraphs
    is_titled = may_be_title and _plain(first) == _plain(passage.title)
    return (is_titled and _plain(rest)) or _plain(passage.text)


def _plain(text: str) -> tuple[str, ...]:
    words = _NOTE_MARK.sub("", _BULLET.sub("", text)).lower().split()
    return tuple([stripped for word in words if (stripped := word.strip(_MARKS))])


def _last_word(text: str) -> str:
    """Return the last of the words of a text that ``wording`` has."""
    words = reversed(_NOTE_MARK.sub("", text).lower().split())
    return next((stripped for word in words if (stripped := word.strip(_MARKS))), "")


def copies_last(ranking: Ranking, copies: Container[int]) -> Ranking:
    """Return the ranking with copies behind all others, their scores unchanged."""
    if not any(hit.row in copies for hit in ranking):
        return ranking
    ordered = sorted(ranking, key=lambda hit: hit.row in copies)
    return tuple(Hit(hit.row, hit.score, place) for place, hit in enumerate(ordered, start=1))
