"""The page of a document, the list of all of them, the links that lead to a passage for good, and citations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from qa.answers.catalogue import (
    CataloguedDocument,
    Found,
    address_of,
    find_document,
    locate,
    nearest_documents,
    numbers_by_title,
)
from qa.answers.citing import Citation
from qa.datatypes import Passage
from qa.errors import BadQuestion, DocumentMissing
from qa.indexing.index import Generation, Index
from qa.indexing.shelf import Quote, parse_quote, quote_of
from qa.web.address import parse_scope
from qa.web.blocks import Layout, anchor_of
from qa.web.desk import Desk
from qa.web.originals import file_link, has_pictures
from qa.wording import marked

PART_CHARACTERS = 100_000
"""Of a document in one page, at least: a book is shown in parts."""

LISTED = 100
"""Documents in one page of the list."""

_UNSAFE_STEPS = {"", ".", ".."}  # of an address, which browsers take out of it


class Part(NamedTuple):
    """A part of a document that is shown in one page: ``text[start:end]``, the number counted from 1."""

    number: int
    start: int
    end: int


def documents_blueprint(desk: Desk) -> Blueprint:
    """Return the routes of documents and of the links to passages."""
    blueprint = Blueprint("documents", __name__)

    @blueprint.get("/document")
    @blueprint.get("/document/<path:document_id>")
    def document(document_id: str = "") -> str | AnyResponse | tuple[str, int]:
        index = desk.answerer.index
        document_id = document_id or request.args.get("id", "")
        quote = parse_quote(request.args.get("passage", ""))
        found = locate(index.generation, quote, document_id) if quote else None
        if quote and found and found.document_id != document_id:
            return redirect(document_link(found.document_id, quote, found.start))
        shown = find_document(index.generation, document_id)
        return _page(index, shown, found, is_lost=quote is not None and found is None)

    @blueprint.get("/passage/<quote>")
    @blueprint.get("/passage/<quote>/<path:document_id>")
    def passage(quote: str, document_id: str = "") -> AnyResponse:
        index, parsed = desk.answerer.index, parse_quote(quote)
        document_id = document_id or request.args.get("id", "")
        if parsed is None:
            raise DocumentMissing(marked("The link to the passage is not whole: copy it again."))
        found = locate(index.generation, parsed, document_id)
        if found is not None:
            return redirect(document_link(found.document_id, parsed, found.start))
        if document_id not in index.generation.numbers:
            raise DocumentMissing(marked("Neither this passage nor its document is in these texts any more."))
        return redirect(document_link(document_id, parsed))

    @blueprint.get("/documents")
    def documents() -> str:
        index = desk.answerer.index
        number, topic = _number(request.args.get("page", "1")), request.args.get("topic", "")
        selected = index.select(parse_scope({"topic": topic}))
        numbers = numbers_by_title(index.generation, selected.documents if selected else None)
        return render_template(
            "documents.html",
            manifest=index.manifest,
            documents=[index.generation.document(one) for one in numbers[(number - 1) * LISTED :][:LISTED]],
            page_number=number,
            pages=-(-len(numbers) // LISTED),
            topics=index.generation.facets.topics,
            topic=topic,
            listed=LISTED,
            document_link=document_link,
        )

    return blueprint


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and 1 <= len(given) <= len("1000000") and int(given) > 0):
        raise BadQuestion("page must be a whole number from 1 on.")
    return int(given)


def document_link(document_id: str, quote: Quote | None = None, start: int | None = None) -> str:
    """Return the address of a document's page, at the place where a passage begins."""
    values: dict[str, Any] = {_parameter(document_id): document_id, "passage": str(quote) if quote else None}
    return url_for("documents.document", **values, _anchor=anchor_of(start) if start is not None else None)


def _parameter(document_id: str) -> str:
    """Return as what an id stands in an address: as its path where no browser would mend that."""
    return "id" if _UNSAFE_STEPS & set(document_id.split("/")) else "document_id"


def passage_link(passage: Passage) -> str:
    """Return the address of a passage in its document's page, as it stands now."""
    return document_link(passage.document_id, quote_of(passage.text), passage.start)


