"""Whether what is promised still holds, by what askers said of their answers."""

from math import comb, erfc, sqrt
from pathlib import Path
from typing import Any

from qa.answers.answering import Answerer
from qa.datatypes import Verdict
from qa.errors import FeedbackUnusable
from qa.feedback import count_wrong

_MANY = 1000

LEVEL = 0.05
"""How improbable so many wrong answers must be, if the promise held, for it to be called broken."""


def kept_promise(answerer: Answerer, file: Path | None) -> dict[str, Any]:
    """Return what is promised, and whether the judgments of this generation bear it out: by a one-sided binomial
    test."""
    risk = answerer.promise.risk
    judged = wrong = 0
    if file is not None:
        try:
            judged, wrong = count_wrong(file, answerer.index.generation.folder.name, Verdict.ANSWERED.value)
        except FeedbackUnusable:  # which is said where it is written
            judged = wrong = 0
    return {
        "risk": risk,
        "is_own": answerer.index.own_calibration is not None,
        "is_proven": answerer.thresholds.answered_proven,
        "judged": judged,
        "wrong": wrong,
        "holds": tail(wrong, judged, risk) >= LEVEL if judged else None,
    }


def tail(wrong: int, judged: int, risk: float) -> float:
    """Return the probability of so many wrong answers or more among those judged, each wrong with this risk."""
    if judged > _MANY:  # the normal approximation is good to a thousandth there
        spread = sqrt(judged * risk * (1 - risk))
        return erfc((wrong - 0.5 - judged * risk) / (spread * sqrt(2))) / 2
    return sum(comb(judged, n) * risk**n * (1 - risk) ** (judged - n) for n in range(wrong, judged + 1))
