"""The page of a document, the link that leads to a passage for good, and citations, over real files."""

import html
import json
import re
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answers.answering import Answerer
from qa.answers.citing import FORMATS, Citation, as_bibtex, as_csl, as_ris, as_text
from qa.datatypes import Details, Page, Passage, Section
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.indexing.shelf import find_quote, parse_quote, quote_of
from qa.service import Live
from qa.settings import BuildSettings
from qa.web.app import create_app
from qa.web.blocks import Layout
from qa.web.documents import PART_CHARACTERS
from tests.conftest import WordLengthEmbedder
from tests.test_file_corpus import FILES

HONEY = """---
title: Honey & <b>bees</b>
authors: [A. Keeper, B. Hive]
date: 2021-05-02
licence: CC0
reviewed: 2024-01-31
topics: [bees]
references: ["Keeper, A. (2020). On bees."]
see_also: [wax]
---
# Honey & bees

Bees make honey from nectar.

## Harvest

Frames are cut in June. Honey is sold in July.

- jars
- combs

| Month | Work |
|---|---|
| May | swarms |
"""


class Shelf:
    """A corpus with its index, built again as often as is wanted, and a client of what serves it."""

    def __init__(self, folder: Path, embedder: WordLengthEmbedder) -> None:
        self.texts = folder / "shelf"
        self.texts.mkdir()
        self._index, self._embedder = folder / "index", embedder

    def write(self, name: str, content: str | bytes) -> None:
        path = self.texts / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def client(self) -> FlaskClient:
        build_index([self.texts], self._index, BuildSettings(passage_tokens=48), self._embedder, remove=True)
        return create_app(Live.of(Answerer(open_index(self._index, self._embedder)))).test_client()


@pytest.fixture
def shelf(tmp_path: Path, embedder: WordLengthEmbedder) -> Shelf:
    found = Shelf(tmp_path, embedder)
    found.write("honey.md", HONEY)
    found.write("wax.md", "# Wax\n\nWax is melted in August.\n")
    return found


def shown(page: str) -> str:
    """Return what a page's document shows, on one line."""
    article = re.search(r'<article class="document"[^>]*>(.*?)</article>', page, re.DOTALL)
    assert article is not None
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", article[1])).split())


def found_in(page: str) -> str:
    """Return the stretches of a page's document that are marked as what was looked for."""
    return " ".join(html.unescape(" ".join(re.findall(r'class="found">([^<]*)<', page))).split())


def test_a_document_is_shown_whole_as_its_source_shows_it(shelf: Shelf) -> None:
    page = shelf.client().get("/document/shelf/honey.md").text
    assert shown(page) == (
        "Honey & bees Bees make honey from nectar. Harvest Frames are cut in June. Honey is sold in July. jars combs "
        "Month Work May swarms"
    )
    assert '<h1 class="document-title">Honey &amp; &lt;b&gt;bees&lt;/b&gt;</h1>' in page
    assert re.search(r'<h3 id="h\d+">Harvest</h3>', page)
    assert "<li>jars</li>" in page
    assert re.search(r"<td>May</td>\s*<td>swarms</td>", page)
    for said in (
        "A. Keeper; B. Hive",
        "2021-05-02",
        "2024-01-31",
        "CC0",
        "Keeper, A. (2020). On bees.",
        "shelf/honey.md",
    ):
        assert said in page
    assert '<a href="/document/shelf/wax.md">Wax</a>' in page  # which the file calls related


def test_each_passage_of_an_answer_opens_its_document_at_its_place(shelf: Shelf) -> None:
    client = shelf.client()
    answer = client.get("/", query_string={"q": "When are frames cut?"}).text
    links = [html.unescape(link) for link in re.findall(r'href="(/document/[^"]+#c\d+)"', answer)]
    assert links
    for link in dict.fromkeys(links):
        address, _, anchor = link.partition("#")
        page = client.get(address).text
        assert f'id="{anchor}"' in page
        assert found_in(page)


