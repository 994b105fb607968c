"""Passage -> the sentence of it that is set off: the one that answers, or has most of what is asked for."""

import re
from collections.abc import Mapping

from qa.answers.spans import sentence_around
from qa.datatypes import Passage, Reading
from qa.language import Language
from qa.language.tagging import tag
from qa.language.vocabulary import POINTING_BACK

_LEAST_SAID = 3
"""Words beside what is asked for, of a line that does not end as a sentence does."""

_FEW_WORDS = 3
"""Words of the shortest statement, in a language of which the grammar is not known."""

_ENDS = re.compile(r"[.!;…。！][)\]\"”’»]*$")
_ANNOUNCES = re.compile(r"[:?？][)\]\"”’»]*$")
_PARTING = re.compile(r":\s|\s[–—|-]\s|\t")
"""What parts the head of an entry from what is said of it: "Canoe: 9 pounds"."""

_CELLS = 2  # of a row of a table that is an entry; in more, links stand side by side

_BULLET = re.compile(r"[-*•+]\s")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_PAGE = re.compile(r"\.{3,}\s*\d+$")  # of a table of contents
_SIGNS = "$£€¥%"
_FINITE = ("VBZ", "VBP", "VBD", "MD")
_PHRASE = r"(?:(?:DT|PRP\$) )?(?:(?:JJ[RS]?|NNP?S?|VB[GN]?|CD|CC|POS|FW) )*"
_NOUN_PHRASE = re.compile(rf"{_PHRASE}(?:IN {_PHRASE})*")  # of tags, "Rules of the game."


def sentence_to_set_off(
    passage: Passage, weights: Mapping[str, float], reading: Reading | None, language: Language
) -> tuple[int, int] | None:
    """Return the range of the sentence to set off, of a question with these words by weight and what was read of the
    passage for it; None where there is nothing to choose from."""
    asked = frozenset(weights)
    best = best_sentence(passage, weights, language)
    answering = sentence_around(passage, reading) if reading else None
    if answering and (best is None or is_rather_read(passage, answering, best, asked, language)):
        best = answering
    return past_labels(passage, best, asked, language) if best else None


def best_sentence(passage: Passage, weights: Mapping[str, float], language: Language) -> tuple[int, int] | None:
    """Return the range of the passage's sentence that has most of the question's words by weight, the first of equals.

    None where no sentence has any, or the passage is one sentence.
    """
    if len(passage.sentences) < 2:
        return None
    found = [word for word in language.stemmed(passage.text) if word[0] in weights]
    inside = [{stem for stem, start, _ in found if a <= start < b} for a, b in passage.sentences]
    worth = [sum(weights[stem] for stem in sorted(held)) for held in inside]
    return passage.sentences[worth.index(max(worth))] if max(worth) > 0 else None


def is_on(passage: Passage, sentence: tuple[int, int], asked: frozenset[str], language: Language) -> bool:
    """Whether a sentence, or one of the two before it, has anything that is asked for: else it is on something else, as
    the neighbouring entry of a glossary is."""
    place = passage.sentences.index(sentence)
    start = passage.sentences[max(place - 2, 0)][0]
    return not asked.isdisjoint(language.stems(passage.text[start : sentence[1]]))


def is_rather_read(
    passage: Passage, answering: tuple[int, int], best: tuple[int, int], asked: frozenset[str], language: Language
) -> bool:
    """Whether the sentence that was read as the answer is set off rather than the one with most of what is asked for:
    it is on that, and neither the entry of another name nor of a new subject where the other says all of it."""
    if not is_on(passage, answering, asked, language):
        return False
    read, said = passage.text[slice(*answering)], passage.text[slice(*best)]
    other, head = (_head_and_rest(text, language)[0] for text in (read, said))
    if other and asked.isdisjoint(other) and not asked.isdisjoint(head):
        return False
    is_new = asked.isdisjoint(language.stems(read)) and not _points_back(read, language)
    is_value = _NUMBER.search(read) and not _NUMBER.search(said)
    return not (
        is_new and not is_value and asked.issubset(language.stems(said)) and not _is_label(said, asked, language)
    )


