"""The command line as a person uses it: what is printed, where, and with which status."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qa.cli import cli, leave_cores
from tests.bad_input import BAD_QUESTIONS, STRANGE_QUESTIONS
from tests.conftest import ROOT

SEED = "What is Psychotherapy and social action model?"


def qa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    """The one line that a refusal is."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("qa: ")
    return result.stderr


def test_ask_says_the_note_first_then_parts_then_passages(real_folder: Path) -> None:
    result = qa("ask", SEED, "--index", real_folder)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert (
        " ".join(lines[:2])
        .replace("  ", " ")
        .startswith(
            "These texts use “psychotherapy” and “social action”, but nowhere “Psychotherapy and social action model”"
        )
    )
    order = [
        "What do you mean by",
        "confidence 0.",
        "“psychotherapy”\n1. ",
        "“social action”\n1. ",
        "together\n1. ",
        "Best for",
    ]
    places = [result.stdout.index(part) for part in order]
    assert places == sorted(places)
    assert "*Psychotherapy*" in result.stdout
    assert "corpus/psychotherapy.md, characters " in result.stdout


def test_ask_without_uncertainty_has_no_note(real_folder: Path) -> None:
    result = qa("ask", "What is psychotherapy?", "-k", "1", "--index", real_folder)
    assert result.stdout.startswith("Probably answered (confidence ")
    assert "2. " not in result.stdout


def test_ask_as_json(real_folder: Path) -> None:
    answer = json.loads(qa("ask", SEED, "--json", "-k", "2", "--index", real_folder).stdout)
    assert answer["terms"][0]["state"] == "unestablished"
    assert len(answer["passages"]) == 2


@pytest.mark.parametrize("question", STRANGE_QUESTIONS[:2])
def test_ask_something_strange(real_folder: Path, question: str) -> None:
    answer = json.loads(qa("ask", "--json", "--index", real_folder, question).stdout)
    assert answer["verdict"] != "answered"
    assert answer["note"]


@pytest.mark.parametrize(("question", "words"), BAD_QUESTIONS)
def test_ask_a_bad_question(real_folder: Path, question: str, words: str) -> None:
    assert words in refused(qa("ask", "--index", real_folder, question))


@pytest.mark.parametrize("k", ["0", "-1", "1001", "many", ""])
def test_ask_with_a_bad_k_is_misuse(k: str) -> None:
    result = qa("ask", "x", "-k", k)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_ask_without_an_index(tmp_path: Path) -> None:
    assert f"qa index CORPUS --index {tmp_path}" in refused(qa("ask", "x", "--index", tmp_path))


def test_a_question_from_a_terminal_that_is_not_utf8(real_folder: Path) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "qa", "ask", b"caf\xe9", "--index", str(real_folder)]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (1, 1)


def test_index_sums_up_what_it_did(corpus: Path, tmp_path: Path) -> None:
    (corpus / "latin.txt").write_bytes(b"caf\xe9")
    (corpus / "photo.png").write_bytes(b"\x89PNG")
    result = qa("index", corpus, "--index", tmp_path / "index")
    assert result.exit_code == 0
    assert result.stdout == f"Indexed 5 documents as 6 passages in {tmp_path / 'index'}, 1 left out.\n"
    assert "left out: texts/latin.txt: is not UTF-8 (byte 0xe9 at 3): convert it to UTF-8" in result.stderr
    assert "passed over: 1 file of formats that are not read (.png)" in result.stderr
    again = qa("index", corpus, "--index", tmp_path / "index", "--store", "exact")
    assert "6 passages (6 unchanged)" in again.stdout


def test_index_names_what_it_leaves_out_up_to_twenty(tmp_path: Path) -> None:
    lines = ['{"_id": "1", "text": "Good."}', *["bad"] * 30]
    (tmp_path / "c.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = qa("index", tmp_path / "c.jsonl", "--index", tmp_path / "index")
    assert result.stderr.count("left out: c.jsonl:") == 20
    assert "left out: 10 more" in result.stderr


@pytest.mark.parametrize("make", ["missing", "empty", "link", "nul", "zero", "latin"])
def test_index_without_a_corpus(tmp_path: Path, make: str) -> None:
    corpus = tmp_path / "corpus"
    if make == "empty":
        corpus.mkdir()
    elif make == "link":
        corpus.symlink_to(tmp_path / "nowhere")
    elif make != "missing":
        corpus = tmp_path / "a.txt"
        corpus.write_bytes({"nul": b"\0" * 9, "zero": b"", "latin": b"caf\xe9"}[make])
    assert str(corpus.name) in refused(qa("index", corpus, "--index", tmp_path / "index"))


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--store", "cloud", "the stores are exact, faiss"),
        ("--embedder", "/nowhere", "no sentence-transformers model"),
    ],
)
def test_index_with_bad_settings(corpus: Path, tmp_path: Path, option: str, value: str, words: str) -> None:
    assert words in refused(qa("index", corpus, "--index", tmp_path / "index", option, value))


def test_what_a_path_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in refused(qa("index", tmp_path / "\x1b[31mred"))


@pytest.mark.parametrize(
    "arguments",
    [["serve", "--port", "70000"], ["serve", "--threads", "0"], ["index", "--passage-tokens", "3"], ["ask"], ["fly"]],
)
def test_misuse(arguments: list[str]) -> None:
    assert qa(*arguments).exit_code == 2


def last_line(result: Result) -> str:
    assert result.exit_code == 1
    return result.stderr.splitlines()[-1]


def test_serve_refuses_an_address(real_folder: Path) -> None:
    result = qa("serve", "--index", real_folder, "--host", "no such host", "--port", "0")
    assert last_line(result).startswith("qa: Cannot listen on no such host:0")


