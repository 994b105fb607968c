"""“Was this right?”: off unless it is wanted, kept in the owner's file, and learned from."""

import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from qa.answers.answering import Answerer
from qa.command.cli import cli
from qa.errors import BadQuestionSet, FeedbackUnusable, UnreadableDocument
from qa.evaluation.formats import read_questions
from qa.evaluation.question import SetQuestion
from qa.feedback import FeedbackFile, Judged, Tally, read_feedback, tallies
from qa.service import Live
from qa.settings import ServeSettings
from qa.web.app import create_app

SAID = Judged("2026-11-26", True, "answered", 0.8, "g1", "thanks", False, "What is an apple?", ("quorvex",))


def client_of(answerer: Answerer, path: Path | None, **settings: Any) -> FlaskClient:
    return create_app(Live.of(answerer), ServeSettings(feedback=path, **settings)).test_client()


def test_askers_are_not_asked_unless_the_owner_wants_it(tiny_answerer: Answerer) -> None:
    client = client_of(tiny_answerer, None)
    assert "Was this right?" not in client.get("/?q=apple").text
    assert client.post("/feedback", data={"q": "apple", "right": "yes"}).status_code in {404, 405}
    assert client.post("/api/feedback", json={"question": "apple", "right": True}).status_code == 404


def test_what_is_said_is_kept_without_the_question(tiny_answerer: Answerer, tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite"
    client = client_of(tiny_answerer, path)
    page = client.get("/?q=apple").text
    assert "Was this right?" in page
    assert f'name="generation" value="{tiny_answerer.index.generation.folder.name}"' in page
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = client.post("/feedback", data={"q": "apple quorvex", "right": "no", "note": " too  short ", "topic": ""})
    assert done.status_code == 303
    assert done.headers["Location"] == "/?q=apple+quorvex&told=1#told"
    thanked = client.get(done.headers["Location"]).text
    assert "Thank you. It was kept." in thanked
    assert "Was this right?" not in thanked
    (judged,) = read_feedback(path)
    assert (judged.is_right, judged.note, judged.question, judged.missing) == (False, "too short", None, None)
    assert judged.generation == tiny_answerer.index.generation.folder.name
    with sqlite3.connect(path) as connection:
        assert b"quorvex" not in b"".join(str(row).encode() for row in connection.iterdump())


def test_questions_are_kept_where_the_owner_allows_it(tiny_answerer: Answerer, tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite"
    client = client_of(tiny_answerer, path, keep_questions=True)
    assert client.post("/api/feedback", json={"question": " What is a quorvex? ", "right": False}).status_code == 200
    (judged,) = read_feedback(path)
    assert (judged.question, judged.missing) == ("What is a quorvex?", ["quorvex"])


@pytest.mark.parametrize(
    ("data", "headers", "message"),
    [
        ({"q": "apple"}, {}, "yes or no"),
        ({"q": "apple", "right": "perhaps"}, {}, "yes or no"),
        ({"q": "", "right": "yes"}, {}, "empty"),
        ({"right": "yes"}, {}, "empty"),
        ({"q": "apple", "right": "yes", "note": "x" * 1001}, {}, "at most 1,000"),
        ({"q": "apple", "right": "yes", "source": "x" * 501}, {}, "at most 500"),
        ({"q": "apple", "right": "yes", "k": "x"}, {}, "whole number"),
        ({"q": "apple", "right": "yes", "generation": "999999"}, {}, "have changed"),
        ({"q": "apple", "right": "yes"}, {"Sec-Fetch-Site": "cross-site"}, "on the page of the answer only"),
        ({"q": "apple", "right": "yes"}, {"Origin": "http://elsewhere.example"}, "on the page of the answer only"),
        ({"q": "apple", "right": "yes"}, {"Origin": "null"}, "on the page of the answer only"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    tiny_answerer: Answerer, tmp_path: Path, data: dict[str, str], headers: dict[str, str], message: str
) -> None:
    path = tmp_path / "f.sqlite"
    response = client_of(tiny_answerer, path).post("/feedback", data=data, headers=headers)
    assert response.status_code == 400
    assert message in response.get_json()["error"]["message"]
    assert read_feedback(path) == []


def test_the_page_itself_may_send_it(tiny_answerer: Answerer, tmp_path: Path) -> None:
    client = client_of(tiny_answerer, tmp_path / "f.sqlite")
    for headers in ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}):
        assert client.post("/feedback", data={"q": "apple", "right": "yes"}, headers=headers).status_code == 303


def test_several_write_at_a_time(tmp_path: Path) -> None:
    files = [FeedbackFile(tmp_path / "f.sqlite", keeps_questions=True) for _ in range(4)]

    def write(file: FeedbackFile) -> None:
        for _ in range(25):
            file.add(SAID)

    threads = [threading.Thread(target=write, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_feedback(tmp_path / "f.sqlite")) == 100


def test_a_file_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.sqlite").write_text("This is no database, but a text of some length. " * 50)
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE feedback (a)")
    for name in ("text.sqlite", "other.sqlite", "missing/f.sqlite", "f.txt"):
        with pytest.raises(FeedbackUnusable, match=name.split("/")[0]):
            FeedbackFile(tmp_path / name)
    for name in ("text.sqlite", "other.sqlite", "none.sqlite"):
        with pytest.raises(FeedbackUnusable, match=name):
            read_feedback(tmp_path / name)
    monkeypatch.setattr("qa.feedback.MOST_KEPT", 1)
    full = FeedbackFile(tmp_path / "full.sqlite")
    full.add(SAID)
    with pytest.raises(FeedbackUnusable, match="takes no more"):
        full.add(SAID)


def test_a_set_is_made_of_what_was_said(tmp_path: Path) -> None:
    file = FeedbackFile(tmp_path / "f.sqlite", keeps_questions=True)
    for question, right in [("a", True), ("a", True), ("a", False), ("b", False), ("c", True), ("c", False)]:
        file.add(Judged("2026-11-26", right, "answered", 0.8, "g1", question=question))
    read = list(read_questions(tmp_path / "f.sqlite"))
    assert [(one.text, one.answerable) for one in read if isinstance(one, SetQuestion)] == [("a", True), ("b", False)]
    assert [one.reason for one in read if isinstance(one, UnreadableDocument)] == ["was called right as often as wrong"]
    assert tallies(read_feedback(tmp_path / "f.sqlite")) == [Tally("answered", 6, 3)]
    FeedbackFile(tmp_path / "empty.sqlite")
    with pytest.raises(BadQuestionSet, match="--keep-questions"):
        list(read_questions(tmp_path / "empty.sqlite"))


def test_what_was_asked_of_some_texts_says_nothing_of_all(tiny_answerer: Answerer, tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite"
    client = client_of(tiny_answerer, path, keep_questions=True)
    done = client.post("/feedback", data={"q": "apple", "right": "no", "source": "texts/fam", "k": "10"})
    assert done.headers["Location"] == "/?q=apple&told=1&source=texts/fam&k=10#told"
    client.post("/feedback", data={"q": "apple", "right": "yes"})
    read = list(read_questions(path))
    assert [(one.text, one.answerable) for one in read if isinstance(one, SetQuestion)] == [("apple", True)]
    assert [one.reason for one in read if isinstance(one, UnreadableDocument)] == [
        "was asked of some of the texts only"
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"question": "apple"}, '"right" must be true or false'),
        ({"question": "apple", "right": "yes"}, '"right" must be true or false'),
        ({"question": "apple", "right": True, "note": "x" * 1001}, "at most 1,000 characters"),
        ({"question": "apple", "right": True, "k": 5}, '"k" is not known here: the fields are question, right, note'),
    ],
)
def test_a_body_that_is_wrong_is_told_what_is(
    tiny_answerer: Answerer, tmp_path: Path, body: dict[str, object], message: str
) -> None:
    response = client_of(tiny_answerer, tmp_path / "f.sqlite").post("/api/feedback", json=body)
    assert response.status_code == 400
    assert message in response.get_json()["error"]["message"]


def test_the_command(tmp_path: Path) -> None:
    file = FeedbackFile(tmp_path / "f.sqlite")
    file.add(SAID)
    file.add(Judged("2026-11-27", False, "answered", 0.8, "g1"))
    done = CliRunner().invoke(cli, ["feedback", str(tmp_path / "f.sqlite"), "--notes"])
    assert done.output.splitlines() == [
        "2 answers judged, 0 questions kept.",
        "      2 called probably answered: 50% answered, as their askers say",
        "2026-11-26  answered: thanks",
    ]
    missing = CliRunner().invoke(cli, ["feedback", str(tmp_path / "none.sqlite")])
    assert missing.exit_code == 1
    assert "does not exist" in missing.output


def test_questions_are_not_kept_without_a_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["serve", "--keep-questions", "--index", str(tmp_path)])
    assert done.exit_code == 1
    assert "name one of them too" in done.output
    done = CliRunner().invoke(cli, ["serve", "--feedback", str(tmp_path / "f.db"), "--index", str(tmp_path)])
    assert done.exit_code == 1
    assert "does not end in .sqlite" in done.output
