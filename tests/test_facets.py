"""What the texts can be narrowed to: by topic, folder, type and year, counted when they are indexed."""

from pathlib import Path

import pytest

from qa.answers.answering import Answerer
from qa.datatypes import Details, Scope
from qa.errors import BadQuestion
from qa.indexing.building import build_index
from qa.indexing.facets import FacetCounts, read_facets, type_of, year_of
from qa.indexing.index import open_index
from qa.service import Live
from qa.web.app import create_app
from tests.conftest import WordLengthEmbedder

TEXTS = {
    "bees/honey.md": "---\ntopics: [Honey, food]\ndate: 2021-05-02\n---\n# Honey\n\nBees make honey.\n",
    "bees/old/wax.md": "---\ntopics: [wax]\nreviewed: 1998\n---\n# Wax\n\nWax is melted in August.\n",
    "birds/heron.txt": "Heron\n\nHerons eat fish.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / "texts" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "texts" / name).write_text(text, encoding="utf-8")
    return tmp_path / "texts"


def test_each_value_is_counted(folder: Path, embedder: WordLengthEmbedder) -> None:
    build_index([folder], folder.parent / "index", embedder=embedder)
    with open_index(folder.parent / "index", embedder) as index:
        facets = index.generation.facets
        assert dict(facets.topics) == {"Honey": 1, "food": 1, "wax": 1}
        assert dict(facets.folders) == {"texts/bees/": 2, "texts/bees/old/": 1, "texts/birds/": 1}  # texts/ is all
        assert dict(facets.types) == {"md": 2, "txt": 1}
        assert dict(facets.years) == {"1998": 1, "2021": 1}
        for scope, sources in [
            (Scope(topic="HONEY"), ["texts/bees/honey.md"]),
            (Scope(type="md", year="1998"), ["texts/bees/old/wax.md"]),
            (Scope(source="texts/bees/"), ["texts/bees/honey.md", "texts/bees/old/wax.md"]),
            (Scope(type="TXT"), ["texts/birds/heron.txt"]),
        ]:
            selected = index.select(scope)
            assert selected is not None
            assert [index.generation.document(number).source for number in selected.documents] == sources
        with pytest.raises(BadQuestion, match=r"whose topic is “wax” and whose year is “2021”"):
            index.select(Scope(topic="wax", year="2021"))


def test_what_did_not_change_keeps_its_topics(folder: Path, embedder: WordLengthEmbedder) -> None:
    index = folder.parent / "index"
    build_index([folder], index, embedder=embedder)
    (folder / "birds" / "heron.txt").write_text("Heron\n\nHerons eat frogs.\n", encoding="utf-8")
    build_index([folder], index, embedder=embedder)
    with open_index(index, embedder) as opened:
        assert dict(opened.generation.facets.topics) == {"Honey": 1, "food": 1, "wax": 1}


def test_case_does_not_part_a_topic(tmp_path: Path) -> None:
    counts = FacetCounts()
    for number, topic in enumerate(("CBT", "CBT", "cbt", "other")):
        counts.add(f"a/{number}.md", f"a/{number}.md", (topic,), "")
    counts.add("a/last.txt", "a/last.txt", (), "")
    counts.write(tmp_path)
    assert read_facets(tmp_path).topics == {"CBT": 3, "other": 1}


def test_a_list_without_a_choice_is_not_kept(tmp_path: Path) -> None:
    counts = FacetCounts()
    for number in range(3):
        counts.add(f"a/{number}.md", f"a/{number}.md", ("same",), str(2000 + number))
    counts.write(tmp_path)
    facets = read_facets(tmp_path)
    assert (facets.topics, facets.folders, facets.types) == ({}, {}, {})
    assert facets.years == {"2000": 1, "2001": 1, "2002": 1}


@pytest.mark.parametrize(
    ("date", "reviewed", "year"),
    [
        ("2021-05-02", "", "2021"), ("May 1874", "", "1874"), ("", "2024-01", "2024"), ("n.d.", "2024", "2024"),
        ("12021", "", ""), ("", "", ""), ("c. 1500", "", "1500"),
    ],
)  # fmt: skip
def test_the_year_of_a_text(date: str, reviewed: str, year: str) -> None:
    assert year_of(Details(date=date, reviewed=reviewed)) == year


def test_the_type_of_a_file() -> None:
    assert [type_of(file) for file in ("a/b.PDF", "a", "x.tar.gz", ".hidden")] == ["pdf", "", "gz", ""]


def test_over_http(folder: Path, embedder: WordLengthEmbedder) -> None:
    build_index([folder], folder.parent / "index", embedder=embedder)
    with open_index(folder.parent / "index", embedder) as index:
        client = create_app(Live.of(Answerer(index))).test_client()
        page = client.get("/?q=honey&topic=food").text
        assert '<option value="food" selected>food (1)</option>' in page
        assert '<option value="texts/bees/">texts/bees/ (2)</option>' in page
        assert "in 1 of these 3 texts" in page
        assert client.get("/?q=honey&topic=nothing").status_code == 400
        asked = client.get("/api/ask?q=honey&type=txt").get_json()
        assert {passage["source"] for passage in asked["passages"]} == {"texts/birds/heron.txt"}
        assert client.post("/api/ask", json={"question": "honey", "year": "1998"}).status_code == 200
        listed = client.get("/documents").text
        places = [listed.index(f">{title}</a>") for title in ("Heron", "Honey", "Wax")]
        assert places == sorted(places)  # by title, not by folder
        wax = client.get("/documents?topic=wax").text
        assert "Texts on “wax”" in wax
        assert ">Heron</a>" not in wax
        assert client.get("/documents?topic=nothing").status_code == 400
        near = client.get("/document/texts/birds/heron.txt").text
        assert "Related texts" in near
