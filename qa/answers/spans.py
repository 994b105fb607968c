"""Readings -> the answer: the words of a passage that answer, with every place where they stand."""

from collections.abc import Sequence
from math import exp

from qa.datatypes import Passage, Place, QuotedPassage, Reading, Span

ANSWERS = 0.0
"""The log odds of a reading from which on its passage is taken to answer: what is more likely than not."""

CERTAIN = 0.4
"""The probability of a place among all in its passage from which on it can be the answer: below it the passage answers
in more than a few words, if at all, and its best sentence says where. On the reader's validation part the words of
places below have an F1 of .49 with the right ones, those above one of .84."""

SLOPE, INTERCEPT = 0.556, -0.765
"""What makes of the log odds that a passage answers those that the words in it are right: the reader thinks too well of
itself on texts that it was not trained on. `benchmarks/spans.py` fits both, and tells what they are worth on sets that
were left out. Nothing else that is known of a question tells right words from wrong ones there."""

LIKELY = 0.5
"""The probability from which on words are shown as the answer: that more are right than wrong, by the fit."""


def find_answer(passages: Sequence[QuotedPassage], readings: Sequence[Reading]) -> Span | None:
    """Return the answer of the passage that answers most surely, None where none does in so many words, or where these
    are more likely wrong."""
    answering = answering_in_words(passages, readings)
    if not answering or probability_right(answering[0][0]) < LIKELY:
        return None
    (surest, best), *others = answering
    text = best.passage.text[surest.start : surest.end]
    places = [Place(best.rank, surest.start, surest.end), *(place for _, one in others for place in _places(text, one))]
    return Span(text, round(probability_right(surest), 4), tuple(places))


def answering_in_words(
    passages: Sequence[QuotedPassage], readings: Sequence[Reading]
) -> list[tuple[Reading, QuotedPassage]]:
    """Return the passages that answer in a few words, each with its reading, the surest first."""
    answering = [
        (reading, quoted)
        for quoted, reading in zip(passages, readings, strict=False)
        if reading.log_odds >= ANSWERS and reading.certainty >= CERTAIN and reading.start < reading.end
    ]
    return sorted(answering, key=lambda one: -one[0].log_odds)


def probability_right(reading: Reading) -> float:
    """Return how probably the words that a reading found answer the question."""
    return 1 / (1 + exp(-(SLOPE * reading.log_odds + INTERCEPT)))


def _places(text: str, quoted: QuotedPassage) -> list[Place]:
    """Return where a passage that answers has the same words, the first time; case does not matter."""
    start = quoted.passage.text.lower().find(text.lower())
    is_whole = quoted.passage.text[start : start + len(text)].lower() == text.lower()
    return [Place(quoted.rank, start, start + len(text))] if start >= 0 and is_whole else []


def sentence_around(passage: Passage, reading: Reading) -> tuple[int, int] | None:
    """Return the sentence of a passage that its answer stands in, None where the passage is one sentence, or where it
    does not answer."""
    if len(passage.sentences) < 2 or reading.log_odds < ANSWERS:
        return None
    return next(((a, b) for a, b in passage.sentences if a <= reading.start < b), None)
