"""Word -> the word that it is an error for, among those of the texts and those of plain English.

A noisy channel without a model of the channel: an error is rarer than what was meant by a factor that grows with the
number of edits. What is no error for a much more frequent word is a rare word or a name, and no misspelling.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import log10
from typing import NamedTuple

from qa.datatypes import Ground, Question, Word
from qa.language import Language
from qa.language.language import quoted_terms
from qa.language.near_words import NearWords
from qa.language.words import LONGEST_WORD, fold_anew
from qa.lexicons import Lexicon

_PASSAGE_WORDS = 100  # about how many words a passage has, to turn counts of passages into frequencies

# The least length of a word that may be so many edits from what was meant, and how many times rarer the error must be,
# in powers of ten. Two edits make a word of the texts only: what is invented is often so near to some word of English.
_LEAST_LENGTH = {1: 4, 2: 7}
_LEAST_GAP = {1: 1.5, 2: 3.0}

# A word that is written this often, once in a hundred million words, may be a name; then only one edit is an error, and
# what was meant must be this much more frequent still.
_ATTESTED = 1.0
_KNOWN_NAME = 2.0  # a capital and this frequency are a name's: "Barth" is no "birth"
_ATTESTED_GAP = 0.5

_FREQUENT_WORDS = 50_000  # of a language, for one of which a word may be an error; the last have a frequency of 2.9

_LEAST_SURE_HALF = 3
_BESIDE = 0.1
"""The share of the passages with the longer half of a word in which the shorter one, of one or two letters, stands
beside it: "log in" is one word in most texts that have "log", and "is land" in none. Chosen so, and not fitted."""

_LEAST_USES = 2  # passages that have a word which no dictionary has: else it may be an error itself

# What speaks for a candidate beside its frequency, in powers of ten too; `benchmarks/spelling.py` fits them.
SECOND_EDIT = -2.0
SAME_START = 1.2  # the first letter is rarely missed
LEFT_OUT = 0.6  # a letter that was left out
SWAPPED = 0.5  # the same letters in another order


MOST_SPELLED = 30
"""Words of a question that are looked up for what they may be errors for, the first that the texts lack. A look-up
costs more the more words the texts have; of 4,600 real questions none lacks more than 15 of the default corpus."""


class Correction(NamedTuple):
    """A word of a question, or several as one, with what it was read as: an ERROR for that, or a SYNONYM that so many
    passages use."""

    word: Word
    meant: str
    ground: Ground = Ground.ERROR
    passages: int = 0


def correct(question: Question, lexicon: Lexicon) -> tuple[Correction, ...]:
    """Return the words of a question that are errors, each with what was meant: before anything else is read in it, so
    that an error changes nothing but the spelling. A word that stands in quotation marks alone is read as it is
    written."""
    alone = {term.start for term in quoted_terms(question.text, question.words) if len(term.words) == 1}
    asked = [word for word in question.words if word.start not in alone]
    lacking = [word for word in asked if is_absent(word, lexicon)][:MOST_SPELLED]
    found = []
    for word in lacking:
        written = question.text[word.start : word.end]
        named = _is_name(written, word, question)
        if (named and written.isupper()) or lexicon.language.is_contraction(written):
            continue
        meant = suggest(written, lexicon, name=named)
        if meant is not None and not _is_spelt_otherwise(word, meant, lexicon):
            found.append(Correction(word, meant))
    return tuple(found)


def _is_spelt_otherwise(word: Word, meant: str, lexicon: Lexicon) -> bool:
    """Whether the texts spell a word otherwise, so that it is no error for another. Where one half of it only joins
    ("acton", "act on"), what more passages have was meant ("action")."""
    other = other_spelling(word, lexicon)
    stems = [one.stem for one in other]
    if lexicon.language.small_words.isdisjoint(stems):
        return bool(other)
    return lexicon.passage_count(stems) >= lexicon.passage_count(lexicon.language.stems(meant))


def corrected(question: Question, corrections: Sequence[Correction]) -> str:
    """Return a question's text as it was read."""
    text = question.text
    for one in reversed(corrections):
        text = text[: one.word.start] + one.meant + text[one.word.end :]
    return text


