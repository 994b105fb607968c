"""The answerer of what the index holds now: a running server follows its index without a request noticing."""

import gc
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa.answering import Answerer
from qa.confidence import NOTHING_WANTED, WantedPromise
from qa.embedders import prepare_embedder
from qa.errors import IndexDamaged, IndexMismatch, IndexMissing, QAError
from qa.generations import current_generation, read_pointer
from qa.index import CALIBRATION, open_index

_SECONDS = 1.0  # between two looks at the index's folder
_AGAIN_SECONDS = 30.0  # between two tries to open an index that cannot be opened: each reads all of it

Seen = tuple[str, tuple[int, int] | None]
"""What the pointer says, and the time and size of the calibration beside it."""

_log = logging.getLogger("qa")


class Live:
    """Holds one answerer at a time. It is swapped whole: a request keeps the one that it began with, and the old one's
    files are given back soon after the last such request is done.

    Files that somebody changes while they are mapped are not read again: questions are refused until the last good
    generation is opened, a second later.
    """

    def __init__(self, folder: Path, wanted: WantedPromise = NOTHING_WANTED) -> None:
        """Answer from the index in this folder, with verdicts that keep what is wanted, once it is open."""
        self._folder = folder
        self._wanted = wanted
        self._opened: Answerer | None = None
        self._problem: QAError = IndexMissing(f"{folder} is not open yet: ask again in a second.")
        self._warning: str | None = None
        self._seen: Seen | None = None
        self._turn = threading.Lock()
        self._woken = threading.Event()

    @classmethod
    def of(cls, answerer: Answerer, seen: Seen | None = None) -> "Live":
        """Return one that answers with what is open already; ``seen`` is what ``look`` gave before it was opened."""
        live = cls(answerer.index.folder, answerer.wanted)
        live._opened, live._seen = answerer, seen or look(live._folder)
        return live

    @property
    def answerer(self) -> Answerer:
        """Return what answers now. Raises the QAError that keeps the index from being read."""
        opened = self._opened
        if opened is None:
            raise self._problem
        changed = opened.index.generation.changed_file()
        if changed is not None:
            self.wake()
            raise IndexDamaged(f"{changed} was changed while questions were answered from it: ask again in a second.")
        return opened

    @property
    def warning(self) -> str | None:
        """Return why what answers is not what the index should hold, None where it is."""
        return self._warning or self.answerer.index.warning

    def open(self) -> None:
        """Open the index. Questions may come at once: they wait for what they need and no more.

        Raises QAError, which later questions get too until ``follow`` finds an index that can be opened.
        """
        self._seen = look(self._folder)  # before it is opened: what is published meanwhile is followed
        try:
            self._opened = self._open(None)
        except QAError as error:
            self._problem = error
            raise
        if self._opened.index.warning:
            _log.warning("%s", self._opened.index.warning)
        threading.Thread(target=warm, args=(self._opened,), name="warm").start()

    def reload(self) -> bool:
        """Open what the index holds now and answer from it; whether that is another generation or calibration.

        Where it cannot be opened the old one answers on, and ``warning`` says why; one whose files have changed does
        not.
        """
        with self._turn:
            before, seen = self._sound(), look(self._folder)
            try:
                opened = self._open(before)
                changed = before is None or _differs(opened, before)
                if changed:
                    with _as_damage(self._folder):
                        warm(opened)
            except QAError as error:
                self._refuse(before, error, seen)
                return False
            self._warning, self._seen = None, seen
            if changed:
                self._opened = opened
                _log.info("Candor answers from generation %s now.", opened.index.generation.folder.name)
                if opened.index.warning:
                    _log.warning("%s", opened.index.warning)
            del opened, before
        gc.collect()  # an index and its caches refer to each other; its files are to be given back now
        return changed

    def _sound(self) -> Answerer | None:
        """Return what is open, None where its files have changed."""
        opened = self._opened
        return None if opened is None or opened.index.generation.changed_file() else opened

    def _open(self, before: Answerer | None) -> Answerer:
        """Return an answerer of the folder's index, with the embedder that is loaded where it is the same. Raises
        QAError, whatever is wrong with the index."""
        with _as_damage(self._folder):
            if before is not None:
                with suppress(IndexMismatch):
                    return Answerer(open_index(self._folder, before.index.embedder), self._wanted)
            with suppress(QAError):  # which opening the index reports
                prepare_embedder(current_generation(self._folder), private=True)
            return Answerer(open_index(self._folder), self._wanted)

    def _refuse(self, before: Answerer | None, error: QAError, seen: Seen) -> None:
        """Keep what answered before; without it, answer every question with the error."""
        _log.error("qa: %s", error)
        self._opened, self._seen, self._warning = before, seen, str(error)
        self._problem = error

    def wake(self) -> None:
        """Let the following thread reload now. Safe in a signal handler."""
        self._woken.set()

    def follow(self) -> None:
        """Look at the index's folder from a thread of its own, and reload when it has changed."""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def _follow(self) -> None:
        tried = time.monotonic()
        while True:
            woken = self._woken.wait(_SECONDS)
            self._woken.clear()
            damaged = self._opened is not None and self._sound() is None
            again = self._opened is None and time.monotonic() - tried > _AGAIN_SECONDS
            if woken or damaged or again or look(self._folder) != self._seen:
                self.reload()
                tried = time.monotonic()


@contextmanager
def _as_damage(folder: Path) -> Iterator[None]:
    """Raise IndexDamaged for whatever goes wrong with an index that is no QAError."""
    try:
        yield
    except QAError:
        raise
    except Exception as error:
        _log.exception("The index could not be opened")
        reason = f"{type(error).__name__}: {error}"
        raise IndexDamaged(f"{folder} cannot be opened ({reason}): run `qa check --index {folder}`.") from error


def _differs(opened: Answerer, before: Answerer) -> bool:
    new, old = opened.index, before.index
    return (new.generation.folder, new.calibration, new.warning) != (
        old.generation.folder,
        old.calibration,
        old.warning,
    )


def warm(answerer: Answerer) -> None:
    """Ask once: the first question pays for lazy set-up, a misspelled and an unknown word for more."""
    answerer.answer("What is anxeity, and what is quorvex?")


def look(folder: Path) -> Seen:
    """Return what an index's folder points to now."""
    pointer = read_pointer(folder)
    try:
        stat = (folder / CALIBRATION).stat()
        return pointer, (stat.st_mtime_ns, stat.st_size)
    except OSError:
        return pointer, None
