"""Passage -> the stretch of it that is read: the sentences side by side that have most of the question's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qa.datatypes import Passage
from qa.language import Language

WINDOW = 350
"""Characters of a passage that are read. What is read costs by its length, and more told no more: the areas under the
ROC curve are the same or higher than with whole passages on six sets (``benchmarks/readers.py``)."""

Range = tuple[int, int]


def cut_to_window(passage: Passage, weights: Mapping[str, float], language: Language) -> tuple[Passage, int]:
    """Return a passage with what of it is read alone, and where in it that begins."""
    start, end = find_window(passage, weights, language)
    return replace(passage, text=passage.text[start:end], start=passage.start + start, sentences=()), start


def find_window(passage: Passage, weights: Mapping[str, float], language: Language) -> Range:
    """Return the [start, end) characters of the sentences side by side, WINDOW long at most, that have most of the
    question's stems by weight, each counted once; the first of equals, and all of a short passage."""
    text = passage.text
    if len(text) <= WINDOW:
        return 0, len(text)
    pieces = list(_pieces(text, passage.sentences or ((0, len(text)),)))
    found = [word for word in language.stemmed(text) if word[0] in weights]
    best, most = pieces[0], -1.0
    for first, (start, _) in enumerate(pieces):
        end = max(stop for _, stop in pieces[first:] if stop - start <= WINDOW)
        worth = sum(weights[stem] for stem in sorted({stem for stem, at, _ in found if start <= at < end}))
        if worth > most:
            best, most = (start, end), worth
    return best


def _pieces(text: str, sentences: Sequence[Range]) -> Iterator[Range]:
    """Yield the sentences, those longer than a window cut between words where they can be."""
    for sentence, end in sentences:
        start = sentence
        while end - start > WINDOW:
            space = text.rfind(" ", start + WINDOW // 2, start + WINDOW)
            cut = space + 1 if space > 0 else start + WINDOW
            yield start, cut
            start = cut
        if end > start:
            yield start, end
