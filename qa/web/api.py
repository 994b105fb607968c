"""The programs' side: ask, health and readiness."""

from typing import Any

from apiflask import APIBlueprint
from flask import abort, request
from werkzeug.exceptions import HTTPException

from qa.answers.payload import AnswerPayload, answer_payload
from qa.datatypes import Scope
from qa.limits import MAX_BODY_BYTES
from qa.service import Live
from qa.web.address import check_address
from qa.web.errors import refuse
from qa.web.payload import AnswerBody, AskBody, AskQuery, HealthBody, ReadyBody

# Refusals by status, for the description of the API.
_REFUSALS = {
    400: "The question, or how it was sent, cannot be answered.",
    413: f"The body is over {MAX_BODY_BYTES // 1024} KiB.",
    415: "The body is not sent as application/json.",
    421: "The server is not asked by the name in the header Host.",
    503: "Too many requests wait for an answer, or the index is damaged: come again after the seconds that Retry-After "
    "gives.",
}


def api_blueprint(live: Live) -> APIBlueprint:
    """Return the routes below ``/api``, and ``/healthz`` and ``/readyz``."""
    blueprint = APIBlueprint("api", __name__, tag="Candor")
    blueprint.before_request(_check_request)

    @blueprint.post("/api/ask")
    @blueprint.input(AskBody, arg_name="body")
    @blueprint.output(AnswerBody)
    @blueprint.doc(summary="Ask a question", responses=_responses(400, 413, 415, 503))
    def ask(body: AskBody) -> AnswerPayload:
        return answer_payload(live.answerer.answer(body.question, body.k, Scope(body.source, body.title)))

    @blueprint.get("/api/ask")
    @blueprint.input(AskQuery, location="query", arg_name="query")
    @blueprint.output(AnswerBody)
    @blueprint.doc(summary="Ask a question, by address alone", responses=_responses(400, 503))
    def ask_by_address(query: AskQuery) -> AnswerPayload:
        return answer_payload(live.answerer.answer(query.q, query.k, Scope(query.source, query.title)))

    @blueprint.get("/healthz")
    @blueprint.output(HealthBody)
    @blueprint.doc(summary="Whether the process runs")
    def health() -> dict[str, Any]:
        return {"status": "ok"}

    @blueprint.get("/readyz")
    @blueprint.output(ReadyBody)
    @blueprint.doc(summary="Whether questions are answered, and from what", responses=_responses(503))
    def ready() -> dict[str, Any]:
        index = live.answerer.index
        manifest, own = index.manifest, index.own_calibration
        return {
            "status": "ready",
            "generation": index.generation.folder.name,
            "warning": live.warning,
            "documents": manifest.documents,
            "passages": manifest.passages,
            "embedder": manifest.embedder,
            "created": manifest.created,
            "calibrated_on": sum(own.questions.values()) if own else None,
        }

    return blueprint


def _responses(*codes: int) -> dict[int, str]:
    return {code: _REFUSALS[code] for code in codes}


def _check_request() -> Any:
    check_address()
    if request.method != "POST":
        return None
    if request.mimetype != "application/json":
        return refuse(
            415, "unsupported_media_type", "The body must be JSON: send it with Content-Type: application/json."
        )
    try:
        if len(request.get_data()) > MAX_BODY_BYTES:  # one sent without its length is cut there in silence
            abort(413)
        request.get_json(silent=True)
    except RecursionError:  # Python's parser gives up on deep nesting in its own way
        return refuse(400, "bad_request", "The body is nested too deeply to be a question.")
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001 - a body that breaks off or is chunked wrongly fails in the server's own ways
        return refuse(400, "bad_request", "The body broke off or was sent wrongly: send it again.")
    return None
