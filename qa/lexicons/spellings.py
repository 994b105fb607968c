"""The words of the texts as they are spelt, in one file: beginnings, near spellings, and whether a word is used."""

from bisect import bisect_left
from collections import Counter
from functools import cached_property
from heapq import nsmallest
from pathlib import Path

from qa.language import Language
from qa.language.near_words import NearWords
from qa.lexicons.contract import Entry, Spelling

WORDS = "words.tsv"
"""The file of a lexicon's folder: word, lemma and passages, a line for each word."""


class SpellingCounts:
    """Gathers the words of entries, and how many passages have each."""

    def __init__(self, language: Language) -> None:
        """Begin with none."""
        self._language = language
        self._counts: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        """Count the words of an entry."""
        self._counts.update(self._language.spellings("\n".join((*entry.context, entry.text))))

    def write(self, folder: Path) -> None:
        """Write them."""
        counted = sorted(self._counts.items())
        lines = (f"{word}\t{self._language.lemma(word)}\t{count}\n" for word, count in counted)
        (folder / WORDS).write_text("".join(lines), encoding="utf-8")


class Spellings:
    """The words of a lexicon, read from what was written when the first is asked for."""

    def __init__(self, content: bytes, language: Language) -> None:
        """Take the content of the file, whose texts are in this language."""
        self._content = content
        self._language = language

    def near(self, word: str, edits: int) -> list[Spelling]:
        """Return the words of the texts within so many edits of a folded word, itself left out.

        Edits are those of ``NearWords``. The nearest come first, among these the most used.
        """
        words, counts, _ = self._words
        near = [Spelling(words.words[place], distance, counts[place]) for place, distance in words.find(word, edits)]
        return sorted(near, key=lambda spelling: (spelling.edits, -spelling.passages, spelling.word))

    def beginning(self, begin: str, most: int, least_passages: int) -> list[str]:
        """Return words of the texts that begin like this, those of most passages first, if they are in so many."""
        near, counts, _ = self._words
        begin, words = begin.casefold(), near.words
        first, end = bisect_left(words, begin), bisect_left(words, f"{begin}\U0010ffff")
        often = [(counts[place], words[place]) for place in range(first, end) if counts[place] >= least_passages]
        return [word for _, word in nsmallest(most, often, key=lambda one: (-one[0], one[1]))]

    def has(self, word: str) -> bool:
        """Whether the texts have a folded word, in any inflection."""
        known = self._words[2]
        return (
            word in known
            or self._language.lemma(word) in known
            or (word.endswith("s") and not word.endswith("ss") and word[:-1] in known)
        )

    @cached_property
    def _words(self) -> tuple[NearWords, list[int], frozenset[str]]:
        """Return the words of the texts as spelt, sorted; how many passages have each; the words and their lemmas."""
        rows = [line.split("\t") for line in self._content.decode().splitlines()]
        words = [row[0] for row in rows]
        return NearWords(words), [int(row[2]) for row in rows], frozenset(words).union(row[1] for row in rows)


class SpeltWords:
    """What lexicons share that have the words of their texts as they are spelt."""

    _spellings: Spellings

    def near_spellings(self, word: str, edits: int) -> list[Spelling]:
        """Return the words of the texts within so many edits of a folded word, see ``Spellings.near``."""
        return self._spellings.near(word, edits)

    def words_beginning(self, begin: str, most: int, least_passages: int) -> list[str]:
        """Return words of the texts that begin like this, those of most passages first, if they are in so many."""
        return self._spellings.beginning(begin, most, least_passages)

    def has_word(self, word: str) -> bool:
        """Whether the texts have a folded word, in any inflection."""
        return self._spellings.has(word)