def test_every_format_opens_at_each_of_its_passages(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    shelf = Shelf(tmp_path, embedder)
    for name, (content, _) in FILES.items():
        shelf.write(name, content)
    client = shelf.client()
    listed = client.get("/api/documents?most=1000").get_json()
    assert listed["total"] == len(listed["documents"]) == sum(len(texts) for _, texts in FILES.values())
    for one in listed["documents"]:
        document = client.get(f"/api/documents/{quoted(one['id'])}").get_json()
        assert len(document["passages"]) == one["passages"]
        for identifier in document["passages"]:
            passage = client.get(f"/api/passages/{quoted(identifier)}").get_json()
            assert document["text"][passage["start"] : passage["end"]] == passage["text"]
            response = client.get(passage["permalink"].removeprefix("http://localhost"))
            assert response.status_code == 302
            address, _, anchor = response.headers["Location"].partition("#")
            page = client.get(address).text
            assert f'id="{anchor}"' in page
            said = re.sub(r"\W+", "", passage["text"])
            assert re.sub(r"\W+", "", found_in(page)) == said


def quoted(identifier: str) -> str:
    return identifier.replace("%", "%25").replace("#", "%23").replace("?", "%3F")


def permalink_of(client: FlaskClient, words: str) -> str:
    document = client.get("/api/documents/shelf/honey.md").get_json()
    for identifier in document["passages"]:
        passage = client.get(f"/api/passages/{quoted(identifier)}").get_json()
        if words in passage["text"]:
            return str(passage["permalink"]).removeprefix("http://localhost")
    raise AssertionError(words)


def test_a_permalink_survives_an_update_as_long_as_its_text_does(shelf: Shelf) -> None:
    link = permalink_of(shelf.client(), "Frames are cut")

    shelf.write("honey.md", HONEY.replace("Bees make", "In spring, bees of all kinds make"))  # it stands elsewhere now
    client = shelf.client()
    assert "Frames are cut in June." in found_in(client.get(client.get(link).headers["Location"]).text)

    (shelf.texts / "honey.md").rename(shelf.texts / "bees.md")  # the same text by another name
    client = shelf.client()
    moved = client.get(link).headers["Location"]
    assert moved.startswith("/document/shelf/bees.md?")
    assert "Frames are cut in June." in found_in(client.get(moved).text)

    (shelf.texts / "bees.md").rename(shelf.texts / "honey.md")
    shelf.write("honey.md", HONEY.replace("June", "May"))  # it is no longer said
    client = shelf.client()
    page = client.get(client.get(link).headers["Location"]).text
    assert "no longer in this text" in page
    assert not found_in(page)

    (shelf.texts / "honey.md").unlink()
    response = shelf.client().get(link, headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "Neither this passage nor its document" in response.text


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/document/shelf/none.md", 404, "There is no document “shelf/none.md”"),
        ("/document", 404, "There is no document"),
        ("/document/shelf/honey.md?part=9", 404, "there is no part 9"),
        ("/document/shelf/honey.md?part=x", 400, "whole number"),
        ("/document/shelf/honey.md?passage=zz", 200, "Bees make honey"),
        ("/passage/zz/shelf/honey.md", 404, "not whole"),
        ("/documents?page=0", 400, "whole number"),
        ("/documents?page=7", 200, "There are no more"),
        ("/nowhere", 404, "There is nothing at this address"),
    ],
)
def test_addresses_that_lead_nowhere_say_so_on_a_page(shelf: Shelf, address: str, status: int, words: str) -> None:
    response = shelf.client().get(address, headers={"Accept": "text/html"})
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert words in html.unescape(response.text)
    assert "<h1" in response.text


@pytest.mark.parametrize(
    "address",
    ["/api/documents/none", "/api/passages/shelf/honey.md", "/api/passages/shelf/honey.md%235-6", "/api/documents/"],
)
def test_the_api_says_what_is_not_there(shelf: Shelf, address: str) -> None:
    response = shelf.client().get(address)
    assert response.status_code == 404
    assert response.get_json()["error"]["code"] == "not_found"


