"""Tables with a header: a column text, question or query; ids and labels in columns of their names.

Several answers or terms stand in one cell, parted by ``|``.
"""

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.formats.text import question_of
from qa.evaluation.question import SetLine
from qa.files import open_regular

_TEXT_COLUMNS = {"text", "question", "query"}


def read_csv(path: Path) -> Iterator[SetLine]:
    """Yield the question of each row of a table parted by commas."""
    return _read_table(path, ",")


def read_tsv(path: Path) -> Iterator[SetLine]:
    """Yield the question of each row of a table parted by tabs."""
    return _read_table(path, "\t")


def _read_table(path: Path, delimiter: str) -> Iterator[SetLine]:
    """Raises BadQuestionSet when the header names no column of questions."""
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, delimiter=delimiter, restkey="", strict=True)
            names = {(name or "").strip() for name in reader.fieldnames or ()}
            if not names & _TEXT_COLUMNS:
                raise BadQuestionSet(
                    f"{path} has no column {', '.join(sorted(_TEXT_COLUMNS))}: give its first line as a header."
                )
            for row in reader:
                yield _question_of_row(row, f"{path.name}:{reader.line_num}", str(reader.line_num))
    except UnicodeDecodeError:
        raise BadQuestionSet(f"{path} is not UTF-8: convert it to UTF-8.") from None
    except csv.Error as error:
        raise BadQuestionSet(f"{path} is no table ({error}, line {reader.line_num}): mend it there.") from None


def _question_of_row(row: dict[str, str | None], place: str, default_id: str) -> SetLine:
    fields = {(name or "").strip(): value for name, value in row.items()}
    if "" in fields or None in fields.values():
        return UnreadableDocument(place, "has not as many cells as the header")
    labels = {name: value for name, value in fields.items() if value or name in _TEXT_COLUMNS}
    return question_of(labels, place, default_id)
