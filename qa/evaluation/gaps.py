"""Coverage gaps: the terms that questions ask for and the corpus lacks, which is a list of what to write next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qa.language import Language

_EXAMPLES = 3
_MISSING = {"unknown", "unestablished"}


@dataclass(frozen=True, slots=True)
class Gap:
    """A missing term in the spelling that came first, how many questions ask for it, and the first of them."""

    term: str
    state: str
    questions: int
    known_parts: tuple[str, ...]
    examples: tuple[str, ...]


def find_gaps(answers: Iterable[Mapping[str, Any]], language: Language) -> list[Gap]:
    """Return the missing terms of answers in this language, the most asked for first; inflections and case are one."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for answer in answers:
        missing = {tuple(language.stems(term["text"])): term for term in answer["terms"] if term["state"] in _MISSING}
        for key, term in missing.items():
            entry = found.setdefault(key, {"term": term, "questions": 0, "examples": []})
            entry["questions"] += 1
            if len(entry["examples"]) < _EXAMPLES:
                entry["examples"].append(answer["question"])
    gaps = [
        Gap(
            entry["term"]["text"],
            entry["term"]["state"],
            entry["questions"],
            tuple(entry["term"]["known_parts"]),
            tuple(entry["examples"]),
        )
        for entry in found.values()
    ]
    return sorted(gaps, key=lambda gap: (-gap.questions, gap.term.lower()))
