"""Id -> document or passage of a generation: its whole text, what its file says of it, and the way back to a quote."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from qa.datatypes import Details, Passage
from qa.errors import DocumentMissing
from qa.fetching.addresses import without_credentials
from qa.indexing.index import Generation, Index, IndexedDocument
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


def address_of(generation: Generation, document: IndexedDocument) -> str | None:
    """Return the address that a document was fetched from, where a browser can open it; None for one that lives
    here."""
    address = generation.manifest.addresses.get(document.file, "")
    return without_credentials(address) if address.startswith(("https://", "http://")) else None


NEAREST = 5
"""Documents that are named as near to one, where its file names none: a first value, as is the next."""

_LOOKED_AT = 60  # passages near to a document's middle, among which those of others are


def numbers_by_title(generation: Generation, among: Sequence[int] | None = None) -> Sequence[int]:
    """Return the numbers of the documents in the order of their titles, all of them or those given."""
    order = generation.by_title
    kept = order if among is None else order[np.isin(order, np.array(among, np.int64))]
    numbers: list[int] = kept.tolist()
    return numbers


def nearest_documents(index: Index, document: IndexedDocument) -> list[int]:
    """Return the numbers of the documents whose passages are nearest to the mean of this one's."""
    store = index.store
    mean = store.vectors(np.arange(document.first_row, document.end_row, dtype=np.int64)).mean(axis=0, keepdims=True)
    _, rows = store.search(mean / max(float(np.linalg.norm(mean)), 1e-9), min(_LOOKED_AT, len(store)))
    ids = dict.fromkeys(index.passage(row).document_id for row in rows[0].tolist())
    return [index.generation.numbers[one] for one in ids if one != document.id][:NEAREST]


def find_number(generation: Generation, identifier: str) -> int:
    """Return the number of a document. Raises DocumentMissing."""
    number = generation.numbers.get(identifier)
    if number is None:
        raise DocumentMissing(f"There is no document “{identifier}” in these texts: look for it among all of them.")
    return number


def find_document(generation: Generation, identifier: str) -> CataloguedDocument:
    """Return a document. Raises DocumentMissing."""
    number = find_number(generation, identifier)
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


LONGEST_SEARCHED = 2_000_000
"""Characters of a text that is searched for a quote anywhere in it, which takes fifty bytes for each; of longer ones
only whole passages are found."""


def locate(generation: Generation, quote: Quote, document_id: str) -> Found | None:
    """Return where a quote stands now: in the document that it was taken from, as a passage or anywhere else, or as a
    passage of another document, such as the same file by another name; None where it stands in neither."""
    rows = np.flatnonzero(generation.sums == np.uint64(quote.sum)).tolist()
    same = [one for row in rows if quote_of((one := generation.passages[row]).text) == quote]
    own = [one for one in same if one.document_id == document_id]
    if own:
        return Found(document_id, own[0].start, own[0].end)
    number = generation.numbers.get(document_id)
    text = generation.text(number).text if number is not None else ""
    place = find_quote(quote, text) if len(text) <= LONGEST_SEARCHED else None
    if place is not None:
        return Found(document_id, *place)
    return Found(same[0].document_id, same[0].start, same[0].end) if same else None
