"""A built wheel works where nothing else of the repository is."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

SMOKE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import qa
assert Path(qa.__file__).is_relative_to(sys.argv[1]), qa.__file__
qa.build_index([Path(sys.argv[2])], Path(sys.argv[3]))
with qa.open_answerer(Path(sys.argv[3])) as answerer:
    answer = answerer.answer("What is a quorvex?")
    from qa.service import Live
    from qa.web.app import create_app
    page = create_app(Live.of(answerer)).test_client().get("/?q=What+is+a+pear%3F").text
print(answer.passages[0].passage.title, [report.term.text for report in answer.terms], "Pear" in page)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy of the sources, with the backend that is installed."""
    made = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(made), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (file,) = made.glob("*.whl")
    return file


def test_a_wheel_answers_by_itself(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "training", "corpus"))]
    assert {"qa/py.typed", "qa/language/data/lemmas.marisa", "qa/indexing/calibration.json"} <= set(names)
    (tmp_path / "pear.txt").write_text("Pear\n\nA pear is a fruit.\n", encoding="utf-8")
    arguments = [str(tmp_path / name) for name in ("site", "pear.txt", "index")]
    ran = subprocess.run(
        [sys.executable, "-c", SMOKE, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "Pear ['quorvex'] True\n"), ran.stderr
