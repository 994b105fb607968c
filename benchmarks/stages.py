"""What each stage of retrieval brings, and what the stages that were left out would: a paired bootstrap against the
default, one change at a time.

    python -m benchmarks.stages ../shared/data/scifact ../shared/data/squad2 [MORE SETS...] [--embedding]

``--embedding`` adds what needs more of the model: a vector for each sentence, and late interaction over the token
vectors of the first passages. Its vectors are kept in benchmarks/work/.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import nDCG

from benchmarks.arguments import command_line, question_set
from benchmarks.data import WORK, Judgments, batches, open_set_index, read_set
from benchmarks.retrieval import DEPTH, Run, document_scores
from benchmarks.rivals import reciprocal_rank
from qa.answers.candidates import Candidates
from qa.answers.fusions import DENSE_WEIGHT, rank, standard_score
from qa.answers.ordering import copies_last, find_copies
from qa.answers.retrieval import MANY, dense_rankings, telling_pairs
from qa.datatypes import Hit, Ranking
from qa.indexing.building import lexicon_entries
from qa.indexing.index import Index
from qa.language import load_language
from qa.language.vocabulary import QUESTION_WORDS
from qa.lexicons import TantivyLexicon
from qa.lexicons.tantivy import PHRASE_WEIGHT, build_lexicon
from qa.stores import Vectors

ENGLISH = load_language("en")

RESAMPLES = 5000
Floats = npt.NDArray[np.float64]


@dataclass
class Asked:
    """A set's judged questions with their vectors, and the index that they are asked of."""

    name: str
    index: Index
    ids: list[str]
    texts: list[str]
    vectors: Vectors
    judgments: Judgments

    def __post_init__(self) -> None:
        """Rank by vectors, which every stage starts from."""
        self.dense = dense_rankings(self.vectors, self.index, DEPTH)
        self.passages = self.index.store.vectors(np.arange(len(self.index)))

    def lexical(
        self,
        lexicon: TantivyLexicon | None = None,
        phrase_weight: float = PHRASE_WEIGHT,
        dropped: frozenset[str] = QUESTION_WORDS,
        many: int = MANY,
    ) -> list[Ranking]:
        """Return the lexical ranking of each question, as ``qa.answers.retrieval`` makes it but for what is given."""
        found = []
        for text in self.texts:
            asked = ENGLISH.stems(text)
            words = [word for word in asked if word not in dropped] or asked
            pairs = telling_pairs(asked, self.index.lexicon, many) if phrase_weight else []
            asked_of = lexicon or self.index.lexicon
            assert isinstance(asked_of, TantivyLexicon)
            found.append(asked_of.rank(words, DEPTH, pairs, phrase_weight=phrase_weight))
        return found

    def fused(self, dense: Sequence[Ranking] | None = None, lexical: Sequence[Ranking] | None = None) -> list[Ranking]:
        """Return the default fusion of the default rankings but for those given."""
        fused = []
        for one, other in zip(dense or self.dense, lexical or self.lexical(), strict=True):
            ranking = standard_score(one, other)
            copies = find_copies(ranking, Candidates.of((one, other), self.index.store), self.index)
            fused.append(copies_last(ranking, copies))
        return fused

    def ndcg(self, rankings: Sequence[Ranking]) -> Floats:
        """Return nDCG@10 by question, in their order."""
        run: Run = {
            # By place: a copy that was put last keeps its score.
            identifier: document_scores(tuple(Hit(hit.row, -hit.rank, hit.rank) for hit in ranking), self.index)
            for identifier, ranking in zip(self.ids, rankings, strict=True)
        }
        scored = {m.query_id: m.value for m in ir_measures.iter_calc([nDCG @ 10], self.judgments, run)}
        return np.array([scored.get(identifier, 0.0) for identifier in self.ids])


def read_asked(folder: Path) -> Asked:
    """Return a set's judged questions, embedded, and its index."""
    questions, index = read_set(folder), open_set_index(folder)
    judged = [question for question in questions.questions if question["_id"] in questions.judgments]
    texts = [question["text"] for question in judged]
    vectors = np.concatenate([index.embed(batch) for batch in batches(texts)])
    judgments = {question["_id"]: questions.judgments[question["_id"]] for question in judged}
    return Asked(folder.name, index, [question["_id"] for question in judged], texts, vectors, judgments)


# --- stages: each takes a set and returns its rankings with one thing changed -----------------------------------


def without_phrases(asked: Asked) -> list[Ranking]:
    return asked.fused(lexical=asked.lexical(phrase_weight=0))


def without_frequent_pairs(asked: Asked) -> list[Ranking]:
    return asked.fused(lexical=asked.lexical(many=0))


def phrases_of(weight: float) -> Callable[[Asked], list[Ranking]]:
    return lambda asked: asked.fused(lexical=asked.lexical(phrase_weight=weight))


