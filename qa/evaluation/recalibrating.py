"""Whether an index is to be calibrated on the judged set that its corpus brings, kept beside its calibration."""

import json
from pathlib import Path

from qa.errors import IndexDamaged
from qa.files import read_regular
from qa.indexing.calibration import RULE, read_own_calibration
from qa.indexing.generations import current_generation, locked, parse_object, share, writing
from qa.indexing.question_files import set_checksum

RECORD = "calibrated_on.json"

_LARGEST = 10_000  # bytes; it has two hundred


def is_due(folder: Path, questions: Path, again: bool = True) -> bool:
    """Return whether the set or the texts are others than when calibrating was last tried, or what came of it cannot be
    used; where that failed, whether to try ``again``."""
    try:
        read_own_calibration(folder)
        last = parse_object(read_regular(folder / RECORD, _LARGEST))
        return bool(last["tried"] != tried_on(folder, questions) or (again and not last["made"]))
    except (IndexDamaged, OSError, ValueError, KeyError, TypeError):
        return True


def tried_on(folder: Path, questions: Path) -> dict[str, str]:
    """Return what a calibration rests on: the generation, the checksum of the set, and the rule it is counted by."""
    return {
        "generation": current_generation(folder).name,
        "questions": set_checksum(questions),
        "rule": str(RULE),
    }


def note(folder: Path, tried: dict[str, str], made: bool) -> None:
    """Keep what was tried and whether a calibration came of it. Raises IndexUnwritable or IndexLocked."""
    with locked(folder), writing(folder):
        (folder / RECORD).write_text(json.dumps({"tried": tried, "made": made}) + "\n", encoding="utf-8")
        share(folder, RECORD)
