"""HTTP on sockets: waitress, with bounds on what a client may hold up. Nothing here knows what is served.

waitress reads requests and writes responses in one loop, so that a client that is slow holds no thread, and hands whole
requests to a pool of threads. This module sets its hooks: how long a request may take to arrive, how many may wait for
a thread, how a refusal looks, and how the server stops.
"""

import json
import logging
import resource
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPMethod
from typing import Any
from urllib.parse import quote

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, Task, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error
from waitress.wasyncore import loop

from qa.limits import MAX_BODY_BYTES
from qa.web.messages import BODY_TOO_LARGE, INTERNAL, RETRY_SECONDS

REQUEST_SECONDS = 10
"""Within which a request must be whole, from its first byte on; it is refused with 408 then."""

IDLE_SECONDS = 30
"""After which a connection without a request is closed; sooner where connections run short."""

MAX_LINE_BYTES = 28 * 1024  # a question, a source and a title as long as they may be take 24,000 in an address
MAX_HEADER_BYTES = MAX_LINE_BYTES + 4 * 1024

_LINGER_SECONDS = 2  # that a client may still send: closed at once it would be reset, and not see its answer
_UNREAD_BYTES = 1 << 20  # of answers that a client has not read, beyond which its next request waits
_LOOP_SECONDS = 0.5
_LOOK_SECONDS = 1.0  # between two looks at the connections' times
_STOP_SECONDS = 30  # for the requests under way when the server is to stop
_MOST_CONNECTIONS = 2_000  # of a process; each costs its loop a few microseconds a round, whatever it does
_LEAST_CONNECTIONS = 32
_OTHER_FILES = 200  # that a process has open beside its connections
_CROWDED = 0.5  # share of the connections from which on they are idle for a second at most, and have two for a request
_ACCEPTED = 64  # connections that are taken in one round

_REQUEST_ID = "X-Request-Id"

_access = logging.getLogger("qa.access")

Refusal = tuple[str, str]
"""A code for programs, and a sentence for a person."""

_REFUSALS: dict[int, Refusal] = {
    400: ("bad_request", "The request is not HTTP that can be read."),
    408: ("request_timeout", f"The request was not whole after {REQUEST_SECONDS} seconds: send it again."),
    413: ("body_too_large", BODY_TOO_LARGE),
    414: ("address_too_long", "The address is too long: send a long question with POST /api/ask."),
    431: ("headers_too_large", "The request's headers are too large."),
    500: ("internal", INTERNAL),
    501: (
        "not_implemented",
        "The body is sent in a way that is not taken here: send it with its length.",
    ),
    503: ("too_busy", f"Too many questions wait for an answer here: ask again in {RETRY_SECONDS} s."),
}


class RequestTimeout(Error):  # type: ignore[misc]
    """The request was not whole in time."""

    code, reason = 408, "Request Timeout"


class AddressTooLong(Error):  # type: ignore[misc]
    """The first line of the request is too long."""

    code, reason = 414, "URI Too Long"


class TooBusy(Error):  # type: ignore[misc]
    """As many requests wait as may."""

    code, reason = 503, "Service Unavailable"


class _Request(HTTPRequestParser):  # type: ignore[misc]
    """A request that arrives; ``begun`` is when its first byte did, in seconds of the monotonic clock."""

    path = command = "-"  # of one that cannot be read

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.begun = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take bytes; refuse a first line that is too long before the headers' bound does."""
        begin = b"" if self.headers_finished else (self.header_plus + data)[:MAX_LINE_BYTES]
        consumed: int = super().received(data)
        if len(begin) == MAX_LINE_BYTES and b"\r\n" not in begin.lstrip():
            self.error = AddressTooLong("")
            self.completed = True
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers. Raises ParsingError for what is not HTTP/1, or does not say which host is meant."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # of an address that is none
            raise ParsingError("The address cannot be read") from error
        if not self.chunked and not 0 < self.content_length <= MAX_BODY_BYTES:
            self.expect_continue = False  # nothing that is waited for comes, or nothing of it is taken
        if self.version not in {"1.0", "1.1"}:
            raise ParsingError("The version is neither HTTP/1.0 nor HTTP/1.1")
        if self.version == "1.1" and "HOST" not in self.headers:
            raise ParsingError("The header Host is missing")


