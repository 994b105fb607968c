"""``qa check``: whether an index is whole."""

import sys
from pathlib import Path

import click

from qa.command.options import index_option, refusing, say
from qa.errors import QAError
from qa.plurals import count


@click.command()
@index_option
@refusing
def check(index: Path) -> None:
    """Compare every file of the index with its checksum, and name the first that is damaged.

    Ends with status 1 where a generation is damaged, the current one or an older one, where the current one is of
    another format, or where the index's own calibration is damaged.
    """
    from qa.errors import IndexDamaged
    from qa.indexing.generations import all_generations, current_generation

    current = current_generation(index)
    problems: list[QAError] = []
    for generation in all_generations(index):
        try:
            click.echo(_checked(generation, current))
        except QAError as error:
            problems.append(error)
    try:
        _check_calibration(index)
    except IndexDamaged as error:
        problems.append(error)
    for problem in problems:
        say(f"qa: {problem}")
    if problems:
        sys.exit(1)


def _checked(generation: Path, current: Path) -> str:
    """Return what a whole generation holds and how it is searched. Raises IndexDamaged, and for the one that answers
    IndexMismatch where another version wrote it."""
    from qa.errors import IndexMismatch
    from qa.indexing.generations import verify, verify_held
    from qa.indexing.index import Generation

    answers = ", which answers" if generation == current else ""
    verify(generation)
    verify_held(generation)
    try:
        opened = Generation(generation)
    except IndexMismatch:
        if generation == current:
            raise
        return f"Generation {generation.name}: whole, of another version, which this one cannot read."
    holds = f"{count(len(opened.passages), 'passage')}, {opened.store.structure}"
    for _ in opened.documents():
        pass
    opened.close()
    return f"Generation {generation.name}{answers}: whole, {holds}."


def _check_calibration(index: Path) -> None:
    """Print whether the index's own calibration is whole; nothing where it has none. Raises IndexDamaged."""
    from qa.indexing.calibration import CALIBRATION, RULE, read_own_calibration

    found = read_own_calibration(index)
    if found is not None:
        now = "" if found.rule == RULE else " It is of another version, so it is not used: run `qa calibrate` again."
        click.echo(f"{CALIBRATION}: whole, made on {count(sum(found.questions.values()), 'question')}.{now}")
