"""The generations of an index on disk: which one answers, whether its files are whole, how another takes its place.

An index's folder holds ``generations/000001`` and on, each written once and never changed, and ``CURRENT``, which names
the one that answers. What is in a generation's files is ``index``'s and ``building``'s.

The folder may mirror an index in a database (``postgres``): then the database says which generation answers and has
the lock of its builds, and what is large stays there.
"""

import hashlib
import json
import os
import shlex
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from qa.errors import IndexDamaged, IndexLocked, IndexMissing, IndexUnwritable, QAError
from qa.files import open_regular, read_regular
from qa.postgres import generations as database
from qa.postgres.address import CACHE, address_of, is_mirror
from qa.postgres.contents import HELD

POINTER = "CURRENT"
GENERATIONS = "generations"
MANIFEST = "manifest.json"
MANIFEST_CHECKSUM = "manifest.sha256"

_LARGEST_MANIFEST = 1_000_000_000  # bytes; it has a line for each file of the corpora
_LARGEST_POINTER = 1_000  # bytes, of who builds too

_LOCK = ".lock"
_HOLDER = ".builder.json"

Release = Callable[[Path], None]
"""Called with the folder of a generation before it is removed, to remove what it keeps elsewhere."""


def _nothing(generation: Path) -> None:
    """Keep nothing elsewhere."""


# --- reading -------------------------------------------------------------------------------------------------


def current_generation(folder: Path) -> Path:
    """Return the folder of the generation that the pointer names. Raises IndexMissing or IndexDamaged, and DatabaseAway
    for one in a database."""
    if is_mirror(folder):
        return database.folder_of(folder, database.follow(folder).current)
    pointer = folder / POINTER
    try:
        name = read_regular(pointer, _LARGEST_POINTER).decode().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissing(
            f"There is no index in {folder.absolute()}: name its folder with --index, or build one with "
            f"`qa index CORPUS --index {folder}`."
        ) from None
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{pointer} cannot be read ({error}): run `qa index CORPUS --index {folder}`.") from error
    generation = folder / GENERATIONS / name
    if not _is_generation(generation, name):
        raise IndexDamaged(f'{pointer} names "{name}", which is not there: run `qa index CORPUS --index {folder}`.')
    return generation


def _is_generation(generation: Path, name: str) -> bool:
    try:
        return name.isascii() and name.isdigit() and generation.is_dir()
    except OSError:  # of a name that no file can have
        return False


def read_pointer(folder: Path) -> str:
    """Return what the pointer says, "" where it cannot be read: to see whether it has changed. That of a database which
    is away has not."""
    if is_mirror(folder):
        return _database_pointer(folder)
    try:
        return read_regular(folder / POINTER, _LARGEST_POINTER).decode()
    except (OSError, ValueError):
        return ""


_said: dict[Path, str] = {}  # what the pointer of each database said when it was last asked


def _database_pointer(folder: Path) -> str:
    try:
        _said[folder] = str(database.pointed(folder))
    except IndexMissing:
        _said[folder] = ""
    except QAError:  # what is wrong, opening the index reports
        pass
    return _said.get(folder, "")


def all_generations(folder: Path) -> list[Path]:
    """Return the folders of all whole generations, oldest first."""
    if is_mirror(folder):
        with suppress(IndexMissing):
            return [database.mirror(folder, one) for one in database.pointed(folder).generations]
        return []
    with suppress(OSError):
        return sorted(path for path in (folder / GENERATIONS).iterdir() if path.name.isdigit())
    return []


def last_good_generation(folder: Path) -> tuple[Path, str | None]:
    """Return the generation that answers, and None; or the last good one before it, and a warning that says why.

    Every file is compared with its checksum. Raises IndexMissing, or IndexDamaged when no generation is whole.
    """
    named = None
    try:
        named = current_generation(folder)
        _verify_or_fetch(named, folder)
        return named, None
    except IndexDamaged as error:
        problem = error
    for generation in reversed(all_generations(folder)):
        if named is None or generation.name < named.name:
            with suppress(IndexDamaged):
                verify(generation)
                return generation, f"{problem} Until then the generation {generation.name} answers."
    raise problem


def _verify_or_fetch(generation: Path, folder: Path) -> None:
    """Verify a generation; where it is the mirror of one in a database and damaged, fetch it again first."""
    try:
        verify(generation)
    except IndexDamaged:
        if not is_mirror(folder):
            raise
        database.fetch_again(folder, generation)
        verify(generation)


