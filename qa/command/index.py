"""``qa index``: build an index, or bring it in step with its texts."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from qa.command.options import (
    INDEX,
    INTERRUPTED,
    PATH,
    echo_path,
    embedder_option,
    index_option,
    list_left_out,
    refusing,
    say,
)
from qa.command.progress import Progress
from qa.errors import BadSettings, QAError
from qa.fetching.addresses import is_address, without_credentials
from qa.limits import PASSAGE_TOKENS
from qa.plurals import count

_MOST_GUESSES = 10  # encodings that are named; the others are counted

if TYPE_CHECKING:  # what builds is heavy, and no other command needs it
    from qa.indexing.building import BuildReport
    from qa.indexing.watching import Watch
    from qa.library import Shelf
    from qa.settings import BuildSettings


@click.command()
@click.argument("corpus", nargs=-1)
@index_option
@embedder_option
@click.option(
    "--passage-tokens",
    type=click.IntRange(*PASSAGE_TOKENS),
    help="Longest passage in tokens of the embedder, title and heading included. [default: what it reads, up to 256]",
)
@click.option("--store", help="What searches the vectors: faiss, exact or one that a package adds. [default: faiss]")
@click.option("--lexicon", help="What searches the words: tantivy or one that a package adds. [default: tantivy]")
@click.option(
    "--reader",
    help="What reads the passages for what answers: extractive, none or one that a package adds. [default: extractive]",
)
@click.option(
    "--keep", type=click.IntRange(1, 1000), help="Generations that stay, the current one among them. [default: 2]"
)
@click.option(
    "--basis",
    type=INDEX,
    help="Another index, in files or in PostgreSQL, from which a new one takes over what did not change.",
)
@click.option("--workers", is_flag=True, help="Let machines that run `qa work` embed too; for an index in PostgreSQL.")
@click.option("--dry-run", is_flag=True, help="List what would change, and write nothing.")
@click.option("--watch", is_flag=True, help="Stay, and build again whenever a text changes.")
@click.option("--wait", is_flag=True, help="Where another `qa index` holds the folder, wait for it to end.")
@click.option("--remove", is_flag=True, help="Let documents go even where they are more than a tenth of the index.")
@click.option("--rollback", is_flag=True, help="Let the generation before the current one answer again.")
@click.option("--config", type=PATH, help="File, such as candor.toml: index its corpora; each CORPUS is then a name.")
@click.option(
    "--most-pages",
    type=click.IntRange(1, 1_000_000),
    default=2000,
    show_default=True,
    help="Pages or files that are fetched from one address at most.",
)
@click.option(
    "--allow-private", is_flag=True, help="Fetch from addresses that are not public too, as those of an intranet."
)
@refusing
def index(corpus: tuple[str, ...], index: Path, **given: Any) -> None:
    """Index the texts of each CORPUS: a folder, one file, JSON lines of {"_id", "title", "text"}, or an address.

    Without a CORPUS it is the folder corpus/. Files that end in .txt, .md, .html, .pdf, .docx, .epub, .jsonl and
    .csv (each row a document) are read, hidden ones and READMEs passed over. Given again, only what changed in content
    is read and embedded; where nothing did, nothing is written. The index that was there answers until the new
    generation is whole. What is no longer in a CORPUS, or in one that is not named again, leaves the index.

    An address is that of a site or its sitemap (https://…), a git repository (git+https://…, #branch behind it) or a
    bucket (s3://…). What is below it is fetched into the index's folder, and the next time only what has changed.

    \b
    Examples:
      qa index
      qa index notes/ handbook.md --index team-index
      qa index notes/ --index team-index --dry-run
      qa index https://docs.example.org/guide/ --index guide
      qa index --config candor.toml handbook
    """
    config = given.pop("config")
    if config is None:
        _index(corpus, index, given)
    else:
        _index_all(config, corpus, given)


def _index(corpus: Sequence[str], index: Path, given: dict[str, Any]) -> None:
    """Do what the command was given to do for one index."""
    dry_run, watch, wait, rollback, remove, most_pages, allow_private = (
        given.pop(name) for name in ("dry_run", "watch", "wait", "rollback", "remove", "most_pages", "allow_private")
    )
    _check_together(rollback, dry_run, watch, wait)
    if rollback:
        _roll_back(index, dry_run)
        return
    from qa.settings import load_build_settings

    settings = load_build_settings(**{name: value for name, value in given.items() if value is not None})
    far = next(filter(is_address, corpus), None)
    if far is not None and (dry_run or watch):
        raise BadSettings(
            f"{without_credentials(far)} is fetched first, so {'--dry-run' if dry_run else '--watch'} goes ill with it."
        )
    places = tuple(_place(one, index, most_pages, allow_private) for one in corpus or ("corpus",))
    task = _Task(places, index, settings, remove)
    if dry_run:
        _list_changes(task)
    elif watch:
        _watch(task, wait)
    else:
        _build(task, wait)


def _place(corpus: str, index: Path, most_pages: int, allow_private: bool) -> Path:
    """Return where a corpus lies: of an address a folder with what was fetched now."""
    if not is_address(corpus):
        return Path(corpus)
    from qa.fetching.fetching import fetch
    from qa.fetching.mirror import Fetching

    with Progress(say) as progress:
        fetched = fetch(corpus, index, Fetching(most_pages, allow_private, progress))
    list_left_out(fetched.problems)
    corpus = without_credentials(corpus)
    if fetched.is_cut:
        say(f"{corpus} has more than {most_pages:,} pages: --most-pages allows more, or name a part of it.")
    say(f"{corpus}: {fetched.fetched:,} fetched, {fetched.unchanged:,} unchanged, {fetched.removed:,} gone.")
    return fetched.folder


def _index_all(config: Path, names: Sequence[str], given: dict[str, Any]) -> None:
    """Index the corpora that a file names, or those of them that are named; what is refused of one is told, and the
    others go on."""
    from qa.library import read_library

    if click.get_current_context().get_parameter_source("index") is not ParameterSource.DEFAULT:
        raise BadSettings("--config says where each index lies: leave --index out.")
    if given["watch"]:
        raise BadSettings('--watch follows one index: leave it out, and write every = "1 hour" or such in the file.')
    shelves = [shelf for shelf in read_library(config) if shelf.texts]
    known = {shelf.name for shelf in shelves}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None or not shelves:
        raise BadSettings(f"{config} has no corpus {unknown or ''} with texts: there is {', '.join(known) or 'none'}.")
    refused = []
    for shelf in shelves:
        if names and shelf.name not in names:
            continue
        say(f"The corpus {shelf.name}:")
        try:
            _index(shelf.texts, shelf.index, {**given, **_options_of(shelf)})
        except QAError as error:
            say(f"qa: {error}")
            refused.append(shelf.name)
    if refused:
        raise BadSettings(f"Not indexed: {', '.join(refused)}.")


def _options_of(shelf: "Shelf") -> dict[str, Any]:
    """Return the options that the file gives a corpus, but for those that the command line gives."""
    source = click.get_current_context().get_parameter_source
    return {name: value for name, value in shelf.building if source(name) is not ParameterSource.COMMANDLINE}


@dataclass(frozen=True)
class _Task:
    """What is to be built where, and whether many documents may go."""

    corpora: Sequence[Path]
    index: Path
    settings: "BuildSettings"
    remove: bool


_BUILDING = ("corpus", "embedder", "passage_tokens", "store", "lexicon", "keep", "remove", "workers", "basis")


def _check_together(rollback: bool, dry_run: bool, watch: bool, wait: bool) -> None:
    """Raise BadSettings where what was asked makes no sense together."""
    if dry_run and (watch or wait):
        raise BadSettings(
            f"--dry-run writes nothing, so {'--watch' if watch else '--wait'} goes ill with it: leave it."
        )
    if not rollback:
        return
    source = click.get_current_context().get_parameter_source
    given = [name for name in _BUILDING if source(name) is ParameterSource.COMMANDLINE]
    given += [name for name, is_given in (("watch", watch), ("wait", wait)) if is_given]
    if given:
        option = "a CORPUS" if given[0] == "corpus" else f"--{given[0].replace('_', '-')}"
        raise BadSettings(f"--rollback builds nothing, so {option} goes ill with it: leave one of them out.")


def _roll_back(index: Path, dry_run: bool) -> None:
    from qa.indexing.generations import generation_before, roll_back, shown_index

    shown = shown_index(index)
    if dry_run:
        click.echo(f"{shown} would answer from generation {generation_before(index).name} again; nothing was changed.")
    else:
        click.echo(f"{shown} answers from generation {roll_back(index).name} again.")


def _build(task: _Task, wait: bool, quiet: bool = False) -> None:
    """Build, and sum up what was done; if ``quiet``, only where anything was."""
    from qa.indexing.building import build_index

    with Progress(say) as progress:
        report = build_index(task.corpora, task.index, task.settings, progress=progress, wait=wait, remove=task.remove)
    if report.changes or not quiet:
        _sum_up(report, task)
    if report.questions:
        _calibrate(task.index, report, report.questions, again=not quiet)


def _how_guessed(guess: str) -> str:
    from qa.parsers.scans import READ_BY

    if guess == READ_BY:
        return f"is only pictures, and was read by {READ_BY}, which guesses letters: check a quote against its page"
    return f"is not UTF-8, and is read as {guess}, which is a guess: save it as UTF-8 to be sure"


def _sum_up(report: "BuildReport", task: _Task) -> None:
    from qa.indexing.generations import shown_index
    from qa.language import language_name

    list_left_out(report.unreadable)
    if report.left_out:
        endings = ", ".join(sorted({Path(source).suffix or "no ending" for source in report.left_out}))
        say(f"passed over: {count(len(report.left_out), 'file')} of formats that are not read ({endings})")
    for source, guess in list(report.guesses.items())[:_MOST_GUESSES]:
        say(f"{source} {_how_guessed(guess)}")
    if len(report.guesses) > _MOST_GUESSES:
        say(f"of {len(report.guesses) - _MOST_GUESSES:,} more files the encoding or the letters are guesses")
    if not task.settings.embedder and language_name(report.language) != "English":
        say(
            f"the texts are in {language_name(report.language)}, and the bundled model reads English: name a "
            "multilingual one with --embedder"
        )
    if task.settings.embedder:
        say("the confidence is calibrated for the bundled model: run `qa calibrate` before you rely on it with another")
    held = f"{count(report.documents, 'document')} as {count(report.passages, 'passage')}"
    unreadable = f", {len(report.unreadable)} left out" if report.unreadable else ""
    if not report.changes:
        click.echo(f"Nothing changed: {shown_index(task.index)} has {held}{unreadable}.")
        return
    reused = f" ({report.reused} unchanged)" if report.reused else ""
    click.echo(f"Indexed {held}{reused} in {shown_index(task.index)}{unreadable}.")
    if report.removed.documents:
        click.echo(f"{report.removed.describe('went')}.")


def _calibrate(index: Path, report: "BuildReport", questions: Path, again: bool) -> None:
    """Calibrate where that is due. What stands in the way is printed; the index is whole."""
    from qa.service import calibrate_on_corpus

    try:
        with Progress(say) as progress:
            counted = calibrate_on_corpus(index, questions, report.prepared, again=again, progress=progress)
    except QAError as error:
        say(f"not calibrated: {error}")
    except KeyboardInterrupt:
        say("qa: Interrupted: the index is built, but not calibrated; the same command calibrates it.")
        sys.exit(INTERRUPTED)
    else:
        if counted is not None:
            click.echo(f"Calibrated on {count(counted, 'question')} of {questions}.")


def _list_changes(task: _Task) -> None:
    """Print what a build would do, a line a file."""
    from qa.indexing.building import find_changes

    changes = find_changes(task.corpora, task.index, task.settings)
    for sign, sources in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
        for source in sources:
            echo_path(f"{sign} {source}")
    counts = ((changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed"))
    summary = ", ".join(f"{len(sources):,} {word}" for sources, word in counts)
    why = f"; all is written anew, for {changes.rebuild_reason}" if changes.rebuild_reason else ""
    click.echo(f"{summary}, {changes.unchanged:,} unchanged{why}.")
    if changes.removals.are_many and not task.remove:
        say(f"{changes.removals.describe('would go')}: `qa index` does that only with --remove.")
    elif changes.removals.documents:
        say(f"{changes.removals.describe('would go')}.")


def _watch(task: _Task, wait: bool) -> None:
    """Build, and again after each change, until interrupted. What a build refuses is printed once, and the next change
    tried."""
    from qa.indexing.watching import Watch

    with Watch(task.corpora, task.index) as watch:  # before the first build, during which texts can change
        _build(task, wait)
        say(f"Watching {', '.join(map(str, task.corpora))}: Ctrl+C ends it.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        refused = ""
        while _waited(watch):
            try:
                _build(task, wait=True, quiet=True)
                refused = ""
            except QAError as error:
                if str(error) != refused:
                    say(f"qa: {error}")
                refused = str(error)


def _waited(watch: "Watch") -> bool:
    """Whether something has changed; not when the waiting was interrupted, which ends it."""
    try:
        watch.wait()
    except KeyboardInterrupt:
        return False
    return True
