"""What the service counts, for who runs it: meters for Prometheus, and what was asked and not found."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template, request

from qa.errors import BadQuestion, DocumentMissing
from qa.gaps import Gap, read_gaps
from qa.keys import Key
from qa.web.desk import Desk
from qa.web.meters import CONTENT_TYPE
from qa.wording import marked

MOST_SHOWN = 1000
DAYS = 90
_MOST_DAYS = 3660


def watching_blueprint(desk: Desk) -> Blueprint:
    """Return the routes of what is counted."""
    blueprint = Blueprint("watching", __name__)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        if desk.meters is None:
            raise DocumentMissing("Nothing is counted here: start the server without --no-metrics.")
        return Response(desk.meters.exposed(), content_type=CONTENT_TYPE)

    @blueprint.get("/api/gaps")
    def gaps() -> Any:
        return jsonify({"gaps": [gap_payload(gap, desk.keys is not None) for gap in _gaps(desk)]})

    @blueprint.get("/gaps")
    def gaps_page() -> str:
        return render_template("gaps.html", gaps=_gaps(desk), days=_days(), is_several=desk.library.is_several)

    return blueprint


def gap_payload(gap: Gap, is_for_owner: bool) -> dict[str, Any]:
    """Return a gap as JSON-ready values, its question only for the owner: without keys, everybody may ask for gaps."""
    return {
        "term": gap.term,
        "state": gap.state,
        "corpus": gap.corpus or None,
        "asked": gap.asked,
        "first": gap.first,
        "last": gap.last,
        "closest": gap.closest or None,
        "question": gap.question if is_for_owner else None,
    }


def _gaps(desk: Desk) -> list[Gap]:
    """Return what was not found in the corpora that whoever asks may ask."""
    if desk.gaps is None:
        raise DocumentMissing(marked("What was not found is not kept here: start the server with --gaps FILE."))
    found = read_gaps(Path(desk.gaps.path), days=_days())
    key: Key | None = g.get("key")
    return [gap for gap in found if key is None or key.may_ask(gap.corpus)][:MOST_SHOWN]


def _days() -> int:
    given = request.args.get("days", str(DAYS))
    if not (given.isascii() and given.isdigit() and len(given) <= 4 and 1 <= int(given) <= _MOST_DAYS):
        raise BadQuestion(f"days must be a whole number from 1 to {_MOST_DAYS:,}.")
    return int(given)
