"""JSON lines of ``{"_id", "text"}`` and labels; also the queries of a BEIR folder."""

from collections.abc import Iterator
from pathlib import Path

from qa.errors import UnreadableDocument
from qa.evaluation.formats.text import numbered_lines, parse_json, question_of
from qa.evaluation.question import SetLine


def read_jsonl(path: Path) -> Iterator[SetLine]:
    """Yield the question of each line."""
    for place, line in numbered_lines(path):
        if isinstance(line, UnreadableDocument):
            yield line
            continue
        try:
            fields = parse_json(line)
        except ValueError as error:
            yield UnreadableDocument(place, str(error))
            continue
        if not isinstance(fields, dict):
            yield UnreadableDocument(place, 'is not an object with "_id" and "text"')
            continue
        yield question_of(fields, place, default_id="")
