"""The words of a question and the encoder's tokens: which token is of which word."""

from collections.abc import Sequence

from qa.datatypes import Question
from qa.finding.head import SCORES
from qa.finding.terms import WordScores

Offsets = Sequence[tuple[int, int]]
"""Where each token stands in a text; a token of no text, as those that begin and end it, is as long as nothing."""

_NOTHING: WordScores = (0.0, *[-30.0] * (SCORES - 1))
"""Of a word that was cut off: it is of no term."""


def scores_of_words(question: Question, offsets: Offsets, scores: Sequence[Sequence[float]]) -> list[WordScores]:
    """Return for each word of a question the scores of the token that it begins with; of ".NET", of its first
    letters."""
    first = {start: place for place, (start, end) in reversed(list(enumerate(offsets))) if end > start}
    starts = [word.start + (question.text[word.start] == ".") for word in question.words]
    return [tuple(float(score) for score in scores[first[start]]) if start in first else _NOTHING for start in starts]
