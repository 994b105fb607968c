"""Passage -> its place in words, as a person would look it up."""

from qa.datatypes import Passage
from qa.wording import ENGLISH, Wording


def name_of(passage: Passage) -> str:
    """Return the title of a passage's document, with the heading that it stands under."""
    return " › ".join(part for part in (passage.title or passage.document_id, passage.heading) if part)


def place_of(passage: Passage, said: Wording = ENGLISH) -> str:
    """Return where a passage stands: its file, there its page or line, and its characters."""
    page = [said.text("p. {label}", label=passage.page)] if passage.page else []
    line = [said.text("line {line}", line=said.number(passage.line))] if passage.line else []
    characters = said.text("characters {start}–{end}", start=passage.start, end=passage.end)
    return ", ".join([passage.source, *page, *line, characters])


def copies_in_words(copies: tuple[Passage, ...]) -> str:
    """Return where else the same words stand."""
    return "; ".join(f"{name_of(copy)} ({copy.source})" for copy in copies)
