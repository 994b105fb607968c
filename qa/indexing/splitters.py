"""Document -> Passages, sized in the embedder's tokens, with exact character ranges.

Belongs here: where a passage begins and ends, and the context that is embedded with it. Not here: reading
files (``parsers``) or turning text into vectors (``embedders``).
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from semantic_text_splitter import TextSplitter
from tokenizers import Tokenizer
from yasbd import BoundaryDetector

from qa.datatypes import Document, Page, Passage, Section, SourceLines
from qa.parsers.blobs import find_blobs

_CONTEXT_SHARE = 4  # a title may take at most one in four of a passage's tokens; longer ones are cut
_LEAST_TOKENS = 8  # below this a passage says nothing

# English has 4 to 5 characters a token. A run without spaces can be one token of any length, and nobody reads that.
_CHARACTERS_A_TOKEN = 10

# Balanced passages are up to this much longer than an even share, so that they can end at a sentence.
_SLACK = 1.15

# A single line end inside a paragraph is only where the author's editor wrapped: treated as a space, so that
# sentences are found across it. Not before a list item, a quote or an indented line. Each character becomes
# one space, so offsets stay true.
_WRAPPED_LINE = re.compile(r"(?<=[^\n\r])\r?\n(?=[^\s\-*+>|#\d])")

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_ONE_WORD = re.compile(r"\s*+\w*+\s*+")
_LONG_RUN = re.compile(r"(?<!\S)\S{300}|(?<!\s)\s{300}")
_WORDS = re.compile(r"\w")

# The library's time grows with the square of what it is given, where that has no blank lines or sentences. English
# passages of 256 tokens have 1,200 characters, so that cutting the last one of a window again costs little.
_WINDOW = 8_000  # characters at least
_COUNTED = 50_000  # characters; a token takes a hundred bytes while it is counted
_boundaries = BoundaryDetector("en")


class Splitter:
    """Splits documents on headings, then paragraphs, sentences and words, into passages of like size."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, passage_tokens: int, overhead: int) -> None:
        """Take a tokenizer that neither cuts nor pads, the embedder's limit, the wished size, and how many tokens the
        embedder adds to each passage: special ones and its prompt."""
        self._tokenizer = tokenizer
        self._overhead = overhead
        self.passage_tokens = min(max_tokens, passage_tokens)

    def split(self, document: Document) -> list[Passage]:
        """Return the passages of a document in order; none for one of white space or data alone: embedded pictures and
        the like are in no passage.

        Always ``document.text[p.start:p.end] == p.text``; ``context(p) + p.text`` is never longer than
        ``passage_tokens``, with the tokens that the embedder adds.
        """
        sections = document.sections or (Section("", 0, 0, len(document.text)),)
        return [passage for section in sections for passage in self._split_section(document, section)]

    def context(self, passage: Passage) -> str:
        """Return what is embedded before a passage's text: its title and heading, cut to their share."""
        return self._context(passage.title, passage.heading)

    def _split_section(self, document: Document, section: Section) -> list[Passage]:
        room = self._room(document.title, section.heading)
        return [
            Passage(
                id=f"{document.id}#{start}-{start + len(text)}",
                document_id=document.id,
                title=document.title,
                heading=section.heading,
                source=document.source,
                text=document.text[start : start + len(text)],
                start=start,
                end=start + len(text),
                page=page_label(document.pages, start, start + len(text)),
                line=line_number(document.lines, start),
                sentences=find_sentences(document.text[start : start + len(text)]),
            )
            for first, end in _stretches(document.text, section)
            for start, text in self._chunks(document.text, first, end, room)
        ]

    def _chunks(self, whole: str, start: int, end: int, room: int) -> Iterator[tuple[int, str]]:
        """Yield (start, text) of parts of a stretch of at most ``room`` tokens, as even in length as sentences allow.

        The text has each line end within a paragraph as a space.
        """
        unwrapped = _WRAPPED_LINE.sub(lambda wrap: " " * len(wrap.group()), whole[start:end])
        count = self._count_long(unwrapped)
        for offset, text in [_whole(unwrapped)] if count <= room else self._parts(unwrapped, count, room):
            for inner, part in _cut_runs(text, room * _CHARACTERS_A_TOKEN):
                if part.strip():
                    yield start + offset + inner, part

    def _parts(self, text: str, count: int, room: int) -> Iterator[tuple[int, str]]:
        """Yield (offset, part) of a text of ``count`` tokens, more than ``room``."""
        size = min(room, math.ceil(count / math.ceil(count / room) * _SLACK))
        return _windowed(TextSplitter.from_callback(self._count, size), text, size)

    def _room(self, title: str, heading: str) -> int:
        """Return how many tokens a passage's own text may have beside its context."""
        context = self._count(self._context(title, heading))
        return max(self.passage_tokens - self._overhead - context, _LEAST_TOKENS)

    def _context(self, title: str, heading: str) -> str:
        context = ": ".join(part for part in (title, heading) if part)
        if not context:
            return ""
        limit = max(self.passage_tokens // _CONTEXT_SHARE, 1)
        offsets = self._tokenizer.encode(context, add_special_tokens=False).offsets
        if len(offsets) > limit:
            context = context[: offsets[limit - 1][1]]
        return context + "\n"

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def _count_long(self, text: str) -> int:
        """Return how many tokens a text has, of which only so many are in memory at a time."""
        count = start = 0
        while start < len(text):
            end = _end_of_block(text, start)
            count += self._count(text[start:end])
            start = end
        return count


def _end_of_block(text: str, start: int) -> int:
    """Return where a block ends that can be counted apart from the next: at a space, where there is one."""
    limit = start + _COUNTED
    if limit >= len(text):
        return len(text)
    space = max(text.rfind(" ", start, limit), text.rfind("\n", start, limit))
    return space if space > start else limit


def _stretches(text: str, section: Section) -> list[tuple[int, int]]:
    """Return the ranges of a section between data that is no text."""
    blobs = [
        (section.start + start, section.start + end) for start, end in find_blobs(text[section.start : section.end])
    ]
    if not blobs:
        whole = (section.start, section.end)
        return [whole] if text[section.start : section.end].strip() else []
    starts, ends = [section.start, *(end for _, end in blobs)], [*(start for start, _ in blobs), section.end]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if _WORDS.search(text, start, end)]


