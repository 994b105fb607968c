"""A request from its beginning to its end: its id, and what of it is counted."""

import re
import secrets
import time

from flask import Flask, Response, g, request

from qa.web.meters import Meters

REQUEST_ID = "X-Request-Id"

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def follow_requests(app: Flask, meters: Meters | None) -> None:
    """Give each request an id, that which a proxy gave where it is sound, and count it."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        g.begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[REQUEST_ID] = g.get("request_id", "")
        if meters is not None:
            seconds = time.perf_counter() - g.get("begun", time.perf_counter())
            meters.count_request(request.endpoint or "none", response.status_code, seconds)
        return response
