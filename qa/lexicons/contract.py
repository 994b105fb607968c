"""What a lexicon is: the types that every kind of it shares."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from qa.datatypes import Ranking
from qa.language import Language

Stems = Sequence[str]
"""Stems in the order of the text."""


class Entry(NamedTuple):
    """A passage to index: its row, the number of its document, what it stands under (title and heading, and each other
    name of its subject; no phrase runs over two of these), its text."""

    row: int
    document: int
    context: Sequence[str]
    text: str


class Spelling(NamedTuple):
    """A word as the texts spell it, how many edits it is away, and how many passages have it."""

    word: str
    edits: int
    passages: int


class Lexicon(Protocol):
    """The contract. Passages are stored as their stems, cut by ``language``; a passage's number is its row."""

    language: Language

    @classmethod
    def write(cls, folder: Path, entries: Iterable[Entry], language: Language) -> None:
        """Write the lexicon of the entries, texts in this language, into an empty folder. Raises ValueError or OSError
        where it cannot be written."""

    @classmethod
    def load(cls, folder: Path, language: Language) -> "Lexicon":
        """Return the lexicon that was written there. Raises ValueError when it is none."""

    @classmethod
    def verify(cls, folder: Path) -> None:
        """Compare what it keeps outside of its folder with what was written. Raises ValueError where it differs."""

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Remove what it keeps outside of its folder, before the folder is removed with its generation."""

    def __len__(self) -> int:
        """Return how many passages it holds."""

    def prepare(self, stems: Iterable[str]) -> None:
        """Called with the stems that will soon be asked about: a lexicon that lies elsewhere fetches them together."""

    def passage_count(self, phrase: Stems, slop: int = 0) -> int:
        """Return how many passages have the stems side by side, or within ``slop`` moves of a word; 0 for none."""

    def weight(self, stem: str) -> float:
        """Return the inverse document frequency of a stem as BM25 has it, in nats; that of a word in no text for ""."""

    def near_spellings(self, word: str, edits: int) -> list[Spelling]:
        """Return the words of the texts within so many edits of a folded word, itself left out, nearest first."""

    def words_beginning(self, begin: str, most: int, least_passages: int) -> list[str]:
        """Return words of the texts that begin like this, as the texts spell them but for case, those of most passages
        first, if they are in so many."""

    def has_word(self, word: str) -> bool:
        """Whether the texts have a folded word, in any inflection."""

    def rank(
        self, words: Iterable[str], k: int, phrases: Iterable[Stems] = (), among: Sequence[int] | None = None
    ) -> Ranking:
        """Return the k passages with the best BM25 over the stems, in which phrases count too; of the documents
        ``among`` which to search, where these are given."""

    def rank_with_all(self, phrases: Sequence[Stems], k: int, among: Sequence[int] | None = None) -> Ranking:
        """Return the k passages with the best BM25 among those that have every phrase."""
