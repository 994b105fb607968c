"""Pages of a PDF that are only pictures -> their text, by tesseract where that is installed.

The pages are drawn in a process of their own, as they are read (``pdf_worker``), one at a time.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from qa.errors import UnreadableDocument

READ_BY = "tesseract"
"""What a document's guess says of one that was read so: letters in pictures are guessed."""

MOST_SCANNED = 500  # pages, which take some ten minutes
_LONGEST_SECONDS = 60  # for one page, of which one of print takes a few
_WORKER = Path(__file__).with_name("pdf_worker.py")
_SETTINGS = ("stdin", "stdout", "--dpi", "300")


def can_read_scans() -> bool:
    """Whether the program that reads letters in pictures is installed."""
    return shutil.which(READ_BY) is not None


def read_scans(content: BinaryIO, pages: int, source: str) -> Iterator[str]:
    """Yield the text of each page of an opened PDF, "" for one without letters. Raises UnreadableDocument."""
    if pages > MOST_SCANNED:
        raise UnreadableDocument(source, f"has over {MOST_SCANNED:,} pages that are only images: run OCR on it")
    for number in range(pages):
        yield _read(content, number, source)


def _read(content: BinaryIO, number: int, source: str) -> str:
    file = content.fileno()
    draw = [sys.executable, "-P", str(_WORKER), f"/dev/fd/{file}", str(number)]
    read = [str(shutil.which(READ_BY)), *_SETTINGS]
    try:
        drawn = subprocess.run(  # noqa: S603
            draw, capture_output=True, timeout=_LONGEST_SECONDS, check=True, pass_fds=[file]
        )
        done = subprocess.run(  # noqa: S603
            read, input=drawn.stdout, capture_output=True, timeout=_LONGEST_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise UnreadableDocument(
            source, f"has only images, and page {number + 1} cannot be read: run OCR on it"
        ) from error
    return done.stdout.decode(errors="replace").strip().replace("\f", "")
