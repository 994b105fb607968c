"""``qa evaluate`` and ``qa calibrate``: a set of questions, measured or learned from."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.command.options import (
    PATH,
    SCOPE,
    index_option,
    list_left_out,
    miss_option,
    reader_option,
    refusing,
    risk_option,
    scope_options,
)
from qa.command.progress import Progress
from qa.errors import BadSettings, RequirementMissed
from qa.limits import MAX_K

if TYPE_CHECKING:  # what measures is heavy
    from qa.evaluation.evaluating import Evaluation
    from qa.evaluation.requirements import Requirement


@click.command()
@click.argument("questions", type=PATH)
@click.option("--qrels", type=PATH, help="Judgments. [default: qrels.tsv beside the questions]")
@click.option(
    "-k", type=click.IntRange(1, MAX_K), default=10, show_default=True, help="How many passages an answer has."
)
@click.option("--answers", type=PATH, help="Write every answer here, one JSON object a line.")
@click.option("--json", "as_json", type=PATH, help="Write all measures here as JSON.")
@click.option("--report", type=PATH, help="Write a page here that shows it all.")
@click.option("--compare", "compared", type=PATH, help="Another run's --answers file to compare with.")
@click.option("--require", "required", multiple=True, help="Fail unless this holds, as in 'ndcg@10>=0.7'. Repeatable.")
@click.option(
    "--least-grade",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Least grade that answers.",
)
@scope_options
@reader_option
@risk_option
@miss_option
@index_option
@refusing
def evaluate(index: Path, as_json: Path | None, report: Path | None, required: tuple[str, ...], **task: Any) -> None:
    """Answer the set QUESTIONS and tell how well, where it fails, and what the corpus lacks.

    QUESTIONS is .jsonl of {"_id", "text"} with labels, .csv or .tsv with a header, .txt with one question a line, a
    BEIR folder, TREC topics, or SQuAD 2.0 .json. An interrupted evaluation goes on where it ended when the same
    command is given again.

    \b
    Examples:
      qa evaluate questions.txt --report report.html
      qa evaluate set/questions.jsonl --answers run.jsonl --json measures.json
      qa evaluate set/questions.jsonl --compare earlier-run.jsonl
      qa evaluate set/questions.jsonl --require 'ndcg@10>=0.7'
    """
    from qa.evaluation.requirements import parse_requirement, ranking_measure_of

    requirements = [parse_requirement(text) for text in required]
    _check_outputs([task["answers"], as_json, report], [task["questions"], task["qrels"], task["compared"]])
    extra = tuple(name for name in map(ranking_measure_of, requirements) if name)
    from qa.answers.verdicts import WantedPromise
    from qa.command.terminal import render_evaluation
    from qa.datatypes import Scope
    from qa.evaluation.evaluating import Task, evaluate, evaluation_payload
    from qa.evaluation.formats import question_file
    from qa.evaluation.report import write_report
    from qa.indexing.generations import current_generation
    from qa.service import open_answerer

    scope = Scope(**{name: task.pop(name) for name in SCOPE})
    wanted, reads = WantedPromise(task.pop("risk"), task.pop("miss")), task.pop("reading") == "on"
    question_file(task["questions"])
    current_generation(index)
    with Progress() as progress:
        evaluation = evaluate(
            open_answerer(index, wanted, reads),
            Task(**task, scope=scope, extra_measures=extra),
            lambda done, total: progress("Answering", done, total),
        )
    list_left_out(evaluation.problems)
    render_evaluation(evaluation)
    if as_json:
        _write(as_json, json.dumps(evaluation_payload(evaluation), indent=2, ensure_ascii=False) + "\n")
    if report:
        write_report(evaluation, report)
    if task["answers"] is None:
        evaluation.run.unlink(missing_ok=True)
    _check_met(requirements, evaluation)


@click.command()
@click.argument("questions", type=PATH, required=False)
@click.option("--qrels", type=PATH, help="Judgments. [default: qrels.tsv beside the questions]")
@click.option("--least-grade", type=click.IntRange(1), default=1, show_default=True, help="Least grade that answers.")
@click.option("--reset", is_flag=True, help="Forget the index's own calibration, and use the one that is bundled.")
@risk_option
@miss_option
@index_option
@refusing
def calibrate(
    questions: Path | None, qrels: Path | None, least_grade: int, reset: bool, index: Path, **given: Any
) -> None:
    """Make the confidence mean what it says on your own texts: refit it on the judged set QUESTIONS.

    QUESTIONS is a set as `qa evaluate` reads it, of at least 50 questions that are judged or labelled "answerable", at
    least 10 of them answered by the texts and 10 not; 200 prove more. The result is kept in the index, also when that
    is built again; calibrate anew when its texts or the kind of questions have changed much. A running `qa serve`
    notices.

    \b
    Examples:
      qa calibrate my-questions/questions.jsonl --index my-index
      qa calibrate --reset --index my-index
    """
    from qa.indexing.calibration import save_calibration
    from qa.indexing.generations import current_generation, shown_index
    from qa.indexing.index import open_index

    current_generation(index)
    if reset and questions:
        raise BadSettings("Give either QUESTIONS to calibrate on, or --reset.")
    if reset:
        save_calibration(index, None)
        click.echo(f"{shown_index(index)} uses the calibration that is bundled.")
        return
    if questions is None:
        raise BadSettings("There is nothing to calibrate on: name a file of judged questions, or give --reset.")
    from qa.answers.verdicts import WantedPromise, draw_thresholds
    from qa.command.terminal import promise_words, render_gain
    from qa.evaluation.calibrating import calibrate_on_set
    from qa.indexing.calibration import DEFAULT_PROMISE

    with Progress() as progress:
        made, gain, problems = calibrate_on_set(
            open_index(index, with_own_calibration=False),
            questions,
            qrels,
            least_grade,
            lambda done, total: progress("Answering", done, total),
        )
    list_left_out(problems)
    render_gain(gain)
    promise = WantedPromise(given["risk"], given["miss"]).given(DEFAULT_PROMISE)
    save_calibration(index, replace(made, promise=promise))
    if not gain.is_gain:
        click.echo("Refitting gains nothing here: only the verdicts are made anew on these questions.")
    click.echo(promise_words(draw_thresholds(made, promise, is_own=True), promise, is_own=True))


def _check_met(requirements: "Sequence[Requirement]", evaluation: "Evaluation") -> None:
    missed = [requirement for requirement in requirements if not requirement.met_by(evaluation.measures)]
    if missed:
        raise RequirementMissed(f"Not met: {', '.join(map(str, missed))}.")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path} cannot be written ({error.strerror}): name another file.") from error


def _check_outputs(outputs: Sequence[Path | None], inputs: Sequence[Path | None]) -> None:
    """Raise BadSettings for a file that cannot be written, or that would take the place of another: before the work."""
    taken = {path.resolve() for path in inputs if path}
    for path in filter(None, outputs):
        if path.resolve() in taken:
            raise BadSettings(f"{path} is named twice, and would be overwritten: name another file.")
        taken.add(path.resolve())
        was_there = path.exists()
        try:
            path.open("ab").close()  # which alone tells whether it can be: rights, full disks, folders in the way
            if not was_there:
                path.unlink()
        except OSError as error:
            raise BadSettings(
                f"{path.absolute()} cannot be written ({error.strerror}): name a file in a folder that is there and "
                "can be written to."
            ) from error
