"""Whether the tests notice when a rule goes: one condition, operand, sign or bound at a time is changed in a copy.

    python -m benchmarks.mutations qa/answers/states.py tests/test_states.py
    python -m benchmarks.mutations qa/finding/terms.py tests/test_finding.py tests/test_terms.py

The first argument is the module that is changed, the others are the tests that are run, stopped at the first failure.
What no test noticed is printed with its line. Nothing in the working copy is touched.
"""

import ast
import copy
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arguments import command_line

ROOT = Path(__file__).parents[1]
LIMIT = 300  # seconds, in which tests that hang have noticed

_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is},
}


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, what was done there, and the source of each change."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for name, change in _changes(node):
            changed = copy.deepcopy(tree)
            target = next(other for at, other in enumerate(ast.walk(changed)) if at == number)
            change(target)
            yield getattr(node, "lineno", 0), name, ast.unparse(ast.fix_missing_locations(changed))


def _changes(node: ast.AST) -> Iterator[tuple[str, "Change"]]:
    if isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            yield f"without “{ast.unparse(node.values[place])}”", _Without(place)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITES:
        yield f"“{ast.unparse(node)}” the other way", _Compared()
    if isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield f"“{ast.unparse(node.test)}” always {value}", _Always(value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"“{ast.unparse(node)}” without not", _NotNot()
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        yield f"{node.value!r} and one", _OneMore()


class Change:
    """What is done to a node of a copy."""

    def __call__(self, node: ast.AST) -> None:
        """Do it."""
        raise NotImplementedError


class _Without(Change):
    def __init__(self, place: int) -> None:
        self._place = place

    def __call__(self, node: ast.AST) -> None:
        assert isinstance(node, ast.BoolOp)
        del node.values[self._place]


class _Compared(Change):
    def __call__(self, node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[0] = _OPPOSITES[type(node.ops[0])]()


class _Always(Change):
    def __init__(self, value: bool) -> None:
        self._value = value

    def __call__(self, node: ast.AST) -> None:
        assert isinstance(node, ast.If | ast.IfExp)
        node.test = ast.Constant(self._value)


class _NotNot(Change):
    def __call__(self, node: ast.AST) -> None:
        assert isinstance(node, ast.UnaryOp)
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)


class _OneMore(Change):
    def __call__(self, node: ast.AST) -> None:
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int | float)
        node.value += 1


def is_noticed(folder: Path, tests: Sequence[str]) -> bool:
    """Whether one of the tests fails on the copy in a folder."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return bool(subprocess.run(command, cwd=folder, capture_output=True, timeout=LIMIT, check=False).returncode)
    except subprocess.TimeoutExpired:
        return True


def main() -> None:
    """Change a module in every way, and print what was not noticed."""
    options = command_line(__doc__)
    options.add_argument("module", help="the module that is changed, from the root of the repository")
    options.add_argument("tests", nargs="+", help="files of tests that are to notice")
    given = options.parse_args()
    module, tests = given.module, given.tests
    source = (ROOT / module).read_text(encoding="utf-8")
    made = list(mutants(source))
    missed = 0
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for part in ("qa", "tests", "corpus"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
        if is_noticed(folder, tests):
            sys.exit("The tests fail as it is: mend that first.")
        for number, (line, name, changed) in enumerate(made, start=1):
            (folder / module).write_text(changed, encoding="utf-8")
            if not is_noticed(folder, tests):
                missed += 1
                print(f"{module}:{line}: {name}", flush=True)
            print(f"{number} of {len(made)}", end="\r", file=sys.stderr, flush=True)
    print(f"{module}: {len(made) - missed} of {len(made)} changes were noticed")


if __name__ == "__main__":
    main()
