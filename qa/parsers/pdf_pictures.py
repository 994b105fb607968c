"""A page of a PDF as it is printed, with the words of a passage marked.

It is drawn in a process of its own, as the file is read (``pdf_worker``).
"""

import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from qa.errors import UnreadableDocument

_LONGEST_SECONDS = 30
_WORKER = Path(__file__).with_name("pdf_worker.py")


def draw_page(content: BinaryIO, number: int, words: str, source: str) -> bytes:
    """Return the page with this number, counted from 1, of an opened PDF as PNG. What of the words is not found on it
    is not marked. Raises UnreadableDocument."""
    file = content.fileno()
    command = [sys.executable, "-P", str(_WORKER), f"/dev/fd/{file}", str(number - 1), "boxed"]
    try:
        drawn = subprocess.run(  # noqa: S603
            command, input=words.encode(), capture_output=True, timeout=_LONGEST_SECONDS, check=True, pass_fds=[file]
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise UnreadableDocument(source, f"page {number} cannot be drawn: download the file") from error
    return drawn.stdout
