"""Services as processes of their own, and clients that ask them over HTTP."""

import http.client
import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

PORT = 8765
_START_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Load:
    """What clients saw: answers a second, milliseconds of one, and how many failed."""

    rate: float
    median: float
    percentile_99: float
    failed: int


@contextmanager
def served(
    command: Sequence[str], address: str, folder: Path, variables: Mapping[str, str], port: int = PORT
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service, wait until it answers at an address, and stop it in the end."""
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + _START_SECONDS
        while _status(Asking(address, port)) != 200:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{' '.join(command)} does not answer")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(60)


@dataclass(frozen=True, slots=True)
class Asking:
    """Where and how a service is asked."""

    address: str
    port: int = PORT
    headers: Mapping[str, str] = field(default_factory=dict)


def ask_all(asking: Asking | str, questions: Sequence[str], clients: int) -> Load:
    """Ask each question once from so many clients at a time, each over a connection of its own."""
    begin = Asking(asking) if isinstance(asking, str) else asking
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        found = list(threads.map(lambda one: _timed(replace(begin, address=begin.address + quote(one))), questions))
    seconds = time.perf_counter() - start
    times = sorted(milliseconds for status, milliseconds in found if status == 200)
    ninety_nine = times[min(int(len(times) * 0.99), len(times) - 1)]
    return Load(len(times) / seconds, statistics.median(times), ninety_nine, len(found) - len(times))


def _timed(asking: Asking) -> tuple[int, float]:
    start = time.perf_counter()
    status = _status(asking)
    return status, (time.perf_counter() - start) * 1000


def _status(asking: Asking) -> int:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", asking.port, timeout=60)
        connection.request("GET", asking.address, headers=dict(asking.headers))
        response = connection.getresponse()
        response.read()
        connection.close()
    except (OSError, http.client.HTTPException):  # the latter where a process ends while it answers
        return 0
    return response.status


def resident(process: int) -> list[int]:
    """Return the resident bytes of a process and of those that it started, what they share counted in each."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [_resident_of(process), *(size for child in children for size in resident(int(child)))]


def _resident_of(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
