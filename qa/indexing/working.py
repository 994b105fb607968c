"""Embedding on several machines: a build puts texts on a table in its database, and whoever runs `qa work` takes them.

Of the encoder each has the build's own files, so that vectors do not depend on who embedded them.
"""

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.embedders import ENCODER, Embedder, ExportedEmbedder
from qa.errors import BadSettings, DatabaseAway, EmbedderUnusable, IndexGone, IndexUnwritable
from qa.postgres import jobs
from qa.postgres.address import is_mirror
from qa.postgres.database import Database, database_of
from qa.stores import Vectors

if TYPE_CHECKING:
    from psycopg import Connection

BATCH = 256
"""Texts of a batch: some seconds of one machine, so that none waits long for the last ones."""

_SECONDS = 1.0  # between two looks for work
_AGAIN_SECONDS = 5.0  # until a database is tried again that went away

Told = Callable[[int], None]
"""Called with how many texts were embedded here so far."""


def embed_apart(folder: Path, generation: Path, embedder: Embedder, blocks: Iterable[list[str]]) -> Iterator[Vectors]:
    """Yield the vectors of blocks of texts, in their order, embedded here and by who else works for the index in this
    folder. All blocks are on the table before the first is waited for.

    Raises BadSettings for an index that is not in a database.
    """
    if not is_mirror(folder):
        raise BadSettings(
            "--workers needs an index that other machines reach: give its address, --index postgresql://…"
        )
    build = secrets.token_hex(6)
    jobs.post_encoder(folder, build, generation / ENCODER)
    posted: deque[list[int]] = deque()
    for block in blocks:
        posted.append([jobs.post(folder, build, block[at : at + BATCH]) for at in range(0, len(block), BATCH)])
    while posted:
        found = [
            jobs.collect(folder, number, embedder.dimension, embedder.embed_passages) for number in posted.popleft()
        ]
        yield np.concatenate([np.empty((0, embedder.dimension), np.float32), *found])
    jobs.remove_encoder(folder, build)


def reach(folder: Path) -> None:
    """See that the database can be written. Raises IndexUnwritable or BadSettings, for what is wrong with an address is
    to be said at once."""
    with database_of(folder).session():
        pass


def work(folder: Path, told: Told, stops: Callable[[], bool]) -> None:
    """Embed for the builds of the index that a folder mirrors, until told to stop; a database that goes away is waited
    for."""
    database, done = database_of(folder), 0
    with _Encoders(database) as encoders:
        while not stops():
            try:
                with database.session() as connection:
                    for texts in _batches(connection, database, encoders, stops):
                        done += texts
                        told(done)
            except (IndexUnwritable, EmbedderUnusable, DatabaseAway) as error:
                logging.getLogger("qa").warning("%s", error)
                time.sleep(_AGAIN_SECONDS)


def _batches(
    connection: "Connection[Any]", database: Database, encoders: "_Encoders", stops: Callable[[], bool]
) -> Iterator[int]:
    """Yield how many texts each batch had that was embedded."""
    sizes: list[int] = []

    def embed(batch: jobs.Batch) -> Vectors:
        sizes.append(len(batch.texts))
        return encoders.of(batch.build).embed_passages(batch.texts)

    while not stops():
        if jobs.are_there(connection, database) and jobs.work(connection, database, embed):
            yield sizes.pop()
        else:
            time.sleep(_SECONDS)


class _Encoders:
    """The encoder of the build that was worked for last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._build = ""
        self._embedder: Embedder | None = None
        self._folder: TemporaryDirectory[str] | None = None

    def of(self, build: str) -> Embedder:
        """Return the encoder of a build, fetched where it is another than the last. Raises EmbedderUnusable."""
        if build != self._build or self._embedder is None:
            self._drop()
            self._folder = TemporaryDirectory(prefix="candor-")
            try:
                jobs.fetch_encoder(self._database, build, Path(self._folder.name))
                self._build, self._embedder = build, ExportedEmbedder(Path(self._folder.name))
            except (OSError, ValueError, KeyError, TypeError, IndexGone) as error:
                raise EmbedderUnusable(
                    f"The encoder of the build could not be fetched ({error}): try again."
                ) from error
        return self._embedder

    def _drop(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> "_Encoders":
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()
