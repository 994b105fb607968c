"""Markdown: one document a file, its headings kept as sections. Offsets are into the file's own characters."""

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from qa.datatypes import Document, Section
from qa.errors import UnreadableDocument
from qa.readers.checks import LONGEST_TITLE
from qa.readers.text import decode, title_of_name

_MOST_ALIASES = 20

_LINE_END = re.compile(r"\r\n|\r|\n")  # what CommonMark counts as one


def read_markdown(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document.

    The title is the front matter's, else the only heading of level 1, else the file's name; other names of the subject
    are the front matter's. A section runs from the line after its heading to the next heading of any level; front
    matter is in no section, so it is never quoted.
    """
    text = decode(path.read_bytes(), source)
    tokens = MarkdownIt("commonmark").use(front_matter_plugin).parse(text)
    headings = _headings(tokens)
    fields = _front_matter(tokens)
    title = _title_of(fields) or _only_top_heading(headings)
    sections = _sections(text, headings, _front_matter_lines(tokens), title)
    if not sections:
        raise UnreadableDocument(source, "has headings only, and no text below them")
    yield Document(
        id=source,
        title=title or title_of_name(path),
        text=text,
        source=source,
        sections=sections,
        aliases=_aliases_of(fields),
    )


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


def _front_matter(tokens: list[Token]) -> dict[str, Any]:
    """Return the fields of the front matter; none where there is none, or it is not YAML."""
    if not tokens or tokens[0].type != "front_matter":
        return {}
    try:
        fields = yaml.safe_load(tokens[0].content)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _title_of(fields: Mapping[str, Any]) -> str | None:
    title = fields.get("title")
    return " ".join(title.split()) or None if isinstance(title, str) else None


def _aliases_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the other names that the front matter gives, the first few where it gives too many to be names."""
    given = fields.get("aliases")
    names = [" ".join(name.split()) for name in given if isinstance(name, str)] if isinstance(given, list) else []
    return tuple(name for name in names if 0 < len(name) <= LONGEST_TITLE)[:_MOST_ALIASES]


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
