"""Document -> Passages, sized in the embedder's tokens, with exact character ranges.

Belongs here: where a passage begins and ends, and the context that is embedded with it. Not here: reading
files (``readers``) or turning text into vectors (``embedders``).
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from semantic_text_splitter import TextSplitter
from tokenizers import Tokenizer
from yasbd import BoundaryDetector

from qa.datatypes import Document, Page, Passage, Section

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
_LONG_RUN = re.compile(r"\S{300}|\s{300}")
_boundaries = BoundaryDetector("en")


class Splitter:
    """Splits documents on headings, then paragraphs, sentences and words, into passages of like size."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, passage_tokens: int, overhead: int) -> None:
        """Take a tokenizer that neither cuts nor pads, the embedder's limit, the wished size, and how many tokens the
        embedder adds to each passage: special ones and its prompt."""
        self._tokenizer = tokenizer
        self._overhead = overhead
        self.passage_tokens = min(max_tokens, passage_tokens)
        self._sized: dict[int, TextSplitter] = {}

    def split(self, document: Document) -> list[Passage]:
        """Return the passages of a document in order; none for one of white space alone.

        Always ``document.text[p.start:p.end] == p.text``; ``context(p) + p.text`` is never longer than
        ``passage_tokens``, with the tokens that the embedder adds.
        """
        sections = document.sections or (Section("", 0, 0, len(document.text)),)
        return [passage for section in sections for passage in self._split_section(document, section)]

    def context(self, passage: Passage) -> str:
        """Return what is embedded before a passage's text: its title and heading, cut to their share."""
        return self._context(passage.title, passage.heading)

    def _split_section(self, document: Document, section: Section) -> list[Passage]:
        body = document.text[section.start : section.end]
        room = self._room(document.title, section.heading)
        found = []
        for offset, text in self._chunks(body, room):
            start = section.start + offset
            end = start + len(text)
            found.append(
                Passage(
                    id=f"{document.id}#{start}-{end}",
                    document_id=document.id,
                    title=document.title,
                    heading=section.heading,
                    source=document.source,
                    text=document.text[start:end],
                    start=start,
                    end=end,
                    page=page_label(document.pages, start, end),
                    sentences=find_sentences(document.text[start:end]),
                )
            )
        return found

    def _chunks(self, body: str, room: int) -> list[tuple[int, str]]:
        """Return (offset, text) of stretches of at most ``room`` tokens, as even in length as sentences allow."""
        if not body.strip():
            return []
        unwrapped = _WRAPPED_LINE.sub(lambda wrap: " " * len(wrap.group()), body)
        count = self._count(unwrapped)
        return [
            (offset + inner, part)
            for offset, text in self._sized_splitter(self._size(count, room)).chunk_indices(unwrapped)
            for inner, part in _cut_runs(text, room * _CHARACTERS_A_TOKEN)
            if part.strip()
        ]

    def _size(self, count: int, room: int) -> int:
        """Return how long passages of a section of ``count`` tokens may be, each at most ``room``.

        What fits whole has one size for all, for each size takes a splitter of its own.
        """
        if count <= room:
            return self.passage_tokens
        return min(room, math.ceil(count / math.ceil(count / room) * _SLACK))

    def _sized_splitter(self, tokens: int) -> TextSplitter:
        if tokens not in self._sized:
            self._sized[tokens] = _made(self._tokenizer, tokens)
        return self._sized[tokens]

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
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


@lru_cache(maxsize=16)  # 50 ms and 4 MB each: enough for one who updates again and again, and little to keep
def _made(tokenizer: Tokenizer, tokens: int) -> TextSplitter:
    return TextSplitter.from_huggingface_tokenizer(tokenizer, tokens)


def page_label(pages: Sequence[Page], start: int, end: int) -> str:
    """Return the label of the page that holds a range, "12–13" where it runs over several, "" where none does."""
    first = bisect_right(pages, start, key=lambda page: page.end)
    last = bisect_left(pages, end, key=lambda page: page.start)
    labels = [page.label for page in pages[first:last]]
    return "–".join(dict.fromkeys([labels[0], labels[-1]])) if labels else ""


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
    if not paragraph.strip() or _LONG_RUN.search(paragraph):
        return []
    return [min(start + boundary, end) for boundary in _boundaries.detect(paragraph)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without the white space at its edges."""
    stretch = text[start:end]
    return start + len(stretch) - len(stretch.lstrip()), start + len(stretch.rstrip())


def _cut_runs(text: str, characters: int) -> list[tuple[int, str]]:
    """Return (offset, text) of stretches of at most so many characters; all but runs without spaces fit as they are."""
    return [(0, text)] if len(text) <= characters else TextSplitter(characters).chunk_indices(text)
