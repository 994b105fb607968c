"""What an index in PostgreSQL answers against one in files: passages, states and confidence, nDCG@10, and time.

    python -m benchmarks.databases corpus ../shared/data/clapnq [MORE SETS...]

Both are of the same passages and vectors. The first questions of a set that are judged, and the first that are not, are
asked one after the other, of both in turns.
"""

import os
import statistics
import time
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.arguments import command_line, question_set
from benchmarks.clusters import cluster
from benchmarks.data import WORK, QuestionSet, open_set_index, read_set, texts_of
from benchmarks.several import MOST, PASSAGES, scores
from qa.answers.answering import Answerer
from qa.datatypes import Answer
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.library import index_folder
from qa.postgres.address import CACHE
from qa.settings import BuildSettings

_DIGITS = 4  # of the confidence


@dataclass
class Compared:
    """The answers of both to the same questions, and the milliseconds that each took."""

    files: list[Answer]
    database: list[Answer]
    times: tuple[list[float], list[float]]

    @property
    def different(self) -> int:
        """Return how many answers differ in what a reader sees."""
        return sum(said(one) != said(other) for one, other in zip(self.files, self.database, strict=True))


def said(answer: Answer) -> tuple[object, ...]:
    """Return what an answer says: its verdict, its confidence to four digits, its note, terms, passages and parts."""
    parts = [[quoted.passage.id for quoted in part.passages] for part in answer.parts]
    return (
        answer.verdict, round(answer.confidence, _DIGITS), answer.note, answer.terms,
        [quoted.passage.id for quoted in answer.passages], parts,
    )  # fmt: skip


def compare(files: Answerer, database: Answerer, questions: list[str]) -> Compared:
    """Ask both the same questions, in turns."""
    found = Compared([], [], ([], []))
    both = ((files, found.files, found.times[0]), (database, found.database, found.times[1]))
    for number, question in enumerate(questions):
        for answerer, answers, times in both if number % 2 else reversed(both):
            start = time.perf_counter()
            answers.append(answerer.answer(question, PASSAGES))
            times.append(1000 * (time.perf_counter() - start))
    return found


def ndcg(questions: QuestionSet, asked: list[str], answers: list[Answer]) -> float:
    """Return the mean nDCG@10 of answers that were given."""
    known = dict(zip(asked, answers, strict=True))
    return float(np.mean(scores(questions, known.__getitem__)))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("sets", type=question_set, nargs="+", metavar="SET", help="folder of a question set")
    given = parser.parse_args()
    print("| set | passages | questions | answers differ | nDCG@10, files | PostgreSQL | ms, files | PostgreSQL |")
    print("|---|---|---|---|---|---|---|---|")
    with TemporaryDirectory(prefix="candor-") as folder:
        Path(folder).chmod(0o755)
        os.environ[CACHE] = str(Path(folder) / "machine")
        with cluster(Path(folder) / "servers", with_replica=False) as made:
            for number, path in enumerate(given.sets):
                print(_row(path, index_folder(made.address(f"set_{number}"))), flush=True)


def _row(path: Path, database: Path) -> str:
    questions = read_set(path)
    judged = [one["text"] for one in questions.questions if one["_id"] in questions.judgments][:MOST]
    others = [one["text"] for one in questions.questions if one["_id"] not in questions.judgments][:MOST]
    asked = [*judged, *others]
    with Answerer(open_set_index(path)) as files:
        place, corpus = texts_of(path)
        with chdir(place):
            build_index([corpus], database, BuildSettings(basis=WORK / path.name))
        with Answerer(open_index(database)) as there:
            found = compare(files, there, asked)
            size = len(there.index)
    means = [ndcg(questions, asked, answers) if judged else None for answers in (found.files, found.database)]
    cells = [path.name, f"{size:,}", len(asked), found.different]
    cells += ["-" if mean is None else f"{mean:.4f}" for mean in means]
    return f"| {' | '.join(map(str, [*cells, *(f'{statistics.median(t):.1f}' for t in found.times)]))} |"


if __name__ == "__main__":
    main()
