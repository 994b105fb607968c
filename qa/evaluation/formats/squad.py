"""SQuAD 2.0: ``data[].paragraphs[].qas[]``, with ``is_impossible`` for what has no answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.formats.text import parse_json, question_of, read_all
from qa.evaluation.question import SetLine


def read_squad(path: Path) -> Iterator[SetLine]:
    """Yield each question with its answers. Raises BadQuestionSet when the file has not SQuAD's shape."""
    try:
        articles = parse_json(read_all(path))["data"]
        found = [qa for article in articles for paragraph in article["paragraphs"] for qa in paragraph["qas"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadQuestionSet(f"{path} has not the shape of SQuAD 2.0 ({error}): name another file.") from None
    for order, entry in enumerate(found, start=1):
        yield _question(entry, f"{path.name}, question {order}")


def _question(entry: Any, place: str) -> SetLine:
    try:
        answers = list(dict.fromkeys(answer["text"] for answer in entry.get("answers", [])))
        fields = {"_id": entry["id"], "text": entry["question"], "answerable": not entry.get("is_impossible", False)}
    except (AttributeError, KeyError, TypeError) as error:
        return UnreadableDocument(place, f"has not the shape of SQuAD 2.0 ({error})")
    return question_of({**fields, "answers": answers or None}, place, "")