def is_absent(word: Word, lexicon: Lexicon) -> bool:
    """Whether the texts do not have a word in any inflection; numbers and small words are never missed."""
    return (
        word.stem not in lexicon.language.small_words
        and not word.folded[:1].isdigit()
        and not lexicon.has_word(word.folded)
    )


def _is_name(written: str, word: Word, question: Question) -> bool:
    """Whether a word is an acronym, or has a capital that is not the first word's of a question or a shouted one's."""
    inner = any(letter.isupper() for letter in written[1:])
    return not question.text.isupper() and (inner or (written[:1].isupper() and word.start > 0))


def suggest(word: str, lexicon: Lexicon, *, name: bool = False) -> str | None:
    """Return the word that was meant, None where the word is no error for any.

    A ``name``, which a capital of its own shows, is one edit away from a word of the texts that begins alike, or no
    error at all.
    """
    language = lexicon.language
    written = language.fold(word)
    if not (written.isalpha() and _is_spelt_so(written, language) and _LEAST_LENGTH[1] <= len(written) <= LONGEST_WORD):
        return None
    if language.is_known(written):
        return None
    own = language.frequency(written)
    found = candidates(written, lexicon)
    if not found:
        return None
    best, edits, strength = found[0]
    if edits > 1 and (own >= _ATTESTED or not lexicon.has_word(best)):
        return None
    if name and (edits > 1 or own >= _KNOWN_NAME or best[0] != written[0] or not lexicon.has_word(best)):
        return None
    gap = _LEAST_GAP[edits] + (_ATTESTED_GAP if own >= _ATTESTED else 0.0)
    return best if strength - own >= gap else None


# How British and American English spell otherwise, read both ways where the second is no mere letter.
_VARIANTS = [
    (re.compile(pattern), other)
    for pattern, other in (
        (r"our(s|ed|ing|able|al|ally|ful|ist|ists)?$", r"or\1"),
        (r"or(s|ed|ing|able|al|ally|ful|ist|ists)?$", r"our\1"),
        (r"is(e|ed|es|er|ers|ing|ation|ations)$", r"iz\1"),
        (r"iz(e|ed|es|er|ers|ing|ation|ations)$", r"is\1"),
        (r"ys(e|ed|es|ing)$", r"yz\1"),
        (r"yz(e|ed|es|ing)$", r"ys\1"),
        (r"ll(ing|ed|er|ers|or|ors)$", r"l\1"),
        (r"l(ing|ed|er|ers|or|ors)$", r"ll\1"),
        (r"[ao]e", "e"),
        (r"tre(s?)$", r"ter\1"),
        (r"ter(s?)$", r"tre\1"),
        (r"ogue(s?)$", r"og\1"),
        (r"og(s?)$", r"ogue\1"),
        (r"gramme(s?)$", r"gram\1"),
        (r"gram(s?)$", r"gramme\1"),
        (r"ence(s?)$", r"ense\1"),
        (r"ense(s?)$", r"ence\1"),
    )
]


def other_spelling(word: Word, lexicon: Lexicon) -> list[Word]:
    """Return a word as the texts spell it, empty where they do not: British or American, or with a hyphen or a space
    ("wellbeing", "well-being"), then as two words at the place of the one."""
    if len(word.folded) > LONGEST_WORD:
        return []
    stems = lexicon.language.stems
    for spelt in _variants(word.folded) if lexicon.language.british_and_american else ():
        if lexicon.has_word(spelt):
            return [replace(word, folded=spelt, stem=stems(spelt)[0])]
    letters = {stem for stem in lexicon.language.unmarked if len(stem) == 1}  # "amend" is not "a mend"
    for cut in range(1, len(word.folded)):
        halves = word.folded[:cut], word.folded[cut:]
        # One letter is a half at the front alone: "e-mail", "T-shirt".
        if len(halves[1]) > 1 and all(map(lexicon.has_word, halves)) and halves[0] not in letters:
            found = [stems(half)[0] for half in halves]
            if _belong(halves, found, lexicon):
                return [replace(word, folded=half, stem=stem) for half, stem in zip(halves, found, strict=True)]
    return []


