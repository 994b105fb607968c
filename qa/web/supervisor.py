"""Processes that serve one listening socket: they are started, signalled, and replaced when they die."""

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import NoReturn

UNSTARTABLE = 3
"""The exit status of one of the first workers that cannot start."""

_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LOOK_SECONDS = 0.5
_STOP_SECONDS = 35  # a little more than a worker gives the requests under way
_RESTART_SECONDS = 1.0  # between two starts of workers that die: one that dies at once must not take all cores

_log = logging.getLogger("qa")

Work = Callable[[bool], None]
"""What a worker runs; its argument says whether it replaces one that died."""


class Supervisor:
    """Keeps so many worker processes running until a signal stops it (SIGTERM, SIGINT), and passes SIGHUP on."""

    def __init__(self, work: Work, workers: int, stopping: Callable[[], None] = lambda: None) -> None:
        """Take what each process runs; it must end by itself for SIGTERM, or when its parent is another. ``stopping``
        is called when they are to end, after the signal."""
        self._on_stop = stopping
        self._work = work
        self._count = workers
        self._running: list[BaseProcess] = []
        self._stopping = False
        self._died = False
        self._started = 0.0

    def run(self) -> int:
        """Run until stopped; return 0, or 1 where the workers cannot start."""
        with self._signals():
            while not self._stopping:
                if not self._replace():
                    self._stop()
                    return 1
                wait([process.sentinel for process in self._running], _LOOK_SECONDS)
            self._stop()
        return 0

    @contextmanager
    def _signals(self) -> Iterator[None]:
        handlers = {signal.SIGTERM: self._end, signal.SIGINT: self._end, signal.SIGHUP: self._pass_on}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        for process in self._running:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)

    def _replace(self) -> bool:
        """Start workers until there are as many as there are to be; False where one could not start at all."""
        for process in [process for process in self._running if process.exitcode is not None]:
            self._running.remove(process)
            if process.exitcode == UNSTARTABLE:
                return False
            self._died = True
            _log.error("A worker process %s: another takes its place.", _end_of(process.exitcode or 0))
            time.sleep(max(self._started + _RESTART_SECONDS - time.monotonic(), 0))
        while len(self._running) < self._count and not self._stopping:
            self._started = time.monotonic()
            process = multiprocessing.get_context("fork").Process(target=_run, args=(self._work, self._died))
            # A child has its parent's handlers until it sets its own: what comes meanwhile waits.
            signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
            process.start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
            self._running.append(process)
        return True

    def _stop(self) -> None:
        """Tell all workers to end after the requests under way, and end those that do not."""
        for process in self._running:
            process.terminate()
        self._on_stop()
        end = time.monotonic() + _STOP_SECONDS
        for process in self._running:
            process.join(max(end - time.monotonic(), 0.1))
            if process.exitcode is None:
                _log.error("A worker process did not end within %s seconds and is killed.", _STOP_SECONDS)
                process.kill()


def _end_of(status: int) -> str:
    names = {number.value: number.name for number in signal.Signals}
    return f"was ended by {names.get(-status, f'signal {-status}')}" if status < 0 else f"ended with status {status}"


def _run(work: Work, stands_in: bool) -> NoReturn:
    """Run a worker to its end, without what a forked process would do on behalf of its parent."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in (
        signal.SIGINT,
        signal.SIGHUP,
    ):  # of a terminal, which sends them to all: the supervisor passes them on
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    status = 0
    try:
        work(stands_in)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - a forked process has nobody to raise it to
        _log.exception("A worker process failed")
        status = 1
    logging.shutdown()
    os._exit(status)
