from pathlib import Path

import pytest

from qa.errors import BadQuestionSet
from qa.evaluation.judgments import missing_documents, read_judgments
from qa.indexing.question_files import find_judgments


def test_beir(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("query-id\tcorpus-id\tscore\nq1\td 1\t2\nq1\td2\t0\nq2\td1\t1.0\n", encoding="utf-8")
    found = read_judgments(path)
    assert found.judgments == {"q1": {"d 1": 2, "d2": 0}, "q2": {"d1": 1}}
    assert found.problems == ()


def test_trec(tmp_path: Path) -> None:
    path = tmp_path / "qrels.txt"
    path.write_text("301 0 FT1 1\n301 0 FT2 0\n", encoding="utf-8")
    assert read_judgments(path).judgments == {"301": {"FT1": 1, "FT2": 0}}


def test_wrong_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("q\tc\ts\na\tb\t1\na\tb\t2\na\tb\na\tc\tmuch\na\tc\t1.5\na\tc\tnan\na\tc\tinf\n", encoding="utf-8")
    found = read_judgments(path)
    assert found.judgments == {"a": {"b": 2}}
    places = [str(problem).split(": ")[0] for problem in found.problems]
    assert places == [f"qrels.tsv:{line}" for line in (3, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize("content", [None, "", "query-id\tcorpus-id\tscore\n"])
def test_no_judgments(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "qrels.tsv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(BadQuestionSet, match=str(path)):
        read_judgments(path)


def test_found_beside_the_questions_or_in_a_beir_folder(tmp_path: Path) -> None:
    assert find_judgments(tmp_path / "q.jsonl") is None
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").touch()
    assert find_judgments(tmp_path) == tmp_path / "qrels" / "test.tsv"
    (tmp_path / "qrels.tsv").touch()
    assert find_judgments(tmp_path / "q.jsonl") == tmp_path / "qrels.tsv"


def test_missing_documents() -> None:
    assert missing_documents({"q": {"a": 1, "z": 0}, "p": {"b": 1}}, {"a"}) == ["b", "z"]
