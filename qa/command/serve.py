"""``qa serve``: the page and the HTTP API on an index."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from qa.command.options import (
    PATH,
    embedder_option,
    index_option,
    miss_option,
    reader_option,
    refusing,
    risk_option,
    say,
)
from qa.errors import CorpusMissing
from qa.plurals import count

if TYPE_CHECKING:
    from qa.settings import ServeSettings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for every one.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--threads", type=click.IntRange(1, 256), default=8, show_default=True, help="Requests answered at a time."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer, and share the cores.",
)
@click.option(
    "--waiting",
    type=click.IntRange(1, 10_000),
    default=64,
    show_default=True,
    help="Requests that may wait in each process; more are refused with 503.",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    help="Name under which the server may be asked beside its address, as that of a proxy; * for any. Repeatable.",
)
@click.option(
    "--corpus",
    type=PATH,
    default=Path("corpus"),
    show_default=True,
    help="What to index first when there is no index.",
)
@click.option(
    "--feedback",
    type=PATH,
    help="File, such as feedback.sqlite, that keeps what askers say of their answers; without it they are not asked.",
)
@click.option(
    "--keep-questions", is_flag=True, help="Keep their questions there too, from which `qa calibrate` can learn."
)
@reader_option
@risk_option
@miss_option
@index_option
@embedder_option
@refusing
def serve(corpus: Path, index: Path, embedder: Path | None, **listening: Any) -> None:
    """Serve a search page and an HTTP API on an index, which is built first when there is none.

    A new generation of the index is answered from within seconds of its being whole; SIGHUP makes it look at once. One
    line is logged for each request, without the question. SIGTERM stops it after the requests under way.

    \b
    Then ask:
      curl 'http://127.0.0.1:8000/api/ask?q=What+is+psychotherapy'
    """
    from qa.settings import load_serve_settings

    reading = listening.pop("reading") == "on"
    settings = load_serve_settings(**listening, reader=reading)
    _check_feedback(settings)
    from qa.errors import IndexMissing
    from qa.indexing.index import check_index
    from qa.web.server import serve as serve_index

    try:
        manifest = check_index(index)
    except IndexMissing:
        _check_corpus(corpus, index)
        _build_apart(corpus, index, embedder)
        manifest = check_index(index)
    _check_same("corpus", corpus, ", ".join(manifest.corpora), index)
    named = embedder.resolve() if embedder and embedder.is_dir() else embedder  # or what a package calls it
    _check_same("embedder", named, manifest.embedder_path, index)
    say(f"Serving {count(manifest.documents, 'document')} of {', '.join(manifest.corpora)} from {index}.")
    os.environ.setdefault("QA_ENCODER_THREADS", str(max((os.cpu_count() or 1) // settings.workers, 1)))
    sys.exit(serve_index(index, settings))


def _check_feedback(settings: "ServeSettings") -> None:
    """Raise BadSettings or FeedbackUnusable where feedback cannot be kept as it is wanted."""
    from qa.errors import BadSettings
    from qa.feedback import FeedbackFile

    if settings.feedback is not None:
        FeedbackFile(settings.feedback)
    elif settings.keep_questions:
        raise BadSettings("--keep-questions says what the file of --feedback keeps: name that file too.")


def _check_same(option: str, given: Path | None, built: str | None, index: Path) -> None:
    """Raise IndexMismatch when an option that was given is not what the index was built with."""
    from qa.errors import IndexMismatch

    source = click.get_current_context().get_parameter_source(option)
    if source is not ParameterSource.DEFAULT and given is not None and str(given) != built:
        raise IndexMismatch(
            f"{index} was built with the {option} {built or 'that is bundled'}, not {given}: name another folder with "
            f"--index, or run `qa index` with the {option} wanted."
        )


def _check_corpus(corpus: Path, index: Path) -> None:
    """Raise CorpusMissing where there is nothing to build a first index from."""
    if not corpus.exists():
        raise CorpusMissing(
            f"{corpus.absolute()} does not exist, and there is no index in {index.absolute()}: start `qa serve` where "
            "one of them is, or name an index with --index, or a folder of texts with --corpus."
        )


def _build_apart(corpus: Path, index: Path, embedder: Path | None) -> None:
    """Build in a process of its own, so that the server starts without the builder's memory and threads."""
    say(f"There is no index in {index} yet: building it from {corpus}.")
    options = ["--embedder", str(embedder)] if embedder else []
    command = [sys.executable, "-m", "qa", "index", "--index", str(index), *options, "--", str(corpus)]
    # In a group of its own, so that Ctrl-C in a terminal reaches it once, from here.
    with subprocess.Popen(command, process_group=0) as building:  # noqa: S603 - our own command and arguments
        before = {
            number: signal.signal(number, lambda given, _: building.send_signal(given))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        status = building.wait()
    if status:
        sys.exit(status if status > 0 else 128 - status)
    for number, handler in before.items():
        signal.signal(number, handler)
