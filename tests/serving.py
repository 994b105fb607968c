"""The real server as a process of its own, and questions to it."""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import TEXTS

_START_SECONDS = 120


@dataclass
class Running:
    process: subprocess.Popen[str]
    port: int
    folder: Path
    log: Path

    def request(self, method: str, address: str, body: bytes | None = None, kind: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": kind} if kind else {}
        connection.request(method, address, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text

    def raw(self, sent: bytes) -> str:
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(sent)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, *options: str, log: Path | None = None) -> Running:
    """Serve the tiny texts with the real model; where there is no index yet, the command builds one first."""
    if not (folder / "texts").exists():
        (folder / "texts").mkdir()
        for name, text in TEXTS.items():
            (folder / "texts" / name).write_text(text, encoding="utf-8")
    port, log = free_port(), log or folder / "log"
    command = [
        sys.executable, "-m", "qa", "serve", "--corpus", "texts", "--index", "index", "--port", str(port),
        *options,
    ]  # fmt: skip
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, text=True)
    running = Running(process, port, folder, log)
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if running.request("GET", "/readyz")[0] == 200:
                return running
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(log.read_text(encoding="utf-8"))


def start_copy(server: Running, folder: Path, *options: str) -> Running:
    """Serve a copy of a server's texts and index, as its first generation was."""
    for name in ("texts", "index"):
        shutil.copytree(server.folder / name, folder / name)
    return start(folder, *options)


def ready(server: Running) -> dict[str, object]:
    found: dict[str, object] = json.loads(server.request("GET", "/readyz")[1])
    return found


def wait_for(server: Running, generation: str) -> dict[str, object]:
    end = time.monotonic() + 60
    while (found := ready(server)).get("generation") != generation and time.monotonic() < end:
        time.sleep(0.1)
    assert found["generation"] == generation
    return found


@contextmanager
def asked_throughout(server: Running, *addresses: str, askers: int = 3) -> Iterator[Sequence[int]]:
    """Ask from several threads all the while, yield the statuses so far, and fail where one was not 200."""
    statuses: list[int] = []
    failed: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for address in addresses:
                try:
                    status, text = server.request("GET", address)
                    statuses.append(status)
                    if status != 200:
                        failed.append(text)
                except OSError as error:
                    failed.append(error)
                time.sleep(0.15)  # so that what goes on meanwhile has the cores, too

    asking = [threading.Thread(target=ask) for _ in range(askers)]
    for thread in asking:
        thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        for thread in asking:
            thread.join()
    assert failed == []
