"""What .docx and .epub share: a zip archive opened with every bound that a hostile one could break, and its XML.

Nothing is unpacked to disk, and no entry is read further than it was said to be long.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from qa.errors import UnreadableDocument
from qa.files import open_regular
from qa.parsers.checks import check_size, kind_of

_MOST_ENTRIES = 10_000
_LARGEST_DIRECTORY = 5_000_000  # bytes; the list of entries is read whole before any can be counted
_LARGEST_ARCHIVE = 2_000_000_000  # bytes unpacked, with images and sounds, which are never read
_LARGEST_ENTRY = 500_000_000  # bytes unpacked
_LARGEST_PART = 64_000_000  # bytes unpacked of an entry of text
_HIGHEST_RATIO = 200  # unpacked to packed, of large entries; text has 3 to 20
_RATIO_FROM = 10_000_000  # bytes unpacked

_END_RECORD = b"PK\x05\x06"
_END_LENGTH = 22  # bytes of the end record; a comment of up to 65,535 may follow
_LOCATOR_64 = b"PK\x06\x07"

_DEEPEST_XML = 500  # levels; documents with tables in tables stay under 60
_MOST_XML = 200_000  # elements and attributes; mammoth takes 800 bytes and 40 microseconds for each
_MOST_PARAGRAPHS = 40_000  # of which it takes 200 microseconds for each; a thousand pages have twenty thousand
_LONGEST_XML_TEXT = 1_000_000  # characters between two tags; the time of Python's parser grows with the square

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, KeyError,
    IndexError, AttributeError, TypeError, OverflowError,
)  # fmt: skip


@dataclass
class Archive:
    """An archive that is safe to read from. ``names`` are its entries that are files."""

    source: str
    opened: zipfile.ZipFile
    names: frozenset[str]
    _read: int = field(default=0)

    def size(self, name: str) -> int:
        """Return how long an entry says it is, 0 for one that is missing."""
        return self.opened.getinfo(name).file_size if name in self.names else 0

    def read(self, name: str) -> bytes:
        """Return an entry. Raises UnreadableDocument when it is missing or damaged, or all those read are too much."""
        try:
            info = self.opened.getinfo(name)
            self._read += info.file_size
            check_size(self._read, self.source)
            with self.opened.open(info) as entry:
                content = entry.read(info.file_size + 1)
        except _DAMAGED as error:
            raise UnreadableDocument(self.source, f"is damaged ({name}): export it again") from error
        if len(content) != info.file_size:
            raise UnreadableDocument(self.source, f"is damaged ({name} is not as long as it says): export it again")
        return content


@contextmanager
def open_archive(path: Path, source: str, called: str) -> Iterator[Archive]:
    """Open a file that is a zip archive inside; ``called`` is what a person calls it, as "a Word document".

    Raises UnreadableDocument when it is none, is encrypted, or would unpack to more than any real one.
    """
    with open_regular(path) as content:
        _check_head(content.read(16), source, called)
        size = content.seek(0, 2)
        content.seek(max(size - _END_LENGTH - 65_535, 0))
        _check_end(content.read(), source)
        try:
            opened = zipfile.ZipFile(content)
            entries = opened.infolist()
        except _DAMAGED as error:
            raise UnreadableDocument(source, "is cut off or damaged: download or export it again") from error
        with opened:
            _check_entries(entries, source)
            names = frozenset(entry.filename for entry in entries if not entry.filename.endswith("/"))
            yield Archive(source, opened, names)


def _check_head(head: bytes, source: str, called: str) -> None:
    if not head:
        raise UnreadableDocument(source, "is empty")
    kind = kind_of(head)
    if kind == "an old Office file":
        raise UnreadableDocument(source, "is encrypted or an old .doc: save it as .docx without a password")
    if kind != "a zip archive":
        raise UnreadableDocument(
            source, f"is {kind or 'something else'}, not {called}: give it the ending of its format"
        )


def _check_end(tail: bytes, source: str) -> None:
    """Check the list of entries by what the end of the archive says of it, before it is read."""
    at = tail.rfind(_END_RECORD)
    if at < 0 or len(tail) < at + _END_LENGTH:
        raise UnreadableDocument(source, "is cut off: download or export it again")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if directory > _LARGEST_DIRECTORY or _LOCATOR_64 in tail[max(at - 20, 0) : at]:
        raise UnreadableDocument(source, "has more entries than any document: unpack it and export it again")


def _check_entries(entries: list[zipfile.ZipInfo], source: str) -> None:
    if len(entries) > _MOST_ENTRIES:
        raise UnreadableDocument(source, f"has over {_MOST_ENTRIES:,} entries, as no document has: export it again")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableDocument(source, "is encrypted: save it without a password")
    if any(entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for entry in entries):
        raise UnreadableDocument(source, "is packed in a way that its format does not allow: export it again")
    total = sum(entry.file_size for entry in entries)
    if total > _LARGEST_ARCHIVE or any(_is_bomb(entry) for entry in entries):
        raise UnreadableDocument(source, f"would unpack to {total / 1e6:,.0f} MB: export it again with less in it")


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    largest = _LARGEST_PART if re.search(r"\.(?:xml|rels|x?html?|opf|ncx)$", entry.filename) else _LARGEST_ENTRY
    absurd = entry.file_size > _RATIO_FROM and entry.file_size > _HIGHEST_RATIO * entry.compress_size
    return entry.file_size > largest or absurd


@dataclass(frozen=True, slots=True)
class XmlElement:
    """An element by its name without its prefix, with its attributes likewise, and the text right inside it."""

    name: str
    attributes: dict[str, str]
    text: str


def read_xml(content: bytes, source: str, name: str) -> list[XmlElement]:
    """Return the elements of a small XML file in the order in which they end.

    Raises UnreadableDocument as check_xml does.
    """
    elements: list[XmlElement] = []
    opened: list[tuple[str, dict[str, str], list[str]]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        opened.append((_local(tag), {_local(key): value for key, value in attributes.items()}, []))

    def end(_: str) -> None:
        tag, attributes, pieces = opened.pop()
        elements.append(XmlElement(tag, attributes, " ".join("".join(pieces).split())))

    def text(piece: str) -> None:
        if opened:
            opened[-1][2].append(piece)

    check_xml(content, source, name)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.Parse(content, True)
    return elements


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def check_xml(content: bytes, source: str, name: str) -> None:
    """Raise UnreadableDocument when XML is broken, defines entities, or is deeper or larger than a document's.

    This holds nothing in memory, so it comes before any reader that does.
    """
    depth = elements = paragraphs = length = 0
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements, paragraphs, length
        depth, elements, length = depth + 1, elements + 1 + len(attributes), 0
        paragraphs += _local(tag) == "p"
        if depth > _DEEPEST_XML:
            raise UnreadableDocument(source, f"nests elements over {_DEEPEST_XML} deep ({name}): export it again")
        if paragraphs > _MOST_PARAGRAPHS:
            raise UnreadableDocument(source, f"has over {_MOST_PARAGRAPHS:,} paragraphs ({name}): split it")
        if elements > _MOST_XML:
            raise UnreadableDocument(source, f"has over {_MOST_XML:,} elements ({name}): split it")

    def end(_: str) -> None:
        nonlocal depth, length
        depth, length = depth - 1, 0

    def text(piece: str) -> None:
        nonlocal length
        length += len(piece)
        if length > _LONGEST_XML_TEXT:
            raise UnreadableDocument(
                source, f"has a run of text over {_LONGEST_XML_TEXT / 1e6:.0f} MB ({name}): split it"
            )

    def entity(*_: object) -> None:
        raise UnreadableDocument(source, f"defines entities in its XML ({name}), as no document does: export it again")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnreadableDocument(source, f"is damaged ({name} is not XML): export it again") from error
