"""The words of the page in other languages: whole catalogues, and a German page."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from qa.answers.answering import Answerer
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.service import Live
from qa.web import create_app
from qa.wording import CATALOGUES, ENGLISH, wording_of
from tests.conftest import WordLengthEmbedder
from training.wording import compiled, forms, messages, read, untranslated

CODES = [path.stem for path in sorted(CATALOGUES.glob("*.po"))]


def ids(catalogue: Catalog) -> set[str]:
    return {str(message.id) for message in catalogue if message.id}


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def english(message: Message) -> list[str]:
    return [str(one) for one in message.id] if message.pluralizable else [str(message.id)]


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_has_each_message_of_the_code_and_no_other(code: str) -> None:
    catalogue = read(CATALOGUES / f"{code}.po")
    assert ids(catalogue) == ids(messages())
    assert untranslated(catalogue) == []
    assert (CATALOGUES / f"{code}.mo").read_bytes() == compiled(catalogue)


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_values_of_its_message(code: str) -> None:
    for message in read(CATALOGUES / f"{code}.po"):
        if message.id:
            known = set().union(*map(fields, english(message)))
            assert all(fields(said) <= known for said in forms(message)), message.id
            assert fields(forms(message)[-1]) == known, message.id


@pytest.mark.parametrize(
    ("language", "number", "terms", "texts"),
    [
        ("en", "1,234", "“a”, “b” or “c”", "1,234 texts"),
        ("en-GB", "1,234", "“a”, “b” or “c”", "1,234 texts"),
        ("fr", "1,234", "“a”, “b” or “c”", "1,234 texts"),  # which has no catalogue yet
        ("../de", "1,234", "“a”, “b” or “c”", "1,234 texts"),
        ("de", "1.234", "„a“, „b“ oder „c“", "1.234 Texten"),
        ("de-CH", "1.234", "„a“, „b“ oder „c“", "1.234 Texten"),
    ],
)
def test_numbers_and_lists(language: str, number: str, terms: str, texts: str) -> None:
    said = wording_of(language)
    assert said.number(1234) == number
    assert said.quoted(["a", "b", "c"], "or") == terms
    assert said.counted("{number} text", "{number} texts", 1234) == texts
    assert said.text("") == ""
    assert said.text("what no catalogue has, {a brace") == "what no catalogue has, {a brace"


def test_values_are_put_in_as_they_are() -> None:
    assert ENGLISH.text("Did you mean {terms}?", terms="{terms} <b>%s") == "Did you mean {terms} <b>%s?"


def test_a_page_on_german_texts_is_german(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    (tmp_path / "honig.md").write_text("# Honig\n\nBienen machen Honig aus Nektar.\n", encoding="utf-8")
    (tmp_path / "wachs.md").write_text("# Wachs\n\nWachs wird im August geschmolzen.\n", encoding="utf-8")
    (tmp_path / "corpus.toml").write_text('language = "de"\ntitle = "Bienen"\n', encoding="utf-8")
    build_index([tmp_path], tmp_path / "index", embedder=embedder)
    with open_index(tmp_path / "index", embedder) as index:
        client = create_app(Live.of(Answerer(index))).test_client()
        page = client.get("/?q=Was+ist+Quorvex-Honig%3F").text
        assert '<html lang="de">' in page
        assert "In diesen Texten kommt nicht vor: „Quorvex“." in page
        assert ">Über Honig</a>" in page
        assert "in diesen 2 Texten zu „Bienen“" in page
        shown = re.sub(r"<[^>]*>", " ", page)
        english_words = {"the", "of", "texts", "passage", "passages", "not", "question"}
        assert english_words.isdisjoint(re.findall(r"\w+", shown.lower()))
        assert "Die Frage ist leer" in client.get("/?q=+").text
        document = client.get("/document/" + index.generation.document(0).id).text
        assert "<dt>Quelle</dt>" in document
        refused = client.get("/nirgends", headers={"Accept": "text/html"})
        assert "Hier ist nichts" in refused.text
        assert "Verwandte Texte" in document
