"""A set and an index -> an Evaluation: what ``qa evaluate`` does, from reading to measures."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qa import __version__
from qa.answers.answering import Answerer
from qa.datatypes import EVERYTHING, Scope
from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.comparing import Comparison, compare
from qa.evaluation.formats import question_file, read_questions
from qa.evaluation.gaps import Gap, find_gaps
from qa.evaluation.judgments import judgments_of
from qa.evaluation.measures import Estimate, measure
from qa.evaluation.outcomes import Grading, Outcomes, collect_outcomes
from qa.evaluation.question import SetQuestion
from qa.evaluation.runs import Asked, Run, answer_set, read_run, run_key
from qa.plurals import count

Progress = Callable[[int, int], None]
"""Called with how many questions are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to evaluate, and how: ``questions`` a file or BEIR folder, ``k`` passages an answer, ``answers`` the file
    for the run or None to keep none, ``compared`` another run of the set, ``scope`` the texts that are asked."""

    questions: Path
    qrels: Path | None = None
    k: int = 10
    answers: Path | None = None
    compared: Path | None = None
    least_grade: int = 1
    scope: Scope = EVERYTHING
    extra_measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out. ``problems`` are lines, ids and judgments that were left out or do not fit, each a sentence."""

    task: Task
    manifest: dict[str, Any]
    questions: int
    verdicts: dict[str, int]
    measures: dict[str, Estimate]
    ranking_measures: tuple[str, ...]
    outcomes: Outcomes
    gaps: list[Gap]
    problems: tuple[str, ...]
    run: Path
    comparison: Comparison | None = None


@dataclass
class _Set:
    """A set that was read once: its problems and its size. Its questions are read again whenever they are needed."""

    path: Path
    questions: int = 0
    ids: set[str] = field(default_factory=set)
    problems: list[UnreadableDocument] = field(default_factory=list)

    def __post_init__(self) -> None:
        for line in read_questions(self.path):
            if isinstance(line, UnreadableDocument):
                self.problems.append(line)
            else:
                self.ids.add(line.id)
        self.questions = len(self.ids)
        if not self.questions:
            reason = f" ({self.problems[0]})" if self.problems else ""
            raise BadQuestionSet(f"{self.path} holds no question{reason}: name another file.")

    def read(self) -> Iterator[SetQuestion]:
        """Yield the questions in order."""
        return (line for line in read_questions(self.path) if isinstance(line, SetQuestion))


def evaluate(answerer: Answerer, task: Task, progress: Progress = lambda done, total: None) -> Evaluation:
    """Answer a set and measure the answers.

    Raises BadQuestionSet when the set, its judgments or the compared run cannot be used, or do not belong together.
    """
    questions = _Set(task.questions)
    judgments, judgment_problems = judgments_of(task.questions, task.qrels, questions.ids, answerer.index)
    if task.compared is not None:
        _check_comparable(questions, task.compared)
    run = _run_of(task, answerer)
    asked = Asked(answerer, task.k, task.scope)
    answer_set(asked, questions.read(), run, lambda done: progress(done, questions.questions))
    ranking_measures = _ranking_measures(task)
    grading = Grading(judgments, ranking_measures, task.least_grade)
    outcomes = collect_outcomes(_pairs(questions, run.path), grading)
    comparison = None
    if task.compared is not None:
        other = collect_outcomes(_pairs_by_id(questions, task.compared), grading)
        comparison = compare(outcomes, other, ranking_measures)
    return Evaluation(
        task=task,
        manifest=asdict(answerer.index.manifest),
        questions=questions.questions,
        verdicts=_verdicts(run.path),
        measures=measure(outcomes, ranking_measures),
        ranking_measures=ranking_measures,
        outcomes=outcomes,
        gaps=find_gaps(read_run(run.path), answerer.index.language),
        problems=(*map(str, questions.problems), *judgment_problems),
        run=run.path,
        comparison=comparison,
    )


def _run_of(task: Task, answerer: Answerer) -> Run:
    """Return where the run goes: the file that was named, else one beside the index, so that it can be resumed too."""
    key = run_key(question_file(task.questions), Asked(answerer, task.k, task.scope))
    if task.answers is not None:
        return Run(task.answers, key)
    folder = answerer.index.folder / "runs"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BadQuestionSet(f"{folder} cannot be made ({error.strerror}): name a file with --answers.") from error
    return Run(folder / f"{key[:16]}.jsonl", key)


def _ranking_measures(task: Task) -> tuple[str, ...]:
    """Return the ranking measures, cut where the answers end, with those that a requirement asks for."""
    cutoffs = sorted({min(10, task.k), task.k})
    usual = [f"{kind}@{cutoff}" for kind in ("ndcg", "recall", "mrr", "map") for cutoff in cutoffs]
    success = [f"success@{cutoff}" for cutoff in sorted({1, 3, 5, *cutoffs}) if cutoff <= task.k]
    return tuple(dict.fromkeys([*usual, *success, *task.extra_measures]))


def _pairs(questions: _Set, run: Path) -> Iterator[tuple[SetQuestion, dict[str, Any]]]:
    return zip(questions.read(), read_run(run), strict=True)


def _pairs_by_id(questions: _Set, run: Path) -> Iterator[tuple[SetQuestion, dict[str, Any]]]:
    """Yield the pairs of a foreign run, whose questions may be others or in another order.

    A question is the same when its id and its words are: another set can have the same ids.
    """
    by_id = {question.id: question for question in questions.read()}
    for answer in read_run(run):
        question = by_id.get(answer["_id"])
        if question and _words(question.text) == _words(answer["question"]):
            yield question, answer


def _words(text: str) -> list[str]:
    """Return a question without what reading and writing it may change: white space, and what is no character."""
    return text.encode("utf-8", "backslashreplace").decode().split()


def _check_comparable(questions: _Set, compared: Path) -> None:
    """Raise BadQuestionSet when a run has less than half of the questions, of its own or the set's as there are
    fewer."""
    asked = sum(1 for _ in read_run(compared))
    shared = sum(1 for _ in _pairs_by_id(questions, compared))
    if shared * 2 < min(asked, questions.questions) or not shared:
        raise BadQuestionSet(
            f"{compared} has {count(asked, 'answer')}, {shared:,} of them to questions of {questions.path}: it is a "
            "run of another set; name a run of this one."
        )


def _verdicts(run: Path) -> dict[str, int]:
    counts = {"answered": 0, "uncertain": 0, "not_in_corpus": 0}
    for answer in read_run(run):
        counts[answer["verdict"]] += 1
    return counts


def evaluation_payload(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as JSON: what was asked of which index, by which versions, and all measures."""
    task = evaluation.task
    comparison = evaluation.comparison
    return {
        "questions": str(task.questions),
        "questions_checksum": _checksum(question_file(task.questions)),
        "question_count": evaluation.questions,
        "k": task.k,
        "scope": asdict(task.scope),
        "least_grade": task.least_grade,
        "version": __version__,
        "python": sys.version.split()[0],
        "index": evaluation.manifest,
        "verdicts": evaluation.verdicts,
        "measures": {name: _without_nan(asdict(estimate)) for name, estimate in evaluation.measures.items()},
        "coverage_gaps": [asdict(gap) for gap in evaluation.gaps],
        "comparison": asdict(comparison) if comparison else None,
        "problems": list(evaluation.problems),
    }


def _without_nan(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with None for NaN, which is no JSON."""
    return {name: None if value != value else value for name, value in fields.items()}  # noqa: PLR0124


def _checksum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
