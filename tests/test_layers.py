"""The house plan holds: a room imports only what stands on a lower floor, and siblings never import each other."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# From the ground up. What stands on one floor does not know of each other; a folder's own modules may.
FLOORS: list[set[str]] = [
    {"errors", "datatypes", "plurals", "files", "cores", "wording", "stages"},
    {"limits", "plugins", "graphs", "feedback", "keys", "gaps", "postgres"},
    {"settings", "language", "stores", "parsers", "schedule"},
    {"finding"},
    {"embedders"},
    {"lexicons", "readers", "fetching"},
    {"indexing"},
    {"answers"},
    {"evaluation"},
    {"service"},
    {"library"},
    {"__init__"},
    {"client"},
    {"web", "mcp"},
    {"command"},
    {"__main__"},
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

MODULES = sorted((ROOT / "qa").rglob("*.py"))


VERSION = {"__init__"}  # which is all that any module takes from there


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "qa").parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    """Return the modules of the package that a module imports when it is imported, not those within functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qa."):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


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
def test_no_import_runs_up_or_across(path: Path) -> None:
    room = room_of(path)
    imported = imported_rooms(path) - {room}
    assert {other for other in imported if FLOOR_OF[other] >= FLOOR_OF[room]} <= VERSION


def test_no_two_modules_import_each_other() -> None:
    """Not within a room either: a module imports what it needs, and is not needed for that."""
    below = {module_of(path): imported_modules(path) for path in MODULES}
    placed: set[str] = set()
    while len(placed) < len(below):
        ready = {
            name for name, needs in below.items() if name not in placed and needs & below.keys() <= placed | {name}
        }
        assert ready, f"a circle among {sorted(set(below) - placed)}"
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
