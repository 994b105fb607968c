"""Requests that nobody would write by hand, to a server of its own: ``python -m benchmarks.hostile_requests INDEX``.

Half of them are made of the service's description by schemathesis, right and wrong ones, and their answers are held
against it. The others are bytes: real requests with bytes changed, left out, doubled and cut, and headers and bodies
that no client sends. No answer may be a 5xx but 501 and 503, no connection may be reset, none may hang, and the process
that answered first must answer last. Prints what failed, and ends with status 1 where anything did.
"""

import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.arguments import command_line

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]

_SECONDS = 30  # within which every request is answered or refused
_ALLOWED = {501, 503}

_REAL = [
    b"GET /api/ask?q=What+is+grief&k=2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /?q=What+is+grief HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    b"GET /static/page.css HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: Wed, 25 Nov 2026 00:00:00 GMT\r\n"
    b"Range: bytes=0-10\r\nConnection: close\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 33\r\n"
    b'Connection: close\r\n\r\n{"question": "What is grief", "k"',
    b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-16\r\n"
    b'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n19\r\n{"question": "apple","k":1}\r\n0\r\n\r\n',
    b"HEAD /readyz HTTP/1.0\r\nCookie: a=b\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
]
_PIECES = [
    b"\r\n", b"\n", b"\0", b"\xff", b":", b" ", b"%", b"%00", b"%ff", b"//", b"..", b"?", b"#", b"Host: ", b"chunked",
    b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n",
    b"ffffffffffffffffffff\r\n", b"HTTP/1.1", b"HTTP/2.0", b"{" * 2000, b"x" * 9000, "ﷺ".encode() * 300, b"k=1&k=2",
    b"Expect: 100-continue\r\n", b"Date: Wed, 25 Nov 99999999999 00:00:00 GMT\r\n", b"\x16\x03\x01\x02\x00",
]  # fmt: skip


def mutated(chance: random.Random) -> bytes:
    """Return the bytes of a request with a few of them changed."""
    sent = bytearray(chance.choice(_REAL))
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(sent) + 1)
        match chance.randrange(5):
            case 0:
                sent[place:place] = chance.choice(_PIECES)
            case 1:
                del sent[place : place + chance.randint(1, 12)]
            case 2:
                sent[place : place + 1] = bytes([chance.randrange(256)])
            case 3:
                sent[place:place] = sent[place : place + chance.randint(1, 60)]
            case _:
                del sent[max(place, 10) :]
    return bytes(sent)


def send(port: int, sent: bytes) -> str:
    """Return the status of the answer, or what went wrong. The client says that it has sent all."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except TimeoutError:
            return "hang"
        except OSError as error:
            return type(error).__name__
    return answer[9:12].decode("latin-1") if answer else "closed"


def send_bytes(port: int, many: int, seed: int) -> Counter[str]:
    """Return how often each end came of so many requests of changed bytes; the bytes of bad ends are printed."""
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    for _ in range(many):
        sent = mutated(chance)
        end = send(port, sent)
        ends[end] += 1
        if not is_fine(end):
            print(f"{end}: {sent[:300]!r}", flush=True)
    return ends


def is_fine(end: str) -> bool:
    """Whether a request ended as it may: with a status that is no fault of the server's, or closed unanswered because
    it was not whole."""
    return end == "closed" or (end.isdigit() and (int(end) < 500 or int(end) in _ALLOWED))


def strategies_of(schema: schemathesis.BaseSchema) -> list[SearchStrategy[Any]]:
    """Return what makes requests, a strategy for each operation's right ones, and one for wrong ones where it takes
    anything."""
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    takes = [operation for operation in operations if operation.query or operation.body]
    right = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE) for operation in operations]
    return [*right, *(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) for operation in takes)]


def send_described(port: int, many: int, seed: int) -> Counter[str]:
    """Return how often each status came of so many requests made of the description; what disagrees is printed."""
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
    strategies = strategies_of(schema)
    share = many // len(strategies)
    ends: Counter[str] = Counter()
    session = requests.Session()
    for strategy in strategies:

        @settings(
                max_examples=share, deadline=None, suppress_health_check=list(HealthCheck), database=None,
                phases=[Phase.generate], derandomize=seed == 0,
            )  # fmt: skip
        @given(case=strategy)
        def check(case: schemathesis.Case[Any]) -> None:
            try:
                response = case.call(timeout=_SECONDS, session=session)
                ends[str(response.status_code)] += 1
                case.validate_response(response, checks=CHECKS)
            except (FailureGroup, requests.RequestException) as error:
                ends[type(error).__name__] += 1
                print(f"{type(error).__name__}: {case.method} {case.formatted_path}: {str(error)[:500]}", flush=True)

        check()
    return ends


def serve(index: Path, log: Path) -> tuple["subprocess.Popen[bytes]", int]:
    """Return a server of the index, ready, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "qa", "serve", "--index", str(index), "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).ok:
                return server, port
        except requests.ConnectionError:
            time.sleep(0.1)
    server.kill()
    raise SystemExit(log.read_text(encoding="utf-8"))


def failures(ends: Counter[str]) -> int:
    """Return how many requests ended as none may."""
    return sum(count for end, count in ends.items() if not is_fine(end))


def main(arguments: Sequence[str] | None = None) -> None:
    """Send them and print what came."""
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("--many", type=int, default=50_000, help="requests (50,000)")
    parser.add_argument("--seed", type=int, default=1, help="of what chance makes (1)")
    parser.add_argument("--log", type=Path, default=Path("requests.log"), help="where the server's lines go")
    chosen = parser.parse_args(arguments)
    server, port = serve(chosen.index, chosen.log)
    workers = psutil.Process(server.pid).children()
    try:
        described = send_described(port, chosen.many // 2, chosen.seed)
        changed = send_bytes(port, chosen.many - chosen.many // 2, chosen.seed)
        alive = psutil.Process(server.pid).children() == workers
    finally:
        server.terminate()
        server.wait(60)
    traces = chosen.log.read_text(encoding="utf-8", errors="replace").count("Traceback")
    print(f"of the description: {dict(described.most_common())}")
    print(f"changed bytes: {dict(changed.most_common())}")
    print(f"traces in the log: {traces}; the process that answered first answers still: {alive}")
    sys.exit(failures(described) + failures(changed) + traces + (not alive) > 0)


if __name__ == "__main__":
    main()
