"""What is counted, and what of it may be seen."""

import http.server
import json
import re
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from qa.answers.answering import Answerer
from qa.errors import GapsUnusable
from qa.feedback import FeedbackFile, Judged
from qa.gaps import GapFile, Lacking, read_gaps
from qa.keys import KeyFile
from qa.library import Library
from qa.service import Live
from qa.settings import ServeSettings
from qa.stages import STAGES
from qa.web.app import create_app
from qa.web.promises import tail

MISSING = "/api/ask?q=What+is+a+quorvex"


def served(answerer: Answerer, **given: object) -> FlaskClient:
    return create_app(Live.of(answerer), ServeSettings.model_validate(given)).test_client()


def value(metrics: str, name: str) -> float:
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", metrics, re.MULTILINE)
    return float(found)


# --- meters --------------------------------------------------------------------------------------------------


def test_what_is_asked_is_counted(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer)
    for address in ("/api/ask?q=What+is+an+apple", "/?q=What+is+an+apple", MISSING, "/api/ask?q=", "/nothing"):
        client.get(address)
    metrics = client.get("/metrics").text
    assert value(metrics, 'candor_requests_total{endpoint="api.ask_by_address",status="200"}') == 2
    assert value(metrics, 'candor_requests_total{endpoint="api.ask_by_address",status="400"}') == 1
    assert value(metrics, 'candor_requests_total{endpoint="page.page",status="200"}') == 1
    assert value(metrics, 'candor_requests_total{endpoint="none",status="404"}') == 1
    assert value(metrics, 'candor_flagged_terms_total{corpus="",state="unknown"}') == 1
    answers = re.findall(r'^candor_answers_total\{corpus="",verdict="\w+"\} (\S+)$', metrics, re.MULTILINE)
    assert sum(map(float, answers)) == 3
    for stage in STAGES:
        assert value(metrics, f'candor_stage_seconds_count{{stage="{stage}"}}') == 3
    assert value(metrics, 'candor_vectors_total{how="embedded"}') >= 2
    assert value(metrics, 'candor_vectors_total{how="reused"}') >= 1  # the apple was asked twice
    assert value(metrics, 'candor_corpus_up{corpus=""}') == 1
    assert value(metrics, 'candor_calibration_questions{corpus=""}') == 0


def test_no_question_is_in_the_meters(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer)
    client.get("/api/ask?q=confidential+apple+of+somebody")
    assert not re.search("confidential|apple|somebody", client.get("/metrics").text)


