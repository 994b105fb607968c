"""Sets asked of the tiny index, whole and interrupted."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qa.answers.answering import Answerer
from qa.answers.payload import answer_payload
from qa.datatypes import Answer, Scope
from qa.errors import BadQuestion, BadQuestionSet
from qa.evaluation import runs
from qa.evaluation.evaluating import Evaluation, Task, evaluate, evaluation_payload
from qa.evaluation.report import render_report, write_report
from qa.evaluation.runs import ranked_documents, read_run

QUESTIONS = [
    {"_id": "apple", "text": "What is an apple?", "answerable": True},
    {"_id": "family", "text": "What is family therapy?", "answerable": True, "off_corpus_terms": []},
    {
        "_id": "quorvex",
        "text": "What is quorvex therapy?",
        "answerable": False,
        "off_corpus_terms": ["quorvex therapy"],
    },
    {"_id": "refused", "text": "?!", "answerable": True},
    {"_id": "<b>", "text": "What is a <script>alert(1)</script> garden?", "answerable": True},
]
QRELS = """query-id\tcorpus-id\tscore
apple\ttexts/apple.md\t1
family\ttexts/family-therapy.md\t1
refused\ttexts/garden.txt\t1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = "\n".join(json.dumps(question) for question in QUESTIONS)
    (tmp_path / "questions.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    return tmp_path


def run_of(answerer: Answerer, folder: Path, **task: Any) -> Evaluation:
    return evaluate(
        answerer, Task(**{"questions": folder / "questions.jsonl", "answers": folder / "run.jsonl", **task})
    )


def test_answers_are_those_of_the_service(tiny_answerer: Answerer, folder: Path) -> None:
    evaluation = run_of(tiny_answerer, folder, k=3)
    answers = list(read_run(evaluation.run))
    assert [answer.pop("_id") for answer in answers] == [question["_id"] for question in QUESTIONS]
    assert answers[0] == answer_payload(tiny_answerer.answer("What is an apple?", 3))
    assert answers[3]["error"]["code"] == "bad_question"


def test_documents_stand_where_their_best_passage_does() -> None:
    passages = [{"document_id": document} for document in ["b", "a", "b", "c", "a"]]
    assert ranked_documents({"passages": passages}) == ["b", "a", "c"]


def test_measures_count_the_refused_question_too(tiny_answerer: Answerer, folder: Path) -> None:
    evaluation = run_of(tiny_answerer, folder)
    # Ten passages are more than there are: both questions that were answered have their document, the refused has none.
    assert evaluation.measures["success@10"].value == pytest.approx(2 / 3)
    assert evaluation.measures["success@10"].questions == 3
    assert evaluation.measures["term_f1"].value == 1.0
    assert evaluation.measures["auroc"].questions == 5
    assert sum(evaluation.verdicts.values()) == 5
    assert "quorvex therapy" in [gap.term for gap in evaluation.gaps]


def test_problems_are_told(tiny_answerer: Answerer, folder: Path) -> None:
    with (folder / "qrels.tsv").open("a", encoding="utf-8") as qrels:
        qrels.write("apple\tgone.md\t1\nnobody\ttexts/apple.md\t1\nbroken line\n")
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as questions:
        questions.write('\n{"_id": "apple", "text": "Again?"}\nnot json\n')
    problems = run_of(tiny_answerer, folder).problems
    assert len(problems) == 5
    assert 'the id "apple" stands twice' in problems[0]
    assert problems[1].startswith("questions.jsonl:7: is not JSON")
    assert problems[2].startswith("qrels.tsv:7: is not question, document")
    assert problems[3] == "qrels.tsv: 1 judged question (nobody) is not in the set"
    assert problems[4] == "qrels.tsv: 1 judged document (gone.md) is not in the index"


def test_without_labels_there_is_nothing_to_measure(tiny_answerer: Answerer, tmp_path: Path) -> None:
    (tmp_path / "q.txt").write_text("What is an apple?\n", encoding="utf-8")
    evaluation = evaluate(tiny_answerer, Task(tmp_path / "q.txt", answers=tmp_path / "run.jsonl"))
    assert evaluation.measures == {}
    assert "nothing to measure" in render_report(evaluation)


def interrupt_after(batches: int) -> Callable[[int, int], None]:
    seen: list[int] = []

    def progress(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == batches:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("batches", [1, 2, 4])
@pytest.mark.parametrize("broken_end", [b"", b'{"_id": "half'])
def test_an_interrupted_run_goes_on_to_the_same_file(
    tiny_answerer: Answerer, folder: Path, monkeypatch: pytest.MonkeyPatch, batches: int, broken_end: bytes
) -> None:
    monkeypatch.setattr(runs, "BATCH", 1)
    whole = run_of(tiny_answerer, folder, answers=folder / "whole.jsonl").run.read_bytes()
    task = Task(folder / "questions.jsonl", answers=folder / "run.jsonl")
    with pytest.raises(KeyboardInterrupt):
        evaluate(tiny_answerer, task, interrupt_after(batches))
    partial = folder / "run.jsonl.partial"
    assert partial.read_bytes().count(b"\n") == batches
    with partial.open("ab") as end:
        end.write(broken_end)
    asked: list[str] = []
    answer_all = Answerer.answer_all

    def record(self: Answerer, texts: list[str], *rest: Any) -> list[Answer]:
        asked.extend(texts)
        return answer_all(self, texts, *rest)

    monkeypatch.setattr(Answerer, "answer_all", record)
    evaluate(tiny_answerer, task)
    assert (folder / "run.jsonl").read_bytes() == whole
    assert len(asked) == 5 - batches - (1 if batches < 4 else 0)  # the refused one is asked of no one
    assert {path.name for path in folder.iterdir()} == {"questions.jsonl", "qrels.tsv", "whole.jsonl", "run.jsonl"}


def test_a_partial_run_of_something_else_is_begun_anew(
    tiny_answerer: Answerer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        evaluate(tiny_answerer, Task(folder / "questions.jsonl", k=2, answers=folder / "run.jsonl"), interrupt_after(2))
    run_of(tiny_answerer, folder, k=3)
    assert {len(answer["passages"]) for answer in read_run(folder / "run.jsonl")} == {0, 3}


def test_a_run_that_cannot_be_written(tiny_answerer: Answerer, folder: Path) -> None:
    with pytest.raises(BadQuestionSet, match="cannot be written"):
        run_of(tiny_answerer, folder, answers=folder / "nowhere" / "run.jsonl")


@pytest.mark.parametrize("content", ["", "not json\n", '{"a": 1}\n'])
def test_a_set_or_run_that_is_none(tiny_answerer: Answerer, folder: Path, content: str) -> None:
    (folder / "bad.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(BadQuestionSet, match=r"bad\.jsonl"):
        run_of(tiny_answerer, folder, questions=folder / "bad.jsonl")
    if content:
        with pytest.raises(BadQuestionSet, match=r"bad\.jsonl is no run"):
            run_of(tiny_answerer, folder, compared=folder / "bad.jsonl")


def test_payload(tiny_answerer: Answerer, folder: Path) -> None:
    payload = evaluation_payload(run_of(tiny_answerer, folder, compared=None))
    again = json.loads(json.dumps(payload, allow_nan=False))
    assert again["measures"] == payload["measures"]
    assert "quorvex therapy" in [gap["term"] for gap in again["coverage_gaps"]]
    assert payload["index"]["embedder"] == "word-length"
    assert payload["question_count"] == 5
    assert len(payload["questions_checksum"]) == 64
    assert set(payload["measures"]["ndcg@10"]) == {"value", "low", "high", "questions"}
    assert payload["python"] == sys.version.split()[0]


def test_the_report_is_whole_in_itself_and_escaped(tiny_answerer: Answerer, folder: Path) -> None:
    first = run_of(tiny_answerer, folder)
    other = folder / "other.jsonl"
    lines = [json.loads(line) for line in first.run.read_text(encoding="utf-8").splitlines()]
    lines[0]["passages"] = []
    other.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    evaluation = run_of(tiny_answerer, folder, compared=other)
    page = render_report(evaluation)
    assert "http:" not in page.replace("http://www.w3.org", "")
    assert "https:" not in page
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<svg") == 3
    assert "quorvex therapy" in page
    assert "Compared with other.jsonl" in page
    assert "ndcg@10 1.000 here, 0.000 there: What is an apple?" in page
    assert render_report(evaluation) == page
    with pytest.raises(BadQuestionSet, match="cannot be written"):
        write_report(evaluation, folder / "nowhere" / "report.html")


def test_success_where_a_requirement_asks_for_it(tiny_answerer: Answerer, folder: Path) -> None:
    evaluation = run_of(tiny_answerer, folder, k=2, extra_measures=("success@2",))
    assert "success@2" in evaluation.measures
    assert "ndcg@10" not in evaluation.measures  # two passages say nothing on ten documents
    assert "ndcg@2" in evaluation.measures


def test_a_scope_holds_for_every_question(tiny_answerer: Answerer, folder: Path) -> None:
    everything = run_of(tiny_answerer, folder)
    kept = list(read_run(everything.run))
    scoped = run_of(tiny_answerer, folder, scope=Scope(source="texts/garden"))
    sources = {passage["source"] for answer in read_run(scoped.run) for passage in answer["passages"]}
    assert sources == {"texts/garden.txt"}
    assert evaluation_payload(scoped)["scope"]["source"] == "texts/garden"
    assert kept != list(read_run(scoped.run))
    with pytest.raises(BadQuestion, match="no text whose title"):
        run_of(tiny_answerer, folder, scope=Scope(title="nowhere"))


def test_judgments_of_other_texts_are_refused(tiny_answerer: Answerer, folder: Path) -> None:
    (folder / "qrels.tsv").write_text("apple\tother/a.md\t1\nfamily\tother/b.md\t1\n", encoding="utf-8")
    with pytest.raises(BadQuestionSet, match=r"of 2 judged documents 2 are not in the index, such as other/a\.md"):
        run_of(tiny_answerer, folder)
    (folder / "other.tsv").write_text("zebra\ttexts/apple.md\t1\n", encoding="utf-8")
    with pytest.raises(BadQuestionSet, match=r"other\.tsv judges no question of .*questions\.jsonl"):
        run_of(tiny_answerer, folder, qrels=folder / "other.tsv")
    assert not list(folder.glob("run.jsonl*"))


@pytest.mark.parametrize("same_ids", [False, True])
def test_a_run_of_another_set_is_refused(tiny_answerer: Answerer, folder: Path, same_ids: bool) -> None:
    other = folder / "other"
    other.mkdir()
    lines = [
        json.dumps({"_id": question["_id"] if same_ids else f"o{n}", "text": f"What is a garden of {n} beds?"})
        for n, question in enumerate(QUESTIONS)
    ]
    (other / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    run_of(tiny_answerer, other)
    with pytest.raises(BadQuestionSet, match=r"has 5 answers, 0 of them to questions of .*a run of another set"):
        run_of(tiny_answerer, folder, compared=other / "run.jsonl")
    assert not list(folder.glob("run.jsonl*"))


def test_a_run_of_part_of_the_set_can_be_compared(tiny_answerer: Answerer, folder: Path) -> None:
    run_of(tiny_answerer, folder)
    lines = (folder / "run.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "part.jsonl").write_text("\n".join(lines[:2]), encoding="utf-8")
    comparison = run_of(tiny_answerer, folder, compared=folder / "part.jsonl").comparison
    assert comparison is not None
    assert (comparison.only_this, comparison.only_other) == (3, 0)
