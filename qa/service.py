"""What every face shares: an index is built and calibrated here, opened, followed while it is built anew, and closed.

Heavy libraries are imported while the encoder is already compiling: hence the imports within functions.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.cores import leave_cores
from qa.errors import DatabaseAway, IndexDamaged, IndexGone, IndexMismatch, IndexMissing, QAError

if TYPE_CHECKING:
    from qa.answers.answering import Answerer
    from qa.answers.verdicts import WantedPromise
    from qa.embedders import Embedder
    from qa.indexing.building import BuildReport
    from qa.indexing.calibration import Calibration
    from qa.settings import BuildSettings

_SECONDS = 1.0  # between two looks at the index's folder
_AGAIN_SECONDS = 30.0  # between two tries to open an index that cannot be opened: each reads all of it

Seen = tuple[str, tuple[int, int] | None]
"""What the pointer says, and the time and size of the calibration beside it."""

Progress = Callable[[str, int, int | None], None]
"""Called with a stage's name, how much of it is done, and its whole where that is known."""

_log = logging.getLogger("qa")


# --- building ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did, and on how many judged questions that the corpora bring the index was calibrated: None where
    there are none, where nothing changed, or where ``problem`` stood in the way, which leaves the index whole."""

    report: "BuildReport"
    calibrated_on: int | None = None
    problem: QAError | None = None


def _silent(stage: str, done: int, total: int | None) -> None:
    """Show no progress."""


def build_index(  # noqa: PLR0913 - the options of a build
    corpora: Sequence[Path],
    folder: Path,
    settings: "BuildSettings | None" = None,
    *,
    embedder: "Embedder | None" = None,
    progress: Progress = _silent,
    wait: bool = False,
    remove: bool = False,
) -> Built:
    """Bring the index in ``folder`` in step with the corpora, and calibrate it on the judged questions that they bring:
    what ``qa index`` does.

    Raises what ``indexing.building.build_index`` does; whatever is raised, the index that was there stays as it was.
    """
    leave_cores()
    from qa.indexing.building import build_index as build

    report = build(corpora, folder, settings, embedder, progress, wait, remove)
    if report.questions is None:
        return Built(report)
    try:
        return Built(report, calibrate_on_corpus(folder, report.questions, report.prepared, progress=progress))
    except QAError as error:
        return Built(report, problem=error)


def calibrate_on_corpus(
    folder: Path,
    questions: Path,
    prepared: Sequence[Path] = (),
    *,
    again: bool = True,
    progress: Progress = _silent,
) -> int | None:
    """Calibrate an index on the judged questions that its corpus brings, where they or the texts are others than the
    last time, and where that failed if it is to be tried ``again``; what is ``prepared`` of just these texts and
    questions is taken as it is. Return how many counted; None where none was due.

    Raises BadQuestionSet where they do not suffice, and what opening an index raises.
    """
    from qa.evaluation.recalibrating import is_due, note, tried_on

    if not is_due(folder, questions, again):
        return None
    tried = tried_on(folder, questions)
    try:
        counted = _take_prepared(folder, questions, prepared) or _calibrate(folder, questions, progress)
    except QAError:
        with suppress(QAError):
            note(folder, tried, made=False)
        raise
    note(folder, tried, made=True)
    return counted


def _take_prepared(folder: Path, questions: Path, prepared: Sequence[Path]) -> int | None:
    """Store the calibration that was prepared of these texts and questions; return how many counted, None without."""
    from qa.indexing.generations import current_generation
    from qa.indexing.index import load_manifest
    from qa.indexing.prepared import prepared_calibration

    manifest = load_manifest(current_generation(folder))
    made = prepared_calibration(prepared, manifest, questions)
    if made is None:
        return None
    _store(folder, made)
    return sum(made.questions.values())


def _calibrate(folder: Path, questions: Path, progress: Progress) -> int:
    """Store a calibration on these questions; return how many counted."""
    from qa.evaluation.calibrating import calibrate_on_set
    from qa.indexing.index import open_index

    with open_index(folder, with_own_calibration=False) as index:
        made, gain, _ = calibrate_on_set(
            index, questions, progress=lambda done, total: progress("Calibrating", done, total)
        )
    _store(folder, made)
    return gain.questions


def _store(folder: Path, made: "Calibration") -> None:
    """Store a calibration, which keeps the promise of the one before, whatever that was made with."""
    from qa.indexing.calibration import DEFAULT_PROMISE, read_own_calibration, save_calibration

    promise = DEFAULT_PROMISE
    with suppress(IndexDamaged):
        before = read_own_calibration(folder)
        promise = before.promise if before else promise
    save_calibration(folder, replace(made, promise=promise))


# --- answering -----------------------------------------------------------------------------------------------


def open_answerer(folder: Path, wanted: "WantedPromise | None" = None, read: bool = True) -> "Answerer":
    """Return what answers from the index in a folder, its models compiling while the rest is imported and opened. Its
    passages are not ``read`` if they are not to be, which is faster and knows less.

    Raises IndexMissing, IndexMismatch, IndexDamaged or EmbedderUnusable.
    """
    leave_cores()
    prepare(folder, read=read)
    from qa.answers.answering import Answerer
    from qa.answers.verdicts import NOTHING_WANTED
    from qa.indexing.index import open_index

    return Answerer(open_index(folder, with_reader=read), wanted or NOTHING_WANTED)


def prepare(folder: Path, private: bool = False, read: bool = True) -> None:
    """Begin to make ready the encoder and the reader that an index carries; what is wrong with them, opening the index
    reports.

    A ``private`` one reads weights of its own, see ``embedders.prepare_embedder``.
    """
    from qa.embedders import prepare_embedder
    from qa.indexing.generations import current_generation

    with suppress(QAError):
        generation = current_generation(folder)
        prepare_embedder(generation, private)
        if read:
            from qa.readers import prepare_reader

            prepare_reader(generation, private)


class Live:
    """Holds one answerer at a time. It is swapped whole: a request keeps the one that it began with, and the old one's
    files are given back soon after the last such request is done.

    Files that somebody changes while they are mapped are not read again: questions are refused until the last good
    generation is opened, a second later.
    """

    def __init__(self, folder: Path, wanted: "WantedPromise | None" = None, read: bool = True) -> None:
        """Answer from the index in this folder, with verdicts that keep what is wanted, once it is open; its passages
        are not ``read`` if they are not to be."""
        self._folder = folder
        self._wanted = wanted
        self._read = read
        self._opened: Answerer | None = None
        self._problem: QAError = IndexMissing("The index is not open yet: ask again in a second.")
        self._warning: str | None = None
        self._seen: Seen | None = None
        self._turn, self._catching = threading.Lock(), threading.Lock()
        self._woken = threading.Event()
        self._closed = False

    @classmethod
    def of(cls, answerer: "Answerer", seen: Seen | None = None) -> "Live":
        """Return one that answers with what is open already; ``seen`` is what ``look`` gave before it was opened."""
        live = cls(answerer.index.folder, answerer.wanted, answerer.index.reader is not None)
        live._opened, live._seen = answerer, seen or look(live._folder)
        return live

    @property
    def folder(self) -> Path:
        """Return the folder of the index."""
        return self._folder

    @property
    def answerer(self) -> "Answerer":
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

    def catch_up(self) -> None:
        """Answer from what the index holds now, where that is something else: when what was asked is gone from its
        database, or not there yet on the host that took the place of another."""
        with self._catching:
            if self._warning is not None or look(self._folder) != self._seen:
                self.reload()

    def _sound(self) -> "Answerer | None":
        """Return what is open, None where its files have changed."""
        opened = self._opened
        return None if opened is None or opened.index.generation.changed_file() else opened

    def _open(self, before: "Answerer | None") -> "Answerer":
        """Return an answerer of the folder's index, with the embedder that is loaded where it is the same. Raises
        QAError, whatever is wrong with the index."""
        from qa.answers.answering import Answerer
        from qa.answers.verdicts import NOTHING_WANTED
        from qa.indexing.index import open_index

        wanted = self._wanted or NOTHING_WANTED
        with _as_damage(self._folder):
            if before is not None:
                with suppress(IndexMismatch):
                    embedder = before.index.embedder
                    return Answerer(open_index(self._folder, embedder, with_reader=self._read), wanted)
            prepare(self._folder, private=True, read=self._read)
            return Answerer(open_index(self._folder, with_reader=self._read), wanted)

    def _refuse(self, before: "Answerer | None", error: QAError, seen: Seen) -> None:
        """Keep what answered before; without it, answer every question with the error. What a database cannot give now
        is asked for again at the next look."""
        _log.error("qa: %s", error)
        is_to_come = isinstance(error, DatabaseAway | IndexGone)
        self._opened, self._seen, self._warning = before, None if is_to_come else seen, str(error)
        self._problem = error

    def wake(self) -> None:
        """Let the following thread reload now. Safe in a signal handler."""
        self._woken.set()

    def follow(self) -> None:
        """Look at the index's folder from a thread of its own, and reload when it has changed, until it is closed."""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def close(self) -> None:
        """Follow no more, and let go of the index: requests that have begun keep it to their end."""
        self._closed = True
        with self._turn:
            self._opened, self._problem = None, IndexMissing(f"{self._folder} is not asked any more.")
        self.wake()
        gc.collect()

    def _follow(self) -> None:
        tried = time.monotonic()
        while True:
            woken = self._woken.wait(_SECONDS)
            if self._closed:
                return
            self._woken.clear()
            damaged = self._opened is not None and self._sound() is None
            failed = self._opened is None or self._warning is not None
            again = failed and time.monotonic() - tried > _AGAIN_SECONDS
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
        from qa.indexing.generations import shown_index

        place = shown_index(folder)
        raise IndexDamaged(f"{place} cannot be opened ({reason}): run `qa check --index {place}`.") from error


def _differs(opened: "Answerer", before: "Answerer") -> bool:
    new, old = opened.index, before.index
    return any(
        getattr(one, name) != getattr(other, name)
        for one, other, name in (
            (new.generation, old.generation, "folder"),
            (new.manifest, old.manifest, "created"),  # numbers begin again where a database's schema is made anew
            (new, old, "calibration"),
            (new, old, "warning"),
        )
    )


def warm(answerer: "Answerer") -> None:
    """Ask once: the first question pays for lazy set-up, a misspelled and an unknown word for more."""
    answerer.answer("What is anxeity, and what is quorvex?")


def look(folder: Path) -> Seen:
    """Return what an index's folder points to now."""
    from qa.indexing.calibration import CALIBRATION
    from qa.indexing.generations import read_pointer

    pointer = read_pointer(folder)
    try:
        stat = (folder / CALIBRATION).stat()
        return pointer, (stat.st_mtime_ns, stat.st_size)
    except OSError:
        return pointer, None
