"""Where the time of a question goes, by stage and by what is run in it, beside another version of the package.

    python -m benchmarks.question index corpus/questions.jsonl
    git worktree add ../before 1944fed
    python -m benchmarks.question index corpus/questions.jsonl --against ../before --reader off

Each version asks the same questions in turn, one after the other, in a process of its own, and of each figure the least
of the rounds counts. Milliseconds of a question, the mean over all; "of which" is spent in the graphs of encoder and
reader, in the lexicon, and in vectors. Both versions have to read the index.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.arguments import command_line

ROUNDS = 3
MOST = 200
_SEED = 0
_WARM = 20  # questions asked before, of the same set

Times = dict[str, float]


class Clock:
    """Adds up the seconds of stages, and of what is called within them."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seconds: Times = defaultdict(float)

    def begins(self, stage: str) -> None:
        """Take note of nothing: the end has the seconds."""

    def ended(self, stage: str, seconds: float) -> None:
        """Add a stage's seconds."""
        self.seconds[stage] += seconds

    def counted(self, what: str, number: int) -> None:
        """Take note of nothing."""

    def time(self, owner: Any, name: str, kind: str) -> None:
        """Add the seconds of each call of a method from now on."""
        called: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return called(*arguments, **named)
            finally:
                self.seconds[kind] += time.perf_counter() - start

        setattr(owner, name, timed)


def measure(folder: Path, questions: Path, reader: str) -> Times:
    """Return the mean milliseconds of a question in all, in each stage, and in what is run."""
    from random import Random

    from qa.service import open_answerer
    from qa.stages import listening

    lines = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    texts = [str(line.get("text") or line.get("question")) for line in lines]
    drawn = Random(_SEED).sample(texts, min(len(texts), MOST + _WARM))
    answerer = open_answerer(folder, read=reader == "on")
    for text in drawn[:_WARM]:
        answerer.answer(text)
    index, clock = answerer.index, Clock()
    clock.time(index.embedder._runner, "run", "encoder")  # type: ignore[attr-defined]
    if index.reader is not None:
        clock.time(index.reader._runner, "run", "reader")  # type: ignore[attr-defined]
    for name in ("rank", "rank_with_all", "passage_count"):
        clock.time(index.lexicon, name, "lexicon")
    for name in ("search", "vectors"):
        clock.time(index.store, name, "vectors")
    start = time.perf_counter()
    with listening(clock):
        for text in drawn[_WARM:]:
            answerer.answer(text)
    asked = len(drawn) - _WARM
    clock.seconds["in all"] = time.perf_counter() - start
    return {name: 1000 * seconds / asked for name, seconds in clock.seconds.items()}


def _measured(tree: Path, arguments: list[str]) -> Times:
    command = [sys.executable, str(Path(__file__).resolve()), *arguments, "--measured"]
    variables = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=tree, env=variables)
    found: Times = json.loads(done.stdout)
    return found


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("questions", type=Path, help="a file of questions, a JSON object a line")
    parser.add_argument("--against", type=Path, help="the folder of another version of the package")
    parser.add_argument("--reader", choices=("on", "off"), default="on", help="whether passages are read")
    parser.add_argument("--measured", action="store_true", help=argparse.SUPPRESS)  # by this version, as JSON
    chosen = parser.parse_args()
    if chosen.measured:
        print(json.dumps(measure(chosen.index, chosen.questions, chosen.reader)))
        return
    arguments = [str(chosen.index.resolve()), str(chosen.questions.resolve()), "--reader", chosen.reader]
    trees = {"this version": Path(__file__).resolve().parents[1]}
    if chosen.against:
        trees["the other"] = chosen.against.resolve()
    rounds: dict[str, list[Times]] = {name: [] for name in trees}
    for _ in range(ROUNDS):
        for name, tree in trees.items():
            rounds[name].append(_measured(tree, arguments))
    least = {name: {kind: min(one[kind] for one in found) for kind in found[0]} for name, found in rounds.items()}
    print(f"| ms of a question, reader {chosen.reader} | {' | '.join(least)} |\n|---|{'---|' * len(least)}")
    from qa.stages import STAGES

    within = ("encoder", "reader", "lexicon", "vectors") if chosen.reader == "on" else ("encoder", "lexicon", "vectors")
    for kind in ("in all", *STAGES, *within):
        shown = f"of which {kind}" if kind in within else kind
        print(f"| {shown} | {' | '.join(f'{found[kind]:.2f}' for found in least.values())} |")


if __name__ == "__main__":
    main()
