"""How near the closest term of the texts comes to words that mean nothing, the origin of closest.py's bound; and what
is lost where fewer phrases are compared.

python -m benchmarks.closest ../shared/data
"""

import random
import sys
from pathlib import Path

import numpy as np
from wordfreq import top_n_list, zipf_frequency

from benchmarks.data import open_set_index, read_set
from qa.answers.closest import CLOSE, OFFERED, PASSAGES, candidate_phrases
from qa.indexing.index import Index
from qa.language.tagging import NOUN_TAGS, tag

SETS = {"termstate_counselchat": "counselchat", "termstate_scifact": "scifact"}
CORPORA = ("scifact", "counselchat", "hypotermqa", "clapnq", "squad2", "medquad_a")
COMPARED = (10, 20, 30, 40)
ALL = 10_000  # phrases, more than five passages have
NOUNS = 120  # English nouns that a corpus lacks
COMMON = 4.7  # on the Zipf scale: words more frequent than this are of no subject


def best_cosines(terms: list[str], index: Index) -> list[float]:
    """Return the cosine of the closest phrase to each term, 0 where there is none."""
    return [max(near.values(), default=0.0) for near in phrase_cosines(terms, index)]


def phrase_cosines(terms: list[str], index: Index) -> list[dict[str, float]]:
    """Return for each term the cosines of all phrases of the passages nearest to it, in the order of comparing."""
    vectors = index.embed(terms)
    _, ids = index.store.search(vectors, PASSAGES)
    found = []
    for term, vector, rows in zip(terms, vectors, ids, strict=True):
        phrases = candidate_phrases(term, [int(row) for row in rows], index, ALL)
        cosines = index.embed(phrases) @ vector if phrases else np.empty(0)
        found.append({phrase: float(cosine) for phrase, cosine in zip(phrases, cosines, strict=True)})
    return found


def absent_nouns(index: Index) -> list[str]:
    """Return NOUNS ordinary English nouns that the texts lack."""
    words = (word for word in top_n_list("en", 30_000) if len(word) > 4 and word.isascii() and word.isalpha())
    rare = (word for word in words if zipf_frequency(word, "en") < COMMON and not index.lexicon.has_word(word))
    pool = [word for word in rare if tag(word)[0].tagged(*NOUN_TAGS)]
    return random.Random(1).sample(pool, min(NOUNS, len(pool)))


def offered(cosines: dict[str, float]) -> set[str]:
    """Return the phrases that are offered of those compared."""
    close = [phrase for phrase, cosine in cosines.items() if cosine >= CLOSE]
    return set(sorted(close, key=lambda phrase: -cosines[phrase])[:OFFERED])


def main(folder: Path) -> None:
    """Print both tables."""
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
    print(f"\n| texts | nouns | with an offer | {' | '.join(f'of {n} phrases' for n in COMPARED)} |")
    print(f"|---|---|---|{'---|' * len(COMPARED)}")
    for corpus in CORPORA:
        index = open_set_index(folder / corpus)
        near = phrase_cosines(absent_nouns(index), index)
        print(_kept_row(corpus, near), flush=True)
        index.close()


def _kept_row(corpus: str, near: list[dict[str, float]]) -> str:
    """Return the share of what all phrases offer that the first so many offer too."""
    wanted = [offered(cosines) for cosines in near]
    total = sum(map(len, wanted))
    kept = [
        sum(len(want & offered(dict(list(cosines.items())[:n]))) for want, cosines in zip(wanted, near, strict=True))
        for n in COMPARED
    ]
    shares = " | ".join(f"{share / total:.2f}" if total else "–" for share in kept)
    return f"| {corpus} | {len(near)} | {sum(map(bool, wanted))} | {shares} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
