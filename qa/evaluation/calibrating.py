"""Judged questions -> a Calibration: logistic regression, monotone where sense demands it, and what it gains.

Reading a set and writing into an index are the command line's and ``index``'s; the packaged calibration is made by
``benchmarks/confidence.py`` with these functions.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from qa.answers.retrieval import gather_evidence
from qa.answers.verdicts import is_barred
from qa.datatypes import Evidence, Signals
from qa.errors import BadQuestion, BadQuestionSet, UnreadableDocument
from qa.evaluation.formats import question_file, read_questions
from qa.evaluation.judgments import judgments_of
from qa.evaluation.measures import auroc, brier, ece
from qa.evaluation.outcomes import LABEL_DEPTH, Grading, is_right
from qa.evaluation.question import SetQuestion
from qa.indexing.calibration import BINS, Calibration, HeldOut, Weight, packaged_calibration
from qa.indexing.index import Index
from qa.language import Language
from qa.limits import check_question
from qa.plurals import count

SIGNALS = tuple(field.name for field in fields(Signals))

_FALLING = {
    *("missing_word", "flagged_weight", "flagged_name", "flagged_unknown", "flagged_apart"),
    *("read_lacking", "term_missing"),
}
_EITHER = {"coherence", "length"}
DIRECTIONS = tuple(0 if name in _EITHER else -1 if name in _FALLING else 1 for name in SIGNALS)
"""Whether confidence may only rise (1) or only fall (-1) with a signal; 0 where both make sense: coherent passages are
many answers, or much of the same beside the point."""

LEAST_QUESTIONS = 50
LEAST_OF_EACH = 10
"""Fewer judged questions, or fewer right or wrong ones, are refused; `benchmarks/confidence.py` has what these give."""

PENALTY = 10.0
"""The ridge penalty of a refit against the sum of log losses; 3 and 30 gave the same to a hundredth of AUROC."""

_FOLDS = 10
_BATCH = 128
_SLOPE_PENALTY = 4.0  # as PENALTY, for the slope alone: a first value that was not varied

Floats = npt.NDArray[np.float64]

Progress = Callable[[int, int], None]
"""Called with how many questions are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Questions with a known outcome: ``signals`` is (n, len(SIGNALS)), ``right`` and ``flagged`` are 0 or 1,
    the latter where a question is never called answered (``verdicts.is_barred``)."""

    signals: Floats
    right: Floats
    flagged: Floats

    def __len__(self) -> int:
        """Return how many questions there are."""
        return len(self.right)

    def take(self, rows: npt.NDArray[np.int64]) -> "Labelled":
        """Return some of the questions."""
        return Labelled(self.signals[rows], self.right[rows], self.flagged[rows])


@dataclass(frozen=True, slots=True)
class Model:
    """Log odds: ``intercept + (signals - means) / scales @ weights``."""

    intercept: float
    means: Floats
    scales: Floats
    weights: Floats

    def log_odds(self, signals: Floats) -> Floats:
        """Return the (n,) log odds of (n, len(SIGNALS)) signals."""
        return np.asarray(self.intercept + (signals - self.means) / self.scales @ self.weights)

    def confidence(self, signals: Floats) -> Floats:
        """Return the (n,) probabilities."""
        return np.asarray(expit(self.log_odds(signals)))


@dataclass(frozen=True, slots=True)
class Gain:
    """What a calibration is worth on its own questions: (before, after) by measure, after held out, and the same where
    nothing was gained."""

    questions: int
    right: int
    auroc: tuple[float, float]
    ece: tuple[float, float]
    brier: tuple[float, float]
    is_gain: bool


def calibrate_on_set(
    index: Index,
    questions: Path,
    qrels: Path | None = None,
    least_grade: int = 1,
    progress: Progress = lambda done, total: None,
) -> tuple[Calibration, Gain, list[str]]:
    """Return a calibration for an index made on a set of judged questions, what it gains over the packaged one, and the
    problems that its files have. It keeps no promise but the default.

    Raises BadQuestionSet when the set cannot be used, or knows the outcome of too few questions.
    """
    file = question_file(questions)
    lines = list(read_questions(questions))
    asked, repeated = _each_once([line for line in lines if isinstance(line, SetQuestion)], index.language)
    problems = [str(line) for line in lines if isinstance(line, UnreadableDocument)]
    if not asked:
        raise BadQuestionSet(f"{questions} holds no question: name another file.")
    if repeated:
        problems.append(f"{file.name}: {count(repeated, 'question')} asked before in the same words")
    judgments, unfit = judgments_of(questions, qrels, {question.id for question in asked}, index)
    grading = Grading(judgments, (), least_grade)
    labelled = label_questions(index, asked, grading, lambda done: progress(done, len(asked)))
    options = [*(["--qrels", str(qrels)] if qrels else []), "--least-grade", str(least_grade)]
    origin = {
        "made": datetime.now(UTC).date().isoformat(),
        "command": shlex.join(["qa", "calibrate", str(questions), *options]),
        "embedder_checksum": index.manifest.embedder_checksum,
        "reader_checksum": index.reader.checksum if index.reader else "",
    }
    packaged = packaged_calibration(read=index.reader is not None)
    made, gain = calibrate(packaged, labelled, origin, file.name)
    return made, gain, [*problems, *unfit]


def _each_once(questions: Sequence[SetQuestion], language: Language) -> tuple[list[SetQuestion], int]:
    """Return the questions without repetitions, and how many these were: a question that stands in a fit and among what
    is held out of it would count as foretold."""
    first = {tuple(sorted(language.stems(question.text))): question for question in reversed(questions)}
    kept = set(map(id, first.values()))
    return [question for question in questions if id(question) in kept], len(questions) - len(first)


# --- labels --------------------------------------------------------------------------------------------------


def label_questions(
    index: Index,
    questions: Iterable[SetQuestion],
    grading: Grading,
    progress: Callable[[int], None] = lambda done: None,
) -> Labelled:
    """Return the questions of a set of which it is known whether the passages answer; refused ones are passed over."""
    rows, right, barred = [], [], []
    for question, evidence in _gather(index, questions, progress):
        documents = list(dict.fromkeys(index.passage(hit.row).document_id for hit in evidence.ranking))
        outcome = is_right(question, documents, grading)
        if outcome is not None:
            rows.append(astuple(evidence.signals))
            right.append(float(outcome))
            barred.append(float(is_barred(evidence)))
    return Labelled(np.array(rows, np.float64).reshape(-1, len(SIGNALS)), np.array(right), np.array(barred))


def _gather(
    index: Index, questions: Iterable[SetQuestion], progress: Callable[[int], None]
) -> Iterator[tuple[SetQuestion, Evidence]]:
    done, left = 0, iter(questions)
    while batch := list(islice(left, _BATCH)):
        asked = [question for question in batch if _is_question(question.text)]
        texts = [check_question(question.text) for question in asked]
        yield from zip(asked, gather_evidence(texts, index, LABEL_DEPTH, with_parts=False), strict=True)
        done += len(batch)
        progress(done)


def _is_question(text: str) -> bool:
    try:
        check_question(text)
    except BadQuestion:
        return False
    return True


# --- fitting -------------------------------------------------------------------------------------------------


def fit(  # noqa: PLR0913, PLR0917 - what a penalised regression is made of
    signals: Floats,
    right: Floats,
    shares: Floats,
    prior: Floats,
    penalty: float,
    directions: Sequence[int] = DIRECTIONS,
) -> tuple[float, Floats]:
    """Return the intercept and the weights of (n, d) standardised signals that minimise the mean log loss, each
    question counting its share, plus ``penalty / 2 * |weights - prior|²``; no weight has the wrong sign."""
    shares = shares / shares.sum()

    def loss(values: Floats) -> tuple[float, Floats]:
        odds = signals @ values[1:] + values[0]
        apart = values[1:] - prior
        error = shares * (expit(odds) - right)
        total = float(shares @ (np.logaddexp(0, odds) - right * odds)) + penalty / 2 * float(apart @ apart)
        return total, np.concatenate([[error.sum()], signals.T @ error + penalty * apart])

    bounds = [(None, None), *((0 if up > 0 else None, 0 if up < 0 else None) for up in directions)]
    start = np.concatenate([[0.0], prior])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-9})
    return float(found.x[0]), np.asarray(found.x[1:])


def platt(odds: Floats, right: Floats, shares: Floats, penalty: float = 0.0) -> tuple[float, float]:
    """Return the slope, 0 or more, and the intercept that make log odds probable (Platt 1999), with
    ``penalty / 2 * (slope - 1)²`` on the mean log loss."""
    shares = shares / shares.sum()

    def loss(values: Floats) -> tuple[float, Floats]:
        scaled = values[0] * odds + values[1]
        error = shares * (expit(scaled) - right)
        apart = values[0] - 1
        total = float(shares @ (np.logaddexp(0, scaled) - right * scaled)) + penalty / 2 * apart**2
        return total, np.array([error @ odds + penalty * apart, error.sum()])

    start = np.array([1.0, 0.0])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
    return float(found.x[0]), float(found.x[1])


def refit(model: Model, labelled: Labelled) -> Model:
    """Return a model for these questions: the given one moved and stretched as a whole (Platt), then each weight as far
    as the questions bear it out, the given weights being the prior of a ridge."""
    ones = np.ones(len(labelled))
    slope, _ = platt(model.log_odds(labelled.signals), labelled.right, ones, _SLOPE_PENALTY / len(labelled))
    standard = (labelled.signals - model.means) / model.scales
    intercept, weights = fit(standard, labelled.right, ones, slope * model.weights, PENALTY / len(labelled))
    return Model(intercept, model.means, model.scales, weights)


def held_out_confidence(model: Model, labelled: Labelled, seed: int = 0) -> Floats:
    """Return for each question the confidence by a refit without it, in ten folds."""
    order = np.random.default_rng(seed).permutation(len(labelled))
    found = np.empty(len(labelled))
    for fold in range(_FOLDS):
        rows = order[fold::_FOLDS]
        others = np.setdiff1d(order, rows)
        found[rows] = refit(model, labelled.take(others)).confidence(labelled.signals[rows])
    return found


# --- a calibration ------------------------------------------------------------------------------------------


def calibrate(
    packaged: Calibration, labelled: Labelled, origin: Mapping[str, str], name: str
) -> tuple[Calibration, Gain]:
    """Return a calibration for a user's questions, and what it gains over the packaged one.

    Where refitting gains nothing the packaged weights stay, and only the promises are made on these questions.
    ``origin`` has ``made``, ``command``, ``embedder_checksum`` and ``reader_checksum``. Raises BadQuestionSet below
    LEAST_QUESTIONS.
    """
    _check_enough(labelled)
    before = model_of(packaged).confidence(labelled.signals)
    model, after, is_gain = adapt(model_of(packaged), labelled)
    right = labelled.right
    gain = Gain(
        questions=len(labelled),
        right=int(right.sum()),
        auroc=(auroc(before, right), auroc(after, right)),
        ece=(ece(before, right), ece(after, right)),
        brier=(brier(before, right), brier(after, right)),
        is_gain=is_gain,
    )
    return calibration_of(model, count_held_out(after, labelled), {name: len(labelled)}, origin), gain


def adapt(model: Model, labelled: Labelled) -> tuple[Model, Floats, bool]:
    """Return the model refitted, the confidences that its questions had held out, and True; or the model as it is, its
    own confidences and False, where the held-out Brier score would not fall.

    The choice is made on the same questions that promises are then counted on, one of two: that much they are too good.
    """
    before, after = model.confidence(labelled.signals), held_out_confidence(model, labelled)
    if brier(after, labelled.right) < brier(before, labelled.right):
        return refit(model, labelled), after, True
    return model, before, False


def _check_enough(labelled: Labelled) -> None:
    right, all_ = int(labelled.right.sum()), len(labelled)
    if all_ < LEAST_QUESTIONS or min(right, all_ - right) < LEAST_OF_EACH:
        raise BadQuestionSet(
            f"{count(all_, 'question')} of the set {'has' if all_ == 1 else 'have'} a known outcome, {right:,} "
            f"answered and {all_ - right:,} not; calibrating needs {LEAST_QUESTIONS}, with {LEAST_OF_EACH} of either "
            "kind: judge more questions, or add some that the texts cannot answer."
        )


def count_held_out(confidence: Floats, labelled: Labelled) -> HeldOut:
    """Return the questions counted by confidence, by whether they are right, and by whether they are barred."""
    bins = np.minimum((np.round(confidence, 4) * BINS + 1e-9).astype(int), BINS - 1)
    right, flagged = labelled.right > 0, labelled.flagged > 0

    def count(rows: npt.NDArray[np.bool_]) -> tuple[int, ...]:
        return tuple(np.bincount(bins[rows], minlength=BINS).tolist())

    return HeldOut(count(right & ~flagged), count(~right & ~flagged), count(right & flagged), count(~right & flagged))


def calibration_of(
    model: Model, held_out: HeldOut, questions: Mapping[str, int], origin: Mapping[str, str]
) -> Calibration:
    """Return a model as it is stored, its numbers rounded to five places."""
    columns = zip(SIGNALS, model.means, model.scales, model.weights, strict=True)
    signals = {
        name: Weight(round(float(mean), 5), round(float(scale), 5), round(float(weight), 5))
        for name, mean, scale, weight in columns
    }
    return Calibration(
        made=origin["made"],
        command=origin["command"],
        questions=dict(questions),
        embedder_checksum=origin["embedder_checksum"],
        intercept=round(model.intercept, 5),
        signals=signals,
        held_out=held_out,
        reader_checksum=origin["reader_checksum"],
    )


def model_of(calibration: Calibration) -> Model:
    """Return a stored model as arrays."""
    weights = [calibration.signals[name] for name in SIGNALS]
    return Model(
        calibration.intercept,
        np.array([by.mean for by in weights]),
        np.array([by.scale for by in weights]),
        np.array([by.weight for by in weights]),
    )
