"""An index on a host and port: one listening socket, worker processes around it, one open index in each."""

import ctypes
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from socket import socket

from qa.errors import QAError, ServerUnstartable
from qa.service import Live, prepare
from qa.settings import ServeSettings
from qa.web.connections import address_of, listen
from qa.web.supervisor import UNSTARTABLE, Supervisor

_M_ARENA_MAX = -8  # of glibc's malloc.h

_log = logging.getLogger("qa")


def serve(index: Path, settings: ServeSettings) -> int:
    """Serve an index until SIGTERM or SIGINT, after which requests that have begun are still answered.

    Returns the exit status: 0, or 1 where the index cannot be opened, which the log says. Raises ServerUnstartable when
    the address cannot be listened on.
    """
    _log_to_streams()
    try:
        listener = listen(settings.host, settings.port)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ServerUnstartable(
            f"Cannot listen on {settings.host}:{settings.port} ({reason}): choose another with --host and --port."
        ) from None
    _warn_of_strangers(listener)
    _share_heaps()
    return Supervisor(partial(_work, index, settings, listener, os.getpid()), settings.workers, listener.close).run()


def _log_to_streams() -> None:
    """Write a line a request to standard output, and what else there is to say to standard error."""
    for name, stream in (("qa", sys.stderr), ("qa.access", sys.stdout)):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _warn_of_strangers(listener: socket) -> None:
    """Say so where machines other than this one can ask."""
    host = listener.getsockname()[0]
    with suppress(ValueError):
        if not ip_address(host).is_loopback:
            _log.warning(
                "Everyone who reaches %s can read these texts: there are no accounts and no TLS. Put a proxy in front, "
                "or listen on 127.0.0.1.",
                address_of(listener),
            )


def _share_heaps() -> None:
    """Let a process's threads share two heaps, where glibc is: one for each keeps 70 MB that another could use."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _work(index: Path, settings: ServeSettings, listener: socket, parent: int, stands_in: bool) -> None:
    """Serve in this process until SIGTERM, or until the supervisor is gone. The index is opened here, for a model must
    not be loaded before a fork. Where it cannot be opened, a worker that stands in for another says so to every
    question until it can."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    prepare(index, private=True)  # first: it compiles while the rest is imported
    from qa.answers.verdicts import WantedPromise
    from qa.web.app import create_app
    from qa.web.connections import HTTPServer

    live = Live(index, WantedPromise(settings.risk, settings.miss), settings.reader)
    try:
        live.open()
    except QAError as error:
        _log.error("qa: %s", error)
        if not stands_in:
            sys.exit(UNSTARTABLE)
    live.follow()
    signal.signal(signal.SIGHUP, lambda *_: live.wake())
    server = HTTPServer(create_app(live, settings), listener, settings.threads, settings.waiting)
    _log.info("Candor answers at %s", address_of(listener))
    server.serve(lambda: stopping.is_set() or os.getppid() != parent)