def titles_of(weight: int) -> Callable[[Asked], list[Ranking]]:
    def stage(asked: Asked) -> list[Ranking]:
        with TemporaryDirectory() as folder:
            build_lexicon(
                Path(folder),
                lexicon_entries(asked.index.generation.passages, asked.index.generation.documents()),
                asked.index.language,
                weight,
            )
            return asked.fused(lexical=asked.lexical(TantivyLexicon(Path(folder), asked.index.language)))

    return stage


def with_question_words(asked: Asked) -> list[Ranking]:
    return asked.fused(lexical=asked.lexical(dropped=frozenset()))


def by_reciprocal_rank(asked: Asked) -> list[Ranking]:
    return [reciprocal_rank([one, other]) for one, other in zip(asked.dense, asked.lexical(), strict=True)]


def with_copies(asked: Asked) -> list[Ranking]:
    return [standard_score(one, other) for one, other in zip(asked.dense, asked.lexical(), strict=True)]


def true_cosines(asked: Asked) -> list[Ranking]:
    """The dense ranking extended by the cosines of what only the lexical one found."""
    lexical = asked.lexical()
    dense = []
    for vector, one, other in zip(asked.vectors, asked.dense, lexical, strict=True):
        rows = np.array(sorted({hit.row for hit in (*one, *other)}), np.int64)
        dense.append(rank(dict(zip(rows.tolist(), (asked.passages[rows] @ vector).tolist(), strict=True))))
    return asked.fused(dense=dense, lexical=lexical)


def feedback(weight: float, passages: int = 3) -> Callable[[Asked], list[Ranking]]:
    """Pseudo-relevance feedback: the question's vector moved to the mean of its first passages (Rocchio 1971)."""

    def stage(asked: Asked) -> list[Ranking]:
        lexical = asked.lexical()
        first = [[hit.row for hit in ranking[:passages]] for ranking in asked.fused(lexical=lexical)]
        moved = asked.vectors + weight * np.stack([asked.passages[rows].mean(axis=0) for rows in first])
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        return asked.fused(dense_rankings(moved.astype(np.float32), asked.index, DEPTH), lexical)

    return stage


def diversity(weight: float) -> Callable[[Asked], list[Ranking]]:
    """Maximal marginal relevance over the first 30 passages (Carbonell and Goldstein, SIGIR 1998)."""

    def stage(asked: Asked) -> list[Ranking]:
        return [_diversified(ranking[:30], asked.passages, weight) for ranking in asked.fused()]

    return stage


def _diversified(ranking: Ranking, vectors: Vectors, weight: float) -> Ranking:
    rows = np.array([hit.row for hit in ranking], np.int64)
    likeness = vectors[rows] @ vectors[rows].T
    left = list(range(len(rows)))
    chosen: list[int] = []
    while left:
        best = max(
            left, key=lambda at: ranking[at].score - weight * max((likeness[at, c] for c in chosen), default=0.0)
        )
        chosen.append(best)
        left.remove(best)
    return tuple(Hit(int(rows[at]), -float(place), place) for place, at in enumerate(chosen, start=1))


def weight_by_question(asked: Asked) -> list[Ranking]:
    """The dense weight raised where the best lexical passage holds little of the question's lexical weight."""
    found = []
    for text, one, other in zip(asked.texts, asked.dense, asked.lexical(), strict=True):
        words = [word for word in dict.fromkeys(ENGLISH.stems(text)) if word not in QUESTION_WORDS]
        counts = [asked.index.lexicon.passage_count([word]) for word in words]
        mass = sum(np.log(1 + (len(asked.index) - c + 0.5) / (c + 0.5)) for c in counts)
        cover = min((other[0].score if other else 0.0) / (2.2 * mass + 1e-9), 1.0)
        found.append(standard_score(one, other, DENSE_WEIGHT + 0.2 * (0.5 - cover)))
    return found


# --- stages that need more of the model -------------------------------------------------------------------------


def sentences(weight: float) -> Callable[[Asked], list[Ranking]]:
    """The passage's cosine mixed with that of its sentence nearest to the question."""

    def stage(asked: Asked) -> list[Ranking]:
        rows, vectors = _sentence_vectors(asked)
        starts = np.flatnonzero(np.r_[True, np.diff(rows) > 0])
        dense = []
        for vector in asked.vectors:
            cosines = asked.passages @ vector
            best = cosines.copy()
            best[rows[starts]] = np.maximum.reduceat(vectors @ vector, starts)
            mixed = (1 - weight) * cosines + weight * best
            top = np.argsort(-mixed, kind="stable")[:DEPTH]
            dense.append(rank(dict(zip(top.tolist(), mixed[top].tolist(), strict=True))))
        return asked.fused(dense=dense)

    return stage


