"""The command line as a person uses it: what is printed, where, and with which status."""

import json
import math
import os
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qa.command.cli import cli
from qa.command.progress import Progress
from qa.cores import leave_cores
from qa.errors import BadQuestionSet
from tests.bad_input import BAD_QUESTIONS, STRANGE_QUESTIONS
from tests.conftest import ROOT, WordLengthEmbedder

NAME = "Psychotherapy and community organizing model"  # of which nobody has heard
INVENTED = f"What is {NAME}?"


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
    result = qa("ask", INVENTED, "--index", real_folder)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert (
        " ".join(lines[:2])
        .replace("  ", " ")
        .startswith(f"These texts have “Psychotherapy” and “community organizing”, but nowhere “{NAME}”")
    )
    order = [
        "Is “Psychotherapy",
        "confidence 0.",
        "On the whole question\n1. ",
        "“psychotherapy”\n1. ",
        "“community organizing”\n1. ",
        "together\n1. ",
    ]
    places = [result.stdout.index(part) for part in order]
    assert places == sorted(places)
    assert "*Psychotherapy*" in result.stdout
    assert "corpus/psychotherapy.md, line 16, characters " in result.stdout


def test_ask_without_uncertainty_has_no_note(real_folder: Path) -> None:
    result = qa("ask", "What is psychotherapy?", "-k", "1", "--index", real_folder)
    assert result.stdout.startswith("Probably answered (confidence ")
    assert "2. " not in result.stdout


def test_ask_as_json(real_folder: Path) -> None:
    answer = json.loads(qa("ask", INVENTED, "--json", "-k", "2", "--index", real_folder).stdout)
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
    (corpus / "broken.txt").write_bytes(b"caf\xe9\0")
    (corpus / "latin.txt").write_bytes(b"The caf\xe9 is open.")
    (corpus / "photo.png").write_bytes(b"\x89PNG")
    result = qa("index", corpus, "--index", tmp_path / "index")
    assert result.exit_code == 0
    assert result.stdout == f"Indexed 6 documents as 7 passages in {tmp_path / 'index'}, 1 left out.\n"
    assert "left out: texts/broken.txt: is not UTF-8 (byte 0xe9 at 3): convert it to UTF-8" in result.stderr
    assert "texts/latin.txt is not UTF-8, and is read as cp1252, which is a guess: save it as UTF-8" in result.stderr
    assert "passed over: 1 file of formats that are not read (.png)" in result.stderr
    again = qa("index", corpus, "--index", tmp_path / "index", "--store", "exact")
    assert "7 passages (7 unchanged)" in again.stdout


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
        corpus.write_bytes({"nul": b"\0" * 9, "zero": b"", "latin": b"caf\xe9\0"}[make])
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
        {"_id": "2", "text": INVENTED, "answerable": False, "off_corpus_terms": [NAME]},
        {"_id": "1", "text": "Twice"},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("q\tc\ts\n1\tcorpus/psychotherapy.md\t1\n", encoding="utf-8")
    return path


def test_evaluate(real_folder: Path, questions: Path, tmp_path: Path) -> None:
    left_out = shutil.ignore_patterns("runs")  # which another test may be writing
    index = Path(shutil.copytree(real_folder, tmp_path / "index", ignore=left_out))
    written = [tmp_path / name for name in ("run.jsonl", "measures.json", "report.html")]
    result = qa(
        "evaluate", questions, "--index", index, "--answers", written[0], "--json", written[1], "--report",
        written[2], "--require", "success@1>=1", "--require", "term_f1>=1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 questions: answered 1, uncertain 1, not in corpus 0.")
    assert NAME in result.stdout
    assert 'left out: questions.jsonl: the id "1" stands twice' in result.stderr
    assert all(path.stat().st_size for path in written)
    assert json.loads(written[1].read_text(encoding="utf-8"))["measures"]["auroc"]["value"] == 1.0
    again = qa("evaluate", questions, "--index", index, "--compare", written[0])
    assert "Compared with the other run" in again.stdout
    assert list((index / "runs").iterdir()) == []


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


