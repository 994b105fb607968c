"""The application: one recipe that joins the API, the page, errors and headers."""

from pathlib import Path

from apiflask import APIFlask
from flask import Response

from qa import __version__
from qa.limits import MAX_BODY_BYTES
from qa.web.api import api_blueprint
from qa.web.errors import register_errors
from qa.web.live import Live
from qa.web.payload import ERROR_SCHEMA
from qa.web.views import page_blueprint

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create_app(live: Live, reload_token: str | None = None) -> APIFlask:
    """Return the WSGI application that answers from whatever ``live`` holds; with a token it can be told to reload."""
    app = APIFlask("qa.web", title="Candor", version=__version__, docs_path=None, root_path=str(Path(__file__).parent))
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES + 1,  # one more than is taken, so that what is cut there shows
        AUTO_SERVERS=False,  # the address is whatever the reader fetched this from
        VALIDATION_ERROR_STATUS_CODE=400,
        VALIDATION_ERROR_SCHEMA=ERROR_SCHEMA,
        HTTP_ERROR_SCHEMA=ERROR_SCHEMA,
        DESCRIPTION="Answers questions by quoting a corpus, and says what the corpus does not cover.",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.security_schemes = {"token": {"type": "http", "scheme": "bearer"}}
    app.register_blueprint(api_blueprint(live, reload_token))
    app.register_blueprint(page_blueprint(live))
    register_errors(app)
    app.after_request(_add_headers)
    return app


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
