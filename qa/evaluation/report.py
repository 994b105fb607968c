"""An evaluation as one page that needs nothing else: measures, curves, questions, failures, coverage gaps."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qa import __version__
from qa.datatypes import Verdict
from qa.errors import BadQuestionSet
from qa.evaluation.comparing import Swing
from qa.evaluation.evaluating import Evaluation
from qa.evaluation.measures import LOWER_IS_BETTER
from qa.evaluation.outcomes import Outcomes
from qa.evaluation.plots import reliability_plot, risk_coverage_curve, score_histogram
from qa.evaluation.runs import ranked_documents, read_run
from qa.plurals import count

_ROWS = 2000  # questions in the table; a page with more is slow to sort
_FAILURES = 20
_GAPS = 100
_SHOWN_PASSAGES = 3

Row = dict[str, Any]


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Write the report. Raises BadQuestionSet when the file cannot be written."""
    page = render_report(evaluation)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadQuestionSet(f"{path} cannot be written ({error.strerror}): name another file.") from error


def render_report(evaluation: Evaluation) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    failures = _failures(evaluation)
    rows = _rows(evaluation, {row["number"] for row in failures})
    return environment.get_template("report.html").render(
        evaluation=evaluation,
        version=__version__,
        counted=count,
        plots=_plots(evaluation.outcomes),
        rows=rows,
        failures=failures,
        gaps=evaluation.gaps[:_GAPS],
        swings=_swing_rows(evaluation),
        lower_is_better=LOWER_IS_BETTER,
    )


def _plots(outcomes: Outcomes) -> list[tuple[str, Markup]]:
    """Return (title, drawing) of the curves; none where it is not known which answers are right."""
    confidence, right = outcomes.column("confidence"), outcomes.column("right")
    known = ~np.isnan(right)
    if not known.any():
        return []
    drawings = {
        "Confidence of right and wrong answers": score_histogram,
        "Risk against coverage": risk_coverage_curve,
        "Reliability": reliability_plot,
    }
    # The drawings hold numbers and fixed words alone, no text of a question or corpus.
    return [(title, Markup(draw(confidence[known], right[known]))) for title, draw in drawings.items()]  # noqa: S704


def _severity(outcomes: Outcomes, main: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how bad each outcome is, 0 to 2: how far confidence is from being right, and the ranking from perfect."""
    confidence, right, score = (outcomes.column(name) for name in ("confidence", "right", main))
    missed = np.where(np.isnan(right), 0, np.abs(confidence - right))
    return np.asarray(missed + np.where(np.isnan(score), 0, 1 - score))


def _chosen(evaluation: Evaluation, count: int) -> set[int]:
    order = np.argsort(-_severity(evaluation.outcomes, evaluation.ranking_measures[0]), kind="stable")
    return set(order[:count].tolist())


def _rows(evaluation: Evaluation, failures: set[int]) -> list[Row]:
    """Return the table's rows in the order of the set: all questions, or the worst ones where there are too many."""
    chosen = _chosen(evaluation, _ROWS) | failures
    return [_row(evaluation, number, answer) for number, answer in _answers(evaluation) if number in chosen]


def _failures(evaluation: Evaluation) -> list[Row]:
    """Return the worst outcomes, worst first, with their passages."""
    severity = _severity(evaluation.outcomes, evaluation.ranking_measures[0])
    chosen = {number for number in _chosen(evaluation, _FAILURES) if severity[number] > 0.5}
    rows = [
        {**_row(evaluation, number, answer), "passages": answer["passages"][:_SHOWN_PASSAGES]}
        for number, answer in _answers(evaluation)
        if number in chosen
    ]
    return sorted(rows, key=lambda row: (-severity[row["number"]], row["number"]))


def _answers(evaluation: Evaluation) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return enumerate(read_run(evaluation.run))


def _row(evaluation: Evaluation, number: int, answer: Mapping[str, Any]) -> Row:
    outcomes = evaluation.outcomes
    return {
        "number": number,
        "id": answer["_id"],
        "question": answer["question"],
        "verdict": answer["verdict"],
        "confidence": answer["confidence"],
        "note": answer["note"],
        "outcome": outcome_of(_known(outcomes.column("right")[number]), answer["verdict"]),
        "score": _known(outcomes.column(evaluation.ranking_measures[0])[number]),
        "documents": ranked_documents(dict(answer))[:_SHOWN_PASSAGES],
        "flagged": [term["text"] for term in answer["terms"] if term["state"] != "known"],
    }


def outcome_of(right: float | None, verdict: str) -> str:
    """Return in words how an answer fared, "" where it is not known; not to answer what the texts do not is right."""
    if right is None:
        return ""
    refused = verdict == Verdict.NOT_IN_CORPUS
    if right:
        return "refused in error" if refused else "right"
    return "rightly refused" if refused else "wrong"


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _swing_rows(evaluation: Evaluation) -> list[tuple[Swing, Mapping[str, Any], Mapping[str, Any]]]:
    """Return (swing, this answer, other answer) of the largest swings of a comparison."""
    if evaluation.comparison is None or evaluation.task.compared is None:
        return []
    wanted = {swing.id for swing in evaluation.comparison.swings}
    this, other = (
        {answer["_id"]: answer for answer in read_run(path) if answer["_id"] in wanted}
        for path in (evaluation.run, evaluation.task.compared)
    )
    return [(swing, this[swing.id], other[swing.id]) for swing in evaluation.comparison.swings]
