"""HTML: one document a file, its text as a browser shows it, its headings kept as sections.

``text_of_html`` also serves the formats that are HTML inside: .docx and .epub. It first writes the markup anew with
nothing but the elements that shape a text, and no attributes. So nothing that takes the parser long can reach it: its
time grows with the square of the depth, and of the attributes of one element (300,000 took it eight minutes).
"""

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from qa.datatypes import Document, Section
from qa.errors import UnreadableDocument
from qa.parsers.checks import LONGEST_TITLE, check_size, kind_of, read_whole, title_of_field
from qa.parsers.css import Styles, names_of, styles_of
from qa.parsers.encodings import Decoded, decode_any, marked_encoding
from qa.parsers.raised import without_raised_marks
from qa.parsers.text import title_of_name

_BLOCK = 65_536  # characters
DEEPEST = 500  # real pages stay under 100
_MOST_TAGS = 2_000_000  # of any kind; beyond, they are no page for people
_MOST_ATTRIBUTES = 2000  # characters of them that are looked at
_MOST_ELEMENTS = 300_000  # that shape the text; each takes up to a kilobyte of memory with all made of it

_CHARSET = re.compile(
    rb"""<meta[^<>]{0,500}?charset\s*=\s*["']?\s*([\w\-]+)|^<\?xml[^<>]{0,200}?encoding=["']([\w\-]+)"""
)

# What a charset may be, of all that Python can decode: its other codecs are no charsets, or take quadratic time.
_CHARSETS = re.compile(r"utf-8|iso8859-\d+|cp\d+|koi8-[ru]|gb2312|gbk|gb18030|big5|euc_jp|euc_kr|shift_jis|mac-roman")

_UNICODE = frozenset({"utf-8", "utf8", "utf-16", "unicode"})

