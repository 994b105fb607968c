"""How long each stage of an answer takes, and what it reused, for whoever wants to know: it costs nothing where nobody
listens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

STAGES = ("question", "ranking", "reading", "terms", "parts", "writing")
"""In order: the question is spelt, read and embedded; passages are ranked, the first of them read; the terms get their
states; the parts, and what is near to unknown terms, are sought; the answer is written."""


class Listener(Protocol):
    """What is told of stages."""

    def begins(self, stage: str) -> None:
        """Take note that a stage begins, in this thread."""

    def ended(self, stage: str, seconds: float) -> None:
        """Take note that it ended."""

    def counted(self, what: str, number: int) -> None:
        """Take note of so many."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell a listener of the stages within, in this thread."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def count(what: str, number: int) -> None:
    """Tell who listens of so many."""
    listener = _listener.get()
    if listener is not None and number:
        listener.counted(what, number)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Be a stage of an answer."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    listener.begins(name)
    start = time.perf_counter()
    try:
        yield
    finally:
        listener.ended(name, time.perf_counter() - start)