@pytest.mark.parametrize("option", ["--report", "--json", "--answers"])
@pytest.mark.parametrize("make", ["no folder", "a folder", "below a file"])
def test_evaluate_refuses_before_the_work_what_cannot_be_written(
    questions: Path, tmp_path: Path, option: str, make: str
) -> None:
    path = {"no folder": tmp_path / "no" / "r", "a folder": tmp_path, "below a file": questions / "r"}[make]
    line = refused(qa("evaluate", questions, "--index", tmp_path / "no-index", option, path))
    assert f"{path} cannot be written" in line  # and not that there is no index
    assert "name a file in a folder that is there" in line


def test_evaluate_overwrites_nothing_that_it_reads(questions: Path, tmp_path: Path) -> None:
    content = questions.read_bytes()
    assert "is named twice" in refused(qa("evaluate", questions, "--report", questions))
    run = tmp_path / "run.jsonl"
    run.write_text("{}", encoding="utf-8")
    assert "is named twice" in refused(qa("evaluate", questions, "--answers", run, "--compare", run))
    assert "is named twice" in refused(qa("evaluate", questions, "--json", run, "--report", run))
    assert (questions.read_bytes(), run.read_text(encoding="utf-8")) == (content, "{}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rollback", "--watch"], "--rollback builds nothing, so --watch"),
        (["--rollback", "--wait"], "--rollback builds nothing, so --wait"),
        (["--rollback", "texts"], "--rollback builds nothing, so a CORPUS"),
        (["--rollback", "--passage-tokens", "64"], "--rollback builds nothing, so --passage-tokens"),
        (["--rollback", "--remove"], "--rollback builds nothing, so --remove"),
        (["--dry-run", "--watch"], "--dry-run writes nothing, so --watch"),
        (["--dry-run", "--wait"], "--dry-run writes nothing, so --wait"),
        (["--rollback", "--dry-run", "--wait"], "--dry-run writes nothing, so --wait"),
    ],
)
def test_what_makes_no_sense_together(tmp_path: Path, options: list[str], words: str) -> None:
    assert words in refused(qa("index", "--index", tmp_path / "index", *options))


def test_ask_explains_as_json_too(real_folder: Path) -> None:
    plain = json.loads(qa("ask", INVENTED, "--json", "--index", real_folder).stdout)
    answer = json.loads(qa("ask", INVENTED, "--json", "--explain", "--risk", "0.2", "--index", real_folder).stdout)
    explained = answer.pop("explanation")
    assert {**plain, "verdict": ""} == {**answer, "verdict": ""}
    added = explained["intercept"] + sum(signal["adds"] for signal in explained["signals"].values())
    assert 1 / (1 + math.exp(-added)) == pytest.approx(explained["confidence"], abs=1e-4)
    assert explained["confidence"] == answer["confidence"]
    assert explained["promise"] == {"risk": 0.2, "miss": 0.15}
    assert [(term["text"], term["state"]) for term in explained["terms"]] == [
        (term["text"], term["state"]) for term in answer["terms"]
    ]
    assert all(term["reason"] for term in explained["terms"])