# Each branch matches whatever follows, to the end of the page if need be, and never tries again: the time is linear.
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(?P<closing>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    r"(?P<attributes>(?:[^>=]++|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))*+)(?:>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)",
    re.DOTALL,
)
_HIDDEN = re.compile(r"(?:^|\s)hidden(?=[\s/=]|$)", re.IGNORECASE)
_VALUES = re.compile(r"\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)")
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden"
    r"|text-decoration(?:-line)?\s*:[^;\"']*line-through"
    r"|class\s*=\s*[\"']?fn-bracket"  # around the mark of a note, as docutils writes it
    r"|(?:^|\s)(?:epub:type|role)\s*=\s*[\"']?(?:doc-)?pagebreak",  # a number of the page in print
    re.IGNORECASE,
)
# What stands around the content of a page: by its role, by the names that pages give such elements.
_AROUND = re.compile(
    r"""(?:^|\s)role\s*=\s*["']?(?:navigation|search|dialog|alertdialog|banner|contentinfo)(?=["'\s/]|$)"""
    r"""|(?:^|\s)id\s*=\s*["']?(?:footer|navbar|sidebar|breadcrumbs?)(?=["'\s/]|$)"""
    r"""|(?:^|\s)(?:id|class)\s*=\s*["'][^"']*(?:cookie|consent)[-_]?(?:banner|bar|box|notice|popup|dialog|overlay|consent)""",
    re.IGNORECASE,
)
_IS_MAIN = re.compile(r"""(?:^|\s)role\s*=\s*["']?main(?=["'\s/]|$)""", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_TITLE_CLASS = re.compile(r"class\s*=\s*[\"']?title(?=[\"'\s]|$)", re.IGNORECASE)  # as pandoc and others write it

_RAW = frozenset({"script", "style", "textarea", "iframe", "noembed", "noframes", "xmp", "title"})
_CUT = _RAW | {
    "noscript",
    "template",
    "svg",
    "select",
    "annotation",
    "annotation-xml",
    "rp",
    "audio",
    "video",
    "canvas",
    "button",
    # What an author took back is not what he says.
    "del",
    "s",
    "strike",
}
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LINES = frozenset({"li", "tr", "dt", "dd", "option", "legend", "summary", "label", "center"})
_CELLS = frozenset({"td", "th"})
_PARAGRAPHS = _HEADINGS | {
    "address", "article", "aside", "blockquote", "caption", "details", "dialog", "div", "dl", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "hgroup", "hr", "main", "menu", "nav", "ol", "p", "pre", "section", "table",
    "ul",
}  # fmt: skip
_SHAPING = _PARAGRAPHS | _LINES | _CELLS | {"br", "tbody", "thead", "tfoot"}
_EMPTY = frozenset({"br", "hr"})

# What is never asked whether it is shown: the page itself, and elements that nothing stands in.
_BARE = _SHAPING | {
    "html", "head", "body", "area", "base", "col", "embed", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
}  # fmt: skip
_NOTE = re.compile(
    r"noteref|doc-backlink|footnote-(?:ref|backref|back|definition-label)|class\s*=\s*[\"']?fnref", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]*>")
_RAISED = re.compile(r"<sup[\s>]", re.IGNORECASE)
_RAISED_BY = re.compile(
    r"""(?:^|\s)class\s*=\s*(?:["'][^"']*?(?<![\w-]))?sup(?:er(?:script)?)?(?![\w-])|vertical-align\s*:\s*super""",
    re.IGNORECASE,
)
_RAISED_STYLE = " style='vertical-align: super'"
_WITHIN = re.compile(r"""href\s*=\s*["']?[^"'\s>]*#""", re.IGNORECASE)
_MARK = re.compile(
    r"[\[(]?(?:\d{1,3}(?:\s*[,–-]\s*\d{1,3}){0,9}|[*†‡§¶]{1,4}|,|(?<=[\[(])\w{1,10}(?:\s\d{1,3})?)[\])]?"
)
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]{3}|[.,;:!?)\]\"”’])\Z")
_LEADING = frozenset("¶#§↑↩↵⏎^*†‡🔗\ufe0e\ufe0f")
_NUMBER_IN_BRACKETS = re.compile(r"\[\d{1,3}\]")
_BEFORE_MARK = 12  # characters
_LONGEST_NAME = 40  # characters
_LONGEST_MARK = 400  # characters of markup
_LONGEST_UNSEEN = 20_000  # the same, of what is within a line
_MOST_ENDLESS = 100  # elements that do not end within it; with more, a page means to take long

# Elements that their own kind ends, so that leaving them open nests nothing.
_SHALLOW = _LINES | _CELLS | _EMPTY | _HEADINGS | {"p", "tbody", "thead", "tfoot"}


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The text that a page shows, its title ("" without one) and its sections, under their headings as they stand."""

    title: str
    text: str
    sections: tuple[Section, ...]


def read_html(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the page as one document; menus, scripts and what is hidden are left out.

    The title is the page's own, else its only heading of level 1, else the file's name.
    """
    content = read_whole(path, source)
    kind = kind_of(content)
    if kind is not None:
        raise UnreadableDocument(source, f"is {kind}, not HTML: give it the ending of its format")
    markup = decode_markup(content, source)
    found = quotable(text_of_html(markup.text, source), source)
    title = found.title or title_of_name(path)
    sections = under_title(found.sections, title)
    yield Document(id=source, title=title, text=found.text, source=source, sections=sections, guess=markup.guess)


def quotable(found: HtmlText, source: str) -> HtmlText:
    """Return a page that an answer can quote. Raises UnreadableDocument when it shows no text."""
    if not found.text:
        raise UnreadableDocument(source, "shows no text")
    return found


