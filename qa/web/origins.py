"""Which pages of other sites may ask, from a browser: cross-origin requests as the Fetch standard has them, and frames.

A browser keeps a page of another site from reading what it asked unless the service names that site's origin.
"""

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, request

from qa.errors import BadSettings
from qa.web.address import is_own_page
from qa.web.errors import refuse

ANY = "*"

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-fA-F:.]+\](:\d{1,5})?")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)
"""What a page may load: nothing from elsewhere."""

_METHODS = "GET, POST, OPTIONS"
_HEADERS = "Authorization, Content-Type"
_EXPOSED = "Retry-After, X-Request-Id"
_KEPT_SECONDS = "600"  # that a browser need not ask again
_FOR_OTHERS = ("/api/", "/v1/")
FRAMED = "page.widget"


class Origins:
    """The origins whose pages may ask."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """Allow these, each as "https://intranet.example:8443", or "*" for any. Raises BadSettings."""
        for origin in allowed:
            if origin != ANY and not _ORIGIN.fullmatch(origin):
                raise BadSettings(
                    f"“{origin}” is no origin: write its scheme, host and, where it has one, its port, as "
                    "https://intranet.example:8443, and nothing behind."
                )
        self._allowed = frozenset(origin.lower() for origin in allowed)

    def _allows(self, origin: str) -> bool:
        return ANY in self._allowed or origin.lower() in self._allowed

    def check(self) -> Any:
        """Return a refusal of what a page of another site asks that may not, the answer to a browser that asks whether
        one may, or None where the request may go on."""
        origin = request.headers.get("Origin")
        if not origin or not request.path.startswith(_FOR_OTHERS) or is_own_page():
            return None
        if not self._allows(origin):
            return refuse(
                403,
                "origin_not_allowed",
                "Pages of this origin may not ask here: the owner of the service can allow it with --allowed-origin.",
            )
        return Response(status=204) if request.method == "OPTIONS" else None

    def tell(self, response: Response) -> Response:
        """Say to a browser that a page may read the answer, or show the widget in a frame."""
        if request.endpoint == FRAMED:
            response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors {self._frames}"
        origin = request.headers.get("Origin")
        if origin and request.path.startswith(_FOR_OTHERS) and self._allows(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _HEADERS
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
            response.headers["Access-Control-Max-Age"] = _KEPT_SECONDS
            response.vary.add("Origin")
        return response

    @property
    def _frames(self) -> str:
        """Return the sites whose pages may show the widget, as a security policy lists them."""
        return " ".join(sorted(self._allowed)) or "'none'"
