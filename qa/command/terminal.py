"""An Answer or an Evaluation for a person at a terminal. Called by ``cli`` alone."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from qa.answers.answering import Explanation, marked_segments
from qa.answers.notes import answer_places, part_title, shown_confidence, verdict_words, whole_title
from qa.answers.places import copies_in_words, name_of, place_of
from qa.answers.reasons import reason_in_words
from qa.answers.verdicts import Thresholds
from qa.datatypes import Answer, QuotedPassage, TermReport
from qa.indexing.calibration import Promise
from qa.plurals import count

if TYPE_CHECKING:  # what measures is heavy, and asking needs none of it
    from qa.evaluation.calibrating import Gain
    from qa.evaluation.comparing import Comparison
    from qa.evaluation.evaluating import Evaluation
    from qa.evaluation.gaps import Gap

_PLAIN_WIDTH = 100
_BEST_STYLE = "on bright_black"


def printable(text: str) -> str:
    """Return the text with control characters made visible, so that neither a corpus nor a path can steer the
    terminal; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or _shows(c) else "\ufffd" for c in text)


def _shows(character: str) -> bool:
    return " " <= character <= "~" or (ord(character) >= 0xA0 and unicodedata.category(character) != "Cf")


def render_answer(answer: Answer, console: Console | None = None) -> None:
    """Print the answer."""
    console = console or Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    for block in _blocks(answer, console.is_terminal):
        console.print(block)


def _blocks(answer: Answer, styled: bool) -> list[RenderableType]:
    if answer.signpost:
        said = Text(printable(answer.signpost), style="bold")
        blocks: list[RenderableType] = [Panel(said, border_style="red") if styled else said, Text()]
    else:
        blocks = [*_note(answer, styled)]
        blocks.append(
            Text(f"{verdict_words(answer.verdict)} (confidence {shown_confidence(answer.confidence):.2f}).\n")
        )
        blocks += _answer(answer)
    if answer.parts:
        blocks.append(Text(whole_title(), style="bold"))
    blocks += [_passage(found, styled) for found in answer.passages]
    for part in answer.parts:
        blocks.append(Text(part_title(part.terms), style="bold"))
        blocks += [_passage(found, styled) for found in part.passages] or [Text("   No passage.\n")]
    return [*blocks, Text(printable(answer.notice), style="dim")] if answer.notice else blocks


def _answer(answer: Answer) -> list[RenderableType]:
    """Return the words that may answer, and the passages that they stand in."""
    if answer.answer is None:
        return []
    words = printable(" ".join(answer.answer.text.split()))
    return [Text.assemble("Perhaps in these words: ", (f"“{words}”", "bold"), f", {answer_places(answer)}.\n")]


def _note(answer: Answer, styled: bool) -> list[RenderableType]:
    sentences = [Text(printable(text)) for text in (answer.note, answer.clarification) if text]
    if not sentences:
        return []
    return [Panel(Group(*sentences), border_style="yellow")] if styled else [*sentences, Text()]


def _passage(found: QuotedPassage, styled: bool) -> RenderableType:
    passage = found.passage
    place = f"{place_of(passage)}, cosine {found.cosine:.2f}"
    if found.copies:
        place += f"\nThe same words: {copies_in_words(found.copies)}"
    body = _styled_body(found) if styled else Text(_plain_body(found))
    head = Text.assemble((f"{found.rank}. ", "dim"), (printable(name_of(passage)), "bold cyan"))
    return Group(
        head,
        Padding(body, (0, 0, 0, 3), expand=False),
        Padding(Text(printable(place), style="dim"), (0, 0, 1, 3), expand=False),
    )


def _styled_body(found: QuotedPassage) -> Text:
    body = Text()
    for stretch, marked, best in marked_segments(found):
        style = "bold underline" if marked else ""
        body.append(printable(stretch), style=f"{style} {_BEST_STYLE}".strip() if best else style)
    return body


def _plain_body(found: QuotedPassage) -> str:
    """Return the text with *marked* words and the >>best sentence<<."""
    shown, inside = [], False
    for stretch, marked, best in [*marked_segments(found), ("", False, False)]:
        if best != inside:
            shown.append(">>" if best else "<<")
            inside = best
        shown.append(f"*{printable(stretch)}*" if marked else printable(stretch))
    return "".join(shown)


def render_terms(reports: Sequence[TermReport], console: Console | None = None) -> None:
    """Print the terms of a question, each with its state and the reason for it."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    if not reports:
        console.print(Text("The question has no terms: it consists of words that only ask.\n"))
        return
    table = _table("Terms of the question", "term", "state", "reason")
    for report in reports:
        table.add_row(
            *(Text(printable(text)) for text in (report.term.text, str(report.state), reason_in_words(report)))
        )
    console.print(table, Text(), sep="\n")


def render_confidence(explained: Explanation, console: Console | None = None) -> None:
    """Print what the confidence is made of, and what the verdicts promise."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    table = _table(
        f"Confidence {shown_confidence(explained.confidence):.2f}, from log odds that add up", "signal", "value", "adds"
    )
    table.add_row(Text("start"), "", f"{explained.intercept:+.2f}")
    for name, (value, added) in sorted(explained.signals.items(), key=lambda item: -abs(item[1][1])):
        table.add_row(Text(name.replace("_", " ")), f"{value:.2f}", f"{added:+.2f}")
    console.print(table, Text(), sep="\n")
    console.print(Text(f"{promise_words(explained.thresholds, explained.promise, explained.is_own)}\n"))


