"""The application: one recipe that joins the API, the page, errors and headers."""

import hashlib
import re
from functools import cache, partial
from pathlib import Path

from apiflask import APIFlask
from flask import Response, request, url_for
from werkzeug.http import parse_date

from qa import __version__
from qa.gaps import GapFile
from qa.keys import KeyFile
from qa.library import Library
from qa.limits import MAX_BODY_BYTES
from qa.service import Live
from qa.settings import ServeSettings
from qa.web.access import Access
from qa.web.api import api_blueprint
from qa.web.chat import chat_blueprint
from qa.web.desk import Desk, by_corpus
from qa.web.documents import documents_blueprint
from qa.web.errors import register_errors
from qa.web.feedback import FeedbackFiles, feedback_blueprint
from qa.web.hosts import host_check
from qa.web.manual import manual_blueprint
from qa.web.meters import Meters
from qa.web.originals import originals_blueprint
from qa.web.origins import FRAMED, POLICY, Origins
from qa.web.payload import ERROR_SCHEMA
from qa.web.tracing import follow_requests
from qa.web.views import page_blueprint
from qa.web.watching import watching_blueprint
from qa.web.words import add_words

# Controls but tab and line ends, what turns the direction of a text (Unicode's Bidi_Control), and half characters.
_STEERING = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cache-Control": "no-store",  # what somebody asked is not for whoever uses the browser next
    "Referrer-Policy": "same-origin",  # nothing to others; with none at all a form would not say where it is from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_FOR_GOOD = "public, max-age=31536000, immutable"


def create_app(
    answering: Library | Live, settings: ServeSettings | None = None, gaps: GapFile | None = None
) -> APIFlask:
    """Return the WSGI application that answers from a library, or from the one index that is held. Raises what is wrong
    with the files that the settings name."""
    settings = settings or ServeSettings()
    library = answering if isinstance(answering, Library) else Library.of(answering)
    desk = Desk(
        library,
        KeyFile(settings.keys) if settings.keys else None,
        Meters(library) if settings.metrics else None,
        gaps or (GapFile(settings.gaps, keeps_questions=settings.keep_questions) if settings.gaps else None),
    )
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
    app.extensions["candor"] = desk
    access = Access(desk, settings)
    _register_routes(app, desk, access, settings)
    _register_checks(app, desk, access, settings)
    return app


def _register_routes(app: APIFlask, desk: Desk, access: Access, settings: ServeSettings) -> None:
    """Give the application its addresses."""
    kept = settings.feedback
    files = FeedbackFiles(kept, settings.keep_questions, desk.library.is_several) if kept else None
    app.register_blueprint(api_blueprint(desk, files))
    app.register_blueprint(chat_blueprint(desk))
    app.register_blueprint(page_blueprint(desk, takes_feedback=files is not None))
    if files is not None:
        app.register_blueprint(feedback_blueprint(desk, files))
    app.register_blueprint(documents_blueprint(desk))
    app.register_blueprint(originals_blueprint(desk))
    app.register_blueprint(manual_blueprint())
    app.register_blueprint(watching_blueprint(desk))
    app.register_blueprint(access.blueprint())
    app.url_map.merge_slashes = False  # the id of a document may have two
    if desk.library.is_several:
        app.wsgi_app = by_corpus(app.wsgi_app)  # type: ignore[method-assign, assignment]
    add_words(app, desk)
    register_errors(app, desk)
    app.context_processor(lambda: {"static_file": partial(_static_file, app)})


def _register_checks(app: APIFlask, desk: Desk, access: Access, settings: ServeSettings) -> None:
    """Have each request checked before, in this order, and each response completed after, the last one first."""
    origins = Origins(settings.allowed_origins)
    follow_requests(app, desk.meters)
    app.before_request(host_check(settings.host, settings.allowed_hosts))
    app.before_request(origins.check)
    app.before_request(access.check)
    app.before_request(_drop_bad_dates)
    app.after_request(_add_headers)
    app.after_request(origins.tell)
    app.after_request(_show_controls)


def _drop_bad_dates() -> None:
    """Ignore a date that is none, as HTTP asks for (RFC 9110, 13.1.3). Werkzeug raises for one beyond all years."""
    for name in ("If-Modified-Since", "If-Unmodified-Since", "If-Range", "Date"):
        try:
            parse_date(request.headers.get(name))
        except (ValueError, OverflowError):
            del request.environ[f"HTTP_{name.upper().replace('-', '_')}"]


def _show_controls(response: Response) -> Response:
    """Show a sign in place of each character of a page that steers what shows it: controls, and marks that turn the
    direction of what follows, so that a question or a text could read as something else."""
    if response.mimetype == "text/html" and not response.direct_passthrough:  # a file is handed out as it is
        response.set_data(_STEERING.sub("\N{REPLACEMENT CHARACTER}", response.get_data(as_text=True)))
    return response


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _static_file(app: APIFlask, name: str) -> str:
    """Return the address of a file of the package, which changes with what is in it: so a browser may keep it."""
    return url_for("static", filename=name, v=_version(Path(str(app.static_folder), name)))


def _add_headers(response: Response) -> Response:
    if request.endpoint == "static" and request.args.get("v") and response.status_code == 200:
        response.headers["Cache-Control"] = _FOR_GOOD
    framed = request.endpoint == FRAMED
    for name, value in _HEADERS.items():
        if not (framed and name == "X-Frame-Options"):  # which knows of no list
            response.headers.setdefault(name, value)
    return response
