"""Whether all questions are answered, and rightly, while a database's servers go away and builders are killed.

python -m benchmarks.failover corpus corpus/questions.jsonl

Several `qa serve`, as on machines of their own, answer from a primary and its replica. Meanwhile a text is changed and
indexed again and again, most builders are killed at some moment, the primary is restarted, and the replica is lost
and comes back, one of the two at a time. Each answer is compared with the ones that the index gave before, with either
wording of the text that changes; it is wrong where it is neither, and failed where it is no answer at all.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from benchmarks.arguments import command_line
from benchmarks.clusters import Cluster, cluster
from benchmarks.load import PORT, served

TEXTS = 12  # of the corpus: what is served is small, so that much can happen to it
CONSTANT = 30  # questions on texts that do not change
CHANGING = "Is the lamp of the tower red or blue?"
COLOURS = ("red", "blue")

_SEED = 0
_WAIT = 60  # seconds that a question may take, or a server until it answers from the last build
_AWAY = 3.0  # seconds that a server is away
_COMPARED = ("verdict", "confidence", "note", "terms")


@dataclass
class Report:
    """What happened, and what came of the questions: the failed and the wrong ones in words, the slowest in seconds."""

    asked: int = 0
    slowest: float = 0.0
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Plan:
    """How often what happens, and how many serve."""

    kills: int = 50
    restarts: int = 10
    losses: int = 5
    servers: int = 4


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("corpus", type=Path, help="folder of Markdown texts")
    parser.add_argument("questions", type=Path, help="JSON lines with the field text")
    for name, value in vars(Plan()).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = vars(parser.parse_args())
    corpus, questions = given.pop("corpus"), given.pop("questions")
    asked = [json.loads(line)["text"] for line in questions.read_text(encoding="utf-8").splitlines()][:CONSTANT]
    with TemporaryDirectory(prefix="candor-") as folder:
        Path(folder).chmod(0o755)
        with cluster(Path(folder) / "servers") as servers:
            report = run(Path(folder), servers, corpus, asked, Plan(**given))
    for name, times in sorted(report.happened.items()):
        print(f"| {name} | {times} |")
    print(f"| questions asked | {report.asked:,} |\n| of these failed | {len(report.failed)} |")
    print(f"| of these wrong | {len(report.wrong)} |\n| the slowest, s | {report.slowest:.1f} |")
    for line in (*report.failed[:10], *report.wrong[:10]):
        print(line, file=sys.stderr)


def run(folder: Path, servers: Cluster, corpus: Path, questions: Sequence[str], plan: Plan) -> Report:
    """Serve and ask while all that is planned happens; return what came of it."""
    texts = folder / "texts"
    texts.mkdir()
    for path in sorted(corpus.glob("*.md"))[:TEXTS]:
        shutil.copyfile(path, texts / path.name)
    address, report, chance = servers.address(), Report(), random.Random(_SEED)
    builder = Builder(texts, address, folder / "builder")
    with ExitStack() as stack:
        builder.change()
        builder.build()
        ports = [PORT + number for number in range(plan.servers)]
        for port in ports:
            stack.enter_context(_serving(address, port, folder))
        right = Answers(questions)
        right.learn(ports[0])
        builder.change()
        builder.build()
        _wait_for(ports, builder)
        right.learn(ports[0])
        with asking(ports, right, report):
            _let_happen(servers, builder, plan, report, chance)
        _wait_for(ports, builder)
    return report


def _serving(address: str, port: int, folder: Path) -> Any:
    """Return a context in which a server answers, as on a machine of its own."""
    command = [sys.executable, "-m", "qa", "serve", "--index", address, "--port", str(port), "--reader", "off"]
    variables = {"CANDOR_CACHE": str(folder / f"machine {port}"), "QA_ENCODER_THREADS": "1"}
    return served([*command, "--threads", "4"], "/readyz", folder, variables, port)


# --- what happens --------------------------------------------------------------------------------------------


class Builder:
    """Changes the text and indexes it, each time in a process of its own."""

    def __init__(self, texts: Path, address: str, machine: Path) -> None:
        """Index these texts at an address, as on a machine of its own."""
        self._texts, self._address, self._machine = texts, address, machine
        self._colours = cycle(COLOURS)
        self.colour = ""
        self.seconds = 0.0  # that the last whole build took

    def change(self) -> None:
        """Write the text anew."""
        self.colour = next(self._colours)
        (self._texts / "lamp.md").write_text(
            f"# The lamp\n\nThe lamp of the tower is {self.colour}.\n", encoding="utf-8"
        )

    def begin(self) -> "subprocess.Popen[str]":
        """Begin to index."""
        return subprocess.Popen(
            [sys.executable, "-m", "qa", "index", str(self._texts), "--index", self._address, "--reader", "none"],
            env={**os.environ, "CANDOR_CACHE": str(self._machine)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def build(self) -> None:
        """Index, and again where the primary went away meanwhile."""
        while True:
            began, process = time.monotonic(), self.begin()
            _, said = process.communicate()
            if process.returncode == 0:
                self.seconds = time.monotonic() - began
                return
            print(f"a build failed: {said.strip().splitlines()[-1:]}", file=sys.stderr)
            time.sleep(1)


def _let_happen(servers: Cluster, builder: Builder, plan: Plan, report: Report, chance: random.Random) -> None:
    """Kill builders, and restart and lose servers while they build, spread evenly."""
    for number in count():
        if report.happened["builder killed"] == plan.kills:
            return
        builder.change()
        process = builder.begin()
        killer = threading.Timer(chance.uniform(0, builder.seconds), process.kill)
        killer.start()
        for name, server, times in (
            ("primary restarted", servers.primary, plan.restarts),
            ("replica lost and back", servers.replica, plan.losses),
        ):
            if (number + 1) * times // plan.kills > number * times // plan.kills and report.happened[name] < times:
                server.stop(chance.choice(["fast", "immediate"]))
                time.sleep(chance.uniform(0, _AWAY))
                server.start()
                report.happened[name] += 1
                time.sleep(1)  # a replica catches up before the primary may go
        process.communicate()
        killer.cancel()
        was_killed = process.returncode == -signal.SIGKILL
        report.happened["builder killed" if was_killed else "builder ended by itself"] += 1
        if number % 5 == 4:
            builder.change()
            builder.build()
            report.happened["built whole"] += 1


def _wait_for(ports: Sequence[int], builder: Builder) -> None:
    """Build once more, and wait until each server answers from it. Raises RuntimeError where one does not."""
    builder.build()
    end = time.monotonic() + _WAIT
    for port in ports:
        while builder.colour not in json.dumps(ask(port, CHANGING)["passages"][:1]):
            if time.monotonic() > end:
                raise RuntimeError(f"the server at {port} does not answer from the last build")
            time.sleep(0.2)


# --- questions -----------------------------------------------------------------------------------------------


def ask(port: int, question: str) -> dict[str, Any]:
    """Return the answer to a question. Raises OSError."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/ask?q={quote(question)}", timeout=_WAIT) as response:
        found: dict[str, Any] = json.load(response)
    return found


