"""Markdown: one document a file, its text as it is shown, its headings kept as sections.

The file is rendered as a page (CommonMark, with the tables, notes, struck-out text, wiki links and attributes of
headings that other renderers know), and read as one: what a reader of the page does not see is not quoted.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from pyromark import Options, html

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.checks import read_whole
from qa.parsers.encodings import decode_any
from qa.parsers.front_matter import read_front_matter
from qa.parsers.html import DEEPEST, quotable, text_of_html, under_title
from qa.parsers.source_lines import lines_of_markdown
from qa.parsers.text import title_of_name

_OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_DEFINITION_LIST
    | Options.ENABLE_HEADING_ATTRIBUTES
    | Options.ENABLE_WIKILINKS
)

_LINE_END = re.compile(r"\r\n?")

# Quotes and items within each other, all begun in one line.
_TOO_DEEP = re.compile(rf"^[ \t]*+(?:>[ \t]*+|(?:[-*+]|\d{{1,9}}[.)])[ \t]++){{{DEEPEST}}}", re.MULTILINE)

# Comments as note takers write them, "%% so %%", and attributes of a block, "{: #so .and }": neither is shown. In code,
# which is passed over, they mean something else.
_UNSEEN = re.compile(
    r"<pre>.*?(?:</pre>|\Z)|<code>.*?(?:</code>|\Z)"
    r"|(?P<unseen>(?<![\w%])%%(?!%)[^%]++%%(?![\w%])|\{:[ \t]*+[#.][^{}<>\n]++\})",
    re.DOTALL,
)


def read_markdown(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the file as one document.

    The title is the front matter's, else the only heading of level 1, else the file's name; other names of the subject
    are the front matter's.
    """
    decoded = decode_any(read_whole(path, source), source)
    text = _LINE_END.sub("\n", decoded.text)
    before = read_front_matter(text)
    found = quotable(text_of_html(_page(text[before.end :], source), source), source)
    title = before.title or found.title
    sections = under_title(found.sections, title) if title else found.sections
    yield Document(
        id=source,
        title=title or title_of_name(path),
        text=found.text,
        source=source,
        sections=sections,
        aliases=before.aliases,
        guess=decoded.guess,
        lines=lines_of_markdown(text, found.text, _OPTIONS, before.end),
        details=before.details,
    )


def _page(text: str, source: str) -> str:
    """Return the page that a text is rendered as. Raises UnreadableDocument when it nests too deeply."""
    if _TOO_DEEP.search(text):
        raise UnreadableDocument(source, f"nests quotes or items over {DEEPEST} deep, as no page for people does")
    try:
        rendered = html(text, options=_OPTIONS)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust raises for a fault of its own, and is no Exception
            raise
        raise UnreadableDocument(source, "cannot be rendered: make its markup plainer") from error
    return _UNSEEN.sub(lambda found: "" if found["unseen"] else found[0], rendered)
