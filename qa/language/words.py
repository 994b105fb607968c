"""Text -> words: how a word is cut, folded and stemmed. The one normaliser, for building an index and for asking."""

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

from qa.datatypes import Word

_ACCENTS = r"[\u0300-\u036f\u00ad]"  # that stand for themselves, and soft hyphens
_LETTERS = rf"[^\W_]+(?:{_ACCENTS}+[^\W_]*)*"
_OWN = r"(?:['’ʼ]s\b)?"
# Of "C++", "C#", and "401(k)" with its plural; a shorter number with a letter in brackets is of a section or a list.
_SIGNS = rf"(?:(?<=\b[A-Za-z])(?:\+\+|#)(?![+#]){_OWN}|(?<=\d\d\d)\([A-Za-z]\)(?:s\b|(?!\w)){_OWN})?"
_DOTTED = rf"(?<![^\s(\"'“„«‘])\.[A-Za-z]{{2,}}(?!\w|\.\w){_OWN}"  # ".NET"
_WORD = re.compile(rf"{_LETTERS}(?:['’ʼ](?:[^\W_]|{_ACCENTS})+)*{_SIGNS}|&|{_DOTTED}")
_ELIDED = re.compile(  # "l'" and "histoire" of "l'histoire"
    rf"(?:\b[^\W_]{{1,7}}['’ʼ](?=[^\W_]))|{_LETTERS}{_SIGNS}|&|{_DOTTED}"
)

LONGEST_WORD = 45
"""Letters of the longest word in a dictionary of English. What is longer is kept as it is written: no dictionary is
asked for it, and nothing of it remembered. One letter can fold to eighteen, which count then."""

_REMEMBERED = 1 << 15  # words: more than a text of a million words has of frequent ones, 5 MB

_POSSESSIVE = re.compile(r"['’ʼ](?:s)?$|(?<=\))s$")  # "401(k)s" too
_UNWRITTEN = re.compile(r"['’ʼ()]")  # of a folded word: "401(k)" is "401k"


def fold_anew(written: str, accents: bool = False) -> str:
    """Return a word in lower case without apostrophes and the possessive, and without accents unless they are to stay;
    ``&`` is "and"."""
    lower = written.casefold().replace("\u00ad", "")
    folded = unicodedata.normalize("NFKC", lower) if accents else without_accents(lower)
    folded = _UNWRITTEN.sub("", _POSSESSIVE.sub("", folded)) or folded
    return "and" if folded == "&" else folded or written  # "ﾟ" is a letter, and nothing but a mark when it is folded


def without_accents(text: str) -> str:
    """Return a text without the marks on its letters, and each letter in its plainest form (NFKD)."""
    if text.isascii():
        return text
    return "".join([letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)])


class Words:
    """Cuts, folds and stems the words of one language.

    Case, accents, possessives and inflections are folded (Snowball's stemmers); a hyphen parts words as a space does;
    ``&`` is the word "and". Emoji and punctuation are no words, but a name keeps its signs: "C++", "C#", ".NET", and
    "401(k)", which is "401k". Where ``accents`` stay, a folded word has them, for dictionaries know it so, and a stem
    has none; where words are ``elided``, an apostrophe ends one: "l'" | "histoire".
    """

    def __init__(self, stemmer: str, accents: bool = False, elided: bool = False) -> None:
        """Take the name of a stemmer of Snowball's."""
        self._accents = accents
        self._pattern = _ELIDED if elided else _WORD
        self._stemmer = Stemmer.Stemmer(stemmer)
        self._turn = threading.Lock()  # a Snowball stemmer keeps state between calls and is not thread-safe
        # What was made of words before. Dictionaries, not caches that a call goes through: each word of five passages
        # is looked up for an answer. Emptied when they are full, which a text of a million words does a few times.
        self._folded: dict[str, str] = {}
        self._stemmed: dict[str, str] = {}
        # The passages of a few answers: each is looked through for signals, marks and best sentence.
        self.stemmed = lru_cache(maxsize=256)(self._stemmed_words)

    def fold(self, written: str) -> str:
        """Return a word as it is spelt in lower case, see ``fold_anew``."""
        found = self._folded.get(written)
        if found is None:
            found = fold_anew(written, self._accents)
            _remember(self._folded, written, found)
        return found

    def _stem(self, written: str) -> str:
        found = self._stemmed.get(written)
        if found is None:
            found = self.fold(written)
            if len(found) <= LONGEST_WORD:
                with self._turn:
                    found = str(self._stemmer.stemWord(found))
            found = without_accents(found) if self._accents else found
            _remember(self._stemmed, written, found)
        return found

    def words(self, text: str, offset: int = 0) -> list[Word]:
        """Return the words of a text in order, each with its stem and character range, counted from ``offset``."""
        found = [(match.group(), match.start() + offset) for match in self._pattern.finditer(text)]
        return [Word(self._stem(written), start, start + len(written), self.fold(written)) for written, start in found]

    def stems(self, text: str) -> list[str]:
        """Return the stems of a text's words, in order."""
        return [self._stemmed.get(written) or self._stem(written) for written in self._pattern.findall(text)]

    def folded_words(self, text: str) -> list[str]:
        """Return the words of a text in order, folded and not stemmed: how they are spelt."""
        return [self.fold(written) for written in self._pattern.findall(text)]

    def spellings(self, text: str) -> set[str]:
        """Return the words of a text as ``folded_words`` does, each once."""
        return set(map(self.fold, set(self._pattern.findall(text))))

    def _stemmed_words(self, text: str) -> tuple[tuple[str, int, int], ...]:
        """Return (stem, start, end) of a text's words, in order: as ``words``, without making a Word of each."""
        return tuple(
            [
                (self._stemmed.get(match.group()) or self._stem(match.group()), match.start(), match.end())
                for match in self._pattern.finditer(text)
            ]
        )


def _remember(made: dict[str, str], written: str, found: str) -> None:
    if max(len(written), len(found)) > LONGEST_WORD:
        return
    if len(made) >= _REMEMBERED:
        made.clear()
    made[written] = found


ENGLISH_WORDS = Words("english")