def test_a_long_document_comes_in_parts(shelf: Shelf) -> None:
    paragraphs = [f"## Part {n}\n\n" + "".join(f"Sentence {n} is here, {m}. " for m in range(900)) for n in range(12)]
    shelf.write("long.md", "# Long\n\n" + "\n\n".join(paragraphs))
    client = shelf.client()
    first = client.get("/document/shelf/long.md").text
    assert "Part 1 of" in first
    assert len(first) < 4 * PART_CHARACTERS
    parts = int(re.search(r"Part 1 of (\d+)", first)[1])  # type: ignore[index]
    texts = [shown(client.get(f"/document/shelf/long.md?part={n}").text) for n in range(1, parts + 1)]
    whole = " ".join(texts)
    assert [whole.count(f"Sentence {n} is here, ") for n in range(12)] == [900] * 12
    last = client.get("/api/documents/shelf/long.md").get_json()["passages"][-1]
    link = client.get(f"/api/passages/{quoted(last)}").get_json()["permalink"]
    page = client.get(client.get(link.removeprefix("http://localhost")).headers["Location"]).text
    assert f"Part {parts} of {parts}" in page
    assert found_in(page)


@pytest.mark.parametrize("identifier", ["../etc", "a//b", ".", "a?b#c", "ü %41", "/x"])
def test_an_id_of_any_kind_has_a_page(shelf: Shelf, identifier: str) -> None:
    shelf.write("c.jsonl", json.dumps({"_id": identifier, "title": "Any", "text": "Moths eat wool."}))
    client = shelf.client()
    link = next(
        html.unescape(link)
        for link, title in re.findall(r'<a href="(/document[^"]*)">([^<]*)</a>', client.get("/documents").text)
        if title == "Any"
    )
    assert "Moths eat wool." in shown(client.get(link).text)


# --- the layout -----------------------------------------------------------------------------------------------


def test_headings_are_those_of_a_page_without_gaps() -> None:
    text = "A\n\na\n\nB\n\nb\n\nC\n\nc"
    sections = (Section("A", 3, 3, 4), Section("B", 5, 9, 10), Section("C", 3, 15, 16))
    blocks = list(Layout(text, (), None).blocks(sections, (), 0, len(text), "T"))
    assert [block.level for block in blocks if block.kind == "heading"] == [2, 3, 2]


def test_pages_are_marked_where_they_begin() -> None:
    text = "One ends here.\n\nTwo begins."
    layout = Layout(text, (), None)
    blocks = list(layout.blocks((Section("", 0, 0, len(text)),), (Page("i", 0, 14), Page("2", 16, 27)), 0, 27, "T"))
    assert [(block.kind, block.label) for block in blocks] == [
        ("page", "i"), ("paragraph", ""), ("page", "2"), ("paragraph", ""),
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(st.sampled_from(["word", "- item", "a | b", "", "two words ", "-", " | "]), max_size=12),
    cuts=st.lists(st.integers(0, 60), max_size=4),
)
def test_every_character_of_a_document_is_shown_once(lines: list[str], cuts: list[int]) -> None:
    text = "\n".join(lines)
    passages = [Passage("p", "d", "", "", "s", "", cut, cut) for cut in sorted(set(cuts)) if cut < len(text)]
    blocks = Layout(text, passages, (2, 9)).blocks((), (), 0, len(text), "T")
    pieces = [
        one.text
        for block in blocks
        for line in (*block.lines, *(cell for row in block.rows for cell in row))
        for one in line
    ]
    unmarked = re.sub(r"^- | \| |\s", "", text, flags=re.MULTILINE)
    assert re.sub(r"\s|\|", "", "".join(pieces)).replace("-", "") == unmarked.replace("|", "").replace("-", "")


# --- quotes ---------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(before=st.text(max_size=40), quote=st.text(min_size=1, max_size=40), after=st.text(max_size=40))
def test_a_quote_is_found_wherever_it_stands(before: str, quote: str, after: str) -> None:
    made = quote_of(quote)
    place = find_quote(made, before + quote + after)
    if made.length == 0:
        assert place is None
        return
    assert place is not None
    assert quote_of((before + quote + after)[slice(*place)]) == made
    assert place[0] < len(before) + len(quote)
    assert parse_quote(str(made)) == made


def test_how_a_line_is_broken_is_no_matter_to_a_quote() -> None:
    assert quote_of("Bees make\n  honey.") == quote_of("Bees make honey.")
    assert quote_of("Bees make honey.") != quote_of("Bees made honey.")
    assert find_quote(quote_of("make\nhoney"), "Bees  make   honey.") == (6, 18)


@pytest.mark.parametrize("written", ["", "0", "f" * 16, "f" * 30, "g" * 20, "0x" + "1" * 18, "１" * 18])
def test_what_is_no_quote(written: str) -> None:
    assert parse_quote(written) is None


