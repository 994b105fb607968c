"""How the text formats of question sets are opened, and what their fields become."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.errors import BadQuestionSet, UnreadableDocument
from qa.evaluation.question import SetLine, SetQuestion
from qa.files import FileTooLarge, bounded_lines, open_regular, read_regular

_LONGEST_LINE = 1_000_000  # bytes of a question with its labels
_LARGEST_SET = 500_000_000  # bytes of a set that is read as a whole; SQuAD has forty million

_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0"}


def numbered_lines(path: Path) -> Iterator[tuple[str, str | UnreadableDocument]]:
    """Yield (place, line) of the lines that are not blank; the place is "file:number".

    A line that is not UTF-8 comes as an UnreadableDocument. The file is read line by line.
    """
    with open_regular(path) as opened:
        for number, raw in enumerate(bounded_lines(opened, _LONGEST_LINE), start=1):
            place = f"{path.name}:{number}"
            if raw is None:
                yield place, UnreadableDocument(place, f"is longer than {_LONGEST_LINE / 1e6:.0f} MB")
                continue
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                yield place, UnreadableDocument(place, f"is not UTF-8 (byte 0x{raw[error.start]:02x})")
                continue
            if line.strip():
                yield place, line


def read_all(path: Path) -> str:
    """Return a whole file as text. Raises BadQuestionSet when it is not UTF-8."""
    try:
        return read_regular(path, _LARGEST_SET).decode("utf-8-sig")
    except FileTooLarge as error:
        raise BadQuestionSet(f"{path} cannot be used ({error.strerror}): split it.") from None
    except UnicodeDecodeError as error:
        raise BadQuestionSet(f"{path} is not UTF-8 (at byte {error.start}): convert it to UTF-8.") from None


def parse_json(text: str) -> Any:
    """Return parsed JSON. Raises ValueError that says in words why not."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("is not JSON (nested too deeply)") from None
    except ValueError as error:
        raise ValueError(f"is not JSON ({error})") from None


def question_of(fields: dict[str, Any], place: str, default_id: str) -> SetLine:
    """Return the question that fields of whatever format describe, or why there is none."""
    try:
        return SetQuestion(
            id=_text(fields.get("_id", fields.get("id", default_id)), "_id"),
            text=_text(fields.get("text", fields.get("question", fields.get("query"))), "text"),
            answerable=_truth(fields.get("answerable")),
            answers=_texts(fields.get("answers"), "answers"),
            off_corpus_terms=_texts(fields.get("off_corpus_terms"), "off_corpus_terms"),
            misspelled=_corrections(fields.get("misspelled")),
            known_parts=_texts(fields.get("known_parts"), "known_parts"),
            kind=fields.get("kind") or fields.get("replacementType"),
        )
    except ValueError as error:
        return UnreadableDocument(place, str(error))


def _text(value: Any, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'has no "{name}"')
    return value


def _truth(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    if not word:
        return None
    raise ValueError(f'has "answerable" of {value!r}, which is neither true nor false')


def _texts(value: Any, name: str) -> tuple[str, ...] | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = [part.strip() for part in value.split("|")]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f'has "{name}" that is no list of texts')
    return tuple(value)


def _corrections(value: Any) -> tuple[tuple[str, str], ...] | None:
    if value is None or value == "":
        return None
    try:
        return tuple((str(item["term"]), str(item["correction"])) for item in value)
    except (TypeError, KeyError):
        raise ValueError('has "misspelled" that is no list of {"term", "correction"}') from None
