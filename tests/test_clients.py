"""Clients that hold a server up, and files that change under it: real connections to the real command."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from qa.web.connections import HTTPServer, listen
from tests.serving import Running, ready, start, start_copy, wait_for

THREADS = 4
CLIENTS = 3 * THREADS
LATE = 12  # seconds after which a request that is not whole has been refused
ASKED = "/api/ask?q=What+is+an+apple%3F"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("clients"), "--threads", str(THREADS))
    yield running
    running.process.terminate()
    running.process.wait(60)


def connect(server: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def is_answered(server: Running) -> bool:
    """Whether another client is answered, several times over, while something else goes on."""
    return all(server.request("GET", address)[0] == 200 for address in ["/healthz", ASKED] * 10)


# --- clients ---------------------------------------------------------------------------------------------------


def test_connections_held_after_an_answer_hold_nothing_else(server: Running) -> None:
    with ExitStack() as held:
        for _ in range(CLIENTS):
            connection = held.enter_context(connect(server))
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert read_all(connection).startswith(b"HTTP/1.0 200 ")
            assert server.request("GET", "/healthz")[0] == 200
        assert is_answered(server)


BEGINNINGS = {
    "nothing": b"",
    "header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "body": b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 60000\r\n\r\n{",
    "chunks": b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_slow_requests_hold_no_thread(server: Running, beginning: bytes) -> None:
    with ExitStack() as held:
        for _ in range(CLIENTS):
            held.enter_context(connect(server)).sendall(beginning)
        assert is_answered(server)


@pytest.mark.parametrize("kind", ["header", "body"])
def test_a_request_that_is_not_whole_in_time_is_refused_and_closed(server: Running, kind: str) -> None:
    with connect(server) as connection:
        connection.sendall(BEGINNINGS[kind])
        end = time.monotonic() + LATE
        while time.monotonic() < end:
            try:
                connection.sendall(b"a")
            except OSError:
                break
            time.sleep(0.5)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert b" 408 Request Timeout" in head.splitlines()[0]
    assert json.loads(body)["error"]["code"] == "request_timeout"


def test_clients_that_do_not_read_hold_no_thread(server: Running) -> None:
    with ExitStack() as held:
        for _ in range(CLIENTS):
            connection = held.enter_context(connect(server))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 150)
        assert is_answered(server)


def test_no_loop_turns_while_a_thread_sends() -> None:
    listener = listen("127.0.0.1", 0)
    server = HTTPServer(lambda environ, begin: [], listener, threads=1, waiting=1)
    sending, sent = threading.Event(), threading.Event()
    with closing(socket.create_connection(listener.getsockname())):
        server.handle_accept()
        (connection,) = server.active_channels.values()
        connection.requests, connection.total_outbufs_len = [object()], 1  # one is answered, and not all is sent

        def send() -> None:
            with connection.outbuf_lock:
                sending.set()
                sent.wait(30)

        thread = threading.Thread(target=send)
        thread.start()
        assert sending.wait(30)
        meanwhile = connection.writable()
        sent.set()
        thread.join()
        after = connection.writable()
        connection.requests, connection.total_outbufs_len = [], 0
    server.serve(lambda: True)  # which closes all
    assert not meanwhile  # or the socket, which has room, would wake the loop again and again
    assert after  # what the socket did not take is the loop's to send


def test_requests_sent_at_once_are_answered_in_order(server: Running) -> None:
    asked = b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in (b"/healthz", b"/nowhere") * 40)
    with connect(server) as connection:
        connection.sendall(asked + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = read_all(connection).decode()
    statuses = [line.split()[1] for line in answers.splitlines() if line.startswith("HTTP/1.1 ")]
    assert statuses == ["200", "404"] * 40 + ["200"]


@pytest.mark.parametrize("rest", [b"x" * 9000, b"\r" * 9000, b"\0" * 100_000])
def test_a_client_that_sends_too_much_sees_its_answer(server: Running, rest: bytes) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert server.raw(asked + rest).startswith("HTTP/1.1 200 ")


def test_a_refused_client_that_still_sends_sees_why(server: Running) -> None:
    head = BEGINNINGS["body"].replace(b"60000", b"5000000")
    with connect(server) as connection:
        connection.sendall(head)
        for _ in range(20):
            connection.sendall(b"x" * 50_000)
            time.sleep(0.02)
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("address", ["http://[", "http://[zz]/", "http://[::1"])
def test_an_address_that_is_none(server: Running, address: str) -> None:
    answer = server.raw(f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] == "400"


def test_a_client_that_waits_to_send_nothing_is_not_asked_to(server: Running) -> None:
    expecting = b"Host: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n"
    assert server.raw(b"GET /healthz HTTP/1.1\r\n" + expecting + b"\r\n").startswith("HTTP/1.1 200 ")
    head = b"POST /api/ask HTTP/1.1\r\nContent-Type: application/json\r\n" + expecting
    assert server.raw(head + b"Content-Length: 99999999\r\n\r\n").startswith("HTTP/1.1 413 ")
    with connect(server) as connection:
        connection.sendall(head + b"Content-Length: 20\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"question":"apple"}')
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def closed_within(connection: socket.socket, seconds: float) -> bool:
    """Whether the server gives a connection back while its client holds it, as the system lists it."""
    port = connection.getsockname()[1]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        held = {c.raddr.port for c in psutil.net_connections("tcp4") if c.raddr and c.pid}  # by a process, in any state
        if port not in held:
            return True
        time.sleep(0.5)
    return False


def test_a_refused_client_that_keeps_its_connection_loses_it(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(b"X\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.0 400 ")
        assert closed_within(connection, 20)


def test_no_other_client_is_reset_while_connections_are_closed(server: Running) -> None:
    end = time.monotonic() + 5
    with ExitStack() as held:
        while time.monotonic() < end:
            held.enter_context(connect(server)).sendall(b"X\r\n\r\n")  # each is closed two seconds later
            assert [server.request("GET", "/healthz")[0] for _ in range(5)] == [200] * 5


def test_a_client_that_never_reads_loses_its_connection(server: Running) -> None:
    with connect(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 150)
        assert closed_within(connection, 40)


def test_idle_connections_are_closed(server: Running) -> None:
    from qa.web.connections import IDLE_SECONDS

    with connect(server) as connection:
        connection.settimeout(IDLE_SECONDS + 30)
        assert connection.recv(1) == b""


# --- names and headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST.:8000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8000", 200),
        ("[0:0::1]", 200),
        ("attacker.example", 421),
        ("localhost.attacker.example", 421),
        ("127.0.0.1.attacker.example", 421),
        ("localhost@attacker.example", 421),
        ("localhost, attacker.example", 421),
        ("10.0.0.1", 421),
        ("", 421),
        ("localhost:x", 421),
    ],
)
@pytest.mark.parametrize("address", [ASKED, "/", "/static/page.css", "/openapi.json"])
def test_other_hosts_are_not_answered(server: Running, host: str, status: int, address: str) -> None:
    answer = server.raw(f"GET {address} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split()[1]) == status
    if status == 421:
        assert json.loads(answer.partition("\r\n\r\n")[2])["error"]["code"] == "misdirected_request"


def test_two_hosts_are_none(server: Running) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example\r\nConnection: close\r\n\r\n"
    assert server.raw(sent).startswith("HTTP/1.1 421 ")


def test_no_header_moves_the_page(server: Running) -> None:
    sent = b"GET //evil.example// HTTP/1.1\r\nHost: localhost\r\nSCRIPT_NAME: //evil.example\r\n"
    answer = server.raw(
        sent + b"Script-Name: //evil.example\r\nX-Forwarded-Prefix: //evil.example\r\nConnection: close\r\n\r\n"
    )
    assert "evil" not in answer.replace("GET //evil.example//", "")


@pytest.mark.parametrize(
    "name", ["If-Modified-Since", "If-Unmodified-Since", "If-Range", "Date", "If-None-Match", "Range"]
)
@pytest.mark.parametrize(
    "value",
    [
        "Wed, 25 Nov 99999999999 00:00:00 GMT",
        "Wed, 25 Nov 2026 99:99:99 GMT",
        "x" * 5000,
        "\xff",
        "bytes=9999999999999-",
    ],
)
def test_headers_that_mean_nothing(server: Running, name: str, value: str) -> None:
    for address in (b"/static/page.css", b"/"):
        head = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % address
        answer = server.raw(head + f"{name}: {value}\r\n\r\n".encode("latin-1"))
        assert answer.split()[1] in {"200", "206", "304", "416", "412"}
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_answers_are_not_kept_by_browsers(server: Running) -> None:
    for address in (ASKED, "/?q=apple", "/nowhere"):
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            connection.request("GET", address)
            assert connection.getresponse().getheader("Cache-Control") == "no-store"


@pytest.mark.parametrize("code", [0x00, 0x07, 0x1B, 0x7F, 0x9B, 0x200F, 0x202E, 0x2066])
def test_what_steers_a_screen_does_not_reach_the_page(server: Running, code: int) -> None:
    from urllib.parse import quote

    status, page = server.request("GET", f"/?q={quote(f'apple {chr(code)} pie')}")
    assert status in {200, 400}
    assert chr(code) not in page
    assert "apple \N{REPLACEMENT CHARACTER} pie" in page


# --- files that change under a server ----------------------------------------------------------------------------


@pytest.fixture
def own_server(server: Running, tmp_path: Path) -> Iterator[Running]:
    running = start_copy(server, tmp_path)
    yield running
    running.process.terminate()
    running.process.wait(60)


@pytest.fixture(scope="module")
def mended_server(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of which each test mends what it breaks."""
    running = start_copy(server, tmp_path_factory.mktemp("mended"))
    yield running
    running.process.terminate()
    running.process.wait(60)