def promise_words(thresholds: Thresholds, promise: Promise, is_own: bool) -> str:
    """Return what the verdicts promise, in sentences: nothing by a calibration that is not of the owner's questions."""
    answered, missing = thresholds.answered, thresholds.not_in_corpus
    risk, miss = promise.risk * 100, promise.miss * 100
    if not is_own:
        bounds = [
            *([f"answered from {answered:.2f} on, where no term is missing"] if answered is not None else []),
            *([f"not in the corpus below {missing:.2f}"] if missing is not None else []),
        ]
        return (
            f"By the bundled calibration, {' and '.join(bounds) or 'always uncertain'}. That comes of nine question "
            "sets and promises nothing for these texts: `qa calibrate` does, on questions of your own."
        )
    doubt = "" if thresholds.answered_proven else "the questions at hand do not prove that "
    few = " among the questions at hand, which are too few to promise it for others"
    proven = [
        *(["The first"] if answered is not None and thresholds.answered_proven else []),
        *(["The second"] if missing is not None and thresholds.missing_proven else []),
    ]
    promised = "Both" if len(proven) > 1 else "".join(proven)
    return " ".join(
        [
            f"Answered from {answered:.2f} on, where no term is missing: {doubt}at most {risk:g} % of these are wrong."
            if answered is not None
            else f"No threshold keeps the share of wrong answers under {risk:g} %, so nothing is called answered.",
            f"Not in the corpus below {missing:.2f}: at most {miss:g} % of these are answered after all"
            f"{'' if thresholds.missing_proven else few}."
            if missing is not None
            else f"No threshold keeps the share of missed answers under {miss:g} %, so nothing is called not in the "
            "corpus.",
            *(
                [f"{promised} in the long run and with 95 % confidence, for questions like those of the calibration."]
                if promised
                else []
            ),
        ]
    )


def render_gain(gain: "Gain", console: Console | None = None) -> None:
    """Print what a calibration gained on its own questions."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    wrong = gain.questions - gain.right
    console.print(Text(f"{count(gain.questions, 'question')}: {gain.right:,} answered, {wrong:,} not.\n"))
    table = _table("Measures on questions held out of the fit", "measure", "before", "after")
    for name in ("auroc", "ece", "brier"):
        before, after = getattr(gain, name)
        table.add_row(name, f"{before:.3f}", f"{after:.3f}")
    console.print(table, Text(), sep="\n")


# --- evaluations ---------------------------------------------------------------------------------------------

_SHOWN_GAPS = 10
_LEFT = {"measure", "signal", "term", "state", "reason", "for example"}


def render_evaluation(evaluation: "Evaluation", console: Console | None = None) -> None:
    """Print an evaluation: what was asked, its measures, a comparison where there is one, and the coverage gaps."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    verdicts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in evaluation.verdicts.items())
    console.print(Text(f"{count(evaluation.questions, 'question')}: {verdicts}.\n"))
    if evaluation.measures:
        console.print(_measures_table(evaluation))
    else:
        console.print(Text("The set has no judgments and no labels, so there is nothing to measure."))
    if evaluation.comparison and evaluation.comparison.differences:
        console.print(_comparison_table(evaluation.comparison))
    elif evaluation.comparison:
        console.print(Text("No question has a measure in both runs, so there is nothing to compare."))
    if evaluation.gaps:
        console.print(_gaps_table(evaluation.gaps))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.min_width = len(title)  # so that it is one line
    for column in columns:
        table.add_column(column, justify="left" if column in _LEFT else "right")
    return table


def _measures_table(evaluation: "Evaluation") -> Table:
    table = _table("Measures, with 95 % intervals", "measure", "value", "low", "high", "questions")
    for name, found in evaluation.measures.items():
        numbers = (f"{value:.4f}" for value in (found.value, found.low, found.high))
        table.add_row(name, *numbers, f"{found.questions:,}")
    return table


def _comparison_table(comparison: "Comparison") -> Table:
    table = _table("Compared with the other run", "measure", "this", "other", "difference", "p", "wins", "losses")
    for name, found in comparison.differences.items():
        difference = f"{found.this - found.other:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"
        numbers = (f"{found.this:.4f}", f"{found.other:.4f}", difference, f"{found.p:.4f}")
        table.add_row(name, *numbers, str(found.wins), str(found.losses))
    return table


def _gaps_table(gaps: "Sequence[Gap]") -> Table:
    title = f"Coverage gaps: asked for, and not in the texts ({len(gaps):,} in all)"
    table = _table(title, "term", "questions", "for example")
    for gap in gaps[:_SHOWN_GAPS]:
        table.add_row(*(Text(printable(text)) for text in (gap.term, str(gap.questions), gap.examples[0])))
    return table
