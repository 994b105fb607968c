"""Text -> words: how a word is cut, folded and stemmed. The one normaliser, for building an index and for asking."""

import re
import threading
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial
from math import log10

import Stemmer

from qa.datatypes import Word
from qa.dictionaries import Dictionary, frequencies, lemmas

_ACCENTS = r"[\u0300-\u036f\u00ad]"  # that stand for themselves, and soft hyphens
_WORD = re.compile(rf"[^\W_]+(?:{_ACCENTS}+[^\W_]*)*(?:['’ʼ](?:[^\W_]|{_ACCENTS})+)*|&")
LONGEST_WORD = 45
"""Letters of the longest word in a dictionary of English. What is longer is kept as it is written: no dictionary is
asked for it, and nothing of it remembered. One letter can fold to eighteen, which count then."""

_REMEMBERED = 1 << 15  # words: more than a text of a million words has of frequent ones, 5 MB

_POSSESSIVE = re.compile(r"['’ʼ](?:s)?$")

_stemmer = Stemmer.Stemmer("english")
_stemmer_lock = threading.Lock()  # a Snowball stemmer keeps state between calls and is not thread-safe


# What was made of words before. Dictionaries, not caches that a call goes through: each word of five passages is looked
# up for an answer. Emptied when they are full, which a text of a million words does a few times.
_folded: dict[str, str] = {}
_stemmed: dict[str, str] = {}


def fold(written: str) -> str:
    """Return a word in lower case, without accents, apostrophes and the possessive; ``&`` is "and"."""
    found = _folded.get(written)
    if found is None:
        found = fold_anew(written)
        _remember(_folded, written, found)
    return found


def fold_anew(written: str) -> str:
    """Return what ``fold`` does, without remembering it."""
    folded = unicodedata.normalize("NFKD", written.casefold().replace("\u00ad", ""))
    folded = "".join([letter for letter in folded if not unicodedata.combining(letter)])
    folded = re.sub(r"['’ʼ]", "", _POSSESSIVE.sub("", folded)) or folded
    return "and" if folded == "&" else folded or written  # "ﾟ" is a letter, and nothing but a mark when it is folded


def _stem(written: str) -> str:
    found = _stemmed.get(written)
    if found is None:
        found = fold(written)
        if len(found) <= LONGEST_WORD:
            with _stemmer_lock:
                found = str(_stemmer.stemWord(found))
        _remember(_stemmed, written, found)
    return found


def _remember(made: dict[str, str], written: str, found: str) -> None:
    if max(len(written), len(found)) > LONGEST_WORD:
        return
    if len(made) >= _REMEMBERED:
        made.clear()
    made[written] = found


def folded_words(text: str) -> list[str]:
    """Return the words of a text in order, folded and not stemmed: how they are spelt."""
    return [fold(match.group()) for match in _WORD.finditer(text)]


def spellings(text: str) -> set[str]:
    """Return the words of a text as ``folded_words`` does, each once."""
    return set(map(fold, set(_WORD.findall(text))))


def lemma(folded: str) -> str:
    """Return the dictionary form of a folded word, which its inflections share and what is derived from it does not:
    "combative" has its own, though it has the stem of "combat"."""
    return _lemma(folded) if len(folded) <= LONGEST_WORD else folded


@lru_cache(maxsize=_REMEMBERED)
def _lemma(folded: str) -> str:
    return _english()[0](folded)


@lru_cache(maxsize=1)
def _english() -> tuple[Callable[[str], str], Callable[[str], str | None]]:
    """Return what lemmatizes a word, and what does so by the dictionary alone, None where that has no such word."""
    from simplemma import Lemmatizer  # a tenth of a second, which most questions need not spend
    from simplemma.strategies import DefaultStrategy, DictionaryFactory, DictionaryLookupStrategy

    class English(DictionaryFactory):
        def get_dictionary(self, lang: str) -> Dictionary[str]:
            return lemmas()

    strategy = DefaultStrategy(dictionary_factory=English())
    lemmatizer = Lemmatizer(0, lemmatization_strategy=strategy)
    known = DictionaryLookupStrategy(English())
    return partial(lemmatizer.lemmatize, lang="en"), partial(known.get_lemma, lang="en")


def is_english(folded: str) -> bool:
    """Whether simplemma's dictionary of English has a folded word, in any inflection."""
    return len(folded) <= LONGEST_WORD and _english()[1](unicodedata.normalize("NFC", folded)) is not None


def english_frequency(written: str) -> float:
    """Return how often English uses a word, on wordfreq's Zipf scale: 3 is once in a million words, 6 once in a
    thousand, 0 never."""
    if len(written) > LONGEST_WORD:
        return 0.0
    if written.isascii() and written.isalpha():
        share = frequencies().get(written.lower())
        return round(log10(share) + 9, 2) if share else 0.0
    import wordfreq  # a fifth of a second, which other words need not spend: it knows how numbers and parts count

    vars(wordfreq)["get_frequency_dict"] = lambda *_: frequencies()  # in place of 40 MB
    return float(wordfreq.zipf_frequency(written, "en"))


def words(text: str, offset: int = 0) -> list[Word]:
    """Return the words of a text in order, each with its stem and character range, counted from ``offset``.

    Case, accents, possessives and English inflections are folded (Snowball's English stemmer); a hyphen parts
    words as a space does; ``&`` is the word "and". Emoji and punctuation are no words.
    """
    found = [(match.group(), match.start() + offset) for match in _WORD.finditer(text)]
    return [Word(_stem(written), start, start + len(written), fold(written)) for written, start in found]


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, in order."""
    return [_stemmed.get(written) or _stem(written) for written in _WORD.findall(text)]


@lru_cache(maxsize=256)  # the passages of a few answers: each is looked through for signals, marks and best sentence
def stemmed(text: str) -> tuple[tuple[str, int, int], ...]:
    """Return (stem, start, end) of a text's words, in order: as ``words``, without making a Word of each."""
    return tuple(
        [
            (_stemmed.get(match.group()) or _stem(match.group()), match.start(), match.end())
            for match in _WORD.finditer(text)
        ]
    )
