"""How fast and how large an evaluation is, and whether its measures agree with an independent library.

python -m benchmarks.evaluation agreement ../shared/data/scifact [MORE SETS...]   (needs: pip install ranx)
python -m benchmarks.evaluation speed ../shared/data/squad2 6000
python -m benchmarks.evaluation speed ../shared/data/squad2 100000
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.arguments import command_line, question_set
from benchmarks.data import WORK, open_set_index, read_set
from qa.answers.answering import Answerer
from qa.evaluation.evaluating import Task, evaluate
from qa.evaluation.runs import ranked_documents, read_run

_PAIRS = {"ndcg@10": "ndcg@10", "recall@10": "recall@10", "mrr@10": "mrr@10", "map@10": "map@10"}


def agreement(folders: Sequence[Path]) -> None:
    """Print the largest difference to ranx over the questions of each set, by measure."""
    from ranx import Qrels, Run
    from ranx import evaluate as evaluate_by_ranx

    print(f"| set | questions | {' | '.join(_PAIRS)} |")
    print("|---|---|" + "---|" * len(_PAIRS))
    for folder in folders:
        index = open_set_index(folder)
        evaluation = evaluate(Answerer(index), Task(folder / "questions.jsonl", answers=WORK / f"{folder.name}.jsonl"))
        judgments = read_set(folder).judgments
        # ranx fails on a question whose judgments are all 0, for which every measure is 0.
        judged = {question: graded for question, graded in judgments.items() if any(graded.values())}
        run = {
            answer["_id"]: {d: 1 / place for place, d in enumerate(ranked_documents(answer), start=1)}
            for answer in read_run(evaluation.run)
            if answer["_id"] in judged
        }
        qrels = {question: {d: g for d, g in graded.items() if g > 0} for question, graded in judged.items()}
        theirs = evaluate_by_ranx(Qrels(qrels), Run(run), list(_PAIRS.values()), return_mean=False)
        places = {identifier: row for row, identifier in enumerate(evaluation.outcomes.ids)}
        order = sorted(judged)  # ranx sorts questions by id
        cells = []
        for ours, name in _PAIRS.items():
            column = evaluation.outcomes.column(ours)[[places[question] for question in order]]
            cells.append(f"{np.abs(column - theirs[name]).max():.1e}")
        print(f"| {folder.name} | {len(order)} | {' | '.join(cells)} |", flush=True)
        index.close()


def greatest_memory(process: int) -> float:
    """Return the most memory that a running process has had resident, in MB; 0 when it has just ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def speed(folder: Path, questions: int) -> None:
    """Print how long an evaluation of so many questions takes, in a process of its own, and its greatest memory."""
    open_set_index(folder).close()
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    path = WORK / f"{folder.name}-{questions}.jsonl"
    with path.open("w", encoding="utf-8") as output:
        for number, line in enumerate(islice(cycle(lines), questions)):
            output.write(json.dumps({**json.loads(line), "_id": str(number)}) + "\n")
    command = [sys.executable, "-m", "qa", "evaluate", str(path), "--index", str(WORK / folder.name)]
    start = time.perf_counter()
    megabytes = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            megabytes = max(megabytes, greatest_memory(running.pid))
            time.sleep(0.2)
    seconds = time.perf_counter() - start
    print(
        f"{folder.name}: {questions:,} questions in {seconds:.0f} s, {questions / seconds:.0f} a second, "
        f"{megabytes:.0f} MB at most"
    )
    path.unlink()


def main() -> None:
    """Do what was asked for."""
    options = command_line(__doc__)
    kinds = options.add_subparsers(dest="kind", required=True)
    agreeing = kinds.add_parser("agreement", help="compare the measures with those of ranx")
    agreeing.add_argument("sets", type=question_set, nargs="+", metavar="SET", help="folder of a question set")
    timed = kinds.add_parser("speed", help="time an evaluation, and measure its memory")
    timed.add_argument("set", type=question_set, metavar="SET", help="folder of a question set")
    timed.add_argument("questions", type=int, help="how many, the set's again and again")
    given = options.parse_args()
    if given.kind == "agreement":
        agreement(given.sets)
    else:
        speed(given.set, given.questions)


if __name__ == "__main__":
    main()
