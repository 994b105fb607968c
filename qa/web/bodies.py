"""What a program sends: the checks of a body before it is read, and what may be refused."""

from typing import Any

from flask import abort, request
from werkzeug.exceptions import HTTPException

from qa.limits import MAX_BODY_BYTES
from qa.web.address import check_address
from qa.web.errors import refuse

# Refusals by status, for the description of the API.
_REFUSALS = {
    400: "The question, or how it was sent, cannot be answered.",
    401: "The service wants a key, as Authorization: Bearer KEY, and has none that it knows.",
    403: "A page of an origin that is not allowed asks, or one without the right to.",
    404: "There is no such document or passage in these texts.",
    413: f"The body is over {MAX_BODY_BYTES // 1024} KiB.",
    415: "The body is not sent as application/json.",
    429: "The key, or the address, has asked more often than it may: Retry-After says when it may again.",
    421: "The server is not asked by the name in the header Host.",
    503: "Too many requests wait for an answer, or the index is damaged: come again after the seconds that Retry-After "
    "gives.",
}


def refusals(*codes: int) -> dict[int, str]:
    """Return the refusals of an address: its own, and those of all that ask who asks, and how often."""
    return {code: _REFUSALS[code] for code in sorted({*codes, 401, 403, 404, 429})}


def check_request() -> Any:
    """Return a refusal of a request whose body cannot be read, None where it can. Raises BadQuestion."""
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