def decode_markup(content: bytes, source: str) -> Decoded:
    """Return the text of a page by its byte order mark, else as UTF-8, else by the charset it names, else by a guess,
    as where it names UTF-8 and is none.

    Raises UnreadableDocument when it is none of these.
    """
    named = None if marked_encoding(content) else _CHARSET.search(content[:4096].lower())
    if named is not None and b"\0" not in content and not _is_utf8(content):
        charset = (named[1] or named[2]).decode()
        if charset not in _UNICODE:  # what is named so and is none was written by an old editor
            return Decoded(_decode_named(content, charset, source))
    return decode_any(content, source)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_named(content: bytes, charset: str, source: str) -> str:
    try:
        codec = codecs.lookup(charset).name
        # Browsers read what is named Latin-1 or ASCII as Windows-1252, and its authors meant that.
        codec = "cp1252" if codec in {"iso8859-1", "ascii"} else codec
        if _CHARSETS.fullmatch(codec):
            return content.decode(codec)
    except (LookupError, UnicodeDecodeError):
        pass
    raise UnreadableDocument(source, f"is not in the charset that it names, {charset}: save it as UTF-8")


def text_of_html(markup: str, source: str, *, xhtml: bool = False) -> HtmlText:
    """Return what a page shows; in XHTML ``<div/>`` is a whole element, in HTML it opens one.

    Raises UnreadableDocument when the page is too large, or nested beyond reason.
    """
    check_size(len(markup), source)
    shaping = _Shaping(source, xhtml, styles_of(markup))
    tree = LexborHTMLParser(shaping.write(markup))
    writer = _Writer()
    if tree.body is not None:
        writer.write(_content(tree, tree.body))
    title = title_of_field(shaping.title) or writer.title or only_top_heading(writer.headings)
    return HtmlText(title, writer.text(), writer.sections())


def _content(tree: LexborHTMLParser, body: LexborNode) -> LexborNode:
    """Return what a page marks as its content, its only article, or else all of it."""
    marked = [node for node in tree.css("main, [class=main]") if (node.text() or "").strip()]
    articles = [] if marked else tree.css("article")
    return marked[0] if marked else articles[0] if len(articles) == 1 else body


def only_top_heading(headings: list[tuple[str, int, int, int]]) -> str:
    """Return the heading of level 1 where there is exactly one, else ""; headings are (heading, level, ...)."""
    top = [heading for heading, level, *_ in headings if level == 1]
    return top[0] if len(top) == 1 else ""


def under_title(sections: tuple[Section, ...], title: str) -> tuple[Section, ...]:
    """Return the sections without the heading that says the document's title again."""
    return tuple(replace(s, heading="") if s.level == 1 and s.heading == title else s for s in sections)


