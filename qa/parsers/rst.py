"""reStructuredText: one document a file, its text as docutils shows it, its headings kept as sections.

What Sphinx adds to the language is read for its text: of a role what stands in it, of a directive what stands under it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.checks import read_whole
from qa.parsers.encodings import decode_any
from qa.parsers.html import quotable, text_of_html, under_title
from qa.parsers.text import title_of_name

_LONGEST = 1_000_000  # characters, for which docutils takes half a minute
_MOST_SQUARED = 1_000_000_000  # of the lengths of paragraphs, with which the time for marks in a line grows: 20 s
_MOST_BLOCKS = 10_000  # that blank lines part; each takes it a millisecond, however short

# Neither files nor raw markup are put in, and what is wrong is left as it is.
_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "initial_header_level": 1,
    "line_length_limit": _LONGEST,  # else a file with a longer line is left out whole
    "math_output": "LaTeX",
    "raw_enabled": False,
    "report_level": 5,
    "syntax_highlight": "none",
    "toc_backlinks": False,
}

_BLANK = re.compile(r"\n[ \t\r]*+\n")
_ROLE = re.compile(
    r"(?<![`:\w]):(?:[\w.+-]{1,40}:)?(?P<role>[\w.+-]{1,40}):`(?P<text>[^`]{1,1000}?)(?:<[^`<>]{1,1000}>)?`"
)
_AS_WRITTEN = frozenset({"command", "envvar", "file", "guilabel", "kbd", "option", "program", "samp"})
_SHORTENED = re.compile(r"[~!.]{0,2}[\w.]+(?:\(\))?")
_RAW_NAME = re.compile(r"^\.\. \|([^|\n]{1,40})\| raw::", re.MULTILINE)  # of what is no text
_MOST_RAW = 20
_DIRECTIVE = re.compile(r"^[ \t]*\.\. ([\w:+-]{1,40})::", re.MULTILINE)
_LISTS = frozenset({"toctree", "index", "contents"})  # of what stands elsewhere


def read_rst(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document.

    The title is the only heading of level 1, else the file's name.
    """
    decoded = decode_any(read_whole(path, source), source)
    if len(decoded.text) > _LONGEST:
        raise UnreadableDocument(source, f"has over {_LONGEST:,} characters: split it")
    paragraphs = _BLANK.split(decoded.text)
    if len(paragraphs) > _MOST_BLOCKS:
        raise UnreadableDocument(source, f"has over {_MOST_BLOCKS:,} paragraphs: split it")
    if sum(len(paragraph) ** 2 for paragraph in paragraphs) > _MOST_SQUARED:
        raise UnreadableDocument(source, "has paragraphs that are too long: part them with blank lines")
    found = quotable(text_of_html(_page(decoded.text), source), source)
    title = found.title or title_of_name(path)
    sections = under_title(found.sections, title)
    yield Document(id=source, title=title, text=found.text, source=source, sections=sections, guess=decoded.guess)


def _page(text: str) -> str:
    from docutils.core import publish_parts  # takes a fifth of a second

    for name in set(_DIRECTIVE.findall(text)):
        _know(name)
    parts = publish_parts(_plainer(text), writer="html5", settings_overrides=_SETTINGS)
    return str(parts["body"])


def _plainer(text: str) -> str:
    """Return a text with what stands in its roles in place of them, and without what stands for raw markup."""
    for name in list(dict.fromkeys(_RAW_NAME.findall(text)))[:_MOST_RAW]:
        text = re.sub(rf"(?<!\.\. )(?<!\w)\|{re.escape(name)}\|(?!\w)", "", text)
    return _ROLE.sub(_in_role, text)


def _in_role(found: re.Match[str]) -> str:
    """Return what Sphinx shows of a role: of "~module.name" the name, of "A --> B" the way through a menu."""
    text = found["text"].strip()
    if found["role"] == "menuselection":
        return text.replace("-->", "‣")
    is_reference = found["role"] not in _AS_WRITTEN
    if is_reference and text.startswith(("~", "!")) and _SHORTENED.fullmatch(text):
        return text.rpartition(".")[2] if text.startswith("~") else text[1:]
    return text


@cache
def _know(name: str) -> None:
    """Let docutils know a directive that it has not: its argument and its content are text, its options are not."""
    from docutils import nodes
    from docutils.languages import get_language
    from docutils.parsers.rst import Directive, directives
    from docutils.statemachine import StringList
    from docutils.utils import new_document

    known, _ = directives.directive(name, get_language("en"), new_document(""))
    if known is not None and name not in _LISTS:
        return

    class AnyDirective(Directive):
        has_content = True
        optional_arguments = 1
        final_argument_whitespace = True
        option_spec: ClassVar[Any] = defaultdict(lambda: directives.unchanged)

        def run(self) -> list[nodes.Node]:
            if name in _LISTS:
                return []
            held = nodes.container()
            argument = [line.strip() for line in self.arguments[0].splitlines()] if self.arguments else []
            said = [*argument, "", *self.content]
            self.state.nested_parse(StringList(said, source=""), self.content_offset, held)
            return [held]

    directives.register_directive(name, AnyDirective)
