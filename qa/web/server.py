"""An index on a host and port: one listening socket, worker processes around it, one open index in each."""

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import NamedTuple

from qa.errors import QAError, ServerUnstartable
from qa.gaps import GapFile
from qa.keys import KeyFile
from qa.library import Library, Shelf
from qa.service import prepare
from qa.settings import ServeSettings
from qa.web.connections import address_of, listen
from qa.web.logs import log_to_streams
from qa.web.supervisor import UNSTARTABLE, Supervisor

_M_ARENA_MAX = -8  # of glibc's malloc.h
_MEMORY = "memory:"

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which the processes of a service count together."""

_log = logging.getLogger("qa")


class Served(NamedTuple):
    """What a service answers from: its corpora, and the file that names them, if one does."""

    shelves: Sequence[Shelf]
    file: Path | None = None


def serve(served: Served, settings: ServeSettings) -> int:
    """Serve corpora until SIGTERM or SIGINT, after which requests that have begun are still answered.

    Returns the exit status: 0, or 1 where no index can be opened, which the log says. Raises ServerUnstartable when
    the address cannot be listened on, and what is wrong with the files that the settings name.
    """
    log_to_streams(settings.log)
    if settings.keys is not None:
        KeyFile(settings.keys)
    gaps = GapFile(settings.gaps, keeps_questions=settings.keep_questions) if settings.gaps else None
    try:
        listener = listen(settings.host, settings.port)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ServerUnstartable(
            f"Cannot listen on {settings.host}:{settings.port} ({reason}): choose another with --host and --port."
        ) from None
    if settings.keys is None:
        _warn_of_strangers(listener)
    if settings.workers > 1 and settings.rate and settings.limits.startswith(_MEMORY):
        _log.warning(
            "Each of the %s processes counts requests for itself: name a Redis with --limits.", settings.workers
        )
    _share_heaps()
    with _counting_together(settings):
        work = partial(_work, served, settings, gaps, listener, os.getpid())
        return Supervisor(work, settings.workers, listener.close).run()


@contextmanager
def _counting_together(settings: ServeSettings) -> Iterator[None]:
    """Let several processes count in one folder, which goes with them."""
    if settings.workers == 1 or not settings.metrics:
        yield
        return
    with TemporaryDirectory(prefix="candor-") as folder:
        os.environ[MULTIPROCESS] = folder  # read when the library is imported, in each process
        yield


def _warn_of_strangers(listener: socket) -> None:
    """Say so where machines other than this one can ask."""
    host = listener.getsockname()[0]
    with suppress(ValueError):
        if not ip_address(host).is_loopback:
            _log.warning(
                "Everyone who reaches %s can read these texts: no key is asked for, and there is no TLS. Name a file "
                "of keys with --keys, put a proxy in front, or listen on 127.0.0.1.",
                address_of(listener),
            )


def _share_heaps() -> None:
    """Let a process's threads share two heaps, where glibc is: one for each keeps 70 MB that another could use."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _work(  # noqa: PLR0913, PLR0917 - what a worker needs
    served: Served, settings: ServeSettings, gaps: GapFile | None, listener: socket, parent: int, stands_in: bool
) -> None:
    """Serve in this process until SIGTERM, or until the supervisor is gone. The index is opened here, for a model must
    not be loaded before a fork. Where it cannot be opened, a worker that stands in for another says so to every
    question until it can."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    prepare(served.shelves[0].index, private=True)  # first: it compiles while the rest is imported
    from qa.answers.verdicts import WantedPromise
    from qa.web.app import create_app
    from qa.web.connections import HTTPServer

    library = Library(served.shelves, WantedPromise(settings.risk, settings.miss), settings.reader, served.file)
    try:
        app = create_app(library, settings, gaps)
    except QAError as error:  # of what the settings name
        _log.error("qa: %s", error)
        sys.exit(1 if stands_in else UNSTARTABLE)
    try:
        library.open()
    except QAError as error:
        _log.error("qa: %s", error)
        if not stands_in:
            sys.exit(UNSTARTABLE)
    library.follow()
    signal.signal(signal.SIGHUP, lambda *_: library.wake())
    server = HTTPServer(app, listener, settings.threads, settings.waiting)
    if app.extensions["candor"].meters is not None:
        app.extensions["candor"].meters.waiting_is(lambda: len(server.task_dispatcher.queue))
    _log.info("Candor answers at %s", address_of(listener))
    server.serve(lambda: stopping.is_set() or os.getppid() != parent)
