"""The real command, the real server, real connections."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.bad_input import BAD_ADDRESSES, BAD_BODIES, STRANGE_QUESTIONS
from tests.serving import Running, asked_throughout, ready, start, start_copy, wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("server"))
    yield running
    running.process.terminate()
    running.process.wait(60)


def test_it_built_the_index_first(server: Running) -> None:
    log = server.log.read_text(encoding="utf-8")
    assert "There is no index in index yet: building it from texts." in log
    assert "Indexed 5 documents as 6 passages in index." in log
    assert f"Candor answers at http://127.0.0.1:{server.port}/" in log


def test_it_answers(server: Running) -> None:
    status, text = server.request("POST", "/api/ask", b'{"question": "What is an apple?", "k": 2}', "application/json")
    answer = json.loads(text)
    assert status == 200
    assert 0.5 < answer["confidence"] < 1
    assert answer["passages"][0]["text"] == "An apple is a fruit. Apple trees bear it in autumn."
    assert json.loads(server.request("GET", "/api/ask?q=What+is+an+apple%3F&k=2")[1]) == answer
    assert server.request("GET", "/?q=apple")[0] == 200


def build(server: Running, *options: str) -> str:
    texts = [] if "--rollback" in options else ["texts"]
    command = [sys.executable, "-m", "qa", "index", *texts, "--index", "index", *options]
    ran = subprocess.run(command, cwd=server.folder, capture_output=True, text=True, check=True)
    return ran.stdout


def test_a_new_generation_is_answered_from_without_a_failed_request(server: Running) -> None:
    before = str(ready(server)["generation"])
    (server.folder / "texts" / "quince.txt").write_text("Quince\n\nA quince is a hard fruit.\n", encoding="utf-8")
    with asked_throughout(server, "/api/ask?q=What+is+a+quince%3F&k=1"):
        assert "Indexed 6 documents as 7 passages (6 unchanged)" in build(server)
        after = f"{int(before) + 1:06d}"
        assert wait_for(server, after)["documents"] == 6
        answer = json.loads(server.request("GET", "/api/ask?q=What+is+a+quince%3F&k=1")[1])
        assert answer["passages"][0]["source"] == "texts/quince.txt"
        assert "generation 000001 again" in build(server, "--rollback")
        assert wait_for(server, before)["documents"] == 5


def test_a_damaged_generation_is_not_served(server: Running) -> None:
    index = server.folder / "index"
    (server.folder / "texts" / "quince.txt").write_text("Quince\n\nAnother text.\n", encoding="utf-8")
    build(server)
    current = (index / "CURRENT").read_text(encoding="utf-8").strip()
    wait_for(server, current)
    path = index / "generations" / current / "passages.jsonl"
    path.write_bytes(path.read_bytes()[:-2] + b"x\n")
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 60
    while (found := ready(server)).get("warning") is None and time.monotonic() < end:
        time.sleep(0.1)
    assert f"{current} is damaged (passages.jsonl is not what was written" in str(found["warning"])
    assert found["generation"] < current  # type: ignore[operator]
    assert server.request("GET", "/api/ask?q=What+is+an+apple%3F")[0] == 200
    (server.folder / "texts" / "quince.txt").unlink()
    build(server, "--remove")
    mended = wait_for(server, (index / "CURRENT").read_text(encoding="utf-8").strip())
    assert (mended["warning"], mended["documents"]) == (None, 5)


@pytest.mark.parametrize(("body", "kind", "status", "code"), BAD_BODIES)
def test_bad_bodies(server: Running, body: bytes, kind: str, status: int, code: str) -> None:
    got, text = server.request("POST", "/api/ask", body, kind)
    assert (got, json.loads(text)["error"]["code"]) == (status, code)


@pytest.mark.parametrize(("address", "status", "code"), BAD_ADDRESSES)
def test_bad_addresses(server: Running, address: str, status: int, code: str) -> None:
    got, text = server.request("GET", address)
    assert (got, json.loads(text)["error"]["code"]) == (status, code)


@pytest.mark.parametrize("question", STRANGE_QUESTIONS)
def test_strange_questions(server: Running, question: str) -> None:
    status, text = server.request("GET", f"/api/ask?q={quote(question)}")
    assert status == 200
    assert json.loads(text)["verdict"] != "answered"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GARBAGE\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"x" * 30_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
        (b"GET /" + b"x" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400, "bad_request"),
    ],
)
def test_what_is_hardly_http(server: Running, sent: bytes, status: int, code: str) -> None:
    head, _, body = server.raw(sent).partition("\r\n\r\n")
    assert head.split()[1] == str(status)
    assert json.loads(body)["error"]["code"] == code


def test_a_body_without_a_length_is_bounded_too(server: Running) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    head = (
        b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    answer = server.raw(head + chunk * 3 + b"0\r\n\r\n")
    assert answer.startswith("HTTP/1.1 413 ")


def test_a_body_that_is_chunked_wrongly(server: Running) -> None:
    head = b"POST /api/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert server.raw(head + b"ZZ\r\n").split()[1] == "400"


def test_a_path_cannot_forge_a_line_of_the_log(server: Running) -> None:
    server.raw(b"GET /nowhere%0a1.2.3.4%20FAKE%1b[31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    log = server.log.read_text(encoding="utf-8")
    assert "\n1.2.3.4" not in log
    assert "\x1b" not in log


def test_one_line_a_request_without_the_question(server: Running) -> None:
    before = server.log.read_text(encoding="utf-8").count("\n")
    server.request("GET", "/api/ask?q=my+secret+trouble&k=1")
    server.request("GET", "/?q=my+secret+trouble")
    deadline = time.monotonic() + 10
    while (log := server.log.read_text(encoding="utf-8")).count("\n") < before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = log.splitlines()[before:]
    assert len(lines) == 2
    assert re.search(r"127\.0\.0\.1 GET /api/ask 200 \d+ bytes \d+ ms", lines[0])
    assert "secret" not in log


def test_many_at_once(server: Running) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(server.request("GET", "/api/ask?q=social+action")[0]))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 24


def test_too_many_at_once_are_told_to_come_again(server: Running, tmp_path: Path) -> None:
    server = start_copy(server, tmp_path, "--threads", "1", "--waiting", "2")
    found: list[tuple[int, str | None, str]] = []

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", f"/api/ask?q=What+are+zorblax{number}+and+quorvex{number}%3F")
        response = connection.getresponse()
        found.append((response.status, response.getheader("Retry-After"), response.read().decode()))
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [one for one in found if one[0] == 503]
    assert len(found) == 40
    assert {status for status, _, _ in found} == {200, 503}
    assert {retry for _, retry, _ in refused} == {"1"}
    assert json.loads(refused[0][2])["error"]["code"] == "too_busy"
    assert server.request("GET", "/api/ask?q=apple")[0] == 200
    server.process.terminate()
    server.process.wait(60)


def test_a_port_in_use(server: Running) -> None:
    command = [sys.executable, "-m", "qa", "serve", "--index", "index", "--port", str(server.port)]
    ran = subprocess.run(command, cwd=server.folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    line = ran.stderr.splitlines()[-1]
    assert line.startswith(f"qa: Cannot listen on 127.0.0.1:{server.port} (Address already in use)")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_after_the_requests_under_way(server: Running, tmp_path: Path, number: signal.Signals) -> None:
    running = start_copy(server, tmp_path)
    asking = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    asking.request("GET", "/api/ask?q=what+is+quorvex+or+blorptane+or+grimulation+beside+social+action&k=100")
    # Connections are read in the order in which they come: once this one is answered, the first is under way.
    assert running.request("GET", "/healthz")[0] == 200
    os.kill(running.process.pid, number)
    with closing(asking), asking.getresponse() as response:
        assert response.status == 200
    assert running.process.wait(60) == 0
    log = running.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "did not end" not in log
