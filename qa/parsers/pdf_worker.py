"""Reads one PDF in a process of its own, which the file may crash, fill or hold up without harm to the one that asked.

Run as ``python -P pdf_worker.py FILE``; imports nothing of the package. It writes one JSON object: ``error``, or
``title``, ``texts`` and ``labels`` of the pages, and ``outline`` as [level, heading, page].
"""

import contextlib
import json
import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pypdfium2
from pypdfium2 import raw

_MEMORY = 400 << 20  # bytes
_FIRST_SECONDS = 8  # of processor time, for opening the file
_PAGES_A_SECOND = 20  # beyond; real pages take a tenth of that time
_MOST_PAGES = 10_000
_MOST_CHARACTERS = 16_000_000
_MOST_BOOKMARKS = 2_000


def _limit(seconds: int) -> None:
    """Bound memory and processor time, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _read(path: str) -> dict[str, Any]:
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        encrypted = error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
        return {"error": "encrypted" if encrypted else "damaged"}
    if len(pdf) > _MOST_PAGES:
        return {"error": "large"}
    texts: list[str | None] = []
    characters = 0
    for number in range(len(pdf)):
        _limit(_FIRST_SECONDS + number // _PAGES_A_SECOND)
        texts.append(_page(pdf, number))
        characters += len(texts[-1] or "")
        if characters > _MOST_CHARACTERS:
            return {"error": "large"}
    labels = [_text_of(partial(pdf.get_page_label, number)) for number in range(len(pdf))]
    return {
        "title": _text_of(lambda: pdf.get_metadata_value("Title")),
        "texts": texts,
        "labels": labels,
        "outline": _outline(pdf),
    }


def _page(pdf: pypdfium2.PdfDocument, number: int) -> str | None:
    """Return a page's text, None where it cannot be read."""
    try:
        page = pdf[number]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return None
    text = str(text_page.get_text_bounded())
    text_page.close()
    page.close()
    return text


def _text_of(get: Callable[[], Any]) -> str:
    """Return what a call gets, "" where that is no text."""
    try:
        return str(get() or "")
    except UnicodeDecodeError:
        return ""


def _outline(pdf: pypdfium2.PdfDocument) -> list[tuple[int, str, int]]:
    found: list[tuple[int, str, int]] = []
    for bookmark in pdf.get_toc():
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        if page is not None:
            found.append((bookmark.level + 1, _text_of(bookmark.get_title), page))
        if len(found) == _MOST_BOOKMARKS:
            break
    return found


if __name__ == "__main__":
    logging.disable()
    _limit(_FIRST_SECONDS)
    sys.stdout.buffer.write(json.dumps(_read(sys.argv[1])).encode())
