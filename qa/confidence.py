"""Signals -> confidence, and confidence -> verdict: a fitted model, and bounds on how often a verdict is wrong.

The model is a logistic regression with few weights, all in ``calibration.json`` beside this file: a person can read
them and compute with them. An index can hold its own, which ``qa calibrate`` makes from judged questions. Fitting is
``evaluation.calibrating``'s.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from math import ceil, exp, lgamma, log
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.datatypes import Evidence, Signals, TermReport, TermState, Verdict
from qa.limits import DEFAULT_MISS, DEFAULT_RISK, SHARES

PACKAGED = Path(__file__).with_name("calibration.json")

BINS = 100
"""Steps of confidence in which held-out questions are counted, and in which thresholds move."""

LEVEL = 0.975
"""How sure the bound on one share is. Two promises are made at a time; each gets half of 5 % that may go wrong. What
is bound is the share in the long run: among the next twenty answers there may be more by chance."""

_FAR = 30.0  # log odds beyond which a probability no longer shows a difference

_TINY = 1e-18  # of a sum, below which a term no longer changes it
_MOST_COUNTED = 10_000_000  # questions held out of a fit
_LARGEST = 1e6  # of any number of a fit, which are near 1

_BEGIN = "{\n"
_SEAL = '{{\n  "checksum": "{}",\n'

_FLAGGED = {TermState.UNKNOWN, TermState.UNESTABLISHED}

Counts = tuple[int, ...]
"""How many questions have a confidence in each of the BINS."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A signal counts ``weight`` times its distance from ``mean`` in units of ``scale``."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Questions that had no part in the fit, counted by their confidence and by whether the passages answered.

    Only those without a flagged term can get the verdict ``answered``, so these are counted apart.
    """

    clear_right: Counts
    clear_wrong: Counts
    flagged_right: Counts
    flagged_wrong: Counts


@dataclass(frozen=True, slots=True)
class Promise:
    """What the verdicts hold to, both together with 95 % confidence, for questions drawn as those that were held out.

    That is a promise where these are one's own (`qa calibrate`). Of the packaged calibration they are of several sets,
    which differ more from each other than the bound allows for.

    ``risk``: the largest share of the answers with verdict ``answered`` that may be wrong; ``miss``: of those with
    verdict ``not_in_corpus`` that may be right after all.
    """

    risk: float = DEFAULT_RISK
    miss: float = DEFAULT_MISS


DEFAULT_PROMISE = Promise()


@dataclass(frozen=True, slots=True)
class WantedPromise:
    """What an asker wants the verdicts to hold to; None leaves a share as the calibration has it."""

    risk: float | None = None
    miss: float | None = None

    def given(self, kept: Promise) -> Promise:
        """Return the promise, with what a calibration keeps where nothing is wanted."""
        risk, miss = self.risk, self.miss
        return Promise(kept.risk if risk is None else risk, kept.miss if miss is None else miss)


NOTHING_WANTED = WantedPromise()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``answered`` from this confidence on, ``not_in_corpus`` below that one; None where no threshold keeps the
    promise."""

    answered: float | None
    not_in_corpus: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted model. ``made``, ``command``, ``questions`` (how many by set) and ``embedder_checksum`` tell of what;
    ``promise`` is what its owner wants the verdicts to hold to, unless an asker wants otherwise."""

    made: str
    command: str
    questions: Mapping[str, int]
    embedder_checksum: str
    intercept: float
    signals: Mapping[str, Weight]
    held_out: HeldOut
    promise: Promise = DEFAULT_PROMISE

    def confidence(self, signals: Signals) -> float:
        """Return the probability in (0, 1) that the first five passages answer, rounded to four places."""
        return round(1 / (1 + exp(-min(max(self.log_odds(signals), -_FAR), _FAR))), 4)

    def log_odds(self, signals: Signals) -> float:
        """Return the intercept and all contributions together."""
        return self.intercept + sum(self.contributions(signals).values())

    def contributions(self, signals: Signals) -> dict[str, float]:
        """Return what each signal that counts adds to the log odds."""
        return {
            name: by.weight * (getattr(signals, name) - by.mean) / by.scale
            for name, by in self.signals.items()
            if by.weight
        }


@cache
def packaged_calibration() -> Calibration:
    """Return the calibration that was fitted on the development sets, see ``benchmarks/confidence.py``."""
    return read_calibration(PACKAGED.read_text(encoding="utf-8"))


def is_flagged(terms: Sequence[TermReport]) -> bool:
    """Whether the texts lack a term: such a question is never called answered."""
    return any(report.state in _FLAGGED for report in terms)


def confidence(evidence: Evidence, calibration: Calibration) -> float:
    """Return the probability that the passages answer, 0 when nothing was found."""
    return calibration.confidence(evidence.signals) if evidence.ranking else 0.0


def verdict(evidence: Evidence, certain: float, thresholds: Thresholds) -> Verdict:
    """Return what a confidence amounts to. A question with a flagged term is never answered outright."""
    if not evidence.ranking or (thresholds.not_in_corpus is not None and certain < thresholds.not_in_corpus):
        return Verdict.NOT_IN_CORPUS
    if thresholds.answered is None or certain < thresholds.answered or is_flagged(evidence.terms):
        return Verdict.UNCERTAIN
    return Verdict.ANSWERED


# --- promises ------------------------------------------------------------------------------------------------


def keep_promise(held_out: HeldOut, promise: Promise) -> Thresholds:
    """Return the lowest threshold of ``answered`` and the highest of ``not_in_corpus`` that keep a promise.

    Neither crosses one half: what is more likely wrong is not called answered, however few of all are wrong.
    """
    clear_right, clear_wrong = np.array(held_out.clear_right), np.array(held_out.clear_wrong)
    right = clear_right + np.array(held_out.flagged_right)
    wrong = clear_wrong + np.array(held_out.flagged_wrong)
    half = BINS // 2
    most = _last_kept(clear_wrong[::-1][:half], clear_right[::-1][:half], promise.risk)
    least = _last_kept(right[:half], wrong[:half], promise.miss)
    return Thresholds(
        answered=None if most is None else round((BINS - most) / BINS, 2),
        not_in_corpus=None if least is None else round(least / BINS, 2),
    )


def _last_kept(errors: npt.NDArray[np.int64], others: npt.NDArray[np.int64], share: float) -> int | None:
    """Return how many bins can be taken from the front before the bound on the share of errors is above ``share``.

    Fixed-sequence testing: bins are added one after the other and the first failure ends it, so that the one result
    holds with the confidence of a single test (Angelopoulos et al., "Learn then test", 2021). It begins where there are
    twice as many questions as could pass without an error, which depends on no label. None where the first test fails.
    """
    counted = errors + others
    wrong, total = np.cumsum(errors), np.cumsum(counted)
    enough = 2 * ceil(log(1 - LEVEL) / log(1 - share))
    taken = None
    for place in np.flatnonzero((total >= enough) & (counted > 0)):  # nothing is promised where nothing was seen
        if may_be_above(share, int(wrong[place]), int(total[place])):
            break
        taken = int(place) + 1
    return taken


def may_be_above(share: float, errors: int, total: int) -> bool:
    """Whether the one-sided upper bound at LEVEL on a share of which ``errors`` of ``total`` were seen (Clopper and
    Pearson 1934) is above ``share`` in (0, 1): so few errors are then seen with a probability of over 1 - LEVEL.

    The binomial distribution is summed here, for to import scipy takes longer than to answer a question.
    """
    if errors > share * total:  # then half of the distribution or more lies below
        return True
    ways = (lgamma(total + 1) - lgamma(seen + 1) - lgamma(total - seen + 1) for seen in range(errors, -1, -1))
    odds, none = log(share / (1 - share)), total * log(1 - share)
    summed = 0.0
    for seen, way in zip(range(errors, -1, -1), ways, strict=True):  # they fall, and soon no longer count
        term = exp(way + seen * odds + none)
        summed += term
        if summed > 1 - LEVEL or term <= summed * _TINY:
            break
    return summed > 1 - LEVEL


# --- as a file -----------------------------------------------------------------------------------------------


def calibration_json(calibration: Calibration) -> str:
    """Return a calibration as it is stored: a line a signal, and counts in one line each."""
    fields = asdict(calibration)
    signals = ",\n".join(f"    {json.dumps(name)}: {json.dumps(by)}" for name, by in fields.pop("signals").items())
    counts = ",\n".join(f"    {json.dumps(name)}: {json.dumps(by)}" for name, by in fields.pop("held_out").items())
    if calibration.promise == DEFAULT_PROMISE:
        del fields["promise"]
    head = json.dumps(fields, indent=2, ensure_ascii=False).removesuffix("\n}")
    return f'{head},\n  "signals": {{\n{signals}\n  }},\n  "held_out": {{\n{counts}\n  }}\n}}\n'


def sealed_json(calibration: Calibration) -> str:
    """Return a calibration as an index stores it: with the checksum of all that follows in its first field."""
    text = calibration_json(calibration)
    return _SEAL.format(hashlib.sha256(text.encode()).hexdigest()) + text.removeprefix(_BEGIN)


def read_sealed(text: str) -> Calibration:
    """Return the calibration in a text that ``sealed_json`` made. Raises ValueError when it is none, or another."""
    head = len(_SEAL.format("0" * 64))
    rest = _BEGIN + text[head:]
    if text[:head] != _SEAL.format(hashlib.sha256(rest.encode(errors="replace")).hexdigest()):
        raise ValueError("it is not what was written: its checksum differs")
    return read_calibration(rest)


def read_calibration(text: str) -> Calibration:
    """Return the calibration in a text that ``calibration_json`` made. Raises ValueError when it is none."""
    try:
        fields: dict[str, Any] = json.loads(text)
        signals = {name: Weight(**by) for name, by in fields.pop("signals").items()}
        held_out = HeldOut(**{name: tuple(counts) for name, counts in fields.pop("held_out").items()})
        promise = Promise(**fields.pop("promise", {}))  # which an older one does not have
        calibration = Calibration(**fields, signals=signals, held_out=held_out, promise=promise)
        _check(calibration)
        calibration.log_odds(Signals())  # fails on an unknown signal
    except (KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"it is no calibration ({error})") from error
    return calibration


def _check(calibration: Calibration) -> None:
    """Raise ValueError for what cannot be computed with, be it a text, not finite, or beyond any fit."""
    told = (calibration.made, calibration.command, calibration.embedder_checksum, *calibration.questions)
    counts = [count for counted in asdict(calibration.held_out).values() for count in counted]
    numbers = [
        calibration.intercept,
        *(n for by in calibration.signals.values() for n in (by.mean, by.scale, by.weight)),
    ]
    if not all(isinstance(text, str) for text in told):
        raise ValueError("it does not tell how it was made")
    if not all(type(count) is int and count >= 0 for count in (*counts, *calibration.questions.values())):
        raise ValueError("it counts with what is no number of questions")
    if any(len(counted) != BINS for counted in asdict(calibration.held_out).values()) or sum(counts) > _MOST_COUNTED:
        raise ValueError("its numbers cannot be computed with")
    if not all(type(number) in {int, float} and abs(number) <= _LARGEST for number in numbers):
        raise ValueError("its numbers cannot be computed with")
    shares = asdict(calibration.promise).values()
    if not all(type(share) in {int, float} and SHARES[0] <= share <= SHARES[1] for share in shares):
        raise ValueError("it promises what cannot be promised")
    if any(by.scale == 0 for by in calibration.signals.values()):
        raise ValueError("its numbers cannot be computed with")