# --- citations ------------------------------------------------------------------------------------------------

PASSAGE = Passage(
    "d#4-20", "d", "Honey & bees_100%", "Harvest", "shelf/honey.pdf", "Frames are\ncut.", 4, 20, "12–13", 0
)
DETAILS = Details(("A. Keeper", "B. Hive"), "2021-05-02", "CC0", "2024-01-31")
CITED = Citation(PASSAGE, DETAILS, "Bee library", "ab" * 32, "https://bees.example/passage/1", date(2026, 11, 26))
BARE = Citation(Passage("d#0-4", "d", "", "", "d.txt", "Hum.", 0, 4), Details(), "", "", "", date(2026, 11, 26))


def test_a_citation_as_text() -> None:
    assert as_text(CITED) == (
        "“Frames are cut.” A. Keeper; B. Hive. Honey & bees_100%, section “Harvest”. Bee library. 2021-05-02. Reviewed "
        "2024-01-31. shelf/honey.pdf, p. 12–13, characters 4–20. SHA-256 abababababababab… "
        "https://bees.example/passage/1 (read 2026-11-26)."
    )
    assert as_text(BARE) == "“Hum.” d. d.txt, characters 0–4."


def test_a_citation_in_bibtex() -> None:
    assert as_bibtex(CITED) == (
        "@misc{honey-bees-100-2021-4,\n"
        "  title = {Honey \\& bees\\_100\\%},\n"
        "  author = {{A. Keeper} and {B. Hive}},\n"
        "  year = {2021},\n"
        "  howpublished = {Bee library},\n"
        "  pages = {12--13},\n"
        "  note = {Section “Harvest”; shelf/honey.pdf, p. 12–13, characters 4–20; Reviewed 2024-01-31; Licence: CC0; "
        f"SHA-256 of the source: {'ab' * 32}}},\n"
        "  url = {https://bees.example/passage/1},\n"
        "  urldate = {2026-11-26}\n"
        "}\n"
    )
    assert as_bibtex(BARE) == "@misc{d-0,\n  title = {d},\n  note = {d.txt, characters 0–4}\n}\n"


def test_a_citation_in_ris() -> None:
    lines = as_ris(CITED).splitlines()
    assert lines[0] == "TY  - GEN"
    assert lines[-1] == "ER  - "
    for line in ("AU  - A. Keeper", "AU  - B. Hive", "PY  - 2021", "DA  - 2021/05/02/", "SP  - 12–13", "SE  - Harvest",
                 "AB  - Frames are cut.", "UR  - https://bees.example/passage/1", "Y2  - 2026/11/26/"):  # fmt: skip
        assert line in lines
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines)


def test_a_citation_in_csl_json() -> None:
    (item,) = json.loads(as_csl(CITED))
    assert item["author"] == [{"literal": "A. Keeper"}, {"literal": "B. Hive"}]
    assert item["issued"] == {"date-parts": [[2021, 5, 2]]}
    assert (item["page"], item["section"], item["container-title"]) == ("12–13", "Harvest", "Bee library")
    assert set(json.loads(as_csl(BARE))[0]) == {"id", "type", "title", "abstract", "note", "accessed"}


@pytest.mark.parametrize(
    ("written", "parts"),
    [("2021", [[2021]]), ("2021-05", [[2021, 5]]), ("May 2021", [[2021]]), ("2021-13-40", [[2021]]), ("soon", None)],
)
def test_dates_of_a_citation(written: str, parts: list[list[int]] | None) -> None:
    (item,) = json.loads(as_csl(Citation(PASSAGE, Details(date=written), "", "", "", date(2026, 1, 2))))
    assert item.get("issued", {}).get("date-parts") == parts


def test_citations_over_http(shelf: Shelf) -> None:
    client = shelf.client()
    identifier = client.get("/api/documents/shelf/honey.md").get_json()["passages"][0]
    for name, written in FORMATS.items():
        response = client.get(f"/api/passages/{quoted(identifier)}?format={name}")
        assert response.mimetype == written.media_type
        assert "A. Keeper" in response.text
        assert "http://localhost/passage/" in response.text
    assert client.get(f"/api/passages/{quoted(identifier)}?format=word").status_code == 400
