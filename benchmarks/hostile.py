"""Files made to do harm: each alone is read or named within 10 s and 500 MB, and a folder of all builds the rest.

    python -m benchmarks.hostile            every file alone, then all of up to 100 passages in one build
    python -m benchmarks.hostile NAME …     these files alone

Each file is read and split in a process of its own. What takes more than it may is marked with !.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.arguments import command_line
from benchmarks.hostile_files import hostile_files

_WORK = Path("benchmarks/work/hostile")
_SECONDS = 10.0
_MEGABYTES = 500.0
_MOST_BUILT = 100  # passages of a file that is in the build, for embedding takes most of its time
_HANG = 120  # seconds, after which a file is taken to hold up its reader for ever

_CHILD = """
import json, resource, sys, time
from pathlib import Path
from tokenizers import Tokenizer
from qa.embedders.sentence_transformers import model_folder
from qa.errors import UnreadableDocument
from qa.parsers import CorpusFile, read_corpus
from qa.indexing.splitters import Splitter

resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
tokenizer = Tokenizer.from_file(str(model_folder(None) / "tokenizer.json"))
tokenizer.no_truncation()
tokenizer.no_padding()
splitter = Splitter(tokenizer, 256, 256, 2)
path = Path(sys.argv[1])
begin = time.monotonic()
documents = passages = 0
named = []
for item in read_corpus([CorpusFile(path, path.name)]):
    if isinstance(item, UnreadableDocument):
        named.append(str(item))
        continue
    documents += 1
    for passage in splitter.split(item):
        passages += 1
        assert item.text[passage.start : passage.end] == passage.text
        (passage.text + passage.title + passage.heading + passage.id).encode()
seconds = time.monotonic() - begin
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1000
print(json.dumps([seconds, peak, documents, passages, len(named), named[:1]]))
"""


def read_alone(path: Path) -> tuple[float, float, int, str]:
    """Return the seconds and megabytes that a file takes, how many passages it has, and what came of it."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(path)], capture_output=True, text=True, timeout=_HANG, check=False
        )
    except subprocess.TimeoutExpired:
        return float(_HANG), 0.0, 0, "!! hangs"
    if done.returncode:
        return 0.0, 0.0, 0, f"!! ended with {done.returncode}: {done.stderr.strip()[-200:]}"
    seconds, megabytes, documents, passages, problems, first = json.loads(done.stdout)
    if not passages and not problems:
        first = ["no text to quote"]
    mark = "! " if seconds > _SECONDS or megabytes > _MEGABYTES else ""
    told = f"{mark}{documents} documents, {passages} passages, {problems} named"
    return seconds, megabytes, passages, f"{told} {' '.join(first)[:150]}"


def main() -> None:
    """Print a line for each file, and what was found in all."""
    options = command_line(__doc__)
    options.add_argument("names", nargs="*", choices=[*hostile_files(), []], metavar="NAME", help="one of the files")
    names = options.parse_args().names
    folder = _WORK / "texts"
    folder.mkdir(parents=True, exist_ok=True)
    files = hostile_files()
    results = {}
    for name, make in files.items():
        if names and name not in names:
            continue
        (folder / name).write_bytes(make())
        results[name] = read_alone(folder / name)
        print(f"{name:32} {results[name][0]:6.2f} s {results[name][1]:6.0f} MB  {results[name][3]}", flush=True)
    slowest = max(results, key=lambda name: results[name][0])
    largest = max(results, key=lambda name: results[name][1])
    marked = [name for name, (_, _, _, told) in results.items() if told.startswith("!")]
    print(f"{len(results)} files; slowest {slowest} {results[slowest][0]:.1f} s; ", end="")
    print(f"largest {largest} {results[largest][1]:.0f} MB; beyond the limits: {', '.join(marked) or 'none'}")
    if not names:
        for name, (_, _, passages, _) in results.items():
            if passages > _MOST_BUILT:
                (folder / name).unlink()
        _build(folder)


def _build(folder: Path) -> None:
    """Index all of the files together with a good one, and print what is said of them."""
    (folder / "good.txt").write_text("Gardens\n\nA garden wants water in the morning.\n", encoding="utf-8")
    begin = time.monotonic()
    command = [sys.executable, "-m", "qa", "index", str(folder), "--index", str(_WORK / "index")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"All in one build: status {done.returncode}, {time.monotonic() - begin:.0f} s. {done.stdout.strip()}")
    if "Traceback" in done.stderr or done.returncode:
        print(done.stderr[-1000:])


if __name__ == "__main__":
    main()
