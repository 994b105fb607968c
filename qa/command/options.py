"""What the commands share: options, how they refuse, how they print."""

import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from qa.errors import QAError
from qa.limits import BUNDLED_RISK, DEFAULT_MISS, DEFAULT_RISK, SHARES

Parameters = ParamSpec("Parameters")
Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path, readable=False)  # what opens a path reports what is wrong with it
_LISTED = 20  # left-out files that a summary names before it only counts


class _IndexPath(click.ParamType[Path]):
    """The folder of an index, or the one that mirrors an index in a database."""

    name = "index"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        """Return the folder."""
        from qa.library import index_folder

        try:
            return index_folder(str(value))
        except QAError as error:
            self.fail(str(error), param, ctx)


INDEX = _IndexPath()

index_option = click.option(
    "--index",
    "index",
    type=INDEX,
    default="index",
    show_default=True,
    help="Folder of the index, or its address in PostgreSQL: postgresql://HOST/DATABASE?schema=NAME.",
)
indexes_option = click.option(
    "--index",
    "indexes",
    multiple=True,
    default=("index",),
    show_default=True,
    help="Folder of the index, or its address in PostgreSQL; of several NAME=FOLDER each, as --index a=one --index "
    "b=two.",
)
config_option = click.option(
    "--config", type=PATH, help="File, such as candor.toml, that names several corpora, in place of --index."
)
embedder_option = click.option(
    "--embedder",
    type=PATH,
    help="Folder of a sentence-transformers model to use instead of the bundled all-MiniLM-L6-v2.",
)


_SCOPE_OPTIONS = {
    "--source": "Ask only the texts whose source begins with this; case does not matter.",
    "--title": "Ask only the texts whose title begins with this; case does not matter.",
    "--topic": "Ask only the texts with this topic; case does not matter.",
    "--type": "Ask only the texts whose file has this ending, as pdf.",
    "--year": "Ask only the texts of this year.",
}
SCOPE = tuple(option.removeprefix("--") for option in _SCOPE_OPTIONS)
"""The parameters that say which texts are asked."""


def scope_options(command: Command) -> Command:
    """Add the options that say which texts are asked."""
    for option, said in reversed(_SCOPE_OPTIONS.items()):
        command = click.option(option, default="", help=said)(command)
    return command


class _Share(click.FloatRange):
    """A share of answers; not a number is refused, which a range lets pass."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the share."""
        found = super().convert(value, param, ctx)
        return found if found == found else self.fail(f"{value} is no number.", param, ctx)  # noqa: PLR0124


_SHARE = _Share(*SHARES)
risk_option = click.option(
    "--risk",
    type=_SHARE,
    help="Largest share of what is called answered that may be wrong; a promise after `qa calibrate`, which keeps what "
    "it is given as the index's own.  "
    f"[default: the index's own; {DEFAULT_RISK} after `qa calibrate`, {BUNDLED_RISK} before]",
)
miss_option = click.option(
    "--miss",
    type=_SHARE,
    help="Largest share of what is called not in the corpus that may be answered after all; a promise likewise.  "
    f"[default: the index's own, else {DEFAULT_MISS}]",
)


reader_option = click.option(
    "--reader",
    "reading",
    type=click.Choice(["on", "off"]),
    default="on",
    show_default=True,
    help="Whether the first passages are read for what answers; off is faster, and knows less.",
)


INTERRUPTED = 130  # the status of what SIGINT ended, as shells give it

_LEFT_BY = {
    "index": "the index that was there is as it was",
    "work": "another takes the batch that was begun",
    "evaluate": "what was answered is kept, and the same command goes on from there",
    "calibrate": "the calibration that was there is as it was",
}
"""What an interrupted command leaves."""


def refusing(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """End with one line and status 1 when the command cannot do what was asked, with 130 when it is interrupted."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except QAError as error:
            say(f"qa: {error}")
            sys.exit(1)
        except KeyboardInterrupt:
            left = _LEFT_BY.get(click.get_current_context().info_name or "")
            say(f"qa: Interrupted{f': {left}' if left else ''}.")
            sys.exit(INTERRUPTED)

    return run


def say(line: str) -> None:
    """Print one line to standard error, with nothing in it that could steer a terminal."""
    from qa.command.terminal import printable

    click.echo(printable(" ".join(line.split())), err=True)


def quoted(words: Iterable[str]) -> str:
    """Return words as one argument, in quotation marks that a shell takes."""
    text = " ".join(words)
    return shlex.quote(text) if set(text) & set('"$`\\!') else f'"{text}"'


def echo_path(line: str) -> None:
    """Print one line that has a path in it."""
    from qa.command.terminal import printable

    click.echo(printable(line))


def list_left_out(problems: Sequence[object]) -> None:
    """Print what was left out, the first of many."""
    for problem in problems[:_LISTED]:
        say(f"left out: {problem}")
    if len(problems) > _LISTED:
        say(f"left out: {len(problems) - _LISTED} more")
