"""The command ``qa``: the only place that prints. Heavy libraries are imported by the command that needs them."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click
from click.core import ParameterSource

from qa import __version__
from qa.errors import BadQuestion, BadSettings, CorpusMissing, QAError, RequirementMissed
from qa.limits import DEFAULT_K, DEFAULT_MISS, DEFAULT_RISK, MAX_K, PASSAGE_TOKENS, SHARES
from qa.plurals import count
from qa.progress import Progress

if TYPE_CHECKING:  # what builds and measures is heavy, and most commands need none of it
    from qa.building import BuildReport
    from qa.evaluation.evaluating import Evaluation
    from qa.evaluation.requirements import Requirement
    from qa.settings import BuildSettings
    from qa.watching import Watch

Parameters = ParamSpec("Parameters")

_PATH = click.Path(path_type=Path, readable=False)  # what is wrong with a path is told by what opens it
_LISTED = 20  # left-out files that a summary names before it only counts

_index_option = click.option(
    "--index",
    "index",
    type=_PATH,
    default=Path("index"),
    show_default=True,
    help="Folder of the index.",
)
_embedder_option = click.option(
    "--embedder",
    type=_PATH,
    help="Folder of a sentence-transformers model to use instead of the bundled all-MiniLM-L6-v2.",
)


_source_option = click.option(
    "--source", default="", help="Ask only the texts whose source begins with this; case does not matter."
)
_title_option = click.option(
    "--title", default="", help="Ask only the texts whose title begins with this; case does not matter."
)


class _Share(click.FloatRange):
    """A share of answers; not a number is refused, which a range lets pass."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the share."""
        found = super().convert(value, param, ctx)
        return found if found == found else self.fail(f"{value} is no number.", param, ctx)  # noqa: PLR0124


_SHARE = _Share(*SHARES)
_risk_option = click.option(
    "--risk",
    type=_SHARE,
    help="Largest share of what is called answered that may be wrong; a promise after `qa calibrate`, which keeps what "
    f"it is given as the index's own.  [default: the index's own, else {DEFAULT_RISK}]",
)
_miss_option = click.option(
    "--miss",
    type=_SHARE,
    help="Largest share of what is called not in the corpus that may be answered after all; a promise likewise.  "
    f"[default: the index's own, else {DEFAULT_MISS}]",
)


_INTERRUPTED = 130  # the status of what SIGINT ended, as shells give it

_LEFT_BY = {
    "index": "the index that was there is as it was",
    "evaluate": "what was answered is kept, and the same command goes on from there",
    "calibrate": "the calibration that was there is as it was",
}
"""What an interrupted command leaves."""


