"""``qa feedback``: what askers said of their answers."""

from pathlib import Path

import click

from qa.command.options import PATH, refusing


@click.command()
@click.argument("file", type=PATH)
@click.option("--notes", is_flag=True, help="Print the notes too, each with its day.")
@refusing
def feedback(file: Path, notes: bool) -> None:
    """Tell what askers said of their answers, from the FILE that `qa serve --feedback FILE` keeps.

    Where questions were kept, `qa calibrate FILE` learns from them, and `qa evaluate FILE` tells what the texts lack.

    \b
    Examples:
      qa feedback feedback.sqlite
      qa feedback feedback.sqlite --notes
    """
    from qa.answers.notes import verdict_words
    from qa.command.terminal import printable
    from qa.datatypes import Verdict
    from qa.feedback import read_feedback, tallies
    from qa.plurals import count

    said = read_feedback(file)
    kept = sum(judged.question is not None for judged in said)
    click.echo(f"{count(len(said), 'answer')} judged, {count(kept, 'question')} kept.")
    for verdict, judged, right in tallies(said):
        words = verdict_words(Verdict(verdict)).lower()
        click.echo(f"{judged:7,} called {words}: {right / judged:.0%} answered, as their askers say")
    for one in said if notes else ():
        if one.note:
            click.echo(printable(f"{one.day}  {'answered' if one.is_right else 'not answered'}: {one.note}"))
