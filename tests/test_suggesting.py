"""What is suggested while one types: titles, other names, headings and words of the texts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answers.answering import Answerer
from qa.answers.suggesting import MOST_SUGGESTED, as_within, suggest
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.indexing.names import LONGEST_NAME, folded_name
from qa.language import load_language
from qa.service import Live
from qa.web.app import create_app
from tests.conftest import WordLengthEmbedder
from tests.english import ENGLISH


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("app", "Apple"),
        ("What is app", "What is apple"),
        ("What is family the", "What is family therapy"),
        ("FAMILY", "Family therapy"),
        ("stor", "Storage"),  # a heading
        ("whole", None),  # in one passage alone, and it is typed whole
        ("zzz", None),
        ("a", None),
        ("", None),
        ("   ", None),
        ("apple ", None),
        ("social ", "Social action"),
    ],
)
def test_what_may_follow(tiny_index: Index, typed: str, first: str | None) -> None:
    found = suggest(typed, tiny_index)
    assert (found[0] if found else None) == first


def test_words_of_several_passages_are_suggested_once(tiny_index: Index) -> None:
    assert suggest("psycho", tiny_index) == ["Psychotherapy"]  # a title and a word


@given(typed=st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_every_suggestion_goes_on_from_what_is_typed(tiny_folder: Path, typed: str) -> None:
    with open_index(tiny_folder, WordLengthEmbedder()) as index:
        found = suggest(typed, index)
        assert len(found) <= MOST_SUGGESTED
        assert all(folded_name(one).startswith(folded_name(typed)) for one in found)


def test_other_names_and_long_ones(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    long = "very " * 20
    (tmp_path / "a.md").write_text(f"---\naliases: [Ünïcode thing, UT]\n---\n# Topic\n\n## {long}\n\nText.\n")
    build_index([tmp_path / "a.md"], tmp_path / "index", embedder=embedder)
    with open_index(tmp_path / "index", embedder) as index:
        assert suggest("what is uni", index) == ["what is ünïcode thing"]
        assert suggest("UT", index) == []  # it is typed already
        assert len(long) > LONGEST_NAME
        assert suggest("very", index) == []


def test_a_title_within_a_sentence() -> None:
    assert [as_within(name, ENGLISH) for name in ("Narrative therapy", "CBT", "Sue Holland", "a")] == [
        "narrative therapy", "CBT", "Sue Holland", "a",
    ]  # fmt: skip
    assert as_within("Narrative Therapie", load_language("de")) == "Narrative Therapie"


def test_over_http(tiny_answerer: Answerer) -> None:
    client = create_app(Live.of(tiny_answerer)).test_client()
    assert client.get("/api/suggest?q=What+is+app").get_json() == {"suggestions": ["What is apple"]}
    assert client.get("/api/suggest?q=").get_json() == {"suggestions": []}
    assert client.get("/api/suggest").status_code == 400
    refused = client.get("/api/suggest", query_string={"q": "a" * 1001})
    assert refused.status_code == 400
    assert "typed so far, at most 1,000" in refused.get_json()["error"]["message"]
    assert (
        '"k" is not known here: there is only q.' in client.get("/api/suggest?q=a&k=1").get_json()["error"]["message"]
    )
