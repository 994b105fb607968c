"""The answerer of what the index holds now: a running server follows its index without a request noticing."""

import gc
import logging
import threading
from pathlib import Path

from qa.answering import Answerer
from qa.errors import IndexMismatch, QAError
from qa.generations import read_pointer
from qa.index import CALIBRATION, open_index

_SECONDS = 1.0  # between two looks at the pointer

Seen = tuple[str, tuple[int, int] | None]
"""What the pointer says, and the time and size of the calibration beside it."""


class Live:
    """Holds one answerer at a time. It is swapped whole: a request keeps the one that it began with, and the old one's
    files are given back soon after the last such request is done."""

    def __init__(self, answerer: Answerer, seen: Seen | None = None) -> None:
        """Answer with this one until ``reload`` finds another; ``seen`` is what ``look`` gave before it was opened."""
        self.answerer = answerer
        self.problem: str | None = None
        self._folder = answerer.index.folder
        self._seen = seen or look(self._folder)
        self._turn = threading.Lock()
        self._woken = threading.Event()

    @property
    def warning(self) -> str | None:
        """Return why what answers is not what the index should hold, None where it is."""
        return self.problem or self.answerer.index.warning

    def reload(self) -> bool:
        """Open what the index holds now and answer from it; whether that is another generation or calibration.

        Where it cannot be opened the old one answers on, and ``warning`` says why.
        """
        with self._turn:
            seen = look(self._folder)
            try:
                opened = self._open()
                changed = self._differs(opened)
                if changed:
                    warm(opened)
            except (QAError, OSError, ValueError, RuntimeError) as error:
                self.problem, self._seen = str(error), seen
                logging.getLogger("gunicorn.error").error("qa: %s", error)
                return False
            self.problem, self._seen = None, seen
            if changed:
                self.answerer = opened
                logging.getLogger("gunicorn.error").warning(
                    "Candor answers from generation %s now.", opened.index.generation.folder.name
                )
            del opened
        gc.collect()  # an index and its caches refer to each other; its files are to be given back now
        return changed

    def _differs(self, opened: Answerer) -> bool:
        new, old = opened.index, self.answerer.index
        return (new.generation.folder, new.calibration, new.warning) != (
            old.generation.folder,
            old.calibration,
            old.warning,
        )

    def _open(self) -> Answerer:
        """Return an answerer of the folder's index, with the embedder that is loaded where it is the same."""
        try:
            index = open_index(self._folder, self.answerer.index.embedder)
        except IndexMismatch:
            index = open_index(self._folder)
        return Answerer(index, self.answerer.wanted)

    def wake(self) -> None:
        """Let the following thread reload now. Safe in a signal handler."""
        self._woken.set()

    def follow(self) -> None:
        """Look at the pointer from a thread of its own, and reload when it has changed."""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def _follow(self) -> None:
        while True:
            woken = self._woken.wait(_SECONDS)
            self._woken.clear()
            if woken or look(self._folder) != self._seen:
                self.reload()


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
