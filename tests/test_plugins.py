"""Tables that other packages add to, as they would: by the entry points of an installed distribution."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.datatypes import Document
from qa.embedders import EMBEDDERS, load_embedder
from qa.errors import PluginUnusable
from qa.indexing.building import build_index
from qa.indexing.index import Generation
from qa.parsers import PARSERS
from qa.plugins import Table, added_packages, declared_by_all
from qa.stores import STORES
from tests.conftest import WordLengthEmbedder

MODULE = """
from qa.datatypes import Document
from qa.stores import ExactStore
from tests.conftest import WordLengthEmbedder


def read_words(path, source):
    yield Document(source, path.stem, path.read_text(encoding="utf-8").replace("|", " "), source)


class Elsewhere(ExactStore):
    removed = []

    @classmethod
    def remove(cls, folder):
        cls.removed.append(folder.parent.name)


class ByName(WordLengthEmbedder):
    path = "by-name"
"""

ENTRY_POINTS = """
[candor.parsers]
.words = added_by_test:read_words
.txt = added_by_test:nothing
.broken = added_by_test:nothing

[candor.stores]
elsewhere = added_by_test:Elsewhere

[candor.embedders]
by-name = added_by_test:ByName
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a distribution that adds a parser, a store and an embedder."""
    site = tmp_path / "site"
    told = site / "added_by_test-1.2.dist-info"
    told.mkdir(parents=True)
    (site / "added_by_test.py").write_text(MODULE, encoding="utf-8")
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: added-by-test\nVersion: 1.2\n", encoding="utf-8")
    (told / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    tables: tuple[Table[object], ...] = (PARSERS, STORES, EMBEDDERS)  # type: ignore[assignment]
    for table in tables:
        monkeypatch.delitem(table.__dict__, "added", raising=False)
    declared_by_all.cache_clear()
    yield
    declared_by_all.cache_clear()
    for table in tables:
        table.__dict__.pop("added", None)
    sys.modules.pop("added_by_test", None)


@pytest.mark.usefixtures("added")
def test_a_package_adds_a_format_a_store_and_an_embedder(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.words").write_text("An|apple|is|a|fruit.", encoding="utf-8")
    (texts / "b.txt").write_text("A pear is one too.", encoding="utf-8")
    from qa.settings import BuildSettings

    settings = BuildSettings(store="elsewhere", embedder=Path("by-name"), passage_tokens=32, keep=1)
    first = build_index([texts], tmp_path / "index", settings)
    manifest = Generation(first.generation).manifest
    assert (manifest.documents, manifest.store, manifest.embedder_path) == (2, "elsewhere", "by-name")
    assert manifest.plugins == {"added-by-test": "1.2"}
    (texts / "c.txt").write_text("And a plum.", encoding="utf-8")
    build_index([texts], tmp_path / "index", settings)
    import added_by_test  # type: ignore[import-not-found]

    # What it keeps elsewhere goes with the generation, and with what was left of an unfinished one.
    assert "000001" in added_by_test.Elsewhere.removed


@pytest.mark.usefixtures("added")
def test_what_is_our_own_stays_and_what_cannot_be_loaded_says_who_brought_it(tmp_path: Path) -> None:
    assert list(PARSERS)[-2:] == [".words", ".broken"]
    assert len(PARSERS) == len(list(PARSERS))
    file = tmp_path / "a.txt"
    file.write_text("Text.", encoding="utf-8")
    (found,) = PARSERS[".txt"](file, "a.txt")
    assert isinstance(found, Document)
    with pytest.raises(PluginUnusable, match=r"added-by-test 1.2 declares .broken under candor.parsers"):
        PARSERS[".broken"]
    with pytest.raises(KeyError):
        PARSERS[".nobody"]
    assert isinstance(load_embedder(Path("by-name")), WordLengthEmbedder)


def test_without_such_packages_nothing_is_added() -> None:
    assert added_packages(PARSERS, STORES, EMBEDDERS) == {}