class Answers:
    """The right answers to questions, of which each has one or two: one for either wording of the text that changes."""

    def __init__(self, questions: Sequence[str]) -> None:
        """Know none yet."""
        self.questions = (*questions, CHANGING)
        self._known: dict[str, set[str]] = {question: set() for question in self.questions}

    def learn(self, port: int) -> None:
        """Ask all, while nothing happens."""
        for question in self.questions:
            self._known[question].add(_said(ask(port, question)))

    def are_right(self, question: str, answer: dict[str, Any]) -> bool:
        """Whether an answer is one that was learned."""
        return _said(answer) in self._known[question]


def _said(answer: dict[str, Any]) -> str:
    """Return what an answer says, without the time and the generation."""
    passages = [(passage["id"], passage["text"]) for passage in answer["passages"]]
    return json.dumps([passages, *(answer[name] for name in _COMPARED)], sort_keys=True)


@contextmanager
def asking(ports: Sequence[int], right: Answers, report: Report) -> Iterator[None]:
    """Ask each server without end, from a thread of its own."""
    ended, turn = threading.Event(), threading.Lock()

    def ask_on(port: int) -> None:
        for question in cycle(right.questions):
            if ended.is_set():
                return
            began, problem, answer = time.monotonic(), "", None
            try:
                answer = ask(port, question)
            except urllib.error.HTTPError as error:
                problem = f"{error.code}: {error.read().decode(errors='replace')[:300]}"
            except OSError as error:
                problem = str(error)
            with turn:
                report.asked += 1
                report.slowest = max(report.slowest, time.monotonic() - began)
                if answer is None:
                    report.failed.append(f"{question}: {problem}")
                elif not right.are_right(question, answer):
                    report.wrong.append(f"{question}: {_said(answer)[:300]}")

    threads = [threading.Thread(target=ask_on, args=(port,)) for port in ports]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
