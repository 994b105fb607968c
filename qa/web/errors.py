"""Everything that is refused over HTTP, in one shape: ``{"error": {"code", "message"}}``."""

import logging
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, g, jsonify, render_template, request

from qa.errors import BadQuestion, CorpusUnknown, DocumentMissing, IndexGone, QAError
from qa.feedback import MAX_NOTE_CHARACTERS
from qa.limits import MAX_QUESTION_CHARACTERS
from qa.web.address import K_MESSAGE, SCOPE, SCOPE_MESSAGE
from qa.web.desk import Desk
from qa.web.messages import BODY_TOO_LARGE, INTERNAL, RETRY_SECONDS
from qa.wording import marked

Refusal = tuple[Response, int]

_FIELDS = {
    "question": 'The field "question" must be a text: send {"question": "...", "k": 5}.',
    "q": "The parameter q must have the question: ask as in /api/ask?q=...&k=5.",
    "k": K_MESSAGE,
    **dict.fromkeys(SCOPE, SCOPE_MESSAGE),
    "right": 'The field "right" must be true or false: whether the passages answer the question.',
    "note": f"The note must be a text of at most {MAX_NOTE_CHARACTERS:,} characters.",
    "corpora": "corpora must be the names of corpora, parted by commas.",
}
_EXTRA = "Extra inputs"  # begins what pydantic says of a field that is not known
_SUGGEST = "/api/suggest"
_KNOWN = {
    _SUGGEST: ("q",),
    "/api/feedback": ("question", "right", "note", *SCOPE),
    "/api/documents": ("first", "most"),
}

_STATUSES = {
    400: ("bad_request", 'The body is not JSON that can be read: send {"question": "...", "k": 5}.'),
    404: ("not_found", "There is nothing at this address: ask at /, or at /api/ask?q=..."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("body_too_large", BODY_TOO_LARGE),
    415: ("unsupported_media_type", "The body must be JSON: send it with Content-Type: application/json."),
}

_PAGES = {
    400: marked("That cannot be asked"),
    403: marked("That may not be seen"),
    404: marked("There is nothing here"),
    405: marked("That cannot be done"),
    429: marked("Too many questions"),
}
_MISSING = (DocumentMissing, CorpusUnknown)
_FOR_PROGRAMS = ("/api/", "/v1/", "/healthz", "/readyz", "/openapi", "/metrics", "/mcp")

_log = logging.getLogger("qa")


def refuse(status: int, code: str, message: str) -> Refusal:
    """Return the response that refuses a request: for a browser that is not at the API a page, else JSON."""
    if wants_page() and status in _PAGES:
        return Response(
            render_template("error.html", title=_PAGES[status], message=message), mimetype="text/html"
        ), status
    return jsonify({"error": {"code": code, "message": message}}), status


def wants_page() -> bool:
    """Whether the request is a browser's, at an address that is not for programs."""
    wanted = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return wanted == "text/html" and not request.path.startswith(_FOR_PROGRAMS)


def register_errors(app: APIFlask, desk: Desk) -> None:
    """Answer every error of the application in the one shape. Where only the generation is gone that was asked, the
    request is answered once more, from what has taken its place."""

    @app.error_processor
    def refuse_http_error(error: HTTPError) -> tuple[Response, int, Any]:
        code, message = _STATUSES.get(error.status_code, ("refused", str(error.message)))
        if error.status_code == 400 and error.detail:
            code, message = "bad_request", _field_message(error.detail)
        if error.status_code == 405:
            allowed = dict(error.headers).get("Allow", "GET")
            message = f"{request.path} does not take {request.method}: use {allowed}."
        response, status = refuse(error.status_code, code, message)
        return response, status, error.headers

    @app.errorhandler(QAError)
    def refuse_qa_error(error: QAError) -> Refusal:
        status = 404 if isinstance(error, _MISSING) else 400 if isinstance(error, BadQuestion) else 503
        response, status = refuse(status, error.code, str(error))
        if status == 503:
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response, status

    @app.errorhandler(IndexGone)
    def answer_again(error: IndexGone) -> Any:
        if "is_again" in g:
            return refuse_qa_error(error)
        g.is_again = True
        try:
            desk.catch_up()
            return app.view_functions[str(request.endpoint)](**request.view_args or {})
        except QAError as problem:
            return refuse_qa_error(problem)

    @app.errorhandler(Exception)
    def refuse_unexpected(error: Exception) -> Refusal:
        _log.exception("A request failed", exc_info=error)
        return refuse(500, "internal", INTERNAL)


def _field_message(detail: Any) -> str:
    """Return one sentence on the first field that is wrong."""
    location, fields = next(iter(detail.items()))
    name = next(iter(fields))
    if name == "q" and request.path == _SUGGEST:
        return f"q must be what is typed so far, at most {MAX_QUESTION_CHARACTERS:,} characters."
    if name in _FIELDS and (name != "k" or request.path not in _KNOWN):
        return _FIELDS[name]
    if name == "_schema":
        return 'The body must be a JSON object: send {"question": "...", "k": 5}.'
    if _EXTRA not in str(fields[name]):
        return f'"{name}" is missing or not as it should be: /openapi.json describes it.'
    known = _KNOWN.get(request.path, ("q" if location == "query" else "question", "k", *SCOPE))
    fields_are = f"the fields are {', '.join(known[:-1])} and {known[-1]}" if known[1:] else f"there is only {known[0]}"
    return f'"{name}" is not known here: {fields_are}.'
