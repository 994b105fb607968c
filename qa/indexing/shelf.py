"""The whole texts of a generation, beside its passages: what a document page shows, and where a quote is found again.

Each document is one record, packed by itself, so that one is read without the others.
"""

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from qa.datatypes import Details, Document, Page, Section
from qa.indexing.contents import open_content

TEXTS = "texts.bin"
TEXT_OFFSETS = "texts.offsets.npy"
SUMS = "sums.npy"

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it can be divided by: the golden ratio as 64 bits
_SPACES = np.array(
    [*range(0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x3000], np.uint32
)  # what Unicode calls white space, and controls
_LEVEL = 3  # of zlib: half the time of its default, a tenth more bytes


@dataclass(frozen=True, slots=True)
class StoredText:
    """A document's text with its sections and pages, and what its file says of it."""

    text: str
    sections: tuple[Section, ...]
    pages: tuple[Page, ...]
    details: Details


def pack(document: Document) -> bytes:
    """Return what is stored of a document."""
    record = {
        "text": document.text,
        "sections": [astuple(section) for section in document.sections],
        "pages": [astuple(page) for page in document.pages],
        "details": asdict(document.details),
    }
    return zlib.compress(json.dumps(record, ensure_ascii=False).encode(), _LEVEL)


def unpack(content: bytes) -> StoredText:
    """Return what was stored. Raises ValueError, KeyError or TypeError where it is not what was written."""
    try:
        record = json.loads(zlib.decompress(content))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    said = record["details"]
    details: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in said.items()}
    return StoredText(
        str(record["text"]),
        tuple(Section(*section) for section in record["sections"]),
        tuple(Page(*page) for page in record["pages"]),
        Details(**details),
    )


class TextFile:
    """The records of a generation by the number of the document."""

    def __init__(self, generation: Path) -> None:
        """Open them. Raises OSError and ValueError."""
        self._offsets: npt.NDArray[np.int64] = np.load(generation / TEXT_OFFSETS)
        self._content = open_content(generation, TEXTS)
        if self._offsets.ndim != 1 or not len(self._offsets) or int(self._offsets[-1]) != len(self._content):
            raise ValueError(f"{TEXTS} is not as long as it was written")

    def __len__(self) -> int:
        """Return how many documents there are."""
        return len(self._offsets) - 1

    def packed(self, number: int) -> bytes:
        """Return a record as it is stored. Raises IndexDamaged."""
        return self._content.read(int(self._offsets[number]), int(self._offsets[number + 1]))

    def read_ahead(self) -> None:
        """Read what follows too from now on, for who reads all in order."""
        self._content.read_ahead()

    def close(self) -> None:
        """Give the file back."""
        self._content.close()


class TextWriter:
    """Writes records one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        """Write to an opened file."""
        self._file = file
        self.offsets = [0]

    def write(self, packed: bytes) -> None:
        """Write a record."""
        self._file.write(packed)
        self.offsets.append(self.offsets[-1] + len(packed))


# --- finding a quote again -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote by its checksum and its length in characters, white space left out: how a line is broken is no matter."""

    sum: int
    length: int

    def __str__(self) -> str:
        """Return it as it stands in a link."""
        return f"{self.sum:016x}{self.length:x}"


_QUOTE = re.compile(r"(?P<sum>[0-9a-f]{16})(?P<length>[0-9a-f]{1,8})")


def parse_quote(written: str) -> Quote | None:
    """Return the quote that a link names, None where it names none."""
    found = _QUOTE.fullmatch(written)
    return Quote(int(found["sum"], 16), int(found["length"], 16)) if found else None


def quote_of(text: str) -> Quote:
    """Return the quote that a text is."""
    codes, _ = _codes(text)
    return Quote(int((codes * _powers(len(codes))).sum(dtype=np.uint64)), len(codes))


def find_quote(quote: Quote, text: str) -> tuple[int, int] | None:
    """Return where a quote stands in a text, [start, end), the first time; None where it does not.

    All stretches of its length are summed at once, as differences of one running sum, modulo 2 to the 64th (Karp and
    Rabin 1987).
    """
    codes, places = _codes(text)
    if not 0 < quote.length <= len(codes):
        return None
    powers = _powers(len(codes))
    running = np.concatenate([np.zeros(1, np.uint64), (codes * powers).cumsum(dtype=np.uint64)])
    sums = running[quote.length :] - running[: -quote.length]
    found = np.flatnonzero(sums * _BASE == np.uint64(quote.sum) * powers[: len(sums)])
    return (int(places[found[0]]), int(places[found[0] + quote.length - 1]) + 1) if len(found) else None


def sums_of(texts: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Return the checksum of each text."""
    return np.array([quote_of(text).sum for text in texts], np.uint64)


def _codes(text: str) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Return the characters of a text that are no white space, as numbers, and where they stand."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kept = np.flatnonzero(~np.isin(codes, _SPACES))
    return codes[kept].astype(np.uint64), kept


def _powers(count: int) -> npt.NDArray[np.uint64]:
    return np.cumprod(np.full(count, _BASE, np.uint64), dtype=np.uint64)
