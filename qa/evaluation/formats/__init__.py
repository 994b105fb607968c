"""File -> SetQuestions, one module a format. A new format is one module here and one row of FORMATS."""

from collections.abc import Callable, Iterator
from pathlib import Path

from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.formats.feedback import read_judged
from qa.evaluation.formats.jsonl import read_jsonl
from qa.evaluation.formats.lines import read_lines
from qa.evaluation.formats.squad import read_squad
from qa.evaluation.formats.tables import read_csv, read_tsv
from qa.evaluation.formats.trec import read_topics
from qa.evaluation.question import SetLine, SetQuestion
from qa.files import open_regular
from qa.indexing.question_files import QUESTIONS, find_questions

Format = Callable[[Path], Iterator[SetLine]]

FORMATS: dict[str, Format] = {
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".txt": read_lines,
    ".json": read_squad,
    ".topics": read_topics,
    ".xml": read_topics,
    ".sqlite": read_judged,
}

_TOPIC_MARK = b"<top"
_HEAD_BYTES = 4096


def question_file(path: Path) -> Path:
    """Return the file of questions that a path names: itself, or ``queries.jsonl`` of a BEIR folder.

    Raises BadQuestionSet when there is none, or it is of no known format.
    """
    file = find_questions(path)
    if file is None:
        raise BadQuestionSet(f"{path.absolute()} has no {QUESTIONS[0]}: name a file of questions, or a BEIR folder.")
    if not path.exists():
        raise BadQuestionSet(f"{path.absolute()} does not exist: name a file of questions.")
    if path.is_dir():
        return file
    if not path.is_file():
        raise BadQuestionSet(f"{path.absolute()} is a pipe or a device, not a file: name a file of questions.")
    if path.suffix.lower() not in FORMATS:
        raise BadQuestionSet(f"{path} is of no format that is read here: {', '.join(FORMATS)}, or a BEIR folder.")
    return path


def read_questions(path: Path) -> Iterator[SetLine]:
    """Yield the questions of a set in order, and an UnreadableDocument for each line that gives none.

    A question whose id was taken by an earlier one is left out, and said so. Nothing is held but the ids.

    Raises BadQuestionSet when the file cannot be read at all.
    """
    file = question_file(path)
    seen: set[str] = set()
    for line in _format_of(file)(file):
        if isinstance(line, SetQuestion):
            if line.id in seen:
                yield UnreadableDocument(file.name, f'the id "{line.id}" stands twice; the first one counts')
                continue
            seen.add(line.id)
        yield line


def _format_of(file: Path) -> Format:
    """Return the reader of a file; topics of TREC often end in .txt and are known by their first tag."""
    try:
        with open_regular(file) as content:
            head = content.read(_HEAD_BYTES)
    except OSError as error:
        raise BadQuestionSet(f"{file} cannot be opened ({error.strerror or error}): mend it and run again.") from None
    topics = file.suffix.lower() == ".txt" and head.lstrip().lower().startswith(_TOPIC_MARK)
    return read_topics if topics else FORMATS[file.suffix.lower()]
