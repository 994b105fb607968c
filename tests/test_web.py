import html
import json
import re

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from qa.answers.answering import Answerer
from qa.answers.payload import answer_payload
from qa.service import Live
from qa.web.app import create_app
from qa.web.examples import example_questions
from tests.bad_input import BAD_ADDRESSES, BAD_BODIES, BAD_QUESTIONS, STRANGE_QUESTIONS

UNESTABLISHED = "What is Psychotherapy and social action model?"


@pytest.fixture
def client(tiny_answerer: Answerer) -> FlaskClient:
    return create_app(Live.of(tiny_answerer)).test_client()


def test_post_and_get_give_the_same_answer(client: FlaskClient, tiny_answerer: Answerer) -> None:
    expected = answer_payload(tiny_answerer.answer(UNESTABLISHED, 2))
    assert client.post("/api/ask", json={"question": UNESTABLISHED, "k": 2}).get_json() == expected
    assert client.get("/api/ask", query_string={"q": UNESTABLISHED, "k": 2}).get_json() == expected


@pytest.mark.parametrize(("body", "kind", "status", "code"), BAD_BODIES)
def test_bad_bodies(client: FlaskClient, body: bytes, kind: str, status: int, code: str) -> None:
    response = client.post("/api/ask", data=body, content_type=kind)
    assert response.status_code == status
    error = response.get_json()["error"]
    assert (set(error), error["code"]) == ({"code", "message"}, code)
    assert error["message"].endswith((".", "...")) and "\n" not in error["message"]


