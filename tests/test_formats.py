"""Every format of question sets, right and wrong."""

import json
import os
from pathlib import Path

import pytest

from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.formats import FORMATS, question_file, read_questions
from qa.evaluation.question import SetQuestion


def read(folder: Path, name: str, content: str | bytes) -> tuple[list[SetQuestion], list[str]]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = list(read_questions(path))
    wrong = [str(line) for line in found if isinstance(line, UnreadableDocument)]
    return [line for line in found if isinstance(line, SetQuestion)], wrong


def test_jsonl_with_every_label(tmp_path: Path) -> None:
    line = {
        "_id": "1", "text": "What is quorvex therapy?", "answerable": False,
        "off_corpus_terms": ["quorvex therapy"],
        "misspelled": [{"term": "a", "correction": "b"}],
        "known_parts": ["therapy"], "answers": ["x", "y"], "kind": "k",
    }  # fmt: skip
    (question,), wrong = read(tmp_path, "q.jsonl", json.dumps(line))
    assert wrong == []
    assert question == SetQuestion(
        "1", "What is quorvex therapy?", False, ("x", "y"), ("quorvex therapy",), (("a", "b"),), ("therapy",), "k"
    )


def test_jsonl_names_wrong_lines_and_goes_on(tmp_path: Path) -> None:
    lines = [
        b'{"_id": "1", "text": "One?"}', b"no json", b"[]", b'{"_id": "2"}', b'{"_id": "", "text": "x"}', b"",
        b'{"_id": "3", "text": "x", "answerable": "perhaps"}', b'{"_id": "4", "text": "x", "answers": [1]}',
        b'{"_id": "5", "text": "x", "misspelled": ["a"]}', b'{"_id": "1", "text": "again"}',
        b'{"_id": "6", "text": "\xff"}',
        b"[" * 100_000, b'{"_id": 7, "text": "Seven?"}',
    ]  # fmt: skip
    questions, wrong = read(tmp_path, "q.jsonl", b"\n".join(lines))
    assert [question.id for question in questions] == ["1", "7"]
    assert [line.split(": ")[0] for line in wrong] == [
        "q.jsonl:2", "q.jsonl:3", "q.jsonl:4", "q.jsonl:5", "q.jsonl:7", "q.jsonl:8", "q.jsonl:9", "q.jsonl",
        "q.jsonl:11", "q.jsonl:12",
    ]  # fmt: skip
    assert 'the id "1" stands twice' in wrong[7]


@pytest.mark.parametrize(("name", "mark"), [("q.csv", ","), ("q.tsv", "\t")])
def test_tables(tmp_path: Path, name: str, mark: str) -> None:
    rows = [["id", "question", "answerable", "answers"], ["a", "One?", "yes", "x|y"], ["b", "Two?", "0", ""]]
    questions, wrong = read(tmp_path, name, "\ufeff" + "\n".join(mark.join(row) for row in rows))
    assert wrong == []
    assert questions == [SetQuestion("a", "One?", True, ("x", "y")), SetQuestion("b", "Two?", False)]


def test_a_table_without_ids_numbers_its_lines(tmp_path: Path) -> None:
    questions, wrong = read(tmp_path, "q.csv", 'text\n"One, two?"\nThree?,extra\nFour?\n')
    assert [(question.id, question.text) for question in questions] == [("2", "One, two?"), ("4", "Four?")]
    assert wrong == ["q.csv:3: has not as many cells as the header"]


def test_lines(tmp_path: Path) -> None:
    questions, wrong = read(tmp_path, "q.txt", b"One?\n\n  Two? \nca\xe9\n")
    assert [(question.id, question.text) for question in questions] == [("1", "One?"), ("3", "Two?")]
    assert wrong == ["q.txt:4: is not UTF-8 (byte 0xe9)"]


OLD_TOPICS = """<top>
<num> Number: 301
<title> International Organized
Crime
<desc> Description: x
</top>
<top>
<num> Number: 302
<title> Topic: Polio
</top>
<top><num> Number: 303 </top>
"""


@pytest.mark.parametrize("name", ["q.topics", "q.txt"])
def test_trec_topics(tmp_path: Path, name: str) -> None:
    questions, wrong = read(tmp_path, name, OLD_TOPICS)
    assert [(q.id, q.text) for q in questions] == [("301", "International Organized Crime"), ("302", "Polio")]
    assert wrong == [f"{name}, topic 3: has no number or no title"]


def test_trec_topics_as_xml(tmp_path: Path) -> None:
    first = '<topic number="1"><query>one</query><question>one?</question></topic>'
    xml = f'<topics>{first}<topic number="2"><title>two</title></topic></topics>'
    questions, _ = read(tmp_path, "q.xml", xml)
    assert [(question.id, question.text) for question in questions] == [("1", "one"), ("2", "two")]


def test_squad(tmp_path: Path) -> None:
    qas = [
        {"id": "a", "question": "Where?", "answers": [{"text": "France"}, {"text": "France"}]},
        {"id": "b", "question": "Who?", "answers": [], "is_impossible": True},
        {"id": "c"},
    ]
    questions, wrong = read(tmp_path, "q.json", json.dumps({"data": [{"paragraphs": [{"context": "c", "qas": qas}]}]}))
    assert questions == [SetQuestion("a", "Where?", True, ("France",)), SetQuestion("b", "Who?", False)]
    assert len(wrong) == 1


def test_a_beir_folder(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "One?", "metadata": {}}', encoding="utf-8")
    assert [question.id for question in read_questions(tmp_path) if isinstance(question, SetQuestion)] == ["1"]
    assert question_file(tmp_path) == tmp_path / "queries.jsonl"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("q.csv", "a,b\n1,2\n", "no column"),
        ("q.csv", "", "no column"),
        ("q.csv", b"text\nca\xe9\n", "not UTF-8"),
        ("q.csv", 'text\n"open\n', "no table"),
        ("q.json", "[]", "SQuAD"),
        ("q.json", "{", "SQuAD"),
        ("q.json", b"\xff", "not UTF-8"),
        ("q.json", '{"data": [{}]}', "SQuAD"),
        ("q.pdf", "x", "no format"),
    ],
)
def test_files_that_cannot_be_read_at_all(tmp_path: Path, name: str, content: str | bytes, words: str) -> None:
    with pytest.raises(BadQuestionSet, match=words):
        read(tmp_path, name, content)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadQuestionSet, match="does not exist"):
        list(read_questions(tmp_path / "q.jsonl"))
    with pytest.raises(BadQuestionSet, match=r"no queries\.jsonl"):
        list(read_questions(tmp_path))


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_questions_that_are_a_pipe_are_refused_at_once(tmp_path: Path, ending: str) -> None:
    os.mkfifo(tmp_path / f"set{ending}")
    with pytest.raises(BadQuestionSet, match="not a file"):
        list(read_questions(tmp_path / f"set{ending}"))


def test_a_line_without_end_is_one_wrong_line(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(b"x" * 1_000_001 + b'\n{"_id": "1", "text": "What is it?"}\n')
    wrong, question = read_questions(tmp_path / "set.jsonl")
    assert str(wrong) == "set.jsonl:1: is longer than 1 MB"
    assert isinstance(question, SetQuestion)
