"""What is known of English words, as tries in the package that processes map and share; `data/README.md` has sources
and licences, and ``training/dictionaries.py`` made them.

As libraries load the same, lemmas, frequencies and parts of speech take half a second and 75 MB of each process.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import marisa_trie

FOLDER = Path(__file__).with_name("data")

_V = TypeVar("_V")


class Dictionary(Mapping[str, _V]):
    """A trie of words as a mapping: of each word's first value, as ``read`` gives it."""

    def __init__(self, trie: Any, read: Callable[[Any], _V]) -> None:
        """Keep the two."""
        self._trie = trie
        self._read = read

    def __getitem__(self, word: str) -> _V:
        """Return the value of a word. Raises KeyError."""
        if "\0" in word:  # where a trie ends reading
            raise KeyError(word)
        try:
            return self._read(self._trie[word][0])
        except UnicodeEncodeError:  # a lone surrogate
            raise KeyError(word) from None

    def __iter__(self) -> Iterator[str]:
        """Yield the words."""
        return iter(self._trie.keys())

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self._trie)


@lru_cache(maxsize=1)
def lemmas() -> Dictionary[str]:
    """Return the lemma of each word that simplemma's dictionary of English has."""
    return Dictionary(_mapped(marisa_trie.BytesTrie(), "lemmas"), bytes.decode)


@lru_cache(maxsize=1)
def tags() -> Dictionary[str]:
    """Return the part of speech of each word in Brill's lexicon, by the Penn treebank."""
    return Dictionary(_mapped(marisa_trie.BytesTrie(), "tags"), bytes.decode)


@lru_cache(maxsize=1)
def frequencies() -> Dictionary[float]:
    """Return how often English uses a word, by wordfreq, as a share of all words."""
    return Dictionary(_mapped(marisa_trie.RecordTrie("<H"), "frequencies"), lambda step: float(10 ** (-step[0] / 100)))


def frequent_words() -> list[str]:
    """Return wordfreq's 50,000 most frequent words of English, in no order."""
    return list(_mapped(marisa_trie.Trie(), "frequent").keys())


def _mapped(trie: Any, name: str) -> Any:
    return trie.mmap(str(FOLDER / f"{name}.marisa"))
