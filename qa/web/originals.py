"""The files themselves, where their owner hands them out: a download, and a page of a PDF as it is printed."""

import hashlib
import mimetypes
from io import BufferedReader
from pathlib import Path, PurePosixPath
from threading import BoundedSemaphore

from flask import Blueprint, Response, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from qa.answers.catalogue import Found, find_document, find_number, locate
from qa.datatypes import Page
from qa.errors import DocumentMissing, TooManyPictures, UnreadableDocument
from qa.files import open_regular
from qa.indexing.facets import type_of
from qa.indexing.index import Generation, IndexedDocument
from qa.indexing.shelf import StoredText, parse_quote
from qa.parsers.pdf_pictures import draw_page
from qa.web.desk import Desk
from qa.wording import marked

_DRAWN = 2  # pages at a time: each takes a process, and what answers questions is to go on

_NO_PAGE = marked("There is no picture of this page.")


def originals_blueprint(desk: Desk) -> Blueprint:
    """Return the routes of files and of pictures of their pages."""
    blueprint = Blueprint("originals", __name__)
    drawing = BoundedSemaphore(_DRAWN)

    @blueprint.get("/file")
    def file() -> AnyResponse:
        generation = desk.answerer.index.generation
        document = generation.document(find_number(generation, request.args.get("id", "")))
        opened = _open_original(generation, document)
        name = PurePosixPath(document.file).name
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return send_file(opened, mimetype=kind, as_attachment=True, download_name=name)

    @blueprint.get("/picture")
    def picture() -> AnyResponse:
        generation = desk.answerer.index.generation
        shown = find_document(generation, request.args.get("id", ""))
        number = request.args.get("page", "")
        page = next((one for one in shown.stored.pages if str(one.number) == number), None)
        if page is None or not has_pictures(generation, shown.document):
            raise DocumentMissing(_NO_PAGE)
        quote = parse_quote(request.args.get("passage", ""))
        found = locate(generation, quote, shown.document.id) if quote else None
        words = _words_on(page, shown.stored, found if found and found.document_id == shown.document.id else None)
        if not drawing.acquire(blocking=False):
            raise TooManyPictures("Too many pages are being drawn: look again in a second.")
        try:
            drawn = _drawn(generation, shown.document, page.number, words)
        finally:
            drawing.release()
        return Response(drawn, mimetype="image/png")

    return blueprint


def _drawn(generation: Generation, document: IndexedDocument, number: int, words: str) -> bytes:
    with _open_original(generation, document) as opened:
        try:
            return draw_page(opened, number, words, document.source)
        except UnreadableDocument as error:
            raise DocumentMissing(_NO_PAGE) from error


def file_link(generation: Generation, document: IndexedDocument) -> str | None:
    """Return the address of a document's file, None where its owner does not hand it out."""
    return url_for("originals.file", id=document.id) if document.file in generation.manifest.originals else None


def has_pictures(generation: Generation, document: IndexedDocument) -> bool:
    """Whether there are pictures of a document's pages."""
    return document.file in generation.manifest.originals and type_of(document.file) == "pdf"


def _open_original(generation: Generation, document: IndexedDocument) -> BufferedReader:
    """Return the file of a document, opened, as it was when it was indexed. Raises DocumentMissing."""
    path = generation.manifest.originals.get(document.file)
    if path is None:
        raise DocumentMissing(marked("The owner of these texts does not hand out this file."))
    try:
        opened = open_regular(Path(path))
    except OSError as error:
        raise DocumentMissing(marked("The file is no longer where it was when it was indexed.")) from error
    if hashlib.file_digest(opened, "sha256").hexdigest() != generation.manifest.sources.get(document.file):
        opened.close()
        raise DocumentMissing(marked("The file has changed since it was indexed: ask again when it is indexed anew."))
    opened.seek(0)
    return opened


def _words_on(page: Page, stored: StoredText, found: Found | None) -> str:
    """Return the words of what was found that are on a page."""
    return stored.text[max(found.start, page.start) : min(found.end, page.end)] if found else ""
