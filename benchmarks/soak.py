"""A server under load for minutes: ``python -m benchmarks.soak INDEX QUESTIONS``, JSON lines of {"_id", "text"}.

So many clients ask one question after another, each over a connection of its own, in rounds of a minute. What the
server's processes hold at the end of each round is printed; it is to end with the memory of its first minute. Every
third question is asked under an invented word, every seventh for a hundred passages, every eleventh with a typing
error, so that few answers are remembered.
"""

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psutil

from benchmarks.arguments import command_line
from benchmarks.hostile_requests import serve


def varied(text: str, number: int) -> str:
    """Return the address that asks a question, changed by its number."""
    if number % 3 == 0:
        text = f"{text[:800]} and quorv{number}"
    if number % 11 == 0:
        text = text[:4] + text[5:]
    return f"/api/ask?q={quote(text[:1000])}&k={100 if number % 7 == 0 else 5}"


def ask(port: int, address: str) -> int:
    """Return the status of an answer, 0 where none came."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", address)
        response = connection.getresponse()
        response.read()
        return response.status
    except OSError:
        return 0
    finally:
        connection.close()


def ask_for(seconds: float, port: int, texts: list[str], numbers: "count[int]") -> Counter[int]:
    """Return how often each status came to one client."""
    end = time.monotonic() + seconds
    statuses: Counter[int] = Counter()
    while time.monotonic() < end:
        number = next(numbers)
        statuses[ask(port, varied(texts[number % len(texts)], number))] += 1
    return statuses


def megabytes(process: psutil.Process) -> float:
    """Return what the workers of a server hold of their own."""
    return float(sum(worker.memory_full_info().uss for worker in process.children())) / 1e6


def main() -> None:
    """Print a line a round."""
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("questions", type=Path, help="JSON lines")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (3)")
    parser.add_argument("--clients", type=int, default=16, help="clients at once (16)")
    parser.add_argument("--seconds", type=float, default=60, help="of a round (60)")
    parser.add_argument("--log", type=Path, default=Path("soak.log"), help="the server's lines")
    chosen = parser.parse_args()
    texts = [json.loads(line)["text"] for line in chosen.questions.read_text(encoding="utf-8").splitlines()]
    server, port = serve(chosen.index, chosen.log)
    process, numbers = psutil.Process(server.pid), count()
    bad = 0
    try:
        for number in range(1, chosen.rounds + 1):
            with ThreadPoolExecutor(chosen.clients) as clients:
                asking = [clients.submit(ask_for, chosen.seconds, port, texts, numbers) for _ in range(chosen.clients)]
                statuses = sum((found.result() for found in asking), Counter[int]())
            bad += sum(times for status, times in statuses.items() if status != 200)
            rate = statuses.total() / chosen.seconds
            print(
                f"round {number}: {rate:.1f} answers a second, {dict(statuses)}, {megabytes(process):.0f} MB",
                flush=True,
            )
    finally:
        server.terminate()
        server.wait(60)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
