"""Passage -> its place in words, as a person would look it up."""

from qa.datatypes import Passage


def name_of(passage: Passage) -> str:
    """Return the title of a passage's document, with the heading that it stands under."""
    return " › ".join(part for part in (passage.title or passage.document_id, passage.heading) if part)


def place_of(passage: Passage) -> str:
    """Return where a passage stands: its file, there its page or line, and its characters."""
    page = f", p. {passage.page}" if passage.page else ""
    line = f", line {passage.line:,}" if passage.line else ""
    return f"{passage.source}{page}{line}, characters {passage.start}–{passage.end}"


def copies_in_words(copies: tuple[Passage, ...]) -> str:
    """Return where else the same words stand."""
    return "; ".join(f"{name_of(copy)} ({copy.source})" for copy in copies)
