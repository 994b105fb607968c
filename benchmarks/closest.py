"""How near the closest term of the texts comes to words that mean nothing, the origin of closest.py's bound; and what
is offered, and in what time, beside what was before an index kept its phrases.

python -m benchmarks.closest ../shared/data
"""

import random
import time
from collections import Counter
from heapq import nlargest
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from wordfreq import top_n_list, zipf_frequency

from benchmarks.arguments import named_folder_of_sets
from benchmarks.data import open_set_index, read_set
from qa.answers.closest import CLOSE, OFFERED, PASSAGES, near_phrases
from qa.indexing.index import Index
from qa.indexing.phrases import LEAST_USES, PhraseWriter
from qa.language.tagging import NOUN_TAGS, tag

SETS = {"termstate_counselchat": "counselchat", "termstate_scifact": "scifact"}
CORPORA = ("scifact", "counselchat", "hypotermqa", "clapnq", "squad2", "medquad_a")
COMPARED = 20  # phrases of one term's passages, before
WORDS = 4  # the longest phrase
NOUNS = 120  # English nouns that a corpus lacks
COMMON = 4.7  # on the Zipf scale: words more frequent than this are of no subject


def near(terms: list[str], index: Index) -> list[list[tuple[str, float]]]:
    """Return for each term the phrases of the passages nearest to it, nearest first, with their cosines."""
    vectors = index.embed(terms)
    _, ids = index.store.search(vectors, PASSAGES)
    return [
        list(near_phrases(term, vector, rows.tolist(), index, least=-1.0))
        for term, vector, rows in zip(terms, vectors, ids, strict=True)
    ]


def near_as_found_when_asked(terms: list[str], index: Index) -> list[list[tuple[str, float]]]:
    """Return the same as it was before phrases were kept in the index: the passages are tagged, and the twenty phrases
    of most worth by tf-idf a word embedded, which all texts use twice, as noun phrases or otherwise."""
    vectors = index.embed(terms)
    _, ids = index.store.search(vectors, PASSAGES)
    found = []
    for term, vector, rows in zip(terms, vectors, ids, strict=True):
        phrases = candidate_phrases(term, rows.tolist(), index)
        cosines = index.embed(phrases) @ vector if phrases else np.empty(0)
        scored = [(phrase, float(cosine)) for phrase, cosine in zip(phrases, cosines, strict=True)]
        found.append(sorted(scored, key=lambda pair: -pair[1]))
    return found


def candidate_phrases(term: str, rows: list[int], index: Index) -> list[str]:
    """Return the phrases of passages that share no word with a term, those of most worth."""
    stems = index.language.stems
    own = set(stems(term))
    phrases: dict[tuple[str, ...], str] = {}
    uses: Counter[tuple[str, ...]] = Counter()
    passages = [index.passage(row) for row in rows]
    for passage in passages:
        for phrase in (passage.title, passage.heading, *index.language.phrases(passage.text)):
            words = tuple(stems(phrase))
            if words and len(words) <= WORDS and not own & set(words):
                phrases.setdefault(words, phrase)
                uses[words] += 1
    counts = {words: index.lexicon.passage_count(words) for words in uses}
    worth = {w: uses[w] * log(len(index) / n) / len(w) for w, n in counts.items() if n >= LEAST_USES}
    return [phrases[words] for words in nlargest(COMPARED, worth, key=worth.__getitem__)]


def absent_nouns(index: Index) -> list[str]:
    """Return NOUNS ordinary English nouns that the texts lack."""
    words = (word for word in top_n_list("en", 30_000) if len(word) > 4 and word.isascii() and word.isalpha())
    rare = (word for word in words if zipf_frequency(word, "en") < COMMON and not index.lexicon.has_word(word))
    pool = [word for word in rare if tag(word)[0].tagged(*NOUN_TAGS)]
    return random.Random(1).sample(pool, min(NOUNS, len(pool)))


def offered(found: list[tuple[str, float]]) -> set[str]:
    """Return the phrases that are offered of those near to a term."""
    return {phrase.casefold() for phrase, cosine in found[:OFFERED] if cosine >= CLOSE}


def main(folder: Path) -> None:
    """Print both tables."""
    print("| set | invented words | best cosine at 50, 90, 95, 99 % | offered |")
    print("|---|---|---|---|")
    for name, corpus in SETS.items():
        index = open_set_index(folder / corpus)
        kinds = [q for q in read_set(folder / name).questions if q["kind"] == "unknown_word"]
        terms = [term for q in kinds for term in q["off_corpus_terms"] if zipf_frequency(term.split()[0], "en") == 0]
        best = [found[0][1] if found else 0.0 for found in near(terms, index)]
        quantiles = " ".join(f"{value:.2f}" for value in np.percentile(best, [50, 90, 95, 99]))
        print(f"| {name} | {len(terms)} | {quantiles} | {np.mean(np.array(best) >= CLOSE):.1%} |", flush=True)
        index.close()
    columns = "texts", "phrases", "nouns", "with an offer", "before", "the same", "ms a term", "before"
    print(f"\n| {' | '.join((*columns, 'ms a passage', 'kB a passage'))} |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for corpus in CORPORA:
        index = open_set_index(folder / corpus)
        print(_compared_row(corpus, index), flush=True)
        index.close()


def _compared_row(corpus: str, index: Index) -> str:
    nouns = absent_nouns(index)
    index.embed(nouns)  # which both take as given
    start = time.perf_counter()
    kept = [offered(found) for found in near(nouns, index)]
    middle = time.perf_counter()
    before = [offered(found) for found in near_as_found_when_asked(nouns, index)]
    end = time.perf_counter()
    same = sum(len(old & new) for old, new in zip(before, kept, strict=True)) / max(sum(map(len, before)), 1)
    times = f"{1000 * (middle - start) / len(nouns):.1f} | {1000 * (end - middle) / len(nouns):.1f}"
    shares = f"{sum(map(bool, kept))} | {sum(map(bool, before))} | {same:.0%}"
    return f"| {corpus} | {len(index.generation.phrases):,} | {len(nouns)} | {shares} | {times} | {_cost(index)} |"


def _cost(index: Index) -> str:
    """Return what phrases cost when an index is built, by passage: ms to find and embed them, and kB on disk."""
    before = np.full(len(index), -1, np.int64)
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        writer = PhraseWriter(Path(folder), index.language, None)
        writer.write(index.generation.passages.__getitem__, before, index.embedder.embed_questions, lambda *_: None)
        seconds = time.perf_counter() - start
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    return f"{1000 * seconds / len(index):.1f} | {size / 1000 / len(index):.1f}"


if __name__ == "__main__":
    main(named_folder_of_sets(__doc__))
