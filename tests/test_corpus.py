"""The corpus itself: front matter complete, links resolved, nothing cut off, nothing said twice."""

import html
import json
import re
from collections import Counter
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from qa.answers.answering import Answerer
from qa.command.cli import cli
from qa.datatypes import Document
from qa.embedders import load_embedder
from qa.indexing.index import open_index
from qa.indexing.splitters import Splitter, find_sentences
from qa.parsers.markdown import read_markdown
from qa.service import Live
from qa.web.app import create_app
from tests.conftest import ROOT
from tests.english import stems

CORPUS = ROOT / "corpus"
ARTICLES = sorted(path for path in CORPUS.glob("*.md") if path.name != "README.md")
HALVES = (CORPUS, CORPUS / "held_apart")
KEYS = {"title", "topics", "aliases", "see_also", "references", "reviewed"}


def front_matter(path: Path) -> dict[str, object]:
    _, fields, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    found: dict[str, object] = yaml.safe_load(fields)
    return found


def body(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("---\n", 2)[2]


def test_there_is_enough() -> None:
    assert len(ARTICLES) >= 150
    assert sum(len(body(path).split()) for path in ARTICLES) > 100_000


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_an_article_is_complete(path: Path) -> None:
    fields = front_matter(path)
    assert set(fields) == KEYS
    assert isinstance(fields["reviewed"], date)
    for key in ("topics", "see_also", "references"):
        assert fields[key], key
    names = {article.stem for article in ARTICLES} - {path.stem}
    assert set(fields["see_also"]) <= names  # type: ignore[call-overload]
    assert all(re.search(r"\(\d{4}\)", reference) for reference in fields["references"])  # type: ignore[attr-defined]
    text = body(path)
    assert text.lstrip().startswith(f"# {fields['title']}\n")
    assert 700 <= len(text.split()) <= 1700
    assert text.count("\n## ") >= 3
    assert re.search(r"\n## (.*)\n\n[^\n]+\n$", text)[1] == "In everyday words"  # type: ignore[index] # and one paragraph
    asked = re.search(r"\n## Questions people ask\n((?:\n### [^\n]+\?\n\n[^\n]+\n)+)\n## In everyday words\n", text)
    assert asked is not None
    assert asked[1].count("\n### ") == 5


def test_topics_are_of_the_list() -> None:
    listed = re.search(r"\| `topics` \| one to three of: (.*) \|", (CORPUS / "README.md").read_text(encoding="utf-8"))
    assert listed is not None
    topics = listed[1].split(", ")
    assert len(topics) == 20
    assert {topic for path in ARTICLES for topic in front_matter(path)["topics"]} == set(topics)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_a_reference_stands_at_what_it_carries(path: Path) -> None:
    """Every reference is cited in the text, as "(Name, year)" or "Name (year)", and every citation is a reference."""
    text = body(path)
    references = [re.match(r"(.+?)\((\d{4})", reference) for reference in front_matter(path)["references"]]  # type: ignore[attr-defined]
    known = [(found[1], found[2]) for found in references if found]
    assert len(known) == len(references)
    for authors, year in known:
        first = re.split(r", |\. ", authors)[0].strip()
        cited = rf"{re.escape(first)}\b[^();]{{0,120}}(?:\({year}\)|, {year}[;)])"
        assert re.search(cited, text), f"not cited: {first}, {year}"
    for citation in chain.from_iterable(part.split(";") for part in re.findall(r"\(([^()]*, \d{4})\)", text)):
        name, year = citation.strip().rsplit(", ", 1)
        first = re.split(r" & | et al\.|, ", name)[0]
        if first[0].isupper():
            assert any(first in authors and year == of for authors, of in known), f"no reference: {citation}"


def test_every_article_is_in_the_table_of_contents() -> None:
    contents = (CORPUS / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([a-z0-9-]+\.md)\)", contents)
    assert sorted(linked) == [path.name for path in ARTICLES]


def test_no_two_articles_share_a_sentence() -> None:
    sentences = Counter(
        chain.from_iterable(
            {tuple(stems(text[start:end])) for start, end in find_sentences(text)}
            for text in (body(path) for path in ARTICLES)
        )
    )
    shared = [" ".join(words) for words, count in sentences.items() if count > 1 and len(words) > 5]
    assert shared == []


def test_no_passage_is_over_the_limit_of_the_model() -> None:
    embedder = load_embedder()
    splitter = Splitter(embedder.tokenizer, embedder.max_tokens, 256, embedder.passage_overhead)
    for path in ARTICLES:
        (document,) = read_markdown(path, path.name)
        assert isinstance(document, Document)
        for passage in splitter.split(document):
            tokens = len(embedder.tokenizer.encode(splitter.context(passage) + passage.text).ids)
            assert tokens <= 256, passage.id


@pytest.mark.parametrize("half", HALVES, ids=["open", "held apart"])
def test_the_questions_fit_the_articles(half: Path) -> None:
    questions = questions_of(half)
    assert len(questions) >= 300
    assert sum(not question["answerable"] for question in questions) >= 75
    lines = [line.split("\t") for line in (half / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    answerable = {question["_id"] for question in questions if question["answerable"]}
    answering: dict[str, str] = {}
    for identifier, document, grade in lines:
        if grade == "2":
            answering[identifier] = answering.get(identifier, "") + plain(body(CORPUS / Path(document).name))
    assert answering.keys() == answerable
    assert {document for _, document, _ in lines} <= {f"corpus/{path.name}" for path in ARTICLES}
    assert {identifier for identifier, _, _ in lines} <= {question["_id"] for question in questions}
    for question in questions:
        assert all(term in question["text"] for term in question["off_corpus_terms"])
        assert bool(question.get("answers")) == question["answerable"], question["_id"]
        for answer in question.get("answers", ()):
            assert plain(answer) in answering[question["_id"]], (question["_id"], answer)


def test_the_halves_share_no_question() -> None:
    one, other = ({" ".join(stems(question["text"])) for question in questions_of(half)} for half in HALVES)
    assert not one & other


def questions_of(half: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (half / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def plain(text: str) -> str:
    """The text without marks of Markdown and with single spaces."""
    return " ".join(re.sub(r"[*_|#]", " ", text).split())


def test_the_examples_on_the_page_are_of_them(real_folder: Path) -> None:
    questions = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    index = open_index(real_folder)
    assert len(index.manifest.examples) >= 3
    assert set(index.manifest.examples) <= {question["text"] for question in questions}
    page = html.unescape(create_app(Live.of(Answerer(index))).test_client().get("/").text)
    assert all(f">{example}</a>" in page for example in index.manifest.examples)
    index.close()


def test_the_index_is_calibrated_on_them(real_folder: Path) -> None:
    index = open_index(real_folder)
    assert index.own_calibration is not None
    assert sum(index.own_calibration.questions.values()) >= 300
    assert index.manifest.notice.startswith("General information, not advice")
    index.close()


def test_other_names_are_known_and_never_quoted(real_folder: Path) -> None:
    index = open_index(real_folder)
    assert index.lexicon.passage_count(stems("structural competence")) > 0
    passages = (index.passage(row) for row in range(len(index)))
    assert not any("see_also:" in passage.text or "aliases:" in passage.text for passage in passages)
    index.close()


# What was reached with 157 articles and 475 questions, which are more and harder ones than before, is not to be lost;
# benchmarks/README.md has the goals, and tells what keeps them away.
FLOORS = ("ndcg@10>=0.78", "success@3>=0.92", "term_f1>=0.68", "false_flag_rate<=0.09", "auroc>=0.86")


def test_the_corpus_answers_its_questions(real_folder: Path) -> None:
    required = [part for floor in FLOORS for part in ("--require", floor)]
    result = CliRunner().invoke(
        cli, ["evaluate", str(CORPUS / "questions.jsonl"), "--index", str(real_folder), *required]
    )
    assert result.exit_code == 0, result.output
