"""Words of a question -> what the texts call it: by the owner's synonyms and acronyms, as one word, by how else a time,
a date or the number of something is written, and by what an acronym stands for.

What the texts do not have as it is asked is read as what they have, as an error of spelling is; what they have in both
ways is sought in both. An acronym by which the owner also calls the subject of one document is read as its title, and
sought, too: the encoder knows few. The plural of one is read as the acronym where they have only that. An acronym that
they lack is read as a run of words with its initials, in one of the passages nearest to the question, that the encoder
knows to mean the same.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from qa.answers.moments import find_moments
from qa.answers.ordering import RARE
from qa.answers.spelling import Correction
from qa.datatypes import Ground, Question, Word
from qa.indexing.index import Index
from qa.indexing.synonyms import Form, Forms, is_acronym, is_ambiguous
from qa.language import Language
from qa.language.numbers import figures_behind, is_parted, other_ways

SAME = 0.4
"""The least cosine of an acronym and the words that it stands for. Of 26 pairs such as "GP" and "general practitioner",
written for this, 15 have it, and of 24 with the same initials that mean something else ("general public") one."""

PASSAGES = 5
"""The nearest to a question, in which the words of an acronym are sought."""

_FUNCTION_WORD = 6.0  # on wordfreq's Zipf scale, once in a thousand words: "at 2" is no name of anything
_ACRONYMS = 3  # of a question, the first that the texts lack
_HYPHENS = frozenset("-\u2010\u2011")
_NUMERAL = re.compile("[ivx]{2,}")  # is no initial: "WWI" is not "World War II"
_CANDIDATES = 8  # runs of words that are compared with an acronym


class Equivalents(NamedTuple):
    """What a question is read as, in order, and the stems of what else it is sought by."""

    readings: tuple[Correction, ...] = ()
    also: tuple[str, ...] = ()


def find_equivalents(question: Question, index: Index) -> Equivalents:
    """Return what the words of a question are called in the texts."""
    lexicon, language = index.lexicon, index.language
    readings: list[Correction] = []
    also: list[str] = []
    taken: set[int] = set()
    for words, form in _forms(question, index.synonyms):
        counted = [
            (other, lexicon.passage_count(language.stems(other)))
            for other in form.others
            if not is_ambiguous(other, language)  # the texts are not asked which of its uses are the word's
        ]
        used = sorted((pair for pair in counted if pair[1]), key=lambda pair: -pair[1])
        taken |= {word.start for word in words}
        if used and lexicon.passage_count([word.stem for word in words]):
            also += [stem for other, _ in used for stem in language.stems(other)]
        elif used:
            readings.append(_reading(words, *used[0]))
    named = list(_titled(question, taken, index))
    readings += named
    also += [reading.word.stem for reading in named]
    readings += _solids(question, taken, index)
    readings += _singulars(question, taken, index)
    readings += _moments(question, taken, index)
    readings += _numbers(question, taken, index)
    readings += _acronyms(question, taken, index)
    return Equivalents(tuple(sorted(readings, key=lambda one: one.word.start)), tuple(dict.fromkeys(also)))


def _reading(words: Sequence[Word], meant: str, passages: int) -> Correction:
    start, end = words[0].start, words[-1].end
    whole = Word(" ".join(word.stem for word in words), start, end, " ".join(word.folded for word in words))
    return Correction(whole, meant, Ground.SYNONYM, passages)


def _solids(question: Question, taken: set[int], index: Index) -> Iterator[Correction]:
    """Yield the words with a hyphen between them that the texts write as one: "voice-mail", "voicemail"."""
    lexicon, language = index.lexicon, index.language
    for left, right in pairwise(question.words):
        if question.text[left.end : right.start] not in _HYPHENS or taken.intersection((left.start, right.start)):
            continue
        whole = left.folded + right.folded
        if lexicon.has_word(whole) and not lexicon.passage_count([left.stem, right.stem]):
            taken |= {left.start, right.start}
            yield _reading([left, right], whole, lexicon.passage_count(language.stems(whole)))


def _moments(question: Question, taken: set[int], index: Index) -> Iterator[Correction]:
    """Yield the times and dates that the texts have, but write otherwise, each as most passages write it."""
    lexicon, language = index.lexicon, index.language
    for words, others in find_moments(question, language.code):
        if taken.intersection(word.start for word in words) or lexicon.passage_count([word.stem for word in words]):
            continue
        counted = [(lexicon.passage_count(language.stems(other)), other) for other in others]
        passages, meant = max(counted, key=lambda pair: pair[0], default=(0, ""))
        if passages:
            taken |= {word.start for word in words}
            yield _reading(words, meant, passages)


def _numbers(question: Question, taken: set[int], index: Index) -> Iterator[Correction]:
    """Yield the words with a number behind them that the texts have, but write otherwise: "World War 2" where they have
    "World War II"."""
    lexicon, language = index.lexicon, index.language
    for place, (word, number) in enumerate(pairwise(question.words)):
        if not _is_numbered(question, place, language) or taken.intersection((word.start, number.start)):
            continue
        others = other_ways(number.folded)
        if not others or lexicon.passage_count([word.stem, number.stem]):
            continue
        counted = [(lexicon.passage_count([word.stem, *language.stems(other)]), other) for other in others]
        passages, meant = max(counted)
        if passages:
            taken |= {word.start, number.start}
            yield _reading([word, number], f"{question.text[word.start : word.end]} {meant}", passages)


def _is_numbered(question: Question, place: int, language: Language) -> bool:
    """Whether the word at a place says something and the next one is a number that belongs to it, in figures or not."""
    word, number = question.words[place : place + 2]
    if word.stem in language.small_words or language.frequency(word.folded) >= _FUNCTION_WORD:
        return False
    if number.folded.isdecimal():
        return len(figures_behind(question, place)) == 1
    return is_parted(question, place)


def _forms(question: Question, forms: Forms) -> Iterator[tuple[Sequence[Word], Form]]:
    """Yield the words of a question that are a form, the longest at each place, with it."""
    longest = max(map(len, forms), default=0)
    place = 0
    while place < len(question.words):
        for end in range(min(place + longest, len(question.words)), place, -1):
            form, words = forms.get(tuple(question.stems[place:end])), question.words[place:end]
            if form is not None and (not form.ambiguous or _in_capitals(words, question)):
                yield words, form
                place = end - 1
                break
        place += 1


def _in_capitals(words: Sequence[Word], question: Question) -> bool:
    """Whether words are in capitals, and not all of the question is, but where it has no others."""
    is_all = question.text.isupper() and len(question.words) > len(words)
    return question.text[words[0].start : words[-1].end].isupper() and not is_all


# --- acronyms ------------------------------------------------------------------------------------------------


def _acronyms(question: Question, taken: set[int], index: Index) -> Iterator[Correction]:
    """Yield the acronyms of a question that the texts do not have, each with the words that it stands for there."""
    lacking = list(islice(_lacking(question, taken, index), _ACRONYMS))
    if not lacking:
        return
    _, (rows,) = index.store.search(index.embed_question(question)[None], PASSAGES)
    texts = [index.passage(int(row)).text for row in rows if row >= 0]
    language = index.language
    passages = [(text, language.words(text)) for text in texts]
    for word, acronym in lacking:
        runs = dict.fromkeys(run for text, words in passages for run in initialled(acronym, text, words, language))
        if runs:
            vector, *others = index.embed([acronym, *islice(runs, _CANDIDATES)])
            cosine, meant = max((float(other @ vector), run) for other, run in zip(others, runs, strict=False))
            if cosine >= SAME:
                yield _reading([word], meant, index.lexicon.passage_count(language.stems(meant)))


def _titled(question: Question, taken: set[int], index: Index) -> Iterator[Correction]:
    """Yield the acronyms of a question that are another name of one document's subject, each with its title, where the
    question does not have that itself."""
    language = index.language
    for place, word in enumerate(question.words):
        acronym = singular(question.text[word.start : word.end])
        title = index.acronyms.get(language.fold(acronym) if acronym else word.folded)
        if title is None or word.start in taken or not _is_acronym_at(place, question, language):
            continue
        stems = language.stems(title)
        if stems and not _has_phrase(question.stems, stems):
            taken.add(word.start)
            meant = title[:1].lower() + title[1:] if title[1:].islower() else title
            yield _reading([word], meant, index.lexicon.passage_count(stems))


def _is_acronym_at(place: int, question: Question, language: Language) -> bool:
    """Whether a word that has the letters of an acronym is one, and not said by the question to stand for other words:
    "assertive community treatment (ACT)". It is none within a compound ("RO-DBT"), nor, where it is not in capitals,
    if it is a word or frequent, nor in capitals, if it is a word beside one with a capital ("ACT UP")."""
    word, text = question.words[place], question.text
    written, is_word = text[word.start : word.end], language.is_known(word.folded)
    if "-" in text[max(word.start - 1, 0) : word.start] + text[word.end : word.end + 1]:
        return False
    if not _in_capitals([word], question) and (is_word or language.frequency(written.lower()) > RARE):
        return False
    first = place - 1 if place > 1 else place  # a question begins with a capital anyway
    pairs = pairwise(question.words[first : place + 2])
    beside = [pair for pair in pairs if text[pair[0].end : pair[1].start].isspace()]
    if is_word and any(text[other.start].isupper() for pair in beside for other in pair if other is not word):
        return False
    in_brackets = text[: word.start].endswith("(") or text[word.end :].lstrip().startswith("(")
    return not (in_brackets and any(initialled(word.folded, text, question.words, language)))


def _has_phrase(stems: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether a phrase's stems stand side by side among others."""
    return any(list(stems[at : at + len(phrase)]) == list(phrase) for at in range(len(stems)))


