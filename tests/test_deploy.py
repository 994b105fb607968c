"""What `deploy/` has can be run: its commands are this version's, its meters are counted, its files can be read."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from qa.command.cli import cli
from qa.library import Library
from qa.web.meters import Meters
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
VALUE = re.compile(r"\{\{ *\.(\S+?)(?: *\| *(?:quote|toJson))? *\}\}")


def filled() -> list[Any]:
    """The chart's template with its values, as far as it uses the templates' language."""
    values = {"Values": yaml.safe_load((DEPLOY / "chart/values.yaml").read_text()), "Release": {"Name": "candor"}}

    def value(found: re.Match[str]) -> str:
        at: Any = values
        for step in found[1].split("."):
            at = at[step]
        return json.dumps(at) if "quote" in found[0] or "toJson" in found[0] else str(at)

    text = (DEPLOY / "chart/templates/candor.yaml").read_text()
    assert VALUE.sub("", text).count("{{") == 0
    return list(yaml.safe_load_all(VALUE.sub(value, text)))


def commands() -> dict[str, list[str]]:
    container = (DEPLOY / "Containerfile").read_text()
    (given,) = re.findall(r"^CMD (\[\"serve.*\])$", container, re.MULTILINE)
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    (unit,) = re.findall(r"^ExecStart=\S+/qa (.*)$", (DEPLOY / "candor.service").read_text(), re.MULTILINE)
    deployment = filled()[0]
    return {
        "Containerfile": json.loads(given),
        "compose.yaml": compose["services"]["candor"]["command"],
        "candor.service": shlex.split(unit),
        "chart": deployment["spec"]["template"]["spec"]["containers"][0]["args"],
    }


@pytest.mark.parametrize("file", ["Containerfile", "compose.yaml", "candor.service", "chart"])
def test_commands_are_those_of_this_version(file: str) -> None:
    name, *arguments = commands()[file]
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    context = command.make_context(name, list(map(str, arguments)))
    assert context.params["keys"] is not None


def test_meters_are_counted() -> None:
    exposed = Meters(Library([])).exposed().decode()
    counted = set(re.findall(r"^# TYPE (\w+)", exposed, re.MULTILINE))
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "dashboard.json").read_text())["panels"]
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name for expression in asked for name in re.findall(r"candor_\w+", expression)}
    assert named
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} <= counted


def test_the_chart_is_whole() -> None:
    deployment, service = filled()
    chart = yaml.safe_load((DEPLOY / "chart/Chart.yaml").read_text())
    assert (chart["name"], deployment["kind"], service["kind"]) == ("candor", "Deployment", "Service")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in deployment["spec"]["template"]["spec"]["volumes"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_the_container_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    assert "USER 10001" in lines
    copied = [line.split()[-2] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert all((ROOT / place).exists() for place in copied)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_one(tmp_path: Path) -> None:
    unit = (DEPLOY / "candor.service").read_text().replace("/opt/candor/bin/qa", "/bin/true")
    (tmp_path / "candor.service").write_text(unit)
    ran = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "candor.service")], capture_output=True, text=True, check=False
    )
    assert "candor.service:" not in ran.stderr