class _Shaping:
    """Writes markup anew with only the elements that shape a text. ``title`` is then the page's own, "" without."""

    def __init__(self, source: str, xhtml: bool, styles: Styles) -> None:
        self._source = source
        self._xhtml = xhtml
        self._styles = styles
        self._open: dict[str, int] = {}
        self._depth = 0
        self._elements = 0
        self._endless: set[str] = set()  # elements to cut that end nowhere in the rest
        self._failed = 0  # elements whose end was sought in vain
        self.title = ""

    def write(self, markup: str) -> str:
        """Return the markup anew. Raises UnreadableDocument when it has too many elements, or too deep ones."""
        pieces: list[str] = []
        before = ""  # the last characters of what was written
        position = tags = 0
        while (token := _TOKEN.search(markup, position)) is not None:
            tags += 1
            if tags > _MOST_TAGS:
                raise UnreadableDocument(self._source, f"has over {_MOST_TAGS:,} tags: split it")
            pieces.append(markup[position : token.start()])
            before = (before + pieces[-1][-_BEFORE_MARK:])[-_BEFORE_MARK:]
            name = (token["name"] or "").lower()
            position = self._end_of_omitted(markup, token, name, before) or token.end()
            if position == token.end() and name in _SHAPING:
                pieces.append(self._tag(token, name))
                before = ""
        pieces.append(markup[position:])
        return "".join(pieces)

    def _end_of_omitted(self, markup: str, token: re.Match[str], name: str, before: str) -> int | None:
        """Return where what an element is omitted with ends; None where it is not omitted."""
        if not name or token["closing"] or name in _BARE or self._is_whole(token):
            return None
        if name not in _CUT:
            return self._end_of_unseen(markup, token, name, before)
        if name in self._endless:
            return None
        end = self._end_of_cut(markup, token, name)
        if end is None and name not in _RAW:
            self._endless.add(name)
            return None
        inner, position = (len(markup), len(markup)) if end is None else end
        if name == "title" and not self.title:
            self.title = html.unescape(markup[token.end() : inner])
        return position

    def _end_of_cut(self, markup: str, token: re.Match[str], name: str) -> tuple[int, int] | None:
        """Return where the closing tag of an element begins and ends that holds its own kind; the first closing tag
        where its own is far off."""
        nested = None if name in _RAW else self._end_of_nested(name, markup, token.end())
        return nested or _end_of(name, markup, token.end())

    def _end_of_unseen(self, markup: str, token: re.Match[str], name: str, before: str) -> int | None:
        """Return where an element ends that is not shown, or is the mark of a note; None where it is neither."""
        attributes = token["attributes"][:_MOST_ATTRIBUTES]
        if self._is_unseen(name, attributes):
            end = self._end_of_nested(name, markup, token.end())
            return end and end[1]
        if self._styles.raised and self._styles.raised & names_of(name, attributes):
            attributes = _RAISED_STYLE
        if name not in {"a", "sup"} and not (_RAISED_BY.search(attributes) or _NOTE.search(attributes)):
            return None
        found = _end_within(name, markup, token.end(), _LONGEST_MARK)
        if found is None:
            return None
        inner = markup[token.end() : markup.rindex("<", token.end(), found)]
        return found if is_note_mark(name, attributes, inner, before) else None

    def _is_unseen(self, name: str, attributes: str) -> bool:
        if not attributes:
            return False
        unseen = self._styles.unseen
        is_hidden = _HIDDEN.search(_VALUES.sub("''", attributes))  # and not "the hidden truth" in a title
        return bool(is_hidden or _UNSEEN.search(attributes)) or bool(unseen and unseen & names_of(name, attributes))

    def _end_of_nested(self, name: str, markup: str, position: int) -> tuple[int, int] | None:
        """Return where the closing tag of an element begins and ends, past those of its kind within it; None where that
        is far off, or was for too many elements."""
        depth, limit = 1, position + _LONGEST_UNSEEN
        while self._failed < _MOST_ENDLESS:
            token = _TOKEN.search(markup, position)
            if token is None or token.start() > limit:
                break
            position = token.end()
            if (token["name"] or "").lower() != name or self._is_whole(token):
                continue
            depth += -1 if token["closing"] else 1
            if not depth:
                return token.span()
        self._failed += 1
        return None

    def _is_whole(self, token: re.Match[str]) -> bool:
        return token["attributes"].endswith("/") and (self._xhtml or token["name"].lower() == "svg")

    def _tag(self, token: re.Match[str], name: str) -> str:
        """Return a tag without its attributes, and count how deep it may stand.

        An element counts as open until a tag of its own name closes it, so the parser never nests deeper.
        """
        if token["closing"]:
            if name not in _SHALLOW and self._open.get(name, 0) > 0:
                self._open[name] -= 1
                self._depth -= 1
            return f"</{name}>"
        self._elements += 1
        whole = self._xhtml and self._is_whole(token)
        if name not in _SHALLOW and not whole:
            self._open[name] = self._open.get(name, 0) + 1
            self._depth += 1
        if self._depth > DEEPEST:
            raise UnreadableDocument(self._source, f"nests elements over {DEEPEST} deep, as no page for people does")
        if self._elements > _MOST_ELEMENTS:
            raise UnreadableDocument(self._source, f"has over {_MOST_ELEMENTS:,} elements: split it")
        attributes = token["attributes"][:_MOST_ATTRIBUTES]
        hidden = self._is_unseen(name, attributes) or _AROUND.search(attributes)
        titled = name == "h1" and _TITLE_CLASS.search(attributes)
        kind = " class=title" if titled else " class=main" if _IS_MAIN.search(attributes) else ""
        opening = f"<{name}{' hidden' if hidden else ''}{kind}>"
        return f"{opening}</{name}>" if whole and name not in _EMPTY else opening


