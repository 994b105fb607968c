"""Markdown: one document a file, its headings kept as sections. Offsets are into the file's own characters."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from qa.datatypes import Document, Section
from qa.errors import UnreadableDocument
from qa.readers.text import decode, title_of_name

_LINE_END = re.compile(r"\r\n|\r|\n")  # what CommonMark counts as one


def read_markdown(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document.

    The title is the front matter's, else the only heading of level 1, else the file's name. A section runs from the
    line after its heading to the next heading of any level; front matter is in no section, so it is never quoted.
    """
    text = decode(path.read_bytes(), source)
    tokens = MarkdownIt("commonmark").use(front_matter_plugin).parse(text)
    headings = _headings(tokens)
    title = _front_matter_title(tokens) or _only_top_heading(headings)
    sections = _sections(text, headings, _front_matter_lines(tokens), title)
    if not sections:
        raise UnreadableDocument(source, "has headings only, and no text below them")
    yield Document(id=source, title=title or title_of_name(path), text=text, source=source, sections=sections)


def _headings(tokens: list[Token]) -> list[tuple[str, int, int, int]]:
    """Return (heading, level, first line, line after) of every heading that stands in the text's own flow."""
    found = []
    for token, inline in itertools.pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            plain = "".join(c.content for c in inline.children or [] if c.type in {"text", "code_inline"})
            found.append((" ".join(plain.split()), int(token.tag[1]), token.map[0], token.map[1]))
    return found


def _only_top_heading(headings: list[tuple[str, int, int, int]]) -> str | None:
    top = [heading for heading, level, *_ in headings if level == 1]
    return top[0] if len(top) == 1 else None


def _front_matter_title(tokens: list[Token]) -> str | None:
    """Return ``title:`` of the front matter; None where there is none, or it is not YAML."""
    if not tokens or tokens[0].type != "front_matter":
        return None
    try:
        fields = yaml.safe_load(tokens[0].content)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    title = fields.get("title") if isinstance(fields, dict) else None
    return " ".join(title.split()) or None if isinstance(title, str) else None


def _front_matter_lines(tokens: list[Token]) -> int:
    first = tokens[0] if tokens else None
    return first.map[1] if first and first.type == "front_matter" and first.map else 0


def _sections(
    text: str, headings: list[tuple[str, int, int, int]], first_line: int, title: str | None
) -> tuple[Section, ...]:
    starts = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
    last = len(starts) - 1
    ends = [*(heading[2] for heading in headings[1:]), last][: len(headings)]
    before = headings[0][2] if headings else last
    sections = [Section("", 0, starts[first_line], starts[before])]
    for (heading, level, _, body), end in zip(headings, ends, strict=True):
        shown = "" if level == 1 and heading == title else heading
        sections.append(Section(shown, level, starts[body], starts[end]))
    return tuple(section for section in sections if text[section.start : section.end].strip())
