"""A term with a number that says which of several is meant -> whether the texts number such things, and never so.

"Windows 11" is told apart from ordinary language where they have "Windows 10". Where they have the word with no number,
or count from one to another ("units 1 to 5"), nothing is said.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from qa.answers.missing import NUMBERED
from qa.answers.states import Counted, Suspect
from qa.datatypes import Question, Word
from qa.indexing.index import Index
from qa.language.numbers import number_behind

PASSAGES = 20
"""With a word, the first by BM25, in which numbers behind it are sought."""

_DIGITS = 9  # of a number that names one of several
_JOINING = frozenset({"to", "and", "or", "through"})
"""What stands between numbers that one word has behind it."""


def judge_numbers(counted: Sequence[Counted], question: Question, index: Index) -> tuple[Counted, ...]:
    """Return what the counts say with the fact ``missing.NUMBERED`` of each suspect."""
    return tuple(
        replace(one, facts={**one.facts, NUMBERED: 1.0})
        if isinstance(one, Suspect) and one.facts is not None and _has_another(one, question, index)
        else one
        for one in counted
    )


def _has_another(suspect: Suspect, question: Question, index: Index) -> bool:
    """Whether a word of a suspect has a number behind it with which the texts never have it, though with others."""
    if suspect.lacking:
        return False
    for place, word in enumerate(question.words):
        number = number_behind(question, place)
        is_within = number and suspect.term.start <= word.start
        if is_within and question.words[number.stop - 1].end <= suspect.term.end:
            parts = [question.words[at].folded for at in number]
            if word.stem not in index.language.small_words and _is_another(word, parts, index):
                return True
    return False


def _is_another(word: Word, number: Sequence[str], index: Index) -> bool:
    """Whether the texts have numbers behind a word, of which a number is none, nor lies between them."""
    if index.lexicon.passage_count([word.stem, *number]):
        return False
    found = False
    for hit in index.lexicon.rank_with_all([[word.stem]], PASSAGES):
        text = index.passage(hit.row).text
        words = index.language.words(text)
        for place, each in enumerate(words):
            numbers = _numbers_behind(words[place:], text) if each.stem == word.stem else []
            if len(number) == 1 and numbers and min(numbers) <= int(number[0]) <= max(numbers):
                return False
            found = found or bool(numbers)
    return found


def _numbers_behind(words: Sequence[Word], text: str) -> list[int]:
    """Return the numbers that stand behind the first word, of several all, "units 1, 2 and 5", and each as a whole."""
    found: list[int] = []
    for before, word in pairwise(words):
        if word.folded.isdecimal() and len(word.folded) <= _DIGITS:
            if not found or text[before.end : word.start] != ".":
                found.append(int(word.folded))
        elif not found or word.folded not in _JOINING:
            break
    return found
