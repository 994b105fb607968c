"""What every reader asks of a file: its size, its kind and its title."""

import re
from pathlib import Path

from qa.errors import UnreadableDocument
from qa.files import FileTooLarge, read_regular

LARGEST_FILE = 2_000_000_000  # bytes, of any format
LARGEST_TEXT = 16_000_000  # bytes of markup or characters of text; a thousand pages of prose have three million
LONGEST_TITLE = 300  # characters; a longer one is prose in the wrong field
MOST_SECTIONS = 20_000  # headings of one text with something below them; the largest handbooks have two thousand

# How files begin, from their formats' own definitions. Only kinds that are given wrong names in practice.
_KINDS = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file"),
    (b"{\\rtf", "rich text"),
    (b"\x89PNG\r\n", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\x1f\x8b", "a gzip archive"),
)

# What word processors and printer drivers write where no person gave a title.
_NO_TITLE = re.compile(
    r"untitled.*|document ?\d*|word document|title|microsoft word.*|powerpoint presentation|unknown"
    r"|.*\.(?:docx?|pdf|tex|dvi|indd|qxd|rtf|odt|pptx?|xlsx?|html?)",
    re.IGNORECASE,
)


def check_size(size: int, source: str) -> None:
    """Raise UnreadableDocument when a text is too large to be read into memory with everything made of it."""
    if size > LARGEST_TEXT:
        raise UnreadableDocument(
            source, f"holds {size / 1e6:,.0f} MB of text, over the {LARGEST_TEXT / 1e6:.0f} MB for one file: split it"
        )


def read_whole(path: Path, source: str) -> bytes:
    """Return the content of a file that is one text. Raises UnreadableDocument when it is too large, and OSError."""
    try:
        return read_regular(path, LARGEST_TEXT)
    except FileTooLarge:
        raise UnreadableDocument(
            source, f"holds more than the {LARGEST_TEXT / 1e6:.0f} MB of text for one file: split it"
        ) from None


def kind_of(head: bytes) -> str | None:
    """Return what a file is by its first bytes, as a person calls it; None for what is not known."""
    return next((kind for start, kind in _KINDS if head.startswith(start)), None)


def title_of_field(value: str) -> str:
    """Return a file's own title on one line, and "" where a program wrote it in place of a person."""
    title = " ".join(value.replace("\0", "").encode(errors="ignore").decode().split())
    return "" if len(title) > LONGEST_TITLE or _NO_TITLE.fullmatch(title) else title