def test_stages_are_spans_with_no_question(tiny_answerer: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a collector gets them, which is a real one but for what it does with them."""
    got: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    served(tiny_answerer).get("/api/ask?q=confidential+apple")
    wanted = ("answer", *STAGES)
    end = time.monotonic() + 30
    while not all(name.encode() in b"".join(got) for name in wanted) and time.monotonic() < end:
        time.sleep(0.05)  # a span that ends later comes in a later batch
    server.shutdown()
    server.server_close()
    thread.join()
    said = b"".join(got)
    for name in wanted:
        assert name.encode() in said
    assert not re.search(b"confidential|apple", said)


def test_meters_can_be_left_out(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer, metrics=False)
    assert client.get("/api/ask?q=apple").status_code == 200
    assert client.get("/metrics").status_code == 404


def test_a_request_has_an_id(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer)
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1.2"}).headers["X-Request-Id"] == "abc-1.2"
    made = [client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] for given in ("", "a b")]
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in made)
    assert made[0] != made[1]


# --- gaps ----------------------------------------------------------------------------------------------------


@pytest.fixture
def gaps(tmp_path: Path) -> GapFile:
    return GapFile(tmp_path / "gaps.sqlite")


def test_a_term_is_written_down_once_three_askers_had_it(gaps: GapFile) -> None:
    lacking = [Lacking("Quorvex Method", "unknown", "apple")]
    for asker in ("one", "one", "two", "one"):
        gaps.add("", asker, lacking, "What is the Quorvex method, my problem being X?")
    assert read_gaps(gaps.path) == []
    content = gaps.path.read_bytes()
    assert b"uorvex" not in content
    assert b"one" not in content.replace(b"done", b"")
    gaps.add("", "three", [Lacking("quorvex  method", "unknown", "pear")], "…")
    (gap,) = read_gaps(gaps.path)
    assert (gap.term, gap.state, gap.asked, gap.closest, gap.question) == (
        "quorvex method", "unknown", 5, "pear", None,
    )  # fmt: skip
    gaps.add("", "one", lacking, "…")
    assert read_gaps(gaps.path)[0].asked == 6


def test_corpora_and_states_are_counted_apart(gaps: GapFile) -> None:
    for asker in "123":
        gaps.add("a", asker, [Lacking("x", "unknown")], "…")
        gaps.add("b", asker, [Lacking("x", "unestablished"), Lacking("y" * 300, "unknown")], "…")
    assert [(gap.corpus, gap.term, gap.state) for gap in read_gaps(gaps.path)] == [
        ("a", "x", "unknown"), ("b", "x", "unestablished"),
    ]  # fmt: skip
    assert [gap.corpus for gap in read_gaps(gaps.path, ["b"])] == ["b"]
    assert len(read_gaps(gaps.path, days=1)) == 2


def test_questions_are_kept_where_the_owner_says_so(tmp_path: Path) -> None:
    gaps = GapFile(tmp_path / "gaps.sqlite", keeps_questions=True)
    for asker in "123":
        gaps.add("", asker, [Lacking("x", "unknown")], f"Question {asker}?")
    assert read_gaps(gaps.path)[0].question == "Question 3?"


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(GapsUnusable, match="does not end in"):
        GapFile(tmp_path / "gaps.txt")
    with pytest.raises(GapsUnusable, match="does not exist"):
        read_gaps(tmp_path / "gaps.sqlite")
    (tmp_path / "gaps.sqlite").write_text("no database, but text of some length")
    with pytest.raises(GapsUnusable, match="cannot keep"):
        GapFile(tmp_path / "gaps.sqlite")
    with pytest.raises(GapsUnusable, match="nothing that can be read"):
        read_gaps(tmp_path / "gaps.sqlite")


def test_what_was_not_found_is_told(tiny_answerer: Answerer, tmp_path: Path) -> None:
    client = served(tiny_answerer, gaps=tmp_path / "gaps.sqlite")
    for number in range(3):
        client.get(MISSING, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
        client.get("/api/ask?q=What+is+an+apple", environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    (gap,) = client.get("/api/gaps").get_json()["gaps"]
    assert (gap["term"], gap["state"], gap["asked"], gap["corpus"]) == ("quorvex", "unknown", 3, None)
    assert "quorvex" in client.get("/gaps").text
    assert client.get("/api/gaps?days=0").status_code == 400
    assert served(tiny_answerer).get("/api/gaps").status_code == 404


def test_questions_are_told_to_the_owner_alone(tiny_answerer: Answerer, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json", is_new=True)
    admin = {"Authorization": f"Bearer {keys.add('admin', is_admin=True)}"}
    given = {"gaps": tmp_path / "gaps.sqlite", "keep_questions": True}
    everybody = served(tiny_answerer, **given)
    for number in range(3):
        everybody.get("/api/ask?q=Has+Jane+a+quorvex", environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    assert everybody.get("/api/gaps").get_json()["gaps"][0]["question"] is None
    assert "Jane" not in everybody.get("/gaps").text
    owner = served(tiny_answerer, keys=keys.path, **given)
    assert "Jane" in owner.get("/api/gaps", headers=admin).get_json()["gaps"][0]["question"]


def test_ever_new_terms_do_not_fill_the_file(gaps: GapFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.gaps._MOST_WAITING", 50)
    for number in range(200):
        gaps.add("", "one", [Lacking(f"term {number}", "unknown")], "…")
    with sqlite3.connect(gaps.path) as connection:
        assert connection.execute("SELECT count(*) FROM askers").fetchone()[0] <= 50
    connection.close()


def test_askers_behind_a_proxy_are_told_apart(tiny_answerer: Answerer, tmp_path: Path) -> None:
    client = served(tiny_answerer, gaps=tmp_path / "gaps.sqlite", trusted_proxies=("127.0.0.1",))
    for number in range(3):
        client.get(MISSING, headers={"X-Forwarded-For": f"10.0.0.{number}"})
    assert len(client.get("/api/gaps").get_json()["gaps"]) == 1


def test_several_are_counted_each(library: Library, tmp_path: Path) -> None:
    client = create_app(library, ServeSettings(gaps=tmp_path / "gaps.sqlite")).test_client()
    for number, corpora in enumerate(("fruit,animals", "animals,fruit", "animals")):
        client.get(f"{MISSING}&corpora={corpora}", environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    assert [gap["corpus"] for gap in client.get("/api/gaps").get_json()["gaps"]] == ["animals"]
    labels = set(re.findall(r'candor_answers_total\{corpus="(.*?)"', client.get("/metrics").text))
    assert labels <= {"fruit", "animals"}


def test_an_answer_is_not_withheld_because_it_cannot_be_counted(tiny_answerer: Answerer, tmp_path: Path) -> None:
    client = served(tiny_answerer, gaps=tmp_path / "gaps.sqlite")
    (tmp_path / "gaps.sqlite").write_text("somebody wrote into it, and it is a database no more")
    assert client.get(MISSING).status_code == 200
    assert value(client.get("/metrics").text, 'candor_problems_total{kind="gaps"}') == 1


# --- the promise ---------------------------------------------------------------------------------------------


def test_the_tail_of_a_binomial() -> None:
    assert tail(0, 10, 0.3) == pytest.approx(1)
    assert tail(10, 10, 0.5) == pytest.approx(0.5**10)
    assert tail(2, 2, 0.1) == pytest.approx(0.01)
    assert tail(340, 1001, 0.33) == pytest.approx(tail(340, 1000, 0.33), abs=0.03)


@pytest.mark.parametrize(("right", "wrong", "holds"), [(0, 0, None), (8, 2, True), (1, 12, False)])
def test_whether_a_promise_holds(
    tiny_answerer: Answerer, tmp_path: Path, right: int, wrong: int, holds: bool | None
) -> None:
    file = FeedbackFile(tmp_path / "feedback.sqlite")
    generation = tiny_answerer.index.generation.folder.name
    for is_right in [True] * right + [False] * wrong:
        file.add(Judged("2026-01-01", is_right, "answered", 0.9, generation))
    file.add(Judged("2026-01-01", False, "answered", 0.9, "another"))
    file.add(Judged("2026-01-01", False, "uncertain", 0.4, generation))
    promise = served(tiny_answerer, feedback=file.path).get("/readyz").get_json()["promise"]
    assert promise == {
        "risk": tiny_answerer.promise.risk, "is_own": False, "is_proven": False,
        "judged": right + wrong, "wrong": wrong, "holds": holds,
    }  # fmt: skip


def test_a_service_is_ready_though_nobody_can_be_heard(tiny_answerer: Answerer, tmp_path: Path) -> None:
    client = served(tiny_answerer, feedback=tmp_path / "said.sqlite")
    (tmp_path / "said.sqlite").unlink()
    assert client.get("/readyz").get_json()["promise"]["holds"] is None
    assert not (tmp_path / "said.sqlite").exists()


# --- the chat API's shape ------------------------------------------------------------------------------------


def test_an_answer_in_the_shape_of_the_chat_api(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer)
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "What is a garden?"},
        {"role": "assistant", "content": "…"},
        {"role": "user", "content": [{"type": "text", "text": "What is a quorvex?"}]},
    ]
    body = {"model": "gpt", "messages": messages, "temperature": 0.3}
    answer = client.post("/v1/chat/completions", json=body).get_json()
    assert answer["object"] == "chat.completion"
    (choice,) = answer["choices"]
    assert (choice["message"]["role"], choice["finish_reason"]) == ("assistant", "stop")
    assert "do not mention “quorvex”" in choice["message"]["content"]
    assert answer["candor"]["question"] == "What is a quorvex?"
    for passage in answer["candor"]["passages"][:3]:
        assert passage["text"] in choice["message"]["content"]
    assert client.get("/v1/models").get_json()["data"][0]["id"] == "candor"


def test_it_streams(tiny_answerer: Answerer) -> None:
    body = {"messages": [{"role": "user", "content": "What is an apple?"}], "stream": True}
    text = served(tiny_answerer).post("/v1/chat/completions", json=body).text
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    first, last = (json.loads(line)["choices"][0] for line in lines[:-1])
    assert "An apple is a fruit" in first["delta"]["content"]
    assert last["finish_reason"] == "stop"


def test_a_chat_that_is_nested_too_deeply(tiny_answerer: Answerer) -> None:
    sent = {"data": b"[" * 20_000, "content_type": "application/json"}
    assert served(tiny_answerer).post("/v1/chat/completions", **sent).status_code == 400


@pytest.mark.parametrize(
    "body",
    [{}, {"messages": []}, {"messages": [{"role": "system", "content": "x"}]}, {"messages": "x"}, {"messages": [3]},
     {"messages": [{"role": "user", "content": " "}]}, {"messages": [{"role": "user", "content": "x" * 1001}]},
     {"messages": [{"role": "user", "content": None}]}, {"messages": [{"role": "user", "content": "x"}], "k": 0}],
)  # fmt: skip
def test_chats_without_a_question(tiny_answerer: Answerer, body: dict[str, object]) -> None:
    response = served(tiny_answerer).post("/v1/chat/completions", json=body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].endswith((".", "...", "}"))


def test_a_model_names_a_corpus(library: Library) -> None:
    client = create_app(library).test_client()
    names = [one["id"] for one in client.get("/v1/models").get_json()["data"]]
    assert names == ["candor", "candor/fruit", "candor/animals"]
    body = {"model": "candor/animals", "messages": [{"role": "user", "content": "What is a zebra?"}]}
    assert client.post("/v1/chat/completions", json=body).get_json()["candor"]["corpus"] == "animals"
    assert client.post("/v1/chat/completions", json={**body, "model": "candor/none"}).status_code == 404
    assert client.post("/fruit/v1/chat/completions", json=body).status_code == 404


def test_the_api_s_page_needs_nothing_from_elsewhere(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer)
    page = client.get("/docs")
    addresses = re.findall(r'(?:src|href|data-description)="([^"]*)"', page.text)
    assert len(addresses) == 5
    for address in addresses:
        assert address.startswith("/")
        with client.get(address) as response:
            assert response.status_code == 200
    assert client.get("/docs/other.js").status_code == 404
