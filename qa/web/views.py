"""The person's side: one page with a search box, whole without JavaScript."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request

from qa.answers.answering import Answerer, Explanation, marked_segments
from qa.answers.notes import whole_title
from qa.answers.places import copies_in_words, place_of
from qa.answers.suggesting import as_within
from qa.datatypes import EVERYTHING, Answer, Scope
from qa.errors import BadQuestion
from qa.feedback import MAX_NOTE_CHARACTERS
from qa.indexing.index import Index
from qa.limits import DEFAULT_K, MAX_QUESTION_CHARACTERS
from qa.service import Live
from qa.web.address import check_address, parse_k, parse_scope
from qa.web.documents import passage_link, permalink
from qa.web.filters import filters, parameters
from qa.web.results import (
    CITATION_FORMATS,
    around_best,
    choices,
    citation_link,
    clipped,
    excerpt,
    find_lead,
    headline,
    more_k,
    shown_parts,
    why,
)
from qa.wording import Wording, wording_of

_SAMPLE = 500  # passages looked at for titles to make examples of
_TITLE_WORDS = 3


def page_blueprint(live: Live, *, takes_feedback: bool = False) -> Blueprint:
    """Return the route of the page; ``/?q=...&k=5`` is a result that can be shared. Below it askers are asked whether
    it was right where that is to be known."""
    blueprint = Blueprint("page", __name__)
    made: dict[Path, Sequence[str]] = {}

    def examples_of(index: Index) -> Sequence[str]:
        """Return the examples of a generation: its owner's, or some made when it is first seen."""
        folder = index.generation.folder
        if folder not in made:
            made.clear()
            made[folder] = index.manifest.examples or example_questions(index)
        return made.get(folder, index.manifest.examples)

    @blueprint.get("/")
    def page() -> tuple[str, int]:
        question, answerer = request.args.get("q"), live.answerer
        examples = examples_of(answerer.index)
        try:
            check_address()
            if question is None:
                return _render(answerer, examples=examples), 200
            scope = parse_scope(request.args)
            k = parse_k(request.args.get("k", str(DEFAULT_K)))
            answer = answerer.answer(question, k, scope)
            explained = answerer.explain(question, scope) if request.args.get("why") and answer.passages else None
            shown = _shown(answer, answerer, k, scope, explained)
            return _render(answerer, question, examples=examples, takes_feedback=takes_feedback, **shown), 200
        except BadQuestion as error:
            problem = wording_of(answerer.index.manifest.language).text(str(error))
            return _render(answerer, question or "", problem=problem, examples=examples), 400

    return blueprint


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
        marked_segments=marked_segments,
        copies_in_words=copies_in_words,
        place_of=place_of,
        passage_link=passage_link,
        permalink=permalink,
        citation_link=citation_link,
        citation_formats=CITATION_FORMATS,
        excerpt=excerpt,
        around_best=around_best,
        clipped=clipped,
        whole_title=whole_title(said),
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
        else said.text("No question is called probably answered, for too few were measured.")
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


def example_questions(index: Index) -> list[str]:
    """Return questions for a first try, made of the corpus's own short titles; none where it has no such titles.

    The last one joins two titles into a name that nobody uses, to show what the note is for.
    """
    step = max(len(index) // _SAMPLE, 1)
    titles = {index.passage(row).title for row in range(0, len(index), step)}
    short = sorted((title for title in titles if 0 < len(title.split()) <= _TITLE_WORDS), key=lambda t: (len(t), t))
    said = wording_of(index.manifest.language)
    names = [as_within(title, index.language) for title in short[:4]]
    asked = [said.text("What is {name}?", name=name) for name in names]
    if len(names) >= 2:
        asked.append(said.text("What is the {one} and {other} model?", one=names[-2], other=names[-1]))
    return asked
