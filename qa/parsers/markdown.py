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
from qa.parsers.blobs import without_blobs
from qa.parsers.checks import LONGEST_TITLE, read_whole
from qa.parsers.text import decode, title_of_name, whole_characters

_MOST_ALIASES = 20
_MOST_LINES = 100_000  # a thousand pages of prose have forty thousand
_MOST_TOKENS = 300_000  # of the parser, two to five for a block; each takes half a kilobyte
_LONGEST_HEADING = 2_000  # characters with their markup
_LONGEST_FRONT_MATTER = 64_000  # characters; the parser of YAML takes a second for them
_TEXT = "tag:yaml.org,2002:str"

_parser = MarkdownIt("commonmark").use(front_matter_plugin)

_LINE_END = re.compile(r"\r\n|\r|\n")  # what CommonMark counts as one


def read_markdown(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document.

    The title is the front matter's, else the only heading of level 1, else the file's name; other names of the subject
    are the front matter's. A section runs from the line after its heading to the next heading of any level; front
    matter is in no section, so it is never quoted.
    """
    text = decode(read_whole(path, source), source)
    if len(starts := _line_starts(text)) > _MOST_LINES:
        raise UnreadableDocument(source, f"has over {_MOST_LINES:,} lines: split it")
    tokens, references = _blocks(text, source)
    headings = _headings(tokens, references)
    fields = _front_matter(tokens)
    title = _title_of(fields) or _only_top_heading(headings)
    sections = _sections(text, starts, headings, _front_matter_lines(tokens), title)
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


class _Tokens(list[Token]):
    """The blocks of a text, bounded: they take more memory than the text itself."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    def append(self, token: Token) -> None:
        """Add one. Raises UnreadableDocument when there are too many."""
        if len(self) >= _MOST_TOKENS:
            raise UnreadableDocument(self._source, f"has over {_MOST_TOKENS // 4:,} paragraphs and items: split it")
        super().append(token)


def _blocks(text: str, source: str) -> tuple[list[Token], dict[str, Any]]:
    """Return the blocks of a text, and what its links refer to. What is within paragraphs is not parsed: of that, only
    headings matter."""
    tokens, references = _Tokens(source), dict[str, Any]()
    _parser.block.parse(_LINE_END.sub("\n", text), _parser, references, tokens)
    return tokens, references


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def _headings(tokens: list[Token], references: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    """Return (heading, level, first line, line after) of every heading that stands in the text's own flow."""
    return [
        (_plain(inline.content, references), int(token.tag[1]), token.map[0], token.map[1])
        for token, inline in itertools.pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def _plain(heading: str, references: dict[str, Any]) -> str:
    """Return a heading without its markup, cut to what is shown."""
    (inline,) = _parser.parseInline(without_blobs(heading)[:_LONGEST_HEADING], references)
    plain = "".join(c.content for c in inline.children or [] if c.type in {"text", "code_inline"})
    return " ".join(plain.split())[:LONGEST_TITLE]


def _only_top_heading(headings: list[tuple[str, int, int, int]]) -> str | None:
    top = [heading for heading, level, *_ in headings if level == 1]
    return top[0] if len(top) == 1 else None


def _front_matter(tokens: list[Token]) -> dict[str, yaml.Node]:
    """Return the fields of the front matter as they are written; none where there is none, or it is not YAML.

    Nothing is made of them but texts: to make what YAML can say takes time and memory without bounds.
    """
    if not tokens or tokens[0].type != "front_matter" or len(tokens[0].content) > _LONGEST_FRONT_MATTER:
        return {}
    try:
        found = yaml.compose(tokens[0].content, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    if not isinstance(found, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in found.value if isinstance(key, yaml.ScalarNode)}


def _text_of(field: yaml.Node | None) -> str:
    """Return a field on one line, "" where it is no text."""
    if not isinstance(field, yaml.ScalarNode) or field.tag != _TEXT:
        return ""
    return " ".join(whole_characters(field.value).split())


def _title_of(fields: Mapping[str, yaml.Node]) -> str | None:
    title = _text_of(fields.get("title"))
    return title if 0 < len(title) <= LONGEST_TITLE else None


def _aliases_of(fields: Mapping[str, yaml.Node]) -> tuple[str, ...]:
    """Return the other names that the front matter gives, the first few where it gives too many to be names."""
    given = fields.get("aliases")
    names = [_text_of(name) for name in given.value] if isinstance(given, yaml.SequenceNode) else []
    return tuple(name for name in names if 0 < len(name) <= LONGEST_TITLE)[:_MOST_ALIASES]


def _front_matter_lines(tokens: list[Token]) -> int:
    first = tokens[0] if tokens else None
    return first.map[1] if first and first.type == "front_matter" and first.map else 0


def _sections(
    text: str,
    line_starts: list[int],
    headings: list[tuple[str, int, int, int]],
    first_line: int,
    title: str | None,
) -> tuple[Section, ...]:
    starts = [*line_starts, len(text)]
    last = len(starts) - 1
    ends = [*(heading[2] for heading in headings[1:]), last][: len(headings)]
    before = headings[0][2] if headings else last
    sections = [Section("", 0, starts[first_line], starts[before])]
    for (heading, level, _, body), end in zip(headings, ends, strict=True):
        shown = "" if level == 1 and heading == title else heading
        sections.append(Section(shown, level, starts[body], starts[end]))
    return tuple(section for section in sections if text[section.start : section.end].strip())
