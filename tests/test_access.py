"""Who is answered: keys, the login, a proxy's names, rates, and pages of other sites."""

import html
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from qa.answers.answering import Answerer
from qa.errors import BadSettings, KeysUnusable
from qa.keys import KeyFile
from qa.library import Library
from qa.service import Live
from qa.settings import ServeSettings
from qa.web import access
from qa.web.app import create_app
from tests.serving import free_port

ASKED = "/api/ask?q=What+is+an+apple"
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", is_new=True)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def served(answerer: Answerer, **given: object) -> FlaskClient:
    return create_app(Live.of(answerer), ServeSettings.model_validate(given)).test_client()


# --- keys ----------------------------------------------------------------------------------------------------


def test_without_a_file_of_keys_everybody_is_answered(tiny_answerer: Answerer) -> None:
    assert served(tiny_answerer).get(ASKED).status_code == 200


def test_only_holders_of_keys_are_answered(tiny_answerer: Answerer, keys: KeyFile) -> None:
    token = keys.add("alice")
    client = served(tiny_answerer, keys=keys.path)
    for address in (ASKED, "/documents", "/openapi.json", "/docs", "/metrics", "/gaps", "/nothing", "/v1/models"):
        response = client.get(address)
        assert (response.status_code, response.get_json()["error"]["code"]) == (401, "unauthorized"), address
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    for address in ("/healthz", "/readyz", "/login"):
        assert client.get(address).status_code == 200
    for address in (ASKED, "/documents", "/openapi.json", "/docs", "/v1/models"):
        assert client.get(address, headers=bearer(token)).status_code == 200
    wrong = client.get(ASKED, headers=bearer(token[:-1] + "!"))
    assert (wrong.status_code, "revoked" in wrong.get_json()["error"]["message"]) == (401, True)


def test_a_revoked_key_is_refused_at_the_next_request(tiny_answerer: Answerer, keys: KeyFile) -> None:
    token = keys.add("alice")
    client = served(tiny_answerer, keys=keys.path)
    assert client.get(ASKED, headers=bearer(token)).status_code == 200
    KeyFile(keys.path).revoke("alice")
    assert client.get(ASKED, headers=bearer(token)).status_code == 401


def test_a_file_of_keys_that_breaks_lets_nobody_in(tiny_answerer: Answerer, keys: KeyFile) -> None:
    token = keys.add("alice")
    client = served(tiny_answerer, keys=keys.path)
    for break_it in (lambda: keys.path.write_text("{"), keys.path.unlink):
        break_it()
        response = client.get(ASKED, headers=bearer(token))
        assert (response.status_code, response.get_json()["error"]["code"]) == (503, "keys_unusable")
    with pytest.raises(KeysUnusable):
        served(tiny_answerer, keys=keys.path)


def test_only_an_administrator_sees_what_is_counted(tiny_answerer: Answerer, keys: KeyFile, tmp_path: Path) -> None:
    reader, admin = keys.add("alice"), keys.add("prometheus", is_admin=True)
    client = served(tiny_answerer, keys=keys.path, gaps=tmp_path / "gaps.sqlite")
    for address in ("/metrics", "/gaps", "/api/gaps"):
        assert client.get(address, headers=bearer(reader)).status_code == 403
        assert client.get(address, headers=bearer(admin)).status_code == 200
    page = client.get("/gaps", headers={**bearer(reader), **BROWSER})
    assert (page.status_code, page.mimetype) == (403, "text/html")


def test_an_open_corpus_needs_no_key(library: Library, keys: KeyFile) -> None:
    keys.add("alice")
    client = create_app(library, ServeSettings(keys=keys.path)).test_client()
    assert client.get("/fruit" + ASKED).status_code == 200
    assert client.get("/animals" + ASKED).status_code == 401
    assert client.get("/none" + ASKED).status_code == 401
    assert [one["name"] for one in client.get("/api/corpora").get_json()["corpora"]] == ["fruit"]


# --- the login -----------------------------------------------------------------------------------------------


