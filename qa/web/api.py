"""The programs' side: ask, documents and passages with their citations, health and readiness."""

from itertools import zip_longest
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from qa.answers.catalogue import address_of, find_document, find_passage
from qa.answers.citing import FORMATS
from qa.answers.payload import (
    AnswerPayload,
    DocumentPayload,
    DocumentsPayload,
    answer_payload,
    document_payload,
    documents_payload,
    passage_payload,
)
from qa.answers.several import MOST_CORPORA
from qa.answers.suggesting import suggest
from qa.errors import QAError
from qa.library import Shelf
from qa.web.bodies import check_request, refusals
from qa.web.desk import Desk
from qa.web.documents import citation
from qa.web.feedback import FeedbackFiles, keep
from qa.web.originals import file_link
from qa.web.payload import (
    AnswerBody,
    AskBody,
    AskQuery,
    CitationQuery,
    CorporaBody,
    DocumentBody,
    DocumentsBody,
    FeedbackBody,
    HealthBody,
    ListQuery,
    ReadyBody,
    SuggestBody,
    SuggestQuery,
)
from qa.web.promises import kept_promise


def api_blueprint(desk: Desk, files: FeedbackFiles | None = None) -> APIBlueprint:
    """Return the routes below ``/api``, and ``/healthz`` and ``/readyz``; feedback is taken where there are files."""
    blueprint = APIBlueprint("api", __name__, tag="Candor")
    blueprint.before_request(check_request)

    @blueprint.post("/api/ask")
    @blueprint.input(AskBody, arg_name="body")
    @blueprint.output(AnswerBody)
    @blueprint.doc(summary="Ask a question", responses=refusals(400, 413, 415, 503))
    def ask(body: AskBody) -> AnswerPayload:
        return answer_payload(desk.ask(body.question, body.k, body.scope, body.corpora))

    @blueprint.get("/api/ask")
    @blueprint.input(AskQuery, location="query", arg_name="query")
    @blueprint.output(AnswerBody)
    @blueprint.doc(summary="Ask a question, by address alone", responses=refusals(400, 503))
    def ask_by_address(query: AskQuery) -> AnswerPayload:
        return answer_payload(desk.ask(query.q, query.k, query.scope, query.corpora))

    @blueprint.get("/api/suggest")
    @blueprint.input(SuggestQuery, location="query", arg_name="query")
    @blueprint.output(SuggestBody)
    @blueprint.doc(summary="How a question may go on", responses=refusals(400, 503))
    def suggestions(query: SuggestQuery) -> dict[str, list[str]]:
        return {"suggestions": suggestions_of(query.q, desk, query.corpora)}

    @blueprint.get("/api/corpora")
    @blueprint.output(CorporaBody)
    @blueprint.doc(summary="The corpora that may be asked", responses=refusals(401, 503))
    def corpora() -> dict[str, Any]:
        return {"corpora": [_corpus(shelf, desk) for shelf in desk.shelves()]}

    @blueprint.get("/api/documents")
    @blueprint.input(ListQuery, location="query", arg_name="query")
    @blueprint.output(DocumentsBody)
    @blueprint.doc(summary="List the documents", responses=refusals(400, 503))
    def documents(query: ListQuery) -> DocumentsPayload:
        return documents_payload(desk.answerer.index.generation, query.first, query.most)

    @blueprint.get("/api/documents/<path:document_id>")
    @blueprint.output(DocumentBody)
    @blueprint.doc(summary="A document, whole, with the places of its passages", responses=refusals(404, 503))
    def document(document_id: str) -> DocumentPayload:
        generation = desk.answerer.index.generation
        found = find_document(generation, document_id)
        return document_payload(found, file_link(generation, found.document), address_of(generation, found.document))

    @blueprint.get("/api/passages/<path:passage_id>")
    @blueprint.input(CitationQuery, location="query", arg_name="query")
    @blueprint.doc(
        summary="A passage, or its citation as text, BibTeX, RIS or CSL-JSON", responses=refusals(400, 404, 503)
    )
    def passage(passage_id: str, query: CitationQuery) -> Any:
        index = desk.answerer.index
        found, document = find_passage(index.generation, passage_id)
        cited = citation(index, found, document)
        if query.format == "json":
            return jsonify(passage_payload(found, document, cited.link))
        written = FORMATS[query.format]
        response = Response(written.write(cited), mimetype=written.media_type)
        response.headers["Content-Disposition"] = f'inline; filename="passage-{found.start}{written.ending}"'
        return response

    if files is not None:

        @blueprint.post("/api/feedback")
        @blueprint.input(FeedbackBody, arg_name="body")
        @blueprint.output(HealthBody)
        @blueprint.doc(summary="Say whether an answer was right", responses=refusals(400, 413, 415, 503))
        def feedback(body: FeedbackBody) -> dict[str, Any]:
            keep(desk, files, body.question, body.scope, body.right, body.note)
            return {"status": "ok"}

    @blueprint.get("/healthz")
    @blueprint.output(HealthBody)
    @blueprint.doc(summary="Whether the process runs")
    def health() -> dict[str, Any]:
        return {"status": "ok"}

    @blueprint.get("/readyz")
    @blueprint.output(ReadyBody)
    @blueprint.doc(summary="Whether questions are answered, and from what", responses=refusals(503))
    def ready() -> Any:
        if desk.is_at_home:
            return jsonify(_ready_together(desk))
        return {**_ready(desk), "promise": kept_promise(desk.answerer, files.path_of(desk.corpus) if files else None)}

    return blueprint


def _ready(desk: Desk) -> dict[str, Any]:
    index = desk.answerer.index
    index.generation.reach()
    manifest, own = index.manifest, index.own_calibration
    return {
        "status": "ready",
        "generation": index.generation.folder.name,
        "warning": desk.warning,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "embedder": manifest.embedder,
        "created": manifest.created,
        "calibrated_on": sum(own.questions.values()) if own else None,
    }


def _ready_together(desk: Desk) -> dict[str, Any]:
    """Return how many corpora answer, with no name: who asks may not know of any. Raises what keeps all of them from
    being read."""
    problems: list[QAError] = []
    for shelf in desk.library.shelves:
        try:
            desk.library.live(shelf.name).answerer.index.generation.reach()
        except QAError as error:
            problems.append(error)
    if problems and len(problems) == len(desk.library.shelves):
        raise problems[0]
    return {
        "status": "ready",
        "corpora": len(desk.library.shelves),
        "answering": len(desk.library.shelves) - len(problems),
    }


def _corpus(shelf: Shelf, desk: Desk) -> dict[str, Any]:
    """Return what is told of a corpus: of one that does not answer only its name."""
    try:
        manifest = desk.library.live(shelf.name).answerer.index.manifest
    except QAError:
        return {"name": shelf.name, "title": shelf.title, "language": None, "documents": None, "passages": None}
    return {
        "name": shelf.name,
        "title": shelf.title or manifest.title,
        "language": manifest.language,
        "documents": manifest.documents,
        "passages": manifest.passages,
    }


def suggestions_of(typed: str, desk: Desk, corpora: str = "") -> list[str]:
    """Return how what is typed may go on: of several corpora the first suggestions of each."""
    if not desk.is_at_home:
        return suggest(typed, desk.answerer.index)
    each = [
        suggest(typed, desk.library.live(shelf.name).answerer.index)
        for shelf in (desk.wanted(corpora) if corpora else desk.readable()[:MOST_CORPORA])
    ]
    mixed = [one for ranks in zip_longest(*each) for one in ranks if one]
    return list(dict.fromkeys(mixed))[: max(map(len, each), default=0)]
