"""Judgments: which documents answer which question, and how well."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.formats.text import numbered_lines
from qa.indexing.index import Index
from qa.indexing.question_files import find_judgments
from qa.plurals import count

Judgments = dict[str, dict[str, int]]
"""{question id: {document id: grade}}; a grade of 0 or less says that the document does not answer."""

_BEIR_COLUMNS = 3
_TREC_COLUMNS = 4
_NAMED = 5  # ids that a problem names before it only counts


@dataclass(frozen=True, slots=True)
class ReadJudgments:
    """The judgments of a file, and the lines that give none with the reason."""

    judgments: Judgments
    problems: tuple[UnreadableDocument, ...]


def read_judgments(path: Path) -> ReadJudgments:
    """Return the judgments of a file: BEIR's three columns with a header, or TREC's four without.

    A wrong line is omitted and reported; of two judgments of one document the last counts, which is reported too.

    Raises BadQuestionSet when the file is missing or gives no judgment at all.
    """
    if not path.is_file():
        raise BadQuestionSet(f"{path.absolute()} does not exist: name a file of judgments with --qrels.")
    judgments: Judgments = {}
    problems: list[UnreadableDocument] = []
    for place, entry in _entries(path):
        if isinstance(entry, UnreadableDocument):
            problems.append(entry)
            continue
        question, document, grade = entry
        graded = judgments.setdefault(question, {})
        if document in graded:
            problems.append(UnreadableDocument(place, f"judges {document} for {question} again; the last one counts"))
        graded[document] = grade
    if not judgments:
        raise BadQuestionSet(f"{path} holds no judgment: its lines should be question, document, grade.")
    return ReadJudgments(judgments, tuple(problems))


def _entries(path: Path) -> Iterator[tuple[str, tuple[str, str, int] | UnreadableDocument]]:
    header_may_come = True
    for place, line in numbered_lines(path):
        if isinstance(line, UnreadableDocument):
            yield place, line
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        entry = _entry([cell.strip() for cell in cells])
        if entry is None and header_may_come:
            header_may_come = False
            continue
        header_may_come = False
        yield place, entry or UnreadableDocument(place, "is not question, document and a whole number")


def _entry(cells: list[str]) -> tuple[str, str, int] | None:
    if len(cells) == _TREC_COLUMNS:
        cells = [cells[0], cells[2], cells[3]]
    if len(cells) != _BEIR_COLUMNS or not cells[0] or not cells[1]:
        return None
    try:
        grade = float(cells[2])
        return (cells[0], cells[1], int(grade)) if grade == int(grade) else None
    except (ValueError, OverflowError):  # no number, or one that is not finite
        return None


def missing_documents(judgments: Judgments, documents: Collection[str]) -> list[str]:
    """Return the judged documents that are not among the documents, sorted."""
    judged = {document for graded in judgments.values() for document in graded}
    return sorted(judged.difference(documents))


def judgments_of(
    questions: Path, qrels: Path | None, ids: Collection[str], index: Index
) -> tuple[Judgments, list[str]]:
    """Return the judgments of a set's questions, from ``qrels`` or the file beside the set, and what does not fit.

    Raises BadQuestionSet when they cannot be used, or are of other questions or of other texts.
    """
    path = qrels or find_judgments(questions)
    if path is None:
        return {}, []
    found = read_judgments(path)
    judgments = {question: graded for question, graded in found.judgments.items() if question in ids}
    if qrels and not judgments:  # those beside a set may be another one's
        raise BadQuestionSet(f"{path} judges no question of {questions}: name the judgments of this set with --qrels.")
    _check_fit(judgments, path, index)
    problems = [str(problem) for problem in found.problems]
    unknown = sorted(set(found.judgments) - set(ids))
    if unknown:
        problems.append(f"{path.name}: {_listed(unknown, 'judged question')} not in the set")
    absent = missing_documents(judgments, index.document_ids())
    if absent:
        problems.append(f"{path.name}: {_listed(absent, 'judged document')} not in the index")
    return judgments, problems


def _check_fit(judgments: Judgments, path: Path, index: Index) -> None:
    """Raise BadQuestionSet when most of what is judged is of other texts."""
    judged = {document for graded in judgments.values() for document in graded}
    absent = missing_documents(judgments, index.document_ids())
    if len(absent) * 2 > len(judged):
        are = "is" if len(absent) == 1 else "are"
        raise BadQuestionSet(
            f"{path}: of {count(len(judged), 'judged document')} {len(absent):,} {are} not in the index, such as "
            f"{absent[0]}: these judgments are of other texts; name the index that they are of."
        )


def _listed(ids: Sequence[str], noun: str) -> str:
    shown = ", ".join(ids[:_NAMED]) + (", …" if len(ids) > _NAMED else "")
    return f"{count(len(ids), noun)} ({shown}) {'is' if len(ids) == 1 else 'are'}"