def _belong(halves: Sequence[str], stems: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether two words of the texts are the halves of one: they stand side by side, and one that is so short that it
    stands beside everything does so often."""
    together = lexicon.passage_count(stems)
    if not together or min(map(len, halves)) >= _LEAST_SURE_HALF:
        return together > 0
    if max(map(len, halves)) < _LEAST_SURE_HALF:
        return False
    longer = max(zip(halves, stems, strict=True), key=lambda half: len(half[0]))[1]
    return together >= _BESIDE * lexicon.passage_count([longer])


def joined(left: Word, right: Word, lexicon: Lexicon) -> Word | None:
    """Return two words of a question as the one word that the texts have ("web site", "website"; "e-mail", "email"),
    None where they have no such word, or both of the two, and for small words ("a bout")."""
    folded = left.folded + right.folded
    small = lexicon.language.small_words
    if right.start != left.end + 1 or left.stem in small or right.stem in small:
        return None
    if len(folded) > LONGEST_WORD or not (is_absent(left, lexicon) or is_absent(right, lexicon)):
        return None
    if not lexicon.has_word(folded):
        return None
    return Word(lexicon.language.stems(folded)[0], left.start, right.end, folded)


def _variants(folded: str) -> list[str]:
    """Return how a word is or would be spelt on the other side of the Atlantic."""
    found = [pattern.sub(other, folded) for pattern, other in _VARIANTS if pattern.search(folded)]
    return [*found, *(folded[:at] + vowel + folded[at:] for at in _places(folded, "e") for vowel in "ao")]


def _places(word: str, letter: str) -> list[int]:
    return [place for place, found in enumerate(word) if found == letter]


def candidates(written: str, lexicon: Lexicon) -> list[tuple[str, int, float]]:
    """Return (word, edits, Zipf frequency) of the words that a folded word may be an error for, the likeliest first.

    A word's frequency is the higher of that in English and that in the texts, on wordfreq's scale: 3 is once in a
    million words, 6 once in a thousand.
    """
    edits = max((n for n, length in _LEAST_LENGTH.items() if len(written) >= length), default=0)
    near = {spelling.word: (spelling.edits, spelling.passages) for spelling in lexicon.near_spellings(written, edits)}
    language = lexicon.language
    frequent = _frequent(language)
    for place, distance in frequent.find(written, edits):
        near.setdefault(frequent.words[place], (distance, 0))
    near = {word: found for word, found in near.items() if found[1] >= _LEAST_USES or language.is_known(word)}
    scored = [(word, n, _frequency(word, passages, lexicon)) for word, (n, passages) in near.items() if _is_word(word)]
    return sorted(scored, key=lambda found: (-likelihood(written, *found), found[0]))


def _is_word(word: str) -> bool:
    return len(word) > 2 and word.isalpha()


def likelihood(written: str, word: str, edits: int, frequency: float) -> float:
    """Return how likely a word was meant, as a power of ten that orders candidates and means nothing else."""
    return (
        frequency
        + SECOND_EDIT * (edits > 1)
        + SAME_START * (word[0] == written[0])
        + LEFT_OUT * (len(word) > len(written))
        + SWAPPED * (len(word) == len(written) and sorted(word) == sorted(written))
    )


def _frequency(word: str, passages: int, lexicon: Lexicon) -> float:
    own = log10(1e9 * passages / (len(lexicon) * _PASSAGE_WORDS)) if passages else 0.0
    return max(lexicon.language.frequency(word), own)


@lru_cache(maxsize=8)
def _frequent(language: Language) -> NearWords:
    # Folded anew: the texts' words are to be remembered, not these.
    accents = language.code != "en"
    folded = {fold_anew(word, accents) for word in language.frequent_words(_FREQUENT_WORDS)}
    return NearWords(sorted(word for word in folded if word.isalpha() and _is_spelt_so(word, language)))


def _is_spelt_so(folded: str, language: Language) -> bool:
    """Whether a folded word can be one of the language: an English one has ASCII letters only."""
    return folded.isascii() or language.code != "en"
