"""What a program sends: the checks of a body before it is read."""

from typing import Any

from flask import abort, request
from werkzeug.exceptions import HTTPException

from qa.limits import MAX_BODY_BYTES
from qa.web.address import check_address
from qa.web.errors import refuse


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
