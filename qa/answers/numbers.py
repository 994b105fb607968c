"""A term with a number that says which of several is meant -> whether the texts number such things, and never so.

"Windows 11" is told apart from ordinary language where they have "Windows 10". Where they have the word with no number,
or count from one to another ("units 1 to 5"), it is a term as any other whose words stand apart.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from qa.answers.missing import NUMBERED
from qa.answers.states import Counted, Suspect
from qa.datatypes import Question, Word
from qa.indexing.index import Index
from qa.language.numbers import number_behind, number_end

MOST = 3
"""Suspects of a question whose numbers are sought in the texts, the first: each has up to ``PASSAGES`` read for it."""

PASSAGES = 20
"""With a word, the first by BM25, in which numbers behind it are sought."""

_DIGITS = 9  # of a number that names one of several
_REACHING = frozenset({"to", "through"})
_JOINING = frozenset({"and", "or"})
"""What stands between numbers that one word has behind it."""


def judge_numbers(counted: Sequence[Counted], question: Question, index: Index) -> tuple[Counted, ...]:
    """Return what the counts say with the fact ``missing.NUMBERED`` of the first suspects that have such a number."""
    places = {word.start: place for place, word in enumerate(question.words)}
    judged: list[Counted] = []
    left = MOST
    for one in counted:
        numbered = _number_of(one, question, places, index.language.small_words) if left else None
        left -= numbered is not None
        is_another = numbered is not None and _is_another(*numbered, index)
        judged.append(_marked(one) if is_another else one)
    return tuple(judged)


def _marked(one: Counted) -> Counted:
    if not isinstance(one, Suspect) or one.facts is None:
        return one
    return replace(one, facts={**one.facts, NUMBERED: 1.0})


def _number_of(
    one: Counted, question: Question, places: Mapping[int, int], small: Set[str]
) -> tuple[Word, list[str]] | None:
    """Return the first word of a suspect that says something and has a number behind it within the suspect, with the
    parts of that; None without one, and where the suspect lacks a word."""
    if not isinstance(one, Suspect) or one.facts is None or one.lacking:
        return None
    for word in one.term.words:
        number = number_behind(question, places[word.start]) if word.start in places else range(0)
        if number and word.stem not in small and question.words[number.stop - 1].end <= one.term.end:
            return word, [question.words[at].folded for at in number]
    return None


def _is_another(word: Word, number: Sequence[str], index: Index) -> bool:
    """Whether the texts have numbers behind a word, of which a number is none, nor lies between them."""
    if index.lexicon.passage_count([word.stem, *number]):
        return False
    asked = _as_integers(number)
    found = False
    for hit in index.lexicon.rank_with_all([[word.stem]], PASSAGES):
        passage = index.passage(hit.row)
        for text in (passage.title, passage.heading, passage.text):
            said = index.language.question(text)
            for place in (place for place, stem in enumerate(said.stems) if stem == word.stem):
                numbers = _numbers_behind(said, place, index.language.unmarked)
                if numbers and min(numbers) <= asked <= max(numbers):
                    return False
                found = found or bool(numbers)
    return found


def _numbers_behind(said: Question, place: int, small: Set[str]) -> list[tuple[int, ...]]:
    """Return the numbers that stand behind a word of a text, of several all: "units 1, 2 and 5"."""
    number = number_behind(said, place)
    found = []
    while number:
        found.append(_as_integers([said.words[at].folded for at in number]))
        number = _next_number(said, number.stop, small)
    return found


def _next_number(said: Question, place: int, small: Set[str]) -> range:
    """Return the places of the number that goes on from one that ends before a place: to where a range goes, or behind
    a comma, an "and" or an "or", and there before no noun, which it would count ("12 and 16 GB")."""
    words = said.words
    joining = words[place].folded if place < len(words) else ""
    is_range, is_joined = joining in _REACHING, joining in _REACHING | _JOINING
    first = place + is_joined
    if first >= len(words) or not words[first].folded.isdecimal():
        return range(0)
    if said.text[words[place - 1].end : words[place].start] != (" " if is_joined else ", "):
        return range(0)
    end = number_end(said, first)
    is_followed = end < len(words) and said.text[words[end - 1].end : words[end].start] == " "
    counts = is_followed and not is_range and words[end].stem not in small
    return range(0) if counts else range(first, end)


def _as_integers(parts: Sequence[str]) -> tuple[int, ...]:
    return tuple(int(part[:_DIGITS]) for part in parts)
