"""Corpora -> when something in them changes that a build would see. Building is whoever waits for it."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from watchfiles import Change, watch

from qa.errors import BadSettings, QAError
from qa.indexing.corpora import CORPUS_FILE, Named, absolute, own_folders, read_settings
from qa.indexing.question_files import JUDGMENTS, QUESTIONS
from qa.parsers import PARSERS

Changes = set[tuple[Change, str]]

_TURN = 400  # milliseconds for which changes below the folders are waited for, and then for those beside them
_QUIET = 200  # milliseconds without a change that end a row of them
_ROW = 1600  # milliseconds that a row of changes lasts at most


@dataclass(frozen=True, slots=True)
class Places:
    """What is followed: ``folders`` with all that is below them, and single ``files``, among them the settings, judged
    sets, and the folders themselves, which can go and come back."""

    folders: frozenset[Path]
    files: frozenset[Path]


class Watch:
    """Follows corpora from the moment it is made, so that what changes during a build is not lost."""

    def __init__(self, corpora: Sequence[Path], index: Path) -> None:
        """Begin to follow the corpora; what is written to the index does not count. Raises BadSettings where the
        system does not let them be followed."""
        self._corpora = corpora
        self._index = absolute(index)
        self._places = find_places(corpora)
        self._watchers: list[Iterator[Changes]] = []
        self._begin()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Follow no more."""
        self._watchers.clear()

    def wait(self) -> None:
        """Return when something has changed since the last time, or since the beginning. Raises KeyboardInterrupt."""
        while True:
            for watcher in self._watchers:
                changed = self._counting(next(watcher))
                if any(self._is_place(path) for path in changed):
                    with suppress(QAError):  # which the build tells; until then the places stay
                        self._places = find_places(self._corpora, strict=True)
                    self._begin()
                if changed:
                    return

    def _begin(self) -> None:
        folders = [folder for folder in self._places.folders if folder.is_dir()]
        beside = {_nearest(file.parent) for file in self._places.files}
        try:
            self._watchers = [_follow(folders, recursive=True)] if folders else []
            self._watchers.append(_follow(beside, recursive=False))
        except (OSError, RuntimeError) as error:
            raise BadSettings(
                f"The texts cannot be watched ({error}): raise the system's limit on watched files, or give `qa index` "
                "again after each change."
            ) from error

    def _counting(self, changes: Changes) -> list[Path]:
        """Return the paths of the changes that a build may see."""
        came = {path for change, path in changes if change is Change.added}
        return [Path(path) for change, path in changes if self._counts(change, Path(path), path in came)]

    def _counts(self, change: Change, path: Path, came: bool) -> bool:
        if self._is_place(path):
            return True
        holding = [folder for folder in self._places.folders if path.is_relative_to(folder)]
        above = max(holding, key=lambda folder: len(folder.parts), default=None)
        if above is None or self._is_own(path) or any(map(_is_passing, path.relative_to(above).parts)):
            return False
        if path.suffix.lower() in PARSERS:
            return True
        if change is Change.deleted:  # perhaps a folder; what came and went at once is an editor's
            return not (came or _is_editors(path.name))
        return change is Change.added and path.is_dir()

    def _is_place(self, path: Path) -> bool:
        """Whether a path is a file that is followed by itself, or a folder above one that is not there."""
        return path in self._places.files or any(path in file.parents for file in self._places.files)

    def _is_own(self, path: Path) -> bool:
        """Whether the index writes here."""
        if path == self._index or any(path.is_relative_to(folder) for folder in own_folders(self._index)):
            return True
        holds_texts = any(place.is_relative_to(self._index) for place in self._places.folders | self._places.files)
        return path.is_relative_to(self._index) and not holds_texts


def find_places(corpora: Sequence[Path], strict: bool = False) -> Places:
    """Return what is to be followed for corpora, by the settings that they have now.

    Where these cannot be used they are as if there were none, or, if it is to be ``strict``, BadSettings or
    CorpusMissing is raised.
    """
    folders: set[Path] = set()
    files: set[Path] = set()
    for corpus in corpora:
        named = _named(corpus, strict)
        roots = {root.path for root in named.roots()}
        folders |= {root for root in roots if not root.is_file()}
        files |= roots | {absolute(named.base) / CORPUS_FILE}
        if named.questions:
            files |= set(_set_places(absolute(named.questions)))
        if named.synonyms_file:
            files.add(absolute(named.synonyms_file))
    return Places(frozenset(folders), frozenset(files))


def _named(corpus: Path, strict: bool) -> Named:
    try:
        return read_settings([corpus])[0]
    except QAError:
        if strict:
            raise
        return Named.without_settings(corpus)


def _set_places(questions: Path) -> Iterator[Path]:
    """Yield where the files of a judged set are or may come to be."""
    folder = questions if questions.is_dir() else questions.parent
    yield questions
    yield from (folder / name for name in JUDGMENTS)
    if questions.is_dir():
        yield from (folder / name for name in QUESTIONS)


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _is_passing(name: str) -> bool:
    """Whether a file or folder is hidden, or one that an office program keeps for a while."""
    return name.startswith((".", "~$"))


def _is_editors(name: str) -> bool:
    """Whether a file is a copy that an editor keeps for a while."""
    return name.endswith(("~", "#")) or name.startswith("#")


def _follow(paths: Iterable[Path], recursive: bool) -> Iterator[Changes]:
    """Return the changes below or in folders, from now on, an empty set where there were none for a while."""
    changes = watch(
        *map(os.fspath, paths),
        watch_filter=None,
        debounce=_ROW,
        step=_QUIET,
        rust_timeout=_TURN,
        yield_on_timeout=True,
        recursive=recursive,
        ignore_permission_denied=True,
    )
    first = next(changes)  # from here on it follows
    return _after(first, changes)


def _after(first: Changes, rest: Iterator[Changes]) -> Iterator[Changes]:
    yield first
    yield from rest
