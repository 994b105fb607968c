"""The corpus that the project ships is what it promises to be."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from tests.conftest import ROOT

ARTICLES = sorted(path for path in (ROOT / "corpus").glob("*.md") if path.name != "README.md")


def sentences(path: Path) -> set[str]:
    text = " ".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {sentence.strip().lower() for sentence in re.split(r"(?<=[.!?])\s+", text) if len(sentence.split()) > 4}


def test_there_are_enough() -> None:
    assert len(ARTICLES) >= 15


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_an_article_has_a_title_headings_and_its_length(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(r"# \S.*\n\n\S", text)
    assert len(re.findall(r"^## ", text, re.MULTILINE)) >= 3
    assert 400 <= len(text.split()) <= 900


def test_no_two_articles_share_a_sentence() -> None:
    for one, other in combinations(ARTICLES, 2):
        assert not sentences(one) & sentences(other), (one.name, other.name)
