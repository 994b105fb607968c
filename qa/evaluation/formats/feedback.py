"""What askers said of their answers, as ``qa serve --feedback`` keeps it with their questions."""

from collections.abc import Iterator
from pathlib import Path

from qa.errors import BadQuestionSet, FeedbackUnusable, UnreadableDocument
from qa.evaluation.question import SetLine, SetQuestion
from qa.feedback import Judged, read_feedback


def read_judged(path: Path) -> Iterator[SetLine]:
    """Yield each question that was kept, once, as most of those who asked it of all texts judge it; of a tie nothing is
    known, nor of what was asked of some texts alone.

    Raises BadQuestionSet where the file is none, or no question was kept.
    """
    try:
        said = read_feedback(path)
    except FeedbackUnusable as error:
        raise BadQuestionSet(str(error)) from error
    kept: dict[str, list[Judged]] = {}
    for judged in said:
        if judged.question and judged.is_scoped:
            yield UnreadableDocument(f"{path.name}, {judged.day}", "was asked of some of the texts only")
        elif judged.question:
            kept.setdefault(judged.question, []).append(judged)
    if not any(judged.question for judged in said):
        raise BadQuestionSet(f"{path} has no questions: `qa serve --feedback FILE --keep-questions` keeps them.")
    for number, (question, judgments) in enumerate(kept.items(), start=1):
        right = sum(judged.is_right for judged in judgments)
        if 2 * right == len(judgments):
            yield UnreadableDocument(f"{path.name}, question {number}", "was called right as often as wrong")
        else:
            yield SetQuestion(f"feedback-{number}", question, answerable=2 * right > len(judgments))
