"""Every command of benchmarks/ says what it does, and those that measure question sets run on a small one."""

import json
import runpy
import sys
import warnings
from pathlib import Path

import pytest

import benchmarks.data
from tests.conftest import ROOT

PARTS = {"__init__", "arguments", "clusters", "data", "hostile_files", "load", "rivals"}
COMMANDS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in PARTS)
NOUNS = ["apples", "pears", "plums", "cherries", "quinces", "figs", "olives", "grapes", "lemons", "peaches"]


def run(command: str, *arguments: str | Path) -> None:
    """Run a command in this process, as ``python -m`` would."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that what is imported already runs anew
        patch.setattr(sys, "argv", [command, *map(str, arguments)])
        runpy.run_module(f"benchmarks.{command}", run_name="__main__")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(command, "--help")
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: ")
    assert f"python -m benchmarks.{command}" in told


@pytest.fixture(scope="module")
def question_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten documents, each with the question that it answers."""
    folder = tmp_path_factory.mktemp("sets") / "orchard"
    folder.mkdir()
    documents = [
        {"_id": noun, "title": noun, "text": f"We pick {noun} in month {month}. Then {noun} go to the cellar."}
        for month, noun in enumerate(NOUNS, start=1)
    ]
    questions = [
        {"_id": noun, "text": f"When are {noun} picked?", "answerable": True, "answers": [f"in month {month}"]}
        for month, noun in enumerate(NOUNS, start=1)
    ]
    for name, lines in (("corpus", documents), ("questions", questions)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    judged = "".join(f"{noun}\t{noun}\t1\n" for noun in NOUNS)
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", ["retrieval", "fusion", "ordering", "stages", "sentences", "parts"])
def test_a_set_is_measured(
    command: str,
    question_set: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = tmp_path_factory.getbasetemp() / "work"
    monkeypatch.setattr(benchmarks.data, "WORK", work)
    run(command, question_set, *([question_set] if command == "fusion" else []))  # by the weight that others choose
    told = capsys.readouterr().out
    assert "orchard" in told
    assert {"retrieval": "1.000 [1.000, 1.000]", "sentences": "10 passages: marked 100.0%"}.get(command, "") in told


def test_what_is_no_set_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("retrieval", tmp_path)
    assert ended.value.code == 2
    assert "has no questions.jsonl: name the folder of a question set" in capsys.readouterr().err
