"""Plain text, one question a line; its id is the line's number."""

from collections.abc import Iterator
from pathlib import Path

from qa.errors import UnreadableDocument
from qa.evaluation.formats.text import numbered_lines
from qa.evaluation.question import SetLine, SetQuestion


def read_lines(path: Path) -> Iterator[SetLine]:
    """Yield each line that is not blank as a question."""
    for place, line in numbered_lines(path):
        if isinstance(line, UnreadableDocument):
            yield line
        else:
            yield SetQuestion(id=place.rpartition(":")[2], text=line.strip())
