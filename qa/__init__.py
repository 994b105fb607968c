"""Candor: answers questions by quoting a corpus, and says what the corpus does not cover.

    from pathlib import Path
    import qa

    qa.build_index([Path("texts")], Path("index"))
    with qa.open_answerer(Path("index")) as answerer:
        answer = answerer.answer("What is social action?")

What is named in ``__all__`` stays as it is within a major version; all else may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.answers.answering import Answerer, Explanation
    from qa.answers.payload import answer_payload
    from qa.answers.verdicts import WantedPromise
    from qa.cores import leave_cores
    from qa.datatypes import (
        Answer,
        AnsweredPart,
        Passage,
        QuotedPassage,
        Scope,
        Term,
        TermReport,
        TermState,
        Verdict,
    )
    from qa.errors import QAError
    from qa.indexing.index import Index, open_index
    from qa.service import Built, Live, build_index, open_answerer
    from qa.settings import BuildSettings

__version__ = "0.1.0"

# Imported when they are asked for: `qa --help` needs none of them.
_ROOMS = {
    "qa.answers.answering": ("Answerer", "Explanation"),
    "qa.answers.payload": ("answer_payload",),
    "qa.answers.verdicts": ("WantedPromise",),
    "qa.cores": ("leave_cores",),
    "qa.datatypes": (
        "Answer",
        "AnsweredPart",
        "Passage",
        "QuotedPassage",
        "Scope",
        "Term",
        "TermReport",
        "TermState",
        "Verdict",
    ),
    "qa.errors": ("QAError",),
    "qa.indexing.index": ("Index", "open_index"),
    "qa.service": ("Built", "Live", "build_index", "open_answerer"),
    "qa.settings": ("BuildSettings",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Answer",
    "AnsweredPart",
    "Answerer",
    "BuildSettings",
    "Built",
    "Explanation",
    "Index",
    "Live",
    "Passage",
    "QAError",
    "QuotedPassage",
    "Scope",
    "Term",
    "TermReport",
    "TermState",
    "Verdict",
    "WantedPromise",
    "answer_payload",
    "build_index",
    "leave_cores",
    "open_answerer",
    "open_index",
]


def __getattr__(name: str) -> object:
    """Return what is exported, imported when it is first asked for."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    return getattr(import_module(_ROOM_OF[name]), name)


def __dir__() -> list[str]:
    """Return what is exported."""
    return [*__all__, "__version__"]