def _refusing(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """End with one line and status 1 when the command cannot do what was asked, with 130 when it is interrupted."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except QAError as error:
            _say(f"qa: {error}")
            sys.exit(1)
        except KeyboardInterrupt:
            left = _LEFT_BY.get(click.get_current_context().info_name or "")
            _say(f"qa: Interrupted{f': {left}' if left else ''}.")
            sys.exit(_INTERRUPTED)

    return run


def _say(line: str) -> None:
    """Print one line to standard error, with nothing in it that could steer a terminal."""
    from qa.terminal import printable

    click.echo(printable(" ".join(line.split())), err=True)


class _Commands(click.Group):
    """The commands; a question in place of one is told how to ask it, an unknown one which it may be."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named, and its arguments."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = get_close_matches(name, self.commands, n=1, cutoff=0.5)
            meant = f"did you mean `qa {near[0]}`?" if near else f"the commands are {', '.join(self.commands)}."
            if " " in name or name[:1].isupper():
                meant = f"to ask a question, write `qa ask {_quoted(args)}`."
            ctx.fail(f"There is no command {name!r}: {meant}")
        return super().resolve_command(ctx, args)


def _quoted(words: Iterable[str]) -> str:
    """Return words as one argument, in quotation marks that a shell takes."""
    text = " ".join(words)
    return shlex.quote(text) if set(text) & set('"$`\\!') else f'"{text}"'


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


@cli.command()
@click.argument("corpus", nargs=-1, type=_PATH)
@_index_option
@_embedder_option
@click.option(
    "--passage-tokens",
    type=click.IntRange(*PASSAGE_TOKENS),
    help="Longest passage in tokens of the embedder, title and heading included. [default: what it reads, up to 256]",
)
@click.option("--store", help="What searches the vectors: faiss or exact. [default: faiss]")
@click.option(
    "--vectors", help="How vectors are searched: float32, or float16 or int8 to save memory. [default: float32]"
)
@click.option(
    "--keep", type=click.IntRange(1, 1000), help="Generations that stay, the current one among them. [default: 2]"
)
@click.option("--dry-run", is_flag=True, help="List what would change, and write nothing.")
@click.option("--watch", is_flag=True, help="Stay, and build again whenever a text changes.")
@click.option("--wait", is_flag=True, help="Where another `qa index` holds the folder, wait for it to end.")
@click.option("--remove", is_flag=True, help="Let documents go even where they are more than a tenth of the index.")
@click.option("--rollback", is_flag=True, help="Let the generation before the current one answer again.")
@_refusing
def index(corpus: tuple[Path, ...], index: Path, **given: Any) -> None:
    """Index the texts of each CORPUS: a folder, one file, or JSON lines of {"_id", "title", "text"}.

    Without a CORPUS it is the folder corpus/. Files that end in .txt, .md, .html, .pdf, .docx, .epub, .jsonl and
    .csv (each row a document) are read, hidden ones and READMEs passed over. Given again, only what changed in content
    is read and embedded; where nothing did, nothing is written. The index that was there answers until the new
    generation is whole. What is no longer in a CORPUS, or in one that is not named again, leaves the index.

    \b
    Examples:
      qa index
      qa index notes/ handbook.md --index team-index
      qa index notes/ --index team-index --dry-run
    """
    dry_run, watch, wait, rollback, remove = (
        given.pop(name) for name in ("dry_run", "watch", "wait", "rollback", "remove")
    )
    _check_together(rollback, dry_run, watch, wait)
    if rollback:
        _roll_back(index, dry_run)
        return
    from qa.settings import load_build_settings

    settings = load_build_settings(**{name: value for name, value in given.items() if value is not None})
    task = _Task(corpus or (Path("corpus"),), index, settings, remove)
    if dry_run:
        _list_changes(task)
    elif watch:
        _watch(task, wait)
    else:
        _build(task, wait)


@dataclass(frozen=True)
class _Task:
    """What is to be built where, and whether many documents may go."""

    corpora: Sequence[Path]
    index: Path
    settings: "BuildSettings"
    remove: bool


_BUILDING = ("corpus", "embedder", "passage_tokens", "store", "vectors", "keep", "remove")


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
    from qa.generations import generation_before, roll_back

    if dry_run:
        click.echo(f"{index} would answer from generation {generation_before(index).name} again; nothing was changed.")
    else:
        click.echo(f"{index} answers from generation {roll_back(index).name} again.")


def _build(task: _Task, wait: bool, quiet: bool = False) -> None:
    """Build, and sum up what was done; if ``quiet``, only where anything was."""
    from qa.building import build_index

    with Progress(_say) as progress:
        report = build_index(task.corpora, task.index, task.settings, progress=progress, wait=wait, remove=task.remove)
    if report.changes or not quiet:
        _sum_up(report, task)
    if report.questions:
        _calibrate_on_corpus(task.index, report.questions, again=not quiet)


def _sum_up(report: "BuildReport", task: _Task) -> None:
    _list_left_out(report.unreadable)
    if report.left_out:
        endings = ", ".join(sorted({Path(source).suffix or "no ending" for source in report.left_out}))
        _say(f"passed over: {count(len(report.left_out), 'file')} of formats that are not read ({endings})")
    if task.settings.embedder:
        _say(
            "the confidence is calibrated for the bundled model: run `qa calibrate` before you rely on it with another"
        )
    held = f"{count(report.documents, 'document')} as {count(report.passages, 'passage')}"
    unreadable = f", {len(report.unreadable)} left out" if report.unreadable else ""
    if not report.changes:
        click.echo(f"Nothing changed: {task.index} has {held}{unreadable}.")
        return
    reused = f" ({report.reused} unchanged)" if report.reused else ""
    click.echo(f"Indexed {held}{reused} in {task.index}{unreadable}.")
    if report.removed.documents:
        click.echo(f"{report.removed.told('went')}.")


def _calibrate_on_corpus(index: Path, questions: Path, again: bool) -> None:
    """Calibrate on the judged questions that the corpus brings, where they or the texts are others than the last time,
    and where that failed if it is to be tried ``again``. What stands in the way is told; the index is whole."""
    from qa.evaluation.recalibrating import is_due, note, tried_on

    if not is_due(index, questions, again):
        return
    tried = tried_on(index, questions)
    try:
        asked = _calibrate(index, questions)
        note(index, tried, made=True)
    except QAError as error:
        _say(f"not calibrated: {error}")
        with suppress(QAError):
            note(index, tried, made=False)
        return
    except KeyboardInterrupt:
        _say("qa: Interrupted: the index is built, but not calibrated; the same command calibrates it.")
        sys.exit(_INTERRUPTED)
    click.echo(f"Calibrated on {count(asked, 'question')} of {questions}.")


def _calibrate(index: Path, questions: Path) -> int:
    """Store a calibration on these questions, which keeps the promise of the one before; return how many counted."""
    from qa.confidence import DEFAULT_PROMISE
    from qa.errors import IndexDamaged
    from qa.evaluation.calibrating import calibrate_on_set
    from qa.index import load_calibration, open_index, save_calibration

    with Progress(_say) as progress:
        opened = open_index(index, with_own_calibration=False)
        made, gain, _ = calibrate_on_set(
            opened, questions, progress=lambda done, total: progress("Calibrating", done, total)
        )
    promise = DEFAULT_PROMISE
    with suppress(IndexDamaged):
        before = load_calibration(index, opened.manifest)
        promise = before.promise if before else promise
    save_calibration(index, replace(made, promise=promise))
    return gain.questions


def _list_changes(task: _Task) -> None:
    """Print what a build would do, a line a file."""
    from qa.building import find_changes

    changes = find_changes(task.corpora, task.index, task.settings)
    for sign, sources in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
        for source in sources:
            _echo_path(f"{sign} {source}")
    counts = ((changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed"))
    summary = ", ".join(f"{len(sources):,} {word}" for sources, word in counts)
    why = f"; all is written anew, for {changes.elsewhere}" if changes.elsewhere else ""
    click.echo(f"{summary}, {changes.unchanged:,} unchanged{why}.")
    if changes.removals.are_many and not task.remove:
        _say(f"{changes.removals.told('would go')}: `qa index` does that only with --remove.")
    elif changes.removals.documents:
        _say(f"{changes.removals.told('would go')}.")


def _echo_path(line: str) -> None:
    from qa.terminal import printable

    click.echo(printable(line))


def _watch(task: _Task, wait: bool) -> None:
    """Build, and again after each change, until interrupted. What a build refuses is told once, and the next change
    tried."""
    from qa.watching import Watch

    with Watch(task.corpora, task.index) as watch:  # before the first build, during which texts can change
        _build(task, wait)
        _say(f"Watching {', '.join(map(str, task.corpora))}: Ctrl+C ends it.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        refused = ""
        while _waited(watch):
            try:
                _build(task, wait=True, quiet=True)
                refused = ""
            except QAError as error:
                if str(error) != refused:
                    _say(f"qa: {error}")
                refused = str(error)


def _waited(watch: "Watch") -> bool:
    """Whether something has changed; not when the waiting was interrupted, which ends it."""
    try:
        watch.wait()
    except KeyboardInterrupt:
        return False
    return True


@cli.command()
@_index_option
@_refusing
def check(index: Path) -> None:
    """Compare every file of the index with its checksum, and name the first that is damaged.

    Ends with status 1 where a generation is damaged, the current one or an older one, where the current one is of
    another format, or where the index's own calibration is damaged.
    """
    from qa.errors import IndexDamaged
    from qa.generations import all_generations, current_generation

    current = current_generation(index)
    problems: list[QAError] = []
    for generation in all_generations(index):
        try:
            click.echo(_checked(generation, current))
        except QAError as error:
            problems.append(error)
    try:
        _check_calibration(index)
    except IndexDamaged as error:
        problems.append(error)
    for problem in problems:
        _say(f"qa: {problem}")
    if problems:
        sys.exit(1)


def _checked(generation: Path, current: Path) -> str:
    """Return what a whole generation holds and how it is searched. Raises IndexDamaged, and for the one that answers
    IndexMismatch where another version wrote it."""
    from qa.errors import IndexMismatch
    from qa.generations import verify
    from qa.index import Generation

    answers = ", which answers" if generation == current else ""
    verify(generation)
    try:
        opened = Generation(generation)
    except IndexMismatch:
        if generation == current:
            raise
        return f"Generation {generation.name}: whole, of another version, which this one cannot read."
    told = f"{count(len(opened.passages), 'passage')}, {opened.store.structure}"
    for _ in opened.documents():
        pass
    opened.close()
    return f"Generation {generation.name}{answers}: whole, {told}."


def _check_calibration(index: Path) -> None:
    """Print whether the index's own calibration is whole; nothing where it has none. Raises IndexDamaged."""
    from qa.index import CALIBRATION, read_own_calibration

    found = read_own_calibration(index)
    if found is not None:
        click.echo(f"{CALIBRATION}: whole, made on {count(sum(found.questions.values()), 'question')}.")


@cli.command()
@click.argument("question", nargs=-1, required=True)
@click.option(
    "-k",
    type=click.IntRange(1, MAX_K),
    default=DEFAULT_K,
    show_default=True,
    help="How many passages to show.",
)
@click.option(
    "--json", "as_json", is_flag=True, envvar="QA_ASK_JSON", help="Print the answer as the HTTP API gives it."
)
@click.option("--explain", is_flag=True, help="Print why each term has its state, and what makes up the confidence.")
@_source_option
@_title_option
@_risk_option
@_miss_option
@_index_option
@_refusing
def ask(question: tuple[str, ...], k: int, as_json: bool, explain: bool, index: Path, **given: Any) -> None:
    """Answer QUESTION: first what the texts do not have, then the passages nearest to it, each with its place.

    Matched words are underlined on a terminal and stand between *asterisks* elsewhere; the sentence that matches best
    is set off, between >> and << elsewhere.

    \b
    Examples:
      qa ask "What is psychotherapy?"
      qa ask "What is Psychotherapy and social action model?" --json
      qa ask "What is empathy?" --source corpus/person --title "person-centered"
    """
    asked = _one_question(question)
    from qa.embedders import prepare_embedder
    from qa.generations import current_generation

    with suppress(QAError):  # which opening the index tells
        prepare_embedder(current_generation(index))  # first: it compiles while the rest is imported
    from qa.answering import Answerer
    from qa.confidence import WantedPromise
    from qa.datatypes import Scope
    from qa.index import open_index
    from qa.payload import answer_payload, explanation_payload

    answerer = Answerer(open_index(index), WantedPromise(given["risk"], given["miss"]))
    scope = Scope(given["source"], given["title"])
    answer = answerer.answer(asked, k, scope)
    explanation = answerer.explain(asked, scope) if explain else None
    if as_json:
        explained = {"explanation": explanation_payload(explanation, answer.terms)} if explanation else {}
        click.echo(json.dumps({**answer_payload(answer), **explained}, ensure_ascii=False, indent=2))
        return
    from qa.terminal import render_answer, render_confidence, render_terms

    if explanation:
        render_terms(answer.terms)
        render_confidence(explanation)
    render_answer(answer)


def _one_question(words: Sequence[str]) -> str:
    """Return the question. Raises BadQuestion where it came in several words, or cannot be asked."""
    from qa.limits import check_question

    if len(words) > 1:
        raise BadQuestion(
            f"The question came in {len(words)} pieces: put it in quotation marks, as in `qa ask {_quoted(words)}`."
        )
    return check_question(words[0])


@cli.command()
@click.argument("questions", type=_PATH)
@click.option("--qrels", type=_PATH, help="Judgments. [default: qrels.tsv beside the questions]")
@click.option(
    "-k", type=click.IntRange(1, MAX_K), default=10, show_default=True, help="How many passages an answer has."
)
@click.option("--answers", type=_PATH, help="Write every answer here, one JSON object a line.")
@click.option("--json", "as_json", type=_PATH, help="Write all measures here as JSON.")
@click.option("--report", type=_PATH, help="Write a page here that shows it all.")
@click.option("--compare", "compared", type=_PATH, help="Another run's --answers file to compare with.")
@click.option("--require", "required", multiple=True, help="Fail unless this holds, as in 'ndcg@10>=0.7'. Repeatable.")
@click.option(
    "--least-grade",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Least grade that answers.",
)
@_source_option
@_title_option
@_risk_option
@_miss_option
@_index_option
@_refusing
def evaluate(index: Path, as_json: Path | None, report: Path | None, required: tuple[str, ...], **task: Any) -> None:
    """Answer the set QUESTIONS and tell how well, where it fails, and what the corpus lacks.

    QUESTIONS is .jsonl of {"_id", "text"} with labels, .csv or .tsv with a header, .txt with one question a line, a
    BEIR folder, TREC topics, or SQuAD 2.0 .json. An interrupted evaluation goes on where it ended when the same
    command is given again.

    \b
    Examples:
      qa evaluate questions.txt --report report.html
      qa evaluate set/questions.jsonl --answers run.jsonl --json measures.json
      qa evaluate set/questions.jsonl --compare earlier-run.jsonl
      qa evaluate set/questions.jsonl --require 'ndcg@10>=0.7'
    """
    from qa.evaluation.requirements import parse_requirement, ranking_measure_of

    requirements = [parse_requirement(text) for text in required]
    _check_outputs([task["answers"], as_json, report], [task["questions"], task["qrels"], task["compared"]])
    extra = tuple(name for name in map(ranking_measure_of, requirements) if name)
    from qa.answering import Answerer
    from qa.confidence import WantedPromise
    from qa.datatypes import Scope
    from qa.evaluation.evaluating import Task, evaluate, evaluation_payload
    from qa.evaluation.formats import question_file
    from qa.evaluation.report import write_report
    from qa.generations import current_generation
    from qa.index import open_index
    from qa.terminal import render_evaluation

    scope = Scope(task.pop("source"), task.pop("title"))
    wanted = WantedPromise(task.pop("risk"), task.pop("miss"))
    question_file(task["questions"])
    current_generation(index)
    with Progress() as progress:
        evaluation = evaluate(
            Answerer(open_index(index), wanted),
            Task(**task, scope=scope, extra_measures=extra),
            lambda done, total: progress("Answering", done, total),
        )
    _list_left_out(evaluation.problems)
    render_evaluation(evaluation)
    if as_json:
        _write(as_json, json.dumps(evaluation_payload(evaluation), indent=2, ensure_ascii=False) + "\n")
    if report:
        write_report(evaluation, report)
    if task["answers"] is None:
        evaluation.run.unlink(missing_ok=True)
    _check_met(requirements, evaluation)


@cli.command()
@click.argument("questions", type=_PATH, required=False)
@click.option("--qrels", type=_PATH, help="Judgments. [default: qrels.tsv beside the questions]")
@click.option("--least-grade", type=click.IntRange(1), default=1, show_default=True, help="Least grade that answers.")
@click.option("--reset", is_flag=True, help="Forget the index's own calibration, and use the one that is bundled.")
@_risk_option
@_miss_option
@_index_option
@_refusing
def calibrate(
    questions: Path | None, qrels: Path | None, least_grade: int, reset: bool, index: Path, **given: Any
) -> None:
    """Make the confidence mean what it says on your own texts: refit it on the judged set QUESTIONS.

    QUESTIONS is a set as `qa evaluate` reads it, of at least 100 questions that are judged or labelled "answerable", at
    least 20 of them answered by the texts and 20 not. The result is kept in the index, also when that is built again;
    calibrate anew when its texts or the kind of questions have changed much. A running `qa serve` notices.

    \b
    Examples:
      qa calibrate my-questions/questions.jsonl --index my-index
      qa calibrate --reset --index my-index
    """
    from qa.generations import current_generation
    from qa.index import open_index, save_calibration

    current_generation(index)
    if reset and questions:
        raise BadSettings("Give either QUESTIONS to calibrate on, or --reset.")
    if reset:
        save_calibration(index, None)
        click.echo(f"{index} uses the calibration that is bundled.")
        return
    if questions is None:
        raise BadSettings("There is nothing to calibrate on: name a file of judged questions, or give --reset.")
    from qa.confidence import DEFAULT_PROMISE, WantedPromise, keep_promise
    from qa.evaluation.calibrating import calibrate_on_set
    from qa.terminal import promise_words, render_gain

    with Progress() as progress:
        made, gain, problems = calibrate_on_set(
            open_index(index, with_own_calibration=False),
            questions,
            qrels,
            least_grade,
            lambda done, total: progress("Answering", done, total),
        )
    _list_left_out(problems)
    render_gain(gain)
    promise = WantedPromise(given["risk"], given["miss"]).given(DEFAULT_PROMISE)
    save_calibration(index, replace(made, promise=promise))
    if not gain.is_gain:
        click.echo("Refitting gains nothing here: only the verdicts are made anew on these questions.")
    click.echo(promise_words(keep_promise(made.held_out, promise), promise, is_own=True))


def _check_met(requirements: "Sequence[Requirement]", evaluation: "Evaluation") -> None:
    missed = [requirement for requirement in requirements if not requirement.met_by(evaluation.measures)]
    if missed:
        raise RequirementMissed(f"Not met: {', '.join(map(str, missed))}.")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path} cannot be written ({error.strerror}): name another file.") from error


def _check_outputs(outputs: Sequence[Path | None], inputs: Sequence[Path | None]) -> None:
    """Raise BadSettings for a file that cannot be written, or that would take the place of another: before the work."""
    taken = {path.resolve() for path in inputs if path}
    for path in filter(None, outputs):
        if path.resolve() in taken:
            raise BadSettings(f"{path} is named twice, and would be overwritten: name another file.")
        taken.add(path.resolve())
        was_there = path.exists()
        try:
            path.open("ab").close()  # which alone tells whether it can be: rights, full disks, folders in the way
            if not was_there:
                path.unlink()
        except OSError as error:
            raise BadSettings(
                f"{path.absolute()} cannot be written ({error.strerror}): name a file in a folder that is there and "
                "can be written to."
            ) from error


def _list_left_out(problems: Sequence[object]) -> None:
    for problem in problems[:_LISTED]:
        _say(f"left out: {problem}")
    if len(problems) > _LISTED:
        _say(f"left out: {len(problems) - _LISTED} more")


@cli.command()
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
    help="Requests that may wait in each process; more are told to come again (503).",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    help="Name under which the server may be asked beside its address, as that of a proxy; * for any. Repeatable.",
)
@click.option(
    "--reload-token-file",
    type=_PATH,
    help="File with a secret of 8 characters or more: whoever sends it may POST /api/reload. It can also stand in the "
    "variable QA_SERVE_RELOAD_TOKEN.",
)
@click.option(
    "--corpus",
    type=_PATH,
    default=Path("corpus"),
    show_default=True,
    help="What to index first when there is no index.",
)
@_risk_option
@_miss_option
@_index_option
@_embedder_option
@_refusing
def serve(corpus: Path, index: Path, embedder: Path | None, reload_token_file: Path | None, **listening: Any) -> None:
    """Serve a search page and an HTTP API on an index, which is built first when there is none.

    A new generation of the index is answered from within seconds of its being whole; SIGHUP makes it look at once. One
    line is logged for each request, without the question. SIGTERM stops it after the requests under way.

    \b
    Then ask:
      curl 'http://127.0.0.1:8000/api/ask?q=What+is+psychotherapy'
    """
    from qa.settings import load_serve_settings, read_token

    token = read_token(reload_token_file, os.environ.pop("QA_SERVE_RELOAD_TOKEN", None))
    settings = load_serve_settings(**listening, reload_token=token)
    from qa.errors import IndexMissing
    from qa.index import check_index
    from qa.web.server import serve as serve_index

    try:
        manifest = check_index(index)
    except IndexMissing:
        _check_corpus(corpus, index)
        _build_apart(corpus, index, embedder)
        manifest = check_index(index)
    _check_same("corpus", corpus, ", ".join(manifest.corpora), index)
    _check_same("embedder", embedder and embedder.resolve(), manifest.embedder_path, index)
    _say(f"Serving {count(manifest.documents, 'document')} of {', '.join(manifest.corpora)} from {index}.")
    os.environ.setdefault("QA_ENCODER_THREADS", str(max((os.cpu_count() or 1) // settings.workers, 1)))
    sys.exit(serve_index(index, settings))


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
    _say(f"There is no index in {index} yet: building it from {corpus}.")
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


def leave_cores() -> None:
    """Let numpy and FAISS, which are not loaded yet, use one thread each, unless the user says otherwise.

    What they compute for a question is small, and threads of theirs that wait busily take the cores from the encoder's:
    without them a question takes half the time (`benchmarks/README.md`, Speed).
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


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
        _say(
            f"qa: unexpected {type(error).__name__}: {error}. Run it again with QA_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)
