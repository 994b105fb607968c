"""Fits what speaks for a correction, beside its frequency: on all sets of errors but one, reported on that one.

python -m benchmarks.spelling ../shared/data
"""

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.arguments import named_folder_of_sets
from benchmarks.data import open_set_index, read_set
from qa.answers import spelling
from qa.language import load_language

ENGLISH = load_language("en")

SETS = {"termstate_counselchat": "counselchat", "termstate_scifact": "scifact", "dl_typo_q": "clapnq"}
GRID = {
    "SECOND_EDIT": [-1.0, -1.5, -2.0],
    "SAME_START": [0.6, 1.2],
    "LEFT_OUT": [0.0, 0.3, 0.6],
    "SWAPPED": [0.0, 0.5],
}


class Error(NamedTuple):
    """A misspelled word, what was meant, and what it may have been."""

    written: str
    meant: str
    candidates: list[tuple[str, int, float]]


def read_errors(folder: Path, name: str, corpus: str) -> list[Error]:
    """Return the errors of a set that are no words: of these no speller without context can tell."""
    index = open_set_index(folder / corpus)
    labels = [pair for q in read_set(folder / name).questions for pair in q.get("misspelled") or []]
    words = [(ENGLISH.fold(pair["term"]), ENGLISH.fold(pair["correction"])) for pair in labels]
    errors = [(w, c) for w, c in words if not ENGLISH.is_known(w) and not index.lexicon.has_word(w)]
    found = [Error(w, c, spelling.candidates(w, index.lexicon)) for w, c in errors]
    index.close()
    return found


def share_right(errors: list[Error], weights: dict[str, float]) -> float:
    """Return the share of errors whose likeliest candidate is what was meant."""
    for name, value in weights.items():
        setattr(spelling, name, value)
    best = [max(e.candidates, key=lambda c: spelling.likelihood(e.written, *c))[0] for e in errors if e.candidates]
    meant = [e.meant for e in errors if e.candidates]
    return sum(b == m for b, m in zip(best, meant, strict=True)) / len(errors)


def main(folder: Path) -> None:
    """Print the share that the chosen weights get, and that of the weights which the other sets choose."""
    chosen = {name: getattr(spelling, name) for name in GRID}
    grid = [dict(zip(GRID, values, strict=True)) for values in product(*GRID.values())]
    sets = {name: read_errors(folder, name, corpus) for name, corpus in SETS.items()}
    table = np.array([[share_right(errors, weights) for errors in sets.values()] for weights in grid])
    print(f"chosen: {chosen}\n\n| set | errors | chosen | left out | chosen by the others |\n|---|---|---|---|---|")
    for place, (name, errors) in enumerate(sets.items()):
        best = int(np.delete(table, place, axis=1).mean(axis=1).argmax())
        weights = ", ".join(f"{value:g}" for value in grid[best].values())
        print(f"| {name} | {len(errors)} | {share_right(errors, chosen):.1%} | {table[best, place]:.1%} | {weights} |")


if __name__ == "__main__":
    main(named_folder_of_sets(__doc__))
