"""The names under which the server may be asked.

A page of another site can point a name of its own at this machine and so make a browser read a private corpus (DNS
rebinding). The browser then sends that name as the host, by which such a request is known.
"""

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from flask import request

from qa.web.errors import refuse

ANY = "*"

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]\s]+)(?::\d{1,5})?", re.IGNORECASE)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def host_check(bound: str, allowed: Sequence[str]) -> Callable[[], Any]:
    """Return a check that refuses, with 421, a request for a host which is not the loopback, the address that is bound,
    the address that the client connected to, or one that is ``allowed``."""
    names = _LOOPBACK | {_name_of(_encoded(name)) or name for name in (bound, *allowed)}

    def check() -> Any:
        given = request.headers.get("Host")
        if given is None or ANY in names:  # HTTP/1.0 may leave it out; no browser does
            return None
        host = _name_of(given)
        if host in names or host == _plain(request.environ.get("SERVER_NAME", "")):
            return None
        return refuse(
            421,
            "misdirected_request",
            "This server is not asked by that name: use the address that it printed, or start it with --allowed-host.",
        )

    return check


def _name_of(host: str) -> str | None:
    """Return the name or address in a header Host, without its port; None where there is none."""
    try:
        return _plain(str(ip_address(host)))  # of version 6 without the brackets that a port needs
    except ValueError:
        found = _HOST.fullmatch(host)
    return _plain(found[1].strip("[]").rstrip(".")) if found else None


def _encoded(name: str) -> str:
    """Return a name as browsers send it: "xn--mnchen-3ya.example" for "münchen.example"."""
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def _plain(host: str) -> str:
    """Return an address in its one form, "::1" for "0:0:0:0:0:0:0:1", and a name in lower case."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower()
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
