"""``qa ask``: one question, answered in the terminal."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from qa.command.options import (
    SCOPE,
    index_option,
    miss_option,
    quoted,
    reader_option,
    refusing,
    risk_option,
    scope_options,
)
from qa.errors import BadQuestion
from qa.limits import DEFAULT_K, MAX_K


@click.command()
@click.argument("question", nargs=-1, required=True)
@click.option(
    "-k",
    type=click.IntRange(1, MAX_K),
    default=DEFAULT_K,
    show_default=True,
    help="How many passages to show.",
)
@click.option(
    "--json", "as_json", is_flag=True, envvar="QA_ASK_JSON", help="Print the answer as the HTTP API gives it."
)
@click.option("--explain", is_flag=True, help="Print why each term has its state, and what makes up the confidence.")
@scope_options
@reader_option
@risk_option
@miss_option
@index_option
@refusing
def ask(question: tuple[str, ...], k: int, as_json: bool, explain: bool, index: Path, **given: Any) -> None:
    """Answer QUESTION: first what the texts do not have, then the passages nearest to it, each with its place.

    Matched words are underlined on a terminal and stand between *asterisks* elsewhere; the sentence that matches best
    is set off, between >> and << elsewhere.

    \b
    Examples:
      qa ask "What is psychotherapy?"
      qa ask "What is the psychotherapy and social action model?" --json
      qa ask "What is empathy?" --source corpus/person --title "person-centered"
    """
    asked = _one_question(question)
    from qa.service import open_answerer, prepare

    reads = given["reading"] == "on"
    prepare(index, read=reads)  # first: it compiles while the rest is imported
    from qa.answers.payload import answer_payload, explanation_payload
    from qa.answers.verdicts import WantedPromise
    from qa.datatypes import Scope

    answerer = open_answerer(index, WantedPromise(given["risk"], given["miss"]), reads)
    scope = Scope(**{name: given[name] for name in SCOPE})
    answer = answerer.answer(asked, k, scope)
    explanation = answerer.explain(asked, scope) if explain else None
    if as_json:
        explained = {"explanation": explanation_payload(explanation, answer.terms)} if explanation else {}
        click.echo(json.dumps({**answer_payload(answer), **explained}, ensure_ascii=False, indent=2))
        return
    from qa.command.terminal import render_answer, render_confidence, render_terms

    if explanation:
        render_terms(answer.terms)
        render_confidence(explanation)
    render_answer(answer)


def _one_question(words: Sequence[str]) -> str:
    """Return the question. Raises BadQuestion where it came in several words, or cannot be asked."""
    from qa.limits import check_question

    if len(words) > 1:
        raise BadQuestion(
            f"The question came in {len(words)} pieces: put it in quotation marks, as in `qa ask {quoted(words)}`."
        )
    return check_question(words[0])
