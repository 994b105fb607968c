"""The API's page, to read and to try: its description as Swagger UI shows it, all from this machine."""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory

_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def manual_blueprint() -> Blueprint:
    """Return the route of the page, and of what it is shown with."""
    blueprint = Blueprint("manual", __name__)
    folder = Path(str(files("swagger_ui"))) / "static"

    @blueprint.get("/docs")
    def manual() -> Response:
        response = Response(render_template("manual.html"), mimetype="text/html")
        response.headers["Content-Security-Policy"] = _POLICY  # the library sets styles in the page
        return response

    @blueprint.get("/docs/<name>")
    def shown_with(name: str) -> Response:
        return send_from_directory(folder, name if name in _FILES else "none", max_age=86_400)

    return blueprint
