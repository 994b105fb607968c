"""The person's side: one page with a search box, whole without JavaScript."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from qa.answers.answering import Answerer, Explanation
from qa.answers.notes import whole_title
from qa.datatypes import EVERYTHING, Answer, Scope
from qa.errors import BadQuestion
from qa.feedback import MAX_NOTE_CHARACTERS
from qa.limits import DEFAULT_K, MAX_QUESTION_CHARACTERS
from qa.web.address import check_address, parse_k, parse_scope
from qa.web.desk import Desk
from qa.web.documents import passage_link, permalink
from qa.web.examples import Examples
from qa.web.filters import filters, parameters
from qa.web.home import home_page
from qa.web.results import (
    FRAME,
    PASSAGE_TOOLS,
    choices,
    citation_link,
    find_lead,
    headline,
    more_k,
    shown_parts,
    why,
)
from qa.wording import Wording, wording_of


def page_blueprint(desk: Desk, *, takes_feedback: bool = False) -> Blueprint:
    """Return the routes of the page; ``/?q=...&k=5`` is a result that can be shared. Below it askers are asked whether
    it was right where that is to be known. ``/widget`` is the same for a frame in another page."""
    blueprint = Blueprint("page", __name__)
    examples_of = Examples()

    @blueprint.get("/")
    def page() -> tuple[str, int]:
        if desk.is_at_home:
            return home_page(desk, examples_of)
        return _page(desk, examples_of, takes_feedback=takes_feedback)

    @blueprint.get("/widget")
    def widget() -> tuple[str, int]:
        if desk.is_at_home:
            return home_page(desk, examples_of, layout=FRAME)
        return _page(desk, examples_of, layout=FRAME)

    @blueprint.get("/widget.js")
    def script() -> Response:
        return Response(render_template("widget.js", address=url_for(".widget")), mimetype="text/javascript")

    return blueprint


def _page(desk: Desk, examples_of: Examples, **shown: Any) -> tuple[str, int]:
    question, answerer = request.args.get("q"), desk.answerer
    shown = {"examples": examples_of(answerer.index), **shown}
    try:
        check_address()
        if question is None:
            return _render(answerer, **shown), 200
        scope = parse_scope(request.args)
        k = parse_k(request.args.get("k", str(DEFAULT_K)))
        answer = desk.ask(question, k, scope)
        explained = answerer.explain(question, scope) if request.args.get("why") and answer.passages else None
        return _render(answerer, question, **shown, **_shown(answer, answerer, k, scope, explained)), 200
    except BadQuestion as error:
        problem = wording_of(answerer.index.manifest.language).text(str(error))
        return _render(answerer, question or "", problem=problem, **shown), 400


def _render(answerer: Answerer, question: str = "", **shown: Any) -> str:
    scope, said = _scope(), wording_of(answerer.index.manifest.language)
    return render_template(
        "page.html",
        question=question,
        manifest=answerer.index.manifest,
        filters=filters(answerer.index.generation.facets, scope, said),
        scope=scope,
        asked_of=parameters(scope),
        max_characters=MAX_QUESTION_CHARACTERS,
        max_note=MAX_NOTE_CHARACTERS,
        told=request.args.get("told"),
        whole_title=whole_title(said),
        language_of=lambda _: answerer.index.manifest.language,
        passage_link=lambda quoted: passage_link(quoted.passage),
        permalink=lambda quoted: permalink(quoted.passage),
        citation_link=lambda quoted, form: citation_link(quoted.passage, form),
        **PASSAGE_TOOLS,
        **shown,
    )


def _shown(answer: Answer, answerer: Answerer, k: int, scope: Scope, explained: Explanation | None) -> dict[str, Any]:
    """Return what the page shows of an answer."""
    index, own, selected = answerer.index, answerer.index.own_calibration, answerer.index.select(scope)
    said = wording_of(index.manifest.language)
    return {
        "answer": answer,
        "k": k,
        "generation": index.generation.folder.name,
        "headline": headline(answer, index.manifest, len(selected.documents) if selected else None, said),
        "lead": find_lead(answer),
        "choices": choices(answer, said),
        "parts": shown_parts(answer, said),
        "more_k": more_k(answer, k, len(index)),
        "why": why(answer, explained, sum(own.questions.values()) if own else None, _promise(answerer, said), said)
        if answer.passages
        else None,
    }


def _promise(answerer: Answerer, said: Wording) -> str:
    """Return from where on a question is called answered, and below what it is not."""
    bounds = answerer.thresholds
    most = (
        said.text("A question is called probably answered from {percent} % on.", percent=round(100 * bounds.answered))
        if bounds.answered is not None
        else said.text("No question is called probably answered, for too many of the surest were not.")
    )
    least = (
        said.text("It is called probably not answered below {percent} %.", percent=round(100 * bounds.not_in_corpus))
        if bounds.not_in_corpus is not None
        else said.text("None is called probably not answered.")
    )
    return f"{most} {least}"


def _scope() -> Scope:
    """Return which texts the address asks, all of them where it cannot be read."""
    try:
        return parse_scope(request.args)
    except BadQuestion:
        return EVERYTHING
