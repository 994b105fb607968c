"""What a graph finds of the nearest ten, by its beam, in an index of more than 50,000 passages that lies in files.

python -m benchmarks.recall INDEX QUESTIONS…, files of JSON lines with a "text".

Beside the questions are asked: vectors of the index itself and the first words of passages, for which the passage that
they are of is left out, and means of two vectors, by which a build chooses the beam. "Nearest" is the median cosine of
the nearest passage. One search is made after the other on one core, as for a question.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import faiss
import numpy as np

from benchmarks.arguments import command_line
from qa.indexing.index import Index, open_index
from qa.stores.faiss import FaissStore
from qa.stores.vectors import Ids, Scores, Vectors, means_of_two

BEAMS = (64, 256, 1024, 2048, 4096)
_NEAREST = 10
_SAMPLE = 300
_FIRST_WORDS = 12
_ROUNDING = 1e-6


class Sought(NamedTuple):
    """What is sought: (n, d) vectors, and the row that each is of and that is left out, -1 for none."""

    vectors: Vectors
    own: Ids


def first_words(index: Index, rows: Sequence[int]) -> list[str]:
    """Return the first words of some passages."""
    return [" ".join(index.passage(row).text.split()[:_FIRST_WORDS]) for row in rows]


def asked(index: Index, files: Sequence[Path]) -> dict[str, Sought]:
    """Return what is sought, by its name."""
    store, embed = index.store, index.embedder.embed_questions
    rows = np.sort(np.random.default_rng(1).choice(len(store), _SAMPLE, replace=False))
    found = {
        "its own vectors": Sought(store.vectors(rows), rows),
        "means of two": _of_none(means_of_two(len(store), _SAMPLE, store.vectors)),
        "first words": Sought(embed(first_words(index, rows.tolist())), rows),
    }
    for file in files:
        texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()][:_SAMPLE]
        found[file.parent.name] = _of_none(embed(texts))
    return found


def _of_none(vectors: Vectors) -> Sought:
    return Sought(vectors, np.full(len(vectors), -1, np.int64))


def others(found: tuple[Scores, Ids], own: Ids) -> Scores:
    """Return the (n, 10) best cosines of eleven to others than the row that is left out."""
    scores, ids = found
    dropped = ids == own[:, None]
    dropped[~dropped.any(axis=1), -1] = True
    kept: Scores = scores[~dropped].reshape(len(own), _NEAREST)
    return kept


def found_of_nearest(store: FaissStore, sought: Sought, enough: Scores) -> tuple[float, float]:
    """Return the share of the nearest ten that the store finds with its beam, and the median milliseconds."""
    times, found = [], []
    for vector in sought.vectors:
        start = time.perf_counter()
        found.append(store.search(vector[None], _NEAREST + 1))
        times.append((time.perf_counter() - start) * 1000)
    scores, ids = (np.concatenate(column) for column in zip(*found, strict=True))
    return float((others((scores, ids), sought.own) >= enough - _ROUNDING).mean()), float(np.median(times))


def main() -> None:
    """Print a row for each kind of question."""
    parser = command_line(__doc__)
    parser.add_argument("index", type=Path, help="the folder of an index")
    parser.add_argument("questions", type=Path, nargs="*", help="files of JSON lines")
    chosen = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with open_index(chosen.index, with_reader=False) as index:
        store = index.store
        if not isinstance(store, FaissStore) or not store.beam:
            parser.error(
                f"{chosen.index} has {len(store)} passages, of which every one is compared: there is no graph."
            )
        print(f"{len(store):,} passages, {store.structure}; its beam: {store.beam}\n")
        print("| sought | nearest |", " | ".join(str(beam) for beam in BEAMS), "|")
        print("|---|---|" + "---|" * len(BEAMS))
        for name, sought in asked(index, chosen.questions).items():
            nearest = others(store.compare_all(sought.vectors, _NEAREST + 1), sought.own)
            cells = []
            for beam in BEAMS:
                store.beam = beam
                share, milliseconds = found_of_nearest(store, sought, nearest[:, -1:])
                cells.append(f"{share:.3f}, {milliseconds:.1f} ms")
            print(f"| {name} | {np.median(nearest[:, 0]):.2f} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
