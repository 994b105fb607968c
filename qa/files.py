"""Files of others, opened so that nothing of theirs can hold up who reads them, or fill the memory.

Only regular files are opened: a FIFO, a device or a socket, also by way of a link or put there a moment ago, is
refused at once. What a file says is ``parsers``' and others'.
"""

import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

_BLOCK = 1 << 20


class NoRegularFile(OSError):
    """What a path leads to is no file with content of its own."""


class FileTooLarge(OSError):
    """A file holds more than is ever read of its kind."""


def open_regular(path: Path) -> BufferedReader:
    """Return a file opened for reading; it waits for nothing. Raises OSError, with words in ``strerror``."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(None, "Is a directory", str(path))
        if not stat.S_ISREG(mode):
            raise NoRegularFile(None, "it is a pipe, a device or a socket, not a file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, largest: int) -> bytes:
    """Return a file's content. Raises OSError, among them FileTooLarge above ``largest`` bytes."""
    with open_regular(path) as opened:
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise FileTooLarge(None, f"it holds over {largest / 1e6:g} MB", str(path))
    return content


def bounded_lines(opened: BufferedReader, longest: int) -> Iterator[bytes | None]:
    """Yield the lines of an opened file, with their ends; None for one of over ``longest`` bytes, which is passed over
    without being held."""
    while line := opened.readline(longest + 1):
        if len(line) <= longest:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = opened.readline(_BLOCK)
        yield None


class LocalFiles:
    """A store or a lexicon that is the files of its folder and nothing else: these are compared with their checksums,
    and go with the folder."""

    @classmethod
    def verify(cls, folder: Path) -> None:
        """Do nothing."""

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Do nothing."""
