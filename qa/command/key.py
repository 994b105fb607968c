"""``qa key``: who may ask a server that is started with ``--keys``."""

from pathlib import Path

import click

from qa.command.options import PATH, refusing, say

keys_option = click.option(
    "--keys", type=PATH, default=Path("keys.json"), show_default=True, help="File of keys, as for `qa serve --keys`."
)


@click.group()
def key() -> None:
    """Give out keys, list them, and take them back: for `qa serve --keys FILE`.

    Only a digest of each is kept. A change counts from the next request on, without a restart, and is noted in
    FILE.audit.jsonl.

    \b
    Examples:
      qa key add alice --corpus handbook --rate 60/min
      qa key add prometheus --admin
      qa key list
      qa key revoke alice
    """


@key.command()
@click.argument("name")
@click.option("--corpus", "corpora", multiple=True, help="A corpus that may be asked; all without it. Repeatable.")
@click.option("--rate", help="How often, as 60/min, in place of the server's own rate.")
@click.option("--admin", is_flag=True, help="May also see /metrics and /gaps.")
@keys_option
@refusing
def add(name: str, corpora: tuple[str, ...], rate: str | None, admin: bool, keys: Path) -> None:
    """Make a key for NAME and print it, this once."""
    from qa.keys import ALL, KeyFile
    from qa.library import checked_name

    named = tuple(checked_name(corpus) for corpus in corpora) or (ALL,)
    token = KeyFile(keys, is_new=True).add(name, named, rate, admin)
    say(f"A key for {name}, kept in {keys} as a digest only: copy it now, it is not shown again.")
    click.echo(token)


@key.command("list")
@keys_option
@refusing
def list_keys(keys: Path) -> None:
    """List the keys: name, id, corpora, rate, day."""
    from qa.keys import KeyFile

    for one in KeyFile(keys).keys.values():
        marks = f"{one.rate or 'the server’s rate'}{', admin' if one.is_admin else ''}"
        click.echo(f"{one.name}  {one.id}  {', '.join(one.corpora)}  {marks}  {one.created[:10]}")


@key.command()
@click.argument("name")
@keys_option
@refusing
def revoke(name: str, keys: Path) -> None:
    """Take back the key of NAME, from the next request on."""
    from qa.keys import KeyFile

    taken = KeyFile(keys).revoke(name)
    say(f"The key of {taken.name} ({taken.id}) is no longer let in.")