def rebuild(server: Running, text: str) -> None:
    (server.folder / "texts" / "quince.txt").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "qa", "index", "texts", "--index", "index"]
    subprocess.run(command, cwd=server.folder, capture_output=True, check=True)


def current(server: Running) -> str:
    return (server.folder / "index" / "CURRENT").read_text(encoding="utf-8").strip()


def wait_until_damaged(server: Running) -> tuple[int, str]:
    """Return what `/readyz` says once the files were looked at again; until then it may say that one was changed."""
    end = time.monotonic() + 30
    while "is damaged" not in (found := server.request("GET", "/readyz"))[1] and time.monotonic() < end:
        time.sleep(0.1)
    return found


def damage(path: Path, how: str) -> None:
    """Change a file in place, as a careless copy or a full disk does."""
    if how == "cut":
        os.truncate(path, path.stat().st_size // 3)
    elif how == "emptied":
        os.truncate(path, 0)
    else:
        path.write_bytes(b"x" * path.stat().st_size)


@pytest.mark.parametrize("how", ["cut", "emptied", "overwritten"])
def test_no_question_under_way_suffers_from_files_that_change(own_server: Running, how: str) -> None:
    server = own_server
    generation = server.folder / "index" / "generations" / current(server)
    workers = psutil.Process(server.process.pid).children()
    statuses: list[int] = []
    asked = threading.Event()

    def ask() -> None:
        for number in range(60):
            statuses.append(server.request("GET", f"{ASKED}{number}")[0])
            if number > 10:
                asked.set()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    asked.wait(60)
    for file in generation.rglob("*"):
        if file.is_file():
            damage(file, how)
    for thread in threads:
        thread.join()
    assert (len(statuses), set(statuses)) == (240, {200, 503})
    assert psutil.Process(server.process.pid).children() == workers  # none died


@pytest.mark.parametrize("how", ["cut", "emptied", "overwritten"])
def test_a_damaged_file_is_reported_and_never_read(own_server: Running, how: str) -> None:
    server = own_server
    workers = psutil.Process(server.process.pid).children()
    generation = server.folder / "index" / "generations" / current(server)
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    for name in manifest["files"]:
        damage(generation / name, how)
        status, _ = server.request("GET", ASKED)
        assert status in {200, 503}
    status, text = wait_until_damaged(server)
    assert (status, json.loads(text)["error"]["code"]) == (503, "index_damaged")
    assert "is damaged" in json.loads(text)["error"]["message"]
    assert server.request("GET", ASKED)[0] == 503
    assert server.request("GET", "/healthz")[0] == 200
    rebuild(server, "Quince\n\nA quince is a hard fruit.\n")
    assert wait_for(server, current(server))["warning"] is None
    assert server.request("GET", ASKED)[0] == 200
    assert psutil.Process(server.process.pid).children() == workers  # none died


def test_the_generation_before_answers_for_a_damaged_one(own_server: Running) -> None:
    server = own_server
    rebuild(server, "Quince\n\nA quince is a hard fruit.\n")
    wait_for(server, current(server))
    damage(server.folder / "index" / "generations" / current(server) / "passages.jsonl", "cut")
    end = time.monotonic() + 30
    while server.request("GET", ASKED)[0] != 200 and time.monotonic() < end:
        time.sleep(0.1)
    found = ready(server)
    assert found["generation"] == "000001"
    assert "passages.jsonl is not what was written" in str(found["warning"])


def test_a_worker_that_dies_is_replaced(own_server: Running) -> None:
    server = own_server
    [worker] = psutil.Process(server.process.pid).children()
    worker.send_signal(signal.SIGBUS)
    worker.wait(30)
    assert wait_for(server, current(server))["status"] == "ready"
    assert "was ended by SIGBUS: another takes its place" in server.log.read_text(encoding="utf-8")


def test_workers_end_with_their_supervisor(server: Running, tmp_path: Path) -> None:
    server = start_copy(server, tmp_path, "--workers", "2")
    workers = psutil.Process(server.process.pid).children()
    assert len(workers) == 2
    server.process.kill()
    server.process.wait(30)
    gone, alive = psutil.wait_procs(workers, 30)
    assert (len(gone), alive) == (2, [])


@pytest.mark.parametrize(
    "calibration", ['{"intercept": 1' + "0" * 400 + "}", "[" * 100_000, "{}", "\0", '{"held_out": Infinity}']
)
def test_no_calibration_stops_the_service(mended_server: Running, calibration: str) -> None:
    server = mended_server
    (server.folder / "index" / "calibration.json").write_text(calibration, encoding="utf-8")
    end = time.monotonic() + 30
    while ready(server).get("warning") is None and time.monotonic() < end:
        time.sleep(0.1)
    assert "calibration.json cannot be used" in str(ready(server)["warning"])
    [worker] = psutil.Process(server.process.pid).children()
    worker.kill()
    worker.wait(30)
    assert server.request("GET", ASKED)[0] == 503
    (server.folder / "index" / "calibration.json").unlink()
    assert wait_for(server, current(server))["warning"] is None


@pytest.mark.parametrize("pointer", ["0" * 300, "..", "nowhere\n", "\0"])
def test_no_pointer_stops_the_service(mended_server: Running, pointer: str) -> None:
    server, before = mended_server, current(mended_server)
    (server.folder / "index" / "CURRENT").write_text(pointer, encoding="utf-8")
    [worker] = psutil.Process(server.process.pid).children()
    worker.kill()
    worker.wait(30)
    assert server.request("GET", ASKED)[0] in {200, 503}
    (server.folder / "index" / "CURRENT").write_text(before + "\n", encoding="utf-8")
    end = time.monotonic() + 30
    while ready(server).get("warning", "") is not None and time.monotonic() < end:
        time.sleep(0.1)
    assert (ready(server)["generation"], ready(server)["warning"]) == (before, None)


# --- what starts it ----------------------------------------------------------------------------------------------


def test_a_name_that_is_allowed(server: Running, tmp_path: Path) -> None:
    server = start_copy(server, tmp_path, "--host", "0.0.0.0", "--allowed-host", "answers.example")
    try:
        assert "Everyone who reaches http://0.0.0.0:" in server.log.read_text(encoding="utf-8")
        asked = f"GET {ASKED} HTTP/1.1\r\nHost: Answers.Example\r\nConnection: close\r\n\r\n"
        assert server.raw(asked.encode()).startswith("HTTP/1.1 200 ")
    finally:
        server.process.terminate()
        server.process.wait(60)


def test_requests_that_were_sent_before_the_stop_are_answered(server: Running, tmp_path: Path) -> None:
    server = start_copy(server, tmp_path)
    statuses: list[bytes] = []

    def ask() -> None:
        with connect(server) as connection:
            connection.sendall(f"GET {ASKED} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            asked.wait(30)
            statuses.append(read_all(connection).split(b" ")[1])

    asked = threading.Barrier(21)
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    asked.wait(30)
    os.kill(server.process.pid, signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert statuses == [b"200"] * 20
    assert server.process.wait(60) == 0
