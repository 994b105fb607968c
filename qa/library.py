"""The corpora that one service answers from, by name: each with its index, opened, followed and closed by itself.

What ``candor.toml`` says of them is read here, and again when it has changed: a corpus comes and goes without a
restart. An encoder or a reader that several indexes carry is in memory once (``graphs.compiled``).
"""

import logging
import re
import threading
import time
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from qa.errors import BadSettings, CorpusUnknown, QAError
from qa.fetching.addresses import is_address
from qa.files import read_regular
from qa.limits import PASSAGE_TOKENS
from qa.postgres.address import is_database, mirror_of, parse_address
from qa.schedule import parse_period
from qa.service import Live
from qa.settings import refusal

if TYPE_CHECKING:
    from qa.answers.verdicts import WantedPromise

RESERVED = frozenset({
    "api", "ask", "corpora", "docs", "document", "documents", "feedback", "file", "gaps", "healthz", "login", "logout",
    "mcp", "metrics", "passage", "passages", "picture", "readyz", "static", "suggest", "v1", "widget",
})  # fmt: skip
"""What stands in addresses where the name of a corpus could."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LARGEST = 256_000  # bytes of a file of settings
_SECONDS = 1.0  # between two looks at it
_BUILDING = ("allow_private", "most_pages", "reader", "passage_tokens")

_log = logging.getLogger("qa")


def _as_period(written: str) -> str:
    if written:
        parse_period(written)  # raises ValueError
    return written


class CorpusSettings(BaseModel):
    """A table ``[corpora.NAME]``: the folder of the index, relative to the file, or its address in a database; the
    title, where it is not to be the index's own; whether it may be asked without a key where others need one; the
    ``texts`` that it is made of, paths relative to the file or addresses, how they are indexed, as the options of `qa
    index` say, and how often `qa serve` is to bring the index in step with them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: str = Field(min_length=1, description="the folder of an index, or its address, postgresql://HOST/DATABASE")
    title: str = Field(default="", max_length=200, description="a text of at most 200 characters")
    open: bool = Field(default=False, description="true or false")
    texts: tuple[str, ...] = Field(default=(), max_length=1000, description="a list of paths or addresses of texts")
    allow_private: bool = Field(default=False, description="true or false")
    most_pages: int = Field(default=2000, ge=1, le=1_000_000, description="a whole number from 1 to 1,000,000")
    embedder: Path | None = Field(default=None, description="the folder of a model, or the name of an embedder")
    reader: str | None = Field(default=None, description="the name of a reader, as extractive, or none")
    passage_tokens: int | None = Field(
        default=None,
        ge=PASSAGE_TOKENS[0],
        le=PASSAGE_TOKENS[1],
        description=f"a whole number from {PASSAGE_TOKENS[0]} to {PASSAGE_TOKENS[1]:,}",
    )
    every: Annotated[str, AfterValidator(_as_period)] = Field(
        default="", description='how often the texts are indexed, as "30 minutes", "6 hours" or "1 day"'
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """A corpus of a library: its name, "" for the only one of a service; its index's folder; the title that it is given
    here, "" for the index's own; whether it ``is_open`` to who has no key; the paths and addresses of its ``texts``,
    how often they are indexed, "" for never, and with which options of `qa index`."""

    name: str
    index: Path
    title: str = ""
    is_open: bool = False
    texts: tuple[str, ...] = ()
    every: str = ""
    building: tuple[tuple[str, Any], ...] = ()


def checked_name(name: str) -> str:
    """Return the name of a corpus. Raises BadSettings where an address could not have it."""
    if not _NAME.fullmatch(name) or name in RESERVED:
        taken = "it means something else in an address" if name in RESERVED else "it stands in addresses"
        raise BadSettings(
            f"“{name}” cannot be the name of a corpus, for {taken}: take up to 40 small letters, digits and hyphens."
        )
    return name


def read_library(path: Path) -> list[Shelf]:
    """Return the corpora that a file names, in its order. Raises BadSettings."""
    try:
        fields = tomllib.loads(read_regular(path, _LARGEST).decode("utf-8-sig"))
    except OSError as error:
        raise BadSettings(f"{path} cannot be read ({error.strerror}): name the file that names the corpora.") from error
    except ValueError as error:
        raise BadSettings(f"{path} is not TOML that can be read ({error}).") from None
    tables = fields.pop("corpora", None)
    if fields or not isinstance(tables, Mapping) or not tables:
        strange = f"there is no setting {next(iter(fields))}" if fields else "it names no corpus"
        raise BadSettings(f'{path}: {strange}. Write a table [corpora.NAME] with index = "FOLDER" for each.')
    return [_shelf(path, name, table) for name, table in tables.items()]


def index_folder(written: str, beside: Path | None = None) -> Path:
    """Return the folder of an index: as it is written, relative to one ``beside`` it, or what mirrors an index in a
    database. Raises BadSettings."""
    if is_database(written):
        return mirror_of(parse_address(written))
    return beside / written if beside else Path(written)


def _beside(path: Path, embedder: Path) -> Path:
    """Return the folder of a model, relative to a file, or what a package calls its embedder."""
    return path.parent / embedder if (path.parent / embedder).is_dir() else embedder


def _shelf(path: Path, name: str, table: object) -> Shelf:
    try:
        said = CorpusSettings.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "missing" or not first["loc"]:
            raise BadSettings(f'{path}: [corpora.{name}] needs index = "FOLDER", that of an index.') from None
        raise BadSettings(f"{path}: [corpora.{name}]: {refusal(CorpusSettings, error)}") from None
    try:
        texts = tuple(one if is_address(one) else str(path.parent / one) for one in said.texts)
        if said.every and not texts:
            raise BadSettings(f"[corpora.{name}] says how often texts are indexed, and names none: add texts = [...].")
        embedder = said.embedder and _beside(path, said.embedder)
        building = {**{option: getattr(said, option) for option in _BUILDING}, "embedder": embedder}
        given = tuple((option, value) for option, value in building.items() if value is not None)
        return Shelf(
            checked_name(name), index_folder(said.index, path.parent), said.title, said.open, texts, said.every, given
        )
    except BadSettings as error:
        raise BadSettings(f"{path}: {error}") from None


def parse_shelves(given: Sequence[str]) -> list[Shelf]:
    """Return the corpora that the command line names: "NAME=FOLDER" each, or one folder alone; a folder may be the
    address of a database. Raises BadSettings."""
    named = [("", "", one) if is_database(one) else one.partition("=") for one in given]
    if len(given) == 1 and (is_database(given[0]) or not named[0][1]):
        return [Shelf("", index_folder(given[0]))]
    bare = next((name or folder for name, equals, folder in named if not equals or not folder), None)
    if bare is not None:
        raise BadSettings(f"Of several indexes each needs a name: write --index NAME={bare.strip('=')} for this one.")
    names = [checked_name(name) for name, _, _ in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadSettings(f"Two corpora are called {twice}: give each a name of its own.")
    return [Shelf(name, index_folder(folder)) for name, _, folder in named]


class Library:
    """The corpora of a service. Safe to use from several threads; a request keeps what it began with."""

    def __init__(
        self,
        shelves: Sequence[Shelf],
        wanted: "WantedPromise | None" = None,
        read: bool = True,
        file: Path | None = None,
    ) -> None:
        """Hold these corpora, with verdicts and reading as for ``Live``; where a ``file`` names them, follow it."""
        self._wanted, self._read, self._file = wanted, read, file
        self._shelves = {shelf.name: shelf for shelf in shelves}
        self._lives = {shelf.name: Live(shelf.index, wanted, read) for shelf in shelves}
        self._seen = _seen(file) if file else None

    @classmethod
    def holding(cls, lives: Mapping[Shelf, Live]) -> "Library":
        """Return one of what is held already."""
        library = cls([])
        library._shelves = {shelf.name: shelf for shelf in lives}
        library._lives = {shelf.name: live for shelf, live in lives.items()}
        return library

    @classmethod
    def of(cls, live: Live) -> "Library":
        """Return one with a single corpus that has no name."""
        return cls.holding({Shelf("", live.folder): live})

    @property
    def is_several(self) -> bool:
        """Whether its corpora have names, and so addresses of their own."""
        return "" not in self._shelves

    @property
    def shelves(self) -> Collection[Shelf]:
        """Return the corpora in order."""
        return tuple(self._shelves.values())

    def live(self, name: str) -> Live:
        """Return what answers for a corpus. Raises CorpusUnknown."""
        found = self._lives.get(name)
        if found is None:
            raise CorpusUnknown(f"There is no corpus “{name}” here.")
        return found

    def shelf(self, name: str) -> Shelf | None:
        """Return a corpus by its name, None where there is none."""
        return self._shelves.get(name)

    def open(self) -> None:
        """Open all indexes. Raises the first QAError where none can be opened, nor is one to be made in time; else what
        is wrong with one is its own, and it is tried again while the others answer."""
        problems = [problem for live in list(self._lives.values()) if (problem := _opened(live))]
        is_one_to_come = any(shelf.every for shelf in self.shelves)
        if problems and len(problems) == len(self._lives) and not is_one_to_come:
            raise problems[0]

    def catch_up(self) -> None:
        """Answer from what each index holds now, where that has changed."""
        for live in list(self._lives.values()):
            live.catch_up()

    def wake(self) -> None:
        """Let all look at their indexes now. Safe in a signal handler."""
        for live in list(self._lives.values()):
            live.wake()

    def follow(self) -> None:
        """Follow each index, and the file that names them, from threads of their own."""
        for live in list(self._lives.values()):
            live.follow()
        if self._file is not None:
            threading.Thread(target=self._follow_file, name="library", daemon=True).start()

    def _follow_file(self) -> None:
        while True:
            time.sleep(_SECONDS)
            self.reread()

    def reread(self) -> bool:
        """Take up and give up corpora as the file names them now; whether there was anything to do. Where it cannot be
        read all stays as it is, and the log says why, once."""
        if self._file is None or (seen := _seen(self._file)) == self._seen:
            return False
        self._seen = seen
        try:
            named = {shelf.name: shelf for shelf in read_library(self._file)}
        except BadSettings as error:
            _log.error("qa: %s", error)
            return False
        lives = dict(self._lives)
        for name in [name for name in lives if name not in named or named[name].index != self._shelves[name].index]:
            lives.pop(name).close()
            _log.info("Candor no longer answers from the corpus %s.", name)
        for name in [name for name in named if name not in lives]:
            lives[name] = Live(named[name].index, self._wanted, self._read)
            _opened(lives[name])
            lives[name].follow()
            _log.info("Candor answers from the corpus %s, too.", name)
        self._shelves, self._lives = named, {name: lives[name] for name in named}
        return True


def _opened(live: Live) -> QAError | None:
    """Open an index; return what keeps it from being read, which is logged."""
    try:
        live.open()
    except QAError as error:
        _log.error("qa: %s", error)
        return error
    return None


def _seen(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
