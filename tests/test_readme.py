"""The README is true: its commands run, its paths exist, its lines are the ones that are checked."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from qa.answers.answering import Answerer
from qa.answers.payload import answer_payload
from qa.command.cli import cli
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


def test_the_first_two_lines_set_up_and_check() -> None:
    assert SHELL[0].endswith("pip install -e . && qa serve")
    assert SHELL[1].endswith("pip install -e '.[dev]' && nox -s check")


def test_continuous_integration_runs_the_second_line() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep -m1 '(.*)' README", script)
    assert pattern is not None
    assert next(line for line in README.splitlines() if re.search(pattern[1], line)) == SHELL[1]


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("qa ")])
def test_options_in_the_readme_exist(line: str) -> None:
    words = line.split()
    shown = CliRunner().invoke(cli, [words[1], "--help"]).output
    assert all(word in shown for word in words if word.startswith("--"))


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def same_but_for_rounding(line: str, start: str) -> bool:
    """Whether a line begins as it should; a confidence may be another by a hundredth or two, for processors that
    multiply bfloat16 round otherwise."""
    number = re.compile(r"(?<=confidence )0\.\d\d")
    shown, given = number.search(start), number.search(line)
    if shown and given and abs(float(shown[0]) - float(given[0])) <= 0.021:
        return number.sub("", line).startswith(number.sub("", start))
    return line.startswith(start)


@pytest.mark.parametrize("shown", re.findall(r'\$ (qa ask "[^`]*?)```', README), ids=["found", "told apart"])
def test_the_answer_shown_is_the_answer_given(real_folder: Path, shown: str) -> None:
    command, *lines = shown.splitlines()
    ran = subprocess.run(
        [sys.executable, "-m", *shlex.split(command), "--index", str(real_folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    given = iter(ran.stdout.splitlines())
    for line in filter(None, map(str.rstrip, lines)):  # in this order, and no line twice
        start = line.removesuffix("…").rstrip()
        assert any(same_but_for_rounding(one, start) for one in given), line


def test_the_json_shown_has_the_fields_given(real_answerer: Answerer) -> None:
    block = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert block is not None
    shown = json.loads(block[1])
    given = answer_payload(real_answerer.answer("What is Psychotherapy and community organizing model?"))
    assert list(shown) == list(given)
    assert list(shown["terms"][0]) == list(given["terms"][0])
    assert list(shown["passages"][0]) == list(given["passages"][0])
    assert list(shown["parts"][0]) == list(given["parts"][0])


def test_the_version_is_in_the_changelog() -> None:
    from qa import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