def is_note_mark(name: str, attributes: str, inner: str, before: str) -> bool:
    """Whether an element is the mark of a note, or leads back from one: by what it says of itself, as a link
    within the page that is raised, or as a raised sign or number behind a word. Units and powers ("m2") are none."""
    if _NOTE.search(attributes):
        return True
    shown = html.unescape(_TAG.sub("", inner)).strip()
    if name == "a" and shown and _WITHIN.search(attributes) and _LEADING.issuperset(shown):
        return True  # a sign that leads to its own heading, or back from a note
    before = html.unescape(before)
    if (
        name == "a"
        and _NUMBER_IN_BRACKETS.fullmatch(shown)
        and _WITHIN.search(attributes)
        and _WORD_BEFORE.search(before)
    ):
        return True
    is_itself = name == "sup" or bool(_RAISED_BY.search(attributes))
    if not (is_itself or _RAISED.search(inner)) or not _MARK.fullmatch(shown):
        return False
    is_link = bool(_WITHIN.search(attributes if name == "a" else inner))
    return is_link or (is_itself and (not shown.isalnum() or bool(_WORD_BEFORE.search(before))))


def _end_within(name: str, markup: str, position: int, most: int) -> int | None:
    """Return where the closing tag of an element ends that begins within so many characters; None without one."""
    if len(name) > _LONGEST_NAME:
        return None
    found = re.compile(rf"</{re.escape(name)}\s*+>", re.IGNORECASE).search(markup, position, position + most)
    return found and found.end()


def _on_one_line(text: str) -> str:
    """Return a text with each white space as one space. It goes in blocks: all its words at once would take twenty
    times the memory. Where two blocks meet there may be two spaces."""
    blocks = (text[start : start + _BLOCK] for start in range(0, len(text), _BLOCK))
    return "".join(_SPACE.sub(" ", block) for block in blocks).strip()


def _end_of(name: str, markup: str, position: int) -> tuple[int, int] | None:
    """Return where an element's closing tag begins and ends; None when there is none."""
    found = re.compile(rf"</{name}(?=[\s/>])[^>]*+(?:>|\Z)", re.IGNORECASE).search(markup, position)
    return None if found is None else found.span()