def test_a_browser_is_led_to_the_login_and_back(library: Library, keys: KeyFile) -> None:
    token = keys.add("alice", ("animals",))
    client = create_app(library, ServeSettings(keys=keys.path)).test_client()
    sent = client.get("/animals/?q=zebra", headers=BROWSER)
    assert sent.status_code == 303
    page = client.get(sent.headers["Location"])
    (wanted,) = re.findall(r'name="next" value="([^"]*)"', page.text)
    assert html.unescape(wanted) == "/animals/?q=zebra"
    wrong = client.post("/login", data={"key": "candor_x", "next": "/"})
    assert (wrong.status_code, "not known here" in wrong.text) == (403, True)
    entered = client.post("/login", data={"key": f" {token}\n", "next": html.unescape(wanted)})
    assert (entered.status_code, entered.headers["Location"]) == (303, "/animals/?q=zebra")
    cookie = entered.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert token not in cookie
    found = client.get("/animals/?q=zebra", headers=BROWSER)
    assert found.status_code == 200
    assert 'action="/logout"' in found.text
    client.post("/logout")
    assert client.get("/animals/", headers=BROWSER).status_code == 303


def test_a_login_ends_with_its_key(tiny_answerer: Answerer, keys: KeyFile) -> None:
    token = keys.add("alice")
    client = served(tiny_answerer, keys=keys.path)
    client.post("/login", data={"key": token})
    assert client.get("/documents").status_code == 200
    keys.revoke("alice")
    assert client.get("/documents").status_code == 401
    keys.add("alice")  # another one of the same name
    assert client.get("/documents").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "WyJhIl0.x.y", "é"])
def test_a_cookie_that_nobody_signed(tiny_answerer: Answerer, keys: KeyFile, cookie: str) -> None:
    keys.add("alice")
    client = served(tiny_answerer, keys=keys.path)
    client.set_cookie("candor_login", cookie)
    assert client.get("/documents").status_code == 401


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb", ""])
def test_a_login_leads_nowhere_else(tiny_answerer: Answerer, keys: KeyFile, wanted: str) -> None:
    token = keys.add("alice")
    entered = served(tiny_answerer, keys=keys.path).post("/login", data={"key": token, "next": wanted})
    assert entered.headers["Location"] == "/"


def test_a_page_of_another_site_cannot_log_in(tiny_answerer: Answerer, keys: KeyFile) -> None:
    token = keys.add("alice")
    headers = {"Origin": "https://evil.example"}
    response = served(tiny_answerer, keys=keys.path).post("/login", data={"key": token}, headers=headers)
    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers


def test_what_is_open_and_what_is_private_is_there(tiny_answerer: Answerer) -> None:
    endpoints = create_app(Live.of(tiny_answerer)).view_functions
    assert access._OPEN | access._PRIVATE | {access._SUGGESTING} <= set(endpoints)


