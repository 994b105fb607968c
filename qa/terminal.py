"""An Answer for a person at a terminal: the note first, then the passages. Called by ``cli`` alone."""

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from qa.answering import marked_segments
from qa.datatypes import Answer, QuotedPassage
from qa.notes import VERDICT_WORDS, part_title

_PLAIN_WIDTH = 100


def printable(text: str) -> str:
    """Return the text with control characters made visible, so that neither a corpus nor a path can steer the
    terminal; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or ord(c) >= 0xA0 or " " <= c <= "~" else "\ufffd" for c in text)


def render_answer(answer: Answer, console: Console | None = None) -> None:
    """Print the answer."""
    console = console or Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    for block in _blocks(answer, console.is_terminal):
        console.print(block)


def _blocks(answer: Answer, styled: bool) -> list[RenderableType]:
    blocks: list[RenderableType] = [*_note(answer, styled)]
    blocks.append(Text(f"{VERDICT_WORDS[answer.verdict]} (confidence {answer.confidence:.2f}).\n"))
    for part in answer.parts:
        blocks.append(Text(part_title(part.terms), style="bold"))
        blocks += [_passage(found, styled) for found in part.passages] or [Text("   No passage.\n")]
    if answer.parts:
        blocks.append(Text("Nearest to the whole question", style="bold"))
    return blocks + [_passage(found, styled) for found in answer.passages]


def _note(answer: Answer, styled: bool) -> list[RenderableType]:
    sentences = [Text(printable(text)) for text in (answer.note, answer.clarification) if text]
    if not sentences:
        return []
    return [Panel(Group(*sentences), border_style="yellow")] if styled else [*sentences, Text()]


def _passage(found: QuotedPassage, styled: bool) -> RenderableType:
    passage = found.passage
    title = " › ".join(part for part in (passage.title or passage.document_id, passage.heading) if part)
    place = f"{passage.source}, characters {passage.start}-{passage.end}, cosine {found.cosine:.2f}"
    body = Text()
    for stretch, marked in marked_segments(found):
        clean = printable(stretch)
        body.append(clean if styled or not marked else f"*{clean}*", style="bold underline" if marked else "")
    head = Text.assemble((f"{found.rank}. ", "dim"), (printable(title), "bold cyan"))
    return Group(
        head,
        Padding(body, (0, 0, 0, 3), expand=False),
        Padding(Text(printable(place), style="dim"), (0, 0, 1, 3), expand=False),
    )