@dataclass
class _Writer:
    """Writes the text of nodes, a blank line between blocks, and remembers where headings stand.

    ``title`` is the heading that is marked as the page's title, "" without one.
    """

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[tuple[str, int, int, int]] = field(default_factory=list)  # heading, level, its start, its end
    title: str = ""
    gap: str = ""
    preformatted: int = 0
    cells: int = 0  # in the row so far
    cell_piece: int = 0  # where the cell begins in the pieces
    fresh: bool = False  # whether the cell has no text yet
    heading_node: int = 0
    heading_start: int | None = None
    heading_piece: int = 0

    def write(self, top: LexborNode) -> None:
        """Write what is in a node, without recursion."""
        node = top.child
        while node is not None:
            if node.is_text_node:
                self._write_text(node.text_content or "")
            else:
                self._enter(node)
            following = None if self._is_unseen(node) else node.child
            while following is None:
                if not node.is_text_node:
                    self._leave(node)
                following, parent = node.next, node.parent
                if following is None:
                    if parent is None or parent.mem_id == top.mem_id:
                        return
                    node = parent
            node = following

    def _is_unseen(self, node: LexborNode) -> bool:
        return node.tag == "nav" or (node.tag in _SHAPING and "hidden" in node.attributes)

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _CELLS:
            self._enter_cell()
        elif tag in _LINES:
            self.fresh = False
        self._break(tag)
        if tag == "tr":
            self.cells = 0
        elif tag == "li":
            self.gap = self.gap.rstrip("- ") + "- "
        elif tag == "pre":
            self.preformatted += 1
        elif tag in _HEADINGS and not self.heading_node:
            self.heading_node, self.heading_start = node.mem_id, None

    def _enter_cell(self) -> None:
        if self.cells and "\n" not in self.gap:
            self.gap = " | "
        self.cells += 1
        self.cell_piece = len(self.pieces)
        self.fresh = True

    def _leave_cell(self) -> None:
        """Let the next cell follow in the same line, unless this one has several."""
        if not any("\n" in piece for piece in self.pieces[self.cell_piece + 1 :]):
            self.gap = ""
        self.cell_piece = len(self.pieces)
        self.fresh = False

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _CELLS:
            self._leave_cell()
        elif tag == "pre":
            self.preformatted -= 1
        elif node.mem_id == self.heading_node:
            self._end_heading(node)
        elif tag == "li":
            self.gap = self.gap.rstrip("- ")
        if tag != "br":
            self._break(tag)

    def _break(self, tag: str) -> None:
        """Put at least a line end, or a blank line, before what comes; a list item's mark stays at its first line."""
        if self.fresh:
            return
        ends = 2 if tag in _PARAGRAPHS else 1 if tag in _LINES or tag == "br" else 0
        if ends:
            mark = "- " if self.gap.endswith("- ") and tag not in _LINES else ""
            lines = self.gap.count("\n")
            self.gap = "\n" * (max(lines, 1) if mark else max(lines, ends)) + mark

    def _end_heading(self, node: LexborNode) -> None:
        if self.heading_start is not None:
            written = "".join(self.pieces[self.heading_piece :])[-(self.length - self.heading_start) :]
            heading = " ".join(written.split())[:LONGEST_TITLE]
            self.headings.append((heading, int((node.tag or "h1")[1]), self.heading_start, self.length))
            if not self.title and "class" in node.attributes:
                self.title = heading
        self.heading_node, self.heading_start = 0, None

    def _write_text(self, text: str) -> None:
        text = text.replace("\xad", "").replace("\0", "")  # neither is shown
        if not text or text.isspace():
            if text:
                self.gap = self.gap or " "
            return
        text = text if self.preformatted else without_raised_marks(text)
        shown = text.replace("\r\n", "\n").rstrip() if self.preformatted else _on_one_line(text)
        before = self.gap or (" " if text[:1].isspace() and not self.preformatted else "")
        before = before if self.length else before.lstrip(" \n|")
        if self.heading_node and self.heading_start is None:
            self.heading_start = self.length + len(before)
            self.heading_piece = len(self.pieces)
        self.pieces.append(before + shown)
        self.fresh = False
        self.length += len(before) + len(shown)
        self.gap = text[len(text.rstrip()) :] if self.preformatted else " " if text[-1:].isspace() else ""

    def text(self) -> str:
        """Return all that was written."""
        return "".join(self.pieces)

    def sections(self) -> tuple[Section, ...]:
        """Return the stretches of text under the headings, and the one before the first."""
        return sections_between(self.text(), self.headings)


def sections_between(text: str, headings: list[tuple[str, int, int, int]]) -> tuple[Section, ...]:
    """Return what stands before, between and after headings, each (heading, level, its start, its end), in order.

    A heading with nothing below it, not even a deeper heading, says something by itself: a price, a number. It is the
    text of a section under the heading that it stands under.
    """
    starts = [("", 0, 0, 0), *headings]
    ends = [*(heading[2] for heading in headings), len(text)]
    following = [*(heading[1] for heading in headings), 0]
    found: list[Section] = []
    above: list[tuple[str, int]] = []  # the headings that hold the present one, with their levels
    for (heading, level, first, start), end, next_level in zip(starts, ends, following, strict=True):
        while above and above[-1][1] >= level:
            above.pop()
        if text[start:end].strip():
            found.append(Section(heading, level, start, end))
        elif next_level <= level and text[first:end].strip():
            holder, holding_level = above[-1] if above else ("", 1)
            found.append(Section(holder, holding_level, first, end))
        if heading:
            above.append((heading, level))
    return tuple(found)
