"""What keys, limits, metrics and gaps cost under load: one index served with all of them and with none, in turns.

python -m benchmarks.team index corpus/questions.jsonl
"""

import json
import statistics
import sys
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arguments import command_line
from benchmarks.load import PORT, Asking, ask_all, served
from qa.keys import KeyFile

CLIENTS = 16
ROUNDS = 10
ASKED = 200  # in each round


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="folder of an index")
    parser.add_argument("questions", type=Path, help="JSON lines with the field text")
    parser.add_argument("--reader", choices=["on", "off"], default="off", help="off shows the cost best")
    given = parser.parse_args()
    lines = given.questions.read_text(encoding="utf-8").splitlines()
    asked = cycle([json.loads(line)["text"] for line in lines])
    with TemporaryDirectory() as folder:
        keys = KeyFile(Path(folder) / "keys.json", is_new=True)
        token = keys.add("load", rate="1000000/s")
        base = [sys.executable, "-m", "qa", "serve", "--index", str(given.index.resolve()), "--workers", "2"]
        base += ["--reader", given.reader]
        guarded = ["--keys", str(keys.path), "--gaps", str(Path(folder) / "gaps.sqlite"), "--log", "json"]
        plain = Asking("/api/ask?q=", PORT)
        whole = Asking("/api/ask?q=", PORT + 1, {"Authorization": f"Bearer {token}"})
        variables = {"QA_ENCODER_THREADS": "1"}
        with (
            served([*base, "--no-metrics", "--port", str(plain.port)], "/readyz", Path(folder), variables, plain.port),
            served([*base, *guarded, "--port", str(whole.port)], "/readyz", Path(folder), variables, whole.port),
        ):
            compare(plain, whole, asked)


def compare(plain: Asking, whole: Asking, asked: "cycle[str]") -> None:
    """Print the answers a second of both, and their ratio, the median of the rounds with their least and most."""
    for asking in (plain, whole):
        ask_all(asking, list(islice(asked, ASKED)), CLIENTS)
    rates: dict[str, list[float]] = {"without": [], "with": []}
    failed = 0
    for turn in range(ROUNDS):
        questions = list(islice(asked, ASKED))
        order = [("without", plain), ("with", whole)]
        for name, asking in order if turn % 2 == 0 else reversed(order):
            load = ask_all(asking, questions, CLIENTS)
            rates[name].append(load.rate)
            failed += load.failed
    ratios = [having / bare for bare, having in zip(rates["without"], rates["with"], strict=True)]
    print(f"| answers a second | {statistics.median(rates['without']):.0f} | {statistics.median(rates['with']):.0f} |")
    print(
        f"With keys, limits, metrics, gaps and a log in JSON {statistics.median(ratios):.3f} of the throughput without "
        f"[{min(ratios):.3f}, {max(ratios):.3f}] over {ROUNDS} rounds of {ASKED} questions, {CLIENTS} clients; "
        f"{failed} requests failed."
    )


if __name__ == "__main__":
    main()
