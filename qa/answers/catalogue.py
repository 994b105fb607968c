"""Id -> document or passage of a generation: its whole text, what its file says of it, and the way back to a quote."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from qa.datatypes import Details, Passage
from qa.errors import DocumentMissing
from qa.indexing.index import Generation, IndexedDocument
from qa.indexing.shelf import Quote, StoredText, find_quote, quote_of


@dataclass(frozen=True, slots=True)
class CataloguedDocument:
    """A document with its text, the ``checksum`` of its file as it was read (SHA-256, in hexadecimal), and its
    ``passages`` in order."""

    document: IndexedDocument
    stored: StoredText
    checksum: str
    passages: tuple[Passage, ...]

    @property
    def details(self) -> Details:
        """Return what its file says of it."""
        return self.stored.details

    @property
    def title(self) -> str:
        """Return its title, its id where it has none."""
        return self.document.title or self.document.id


@dataclass(frozen=True, slots=True)
class Found:
    """Where a quote stands now: in this document, ``text[start:end]``."""

    document_id: str
    start: int
    end: int


def list_documents(generation: Generation, first: int, most: int) -> Iterator[IndexedDocument]:
    """Yield so many documents in the order of the index, from the one with this number on."""
    return islice(generation.documents(), first, first + most)


def find_document(generation: Generation, identifier: str) -> CataloguedDocument:
    """Return a document. Raises DocumentMissing."""
    number = generation.numbers.get(identifier)
    if number is None:
        raise DocumentMissing(f"There is no document “{identifier}” in these texts: look for it among all of them.")
    document = generation.document(number)
    passages = tuple(generation.passages[row] for row in range(document.first_row, document.end_row))
    checksum = generation.manifest.sources.get(document.file, "")
    return CataloguedDocument(document, generation.text(number), checksum, passages)


def find_passage(generation: Generation, identifier: str) -> tuple[Passage, CataloguedDocument]:
    """Return a passage by its id, and its document. Raises DocumentMissing."""
    document_id, _, place = identifier.rpartition("#")
    found = find_document(generation, document_id)
    passage = next((one for one in found.passages if one.id == identifier), None)
    if passage is None:
        raise DocumentMissing(f"There is no passage “{place}” in “{document_id}”: it has changed since.")
    return passage, found


def locate(generation: Generation, quote: Quote, document_id: str) -> Found | None:
    """Return where a quote stands now: in the document that it was taken from, wherever there, else as a passage of
    another document, such as the same file by another name; None where it stands in neither."""
    number = generation.numbers.get(document_id)
    place = find_quote(quote, generation.text(number).text) if number is not None else None
    if place is not None:
        return Found(document_id, *place)
    for row in np.flatnonzero(generation.sums == np.uint64(quote.sum)).tolist():
        passage = generation.passages[row]
        if quote_of(passage.text) == quote:
            return Found(passage.document_id, passage.start, passage.end)
    return None
