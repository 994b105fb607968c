"""The person's side: one page with a search box, whole without JavaScript."""

from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, render_template, request

from qa.answers.answering import Answerer, marked_segments
from qa.answers.notes import VERDICT_WORDS, WHOLE_TITLE, answer_places, part_title
from qa.answers.places import copies_in_words
from qa.datatypes import Answer
from qa.errors import BadQuestion
from qa.indexing.index import Index
from qa.limits import DEFAULT_K, MAX_PREFIX_CHARACTERS, MAX_QUESTION_CHARACTERS
from qa.service import Live
from qa.web.address import check_address, parse_k, parse_scope

_SAMPLE = 500  # passages looked at for titles to make examples of
_TITLE_WORDS = 3


def page_blueprint(live: Live) -> Blueprint:
    """Return the route of the page; ``/?q=...&k=5`` is a result that can be shared."""
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
            scope = parse_scope(request.args.get("source", ""), request.args.get("title", ""))
            answer = answerer.answer(question, parse_k(request.args.get("k", str(DEFAULT_K))), scope)
            return _render(answerer, question, answer), 200
        except BadQuestion as error:
            return _render(answerer, question or "", problem=str(error), examples=examples), 400

    return blueprint


def _render(
    answerer: Answerer,
    question: str = "",
    answer: Answer | None = None,
    problem: str | None = None,
    examples: Sequence[str] = (),
) -> str:
    return render_template(
        "page.html",
        question=question,
        answer=answer,
        problem=problem,
        examples=examples,
        manifest=answerer.index.manifest,
        scope=_scope_fields(),
        max_characters=MAX_QUESTION_CHARACTERS,
        max_prefix=MAX_PREFIX_CHARACTERS,
        verdict_words=VERDICT_WORDS,
        marked_segments=marked_segments,
        answer_places=answer_places,
        copies_in_words=copies_in_words,
        part_title=part_title,
        whole_title=WHOLE_TITLE,
    )


def _scope_fields() -> dict[str, str] | None:
    """Return what stands in the fields of the scope; None where the address has neither, and they are not shown."""
    names = ("source", "title")
    return {name: request.args.get(name, "") for name in names} if request.args.keys() & set(names) else None


def example_questions(index: Index) -> list[str]:
    """Return questions for a first try, made of the corpus's own short titles; none where it has no such titles.

    The last one joins two titles into a name that nobody uses, to show what the note is for.
    """
    step = max(len(index) // _SAMPLE, 1)
    titles = {index.passage(row).title for row in range(0, len(index), step)}
    short = sorted((title for title in titles if 0 < len(title.split()) <= _TITLE_WORDS), key=lambda t: (len(t), t))
    names = [title[0].lower() + title[1:] if title[1:].islower() else title for title in short[:4]]
    asked = [f"What is {name}?" for name in names]
    if len(names) >= 2:
        asked.append(f"What is the {names[-2]} and {names[-1]} model?")
    return asked