@pytest.mark.parametrize(("address", "status", "code"), BAD_ADDRESSES)
def test_bad_addresses(client: FlaskClient, address: str, status: int, code: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.get_json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_wrong_methods(client: FlaskClient, method: str) -> None:
    response = client.open("/api/ask", method=method)
    assert response.status_code == 405
    assert response.get_json()["error"]["code"] == "method_not_allowed"
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("question", STRANGE_QUESTIONS)
def test_strange_questions(client: FlaskClient, question: str) -> None:
    response = client.post("/api/ask", json={"question": question})
    assert response.status_code == 200
    assert response.get_json()["verdict"] != "answered"
    assert client.get("/", query_string={"q": question}).status_code == 200


@pytest.mark.parametrize(("question", "words"), [row for row in BAD_QUESTIONS if "\ud800" not in row[0]])
def test_the_page_says_what_the_api_says(client: FlaskClient, question: str, words: str) -> None:
    message = client.post("/api/ask", json={"question": question}).get_json()["error"]["message"]
    response = client.get("/", query_string={"q": question})
    assert response.status_code == 400
    assert words in message
    assert f'role="alert">{message}</p>' in html.unescape(response.text)


@pytest.mark.parametrize("k", ["0", "-1", "1001", "many", "", "٣", "9" * 5000])
def test_the_page_refuses_a_bad_k(client: FlaskClient, k: str) -> None:
    response = client.get("/", query_string={"q": "apple", "k": k})
    assert response.status_code == 400
    assert "from 1 to 1,000" in response.text


@pytest.mark.parametrize(
    "address", ["/api/ask?q=%ff%fe", "/?q=%ff%fe", "/?q=x&k=1_0", "/api/ask?q=x&k=1_0", "/api/ask?q=x&k=5.0"]
)
def test_an_address_is_read_strictly(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


def test_a_body_of_exactly_64_kib_is_read(client: FlaskClient) -> None:
    body = b'{"question": "apple"}'
    response = client.post("/api/ask", data=body + b" " * (65_536 - len(body)), content_type="application/json")
    assert response.status_code == 200


def test_the_empty_page_invites(client: FlaskClient, tiny_answerer: Answerer) -> None:
    text = html.unescape(client.get("/").text)
    examples = example_questions(tiny_answerer.index)
    assert examples == [
        "What is apple?", "What is garden?", "What is psychotherapy?", "What is social action?",
        "What is the psychotherapy and social action model?",
    ]  # fmt: skip
    assert all(f">{example}</a>" in text for example in examples)
    assert "5 texts" in text


def test_the_page_shows_note_parts_places_and_marks(client: FlaskClient) -> None:
    text = client.get("/", query_string={"q": UNESTABLISHED}).text
    assert "but nowhere “Psychotherapy and social action model” as one term." in text
    assert "“psychotherapy” and “social action” together" in text
    assert "<mark>Social action</mark>" in text
    assert "texts/social-action.txt" in text
    assert f'value="{UNESTABLISHED}"' in text


def test_no_note_where_nothing_is_uncertain(real_answerer: Answerer) -> None:
    text = create_app(Live.of(real_answerer)).test_client().get("/?q=What+is+psychotherapy%3F").text
    assert 'class="note"' not in text
    assert "Probably answered" in text


def test_the_question_is_escaped(client: FlaskClient) -> None:
    text = client.get("/", query_string={"q": '"><script>alert(1)</script> apple'}).text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_corpus_is_escaped(tmp_path, embedder) -> None:  # type: ignore[no-untyped-def]
    from qa.indexing.building import build_index
    from qa.indexing.index import open_index

    record = {
        "_id": "<b>1</b>",
        "title": "<img src=x>",
        "text": 'Evil apple <script>alert(1)</script> & "more".',
    }
    (tmp_path / "c.jsonl").write_text(json.dumps(record), encoding="utf-8")
    build_index([tmp_path / "c.jsonl"], tmp_path / "index", embedder=embedder)
    index = open_index(tmp_path / "index", embedder)
    client = create_app(Live.of(Answerer(index))).test_client()
    text = client.get("/?q=evil+apple").text
    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text.replace("<mark>", "").replace("</mark>", "")
    assert client.get("/").status_code == 200
    index.close()


def test_every_response_carries_the_security_headers(client: FlaskClient) -> None:
    for address in ["/", "/?q=", "/healthz", "/nowhere", "/static/page.css"]:
        with client.get(address) as response:
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_asks_no_other_host(client: FlaskClient) -> None:
    text = client.get("/", query_string={"q": UNESTABLISHED}).text
    text = re.sub(r'<p class="printed">http://localhost/[^<]*</p>', "", text)  # where it is from, for paper
    assert "http://" not in text
    assert "https://" not in text
    assert re.findall("<script[^>]*>", re.sub(r"v=[0-9a-f]{12}", "v=…", text)) == [
        '<script src="/static/page.js?v=…" defer>'
    ]


def test_a_browser_may_keep_what_never_changes_and_nothing_else(client: FlaskClient) -> None:
    page = client.get("/?q=apple")
    address = re.search(r'href="(/static/page\.css\?v=\w+)"', page.text)
    assert address is not None
    for asked in (address[1], "/static/page.css", "/?q=apple", "/api/ask?q=apple&v=1"):
        with client.get(asked) as response:
            assert ("immutable" in response.headers["Cache-Control"]) == (asked == address[1])


def test_health_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz").get_json()
    assert (ready["status"], ready["documents"], ready["embedder"]) == ("ready", 5, "word-length")


def test_the_description_of_the_api_is_valid(client: FlaskClient) -> None:
    description = client.get("/openapi.json").get_json()
    validate(description)
    assert set(description["paths"]) == {
        "/api/ask", "/api/documents", "/api/documents/{document_id}", "/api/passages/{passage_id}", "/healthz",
        "/readyz", "/api/suggest", "/api/corpora", "/v1/models", "/v1/chat/completions",
    }  # fmt: skip
    assert set(description["paths"]["/api/ask"]["post"]["responses"]) == {
        "200", "400", "401", "403", "404", "413", "415", "429", "503",
    }  # fmt: skip


def test_what_no_one_foresaw_is_logged_and_told_in_one_sentence(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Answerer, "answer", lambda *_: 1 / 0)
    response = client.post("/api/ask", json={"question": "apple"})
    assert response.status_code == 500
    assert response.get_json()["error"]["code"] == "internal"
    assert "ZeroDivisionError" not in response.text
    assert "ZeroDivisionError" in caplog.text


def test_a_scope_over_http(client: FlaskClient) -> None:
    asked = {"question": "apple", "source": "texts/family", "title": "Family"}
    posted = client.post("/api/ask", json=asked).get_json()
    assert {passage["source"] for passage in posted["passages"]} == {"texts/family-therapy.md"}
    got = client.get("/api/ask", query_string={"q": "apple", "source": "texts/family", "title": "Family"}).get_json()
    assert got == posted


def test_a_scope_on_the_page_is_shared_with_its_address(client: FlaskClient) -> None:
    plain = client.get("/", query_string={"q": "apple"}).text
    assert 'name="source"' not in plain
    assert "Ask only some of the texts" in plain  # by their type
    scoped = client.get("/", query_string={"q": "apple", "source": "texts/fam", "title": '"><b>'})
    assert scoped.status_code == 400  # no such title
    assert 'name="title" value="&#34;&gt;&lt;b&gt;"' in scoped.text
    shown = client.get("/", query_string={"q": "apple", "source": "texts/fam", "title": ""})
    assert shown.status_code == 200
    assert '<option value="texts/fam" selected>texts/fam</option>' in shown.text
    assert "texts/family-therapy.md" in shown.text
    assert "texts/apple.md" not in shown.text


@pytest.mark.parametrize("name", ["source", "title"])
def test_a_scope_that_holds_nothing_or_is_none(client: FlaskClient, name: str) -> None:
    for value in ("nowhere", "x" * 501, "\0"):
        body = client.post("/api/ask", json={"question": "apple", name: value})
        address = client.get("/api/ask", query_string={"q": "apple", name: value})
        page = client.get("/", query_string={"q": "apple", name: value})
        assert [body.status_code, address.status_code, page.status_code] == [400, 400, 400]
    assert client.post("/api/ask", json={"question": "apple", name: 5}).status_code == 400


def test_the_best_sentence_is_marked_on_the_page(client: FlaskClient) -> None:
    page = client.get("/", query_string={"q": "What is social action?"}).text
    assert '<span class="best">' in page


def test_the_owner_s_title_and_language_are_on_the_page(tmp_path, embedder) -> None:  # type: ignore[no-untyped-def]
    from qa.indexing.building import build_index
    from qa.indexing.index import open_index

    (tmp_path / "a.txt").write_text("An apple is a fruit.", encoding="utf-8")
    (tmp_path / "corpus.toml").write_text('title = "Fruit & <b>more</b>"\nlanguage = "en-GB"', encoding="utf-8")
    build_index([tmp_path], tmp_path / "index", embedder=embedder)
    index = open_index(tmp_path / "index", embedder)
    client = create_app(Live.of(Answerer(index))).test_client()
    plain, asked = client.get("/").text, client.get("/?q=apple").text
    assert '<html lang="en-GB">' in plain
    assert "<title>Fruit &amp; &lt;b&gt;more&lt;/b&gt;</title>" in plain
    assert "<title>apple · Fruit &amp; &lt;b&gt;more&lt;/b&gt;</title>" in asked
    assert re.search(r'<p class="name"><a [^>]*>Fruit &amp; &lt;b&gt;more&lt;/b&gt;</a></p>', plain)
    index.close()
