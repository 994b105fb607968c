"""The words of the page in other languages: whole catalogues, and a German page."""

import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from qa.answers.answering import Answerer
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.service import Live
from qa.web.app import create_app
from qa.wording import CATALOGUES, ENGLISH, wording_of
from tests.conftest import ROOT, WordLengthEmbedder
from training.wording import forms, out_of_step, read

CODES = [path.stem for path in sorted(CATALOGUES.glob("*.po"))]


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def english(message: Message) -> list[str]:
    return [str(one) for one in message.id] if message.pluralizable else [str(message.id)]


def test_the_catalogues_are_in_step_with_the_code() -> None:
    command = [sys.executable, "-m", "training.wording", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_out_of_step_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "xx.po").write_text("", encoding="utf-8")
    shutil.copy(CATALOGUES / "de.po", tmp_path / "de.po")
    assert out_of_step(tmp_path / "de.po", read(CATALOGUES / "de.po")) == ["it is not compiled anew"]
    assert "not translated: Permalink" in out_of_step(tmp_path / "xx.po", read(CATALOGUES / "de.po"))


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