def _singulars(question: Question, taken: set[int], index: Index) -> Iterator[Correction]:
    """Yield the plurals of acronyms that the texts have in the singular alone, where the stem is not the same, for want
    of a vowel: "GPs"."""
    lexicon = index.lexicon
    for word in question.words:
        acronym = singular(question.text[word.start : word.end])
        if not acronym or word.start in taken or lexicon.passage_count([word.stem]):
            continue
        passages = lexicon.passage_count(index.language.stems(acronym))
        if passages:
            taken.add(word.start)
            yield _reading([word], acronym, passages)


def singular(written: str) -> str:
    """Return the acronym of which a word as it is written is the plural, else ""."""
    acronym = written[:-1]
    return acronym if written.endswith("s") and is_acronym(acronym) else ""


def _lacking(question: Question, taken: set[int], index: Index) -> Iterator[tuple[Word, str]]:
    """Yield the acronyms that no passage has, each once, but for words that are taken."""
    seen: set[str] = set()
    for word in question.words if not question.text.isupper() else ():
        text = question.text[word.start : word.end]
        if (
            is_acronym(text)
            and word.start not in taken
            and text not in seen
            and not index.lexicon.has_word(word.folded)
        ):
            seen.add(text)
            yield word, text


def initialled(acronym: str, text: str, words: Sequence[Word], language: Language) -> Iterator[str]:
    """Yield the runs of a text's words whose initials an acronym is, small words between them counted or not, in lower
    case: "memorandum of understanding" for "MOU"."""
    letters, small = acronym.lower(), language.small_words
    for first, word in enumerate(words):
        if not word.folded.startswith(letters[0]) or word.stem in small:
            continue
        at, place = 1, first + 1
        while at < len(letters) and place < len(words):
            if _NUMERAL.fullmatch(words[place].folded):
                break
            is_small = words[place].stem in small
            if words[place].folded.startswith(letters[at]) and not (is_small and at + 1 == len(letters)):
                at += 1
            elif not is_small:
                break
            place += 1
        run = text[word.start : words[place - 1].end]
        if at == len(letters) and not any(mark in run for mark in ".;:!?()\n"):
            yield " ".join(run.lower().split())