def permalink(passage: Passage, *, is_whole: bool = False) -> str:
    """Return the address that leads to a passage for as long as its text stands anywhere in these texts."""
    values: dict[str, Any] = {_parameter(passage.document_id): passage.document_id}
    return url_for("documents.passage", quote=str(quote_of(passage.text)), **values, _external=is_whole)


def citation(index: Index, passage: Passage, document: CataloguedDocument) -> Citation:
    """Return a passage's citation, read today."""
    return Citation(
        passage=passage,
        details=document.details,
        collection=index.manifest.title,
        checksum=document.checksum,
        link=permalink(passage, is_whole=True),
        accessed=datetime.now(UTC).date(),
        address=address_of(index.generation, document.document) or "",
    )


def parts_of(passages: Sequence[Passage], length: int) -> list[Part]:
    """Return the parts of a document, each beginning with a passage."""
    starts = [0]
    for passage in passages:
        if passage.start - starts[-1] >= PART_CHARACTERS:
            starts.append(passage.start)
    ends = [*starts[1:], length]
    return [Part(number, start, end) for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)]


def _page(index: Index, shown: CataloguedDocument, found: Found | None, is_lost: bool) -> str | tuple[str, int]:
    text = shown.stored.text
    parts = parts_of(shown.passages, len(text))
    wanted = _number(request.args.get("part", "1"))
    if found is not None:
        wanted = next(part.number for part in reversed(parts) if part.start <= found.start)
    if wanted > len(parts):
        raise DocumentMissing(f"“{shown.title}” has {len(parts):,} parts: there is no part {wanted:,}.")
    part = parts[wanted - 1]
    layout = Layout(text, shown.passages, (found.start, found.end) if found else None)
    blocks = list(layout.blocks(shown.stored.sections, shown.stored.pages, part.start, part.end, shown.title))
    return render_template(
        "document.html",
        manifest=index.manifest,
        shown=shown,
        blocks=blocks,
        part=part,
        parts=parts,
        contents=_contents(shown, parts),
        found=anchor_of(found.start) if found else None,
        picture=_picture(index.generation, shown, found),
        file=file_link(index.generation, shown.document),
        address=address_of(index.generation, shown.document),
        is_lost=is_lost,
        document_link=document_link,
        related=_related(index, shown),
    )


class Entry(NamedTuple):
    """A line of a table of contents."""

    heading: str
    level: int
    part: int
    anchor: str


def _contents(shown: CataloguedDocument, parts: Sequence[Part]) -> list[Entry]:
    """Return the headings of a document with the places of their first passages."""
    entries = []
    for section in shown.stored.sections:
        first = next((one.start for one in shown.passages if section.start <= one.start < section.end), None)
        if section.heading and section.heading != shown.title and first is not None:
            part = next(part.number for part in reversed(parts) if part.start <= first)
            entries.append(Entry(section.heading, section.level, part, anchor_of(first)))
    return entries


def _related(index: Index, shown: CataloguedDocument) -> list[tuple[str, str]]:
    """Return (id, title) of the documents that the file names as related, as far as they are here, else of those that
    are nearest in meaning."""
    numbers, here = index.generation.numbers, shown.document.id
    folder, ending = here[: here.rfind("/") + 1], here[here.rfind(".") :] if "." in here else ""
    ids = [
        identifier
        for name in shown.details.see_also
        for identifier in (name, f"{folder}{name}{ending}", f"{folder}{name}")
        if identifier in numbers and identifier != here
    ]
    named = [numbers[one] for one in dict.fromkeys(ids)]
    related = map(index.generation.document, named or nearest_documents(index, shown.document))
    return [(one.id, one.title or one.id) for one in related]


class Picture(NamedTuple):
    """A page of a PDF as it is printed: the address of its picture, and what the page is called."""

    address: str
    label: str


def _picture(generation: Generation, shown: CataloguedDocument, found: Found | None) -> Picture | None:
    """Return the picture of the page on which what was found begins."""
    if found is None or not has_pictures(generation, shown.document):
        return None
    page = next((one for one in shown.stored.pages if one.number and one.start <= found.start < one.end), None)
    if page is None:
        return None
    address = url_for(
        "originals.picture", id=shown.document.id, page=page.number, passage=request.args.get("passage", "")
    )
    return Picture(address, page.label)
