"""The words of a question and the encoder's tokens: which is of which word, and what the encoder tells of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.datatypes import Question
from qa.finding.head import SCORES
from qa.finding.terms import WordScores

Offsets = Sequence[tuple[int, int]]
"""Where each token stands in a text; a token of no text, as those that begin and end it, is as long as nothing."""

Floats = npt.NDArray[np.float32]

_LEAST_LENGTH = 1e-6  # of a sum: that of no tokens has no direction

_NOTHING: WordScores = (0.0, *[-30.0] * (SCORES - 1))
"""Of a word that was cut off: it is of no term."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenVectors:
    """The (t, d) vectors of a question's tokens, each as the encoder sees it among the others, and where it stands.
    The mean of all of them is what the question's own vector is made of."""

    offsets: Offsets
    vectors: npt.NDArray[np.float16]

    def parted(self, start: int, end: int) -> tuple[Floats, Floats]:
        """Return the (d,) units of the means of the tokens between two places in the text, and of all others; zeros for
        that of no tokens."""
        inside = self._inside(start, end)
        return self._mean(inside), self._mean(~inside)

    def mean_of(self, places: Sequence[tuple[int, int]]) -> Floats | None:
        """Return the (d,) unit of the mean of the tokens in stretches of the text, each from a place to another; None
        where one of these has no token, as where it was cut off."""
        found = [self._inside(*place) for place in places]
        return self._mean(np.logical_or.reduce(found)) if found and all(map(np.any, found)) else None

    def _inside(self, start: int, end: int) -> npt.NDArray[np.bool_]:
        return np.array([start <= first < last <= end for first, last in self.offsets], bool)

    def _mean(self, which: npt.NDArray[np.bool_]) -> Floats:
        total = self.vectors[which].sum(axis=0, dtype=np.float32)
        length = np.linalg.norm(total)
        return total / length if length > _LEAST_LENGTH else np.zeros_like(total)


@dataclass(frozen=True, slots=True, eq=False)
class ReadWords:
    """What the encoder's graph tells of a question beside its vector: the scores of each of its words, and the vectors
    of its tokens where the graph has them."""

    scores: list[WordScores]
    tokens: TokenVectors | None = None


def scores_of_words(question: Question, offsets: Offsets, scores: Sequence[Sequence[float]]) -> list[WordScores]:
    """Return for each word of a question the scores of the token that it begins with; of ".NET", of its first
    letters."""
    first = {start: place for place, (start, end) in reversed(list(enumerate(offsets))) if end > start}
    starts = [word.start + (question.text[word.start] == ".") for word in question.words]
    return [tuple(float(score) for score in scores[first[start]]) if start in first else _NOTHING for start in starts]