def _sentence_vectors(asked: Asked) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Return the row of each sentence and its vector, for passages of more than one sentence."""
    kept = WORK / f"{asked.name}.sentences.npz"
    passages = [asked.index.passage(row) for row in range(len(asked.index))]
    pairs = [(row, p.text[a:b]) for row, p in enumerate(passages) if len(p.sentences) > 1 for a, b in p.sentences]
    if kept.exists() and len(found := np.load(kept)["vectors"]) == len(pairs):
        vectors = found
    else:
        texts = [text for _, text in pairs]
        vectors = np.concatenate([asked.index.embedder.embed_passages(batch) for batch in batches(texts, 1024)])
        np.savez(kept, vectors=vectors)
    return np.array([row for row, _ in pairs], np.int64), vectors


def late_interaction(weight: float, first: int = 20) -> Callable[[Asked], list[Ranking]]:
    """The first passages ranked again by their score and the mean over the question's tokens of the best cosine to a
    token of the passage (MaxSim; Khattab and Zaharia, SIGIR 2020), with the encoder's own token vectors."""

    def stage(asked: Asked) -> list[Ranking]:
        rankings = asked.fused()
        rows = sorted({hit.row for ranking in rankings for hit in ranking[:first]})
        tokens = dict(zip(rows, _token_vectors(asked, [asked.index.passage(row).text for row in rows]), strict=True))
        found = []
        for ranking, question in zip(rankings, _token_vectors(asked, asked.texts), strict=True):
            nearest = np.array([(question @ tokens[hit.row].T).max(axis=1).mean() for hit in ranking[:first]])
            standard = (nearest - nearest.mean()) / (nearest.std() + 1e-9)
            scores = {hit.row: hit.score + weight * float(s) for hit, s in zip(ranking[:first], standard, strict=True)}
            found.append(rank(scores))
        return found

    return stage


def _token_vectors(asked: Asked, texts: list[str]) -> list[Any]:
    model: Any = asked.index.embedder._model  # type: ignore[attr-defined]
    found = []
    for batch in batches(texts, 256):
        for vectors in model.encode(batch, output_value="token_embeddings", batch_size=32, show_progress_bar=False):
            array = vectors.numpy()
            found.append((array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float16))
    return found


STAGES: dict[str, Callable[[Asked], list[Ranking]]] = {
    "reciprocal rank in place of standard score": by_reciprocal_rank,
    "no phrases": without_phrases,
    "no phrases of two frequent words": without_frequent_pairs,
    "phrases count 0.3": phrases_of(0.3),
    "phrases count 0.7": phrases_of(0.7),
    "titles count once": titles_of(1),
    "titles count 3 times": titles_of(3),
    "question words in BM25": with_question_words,
    "copies not put last": with_copies,
    "true cosines for all candidates": true_cosines,
    "feedback, 0.2 of 3 passages": feedback(0.2),
    "diversity 0.1": diversity(0.1),
    "dense weight by question": weight_by_question,
}

EMBEDDING_STAGES: dict[str, Callable[[Asked], list[Ranking]]] = {
    "best sentence, 0.2 of the cosine": sentences(0.2),
    "best sentence, 0.3 of the cosine": sentences(0.3),
    "late interaction, 0.1": late_interaction(0.1),
    "late interaction, 0.3": late_interaction(0.3),
}


def bootstrap(differences: list[Floats]) -> str:
    """Return the mean over sets of the mean difference, with its 95 % interval by paired bootstrap within sets."""
    draws = np.random.default_rng(0)
    means = np.mean([d[draws.integers(0, len(d), (RESAMPLES, len(d)))].mean(axis=1) for d in differences], axis=0)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{np.mean([d.mean() for d in differences]):+.4f} [{low:+.4f}, {high:+.4f}]"


def main() -> None:
    """Print the difference that each change makes to the default's nDCG@10."""
    options = command_line(__doc__)
    options.add_argument("sets", type=question_set, nargs="+", metavar="SET", help="folder of a question set")
    options.add_argument("--embedding", action="store_true", help="also what needs more of the model")
    given = options.parse_args()
    sets = [read_asked(folder) for folder in given.sets]
    default = [asked.ndcg(asked.fused()) for asked in sets]
    print(f"| change | {' | '.join(asked.name for asked in sets)} | mean |")
    print("|---|" + "---|" * (len(sets) + 1))
    print(
        f"| default | {' | '.join(f'{d.mean():.4f}' for d in default)} | {np.mean([d.mean() for d in default]):.4f} |"
    )
    for name, stage in {**STAGES, **(EMBEDDING_STAGES if given.embedding else {})}.items():
        changes = [asked.ndcg(stage(asked)) - base for asked, base in zip(sets, default, strict=True)]
        print(f"| {name} | {' | '.join(f'{c.mean():+.4f}' for c in changes)} | {bootstrap(changes)} |", flush=True)


if __name__ == "__main__":
    main()
