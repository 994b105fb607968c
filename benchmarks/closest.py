"""How near the closest term of the texts comes to words that mean nothing: the origin of closest.py's bound.

python -m benchmarks.closest ../shared/data
"""

import sys
from pathlib import Path

import numpy as np
from wordfreq import zipf_frequency

from benchmarks.data import open_set_index, read_set
from qa.closest import CLOSE, PASSAGES, candidate_phrases
from qa.index import Index

SETS = {"termstate_counselchat": "counselchat", "termstate_scifact": "scifact"}


def best_cosines(terms: list[str], index: Index) -> list[float]:
    """Return the cosine of the closest phrase to each term, 0 where there is none."""
    vectors = index.embed(terms)
    _, ids = index.store.search(vectors, PASSAGES)
    best = []
    for term, vector, rows in zip(terms, vectors, ids, strict=True):
        phrases = candidate_phrases(term, [int(row) for row in rows], index)
        best.append(float(np.max(index.embed(phrases) @ vector)) if phrases else 0.0)
    return best


def main(folder: Path) -> None:
    """Print quantiles of the best cosine for invented words that no English has, by set."""
    print("| set | invented words | best cosine at 50, 90, 95, 99 % | offered |")
    print("|---|---|---|---|")
    for name, corpus in SETS.items():
        index = open_set_index(folder / corpus)
        kinds = [q for q in read_set(folder / name).questions if q["kind"] == "unknown_word"]
        terms = [term for q in kinds for term in q["off_corpus_terms"] if zipf_frequency(term.split()[0], "en") == 0]
        best = best_cosines(terms, index)
        quantiles = " ".join(f"{value:.2f}" for value in np.percentile(best, [50, 90, 95, 99]))
        print(f"| {name} | {len(terms)} | {quantiles} | {np.mean(np.array(best) >= CLOSE):.1%} |", flush=True)
        index.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
