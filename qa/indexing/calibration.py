"""Signals -> the probability that the passages answer: a fitted model, and the file that holds it.

The model is a logistic regression with few weights, all in ``calibration.json`` beside this file: a person can read
them and compute with them. An index can hold its own, which ``qa calibrate`` makes from judged questions. Fitting is
``evaluation.calibrating``'s, and what a probability is called ``answers.verdicts``'.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

from qa.datatypes import NOTHING_MEASURED, Manifest, Signals
from qa.errors import IndexDamaged
from qa.files import read_regular
from qa.indexing.generations import locked, share, sync, writing
from qa.limits import DEFAULT_MISS, DEFAULT_RISK, SHARES

PACKAGED = Path(__file__).with_name("calibration.json")
PACKAGED_UNREAD = Path(__file__).with_name("calibration_unread.json")
"""What holds where passages are not read."""

CALIBRATION = "calibration.json"  # beside the pointer of an index: it outlives a generation

RULE = 2
"""By which questions are never called answered. What was counted by another rule proves nothing by this one."""

BINS = 100
"""Steps of confidence in which held-out questions are counted, and in which thresholds move."""

_FAR = 30.0  # log odds beyond which a probability no longer shows a difference

_MOST_COUNTED = 10_000_000  # questions held out of a fit
_LARGEST = 1e6  # of any number of a fit, which are near 1
_LARGEST_FILE = 1_000_000  # bytes; a calibration has twelve thousand

_BEGIN = "{\n"
_SEAL = '{{\n  "checksum": "{}",\n'

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

    Those that never get the verdict ``answered``, as with a flagged term (``verdicts.is_barred``), are counted apart.
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
class Calibration:
    """A fitted model. ``made``, ``command``, ``questions`` (how many by set) and ``embedder_checksum`` tell of what;
    ``promise`` is what its owner wants the verdicts to hold to, unless an asker wants otherwise; ``reader_checksum`` is
    of what read the passages, "" where nothing did; ``rule`` is the RULE that its questions were counted by."""

    made: str
    command: str
    questions: Mapping[str, int]
    embedder_checksum: str
    intercept: float
    signals: Mapping[str, Weight]
    held_out: HeldOut
    promise: Promise = DEFAULT_PROMISE
    reader_checksum: str = ""
    rule: int = RULE

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
def packaged_calibration(read: bool = True) -> Calibration:
    """Return the calibration that was fitted on the development sets, see ``benchmarks/confidence.py``: for passages
    that are ``read``, or not."""
    return read_calibration((PACKAGED if read else PACKAGED_UNREAD).read_text(encoding="utf-8"))


# --- as a file ---------------------------------------------------------------------------------------------


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
        rule = fields.pop("rule", 1)  # neither
        calibration = Calibration(**fields, signals=signals, held_out=held_out, promise=promise, rule=rule)
        _check(calibration)
        calibration.log_odds(NOTHING_MEASURED)  # fails on an unknown signal
    except (KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"it is no calibration ({error})") from error
    return calibration


def _check(calibration: Calibration) -> None:
    """Raise ValueError for what cannot be computed with, be it a text, not finite, or beyond any fit."""
    checksums = (calibration.embedder_checksum, calibration.reader_checksum)
    texts = (calibration.made, calibration.command, *checksums, *calibration.questions)
    counts = [count for counted in asdict(calibration.held_out).values() for count in counted]
    numbers = [
        calibration.intercept,
        *(n for by in calibration.signals.values() for n in (by.mean, by.scale, by.weight)),
    ]
    if not all(isinstance(text, str) for text in texts):
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
    if type(calibration.rule) is not int:
        raise ValueError("it does not tell how it was counted")
    if any(by.scale == 0 for by in calibration.signals.values()):
        raise ValueError("its numbers cannot be computed with")


# --- in an index -------------------------------------------------------------------------------------------


def load_calibration(folder: Path, manifest: Manifest, reader_checksum: str) -> Calibration | None:
    """Return the calibration that ``qa calibrate`` stored in an index's folder; None without one, or where it was made
    with another embedder or reader, whose numbers are not comparable, or counted by another rule. Raises
    IndexDamaged."""
    found = read_own_calibration(folder)
    if found is not None and found.rule != RULE:
        logging.getLogger("qa").warning(
            "%s is of another version and not used: run `qa calibrate` again, or `qa index` if the corpus has a set.",
            folder / CALIBRATION,
        )
        return None
    made_with = (found.embedder_checksum, found.reader_checksum) if found else None
    return found if made_with == (manifest.embedder_checksum, reader_checksum) else None


def read_own_calibration(folder: Path) -> Calibration | None:
    """Return the calibration in an index's folder, whatever it was made with; None without one. Raises IndexDamaged
    where it is not what was written."""
    path = folder / CALIBRATION
    try:
        return read_sealed(read_regular(path, _LARGEST_FILE).decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise IndexDamaged(
            f"{path} cannot be used ({getattr(error, 'strerror', None) or error}): run `qa calibrate` again, or with "
            "--reset to go without."
        ) from error


def save_calibration(folder: Path, calibration: Calibration | None) -> None:
    """Store a calibration in an index's folder in one step, or remove it for None.

    Raises IndexUnwritable, or IndexLocked while another process writes there.
    """
    path = folder / CALIBRATION
    with locked(folder), writing(folder):
        if calibration is None:
            path.unlink(missing_ok=True)
            share(folder, CALIBRATION)
            return
        new = path.with_suffix(".new")
        new.write_text(sealed_json(calibration), encoding="utf-8")
        sync(new)
        new.replace(path)
        sync(folder)
        share(folder, CALIBRATION)
