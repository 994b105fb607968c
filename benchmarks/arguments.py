"""The arguments of the commands here: folders that are there, and ``--help`` with what a module says of itself."""

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path


def command_line(description: str | None) -> ArgumentParser:
    """Return a parser that shows a module's docstring as it is written."""
    return ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)


def question_set(name: str) -> Path:
    """Return the folder of a question set. Raises ArgumentTypeError where it has no questions."""
    folder = Path(name)
    if not (folder / "questions.jsonl").is_file():
        raise ArgumentTypeError(f"{name} has no questions.jsonl: name the folder of a question set")
    return folder


def folder_of_sets(name: str) -> Path:
    """Return a folder in which there are question sets. Raises ArgumentTypeError where there is none."""
    folder = Path(name)
    if not any(folder.glob("*/questions.jsonl")):
        raise ArgumentTypeError(f"no folder in {name} has a questions.jsonl: name the one with all question sets")
    return folder


def named_sets(description: str | None) -> list[Path]:
    """Return the folders of the question sets that a command names, one at least."""
    sets = command_line(description)
    sets.add_argument("sets", type=question_set, nargs="+", metavar="SET", help="folder of a question set")
    folders: list[Path] = sets.parse_args().sets
    return folders


def named_folder_of_sets(description: str | None) -> Path:
    """Return the folder of all question sets that a command names."""
    data = command_line(description)
    data.add_argument("data", type=folder_of_sets, metavar="DATA", help="folder that all question sets are in")
    folder: Path = data.parse_args().data
    return folder
