"""The page of several corpora: the choice among them, and one answer of those that are chosen."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import render_template, request, url_for

from qa.answers.notes import whole_title
from qa.datatypes import EVERYTHING, Answer, Passage, QuotedPassage
from qa.errors import BadQuestion, CorpusUnknown
from qa.indexing.index import Index
from qa.library import Shelf
from qa.limits import DEFAULT_K, MAX_K, MAX_QUESTION_CHARACTERS
from qa.web.address import check_address, parse_k
from qa.web.desk import Desk, within
from qa.web.documents import passage_link, permalink
from qa.web.examples import Examples
from qa.web.results import LAYOUT, PASSAGE_TOOLS, choices, citation_link, find_lead, headline, more_k
from qa.wording import wording_of

_EACH = 3  # examples of each corpus


class Whole(NamedTuple):
    """What several corpora are to the page: as a manifest of all."""

    title: str
    documents: int
    language: str


class Choosable(NamedTuple):
    """A corpus to choose on the page."""

    name: str
    title: str
    documents: int
    address: str
    is_chosen: bool


def home_page(desk: Desk, examples_of: Examples, layout: str = LAYOUT) -> tuple[str, int]:
    """Return the page of several corpora, with the answer of those that are chosen."""
    chosen = ",".join(request.args.getlist("corpora"))
    question, problem, shown = request.args.get("q"), None, {}
    wanted = desk.readable()
    indexes = {shelf.name: desk.library.live(shelf.name).answerer.index for shelf in wanted}
    try:
        check_address()
        asked = {shelf.name for shelf in desk.wanted(chosen)} if chosen or question else set(indexes)
        if question is not None:
            k = parse_k(request.args.get("k", str(DEFAULT_K)))
            answer = desk.ask(question, k, corpora=chosen)
            shown = _shown_at_home(answer, k, sum(indexes[name].manifest.documents for name in asked), desk)
    except (BadQuestion, CorpusUnknown) as error:
        asked, problem = set(indexes), wording_of(desk.language).text(str(error))
    choosable = [_choosable(shelf, indexes[shelf.name], shelf.name in asked) for shelf in wanted]
    titles = {one.name: one.title for one in choosable}
    whole = Whole("", sum(one.documents for one in choosable), desk.language)
    rendered = render_template(
        "page.html",
        layout=layout,
        question=question or "",
        problem=problem,
        manifest=whole,
        corpora=choosable,
        filters=[],
        scope=EVERYTHING,
        asked_of={"corpora": chosen} if chosen else {},
        max_characters=MAX_QUESTION_CHARACTERS,
        examples=[question for index in indexes.values() for question in examples_of(index)[:_EACH]],
        whole_title=whole_title(wording_of(desk.language)),
        language_of=lambda quoted: indexes[quoted.corpus].manifest.language,
        corpus_title=lambda quoted: titles.get(quoted.corpus, ""),
        passage_link=lambda quoted: _in_corpus(quoted, passage_link),
        permalink=lambda quoted: _in_corpus(quoted, permalink),
        citation_link=lambda quoted, form: _in_corpus(quoted, lambda passage: citation_link(passage, form)),
        **PASSAGE_TOOLS,
        **shown,
    )
    return rendered, 400 if problem else 200


def _choosable(shelf: Shelf, index: Index, is_chosen: bool) -> Choosable:
    title = shelf.title or index.manifest.title or shelf.name
    address = within(shelf.name, lambda: url_for("page.page"))
    return Choosable(shelf.name, title, index.manifest.documents, address, is_chosen)


def _in_corpus(quoted: QuotedPassage, link: Callable[[Passage], str]) -> str:
    """Return an address of a passage in its own corpus."""
    return within(quoted.corpus, lambda: link(quoted.passage))


def _shown_at_home(answer: Answer, k: int, documents: int, desk: Desk) -> dict[str, Any]:
    """Return what the page shows of an answer of several corpora."""
    said = wording_of(desk.language)
    return {
        "answer": answer,
        "k": k,
        "headline": headline(answer, Whole("", documents, desk.language), None, said),
        "lead": find_lead(answer),
        "choices": choices(answer, said),
        "parts": [],
        "more_k": more_k(answer, k, MAX_K),
    }
