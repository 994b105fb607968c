"""``qa gaps``: what was asked of a server and not found."""

import json
from pathlib import Path

import click

from qa.command.options import PATH, refusing

_SHOWN = 100


@click.command()
@click.argument("file", type=PATH)
@click.option("--corpus", "corpora", multiple=True, help="Only of this corpus, of several. Repeatable.")
@click.option("--days", type=click.IntRange(1, 3660), help="Only of the last so many days.")
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON.")
@refusing
def gaps(file: Path, corpora: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Tell which terms were asked for and the texts do not have, from the FILE that `qa serve --gaps FILE` keeps.

    It is a list of what to write next, most asked for first. A term is there once three askers had it.

    \b
    Examples:
      qa gaps gaps.sqlite --days 30
      qa gaps gaps.sqlite --corpus handbook --json
    """
    from dataclasses import asdict

    from qa.command.terminal import printable
    from qa.gaps import read_gaps
    from qa.plurals import count

    found = read_gaps(file, corpora or None, days)
    if as_json:
        click.echo(json.dumps([asdict(gap) for gap in found], ensure_ascii=False, indent=2))
        return
    click.echo(f"{count(len(found), 'term')} that three askers or more had, and the texts do not have.")
    for gap in found[:_SHOWN]:
        near = f", nearest: {gap.closest}" if gap.closest else ""
        where = f" in {gap.corpus}" if gap.corpus else ""
        click.echo(printable(f"{gap.asked:7,}  {gap.term} ({gap.state}{where}{near})  {gap.first} to {gap.last}"))
    if len(found) > _SHOWN:
        click.echo(f"… and {len(found) - _SHOWN:,} more: --json has all.")
