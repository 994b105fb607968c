"""Address -> what a server answers, within bounds of size, time and redirections, and from public addresses only unless
others are allowed.

The address that a name stands for is looked up once, checked, and connected to: so no name can be turned to another
one in between (DNS rebinding), nor lead a redirection into a network that only this machine sees.
"""

import base64
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore2

from qa import __version__
from qa.errors import SourceUnreachable
from qa.fetching.addresses import without_credentials
from qa.fetching.mirror import LARGEST_FILE

AGENT = f"Candor/{__version__}"
AGENT_NAME = "Candor"
"""What a robots.txt can call it."""

_CONNECT_SECONDS, _READ_SECONDS, _WHOLE_SECONDS = 10.0, 20.0, 120.0
_REDIRECTIONS = 5
_SAFE = "/%:@!$&'()*+,;=~-._"  # characters that are sent as they stand
_REDIRECTING = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered, in the end, from ``address``."""

    address: str
    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class _Checked(httpcore2.SyncBackend):
    """Connects to public addresses only, unless private ones are allowed."""

    def __init__(self, allow_private: bool) -> None:
        super().__init__()
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first of a name's addresses."""
        address = checked_address(host, port, self._allow_private)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def checked_address(host: str, port: int, allow_private: bool) -> str:
    """Return an address of a name that may be connected to. Raises SourceUnreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnreachable(f"{host} is not found ({error}): mend the address.") from error
    addresses = [str(one[4][0]).partition("%")[0] for one in found]
    if not allow_private and not all(ip_address(one).is_global for one in addresses):
        raise SourceUnreachable(
            f"{host} is at {addresses[0]}, which is no public address: allow such ones with --allow-private."
        )
    return addresses[0]


class Connection:
    """What fetches from servers, one request at a time."""

    def __init__(self, allow_private: bool, credentials: str = "", origin: str = "") -> None:
        """Connect to public addresses only, unless private ones are allowed; send "name:password" to one origin, as
        "https://example.org", and to no other."""
        self._origin = origin
        encoded = base64.b64encode(credentials.encode()).decode()
        self._authorization = {"Authorization": f"Basic {encoded}"} if credentials else {}
        self._pool = httpcore2.ConnectionPool(max_connections=4, network_backend=_Checked(allow_private))

    def __enter__(self) -> "Connection":
        """Return it, to be closed at the end of a ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._pool.close()

    def get(self, address: str, headers: dict[str, str] | None = None, largest: int = LARGEST_FILE) -> Response:
        """Return what is at an address, redirections followed, of at most so many bytes. Raises SourceUnreachable."""
        asked = address
        for _ in range(_REDIRECTIONS + 1):
            own = self._authorization if origin_of(asked) == self._origin else {}
            response = self._once(asked, {**own, **(headers or {})}, largest)
            if response.status not in _REDIRECTING or "location" not in response.headers:
                return response
            location = response.headers["location"]
            try:
                asked = without_credentials(without_fragment(urljoin(asked, location)))
                if urlsplit(asked).scheme not in {"http", "https"} or not urlsplit(asked).hostname:
                    raise ValueError(location)
            except ValueError:
                raise SourceUnreachable(f"{address} leads to {location}, which is no web address.") from None
        raise SourceUnreachable(f"{address} leads on over {_REDIRECTIONS} times: name the address that it ends at.")

    def _once(self, address: str, headers: dict[str, str], largest: int) -> Response:
        end = time.monotonic() + _WHOLE_SECONDS
        host = urlsplit(_ascii(address)).netloc
        sent = {"User-Agent": AGENT, "Accept": "text/html, */*;q=0.8", "Host": host, **headers}
        timeouts = {"connect": _CONNECT_SECONDS, "read": _READ_SECONDS, "write": _READ_SECONDS, "pool": _READ_SECONDS}
        content = bytearray()
        try:
            with self._pool.stream(
                "GET", _ascii(address), headers=list(sent.items()), extensions={"timeout": timeouts}
            ) as answer:
                for block in answer.iter_stream():
                    content += block
                    if len(content) > largest:
                        raise SourceUnreachable(f"{address} is over {largest >> 20} MB, and is left out.")
                    if time.monotonic() > end:
                        raise SourceUnreachable(f"{address} did not come within {_WHOLE_SECONDS:.0f} s.")
                received = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                return Response(address, answer.status, bytes(content), received)
        except SourceUnreachable:
            raise
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise SourceUnreachable(f"{address} cannot be fetched ({reason}).") from error


def origin_of(address: str) -> str:
    """Return the scheme, host and port of an address: "https://example.org:8443"."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def without_fragment(address: str) -> str:
    """Return an address without what it says of a place in its page."""
    return urlunsplit(urlsplit(address)._replace(fragment=""))


def _ascii(address: str) -> str:
    """Return an address as it is sent."""
    parts = urlsplit(address)
    place = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    return urlunsplit((parts.scheme, place, quote(parts.path, safe=_SAFE), quote(parts.query, safe=f"{_SAFE}?"), ""))
