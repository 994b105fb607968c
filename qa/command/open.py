"""``qa open``: a document of the index, whole, or the citation of a passage."""

from pathlib import Path

import click

from qa.command.options import index_option, refusing

_FORMATS = ("text", "bibtex", "ris", "csl")


@click.command("open")
@click.argument("identifier")
@click.option("--cite", type=click.Choice(_FORMATS), help="Print the citation of the passage in this format instead.")
@index_option
@refusing
def open_document(identifier: str, cite: str | None, index: Path) -> None:
    """Show the document IDENTIFIER as it was indexed; a passage that is named stands between >> and <<.

    The ids are those of `qa ask --json`: "corpus/mutual-aid.md" is a document, "corpus/mutual-aid.md#12-568" a passage
    of it.

    \b
    Examples:
      qa open corpus/mutual-aid.md
      qa open corpus/mutual-aid.md#12-568 --cite bibtex
    """
    from qa.answers.catalogue import find_document, find_passage
    from qa.errors import DocumentMissing
    from qa.indexing.generations import current_generation
    from qa.indexing.index import Generation

    generation = Generation(current_generation(index))
    if identifier in generation.numbers:
        if cite:
            raise DocumentMissing(f"A citation is of a passage: add its place, as in {identifier}#0-100.")
        _show(find_document(generation, identifier).stored.text, None)
        return
    passage, document = find_passage(generation, identifier)
    if cite is None:
        _show(document.stored.text, (passage.start, passage.end))
        return
    from datetime import UTC, datetime

    from qa.answers.citing import FORMATS, Citation

    cited = Citation(
        passage, document.details, generation.manifest.title, document.checksum, "", datetime.now(UTC).date()
    )
    click.echo(FORMATS[cite].write(cited).rstrip("\n"))


def _show(text: str, found: tuple[int, int] | None) -> None:
    """Print a text, page by page on a terminal."""
    from qa.command.terminal import printable

    if found is None:
        click.echo_via_pager(printable(text) + "\n")
        return
    start, end = found
    click.echo_via_pager(f"{printable(text[:start])}>>{printable(text[start:end])}<<{printable(text[end:])}\n")
