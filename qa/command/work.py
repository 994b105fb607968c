"""``qa work``: embed for the builds of an index in PostgreSQL, on any machine."""

from pathlib import Path

import click

from qa.command.options import index_option, refusing, say
from qa.command.progress import Progress
from qa.errors import BadSettings


@click.command()
@index_option
@refusing
def work(index: Path) -> None:
    """Embed for the builds of an index in PostgreSQL until interrupted.

    `qa index --workers` puts the texts that are to be embedded on a table in the database, a batch at a time; this
    takes batches, embeds them with the build's own encoder, and puts their vectors there. Run it on as many machines
    as you have: each takes what no other has, and one that dies loses none.

    \b
    Examples:
      qa work --index postgresql://db.example/texts
      qa index notes/ --workers --index postgresql://db.example/texts      (on another machine)
    """
    from qa.indexing.generations import shown_index
    from qa.indexing.working import reach
    from qa.indexing.working import work as embed
    from qa.postgres.address import is_mirror

    if not is_mirror(index):
        raise BadSettings("qa work helps to build an index in PostgreSQL: give its address, --index postgresql://…")
    reach(index)
    say(f"Waiting for texts to embed for {shown_index(index)}: Ctrl+C ends it.")
    with Progress(say) as progress:
        embed(index, lambda done: progress("Embedding", done, None), lambda: False)
