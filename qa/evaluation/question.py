"""A question of a set, with whatever its set knows about it."""

from dataclasses import dataclass

from qa.errors import UnreadableDocument


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """A question with its labels; a label that its set does not give is None.

    ``off_corpus_terms`` are the terms that must be flagged, ``()`` where nothing may be; ``misspelled`` pairs of
    (term, correction); ``known_parts`` the parts of the missing term that the corpus has.
    """

    id: str
    text: str
    answerable: bool | None = None
    answers: tuple[str, ...] | None = None
    off_corpus_terms: tuple[str, ...] | None = None
    misspelled: tuple[tuple[str, str], ...] | None = None
    known_parts: tuple[str, ...] | None = None
    kind: str | None = None


SetLine = SetQuestion | UnreadableDocument
"""A question, or a line that holds none and why."""
