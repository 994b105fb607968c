"""What a program imports: the names are there, light to import, and enough to build an index and ask it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import qa
from qa.answers.payload import answer_payload
from tests.conftest import ROOT, TEXTS, WordLengthEmbedder

PYTHON = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def test_every_name_is_there_and_every_one_on_the_page() -> None:
    assert sorted(qa.__all__) == qa.__all__
    assert all(getattr(qa, name) is not None for name in qa.__all__)
    assert set(re.findall(r"^::: qa\.(\w+)$", PYTHON, re.MULTILINE)) <= set(qa.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = qa.nothing


def test_to_import_it_loads_no_library() -> None:
    asked = "import sys, qa; print(sorted({'numpy', 'pydantic', 'click', 'openvino'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_an_index_is_built_and_asked(corpus: Path, tmp_path: Path) -> None:
    settings = qa.BuildSettings(passage_tokens=32)
    built = qa.build_index([corpus], tmp_path / "index", settings, embedder=WordLengthEmbedder())
    assert (built.report.documents, built.calibrated_on, built.problem) == (len(TEXTS), None, None)
    with qa.open_index(tmp_path / "index", WordLengthEmbedder()) as index, qa.Answerer(index) as answerer:
        answer = answerer.answer("What is an apple?")
    assert answer.passages[0].passage.title == "Apple"
    assert not qa.build_index([corpus], tmp_path / "index", settings, embedder=WordLengthEmbedder()).report.changes


def test_questions_that_do_not_suffice_leave_the_index_whole(corpus: Path, tmp_path: Path) -> None:
    (corpus / "corpus.toml").write_text('questions = "judged.jsonl"', encoding="utf-8")
    (corpus / "judged.jsonl").write_text('{"_id": "1", "text": "What is an apple?"}', encoding="utf-8")
    settings = qa.BuildSettings(passage_tokens=32)
    built = qa.build_index([corpus], tmp_path / "index", settings, embedder=WordLengthEmbedder())
    assert built.calibrated_on is None
    assert isinstance(built.problem, qa.QAError)


def test_the_ten_lines_on_the_page_run(real_folder: Path, tmp_path: Path) -> None:
    """On the real corpus and model, whose index is there already: nothing changed, so nothing is built."""
    code = re.search(r"```python\n(.*?)```", PYTHON, re.DOTALL)
    assert code is not None
    lines = code[1].replace('Path("texts")', repr(ROOT / "corpus").replace("PosixPath", "Path"))
    lines = lines.replace('Path("index")', repr(real_folder).replace("PosixPath", "Path"))
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 10
    ran = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True, cwd=tmp_path)
    verdict, confidence, *_ = ran.stdout.split()
    with qa.open_answerer(real_folder) as answerer:
        given = answer_payload(answerer.answer("What is social action?"))
    assert (verdict, float(confidence)) == (given["verdict"], given["confidence"])
