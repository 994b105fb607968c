"""Words of a question -> what the texts call it: by the owner's synonyms, and by what an acronym stands for.

What the texts do not have as it is asked is read as what they have, as an error of spelling is; what they have in both
ways is sought in both. An acronym that they lack is read as a run of words with its initials, in one of the passages
nearest to the question, that the encoder knows to mean the same.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.answers.spelling import Correction
from qa.datatypes import Ground, Question, Word
from qa.indexing.index import Index
from qa.language import Language

SAME = 0.4
"""The least cosine of an acronym and the words that it stands for. Of 26 pairs such as "GP" and "general practitioner",
written for this, 15 have it, and of 24 with the same initials that mean something else ("general public") one."""

PASSAGES = 5
"""The nearest to a question, in which the words of an acronym are sought."""

_LETTERS = range(2, 6)  # of an acronym
_SHORT = 4  # letters of a form in capitals that, where it is also a word ("IT", "US"), is meant in capitals alone
_CANDIDATES = 8  # runs of words that are compared with an acronym


class Equivalents(NamedTuple):
    """What a question is read as, in order, and the stems of what else it is sought by."""

    readings: tuple[Correction, ...] = ()
    also: tuple[str, ...] = ()


class _Found(NamedTuple):
    """Words of a question, from ``first`` to before ``end``, that are one of the forms of a group."""

    first: int
    end: int
    others: tuple[str, ...]


def find_equivalents(question: Question, index: Index) -> Equivalents:
    """Return what the words of a question are called in the texts."""
    lexicon, language = index.lexicon, index.language
    readings: list[Correction] = []
    also: list[str] = []
    for found in _forms(question, index.manifest.synonyms, language):
        counted = [(other, lexicon.passage_count(language.stems(other))) for other in found.others]
        used = sorted((pair for pair in counted if pair[1]), key=lambda pair: -pair[1])
        words = question.words[found.first : found.end]
        if not used:
            continue
        if lexicon.passage_count([word.stem for word in words]):
            also += [stem for other, _ in used for stem in language.stems(other)]
        else:
            readings.append(_reading(words, *used[0]))
    taken = {word.start for reading in readings for word in question.words if _is_in(word, reading.word)}
    readings += [one for one in _acronyms(question, index) if one.word.start not in taken]
    return Equivalents(tuple(sorted(readings, key=lambda one: one.word.start)), tuple(dict.fromkeys(also)))


def _is_in(word: Word, whole: Word) -> bool:
    return whole.start <= word.start < whole.end


def _reading(words: Sequence[Word], meant: str, passages: int) -> Correction:
    start, end = words[0].start, words[-1].end
    whole = Word(" ".join(word.stem for word in words), start, end, " ".join(word.folded for word in words))
    return Correction(whole, meant, Ground.SYNONYM, passages)


def _forms(question: Question, groups: Sequence[Sequence[str]], language: Language) -> Iterator[_Found]:
    """Yield the forms that stand in a question, the longest at each place, with the others of their groups."""
    if not groups:
        return
    stemmed = {
        tuple(language.stems(form)): (form, tuple(other for other in group if other != form))
        for group in reversed(groups)
        for form in group
    }
    longest = max(map(len, stemmed))
    place = 0
    while place < len(question.words):
        for length in range(min(longest, len(question.words) - place), 0, -1):
            known = stemmed.get(question.stems[place : place + length])
            if known and _is_meant(known[0], question, place, place + length, language):
                yield _Found(place, place + length, known[1])
                place += length - 1
                break
        place += 1


def _is_meant(form: str, question: Question, first: int, end: int, language: Language) -> bool:
    """Whether words are a form: what it has in short capitals, and is a word in small letters, is not that word."""
    if not (form.isupper() and len(form) <= _SHORT and language.is_known(form.lower())):
        return True
    return question.text[question.words[first].start : question.words[end - 1].end].isupper()


# --- acronyms ------------------------------------------------------------------------------------------------


def _acronyms(question: Question, index: Index) -> Iterator[Correction]:
    """Yield the acronyms of a question that the texts do not have, each with the words that it stands for there."""
    if question.text.isupper():
        return
    written = [(word, question.text[word.start : word.end]) for word in question.words]
    lacking = [
        (word, text)
        for word, text in written
        if text.isupper() and text.isalpha() and len(text) in _LETTERS and not index.lexicon.has_word(word.folded)
    ]
    if not lacking:
        return
    _, (rows,) = index.store.search(index.embed([question.text]), PASSAGES)
    passages = [index.passage(int(row)).text for row in rows if row >= 0]
    for word, acronym in lacking:
        runs = list(dict.fromkeys(run for text in passages for run in initialled(acronym, text, index.language)))
        if runs := runs[:_CANDIDATES]:
            vector, *others = index.embed([acronym, *runs])
            cosine, meant = max((float(other @ vector), run) for other, run in zip(others, runs, strict=True))
            if cosine >= SAME:
                yield _reading([word], meant, index.lexicon.passage_count(index.language.stems(meant)))


def initialled(acronym: str, text: str, language: Language) -> Iterator[str]:
    """Yield the runs of words of a text whose initials an acronym is, small words between them counted or not, in lower
    case: "memorandum of understanding" for "MOU"."""
    letters = acronym.lower()
    words = language.words(text)
    for first, word in enumerate(words):
        if not word.folded.startswith(letters[0]) or word.stem in language.small_words:
            continue
        at, place = 1, first + 1
        while at < len(letters) and place < len(words):
            if words[place].folded.startswith(letters[at]):
                at += 1
            elif words[place].stem not in language.small_words:
                break
            place += 1
        run = text[word.start : words[place - 1].end]
        if at == len(letters) and not any(mark in run for mark in ".;:!?()\n"):
            yield " ".join(run.lower().split())
