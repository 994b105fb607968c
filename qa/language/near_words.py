"""Word -> the words of a list within so many edits of it, found without comparing it with most of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

_BITS = 64


class NearWords:
    """Words to search. An edit inserts, deletes or replaces a letter, or swaps two neighbours (optimal string
    alignment)."""

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words, none of them empty, and note which letters each has."""
        self.words = words
        self._lengths = np.fromiter(map(len, words), np.int32, len(words))
        letters = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
        starts = np.cumsum(self._lengths) - self._lengths
        self._letters = np.bitwise_or.reduceat(_bit(letters), starts) if len(words) else np.empty(0, np.uint64)

    def find(self, word: str, edits: int) -> list[tuple[int, int]]:
        """Return (place in the list, edits) of each word within so many edits, in the list's order; not of itself.

        An edit adds or takes one letter, or one for another: words that differ in more than two letters an edit, or in
        length by more than the edits, need not be compared.
        """
        letters = np.bitwise_or.reduce(_bit(np.frombuffer(word.encode("utf-32-le"), np.uint32)))
        other = np.bitwise_count(self._letters ^ letters)
        places = np.flatnonzero((other <= 2 * edits) & (np.abs(self._lengths - len(word)) <= edits))
        if not len(places):
            return []
        compared = [self.words[place] for place in places.tolist()]
        distances = cdist([word], compared, scorer=OSA.distance, score_cutoff=edits, dtype=np.uint8)[0]
        near = np.flatnonzero((distances <= edits) & (distances > 0))
        return [(int(places[found]), int(distances[found])) for found in near]


def _bit(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """Return a bit for each letter. Letters may share one: then the bits differ in fewer places, never in more."""
    return np.uint64(1) << (letters.astype(np.uint64) % np.uint64(_BITS))
