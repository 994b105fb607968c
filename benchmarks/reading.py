"""How long it takes to read a corpus, beside another version of the package.

    git worktree add ../before 3a0ab14
    python -m benchmarks.reading corpus --against ../before

Both versions read the corpus in turn, each time in a process of its own, and the best of the times counts; what a
version imports is not in its time. Install what the other version needs beside what this one does.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.arguments import command_line

TIMES = 7

_CODE = """
import json, sys, time
from pathlib import Path
from qa.parsers import find_files, read_corpus
files = find_files(Path(sys.argv[1])).files
texts = [getattr(item, "text", "") for item in read_corpus(files)]
start = time.perf_counter()
texts = [getattr(item, "text", "") for item in read_corpus(files)]
print(json.dumps([time.perf_counter() - start, len(texts), sum(map(len, texts))]))
"""


def read(corpus: Path, package: Path) -> tuple[float, int, int]:
    """Return the seconds that a version takes to read a corpus, its documents and their characters."""
    done = subprocess.run([sys.executable, "-c", _CODE, str(corpus)], cwd=package, capture_output=True, check=True)
    seconds, documents, characters = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), int(documents), int(characters)


def main() -> None:
    """Print a row for each version."""
    parser = command_line(__doc__)
    parser.add_argument("corpus", type=Path, help="folder of texts")
    parser.add_argument("--against", type=Path, help="a checkout of another version")
    given = parser.parse_args()
    corpus = given.corpus.resolve()
    versions = {"this version": Path.cwd(), **({"the other": given.against.resolve()} if given.against else {})}
    times: dict[str, list[tuple[float, int, int]]] = {name: [] for name in versions}
    for _ in range(TIMES):
        for name, package in versions.items():
            times[name].append(read(corpus, package))
    print("| | documents | characters | best, s | median, s |\n|---|---|---|---|---|")
    for name, found in times.items():
        seconds = [one[0] for one in found]
        print(f"| {name} | {found[0][1]:,} | {found[0][2]:,} | {min(seconds):.3f} | {statistics.median(seconds):.3f} |")


if __name__ == "__main__":
    main()
