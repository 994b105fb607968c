"""“Was this right?”: what an asker says of an answer, kept in the owner's file where he wants it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from qa.answers.verdicts import is_flagged
from qa.datatypes import EVERYTHING, Answer, Scope
from qa.errors import BadQuestion
from qa.feedback import MAX_NOTE_CHARACTERS, FeedbackFile, Judged, file_of
from qa.limits import DEFAULT_K
from qa.web.address import check_origin, parse_k, parse_scope
from qa.web.desk import Desk
from qa.web.filters import parameters
from qa.wording import marked

_SAID = {"yes": True, "no": False}


class FeedbackFiles:
    """The files in which askers' judgments are kept: that of the only corpus, or one of each."""

    def __init__(self, path: Path, keeps_questions: bool, is_several: bool) -> None:
        """Name the file. Raises FeedbackUnusable where the only one cannot be written."""
        self._path, self._keeps_questions = path, keeps_questions
        if not is_several:
            self.of("")

    def path_of(self, corpus: str) -> Path:
        """Return where the file of a corpus is, or would be."""
        return file_of(self._path, corpus)

    def of(self, corpus: str) -> FeedbackFile:
        """Return the file of a corpus, which is made if it is not there. Raises FeedbackUnusable."""
        return FeedbackFile(self.path_of(corpus), keeps_questions=self._keeps_questions)


def feedback_blueprint(desk: Desk, files: FeedbackFiles) -> Blueprint:
    """Return the route that takes the page's form."""
    blueprint = Blueprint("feedback", __name__)

    @blueprint.post("/feedback")
    def tell() -> AnyResponse:
        check_origin()
        said, question = _SAID.get(request.form.get("right", "")), request.form.get("q", "")
        if said is None:
            raise BadQuestion(marked("Say yes or no: was it right?"))
        scope, k = parse_scope(request.form), parse_k(request.form.get("k", str(DEFAULT_K)))
        if request.form.get("generation") not in {None, desk.answerer.index.generation.folder.name}:
            raise BadQuestion(marked("The texts have changed since this answer was given: ask again, and judge that."))
        keep(desk, files, question, scope, said, request.form.get("note", ""))
        shown: dict[str, Any] = parameters(scope) | ({} if k == DEFAULT_K else {"k": k})
        return redirect(url_for("page.page", q=question, told=1, _anchor="told", **shown), code=303)

    return blueprint


def keep(desk: Desk, files: FeedbackFiles, question: str, scope: Scope, is_right: bool, note: str) -> None:  # noqa: PLR0913, PLR0917
    """Keep whether the passages for a question answer it. Raises BadQuestion or FeedbackUnusable."""
    note = " ".join(note.split())
    if len(note) > MAX_NOTE_CHARACTERS:
        raise BadQuestion(f"The note has {len(note):,} characters, and at most {MAX_NOTE_CHARACTERS:,} are kept.")
    answerer = desk.answerer
    answer = answerer.answer(question, scope=scope)
    judged = Judged(
        day=datetime.now(UTC).date().isoformat(),
        is_right=is_right,
        verdict=answer.verdict.value,
        confidence=answer.confidence,
        generation=answerer.index.generation.folder.name,
        note=note,
        is_scoped=scope != EVERYTHING,
        question=answer.question,
        missing=_missing(answer),
    )
    files.of(desk.corpus).add(judged)


def _missing(answer: Answer) -> list[str]:
    """Return the terms that the texts lack."""
    return [report.term.spelt for report in answer.terms if is_flagged([report])]