def verify(generation: Path, before: Path | None = None) -> None:
    """Compare every file of a generation with its checksum, but for those that it shares with one ``before`` it which
    was verified. Raises IndexDamaged, naming the first that differs."""
    try:
        stated = read_regular(generation / MANIFEST_CHECKSUM, _LARGEST_POINTER).decode("ascii").strip()
        content = read_regular(generation / MANIFEST, _LARGEST_MANIFEST)
    except (OSError, ValueError) as error:
        raise _damaged(generation, f"cut off, or made by an older version: {error}") from error
    if hashlib.sha256(content).hexdigest() != stated:
        raise _damaged(generation, f"{MANIFEST} is not what {MANIFEST_CHECKSUM} says")
    known = _stated(before)
    try:
        files = _files_of(content)
    except ValueError as error:
        raise _damaged(generation, f"{MANIFEST} cannot be used: {error}") from error
    elsewhere = HELD if is_mirror(generation.parent.parent) and generation.name.isdigit() else frozenset()
    for name, checksum in files.items():
        if name in elsewhere:
            continue
        if known.get(name) == checksum and _shared(generation, before, name):
            continue
        try:
            found = _checksum(generation / name)
        except OSError as error:
            raise _damaged(generation, f"{name} cannot be read: {error.strerror}") from error
        if found != checksum:
            raise _damaged(generation, f"{name} is not what was written: its checksum differs")


def verify_held(generation: Path) -> None:
    """Compare what stays in the database of a generation with its checksums, which reads all of it; of one in files do
    nothing. Raises IndexDamaged, naming the first that differs."""
    if not is_mirror(generation.parent.parent):
        return
    stated = _stated(generation)
    for name in sorted(HELD & stated.keys()):
        if database.checksum_of_held(generation, name) != stated[name]:
            raise _damaged(generation, f"{name} in the database is not what was written: its checksum differs")


def parse_object(content: bytes | str) -> dict[str, Any]:
    """Return the object that JSON holds. Raises ValueError for whatever else it holds, however made."""
    try:
        found = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def read_manifest(generation: Path) -> dict[str, Any]:
    """Return what a generation's manifest says, unchecked. Raises OSError or ValueError."""
    return parse_object(read_regular(generation / MANIFEST, _LARGEST_MANIFEST))


def _files_of(content: bytes) -> dict[str, str]:
    """Return {path within the generation: checksum} of a manifest. Raises ValueError where it states anything else."""
    files = parse_object(content).get("files")
    if not isinstance(files, dict) or not all(isinstance(checksum, str) for checksum in files.values()):
        raise ValueError("it states no checksums")
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name:
            raise ValueError(f'it names the file "{name}", which is none of its own')
    return files


def _damaged(generation: Path, reason: str) -> IndexDamaged:
    return IndexDamaged(f"{generation} is damaged ({reason}): {rebuild(generation)}.")


def rebuild(generation: Path) -> str:
    """Return the repair to name for a generation's folder: the command with its own corpora, where they are known."""
    try:
        named = shlex.join(map(str, read_manifest(generation)["corpora"]))
    except (OSError, ValueError, KeyError, TypeError):
        named = "CORPUS"
    return f"run `qa index {named} --index {shlex.quote(shown_index(generation.parent.parent))}` to build it anew"


def shown_index(folder: Path) -> str:
    """Return an index as it is given to a command: its folder, or its address in a database."""
    return str(address_of(folder)) if is_mirror(folder) else str(folder)


def file_checksums(generation: Path, before: Path | None = None) -> dict[str, str]:
    """Return {path within the generation: sha256} of its files, but for the manifest's two and locks. Those of files
    that it shares with one ``before`` it, which was verified, are taken from there."""
    known = _stated(before)
    files = (path for path in sorted(generation.rglob("*")) if path.is_file() and path.suffix != ".lock")
    names = (path.relative_to(generation).as_posix() for path in files)
    return {
        name: known[name] if name in known and _shared(generation, before, name) else _checksum(generation / name)
        for name in names
        if name not in {MANIFEST, MANIFEST_CHECKSUM}
    }


def _stated(generation: Path | None) -> dict[str, str]:
    """Return the checksums that a generation's manifest states, none for no generation."""
    if generation is None:
        return {}
    return _files_of(read_regular(generation / MANIFEST, _LARGEST_MANIFEST))


def _shared(generation: Path, before: Path | None, name: str) -> bool:
    """Whether a file is a link to the same bytes as the one before. Where a disk numbers files anew, it is none."""
    if before is None:
        return False
    new, old = generation / name, before / name
    try:
        return new.stat().st_nlink > 1 and new.samefile(old)
    except OSError:
        return False


def _checksum(path: Path) -> str:
    with open_regular(path) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_manifest(generation: Path, text: str) -> None:
    """Write the manifest and its checksum, which seals the generation."""
    (generation / MANIFEST).write_bytes(text.encode())
    (generation / MANIFEST_CHECKSUM).write_text(hashlib.sha256(text.encode()).hexdigest() + "\n", encoding="ascii")


# --- writing -------------------------------------------------------------------------------------------------


def share(folder: Path, name: str) -> None:
    """Let all who ask an index in a database have a file that stands beside its pointer, or no longer has it."""
    if is_mirror(folder):
        database.share_state(folder, name)


@contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold the folder for one builder; the system frees the lock of a process that died.

    Raises IndexLocked, saying who holds it, unless it is to ``wait``.
    """
    from filelock import FileLock, Timeout  # which a reader need not wait for

    with writing(folder):
        (folder / GENERATIONS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            raise IndexLocked(
                f"Another `qa index`{_holder(folder)} is building in {shown_index(folder)}: wait for it to end, or "
                "give --wait."
            ) from None
        since = datetime.now(UTC).isoformat(timespec="seconds")
        held_by = {"process": os.getpid(), "host": socket.gethostname(), "since": since}
        (folder / _HOLDER).write_text(json.dumps(held_by), encoding="utf-8")
    try:
        with database.building(folder, wait) if is_mirror(folder) else nullcontext():
            yield
    finally:
        with suppress(OSError):
            (folder / _HOLDER).unlink()
        lock.release()


def _holder(folder: Path) -> str:
    """Return who holds the lock, as far as that is known: it may be about to say so, or have just let go."""
    try:
        found = parse_object(read_regular(folder / _HOLDER, _LARGEST_POINTER))
        return f" (process {found['process']} on {found['host']}, since {found['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Raise IndexUnwritable for whatever keeps the folder from being written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        another = f"in {CACHE}" if is_mirror(folder) else "with --index"
        raise IndexUnwritable(
            f"{folder} cannot be written ({reason}): free space or mend its permissions, or name another "
            f"folder {another}. The index that was there is as it was."
        ) from error


@contextmanager
def partial_generation(folder: Path, release: Release = _nothing) -> Iterator[Path]:
    """Yield a new folder to fill; whatever is left of it, or of a build that was killed, is removed."""
    if is_mirror(folder):
        database.remove_leftovers(folder)
        release = _nothing  # what a generation has in the database goes when no generation there names it
    with writing(folder):
        for leftover in (folder / GENERATIONS).glob("*.partial"):
            _remove(leftover, release)
        partial = Path(tempfile.mkdtemp(suffix=".partial", prefix="", dir=folder / GENERATIONS))
        partial.chmod(0o755)
        try:
            yield partial
        finally:
            _remove(partial, release)


def publish(partial: Path, folder: Path, before: Path | None = None) -> Path:
    """Make a generation durable, compare what reached the disk with its checksums as ``verify`` does, and point to it.
    Returns its folder."""
    for path in [*partial.rglob("*"), partial]:
        sync(path)
    verify(partial, before)
    if is_mirror(folder):
        return database.publish(partial, folder)
    numbers = [int(path.name) for path in all_generations(folder)]
    generation = folder / GENERATIONS / f"{max(numbers, default=0) + 1:06d}"
    partial.rename(generation)
    sync(generation.parent)
    point_to(generation, folder)
    return generation


def point_to(generation: Path, folder: Path) -> None:
    """Let a generation answer, in one rename or transaction."""
    if is_mirror(folder):
        database.point_to(folder, int(generation.name))
        return
    pointer = folder / f"{POINTER}.new"
    pointer.write_text(generation.name + "\n", encoding="utf-8")
    sync(pointer)
    pointer.replace(folder / POINTER)
    sync(folder)


def roll_back(folder: Path) -> Path:
    """Let the last whole generation before the current one answer again, and return it.

    Raises IndexMissing, IndexLocked or IndexUnwritable, and IndexDamaged when there is none.
    """
    current_generation(folder)  # or there is nothing to hold
    with locked(folder), writing(folder):
        generation = generation_before(folder)
        point_to(generation, folder)
    return generation


def generation_before(folder: Path) -> Path:
    """Return the last whole generation before the current one. Raises IndexMissing, or IndexDamaged when there is
    none."""
    current = current_generation(folder)
    for generation in reversed(all_generations(folder)):
        if generation.name < current.name:
            with suppress(IndexDamaged):
                verify(generation)
                return generation
    raise IndexDamaged(
        f"{shown_index(folder)} has no whole generation before {current.name} to go back to: build it anew."
    )


def sync(path: Path) -> None:
    """Make a file, or what a folder lists, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prune(folder: Path, current: Path, keep: int, before: Path | None, release: Release = _nothing) -> None:
    """Remove all but ``keep`` generations: the current one, the one that answered before it, which a rollback may have
    chosen, and the last of the others. One that cannot be removed now is removed another time."""
    if is_mirror(folder):
        database.remove_leftovers(folder)
        database.prune(folder, int(current.name), keep, int(before.name) if before else None)
        return
    others = sorted(set(all_generations(folder)) - {current}, key=lambda path: (path == before, path.name))
    for generation in others[: max(len(others) - (keep - 1), 0)]:
        _remove(generation, release)


def _remove(generation: Path, release: Release) -> None:
    """Remove a folder, if it is there, and first what it alone keeps elsewhere."""
    if generation.exists():
        release(generation)
        shutil.rmtree(generation, ignore_errors=True)