def test_a_cookie_is_secure_where_the_proxy_speaks_tls(tiny_answerer: Answerer, keys: KeyFile) -> None:
    token = keys.add("alice")
    client = served(tiny_answerer, keys=keys.path, trusted_proxies=("127.0.0.1",))
    behind = client.post("/login", data={"key": token}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in behind.headers["Set-Cookie"]
    assert "Secure" not in client.post("/login", data={"key": token}).headers["Set-Cookie"]


def test_the_language_of_a_page_tells_nothing(library: Library, keys: KeyFile) -> None:
    client = create_app(library, ServeSettings(keys=keys.path)).test_client() if keys.add("x") else None
    assert client is not None
    pages = [client.get(f"/{name}/login").text for name in ("animals", "nosuch")]
    assert pages[0].replace("animals", "") == pages[1].replace("nosuch", "")


# --- a proxy's names -----------------------------------------------------------------------------------------


def test_a_name_from_a_proxy(library: Library, keys: KeyFile) -> None:
    keys.add("alice@example.org", ("animals",))
    made = ServeSettings(keys=keys.path, user_header="X-Forwarded-Email", trusted_proxies=("127.0.0.0/8",))
    client = create_app(library, made).test_client()
    named = {"X-Forwarded-Email": "alice@example.org"}
    assert client.get("/animals" + ASKED, headers=named).status_code == 200
    assert client.get("/animals" + ASKED, headers={"X-Forwarded-Email": "bob"}).status_code == 401
    from_elsewhere = {"environ_base": {"REMOTE_ADDR": "10.0.0.9"}}
    assert client.get("/animals" + ASKED, headers=named, **from_elsewhere).status_code == 401


@pytest.mark.parametrize(
    "given",
    [
        {"user_header": "X-User"},
        {"user_header": "X-User", "trusted_proxies": ("127.0.0.1",)},
        {"trusted_proxies": ("here",)},
        {"rate": "many"},
        {"limits": "nosuch://x"},
        {"allowed_origins": ("intranet.example",)},
        {"allowed_origins": ("https://intranet.example/path",)},
    ],
)
def test_settings_that_cannot_be(tiny_answerer: Answerer, given: dict[str, object]) -> None:
    with pytest.raises(BadSettings) as caught:
        served(tiny_answerer, **given)
    assert "\n" not in str(caught.value)


# --- rates ---------------------------------------------------------------------------------------------------


def test_a_rate_by_key(tiny_answerer: Answerer, keys: KeyFile) -> None:
    slow, fast = keys.add("slow", rate="2/min"), keys.add("fast")
    client = served(tiny_answerer, keys=keys.path, rate="5/min")
    statuses = [client.get(ASKED, headers=bearer(slow)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.get(ASKED, headers=bearer(slow))
    assert refused.get_json()["error"]["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert [client.get(ASKED, headers=bearer(fast)).status_code for _ in range(6)] == [200] * 5 + [429]
    assert client.get("/healthz").status_code == 200


def test_suggestions_do_not_use_a_rate_up(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer, rate="1/min")
    assert [client.get("/api/suggest?q=app").status_code for _ in range(30)] == [200] * 30
    assert client.get(ASKED).status_code == 200
    assert client.get("/api/suggest?q=app").status_code == 429


def test_a_rate_by_address(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer, rate="2/min", trusted_proxies=("127.0.0.1",))
    assert [client.get(ASKED).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get(ASKED, headers={"X-Forwarded-For": "10.0.0.1, 10.0.0.2"}).status_code == 200
    spoofed = {"headers": {"X-Forwarded-For": "10.0.0.77"}, "environ_base": {"REMOTE_ADDR": "10.1.1.1"}}
    assert [client.get(ASKED, **spoofed).status_code for _ in range(3)] == [200, 200, 429]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server here")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        import redis as library

        client = library.Redis(port=port)
        for _ in range(100):
            try:
                client.ping()
                break
            except library.ConnectionError:
                time.sleep(0.05)
        client.close()
        yield f"redis://127.0.0.1:{port}", process
        process.terminate()


def test_several_processes_count_together_in_redis(
    tiny_answerer: Answerer, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    """And where it goes away, each counts for itself, and answers."""
    address, process = redis
    one = served(tiny_answerer, rate="3/min", limits=address)
    other = served(tiny_answerer, rate="3/min", limits=address)
    assert [client.get(ASKED).status_code for client in (one, other, one, other)] == [200, 200, 200, 429]
    process.terminate()
    process.wait(10)
    assert [client.get(ASKED).status_code for client in (one, one, one, one)] == [200, 200, 200, 429]


# --- pages of other sites ------------------------------------------------------------------------------------

SITE = "https://intranet.example"


def test_a_page_of_an_allowed_origin_may_ask(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer, allowed_origins=(SITE,))
    asked = client.get(ASKED, headers={"Origin": SITE, "Sec-Fetch-Site": "cross-site"})
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == SITE
    assert "Origin" in asked.headers["Vary"]
    before = client.options("/api/ask", headers={"Origin": SITE, "Access-Control-Request-Method": "POST"})
    assert before.status_code == 204
    assert "Authorization" in before.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_page_of_another_origin_may_not(tiny_answerer: Answerer, method: str) -> None:
    client = served(tiny_answerer, allowed_origins=(SITE,))
    response = client.open(ASKED, method=method, headers={"Origin": "https://evil.example"})
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in response.headers
    own = client.get(ASKED, headers={"Origin": "http://localhost"})
    assert own.status_code == 200


def test_the_widget_may_be_framed_where_that_is_allowed(tiny_answerer: Answerer) -> None:
    client = served(tiny_answerer, allowed_origins=(SITE,))
    framed = client.get("/widget?q=What+is+an+apple")
    assert f"frame-ancestors {SITE}" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert 'action="/widget"' in framed.text
    assert "An apple is a fruit" in html.unescape(re.sub("<[^>]*>", "", framed.text))
    assert client.get("/").headers["X-Frame-Options"] == "DENY"
    alone = served(tiny_answerer).get("/widget")
    assert "frame-ancestors 'none'" in alone.headers["Content-Security-Policy"]
    script = client.get("/widget.js")
    assert script.mimetype == "text/javascript"
    assert '"/widget"' in script.text
