"""gunicorn around the application: one process with threads, JSON refusals, a line a request, a clean stop."""

import ctypes
import json
import logging
import signal
import socket
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers import gthread
from gunicorn.workers.gthread import ThreadWorker

from qa.embedders import prepare_embedder
from qa.errors import QAError, ServerUnstartable
from qa.generations import current_generation
from qa.settings import ServeSettings

if TYPE_CHECKING:  # the index is opened in the worker
    from qa.web.live import Live

_BOOT_SECONDS = 300  # loading the model on a slow disk must not look like a worker that hangs

_RETRY_SECONDS = 1  # when a client that was turned away may ask again: the waiting are answered by then

_READ_SECONDS = 5  # for the next bytes of a request that has begun; a proxy in front can be stricter

_M_ARENA_MAX = -8  # of glibc's malloc.h

# Method, path, status, bytes, milliseconds. Never the question: whoever asks may be telling of a person.
_ACCESS_LOG = "%(t)s %(h)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"


class AccessLog(Logger):  # type: ignore[misc]
    """Writes the path as it was sent, so that a request cannot forge a line; a client that falls silent is no news."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        """Return the fields of a line."""
        fields: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        fields["U"] = quote(str(fields["U"]).encode("latin-1", "replace"))
        return fields

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Log an error with its trace, but for a read that waited too long."""
        if not isinstance(sys.exc_info()[1], BlockingIOError):
            super().exception(msg, *args, **kwargs)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Keeps silent connections off the threads, turns clients away while too many wait, and answers what is not even
    HTTP in the API's own shape."""

    def init_process(self) -> None:
        """Set up the thread that turns clients away."""
        self._away = ThreadPoolExecutor(1, "turn-away")
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to the threads, unless as many wait for one as may."""
        if self.tpool._work_queue.qsize() < self.app.settings.waiting:
            super().enqueue_req(conn)
            return
        refused = self._away.submit(self._turn_away, conn)
        refused.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _turn_away(self, conn: Any) -> bool:
        conn.sock.settimeout(_READ_SECONDS)
        message = f"Too many questions wait for an answer here: ask again in {_RETRY_SECONDS} s."
        body = json.dumps({"error": {"code": "too_busy", "message": message}})
        util.write(conn.sock, _response("503 Service Unavailable", body, f"Retry-After: {_RETRY_SECONDS}\r\n"))
        host = conn.client[0] if conn.client else "-"
        self.log.access_log.info("%s %s - - 503", self.log.now(), host)
        return False

    def handle(self, conn: Any) -> Any:
        """Take a connection when it has sent something, and wait only so long for the rest of it."""
        if not conn.initialized and not conn.data_ready and not conn.wait_for_data(0):
            return gthread._DEFER
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _READ_SECONDS, 0))
        return super().handle(conn)

    def init_signals(self) -> None:
        """Let SIGHUP, which the arbiter passes on, reload the index."""
        super().init_signals()
        signal.signal(signal.SIGHUP, lambda *_: self.app.wake())
        signal.siginterrupt(signal.SIGHUP, False)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop after the requests under way for SIGINT too. To leave at once, as gunicorn does then, hung one time in
        three while a request was answered, until it was killed half a minute later."""
        self.handle_exit(sig, frame)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Refuse what cannot be parsed; leave the rest to gunicorn."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status, code, message = _parse_refusal(exc)
        body = json.dumps({"error": {"code": code, "message": message}})
        self.log.access_log.info("%s %s - - %s", self.log.now(), addr[0] if addr else "-", status)
        util.write(client, _response(status, body))


def _parse_refusal(error: BaseException) -> tuple[str, str, str]:
    if isinstance(error, LimitRequestLine):
        message = "The address is too long: send a long question with POST /api/ask."
        return "414 URI Too Long", "address_too_long", message
    if isinstance(error, LimitRequestHeaders):
        return (
            "431 Request Header Fields Too Large",
            "headers_too_large",
            "The request's headers are too large.",
        )
    return "400 Bad Request", "bad_request", "The request is not HTTP that can be read."


def _response(status: str, body: str, headers: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


class HangupArbiter(Arbiter):  # type: ignore[misc]
    """Passes SIGHUP on to the workers, which reload the index, and does not put new workers in their place."""

    def handle_hup(self) -> None:
        """Tell all workers."""
        self.kill_workers(signal.SIGHUP)


class Server(BaseApplication):  # type: ignore[misc]
    """One server of one index. The index is opened in the worker, for a model must not be loaded before a fork."""

    def __init__(self, index: Path, settings: ServeSettings) -> None:
        """Keep what to serve."""
        self.index_folder = index
        self.settings = settings
        self.live: Live | None = None
        super().__init__()

    def run(self) -> None:
        """Serve until told to stop."""
        HangupArbiter(self).run()

    def wake(self) -> None:
        """Reload the index in this worker, where it is open already."""
        if self.live is not None:
            self.live.wake()

    def load_config(self) -> None:
        """Set gunicorn up."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        options = {
            "bind": f"{host}:{self.settings.port}",
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "worker_class": Worker,
            "timeout": _BOOT_SECONDS,
            "graceful_timeout": 30,
            "keepalive": 5,
            "limit_request_line": 8190,
            "accesslog": "-",
            "logger_class": AccessLog,
            "control_socket_disable": True,
            "access_log_format": _ACCESS_LOG,
            "loglevel": "warning",
            "post_worker_init": _announce,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application; called in the worker."""
        with suppress(QAError):  # which opening the index tells
            prepare_embedder(current_generation(self.index_folder))  # first: it compiles while the rest is imported
        from qa.answering import Answerer
        from qa.confidence import WantedPromise
        from qa.index import open_index
        from qa.web.app import create_app
        from qa.web.live import Live, look, warm

        try:
            wanted = WantedPromise(self.settings.risk, self.settings.miss)
            seen = look(self.index_folder)  # before it is opened: what is published meanwhile is followed
            answerer = Answerer(open_index(self.index_folder), wanted)
        except QAError as error:
            logging.getLogger("gunicorn.error").error("qa: %s", error)
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
        if answerer.index.warning:
            logging.getLogger("gunicorn.error").warning("qa: %s", answerer.index.warning)
        # Beside the first requests, which wait for what they need of it and for no more.
        threading.Thread(target=warm, args=(answerer,), name="warm").start()
        self.live = Live(answerer, seen)
        self.live.follow()
        return create_app(self.live, self.settings.reload_token)


def _announce(worker: Any) -> None:
    for listener in worker.sockets:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        logging.getLogger("gunicorn.error").warning("Candor answers at http://%s:%s/", shown, port)


def serve(index: Path, settings: ServeSettings) -> None:
    """Serve an index until SIGTERM or SIGINT, after which requests that have begun are still answered.

    Raises ServerUnstartable when the address cannot be listened on.
    """
    _check_address(settings)
    _share_heaps()
    Server(index, settings).run()


def _share_heaps() -> None:
    """Let a process's threads share two heaps, where glibc is: one for each keeps 70 MB that another could use."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _check_address(settings: ServeSettings) -> None:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], found[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except OSError as error:
        raise ServerUnstartable(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror or error}): choose another "
            "with --host and --port."
        ) from None
