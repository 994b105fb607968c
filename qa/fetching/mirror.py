"""Copies of what lives elsewhere, in a folder, with the address of each and what tells whether it has changed."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from qa.errors import SourceUnreachable

ADDRESSES = ".candor-addresses.json"
"""The file of a folder of copies that says where each is from; hidden, so that it is no text."""

MOST_PAGES = 2000
LARGEST_FILE = 64 << 20
MOST_BYTES = 4 << 30

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_STEP_CHARACTERS = 80
_PASSED_OVER = re.compile(r"readme(\.|$)", re.IGNORECASE)  # by name, among files; here it is a page as others are

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Fetching:
    """How much may be fetched, and from where: at most so many pages or files; from private addresses only if that is
    allowed. ``progress`` is told how many were fetched."""

    most_pages: int = MOST_PAGES
    allow_private: bool = False
    progress: Progress = lambda stage, done, total: None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was done: the folder of the copies; how many were fetched, had not changed, and went; what could not be
    fetched, a sentence each; and whether there was more than may be fetched."""

    folder: Path
    fetched: int = 0
    unchanged: int = 0
    removed: int = 0
    problems: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy: the address that it is from, and the marks by which a server knows what it gave."""

    address: str
    etag: str = ""
    modified: str = ""


@dataclass
class Mirror:
    """A folder of copies, brought in step file by file."""

    folder: Path
    _before: dict[str, Copy] = field(default_factory=dict)
    _now: dict[str, Copy] = field(default_factory=dict)
    _bytes: int = 0
    fetched: int = 0
    unchanged: int = 0

    def __post_init__(self) -> None:
        """Read what is there."""
        self._before = _read(self.folder)

    @property
    def addresses(self) -> set[str]:
        """Return the addresses that there are copies of."""
        return {copy.address for copy in self._before.values()}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from fetching into the folder. Raises SourceUnreachable where another is at it."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder.with_name(f".{self.folder.name}.lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise SourceUnreachable(f"{self.folder} is being fetched into already: try again later.") from None
        try:
            self._before = _read(self.folder)
            yield
        finally:
            lock.release()

    def known(self, address: str) -> Copy | None:
        """Return the copy of an address, None where there is none."""
        name = next((name for name, copy in self._before.items() if copy.address == address), None)
        return self._before[name] if name and (self.folder / name).is_file() else None

    def keep(self, address: str) -> bytes:
        """Keep the copy of an address as it is, and return it."""
        name = next(name for name, copy in self._before.items() if copy.address == address)
        self._now[name] = self._before[name]
        self.unchanged += 1
        return (self.folder / name).read_bytes()

    def put(self, copy: Copy, content: bytes, ending: str) -> None:
        """Put a copy in the place of the one before. Raises SourceUnreachable where it cannot be written, or all of it
        is too much."""
        self.put_as(self._name_for(copy.address, ending), copy, content)

    def put_as(self, name: str, copy: Copy, content: bytes) -> None:
        """Put a copy under a name, a path below the folder. Raises SourceUnreachable as above."""
        self._bytes += len(content)
        if self._bytes > MOST_BYTES:
            raise SourceUnreachable(f"{copy.address}: over {MOST_BYTES >> 30} GB were fetched: name a part of it.")
        name = _kept_name(name)
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            is_same = path.is_file() and path.read_bytes() == content
            if not is_same:
                beside = path.with_name(f".{path.name}.{os.getpid()}")
                beside.write_bytes(content)
                beside.replace(path)
        except OSError as error:
            raise SourceUnreachable(f"{path} cannot be written ({error.strerror}): free space, or mend it.") from error
        self._now[name] = copy
        self.fetched += not is_same
        self.unchanged += is_same

    def _name_for(self, address: str, ending: str) -> str:
        """Return the name of the copy of an address: that which it has, else one of its path that no other has."""
        had_name = next((name for name, copy in self._before.items() if copy.address == address), None)
        if had_name is not None and had_name.endswith(ending):
            return had_name
        parts = urlsplit(address)
        steps = [
            _UNSAFE.sub("-", unquote(step)).strip(".")[:_STEP_CHARACTERS] for step in parts.path.split("/") if step
        ]
        steps = [step for step in steps if step] or ["index"]
        stem, dot, had = steps[-1].rpartition(".")
        last = stem if dot and f".{had.lower()}" == ending else steps[-1]
        digest = f"-{hashlib.sha256(parts.query.encode()).hexdigest()[:8]}" if parts.query else ""
        name = _kept_name("/".join([*steps[:-1], f"{last}{digest}{ending}"]))
        taken = self._now.get(name) or self._before.get(name)
        if taken is not None and taken.address != address:  # which differs in what a name leaves out
            name = "/".join([*steps[:-1], f"{last}-{hashlib.sha256(address.encode()).hexdigest()[:8]}{ending}"])
        return name

    def finish(
        self, problems: tuple[str, ...] = (), is_cut: bool = False, lost: frozenset[str] = frozenset()
    ) -> Fetched:
        """Let go of what is there no more, but for copies of ``lost`` addresses, which could not be fetched this time,
        and write down where each copy is from."""
        for name, copy in self._before.items():
            if copy.address in lost and (self.folder / name).is_file():
                self._now.setdefault(name, copy)
        gone = [name for name in self._before if name not in self._now]
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {*self._now, ADDRESSES}
        for path in list(self.folder.rglob("*")):  # also what a run that was interrupted left
            if path.is_file() and path.relative_to(self.folder).as_posix() not in kept:
                path.unlink()
        beside = self.folder / f"{ADDRESSES}.{os.getpid()}"
        beside.write_text(json.dumps({name: asdict(copy) for name, copy in self._now.items()}, indent=1), "utf-8")
        beside.replace(self.folder / ADDRESSES)
        return Fetched(self.folder, self.fetched, self.unchanged, len(gone), problems, is_cut)


def _kept_name(name: str) -> str:
    """Return a path with another name for its file where it would be passed over as a README."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{'page-' if _PASSED_OVER.match(last) else ''}{last}"


def _read(folder: Path) -> dict[str, Copy]:
    try:
        return {name: Copy(**said) for name, said in json.loads((folder / ADDRESSES).read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # all of it is fetched anew
        return {}


def addresses_in(folder: Path) -> Mapping[str, str]:
    """Return the address of each copy in a folder, by its path there; none where it holds no copies."""
    return {name: copy.address for name, copy in _read(folder).items()}
