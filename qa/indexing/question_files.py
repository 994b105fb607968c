"""Where a set of judged questions has its files. What stands in them is ``evaluation``'s."""

import hashlib
from pathlib import Path

from qa.files import open_regular

QUESTIONS = ("queries.jsonl", "questions.jsonl")
"""How the questions of a set that is a folder may be called."""

JUDGMENTS = ("qrels.tsv", "qrels/test.tsv", "qrels.txt")
"""Where judgments may stand beside questions."""


def find_questions(path: Path) -> Path | None:
    """Return the file of questions that a path names: itself, or the one in its folder; None for a folder without."""
    if not path.is_dir():
        return path
    return next((path / name for name in QUESTIONS if (path / name).is_file()), None)


def find_judgments(questions: Path) -> Path | None:
    """Return the file of judgments beside a file of questions, or in its folder; None without one."""
    folder = questions if questions.is_dir() else questions.parent
    return next((folder / name for name in JUDGMENTS if (folder / name).is_file()), None)


def set_files(questions: Path) -> tuple[Path, ...]:
    """Return the files of a set, those that are named or found: of its questions and of its judgments."""
    return tuple(file for file in (find_questions(questions), find_judgments(questions)) if file is not None)


def set_checksum(questions: Path) -> str:
    """Return a digest of the content of a set's files; of one that cannot be read, of its absence."""
    digest = hashlib.sha256()
    for file in set_files(questions):
        try:
            with open_regular(file) as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        except OSError:
            digest.update(b"absent")
    return digest.hexdigest()
