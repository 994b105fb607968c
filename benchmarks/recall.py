"""What a graph finds of the nearest ten, by its beam, in an index of more than 50,000 passages that lies in files.

python -m benchmarks.recall INDEX QUESTIONS…, files of JSON lines with a "text".

Beside the questions are asked: vectors of the index itself, means of two of them, by which a build chooses the beam,
and the first words of passages. "Nearest" is the median cosine of the nearest passage.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qa.indexing.index import Index, open_index
from qa.stores.faiss import FaissStore
from qa.stores.vectors import Vectors, like_questions

BEAMS = (64, 256, 1024, 2048, 4096)
_NEAREST = 10
_SAMPLE = 500
_FIRST_WORDS = 12
_ROUNDING = 1e-6


def first_words(index: Index, rows: Sequence[int]) -> list[str]:
    """Return the first words of some passages."""
    return [" ".join(index.passage(row).text.split()[:_FIRST_WORDS]) for row in rows]


def asked(index: Index, files: Sequence[Path]) -> dict[str, Vectors]:
    """Return what is sought, by its name."""
    store = index.store
    rows = np.sort(np.random.default_rng(1).choice(len(store), _SAMPLE, replace=False))
    found = {
        "its own vectors": store.vectors(rows),
        "means of two": like_questions(len(store), _SAMPLE, store.vectors),
        "first words": index.embedder.embed_questions(first_words(index, rows.tolist())),
    }
    for file in files:
        texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()][:_SAMPLE]
        found[file.parent.name] = index.embedder.embed_questions(texts)
    return found


def found_of_nearest(store: FaissStore, queries: Vectors, enough: Vectors) -> tuple[float, float]:
    """Return the share of the nearest ten that the store finds with its beam, and the milliseconds of one search."""
    start = time.perf_counter()
    scores = store.search(queries, _NEAREST)[0]
    milliseconds = (time.perf_counter() - start) / len(queries) * 1000
    return float((scores >= enough - _ROUNDING).mean()), milliseconds


def main() -> None:
    """Print a row for each kind of question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path, nargs="*")
    chosen = parser.parse_args()
    with open_index(chosen.index, with_reader=False) as index:
        store = index.store
        if not isinstance(store, FaissStore) or not store.beam:
            parser.error(
                f"{chosen.index} has {len(store)} passages, of which every one is compared: there is no graph."
            )
        print(f"{len(store):,} passages, {store.structure}; its beam: {store.beam}\n")
        print("| sought | nearest |", " | ".join(str(beam) for beam in BEAMS), "|")
        print("|---|---|" + "---|" * len(BEAMS))
        for name, queries in asked(index, chosen.questions).items():
            nearest = store.compare_all(queries, _NEAREST)[0]
            cells = []
            for beam in BEAMS:
                store.beam = beam
                share, milliseconds = found_of_nearest(store, queries, nearest[:, -1:])
                cells.append(f"{share:.3f}, {milliseconds:.1f} ms")
            print(f"| {name} | {np.median(nearest[:, 0]):.2f} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
