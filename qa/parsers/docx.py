"""Word documents: one document a file, by way of the HTML that mammoth makes of its paragraphs, tables and notes."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from qa.datatypes import Document
from qa.errors import UnreadableDocument
from qa.parsers.archive import Archive, check_xml, open_archive, read_xml
from qa.parsers.checks import title_of_field
from qa.parsers.html import quotable, text_of_html, under_title
from qa.parsers.text import title_of_name
from qa.parsers.word_markup import Styles, plainer, unseen_styles

_PROPERTIES = "docProps/core.xml"
_RELATIONS = "_rels/.rels"
_STYLE_SHEET = "word/styles.xml"

# The parts that mammoth may read. Images, charts and embedded files are never handed to it.
_PART = re.compile(r"\[Content_Types\]\.xml|(?:\w+/)?(?:_rels/)?[\w.]*\.(?:xml|rels)", re.ASCII)
_OTHER_PARTS = ("customXml/", "docProps/")

_STYLES = "p[style-name='Title'] => h1.title:fresh"  # beside mammoth's own, which take headings 1 to 6
_TOO_DEEP = "nests its elements too deeply: export it again"
_BACK_LINK = re.compile(r' ?<a href="#[^"<>]*">↑</a>')  # mammoth writes one after each note


def read_docx(path: Path, source: str) -> Iterator[Document | UnreadableDocument]:
    """Yield the document; its images are left out.

    The title is the one in its properties, else the paragraph in the style "Title", else the only heading of level 1,
    else the file's name.
    """
    with open_archive(path, source, "a Word document") as archive:
        if "word/document.xml" not in archive.names and _RELATIONS not in archive.names:
            raise UnreadableDocument(source, "is a zip archive without a Word document in it")
        title = _title(archive)
        parts = _parts(archive)
    found = quotable(text_of_html(_BACK_LINK.sub("", _markup(parts, source)), source), source)
    title = title or found.title or title_of_name(path)
    yield Document(id=source, title=title, text=found.text, source=source, sections=under_title(found.sections, title))


def _title(archive: Archive) -> str:
    if _PROPERTIES not in archive.names:
        return ""
    properties = read_xml(archive.read(_PROPERTIES), archive.source, _PROPERTIES)
    return next((title_of_field(element.text) for element in properties if element.name == "title"), "")


def _parts(archive: Archive) -> io.BytesIO:
    """Return an archive of only the parts that make up the text, each of them checked and made plainer."""
    parts = io.BytesIO()
    styles = _styles(archive)
    with zipfile.ZipFile(parts, "w") as checked:
        for name in sorted(archive.names):
            if _PART.fullmatch(name) and not name.startswith(_OTHER_PARTS):
                content = archive.read(name)
                check_xml(content, archive.source, name)
                checked.writestr(name, _plainer(content, styles, archive.source))
    parts.seek(0)
    return parts


def _styles(archive: Archive) -> Styles:
    if _STYLE_SHEET not in archive.names:
        return {}
    content = archive.read(_STYLE_SHEET)
    check_xml(content, archive.source, _STYLE_SHEET)
    return unseen_styles(content)


def _plainer(part: bytes, styles: Styles, source: str) -> bytes:
    try:
        return plainer(part, styles)
    except RecursionError:
        raise UnreadableDocument(source, _TOO_DEEP) from None


def _markup(parts: io.BytesIO, source: str) -> str:
    import mammoth  # takes longer to import than all other parsers together

    try:
        made = mammoth.convert_to_html(
            parts,
            style_map=_STYLES,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=lambda _: [],
        )
    except RecursionError:
        raise UnreadableDocument(source, _TOO_DEEP) from None
    except Exception as error:  # mammoth trusts the parts to fit together, and raises anything where not
        raise UnreadableDocument(source, "is not a Word document inside, or a damaged one: export it again") from error
    return str(made.value)
