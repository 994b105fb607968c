"""Text as it is shown -> the lines of its file on which it stands, so that a quote can be found there."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from pyromark import Options, events_with_range

from qa.datatypes import SourceLines
from qa.parsers.line_ends import Parted
from qa.parsers.raised import without_raised_marks

_LINE_END = re.compile(r"\n")
_SLACK = 8  # characters between words that only the page has, such as those that part the cells of a table
_FARTHEST = 20_000  # characters in which words are sought behind markup that hides nothing
_LEAST = 3  # characters of words that are sought so far off; fewer stand anywhere
_BETWEEN = re.compile(r"[^<>]++(?=<|\Z)")  # tags
_SPACES = re.compile(r"\s+")


def lines_of_text(written: str, parted: Sequence[Parted] = ()) -> SourceLines:
    """Return the lines of a text that is shown as it is written, but for the words that line ends part."""
    starts = array("I", [0, *(end.end() for end in _LINE_END.finditer(written))])
    cut, words = 0, iter([*parted, Parted(len(written) + 1, len(written) + 1, "")])
    word = next(words)
    for number, start in enumerate(starts):
        while word.end <= start:
            cut += word.end - word.start - len(word.hyphen)
            word = next(words)
        within = max(start - word.start, 0)  # of the line end that parts a word, which goes
        starts[number] = start - cut - within + (len(word.hyphen) if within else 0)
    return SourceLines(starts, array("I", range(1, len(starts) + 1)))


def lines_of_markdown(written: str, shown: str, options: Options, start: int = 0) -> SourceLines:
    """Return the lines on which the text that is shown stands in its Markdown, which begins at ``written[start]``.

    The words of both come in one order, so each stretch of words is sought behind the one before, no farther than in
    the source; one that is not shown is passed over. What is found stands in the source so, but for white space.
    """
    ends = [end.start() for end in _LINE_END.finditer(written)]
    starts, numbers = array("I"), array("I")
    reached = passed = 0  # in what is shown, and in the source
    for raised, place in _words(written[start:], options):
        words = without_raised_marks(raised)
        away = min(place - passed, _FARTHEST) if len(words) >= _LEAST else 0
        end = reached + away + len(words) + _SLACK
        found = max(shown.find(words, reached, end), shown.find(_SPACES.sub(" ", words), reached, end))
        if found < 0:
            continue
        line = bisect_left(ends, start + place) + 1
        if not numbers or numbers[-1] < line:
            starts.append(found)
            numbers.append(line)
        reached, passed = found + len(words), place + len(words)
    return SourceLines(starts, numbers)


def _words(markdown: str, options: Options) -> Iterator[tuple[str, int]]:
    """Yield the stretches of words of a Markdown text within its lines, and where each stands in it."""
    for words, place in _characters(markdown, _texts(markdown, options)):
        first = 0
        for line in words.split("\n"):
            if line.strip():
                yield line.strip(), place + first
            first += len(line) + 1


def _texts(markdown: str, options: Options) -> Iterator[tuple[str, int]]:
    """Yield what the Markdown's own text is, and the byte at which each piece stands."""
    struck = 0
    for event, place in events_with_range(markdown, options=options):
        if not isinstance(event, dict):
            continue
        ((kind, value),) = event.items()
        if value == "Strikethrough":
            struck += 1 if kind == "Start" else -1
        elif kind in {"Text", "Code"} and not struck:
            yield str(value), place["start"]
        elif kind == "Html":
            for found in _BETWEEN.finditer(str(value)):
                yield found[0], place["start"] + len(str(value)[: found.start()].encode())


def _characters(markdown: str, texts: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Yield the texts with their places in characters in place of bytes."""
    if markdown.isascii():
        yield from texts
        return
    encoded = markdown.encode()
    characters = at = 0
    for text, place in texts:
        if place >= at:
            characters += len(encoded[at:place].decode())
            at = place
            yield text, characters
