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

# What makes boxes of blocks: fences of colons, kinds of callouts and of admonitions, whose text is set in. In code,
# which is passed over, they mean something else.
_BOX = re.compile(
    r"^[ \t>]*+(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n(?:.*?^[ \t>]*+(?P=fence)|.*\Z)"
    r"|^(?P<quote>[ \t]*+>[ \t>]*+)\[![\w-]++\][+-]?"
    r"|^[ \t]{0,3}:{3,}+[ \t]*+(?:\{[^{}\n]*+\}|[\w-]++)?(?P<named>[^\n:]*+):*+[ \t]*+$"
    r"|^(?P<indent>[ ]{0,3})(?:!!!|\?\?\?\+?)[ \t]++[\w-]++(?:[ \t]++[\w-]++)*+[ \t]*+"
    r"(?:\"(?P<title>[^\"\n]*+)\"[ \t]*+)?$"
    r"(?P<body>(?:\n(?:(?P=indent)(?:[ ]{4}|\t)[^\n]*+|[ \t]*+$))*+)",
    re.DOTALL | re.MULTILINE,
)
_SET_IN = re.compile(r"\n(?:[ ]{4}|\t)")
_DEEPEST_BOX = 5  # boxes within each other; beyond, they are shown as they are written

# Attributes as pandoc and others write them, "[so]{.mark}", "{width=50%}" behind a picture, "{#id}" behind a word, and
# words that are marked, "==so==".
_NAMED = r"[#.][A-Za-z][\w:-]*+"
_VALUED = r"[\w:-]++=(?:&quot;[^<>{}&]*+&quot;|[^\s<>{}&]++)"
_ATTRIBUTES = rf"\{{[ \t]*+(?:{_NAMED}|{_VALUED})(?:[ \t]++(?:{_NAMED}|{_VALUED}))*+[ \t]*+\}}"
_MARKED = re.compile(
    r"<pre>.*?(?:</pre>|\Z)|<code>.*?(?:</code>|\Z)(?P<code>" + _ATTRIBUTES + r")?"
    rf"|\[(?P<span>[^\[\]\n]{{1,300}})\]{_ATTRIBUTES}"
    rf"|(?P<tag><(?:img|/a)[^<>]*+>){_ATTRIBUTES}"
    rf"|(?<=[^\s{{])\{{{_NAMED}(?:[ \t]++{_NAMED})*+\}}(?![\w}}])"
    r"|(?<![=\w])==(?=[^\s=])(?P<marked>[^=\n]{1,300})(?<=\S)==(?![=\w])"
    r"|<p>\[(?:TOC|\[_TOC_\])\]</p>",
    re.DOTALL | re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(?<!\w)(?P<sign>\*{1,3}|_{1,3}|`)(?=\S)(?P<said>[^*_`]++)(?<=\S)(?P=sign)(?!\w)")

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
    body = _unboxed(text[before.end :])
    found = quotable(text_of_html(_page(body, source), source), source)
    title = _EMPHASIS.sub(r"\g<said>", before.title) or found.title
    sections = under_title(found.sections, title) if title else found.sections
    yield Document(
        id=source,
        title=title or title_of_name(path),
        text=found.text,
        source=source,
        sections=sections,
        aliases=before.aliases,
        guess=decoded.guess,
        lines=lines_of_markdown(text[: before.end] + body, found.text, _OPTIONS, before.end),
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
    rendered = _MARKED.sub(_unmarked, rendered)
    return _UNSEEN.sub(lambda found: "" if found["unseen"] else found[0], rendered)


def _unmarked(found: re.Match[str]) -> str:
    """Return what is shown of a stretch with attributes or marks; code as it is."""
    if found[0].startswith(("<pre", "<code")):
        return found[0].removesuffix(found["code"] or "")
    return found["span"] or found["tag"] or found["marked"] or ""


def _unboxed(text: str, depth: int = 0) -> str:
    """Return a text, on as many lines, without what makes boxes of its blocks; their titles and texts stay."""

    def inside(found: re.Match[str]) -> str:
        if found["fence"]:
            return found[0]
        if found["quote"]:
            return found["quote"]
        if found["named"] is not None:
            return found["named"].strip()
        body = _SET_IN.sub("\n", found["body"].replace(f"\n{found['indent']}", "\n"))
        return (found["title"] or "") + (_unboxed(body, depth + 1) if depth < _DEEPEST_BOX else body)

    return _BOX.sub(inside, text)
