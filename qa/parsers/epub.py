"""EPUB: one document a book, its chapters in reading order, their headings kept as sections."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from qa.datatypes import Document, Section
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, XmlElement, open_archive, read_xml
from qa.parsers.checks import MOST_SECTIONS, check_size, title_of_field
from qa.parsers.html import HtmlText, decode_markup, text_of_html, under_title
from qa.parsers.text import title_of_name

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTER_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/xml", "text/xml", ""})
_CHAPTER_GAP = "\n\n"
_MOST_MISSING = 100  # each is reported on its own


@dataclass(frozen=True, slots=True)
class _Book:
    """A package: its title ("" without one), its chapters' names in reading order, and labels of some of them."""

    title: str
    chapters: tuple[str, ...]
    labels: dict[str, str]


def read_epub(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the book, and an UnreadableDocument for each chapter that is missing or broken.

    The title is the book's own, else the file's name. A chapter without headings is a section under its name in the
    table of contents, else its own title.
    """
    text, sections = "", []
    with open_archive(path, source, "an EPUB book") as archive:
        book = _read_package(archive)
        check_size(sum(archive.size(name) for name in book.chapters), source)
        pieces: list[str] = []
        length = 0
        for name in book.chapters:
            try:
                chapter = _read_chapter(archive, name)
            except UnreadableDocument as error:
                yield UnreadableDocument(f"{source}/{name}", f"{error.reason}; the book is read without this chapter")
                continue
            if not chapter.text:
                continue
            start = length + (len(_CHAPTER_GAP) if pieces else 0)
            sections += _sections(chapter, start, book.labels.get(name, ""), book.title)
            if len(sections) > MOST_SECTIONS:
                raise UnreadableDocument(source, f"has over {MOST_SECTIONS:,} headings: split it")
            pieces.append(chapter.text)
            length = start + len(chapter.text)
        text = _CHAPTER_GAP.join(pieces)
    if not sections:
        raise UnreadableDocument(source, "has no chapter that shows text")
    title = book.title or title_of_name(path)
    yield Document(id=source, title=title, text=text, source=source, sections=under_title(tuple(sections), title))


def _sections(chapter: HtmlText, start: int, label: str, title: str) -> list[Section]:
    moved = [replace(s, start=s.start + start, end=s.end + start) for s in chapter.sections]
    heading = label or chapter.title
    if len(moved) == 1 and moved[0].level == 0 and heading != title:
        moved[0] = replace(moved[0], heading=heading, level=1 if heading else 0)
    return moved


def _read_chapter(archive: Archive, name: str) -> HtmlText:
    if name not in archive.names:
        raise UnreadableDocument(archive.source, "is missing from the book")
    return text_of_html(decode_markup(archive.read(name), archive.source).text, archive.source, xhtml=True)


def _read_package(archive: Archive) -> _Book:
    """Return what the package says. Raises UnreadableDocument when there is none, or its chapters are encrypted."""
    source = archive.source
    if _CONTAINER not in archive.names:
        raise UnreadableDocument(source, "is a zip archive without an EPUB book in it")
    container = read_xml(archive.read(_CONTAINER), source, _CONTAINER)
    package = next((e.attributes.get("full-path", "") for e in container if e.name == "rootfile"), "")
    if package not in archive.names:
        raise UnreadableDocument(source, "names no package of chapters that is there: export it again")
    elements = read_xml(archive.read(package), source, package)
    items = {e.attributes.get("id", ""): e for e in elements if e.name == "item"}
    spine = [items[key] for e in elements if e.name == "itemref" and (key := e.attributes.get("idref", "")) in items]
    names = [_resolve(package, e) for e in spine if e.attributes.get("media-type", "") in _CHAPTER_TYPES]
    chapters = tuple(dict.fromkeys(names))  # a chapter that is listed twice is read once
    if not chapters:
        raise UnreadableDocument(source, "lists no chapters in its spine: export it again")
    missing = len(set(chapters) - archive.names)
    if missing > _MOST_MISSING:
        raise UnreadableDocument(source, f"lacks {missing:,} of its chapters: export it again")
    if _encrypted(archive) & set(chapters):
        raise UnreadableDocument(source, "is protected against copying (DRM), so its text cannot be read")
    title = next((title_of_field(e.text) for e in elements if e.name == "title"), "")
    return _Book(title, chapters, _labels(archive, package, list(items.values())))


def _resolve(base: str, element: XmlElement, attribute: str = "href") -> str:
    """Return the entry that a reference means. One that leads out of the archive names no entry, so it is missing."""
    reference = unquote(element.attributes.get(attribute, "").partition("#")[0], errors="replace")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference)).replace("\0", "")


def _encrypted(archive: Archive) -> set[str]:
    """Return the entries that are encrypted; those are often only fonts, made unfit for copying."""
    if _ENCRYPTION not in archive.names:
        return set()
    elements = read_xml(archive.read(_ENCRYPTION), archive.source, _ENCRYPTION)
    return {_resolve("", e, "URI") for e in elements if e.name == "CipherReference"}


def _labels(archive: Archive, package: str, items: list[XmlElement]) -> dict[str, str]:
    """Return the chapters' names in the EPUB 2 table of contents, which EPUB 3 books have as well for old readers."""
    listed = next((e for e in items if e.attributes.get("media-type") == "application/x-dtbncx+xml"), None)
    name = _resolve(package, listed) if listed is not None else ""
    if name not in archive.names:
        return {}
    labels: dict[str, str] = {}
    label = ""
    try:
        elements = read_xml(archive.read(name), archive.source, name)
    except UnreadableDocument:
        return {}  # the book can be read without
    for element in elements:
        if element.name == "text":
            label = element.text
        elif element.name == "content" and label:
            labels.setdefault(_resolve(name, element, "src"), title_of_field(label))
    return labels
