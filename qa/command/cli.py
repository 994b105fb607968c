"""The command ``qa``: its group of commands, and what is done for all of them."""

import os
import sys
from difflib import get_close_matches

import click

from qa import __version__
from qa.command.ask import ask
from qa.command.check import check
from qa.command.evaluate import calibrate, evaluate
from qa.command.feedback import feedback
from qa.command.gaps import gaps
from qa.command.index import index
from qa.command.key import key
from qa.command.mcp import mcp
from qa.command.open import open_document
from qa.command.options import quoted, say
from qa.command.serve import serve
from qa.command.work import work
from qa.cores import leave_cores


class _Commands(click.Group):
    """The commands; a question in place of one gets the command that asks it, an unknown one the nearest name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named, and its arguments."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = get_close_matches(name, self.commands, n=1, cutoff=0.5)
            meant = f"did you mean `qa {near[0]}`?" if near else f"the commands are {', '.join(self.commands)}."
            if " " in name or name[:1].isupper():
                meant = f"to ask a question, write `qa ask {quoted(args)}`."
            ctx.fail(f"There is no command {name!r}: {meant}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "QA"})
@click.version_option(__version__, prog_name="candor-qa", allow_from_autoenv=False)
def cli() -> None:
    """Answer questions by quoting your own texts, and say what those texts do not cover.

    \b
    Start here:
      qa serve                             a search page on the texts in corpus/
      qa index my-texts --index my-index   index your own
      qa ask "What is psychotherapy?"      ask in the terminal

    Every option can also be set by a variable, such as QA_SERVE_PORT=8080.
    """


for command in (index, check, ask, open_document, evaluate, calibrate, feedback, gaps, key, mcp, serve, work):
    cli.add_command(command)


def main() -> None:
    """Run the command; the last resort for what no one foresaw is one line too, and QA_DEBUG=1 shows the rest."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    leave_cores()
    try:
        cli()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("QA_DEBUG"):
            raise
        say(
            f"qa: unexpected {type(error).__name__}: {error}. Run it again with QA_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)
