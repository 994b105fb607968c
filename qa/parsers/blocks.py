"""Blocks of text, one after the other, and where the headings among them stand."""

from dataclasses import dataclass, field

from qa.parsers.checks import LONGEST_TITLE
from qa.parsers.html import HtmlText, only_top_heading, sections_between


@dataclass
class Blocks:
    """Writes the text of a document block by block."""

    pieces: list[str] = field(default_factory=list)
    headings: list[tuple[str, int, int, int]] = field(default_factory=list)
    length: int = 0

    def write(self, block: str, gap: str = "\n\n") -> None:
        """Write a block behind a gap, nothing for an empty one."""
        if block:
            before = gap if self.length else ""
            self.pieces += [before, block]
            self.length += len(before) + len(block)

    def head(self, heading: str, level: int) -> None:
        """Write a heading, under which stands what is written from now on."""
        line = " ".join(heading.split())
        if line:
            self.write(line)
            self.headings.append((line[:LONGEST_TITLE], level, self.length - len(line), self.length))

    def shown(self) -> HtmlText:
        """Return what was written, with its only heading of level 1 as the title."""
        text = "".join(self.pieces)
        return HtmlText(only_top_heading(self.headings), text, sections_between(text, self.headings))
