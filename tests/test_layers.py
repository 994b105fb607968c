"""The house plan holds: a room imports only what stands below it, and siblings never import each other."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Each room with the rooms that it may import. A folder's own modules may import each other freely.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "datatypes": set(),
    "limits": {"errors"},
    "plurals": set(),
    "progress": set(),
    "watching": {"corpora", "errors", "question_files", "readers"},
    "removals": {"plurals"},
    "question_files": {"files"},
    "settings": {"errors", "limits"},
    "blobs": set(),
    "files": set(),
    "dictionaries": set(),
    "words": {"datatypes", "dictionaries"},
    "vocabulary": {"words"},
    "tagging": {"datatypes", "dictionaries", "vocabulary", "words"},
    "asking": {"tagging", "vocabulary"},
    "terms": {"asking", "datatypes", "tagging", "vocabulary", "words"},
    "readers": {"blobs", "datatypes", "errors", "files"},
    "splitters": {"blobs", "datatypes"},
    "embedders": {"errors"},
    "stores": {"errors"},
    "near_words": set(),
    "lexicon": {"datatypes", "near_words", "words"},
    "spelling": {"datatypes", "dictionaries", "lexicon", "near_words", "words"},
    "fusions": {"datatypes"},
    "states": {"datatypes", "lexicon", "plurals", "spelling", "vocabulary", "words"},
    "confidence": {"datatypes", "limits"},
    "notes": {"confidence", "datatypes", "vocabulary", "words"},
    "payload": {"answering", "datatypes"},
    "generations": {"errors", "files"},
    "index": {"confidence", "datatypes", "embedders", "errors", "files", "generations", "lexicon", "plurals", "stores"},
    "corpora": {"errors", "files", "limits", "question_files", "readers", "settings"},
    "building": {
        "__init__", "corpora", "datatypes", "embedders", "errors", "files", "generations", "index", "lexicon",
        "readers",
        "removals", "settings", "splitters", "stores",
    },
    "signals": {"datatypes", "index", "vocabulary", "words"},
    "closest": {"index", "stores", "tagging", "terms", "words"},
    "retrieval": {
        "closest", "datatypes", "fusions", "index", "lexicon", "signals", "states", "stores", "terms", "vocabulary",
        "words",
    },
    "answering": {
        "confidence", "datatypes", "index", "limits", "notes", "retrieval", "vocabulary", "words",
    },
    "web": {
        "__init__", "answering", "confidence", "datatypes", "embedders", "errors", "generations", "index", "limits",
        "notes", "payload", "settings",
    },
    "evaluation": {
        "__init__", "answering", "confidence", "datatypes", "errors", "files", "generations", "index", "limits",
        "payload", "plurals", "question_files", "retrieval", "words",
    },
    "terminal": {"answering", "confidence", "datatypes", "evaluation", "notes", "plurals"},
    "cli": {
        "__init__", "answering", "building", "confidence", "datatypes", "embedders", "errors", "evaluation",
        "generations", "index", "limits", "payload", "plurals", "progress", "question_files", "removals", "settings",
        "terminal", "watching", "web",
    },
    "__main__": {"cli"},
}  # fmt: skip

MODULES = sorted((ROOT / "qa").rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "qa").parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [node.module or ""]
            if node.module == "qa":
                names = [f"qa.{alias.name}" if alias.name != "__version__" else "qa.__init__" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("qa.")}
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_obey_the_plan(path: Path) -> None:
    room = room_of(path)
    assert imported_rooms(path) - {room} <= MAY_IMPORT[room]


def test_the_plan_has_no_circle() -> None:
    placed: set[str] = set()
    while len(placed) < len(MAY_IMPORT):
        ready = {room for room, below in MAY_IMPORT.items() if room not in placed and below <= placed}
        assert ready, f"a circle among {set(MAY_IMPORT) - placed}"
        placed |= ready


def test_only_the_command_line_prints() -> None:
    for path in MODULES:
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
        assert "print" not in names, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_stay_under_40_lines(path: Path) -> None:
    """Without their docstrings, which are the help of the command line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.endswith("blueprint"):
            assert node.end_lineno is not None
            docstring = len((ast.get_docstring(node, clean=False) or "").splitlines())
            assert node.end_lineno - node.lineno + 1 - docstring < 40, f"{path}: {node.name}"