def _log(task: Task, milliseconds: float) -> None:
    """Log a line: address, method, path, status, bytes, milliseconds. Never the question: whoever asks may be telling
    of a person. The path is quoted, so that no request forges a line."""
    request = task.request
    path = quote(request.path.encode("latin-1", "replace"))
    method = request.command if request.command in HTTPMethod.__members__ else "-"
    status = task.status.split()[0]
    written = task.content_bytes_written
    fields = {
        "address": task.channel.addr[0],
        "method": method,
        "path": path,
        "status": int(status),
        "bytes": written,
        "milliseconds": round(milliseconds, 1),
        "request_id": next((value for name, value in task.response_headers if name == _REQUEST_ID), None),
    }
    line = "%(address)s %(method)s %(path)s %(status)s %(bytes)s bytes %(milliseconds).0f ms"
    _access.info(line, fields, extra={"fields": fields})


class _AnswerTask(WSGITask):  # type: ignore[misc]
    """Answers a whole request from the application, and logs it."""

    def service(self) -> None:
        start = time.perf_counter()
        try:
            super().service()
        except Exception:
            raise
        except BaseException as error:  # a panic of a library in Rust, which would leave the client without an answer
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        _log(self, 1000 * (time.perf_counter() - start))

    def get_environment(self) -> dict[str, Any]:
        """Return what the application is given; the server's name is the address that the client connected to."""
        environ: dict[str, Any] = super().get_environment()
        environ["SERVER_NAME"] = self.channel.local_address
        return environ


