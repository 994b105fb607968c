"""Who asks, what they may ask, and how often: keys as bearer tokens or by a login, names from a proxy, rates."""

import logging
import time
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, g, make_response, redirect, render_template, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import RateLimitItemPerSecond
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from werkzeug.wrappers import Response as AnyResponse

from qa.errors import BadSettings
from qa.keys import Key, Rate, parse_rate
from qa.settings import ServeSettings
from qa.web.address import check_origin
from qa.web.desk import COOKIE, Desk
from qa.web.errors import refuse, wants_page
from qa.wording import marked

LOGIN_SECONDS = 12 * 3600

_OPEN = frozenset({"api.health", "api.ready", "static", "access.login", "access.enter", "access.leave", "page.script"})
"""What is answered to everybody: whether the service runs, and what a page of login needs."""

_STATES = frozenset({"api.health", "api.ready"})

_PRIVATE = frozenset({"watching.metrics", "watching.gaps", "watching.gaps_page"})
"""What only an administrator's key may see, where there are keys."""

_SUGGESTING = "api.suggestions"
_KEYSTROKES = 30  # for which suggestions are fetched while one question is typed

_MEMORY = "memory://"
_AGAIN_SECONDS = 20.0  # after which a store that was away is asked again
_STORE_SECONDS = 1.0  # that it may take

_log = logging.getLogger("qa")


class Limits:
    """How often each asker may ask: so many requests in any stretch of so many seconds."""

    def __init__(self, storage: str = _MEMORY) -> None:
        """Count in this process's memory, or in a store that several share, as redis://HOST. Raises BadSettings."""
        self._storage = _storage(storage)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._fallback = MovingWindowRateLimiter(_storage(_MEMORY))
        self._away = -_AGAIN_SECONDS

    def wait_for(self, asker: str, rate: Rate) -> int:
        """Count a request; return 0 where it may be answered, else in how many seconds the next one may."""
        item = RateLimitItemPerSecond(rate.requests, rate.seconds)
        if time.monotonic() - self._away > _AGAIN_SECONDS:
            try:
                return _wait(self._limiter, item, asker)
            except Exception as error:  # noqa: BLE001 - of whatever store: an answer is not withheld for it
                self._away = time.monotonic()
                _log.error("qa: The store of the limits is away (%s): each process counts for itself.", error)
        return _wait(self._fallback, item, asker)


def _wait(limiter: MovingWindowRateLimiter, item: RateLimitItemPerSecond, asker: str) -> int:
    if limiter.hit(item, asker):
        return 0
    return max(int(limiter.get_window_stats(item, asker).reset_time - time.time()) + 1, 1)


def _storage(address: str) -> Storage:
    problem = "it is a store for programs of another kind"
    try:
        waits = {"socket_timeout": _STORE_SECONDS, "socket_connect_timeout": _STORE_SECONDS}
        made = storage_from_string(address, **(waits if address.startswith("redis") else {}))
        if isinstance(made, Storage):
            return made
    except Exception as error:  # noqa: BLE001 - of whatever store
        problem = str(error)
    raise BadSettings(
        f"{address.rpartition('@')[2]} cannot keep limits ({problem}): write memory://, or redis://HOST:PORT with "
        "candor-qa[redis] installed."
    )