@pytest.mark.parametrize("words", [["What", "is", "grief"], ["What's", "grief?"], ["a", "$b"]])
def test_a_question_without_quotation_marks(words: list[str]) -> None:
    line = refused(qa("ask", *words))
    assert "put it in quotation marks, as in `qa ask " in line
    given = shlex.split(line[line.index("`qa") :].strip("`.\n"))
    assert given == ["qa", "ask", " ".join(words)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serv"], "did you mean `qa serve`?"),
        (["indx", "texts"], "did you mean `qa index`?"),
        (["zzz"], "the commands are index, check, ask, open, evaluate, calibrate, feedback, gaps, key, mcp, serve"),
        (["What is grief?"], 'write `qa ask "What is grief?"`'),
        (["What", "is", "grief?"], 'write `qa ask "What is grief?"`'),
        (["ask", "x", "--explian"], "--explain"),
    ],
)
def test_the_nearest_is_suggested(arguments: list[str], words: str) -> None:
    result = qa(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_where_was_looked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(qa("ask", "What is grief?"))
    assert f"There is no index in {tmp_path / 'index'}: name its folder with --index, or build one with" in line
    assert f"{tmp_path / 'corpus'} does not exist: name a folder or file of texts" in refused(qa("index"))
    assert f"{tmp_path / 'corpus.toml'} does not exist" in refused(qa("index", "corpus.toml"))
    line = refused(qa("serve"))
    assert (
        f"{tmp_path / 'corpus'} does not exist, and there is no index in {tmp_path / 'index'}: start `qa serve`" in line
    )
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "CURRENT").write_text("1", encoding="utf-8")
    (tmp_path / "index" / "generations" / "1").mkdir(parents=True)
    assert f"{tmp_path / 'q.jsonl'} does not exist: name a file of questions" in refused(qa("evaluate", "q.jsonl"))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["index", "CORPUS"], ("qa.indexing.building.build_index", "the index that was there is as it was")),
        (["ask", "What is grief?"], ("qa.indexing.index.open_index", "Interrupted.")),
        (["evaluate", "QUESTIONS"], ("qa.evaluation.evaluating.evaluate", "the same command goes on from there")),
        (["calibrate", "QUESTIONS"], ("qa.indexing.index.open_index", "the calibration that was there is as it was")),
    ],
)
def test_an_interrupt_says_what_it_leaves(
    real_folder: Path, questions: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], told: tuple[str, str]
) -> None:
    where, left = told

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupt)
    given = {"CORPUS": str(questions.parent), "QUESTIONS": str(questions)}
    result = qa(*(given.get(word, word) for word in command), "--index", real_folder)
    assert result.exit_code == 130
    assert result.stderr.startswith("qa: Interrupted")
    assert left in result.stderr
    assert result.stderr.count("\n") == 1


