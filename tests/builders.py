"""Builders that are killed or run out of space: real builds with the real model, each in a process of its own.

The model is loaded once, by a process that is forked for each build, so that hundreds of builds take a minute.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_CODE = """
import os, resource, sys, traceback
from pathlib import Path
import qa.lexicons.tantivy, qa.stores
from qa.indexing.building import build_index
from qa.embedders.sentence_transformers import load_sentence_transformer
from qa.errors import IndexUnwritable
from qa.language import load_language
from qa.plugins import declared_by_all

declared_by_all(), load_language("en")  # once for all that are forked

# Loaded and never used before a fork, so that no thread of its own is lost there.
embedder = load_sentence_transformer()
print("ready", flush=True)
for line in sys.stdin:
    corpus, index, limit = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        status = 1
        try:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
            build_index([Path(corpus)], Path(index), embedder=embedder)
            status = 0
        except IndexUnwritable:
            status = 3
        except BaseException:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))  # for the log
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)
    print(child, flush=True)
    sys.stdin.readline()  # until then its number is its own, so no other process can be killed in its place
    print(os.waitpid(child, 0)[1], flush=True)
"""

UNWRITABLE = 3
"""How a build ends that raised IndexUnwritable."""


@dataclass
class Builders:
    """Starts one build at a time."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, log: Path) -> "Builders":
        """Return when the model is loaded; what builds say goes to the log."""
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", _CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        builders = cls(process)
        assert builders._read() == "ready"
        return builders

    def begin(self, corpus: Path, index: Path, largest_file: int | None = None) -> int:
        """Begin a build, which cannot write files above a size in bytes where one is given; return its process."""
        self._write(f"{corpus}\t{index}\t{'' if largest_file is None else largest_file}")
        return int(self._read())

    def end(self) -> int:
        """Return how the build ended: its exit status, or minus the signal that killed it."""
        self._write("")
        return os.waitstatus_to_exitcode(int(self._read()))

    def run(self, corpus: Path, index: Path, largest_file: int | None = None) -> int:
        """Build, and return how that ended."""
        self.begin(corpus, index, largest_file)
        return self.end()

    def _write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def __enter__(self) -> "Builders":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stdout.close()