class Access:
    """Decides of each request whether it is answered."""

    def __init__(self, desk: Desk, settings: ServeSettings) -> None:
        """Let in whom the settings let in. Raises BadSettings, KeysUnusable."""
        self._desk = desk
        self._rate = parse_rate(settings.rate) if settings.rate else None
        self._limits = Limits(settings.limits)
        self._user_header = settings.user_header
        self._proxies = _networks(settings.trusted_proxies)
        if self._user_header and not (self._proxies and desk.keys):
            raise BadSettings(
                "--user-header believes what a proxy says of who asks: name that proxy's address with --trusted-proxy, "
                "and with --keys the file that says what each name may ask."
            )

    def check(self) -> Any:
        """Return a refusal, or None where the request may go on; ``g.key`` is whose it is."""
        g.key, g.address = None, self.address
        if request.method == "OPTIONS" or self._is_open():
            return None
        if self._desk.keys is not None:
            refused = self._known()
            if refused is not None:
                return refused
        return self._within_rate()

    def _is_open(self) -> bool:
        """Whether everybody is answered: whether the service runs, but not which corpora it has."""
        is_of_one = self._desk.library.is_several and bool(self._desk.corpus)
        return request.endpoint in _OPEN - (_STATES if is_of_one else frozenset())

    def _known(self) -> Any:
        """Find whose the request is, and whether the corpus that it names may be asked."""
        desk, keys = self._desk, self._desk.keys
        assert keys is not None  # noqa: S101 - the caller's to see to
        token = _bearer()
        if token is not None:
            g.key = keys.find(token)
            if g.key is None:
                return _unauthorized("This key is not known here, or was revoked: ask the owner of the texts for one.")
        else:
            g.key = self._by_proxy() or self._by_cookie()
        if request.endpoint in _PRIVATE:
            return None if g.key and g.key.is_admin else _no_administrator()
        shelf = desk.library.shelf(desk.corpus)
        if desk.may_ask(shelf) if not desk.is_at_home else (g.key or desk.shelves()):
            return None
        if g.key is None:
            return _unauthorized("These texts need a key: send it as Authorization: Bearer KEY.")
        name = f"“{desk.corpus}” " if desk.corpus else ""
        return refuse(404, "corpus_unknown", f"There is no corpus {name}here that this key may ask.")

    def _by_proxy(self) -> Key | None:
        """Return the key of the name that a trusted proxy gives."""
        name = request.headers.get(self._user_header) if self._user_header else None
        if not name or not self._is_trusted(request.remote_addr):
            return None
        assert self._desk.keys is not None  # noqa: S101 - checked when this was made
        return next((key for key in self._desk.keys.keys.values() if key.name == name), None)

    def _is_trusted(self, address: str | None) -> bool:
        try:
            return bool(address) and any(ip_address(str(address)) in network for network in self._proxies)
        except ValueError:
            return False

    def _by_cookie(self) -> Key | None:
        keys, signed = self._desk.keys, request.cookies.get(COOKIE)
        if not signed or keys is None:
            return None
        try:
            identifier, digest = _signer(keys.secret).loads(signed, max_age=LOGIN_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        key = keys.keys.get(identifier)
        return key if key is not None and key.digest == digest else None

    def _within_rate(self) -> Any:
        key: Key | None = g.key
        rate = parse_rate(key.rate) if key and key.rate else self._rate
        if rate is None:
            return None
        asker = self._desk.asker
        if request.endpoint == _SUGGESTING:  # once a word is typed
            rate, asker = Rate(rate.requests * _KEYSTROKES, rate.seconds), f"suggestions for {asker}"
        seconds = self._limits.wait_for(asker, rate)
        if not seconds:
            return None
        if self._desk.meters is not None:
            self._desk.meters.count_limited()
        response, status = refuse(429, "too_many_requests", f"More than {rate} were asked: ask again in {seconds} s.")
        response.headers["Retry-After"] = str(seconds)
        return response, status

    @property
    def address(self) -> str:
        """Return the address of who asks: behind a trusted proxy that which it gives."""
        given = str(request.remote_addr or "")
        told = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        return told if told and self._is_trusted(given) else given

    @property
    def _is_secure(self) -> bool:
        """Whether the browser speaks TLS, as a trusted proxy says."""
        told = request.headers.get("X-Forwarded-Proto", "")
        return request.is_secure or (told == "https" and self._is_trusted(request.remote_addr))

    def blueprint(self) -> Blueprint:
        """Return the routes of the login."""
        blueprint = Blueprint("access", __name__)

        @blueprint.get("/login")
        def login() -> str:
            return _login_page()

        @blueprint.post("/login")
        def enter() -> AnyResponse | tuple[str, int]:
            check_origin()
            keys, token = self._desk.keys, request.form.get("key", "").strip()
            key = keys.find(token) if keys else None
            if keys is None or key is None:
                return _login_page(marked("This key is not known here, or was revoked.")), 403
            response = make_response(redirect(_next(), code=303))
            response.set_cookie(
                COOKIE, _signer(keys.secret).dumps([key.id, key.digest]), max_age=LOGIN_SECONDS, httponly=True,
                samesite="Lax", secure=self._is_secure, path="/",
            )  # fmt: skip
            return response

        @blueprint.post("/logout")
        def leave() -> AnyResponse:
            check_origin()
            response = make_response(redirect("/login", code=303))
            response.delete_cookie(COOKIE, path="/")
            return response

        return blueprint


def _login_page(problem: str = "") -> str:
    return render_template("login.html", problem=problem, next=_next())


def _next() -> str:
    """Return where to go after the login: an address of this service, and no other."""
    wanted = request.values.get("next", "")
    is_own = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if is_own else "/"


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="candor login")


def _bearer() -> str | None:
    """Return what the request has as its bearer token, None where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _unauthorized(message: str) -> Any:
    """Refuse who is not known: a browser is led to the login."""
    if wants_page() and request.method == "GET":
        wanted = request.full_path if request.query_string else request.path
        return redirect(f"/login?{urlencode({'next': request.script_root + wanted})}", code=303)
    response, status = refuse(401, "unauthorized", message)
    response.headers["WWW-Authenticate"] = 'Bearer realm="candor"'
    return response, status


def _no_administrator() -> Any:
    if g.key is None:
        return _unauthorized("This is for an administrator's key: send it as Authorization: Bearer KEY.")
    return refuse(403, "forbidden", "This is for an administrator's key: make one with `qa key add NAME --admin`.")


def _networks(given: tuple[str, ...]) -> list[Any]:
    try:
        return [ip_network(one, strict=False) for one in given]
    except ValueError as error:
        raise BadSettings(
            f"--trusted-proxy needs an address or a network, as 10.0.0.5 or 10.0.0.0/8: {error}."
        ) from None