def test_texts_that_the_bundled_model_does_not_read_are_told_apart(
    corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.indexing.building.load_embedder", lambda _: embedder)
    monkeypatch.setattr("qa.indexing.building.embedder_checksum", lambda _: embedder.checksum)
    told = "the texts are in German, and the bundled model reads English: name a multilingual one with --embedder"
    assert told not in qa("index", corpus, "--index", tmp_path / "index").stderr
    (corpus / "corpus.toml").write_text('language = "de-CH"', encoding="utf-8")
    assert told in qa("index", corpus, "--index", tmp_path / "index").stderr


def test_questions_of_the_corpus_calibrate_when_they_or_the_texts_change(
    corpus: Path, tmp_path: Path, embedder: WordLengthEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calibrating itself, which needs fifty questions, is stood in for."""
    asked: list[Path] = []
    outcomes: list[Exception | int] = []

    def calibrate(index: Path, questions: Path, progress: object) -> int:
        asked.append(questions)
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def calibrated() -> bool:
        outcomes[:] = [100]
        before = len(asked)
        result = qa("index", corpus, "--index", tmp_path / "index")
        assert result.exit_code == 0, result.output
        return len(asked) > before

    monkeypatch.setattr("qa.service._calibrate", calibrate)
    monkeypatch.setattr("qa.indexing.building.load_embedder", lambda _: embedder)
    monkeypatch.setattr("qa.indexing.building.embedder_checksum", lambda _: embedder.checksum)
    (corpus / "corpus.toml").write_text('questions = "judged.jsonl"', encoding="utf-8")
    (corpus / "judged.jsonl").write_text('{"_id": "1", "text": "What is an apple?"}', encoding="utf-8")
    assert [calibrated(), calibrated()] == [True, False]
    (corpus / "judged.jsonl").write_text('{"_id": "1", "text": "What is a pear?"}', encoding="utf-8")
    assert [calibrated(), calibrated()] == [True, False]
    (corpus / "qrels.tsv").write_text("1\ttexts/apple.md\t1", encoding="utf-8")
    assert [calibrated(), calibrated()] == [True, False]
    (corpus / "garden.txt").write_text("Another garden.", encoding="utf-8")
    assert [calibrated(), calibrated()] == [True, False]
    (corpus / "judged.jsonl").write_text("", encoding="utf-8")
    outcomes[:] = [BadQuestionSet("holds no question")]
    failed = qa("index", corpus, "--index", tmp_path / "index")
    assert (failed.exit_code, failed.stderr) == (0, "not calibrated: holds no question\n")
    assert [calibrated(), calibrated()] == [True, False]
    (corpus / "judged.jsonl").write_text("x", encoding="utf-8")
    monkeypatch.setattr("qa.service._calibrate", lambda *_: interrupt())
    stopped = qa("index", corpus, "--index", tmp_path / "index")
    assert (stopped.exit_code, "is built, but not calibrated" in stopped.stderr) == (130, True)
    monkeypatch.setattr("qa.service._calibrate", calibrate)
    assert [calibrated(), calibrated()] == [True, False]
    (tmp_path / "index" / "calibration.json").write_text("cut off", encoding="utf-8")
    assert calibrated()


def interrupt() -> int:
    raise KeyboardInterrupt


def test_where_no_bar_is_shown_lines_say_how_far_it_is() -> None:
    said: list[str] = []
    came = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        came.set()

    with Progress(say, seconds=0.01) as progress:
        for shown, expected in (
            (("Preparing", 0, None), "Preparing …"),
            (("Reading", 1200, None), "Reading: 1,200"),
            (("Embedding", 6, 9), "Embedding: 6 of 9"),
            (("Exporting", 0, None), "Exporting …"),
        ):
            progress(*shown)
            while expected not in said:
                came.clear()
                assert came.wait(30)
    count = len(said)
    assert not came.wait(0.1) or len(said) == count


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"qa {name}" in readme for name in cli.commands)


def test_help_needs_no_heavy_library() -> None:
    script = (
        "import sys; import qa.command.cli; print([m for m in ('torch', 'faiss', 'flask', 'rich') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_what_no_one_foresaw_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from qa.command import cli as module

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


def test_open_shows_a_document_and_a_passage_in_it(real_folder: Path) -> None:
    whole = qa("open", "corpus/mutual-aid.md", "--index", real_folder)
    assert (whole.exit_code, whole.stderr) == (0, "")
    assert whole.stdout.startswith("Mutual aid\n")
    asked = qa("ask", "What is mutual aid?", "--json", "--index", real_folder)
    found = json.loads(asked.stdout)["passages"]
    passage = next(one for one in found if one["document_id"] == "corpus/mutual-aid.md")
    shown = qa("open", passage["id"], "--index", real_folder).stdout
    assert f">>{passage['text']}<<" in shown
    assert (
        shown.replace(">>", "").replace("<<", "") == qa("open", passage["document_id"], "--index", real_folder).stdout
    )
    cited = qa("open", passage["id"], "--cite", "ris", "--index", real_folder).stdout
    assert cited.startswith("TY  - GEN\n")
    assert f"TI  - {passage['title']}" in cited


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["corpus/none.md"], "There is no document"),
        (["corpus/mutual-aid.md#1-2"], "There is no passage “1-2”"),
        (["corpus/mutual-aid.md", "--cite", "ris"], "A citation is of a passage"),
    ],
)
def test_open_says_what_is_not_there(real_folder: Path, given: list[str], words: str) -> None:
    result = qa("open", *given, "--index", real_folder)
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
