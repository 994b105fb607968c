"""Update one file many times over while a server answers: what is left on disk, in open files, in memory.

    python -m benchmarks.endurance --updates 10000

The index is of up to twenty short notes, server and model are the real ones. Every update changes one note, adds
one or removes one, is published, and is followed by the server when it next looks.
"""

import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.arguments import command_line
from qa.embedders import load_embedder
from qa.indexing.building import build_index
from qa.indexing.generations import all_generations, current_generation, verify

_NOTES = 20
_PORT = 8765


@dataclass
class Asking:
    """Questions to the server, one after the other, from a thread of its own."""

    answered: int = 0
    failed: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until stopped."""
        while not self.stopped.is_set():
            status, text = _get("/api/ask?q=Which+note+was+written+12+times%3F&k=3")
            self.answered += status == 200
            if status != 200:
                self.failed.append(text[:200])
            time.sleep(0.1)


def _get(address: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=60)
    try:
        connection.request("GET", address)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class State:
    """What is held at one moment: bytes and files on disk, open files and bytes in memory of builder and worker."""

    disk: int
    files: int
    builder_files: int
    builder_memory: int
    worker_files: int
    worker_memory: int


def state(index: Path, worker: int) -> State:
    found = [path.stat() for path in index.rglob("*") if path.is_file()]
    sizes = {(held.st_dev, held.st_ino): held.st_size for held in found}  # generations share files as links
    return State(
        sum(sizes.values()), len(found),
        _open_files(os.getpid()), _memory(os.getpid()), _open_files(worker), _memory(worker),
    )  # fmt: skip


def _open_files(process: int) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


def _memory(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def show(number: int, held: State) -> None:
    """Print a line of the table, at once: the whole takes most of an hour."""
    print(
        f"| {number:,} | {held.disk / 1e6:.2f} | {held.files} | {held.builder_files} "
        f"| {held.builder_memory / 1e6:.0f} | {held.worker_files} | {held.worker_memory / 1e6:.0f} |",
        flush=True,
    )


def change(corpus: Path, number: int, chance: random.Random) -> None:
    """Change one file: mostly its text, now and then it goes or comes."""
    file = corpus / f"note-{chance.randrange(_NOTES)}.txt"
    if file.exists() and chance.random() < 0.2:
        file.unlink()
    else:
        write_note(file, number)


def write_note(file: Path, number: int) -> None:
    file.write_text(f"A note on number {number}\n\nThis note was written {number} times.\n", encoding="utf-8")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--updates", type=int, default=10_000, help="how many (10,000)")
    chosen = parser.parse_args()
    columns = ("after updates", "disk, MB", "files", "builder: open files", "memory, MB", "worker: open files", "MB")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder, "corpus"), Path(folder, "index")
        corpus.mkdir()
        for number in range(_NOTES):
            write_note(corpus / f"note-{number}.txt", 0)
        embedder = load_embedder()
        with Console(stderr=True).status("indexing"):
            build_index([corpus], index, embedder=embedder, remove=True)
        command = [sys.executable, "-m", "qa", "serve", "--index", str(index), "--port", str(_PORT)]
        with Path(folder, "log").open("w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)
        while _get("/readyz")[0] != 200:
            time.sleep(0.2)
        asking = Asking()
        thread = threading.Thread(target=asking.run)
        thread.start()
        chance, begun = random.Random(0), time.monotonic()
        workers = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
        for number in track(range(1, chosen.updates + 1), "updating", console=Console(stderr=True)):
            change(corpus, number, chance)
            build_index([corpus], index, embedder=embedder, remove=True)
            if number == chosen.updates // 10 or number % max(chosen.updates // 4, 1) == 0:
                show(number, state(index, int(workers[0])))
        seconds = time.monotonic() - begun
        asking.stopped.set()
        thread.join()
        verify(current_generation(index))
        kept = len(all_generations(index))
        server.terminate()
        server.wait()
    print(f"\n{chosen.updates:,} updates in {seconds:,.0f} s, {kept} generations kept; while they were made")
    print(f"{asking.answered:,} questions were answered and {len(asking.failed)} failed.", *asking.failed[:3])


if __name__ == "__main__":
    main()
