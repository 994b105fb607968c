"""``qa serve``: the page and the HTTP API on an index."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from qa.command.options import (
    PATH,
    config_option,
    embedder_option,
    indexes_option,
    miss_option,
    reader_option,
    refusing,
    risk_option,
    say,
)
from qa.errors import CorpusMissing
from qa.plurals import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.library import Shelf
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
    help="File, such as feedback.sqlite, that keeps what askers say of their answers, of several corpora one each; "
    "without it they are not asked.",
)
@click.option(
    "--keep-questions", is_flag=True, help="Keep their questions there too, from which `qa calibrate` can learn."
)
@click.option(
    "--gaps",
    type=PATH,
    help="File, such as gaps.sqlite, that counts which terms were asked for and are not there; see `qa gaps`.",
)
@click.option("--keys", type=PATH, help="File of keys, made by `qa key add`: only their holders are answered.")
@click.option("--rate", default="", help="How often each may ask, as 60/min, where their key does not say otherwise.")
@click.option(
    "--limits",
    default="memory://",
    show_default=True,
    help="Where requests are counted: redis://HOST:PORT for several processes or machines together.",
)
@click.option(
    "--allowed-origin",
    "allowed_origins",
    multiple=True,
    help="Another site whose pages may ask and show the widget, as https://intranet.example; * for any. Repeatable.",
)
@click.option(
    "--user-header", default="", help="Header in which a trusted proxy says who asks, as X-Forwarded-Email, for --keys."
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    help="Address or network of the proxy that is believed, as 10.0.0.5 or 10.0.0.0/8. Repeatable.",
)
@click.option("--metrics/--no-metrics", default=True, show_default=True, help="Whether /metrics is there.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the log's lines."
)
@reader_option
@risk_option
@miss_option
@indexes_option
@config_option
@embedder_option
@refusing
def serve(corpus: Path, indexes: tuple[str, ...], config: Path | None, embedder: Path | None, **listening: Any) -> None:
    """Serve a search page and an HTTP API on an index, which is built first when there is none; or on several.

    A new generation of the index is answered from within seconds of its being whole; SIGHUP makes it look at once. One
    line is logged for each request, without the question. SIGTERM stops it after the requests under way.

    \b
    Then ask:
      curl 'http://127.0.0.1:8000/api/ask?q=What+is+psychotherapy'

    \b
    For a team:
      qa key add alice --keys keys.json
      qa serve --index a=one --index b=two --keys keys.json --rate 60/min
    """
    from qa.settings import load_serve_settings

    reading = listening.pop("reading") == "on"
    settings = load_serve_settings(**listening, reader=reading)
    _check_feedback(settings)
    from qa.library import parse_shelves, read_library
    from qa.web.server import Served, serve

    shelves = read_library(config) if config else parse_shelves(indexes)
    if shelves[0].name:
        _check_several(shelves)
    else:
        _check_alone(corpus, shelves[0].index, embedder)
    os.environ.setdefault("QA_ENCODER_THREADS", str(max((os.cpu_count() or 1) // settings.workers, 1)))
    with _indexed_in_time(config) if config else nullcontext():
        status = serve(Served(shelves, config), settings)
    sys.exit(status)


@contextmanager
def _indexed_in_time(config: Path) -> Iterator[None]:
    """Index the corpora of a file as often as it says, each in a process of its own that ends with the server."""
    from qa.errors import BadSettings
    from qa.library import read_library
    from qa.schedule import Schedule, parse_period

    def periods() -> dict[str, int]:
        try:
            return {shelf.name: parse_period(shelf.every) for shelf in read_library(config) if shelf.every}
        except BadSettings:  # which the server tells
            return {}

    running: list[subprocess.Popen[bytes]] = []

    def index(name: str) -> bool:
        command = [sys.executable, "-m", "qa", "index", "--config", str(config), "--wait", "--", name]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:  # noqa: S603 - our own command
            running[:] = [process]
        if process.returncode:
            say(f"The corpus {name} could not be indexed: the one that was there answers on.")
        return process.returncode == 0

    schedule = Schedule(periods, index)
    schedule.start()
    try:
        yield
    finally:
        schedule.stop()
        for process in running:
            process.terminate()


def _check_alone(corpus: Path, index: Path, embedder: Path | None) -> None:
    """See that there is an index to serve, and build one where there is none."""
    from qa.errors import IndexMissing
    from qa.indexing.generations import shown_index
    from qa.indexing.index import check_index

    try:
        manifest = check_index(index)
    except IndexMissing:
        _check_corpus(corpus, index)
        _build_apart(corpus, index, embedder)
        manifest = check_index(index)
    _check_same("corpus", corpus, ", ".join(manifest.corpora), index)
    named = embedder.resolve() if embedder and embedder.is_dir() else embedder  # or what a package calls it
    _check_same("embedder", named, manifest.embedder_path, index)
    say(f"Serving {count(manifest.documents, 'document')} of {', '.join(manifest.corpora)} from {shown_index(index)}.")


def _check_several(shelves: "Sequence[Shelf]") -> None:
    """See that there is an index for each corpus, and say what is served."""
    from qa.errors import QAError
    from qa.indexing.generations import shown_index
    from qa.indexing.index import check_index

    problems = []
    for shelf in shelves:
        try:
            manifest = check_index(shelf.index)
        except QAError as error:
            problems.append(error)
            say(f"The corpus {shelf.name} does not answer yet: {error}")
            continue
        say(f"Serving {count(manifest.documents, 'document')} as /{shelf.name}/ from {shown_index(shelf.index)}.")
    if len(problems) == len(shelves) and not any(shelf.every for shelf in shelves):
        raise problems[0]


def _check_feedback(settings: "ServeSettings") -> None:
    """Raise BadSettings or FeedbackUnusable where feedback cannot be kept as it is wanted."""
    from qa.errors import BadSettings
    from qa.feedback import FeedbackFile

    if settings.feedback is not None:
        FeedbackFile(settings.feedback)
    elif settings.keep_questions and settings.gaps is None:
        raise BadSettings("--keep-questions says what the files of --feedback and --gaps keep: name one of them too.")


def _check_same(option: str, given: Path | None, built: str | None, index: Path) -> None:
    """Raise IndexMismatch when an option that was given is not what the index was built with."""
    from qa.errors import IndexMismatch
    from qa.indexing.generations import shown_index

    source = click.get_current_context().get_parameter_source(option)
    if source is not ParameterSource.DEFAULT and given is not None and str(given) != built:
        raise IndexMismatch(
            f"{shown_index(index)} was built with the {option} {built or 'that is bundled'}, not {given}: name another "
            f"with --index, or run `qa index` with the {option} wanted."
        )


def _check_corpus(corpus: Path, index: Path) -> None:
    """Raise CorpusMissing where there is nothing to build a first index from."""
    if not corpus.exists():
        from qa.indexing.generations import shown_index

        place = shown_index(index.absolute())
        raise CorpusMissing(
            f"{corpus.absolute()} does not exist, and there is no index in {place}: start `qa serve` where one of them "
            "is, or name an index with --index, or a folder of texts with --corpus."
        )


def _build_apart(corpus: Path, index: Path, embedder: Path | None) -> None:
    """Build in a process of its own, so that the server starts without the builder's memory and threads."""
    from qa.indexing.generations import shown_index

    say(f"There is no index in {shown_index(index)} yet: building it from {corpus}.")
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