def _whole(text: str) -> tuple[int, str]:
    """Return a text without the white space around it, and where that begins."""
    return len(text) - len(text.lstrip()), text.strip()


def _windowed(splitter: TextSplitter, text: str, size: int) -> Iterator[tuple[int, str]]:
    """Yield what ``splitter.chunk_indices(text)`` gives for chunks of so many tokens, in time that grows with the text
    and not with its square.

    A chunk depends only on what follows it up to its size, so that all but the last one of a window are final.
    """
    start, window = 0, max(_WINDOW, 2 * size * _CHARACTERS_A_TOKEN)
    while start < len(text):
        found = splitter.chunk_indices(text[start : start + window])
        following = window
        if start + window < len(text) and found and found[-1][0] > 0:
            following, _ = found.pop()
        yield from ((start + offset, part) for offset, part in found)
        start += following


def page_label(pages: Sequence[Page], start: int, end: int) -> str:
    """Return the label of the page that holds a range, "12–13" where it runs over several, "" where none does."""
    first = bisect_right(pages, start, key=lambda page: page.end)
    last = bisect_left(pages, end, key=lambda page: page.start)
    labels = [page.label for page in pages[first:last]]
    return "–".join(dict.fromkeys([labels[0], labels[-1]])) if labels else ""


def line_number(lines: SourceLines, start: int) -> int:
    """Return the line of the file on which a character of the text stands, 0 where there are no lines."""
    place = bisect_right(lines.starts, start) - 1
    return lines.numbers[max(place, 0)] if lines.numbers else 0


def find_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the [start, end) ranges of a text's sentences, without the white space around them.

    A blank line ends a sentence, a single line end does not. A paragraph with 300 characters without a space, or with
    as many spaces, is one sentence: the library's time grows with the square of such a run.
    """
    blanks = [match.span() for match in _BLANK_LINE.finditer(text)]
    starts, ends = [0, *(end for _, end in blanks)], [*(start for start, _ in blanks), len(text)]
    cuts = sorted(
        {*starts, *ends, *(cut for range_ in zip(starts, ends, strict=True) for cut in _boundaries_in(text, *range_))}
    )
    return tuple(_trimmed(text, start, end) for start, end in pairwise(cuts) if text[start:end].strip())


def _boundaries_in(text: str, start: int, end: int) -> list[int]:
    """Return where sentences end within a paragraph, ``text[start:end]``."""
    paragraph = _WRAPPED_LINE.sub(lambda wrap: " " * len(wrap.group()), text[start:end])
    if _ONE_WORD.fullmatch(paragraph) or _LONG_RUN.search(paragraph):
        return []
    return [min(start + boundary, end) for boundary in _boundaries.detect(paragraph)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without the white space at its edges."""
    stretch = text[start:end]
    return start + len(stretch) - len(stretch.lstrip()), start + len(stretch.rstrip())


def _cut_runs(text: str, characters: int) -> list[tuple[int, str]]:
    """Return (offset, text) of stretches of at most so many characters; all but runs without spaces fit as they are."""
    return [(0, text)] if len(text) <= characters else TextSplitter(characters).chunk_indices(text)
