"""Confidence -> verdict, with bounds on how often a verdict is wrong: what is promised, and from where on it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, lgamma, log

import numpy as np
import numpy.typing as npt

from qa.datatypes import Evidence, TermReport, TermState, Verdict
from qa.indexing.calibration import BINS, Calibration, HeldOut, Promise

LEVEL = 0.975
"""How sure the bound on one share is. Two promises are made at a time; each gets half of 5 % that may go wrong. What
is bound is the share in the long run: among the next twenty answers there may be more by chance."""

FIRST_SHARE = 0.1
"""Of the questions held out: so many are tested first. Fewer say little, and a failure by chance would end it."""

LEAST_SHOWN = 20
"""Questions that a threshold which is not proven rests on: of fewer, one more that is right would move it."""

_TINY = 1e-18  # of a sum, below which a term no longer changes it
_TINY_STEP = 1e-9  # of a bin: 0.29 times a hundred is a little less than 29

_FLAGGED = {TermState.UNKNOWN, TermState.UNESTABLISHED}


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
    promise. ``answered_proven`` and ``missing_proven`` are false where the questions at hand bear a threshold out, and
    do not prove it, or are not of the owner's."""

    answered: float | None
    not_in_corpus: float | None
    answered_proven: bool = True
    missing_proven: bool = True


def is_flagged(terms: Sequence[TermReport]) -> bool:
    """Whether the texts lack a term."""
    return any(report.state in _FLAGGED for report in terms)


def is_barred(evidence: Evidence) -> bool:
    """Whether a question is never called answered: the texts lack a term, or are in another language. A calibration
    counts its questions by this, and ``calibration.RULE`` is to be raised when it changes."""
    return evidence.language is not None or is_flagged(evidence.terms)


def confidence(evidence: Evidence, calibration: Calibration) -> float:
    """Return the probability that the passages answer, 0 when nothing was found."""
    return calibration.confidence(evidence.signals) if evidence.ranking else 0.0


def verdict(evidence: Evidence, certain: float, thresholds: Thresholds) -> Verdict:
    """Return what a confidence amounts to. A question that is barred is never answered outright."""
    if not evidence.ranking or (thresholds.not_in_corpus is not None and certain < thresholds.not_in_corpus):
        return Verdict.NOT_IN_CORPUS
    if thresholds.answered is None or certain < thresholds.answered or is_barred(evidence):
        return Verdict.UNCERTAIN
    return Verdict.ANSWERED


# --- promises ------------------------------------------------------------------------------------------------


def draw_thresholds(calibration: Calibration, promise: Promise, is_own: bool) -> Thresholds:
    """Return the thresholds of a calibration: those that keep a promise where it ``is_own``, of the owner's questions.

    What others' questions prove does not hold for these texts. So the bundled one takes its confidence at its word:
    ``answered`` from ``1 - risk`` on. ``benchmarks/confidence.py`` has what that is worth on sets left out.
    """
    kept = keep_promise(calibration.held_out, promise)
    if is_own:
        return kept
    least_sure = (BINS - _bins_within(promise.risk)) / BINS
    return Thresholds(least_sure, kept.not_in_corpus, answered_proven=False, missing_proven=False)


def keep_promise(held_out: HeldOut, promise: Promise) -> Thresholds:
    """Return the lowest threshold of ``answered`` and the highest of ``not_in_corpus`` that keep a promise.

    The first is no lower than ``1 - risk``: what is itself more likely wrong than that is not called answered, however
    few of all are wrong. Where questions are too few to prove it, the confidence is taken at its word, as far as they
    do not speak against it. The second does not cross one half. Where questions are too few to prove that, it is the
    one at which they show half of the share, for what few show varies, and nothing else speaks for it.
    """
    clear_right, clear_wrong = np.array(held_out.clear_right), np.array(held_out.clear_wrong)
    right = clear_right + np.array(held_out.flagged_right)
    wrong = clear_wrong + np.array(held_out.flagged_wrong)
    half, few = BINS // 2, ceil(FIRST_SHARE * int((right + wrong).sum()))
    sure = _bins_within(promise.risk)
    errors, others = clear_wrong[::-1][:sure], clear_right[::-1][:sure]
    most = _last_kept(errors, others, promise.risk, few)
    likely = _last_borne_out(errors, others, promise.risk) if most is None else most
    least = _last_kept(right[:half], wrong[:half], promise.miss, few)
    shown = _last_shown(right[:half], wrong[:half], promise.miss / 2) if least is None else least
    return Thresholds(
        answered=None if likely is None else round((BINS - likely) / BINS, 2),
        not_in_corpus=None if shown is None else round(shown / BINS, 2),
        answered_proven=most is not None,
        missing_proven=least is not None,
    )


def _bins_within(share: float) -> int:
    """Return how many bins at one end lie whole within a share of all."""
    return int(share * BINS + _TINY_STEP)


Counted = npt.NDArray[np.int64]


def _last_borne_out(errors: Counted, others: Counted, share: float) -> int | None:
    """Return how many bins can be taken from the front with no larger share of errors, those with nothing in them
    included; None where the first has too many, or where all of them prove that the share is larger."""
    if not may_be_above(1 - share, int(others.sum()), int((errors + others).sum())):
        return None
    kept = np.flatnonzero(np.cumsum(errors) <= share * np.cumsum(errors + others))
    return int(kept[-1]) + 1 if len(kept) else None


def _last_shown(errors: Counted, others: Counted, share: float) -> int | None:
    """Return how many bins can be taken from the front with no larger share of errors, None where that is none, or
    where fewer than ``LEAST_SHOWN`` questions are in them."""
    wrong, total = np.cumsum(errors), np.cumsum(errors + others)
    kept = np.flatnonzero((total >= LEAST_SHOWN) & (wrong <= share * total) & (errors + others > 0))
    return int(kept[-1]) + 1 if len(kept) else None


def _last_kept(errors: Counted, others: Counted, share: float, few: int) -> int | None:
    """Return how many bins can be taken from the front before the bound on the share of errors is above ``share``.

    Fixed-sequence testing: bins are added one after the other and the first failure ends it, so that the one result
    holds with the confidence of a single test (Angelopoulos et al., "Learn then test", 2021). It begins where there are
    twice as many questions as could pass without an error, and at least ``few``, which depends on no label. None where
    the first test fails.
    """
    counted = errors + others
    wrong, total = np.cumsum(errors), np.cumsum(counted)
    enough = max(2 * ceil(log(1 - LEVEL) / log(1 - share)), few)
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