def _points_back(text: str, language: Language) -> bool:
    """Whether a sentence has a word for what was named before, or begins with what is known ("The ..."); of a language
    that is not known well none says that it does not."""
    words = language.folded_words(text)
    return language.code != "en" or words[:1] == ["the"] or not POINTING_BACK.isdisjoint(words)


def past_labels(passage: Passage, best: tuple[int, int], asked: frozenset[str], language: Language) -> tuple[int, int]:
    """Return a sentence of a passage, or the first one behind it that says something: a heading or a label that has
    only what is asked for ("Colonoscopy.") says nothing on it."""
    behind = [sentence for sentence in passage.sentences if sentence >= best]
    return next((one for one in behind if not _is_label(passage.text[slice(*one)], asked, language)), best)


def _is_label(sentence: str, asked: frozenset[str], language: Language) -> bool:
    """Whether a line only announces: it has little but what is asked for, and neither states anything of it, nor gives
    a value, nor is an entry with its own words."""
    text = sentence.strip()
    said = set(language.stems(text)) - asked - language.question_words - language.small_words
    if _ANNOUNCES.search(text):
        return len(said) < _LEAST_SAID
    if len(said) >= _LEAST_SAID or (said and (_ENDS.search(text) or _BULLET.match(text))):
        return False
    return not (_states(text, language) or _gives_value(text, asked, language) or _is_entry(text, asked, language))


def _states(text: str, language: Language) -> bool:
    """Whether a line is a statement: no question, and where it ends as a sentence does, more than a noun phrase. Where
    it does not, it needs a verb that is never a noun: "Work permits" is a heading."""
    words, ends = language.words(text), bool(_ENDS.search(text))
    if language.code != "en":
        return ends and len(words) >= _FEW_WORDS
    tokens = [token for token in tag(text) if token.words]
    if ends:
        return not _NOUN_PHRASE.fullmatch("".join(f"{token.tag} " for token in tokens))
    asks = bool(words) and words[0].stem in language.question_words
    return not asks and any(
        token.tagged(*_FINITE) and token.words[-1].stem in language.question_words for token in tokens
    )


def _gives_value(text: str, asked: frozenset[str], language: Language) -> bool:
    """Whether a line has a number that is not asked for and tells how much, or when: behind what is asked for ("Cider
    4.20"), with a sign ("£9"), or before a word that it counts. Others tell which of several: "Chapter 5 Falconry"."""
    words = language.words(text)
    firsts = [word.start for word in words if word.stem in asked]
    for number in _NUMBER.finditer(text):
        if asked.issuperset(language.stems(number.group())) or _PAGE.search(text[: number.end()]):
            continue
        has_sign = text[number.start() - 1 : number.start()] in set(_SIGNS) or text[number.end() :][:1] in set(_SIGNS)
        if has_sign or any(first < number.start() for first in firsts):
            return True
        behind = next((word for word in words if word.start >= number.end()), None)
        if behind and _counts(text, number.end(), behind.start, behind.stem, asked | language.unmarked):
            return True
    return False


def _counts(text: str, end: int, start: int, stem: str, others: frozenset[str]) -> bool:
    """Whether a number that ends at a place counts the word that starts at another."""
    return not text[end:start].strip() and text[start].islower() and stem not in others


def _is_entry(text: str, asked: frozenset[str], language: Language) -> bool:
    """Whether a line is an entry under what is asked for, with words of its own behind: "Pool: heated"."""
    head, rest = _head_and_rest(text, language)
    return not asked.isdisjoint(head) and not asked.issuperset(rest) and text.count("|") < _CELLS


def _head_and_rest(text: str, language: Language) -> tuple[set[str], set[str]]:
    """Return the stems of an entry's head, and of what is said of it; no head where a line is no entry."""
    parting = _PARTING.search(text.strip())
    head, rest = (text.strip()[: parting.start()], text.strip()[parting.end() :]) if parting else ("", text)
    return set(language.stems(head)), set(language.stems(rest))