@pytest.mark.parametrize(("option", "value"), [("--corpus", "elsewhere"), ("--embedder", "/elsewhere")])
def test_serve_refuses_another_corpus_than_the_index_s(real_folder: Path, option: str, value: str) -> None:
    assert f"not {value}" in last_line(qa("serve", "--index", real_folder, option, value))


@pytest.mark.parametrize("damage", ["store/vectors.faiss", "passages.jsonl", "lexicon/meta.json", "manifest.json"])
def test_serve_refuses_a_damaged_index(tiny_folder: Path, tmp_path: Path, damage: str) -> None:
    shutil.copytree(tiny_folder, tmp_path / "index")
    (tmp_path / "index" / "generations" / "000001" / damage).unlink()
    refused(qa("serve", "--index", tmp_path / "index"))


def test_serve_refuses_an_index_of_another_model(tiny_folder: Path) -> None:
    assert "word-length (checksum 000000000000)" in refused(qa("serve", "--index", tiny_folder))


def test_a_variable_sets_an_option_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_VERSION", "1")
    monkeypatch.setenv("QA_ASK_INDEX", str(tmp_path))
    assert f"--index {tmp_path}" in refused(qa("ask", "x"))


def test_serve_without_index_or_corpus(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "qa",
        "serve",
        "--index",
        str(tmp_path / "i"),
        "--corpus",
        str(tmp_path / "c"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith(f"qa: {tmp_path / 'c'} does not exist")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    lines = [
        {"_id": "1", "text": "What is psychotherapy?", "answerable": True, "off_corpus_terms": []},
        {"_id": "2", "text": SEED, "answerable": False, "off_corpus_terms": ["Psychotherapy and social action model"]},
        {"_id": "1", "text": "Twice"},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("q\tc\ts\n1\tcorpus/psychotherapy.md\t1\n", encoding="utf-8")
    return path


def test_evaluate(real_folder: Path, questions: Path, tmp_path: Path) -> None:
    written = [tmp_path / name for name in ("run.jsonl", "measures.json", "report.html")]
    result = qa(
        "evaluate", questions, "--index", real_folder, "--answers", written[0], "--json", written[1], "--report",
        written[2], "--require", "success@1>=1", "--require", "term_f1>=1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 questions: answered 1, uncertain 0, not in corpus 1.")
    assert "Psychotherapy and social action model" in result.stdout
    assert 'left out: questions.jsonl: the id "1" stands twice' in result.stderr
    assert all(path.stat().st_size for path in written)
    assert json.loads(written[1].read_text(encoding="utf-8"))["measures"]["auroc"]["value"] == 1.0
    again = qa("evaluate", questions, "--index", real_folder, "--compare", written[0])
    assert "Compared with the other run" in again.stdout
    assert list((real_folder / "runs").iterdir()) == []


def test_evaluate_fails_where_a_requirement_is_missed(real_folder: Path, questions: Path) -> None:
    result = qa("evaluate", questions, "--index", real_folder, "--require", "ndcg@10>=1.1", "--require", "ndcg@10>=0.1")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "qa: Not met: ndcg@10>=1.1."
    assert "ndcg@10" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl does not exist"),
        (["QUESTIONS", "--qrels", "nowhere.tsv"], "nowhere.tsv does not exist"),
        (["QUESTIONS", "--compare", "nowhere.jsonl"], "nowhere.jsonl is no run"),
        (["QUESTIONS", "--answers", "/nowhere/run.jsonl"], "/nowhere/run.jsonl cannot be written"),
        (["QUESTIONS", "--require", "beauty>1"], "no measure"),
    ],
)
def test_evaluate_refuses(real_folder: Path, questions: Path, arguments: list[str], words: str) -> None:
    given = [str(questions) if argument == "QUESTIONS" else argument for argument in arguments]
    result = qa("evaluate", *given, "--index", real_folder)
    assert result.exit_code == 1
    assert words in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", [[], ["index"], ["ask"], ["serve"], ["evaluate"]])
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    result = qa(*command, "--help")
    assert result.exit_code == 0
    assert "qa " in result.output or "curl " in result.output


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"qa {name}" in readme for name in cli.commands)


def test_help_needs_no_heavy_library() -> None:
    script = "import sys; import qa.cli; print([m for m in ('torch', 'faiss', 'flask', 'rich') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_what_no_one_foresaw_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from qa import cli as module

    def fail() -> None:
        raise ZeroDivisionError("so\nthere")

    monkeypatch.setattr(module, "cli", fail)
    monkeypatch.delenv("QA_DEBUG", raising=False)
    with pytest.raises(SystemExit):
        module.main()
    shown = capsys.readouterr().err
    assert shown.startswith("qa: unexpected ZeroDivisionError: so there.")
    assert shown.count("\n") == 1
    monkeypatch.setenv("QA_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        module.main()


def test_a_closed_pipe_is_no_error(real_folder: Path) -> None:
    command = f'"{sys.executable}" -m qa ask "What is psychotherapy?" -k 100 --index "{real_folder}" | head -1'
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env={**os.environ})
    assert ran.stderr == ""


def test_ask_within_a_scope(real_folder: Path) -> None:
    result = qa("ask", "What is empathy?", "--source", "corpus/mutual", "--json", "--index", real_folder)
    assert {passage["source"] for passage in json.loads(result.stdout)["passages"]} == {"corpus/mutual-aid.md"}
    line = refused(qa("ask", "What is empathy?", "--title", "nowhere", "--index", real_folder))
    assert "There is no text whose title begins with “nowhere”" in line


def test_other_libraries_leave_the_cores_to_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    leave_cores()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("3", "1")
    del os.environ["OPENBLAS_NUM_THREADS"]
