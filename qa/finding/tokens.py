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

_NOTHING: WordScores = (0.0, *[-30.0] * (SCORES - 1))
"""Of a word that was cut off: it is of no term."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenVectors:
    """The (t, d) vectors of a question's tokens, each as the encoder sees it among the others, and where it stands.
    The mean of all of them is what the question's own vector is made of."""

    offsets: Offsets
    vectors: npt.NDArray[np.float16]

    def parted(self, start: int, end: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return the (d,) sums of the vectors of the tokens between two places in the text, and of all others."""
        inside = np.array([start <= first < last <= end for first, last in self.offsets], bool)
        own = self.vectors[inside].sum(axis=0, dtype=np.float32)
        others = self.vectors[~inside].sum(axis=0, dtype=np.float32)
        return own, others


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
