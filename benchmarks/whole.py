"""What whole documents give on the same questions: the figures that splitting into passages must not fall below.

    python -m benchmarks.whole ../shared/data/scifact [MORE SETS...]    (needs: pip install bm25s)

Dense: title and text, cut where the model stops reading. BM25: k1 = 0.9, b = 0.4, stemmed, bm25s. Reciprocal rank
fusion of the first 100 of each with k = 60. Convex: the best of nine fixed weights over min-max normalised scores of
these, chosen on the set itself, so the highest that a fixed sum could give there.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.arguments import named_sets
from benchmarks.data import WORK, Judgments, batches, read_set
from benchmarks.fusion import ndcg_of_run
from benchmarks.retrieval import DEPTH, Run, mean_with_interval
from benchmarks.rivals import RRF_K
from qa.embedders import Embedder, load_embedder
from qa.parsers.jsonl import read_jsonl

WEIGHTS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

Scores = npt.NDArray[np.float64]


def document_vectors(name: str, texts: list[str], embedder: Embedder) -> npt.NDArray[np.float32]:
    """Return (n, d) vectors of whole documents, kept in benchmarks/work/."""
    kept = WORK / f"{name}.whole.npy"
    if kept.exists() and len(np.load(kept, mmap_mode="r")) == len(texts):
        return np.asarray(np.load(kept))
    vectors = np.concatenate([embedder.embed_passages(batch) for batch in batches(texts, 256)])
    np.save(kept, vectors)
    return vectors


def bm25_scores(texts: list[str], questions: list[str]) -> Scores:
    """Return (questions, documents) scores."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25(k1=0.9, b=0.4)
    retriever.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
    asked = bm25s.tokenize(questions, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)
    known = [[word for word in words if word in retriever.vocab_dict] for words in asked]
    scores = [retriever.get_scores(words) if words else np.zeros(len(texts)) for words in known]
    stacked: Scores = np.stack(scores).astype(np.float64)
    return stacked


def first(scores: Scores) -> npt.NDArray[np.bool_]:
    """Return which documents are among the first DEPTH of each question."""
    places = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return np.asarray(places < DEPTH)


def reciprocal_ranks(scores: Scores) -> Scores:
    """Return 1 / (60 + rank) for the first DEPTH, 0 beyond."""
    places = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return np.where(places < DEPTH, 1 / (RRF_K + places + 1), 0.0)


def min_max(scores: Scores) -> Scores:
    """Return the scores of the first DEPTH from 0 to 1 by question, 0 beyond."""
    among = np.where(first(scores), scores, np.nan)
    low, high = np.nanmin(among, axis=1, keepdims=True), np.nanmax(among, axis=1, keepdims=True)
    scaled = (among - low) / np.maximum(high - low, 1e-9)
    return np.where(np.isnan(scaled), 0.0, scaled)


def ndcg_of_scores(scores: Scores, questions: list[str], documents: list[str], judgments: Judgments) -> list[float]:
    """Return nDCG@10 by question of (questions, documents) scores."""
    run: Run = {
        question: {documents[at]: float(row[at]) for at in np.argsort(-row, kind="stable")[:DEPTH]}
        for question, row in zip(questions, scores, strict=True)
    }
    return ndcg_of_run(run, judgments)


def main(folders: Sequence[Path]) -> None:
    """Print a row for each set."""
    print("| set | BM25 | dense | reciprocal rank | best convex |")
    print("|---|---|---|---|---|")
    embedder = load_embedder()
    for folder in folders:
        questions = read_set(folder)
        documents = list(read_jsonl(folder / "corpus.jsonl", "corpus.jsonl"))
        texts = [f"{document.title}\n{document.text}" for document in documents]  # type: ignore[union-attr]
        ids = [document.id for document in documents]  # type: ignore[union-attr]
        judged = [question for question in questions.questions if question["_id"] in questions.judgments]
        vectors = embedder.embed_questions([question["text"] for question in judged])
        dense = (vectors @ document_vectors(folder.name, texts, embedder).T).astype(np.float64)
        lexical = bm25_scores(texts, [question["text"] for question in judged])

        ndcg = partial(
            ndcg_of_scores, questions=[q["_id"] for q in judged], documents=ids, judgments=questions.judgments
        )
        convex = [ndcg(weight * min_max(dense) + (1 - weight) * min_max(lexical)) for weight in WEIGHTS]
        ranked = ndcg(reciprocal_ranks(dense) + reciprocal_ranks(lexical))
        rows = [ndcg(lexical), ndcg(dense), ranked, max(convex, key=lambda values: float(np.mean(values)))]
        print(f"| {folder.name} | {' | '.join(map(mean_with_interval, rows))} |", flush=True)


if __name__ == "__main__":
    main(named_sets(__doc__))
