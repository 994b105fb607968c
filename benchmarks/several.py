"""What asking several corpora together loses against one index of the same texts, by nDCG@10, a document standing where
its best passage does.

    python -m benchmarks.several ../shared/data/clapnq [MORE SETS...] --parts 2

The documents of a set are dealt into so many corpora: at random, which is the hardest case, for every corpus has some
of what is asked; and by their order, in which sets often stand by subject.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import nDCG

from benchmarks.arguments import command_line, question_set
from benchmarks.data import WORK, QuestionSet, open_set_index, read_set
from benchmarks.retrieval import mean_with_interval
from qa.answers.answering import Answerer
from qa.answers.several import answer_from_several
from qa.datatypes import Answer
from qa.indexing.building import build_index
from qa.indexing.index import open_index

PASSAGES = 50
"""Of an answer: enough for ten documents."""

MOST = 300  # questions of a set


def deal(folder: Path, parts: int, how: str) -> list[Path]:
    """Return the indexes of a set's documents, dealt into parts."""
    lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    dealt: list[list[str]] = [[] for _ in range(parts)]
    for place, line in enumerate(lines):
        digest = int(hashlib.sha256(json.loads(line)["_id"].encode()).hexdigest(), 16)
        dealt[digest % parts if how == "random" else place * parts // len(lines)].append(line)
    made = []
    for number, part in enumerate(dealt):
        place_of_part = WORK / "several" / f"{folder.name}-{how}-{number + 1}-of-{parts}"
        place_of_part.mkdir(parents=True, exist_ok=True)
        corpus = place_of_part / "corpus.jsonl"
        corpus.write_text("\n".join(part) + "\n", encoding="utf-8")
        build_index([corpus], place_of_part / "index")
        made.append(place_of_part / "index")
    return made


def scores(questions: QuestionSet, ask: Callable[[str], Answer]) -> list[float]:
    """Return nDCG@10 of each judged question, in order."""
    judged = [one for one in questions.questions if one["_id"] in questions.judgments][:MOST]
    run: dict[str, dict[str, float]] = {}
    for question in judged:
        found: dict[str, float] = {}
        for quoted in ask(question["text"]).passages:
            found.setdefault(quoted.passage.document_id, 1 / quoted.rank)
        run[question["_id"]] = found
    judgments = {one["_id"]: questions.judgments[one["_id"]] for one in judged}
    scored = {one.query_id: one.value for one in ir_measures.iter_calc([nDCG @ 10], judgments, run)}
    return [scored.get(one["_id"], 0.0) for one in judged]


def main() -> None:
    options = command_line(__doc__)
    options.add_argument("sets", type=question_set, nargs="+", metavar="SET", help="folder of a question set")
    options.add_argument("--parts", type=int, default=2, help="corpora that its texts are dealt to (2)")
    given = options.parse_args()
    print("| set | corpora | questions | one index | several | difference |")
    print("|---|---|---|---|---|---|")
    for folder in given.sets:
        questions = read_set(folder)
        with Answerer(open_set_index(folder)) as whole:
            one = scores(questions, lambda text, whole=whole: whole.answer(text, PASSAGES))  # type: ignore[misc]
        for how in ("random", "order"):
            with ExitStack() as opened:
                parts = {
                    f"part-{number}": opened.enter_context(Answerer(open_index(index)))
                    for number, index in enumerate(deal(folder, given.parts, how))
                }
                several = scores(questions, lambda text, parts=parts: answer_from_several(parts, text, PASSAGES))  # type: ignore[misc]
            difference = np.array(several) - np.array(one)
            cells = f"{np.mean(one):.3f} | {np.mean(several):.3f} | {mean_with_interval(list(difference))}"
            print(f"| {folder.name} | {given.parts}, by {how} | {len(one)} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
