"""Several corpora over HTTP: each at addresses of its own, all together, and nothing of one at another's."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.answers.answering import Answerer
from qa.answers.retrieval import gather_evidence
from qa.answers.several import answer_from_several
from qa.answers.verdicts import Thresholds
from qa.datatypes import Evidence, Reading, TermState, Verdict
from qa.errors import BadQuestion
from qa.indexing.index import Index
from qa.keys import KeyFile
from qa.library import Library, Shelf
from qa.service import Live
from qa.settings import ServeSettings
from qa.web.app import create_app
from tests.conftest import OTHER_TEXTS, TEXTS


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def test_each_corpus_has_its_page_and_its_api(client: FlaskClient) -> None:
    for name, other in (("fruit", "zebra"), ("animals", "apple")):
        for address in (f"/{name}/api/ask?q=zebra+or+apple", f"/api/{name}/ask?q=zebra+or+apple"):
            answer = client.get(address).get_json()
            assert answer["corpus"] == name
            assert all(other not in passage["text"].lower() for passage in answer["passages"])
        page = client.get(f"/{name}/?q=zebra+or+apple").text
        assert f'action="/{name}/"' in page
        assert f'href="/{name}/document/' in page
    posted = client.post("/api/animals/ask", json={"question": "What is a zebra?"})
    assert posted.get_json()["passages"][0]["title"] == "Zebra"


def test_addresses_lead_back_to_their_corpus(client: FlaskClient) -> None:
    page = html.unescape(client.get("/animals/?q=zebra").text)
    links = {link for link in re.findall(r'(?:href|src|action|data-suggest)="([^"#]*)"', page) if link}
    assert links
    for link in links - {"/animals/api/suggest"}:
        assert link.startswith("/animals/"), link
        with client.get(link) as response:
            assert response.status_code in {200, 302}, link


def test_what_is_there_is_told(client: FlaskClient) -> None:
    told = client.get("/api/corpora").get_json()["corpora"]
    assert [(one["name"], one["title"], one["documents"]) for one in told] == [
        ("fruit", "Fruit", len(TEXTS)), ("animals", "Animals", len(OTHER_TEXTS)),
    ]  # fmt: skip
    ready = client.get("/readyz").get_json()
    assert (ready["corpora"], ready["answering"]) == (2, 2)
    assert client.get("/animals/readyz").get_json()["documents"] == len(OTHER_TEXTS)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/api/none/ask?q=x", 404, "no corpus “none”"),
        ("/none/", 404, "no corpus “none”"),
        ("/none/documents", 404, "no corpus “none”"),
        ("/documents", 404, "NAME one of fruit, animals"),
        ("/api/documents", 404, "NAME one of fruit, animals"),
        ("/api/ask?q=x&corpora=fruit,none", 404, "no corpus “none”"),
        ("/fruit/api/ask?q=x&corpora=animals", 400, "Only one corpus"),
        ("/api/ask?q=x&corpora=" + "a" * 1001, 400, "names of corpora"),
    ],
)
def test_corpora_that_cannot_be_asked(client: FlaskClient, address: str, status: int, words: str) -> None:
    response = client.get(address)
    assert response.status_code == status
    message = response.get_json()["error"]["message"]
    assert words in message
    assert "\n" not in message


# --- asking several ------------------------------------------------------------------------------------------


def test_several_give_one_ranking(client: FlaskClient) -> None:
    answer = client.get("/api/ask?q=psychotherapy&k=4").get_json()
    assert {passage["corpus"] for passage in answer["passages"]} == {"fruit", "animals"}
    assert [passage["rank"] for passage in answer["passages"]] == [1, 2, 3, 4]
    assert answer["corpus"] in {"fruit", "animals"}
    only = client.get("/api/ask?q=psychotherapy&k=4&corpora=animals").get_json()
    assert only["corpus"] == "animals"
    assert len(only["passages"]) == len(OTHER_TEXTS)


def test_a_term_says_which_corpus_has_it(two_answerers: dict[str, Answerer]) -> None:
    answer = answer_from_several(two_answerers, "Do apple, zebra and psychotherapy go together?")
    having = {report.term.text: (report.state, set(report.corpora)) for report in answer.terms}
    assert having["psychotherapy"] == (TermState.KNOWN, {"fruit", "animals"})
    assert having["apple"] == (TermState.KNOWN, {"fruit"})
    assert having["zebra"] == (TermState.KNOWN, {"animals"})
    assert "do not mention" not in (answer.note or "")
    missing = answer_from_several(two_answerers, "What is a quorvex?")
    assert [(report.state, report.corpora) for report in missing.terms if report.term.text == "quorvex"] == [
        (TermState.UNKNOWN, ())
    ]
    assert "do not mention “quorvex”" in (missing.note or "")


def test_a_signpost_of_any_corpus_stands_in_place_of_answered(
    two_answerers: dict[str, Answerer], monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = answer_from_several(two_answerers, "What is psychotherapy?").corpus
    monkeypatch.setattr(two_answerers[leader], "thresholds", Thresholds(0.0, None))
    assert answer_from_several(two_answerers, "What is psychotherapy?").verdict is Verdict.ANSWERED
    (other,) = two_answerers.keys() - {leader}
    monkeypatch.setattr(two_answerers[other], "_signpost", lambda _: "Call.")
    answer = answer_from_several(two_answerers, "What is psychotherapy?")
    assert (answer.signpost, answer.verdict) == ("Call.", Verdict.UNCERTAIN)


def test_each_corpus_keeps_its_order(two_answerers: dict[str, Answerer]) -> None:
    answer = answer_from_several(two_answerers, "What is psychotherapy?", 6)
    for name, answerer in two_answerers.items():
        own = [one.passage.id for one in answerer.answer("What is psychotherapy?", 6).passages]
        merged = [one.passage.id for one in answer.passages if one.corpus == name]
        assert merged == own[: len(merged)]
    assert answer.passages[0].corpus == answer.corpus
    confidences = {name: one.answer("What is psychotherapy?", 6).confidence for name, one in two_answerers.items()}
    assert answer.confidence == max(confidences.values()) == confidences[answer.corpus]


@pytest.mark.parametrize(
    ("log_odds", "first"), [((-1.0, 0.5), 2), ((0.5, -1.0), 1), ((-1.0, -1.0), 1), ((0.2, 3.0), 2)]
)
def test_the_leading_corpus_comes_first_up_to_the_passage_that_answers(
    two_answerers: dict[str, Answerer], monkeypatch: pytest.MonkeyPatch, log_odds: tuple[float, ...], first: int
) -> None:
    """Also where its words are too unsure to be shown, and where all of the other corpus are nearer."""
    question = "What is psychotherapy?"
    leader = two_answerers[answer_from_several(two_answerers, question).corpus].index

    def gathered(questions: Sequence[str], index: Index, *given: Any) -> list[Evidence]:
        readings = tuple(Reading(odds, 0, 3, 0.9, ()) for odds in log_odds) if index is leader else ()
        (one,) = gather_evidence(questions, index, *given)
        return [replace(one, readings=readings, cosines=(float(index is not leader),) * len(one.cosines))]

    monkeypatch.setattr("qa.answers.several.gather_evidence", gathered)
    answer = answer_from_several(two_answerers, question, 6)
    leading = [one.corpus == answer.corpus for one in answer.passages]
    assert leading[: first + 1] == [True] * first + [False]


def test_one_of_several_answers_as_alone(two_answerers: dict[str, Answerer]) -> None:
    alone = two_answerers["fruit"].answer("What is an apple?")
    among = answer_from_several({"fruit": two_answerers["fruit"]}, "What is an apple?")
    assert [one.passage for one in among.passages] == [one.passage for one in alone.passages]
    assert (among.confidence, among.verdict, among.note) == (alone.confidence, alone.verdict, alone.note)
    with pytest.raises(BadQuestion):
        answer_from_several(two_answerers, " ")


def test_the_page_of_all(client: FlaskClient) -> None:
    page = html.unescape(client.get("/").text)
    assert 'name="corpora" value="fruit" checked' in page
    assert '<a href="/animals/">2 texts</a>' in page
    assert "7 texts" in page
    found = html.unescape(client.get("/?q=psychotherapy&corpora=fruit&corpora=animals").text)
    assert 'href="/animals/document/' in found
    assert 'href="/fruit/document/' in found
    assert "Animals: " in found
    for link in set(re.findall(r'href="(/[^"#]*)', found)):
        with client.get(link) as response:
            assert response.status_code in {200, 302}, link
    one = html.unescape(client.get("/?q=psychotherapy&corpora=animals").text)
    assert 'href="/fruit/document/' not in one
    assert client.get("/?q=%20").status_code == 400
    assert "no corpus “none”" in html.unescape(client.get("/?q=apple&corpora=none").text)


def test_suggestions_of_all(client: FlaskClient) -> None:
    assert "Zebra" in json.dumps(client.get("/api/suggest?q=zeb").get_json()).title()
    assert client.get("/fruit/api/suggest?q=zeb").get_json() == {"suggestions": []}


def test_more_corpora_than_are_asked_together(tiny_answerer: Answerer) -> None:
    live = Live.of(tiny_answerer)
    many = Library.holding({Shelf(f"c{number}", live.folder): live for number in range(21)})
    client = create_app(many).test_client()
    assert client.get("/").text.count('name="corpora"') == 21
    assert client.get("/?q=apple&corpora=c1&corpora=c2").status_code == 200
    refused = client.get("/?q=apple")
    assert refused.status_code == 400
    assert "At most 20 corpora" in refused.text
    assert refused.text.count('name="corpora"') == 21
    assert client.get("/api/suggest?q=app").status_code == 200


def test_one_that_cannot_be_read_is_left_out(library: Library, tmp_path: Path) -> None:
    lives = {shelf: library.live(shelf.name) for shelf in library.shelves}
    broken = Library.holding({**lives, Shelf("gone", tmp_path / "none"): Live(tmp_path / "none")})
    client = create_app(broken).test_client()
    assert client.get("/?q=apple").status_code == 200
    assert client.get("/api/ask?q=apple").status_code == 200
    assert client.get("/gone/?q=apple").status_code == 503
    ready = client.get("/readyz").get_json()
    assert (ready["corpora"], ready["answering"]) == (3, 2)


def test_each_corpus_has_its_file_of_feedback(library: Library, tmp_path: Path) -> None:
    client = create_app(library, ServeSettings(feedback=tmp_path / "said.sqlite")).test_client()
    for name in ("fruit", "animals"):
        assert (
            client.post(f"/api/{name}/feedback", json={"question": "What is an apple?", "right": True}).status_code
            == 200
        )
    assert sorted(file.name for file in tmp_path.glob("*.sqlite")) == ["said.animals.sqlite", "said.fruit.sqlite"]


# --- nothing leaks -------------------------------------------------------------------------------------------

_PLACES = (
    "/", "/?q={q}", "/api/ask?q={q}", "/api/suggest?q={q}", "/api/corpora", "/api/documents", "/documents", "/readyz",
    "/animals/", "/animals/?q={q}", "/animals/api/ask?q={q}", "/api/animals/ask?q={q}", "/api/animals/suggest?q={q}",
    "/animals/documents", "/animals/document/animals/zebra.md", "/api/animals/documents", "/animals/readyz",
    "/animals/api/documents/texts/zebra.md", "/animals/api/passages/texts/zebra.md#0-10", "/animals/widget?q={q}",
    "/widget?q={q}", "/api/ask?q={q}&corpora=animals", "/api/ask?q={q}&corpora=fruit,animals", "/gaps", "/api/gaps",
    "/v1/models", "/animals/v1/models", "/metrics", "/animals/openapi.json", "/fruit/?q={q}", "/fruit/documents",
    "/animals/file?id=texts/zebra.md", "/animals/passage/x/texts/zebra.md", "/none/", "/api/none/ask?q={q}",
)  # fmt: skip

_SECRET = re.compile(r"zebra|striped|bark|animals", re.IGNORECASE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.sampled_from(_PLACES), st.sampled_from(["What is psychotherapy?", "grass", "stripes"]), st.booleans())
def test_nothing_of_another_corpus_is_seen(
    guarded: tuple[FlaskClient, str], place: str, question: str, has_key: bool
) -> None:
    """Neither with a key for the other corpus nor without one, whatever is asked, except for what was asked itself."""
    client, token = guarded
    headers = {"Authorization": f"Bearer {token}"} if has_key else {}
    address = place.format(q=question)
    response = client.get(address, headers=headers)
    assert response.status_code < 500, response.text
    shown = re.sub(r"(“|\\u201c)animals(”|\\u201d)", "", response.text).replace(address, "")
    assert not _SECRET.search(shown), (address, response.status_code, shown[:500])
    unknown = client.get(address.replace("animals", "nosuch"), headers=headers)
    assert response.status_code == unknown.status_code or place.startswith("/api/ask")


@pytest.fixture
def guarded(library: Library, tmp_path_factory: pytest.TempPathFactory) -> tuple[FlaskClient, str]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    token = KeyFile(file, is_new=True).add("reader", ("fruit",))
    made = ServeSettings(keys=file, gaps=file.with_name("gaps.sqlite"))
    return create_app(library, made).test_client(), token
