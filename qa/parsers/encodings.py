"""Bytes -> text: by the byte order mark, else as UTF-8, else by what the bytes look like, which is a guess."""

import codecs
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from qa.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF8 = "utf-8"
WESTERN = "cp1252"

SAMPLE = 100_000
"""Bytes by which is guessed, from ``BEFORE`` bytes before the first on that is not UTF-8."""
BEFORE = 1000
_MOST_FOREIGN = 0.3  # of all bytes; beyond ASCII: German has 2 %, French 4 %, any other script more than half
_LEAST_PLAIN = 0.02  # of the characters that control nothing printed: more are no text
_SIGNS = frozenset({"So", "Sc", "Sm", "Sk", "No", "Po", "Cc"})


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec of Python's, and whether it is no more than a guess."""

    codec: str
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and the encoding that was guessed for it, "" where none had to be."""

    text: str
    guess: str = ""


def decode_any(content: bytes, source: str) -> Decoded:
    """Return the content as text, without its byte order mark.

    Raises UnreadableDocument when it is empty, holds NUL characters, or is in no encoding that can be told.
    """
    encoding = encoding_of(content, source)
    try:
        text = content.decode(encoding.codec)
    except UnicodeDecodeError as error:
        if encoding.codec != UTF8 and not encoding.is_guess:
            name = encoding.codec.upper().removesuffix("-SIG")
            raise UnreadableDocument(
                source, f"is not in {name}, which its first bytes announce: save it as UTF-8"
            ) from None
        raise not_utf8(content[error.start], error.start, source) from None
    return Decoded(checked(text, source), encoding.codec if encoding.is_guess else "")


def decode_utf8(content: bytes, source: str) -> str:
    """Return the content, which has to be UTF-8, as text. Raises UnreadableDocument as ``decode_any``."""
    try:
        return checked(content.decode("utf-8-sig"), source)
    except UnicodeDecodeError as error:
        raise not_utf8(content[error.start], error.start, source) from None


def checked(text: str, source: str) -> str:
    """Return a text. Raises UnreadableDocument when it is empty or holds NUL characters."""
    if not text.strip():
        raise UnreadableDocument(source, "is empty")
    if "\0" in text:
        raise UnreadableDocument(source, "holds NUL bytes, so it is no text: export it as text")
    return text


def encoding_of(content: bytes, source: str) -> Encoding:
    """Return what a content is in. Raises UnreadableDocument where that cannot be told."""
    marked = marked_encoding(content)
    if marked is not None:
        return marked
    try:
        content.decode()
    except UnicodeDecodeError as error:
        if b"\0" in content:  # else it would be told as another encoding
            raise not_utf8(content[error.start], error.start, source) from None
        guess = guessed(content[max(error.start - BEFORE, 0) :][:SAMPLE])
        if guess is None:
            raise not_utf8(content[error.start], error.start, source) from None
        return Encoding(guess, is_guess=True)
    return Encoding(UTF8)


def marked_encoding(content: bytes) -> Encoding | None:
    """Return what the first bytes announce, None where they do not."""
    return next((Encoding(codec) for mark, codec in _MARKS if content.startswith(mark)), None)


def guessed(sample: bytes) -> str | None:
    """Return the codec that bytes are most likely in which are not UTF-8, None where they are no text at all.

    It is Windows-1252, as browsers take it, where that gives words: no sign between two letters, and letters beyond
    ASCII as rare as in languages of western Europe. Else charset-normalizer tells it.
    """
    foreign = sum(byte >= 0x80 for byte in sample) / len(sample)
    if foreign < _MOST_FOREIGN and _reads(sample):
        return WESTERN
    from charset_normalizer import from_bytes  # takes a twentieth of a second to import, and is seldom needed

    found = from_bytes(sample).best()
    return found.encoding if found is not None and found.encoding not in {"ascii", "utf_8"} else None


def _reads(sample: bytes) -> bool:
    """Whether bytes are words where they are read as Windows-1252."""
    try:
        text = sample.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    if sum(character < " " and character not in "\t\n\r\f" for character in text) > _LEAST_PLAIN * len(text):
        return False
    return not any(_is_within(*around) for around in _threes(text))


def _threes(text: str) -> Iterable[tuple[str, str, str]]:
    return ((one, two, three) for (one, two), (_, three) in pairwise(pairwise(text)) if two >= "\x80")


def _is_within(before: str, character: str, after: str) -> bool:
    """Whether a sign beyond ASCII stands between two letters, where no language puts one."""
    return before.isalpha() and after.isalpha() and unicodedata.category(character) in _SIGNS


def not_utf8(byte: int, place: int, source: str) -> UnreadableDocument:
    """Return the error of a content that cannot be decoded from a byte on."""
    return UnreadableDocument(source, f"is not UTF-8 (byte 0x{byte:02x} at {place}): convert it to UTF-8")