class _RefusalTask(ErrorTask):  # type: ignore[misc]
    """Refuses a request in the API's own shape, and logs it."""

    def execute(self) -> None:
        error = self.request.error
        code, message = _REFUSALS.get(error.code, _REFUSALS[500])
        body = json.dumps({"error": {"code": code, "message": message}}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        if error.code == TooBusy.code:
            self.response_headers.append(("Retry-After", str(RETRY_SECONDS)))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
        _log(self, 0)


class _Connection(HTTPChannel):  # type: ignore[misc]
    """One client. It has one request answered at a time, and the next only when it has read most of the last answer."""

    task_class = _AnswerTask
    error_task_class = _RefusalTask
    parser_class = _Request

    request: _Request | None  # that arrives
    local_address = ""
    closing_at: float | None = None  # when it is closed, once all is written: what still comes is read and dropped
    waits_for_client = False  # whether a request is held back until the client has read

    def __init__(self, server: "HTTPServer", sock: socket.socket, addr: Any, adj: Adjustments, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map)
        self.local_address = str(sock.getsockname()[0])

    def keep_time(self, now: float, idle_seconds: float) -> None:
        """Refuse a request that has not arrived in time, and close what is idle or reads nothing.

        ``now`` is of the monotonic clock.
        """
        silent = time.time() - self.last_activity
        is_unread = self.waits_for_client or (self.total_outbufs_len and not self.requests)
        if self.closing_at is not None:
            over = now >= self.closing_at
        elif self.request is not None and self.requests:
            over, self.request.begun = False, now  # it is not read on until the one before is answered
        elif self.request is not None:
            over = False
            if now - self.request.begun > min(REQUEST_SECONDS, idle_seconds * 2):
                self._refuse_late()
        else:
            over = (is_unread or self.is_idle) and silent > (REQUEST_SECONDS if is_unread else idle_seconds)
        if over:  # at once: what a client does not read is never flushed
            self.handle_close()

    def _refuse_late(self) -> None:
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None:
                return
            request.error, request.completed = RequestTimeout(""), True
            self.requests.append(request)
        self.server.add_task(self)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: no request that has begun, no answer to be read."""
        return not (self.requests or self.request is not None or self.total_outbufs_len)

    def hold_back(self) -> None:
        """Let the next request wait until the client has read."""
        self.waits_for_client = True
        self.server.pull_trigger()

    def readable(self) -> bool:
        return self.closing_at is not None or bool(super().readable())

    def writable(self) -> bool:
        if self.closing_at is not None or self._is_sending():
            return False
        return self.waits_for_client or bool(super().writable())

    def _is_sending(self) -> bool:
        """Whether a thread is sending an answer. It sends what the socket takes, and at its end at the latest it wakes
        the loop for the rest: until then the loop could send nothing, but would be woken by the socket again and
        again."""
        if self.will_close or not (self.requests and self.total_outbufs_len):
            return False
        is_free = self.outbuf_lock.acquire(blocking=False)
        if is_free:
            self.outbuf_lock.release()
        return not is_free

    def handle_read(self) -> None:
        if self.closing_at is None:
            super().handle_read()
            return
        with suppress(OSError):
            self.recv(self.adj.recv_bytes)  # which closes at the end

    def handle_write(self) -> None:
        if self.close_when_flushed:
            self._flush_exception(self._flush_some)
            if not (self.total_outbufs_len or self.will_close):
                self._linger()
                return
        super().handle_write()
        if self.waits_for_client and self.connected and self.total_outbufs_len <= _UNREAD_BYTES:
            self.waits_for_client = False
            self.server.add_task(self)

    def _linger(self) -> None:
        """Send no more, and let the client read all before the connection goes."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.closing_at = time.monotonic() + _LINGER_SECONDS
        except OSError:
            self.handle_close()


class HTTPServer(TcpWSGIServer):  # type: ignore[misc]
    """Serves an application from a listening socket: whole requests to the threads, all else in one loop."""

    channel_class = _Connection

    def __init__(self, application: Any, listener: socket.socket, threads: int, waiting: int) -> None:
        """Serve with so many threads; ``waiting`` requests may wait for one, and more are refused with 503."""
        most = _most_connections()
        adjustments = Adjustments(
            sockets=[listener],
            threads=threads,
            ident="Candor",
            connection_limit=most,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_BODY_BYTES + 2,  # so much is refused; one less the application refuses
            outbuf_high_watermark=1 << 30,  # no thread waits for a client that reads slowly: see _UNREAD_BYTES
            asyncore_use_poll=True,
            log_socket_errors=False,
        )
        self._waiting = waiting
        self._crowded = int(most * _CROWDED)
        self._refusing = ThreadedTaskDispatcher()
        self._refusing.set_thread_count(1)
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(application, {}, _sock=listener, adj=adjustments, sockinfo=info, bind_socket=False)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)

    def add_task(self, connection: _Connection) -> None:
        """Give a connection's first request to a thread; refuse it where as many wait as may."""
        request = connection.requests[0]
        if not request.error:
            if connection.total_outbufs_len > _UNREAD_BYTES:
                connection.hold_back()
                return
            if len(self.task_dispatcher.queue) < self._waiting:
                self.task_dispatcher.add_task(connection)
                return
            request.error = TooBusy("")
        self._refusing.add_task(connection)

    def handle_accept(self) -> None:
        """Take as many connections as have come, up to a bound: in a crowd, one a round would be too few."""
        for _ in range(_ACCEPTED):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before or len(self._map) >= self.adj.connection_limit:
                return

    def maintenance(self, now: float) -> None:
        """Do nothing: waitress calls this in the middle of a round, in which a connection that is closed would leave
        its number to the next one, and its events with it."""

    def _keep_times(self) -> None:
        """Look at every connection's time."""
        idle_seconds = 1 if len(self.active_channels) > self._crowded else IDLE_SECONDS
        for connection in tuple(self.active_channels.values()):
            connection.keep_time(time.monotonic(), idle_seconds)

    def serve(self, stopped: Callable[[], bool]) -> None:
        """Serve until ``stopped``, which is asked every half second; then answer what is under way, take nothing new,
        and return."""
        looked = 0.0
        while not stopped():
            loop(_LOOP_SECONDS, use_poll=True, map=self._map, count=1)
            if time.monotonic() - looked > _LOOK_SECONDS:
                self._keep_times()
                looked = time.monotonic()
        self._take_pending()
        self.del_channel()
        self.socket.close()
        end = time.monotonic() + _STOP_SECONDS
        while self._close_idle() and time.monotonic() < end:
            loop(_LOOP_SECONDS / 10, use_poll=True, map=self._map, count=1)
            self._keep_times()
        for dispatcher in (self.task_dispatcher, self._refusing):
            dispatcher.shutdown(timeout=1)
        self.trigger.close()

    def _take_pending(self) -> None:
        """Take the connections that the system has taken already: their requests are under way."""
        before = -1
        while len(self.active_channels) > before:
            before = len(self.active_channels)
            self.handle_accept()
        self.accepting = False
        loop(0, use_poll=True, map=self._map, count=1)  # read what they have sent

    def _close_idle(self) -> int:
        """Close the connections without a request under way; how many are left."""
        for connection in tuple(self.active_channels.values()):
            if connection.is_idle:
                connection.handle_close()
        return len(self.active_channels)


def _most_connections() -> int:
    """Return how many connections may be open, and raise the system's bound on open files to that where it can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wished = _MOST_CONNECTIONS + _OTHER_FILES
    raised = wished if hard == resource.RLIM_INFINITY else min(hard, wished)
    if soft < raised:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
    return max(min(soft, wished) - _OTHER_FILES, _LEAST_CONNECTIONS)


def listen(host: str, port: int, backlog: int = 1024) -> socket.socket:
    """Return a socket that listens on a host and port, 0 for any free one. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address of a listening socket for a person to open: "http://127.0.0.1:8000/"."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
