"""A set's questions -> a run: a file with one Answer a line, made in batches and resumable.

Until it is whole, a run is ``FILE.partial``, beside ``FILE.partial.key`` which says what it is a run of. The same
command after an interrupt finds both and goes on behind the last whole line.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from qa import __version__
from qa.answers.answering import Answerer
from qa.answers.payload import answer_payload
from qa.datatypes import EVERYTHING, Scope
from qa.errors import BadQuestion, BadQuestionSet
from qa.evaluation.question import SetQuestion
from qa.files import open_regular
from qa.indexing.calibration import calibration_json
from qa.limits import check_question

BATCH = 128
"""Questions embedded together; more did not make it faster."""

_ERROR_KEY = "error"


@dataclass(frozen=True, slots=True)
class Run:
    """Where a run is written, and what it is a run of."""

    path: Path
    key: str

    @property
    def partial(self) -> Path:
        """The file until it is whole."""
        return self.path.with_name(self.path.name + ".partial")

    @property
    def key_file(self) -> Path:
        """The file that holds the key of the partial one."""
        return self.path.with_name(self.path.name + ".partial.key")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who answers a run's questions, with how many passages, and from which texts."""

    answerer: Answerer
    k: int
    scope: Scope = EVERYTHING


def run_key(questions: Path, asked: Asked) -> str:
    """Return a digest of what decides a run: the questions, the index, k, the scope, what confidence and verdict rest
    on, and the version."""
    digest = hashlib.sha256()
    with open_regular(questions) as content:
        digest.update(hashlib.file_digest(content, "sha256").digest())
    decided = {
        "index": asdict(asked.answerer.index.manifest),
        "k": asked.k,
        "scope": asdict(asked.scope),
        "calibration": calibration_json(asked.answerer.index.calibration),
        "promise": asdict(asked.answerer.promise),
        "version": __version__,
    }
    digest.update(json.dumps(decided, sort_keys=True).encode())
    return digest.hexdigest()


def finished_count(run: Run) -> int:
    """Return how many questions a partial run of the same key has answered, after cutting off a broken last line;
    0 when there is none."""
    try:
        if run.key_file.read_text(encoding="utf-8") != run.key:
            return 0
        with run.partial.open("r+b") as lines:
            whole, count = 0, 0
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole, count = whole + len(line), count + 1
            lines.truncate(whole)
        return count
    except OSError:
        return 0


def answer_set(
    asked: Asked,
    questions: Iterable[SetQuestion],
    run: Run,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Answer the questions in order into ``run.path``, going on where a partial run of the same key ended.

    A question that is refused gets a line too, without passages, for it still counts in every mean.

    Raises BadQuestionSet when the file cannot be written; the partial run stays. Raises BadQuestion when no text is in
    the scope.
    """
    done = finished_count(run)
    try:
        run.key_file.write_text(run.key, encoding="utf-8")
        with run.partial.open("ab" if done else "wb") as output:
            for batch in _batches(islice(questions, done, None)):
                output.writelines(_line(question, answer) for question, answer in _answers(asked, batch))
                output.flush()
                done += len(batch)
                progress(done)
        run.partial.replace(run.path)
        run.key_file.unlink()
    except OSError as error:
        raise BadQuestionSet(
            f"{run.path} cannot be written ({error.strerror or error}): free space or name another file, and run "
            "the same command again to go on."
        ) from error


def _batches(questions: Iterator[SetQuestion]) -> Iterator[list[SetQuestion]]:
    while batch := list(islice(questions, BATCH)):
        yield batch


def _answers(asked: Asked, batch: list[SetQuestion]) -> Iterator[tuple[SetQuestion, dict[str, Any]]]:
    refusals = {question.id: refusal for question in batch if (refusal := _refusal(question.text))}
    texts = [question.text for question in batch if question.id not in refusals]
    answers = iter(asked.answerer.answer_all(texts, asked.k, asked.scope))
    for question in batch:
        refusal = refusals.get(question.id)
        yield question, refused_payload(question.text, refusal) if refusal else dict(answer_payload(next(answers)))


def _refusal(text: str) -> str | None:
    try:
        check_question(text)
    except BadQuestion as error:
        return str(error)
    return None


def refused_payload(text: str, reason: str) -> dict[str, Any]:
    """Return the answer to a question that is refused: none, with the reason as its note and as ``error``."""
    return {
        "question": text,
        "confidence": 0.0,
        "verdict": "not_in_corpus",
        "note": reason,
        "terms": [],
        "passages": [],
        "parts": [],
        "clarification": None,
        "notice": None,
        _ERROR_KEY: {"code": BadQuestion.code, "message": reason},
    }


def _line(question: SetQuestion, answer: dict[str, Any]) -> bytes:
    encoded = json.dumps({"_id": question.id, **answer}, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return encoded + b"\n"


def read_run(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the answers of a run in order, one in memory at a time.

    Raises BadQuestionSet when the file is missing or holds something else.
    """
    try:
        with open_regular(path) as lines:
            for number, line in enumerate(lines, start=1):
                answer = json.loads(line)
                if not (isinstance(answer, dict) and {"_id", "question", "passages", "confidence"} <= set(answer)):
                    raise ValueError(f"line {number} is no answer")
                yield answer
    except (OSError, ValueError, RecursionError) as error:
        raise BadQuestionSet(f"{path} is no run ({error}): name a file that `qa evaluate --answers` wrote.") from None


def ranked_documents(answer: dict[str, Any]) -> list[str]:
    """Return the ids of an answer's documents in the order of each one's best passage."""
    return list(dict.fromkeys(passage["document_id"] for passage in answer["passages"]))
