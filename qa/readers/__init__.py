"""File -> Documents, one file a format. A new format is one module here and one row of READERS.

``Reader: (Path, source) -> Iterator[Document | UnreadableDocument]``. A reader raises UnreadableDocument for
a file that it cannot read at all, and yields one for each record that it must leave out.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.datatypes import Document
from qa.errors import CorpusMissing, UnreadableDocument
from qa.readers.csv import read_csv
from qa.readers.docx import read_docx
from qa.readers.epub import read_epub
from qa.readers.html import read_html
from qa.readers.jsonl import read_jsonl
from qa.readers.markdown import read_markdown
from qa.readers.pdf import read_pdf
from qa.readers.text import is_encodable, read_text

Reader = Callable[[Path, str], Iterator[Document | UnreadableDocument]]

READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".epub": read_epub,
}


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file of a corpus; ``source`` is its path from the corpus's own folder name on, with forward slashes."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files that a reader takes, sorted; the sources of those that none takes; and what cannot be got at."""

    files: tuple[CorpusFile, ...]
    left_out: tuple[str, ...] = ()
    unreadable: tuple[UnreadableDocument, ...] = ()


def find_files(corpus: Path, name: str | None = None) -> FoundFiles:
    """Return the files of a corpus: a folder, searched throughout, or one file.

    ``name`` stands first in every source in place of the folder's own. Hidden files, README files, the folders of
    indexes, and what is neither a file nor a folder are passed over in silence; linked folders are not entered.

    Raises CorpusMissing when nothing is there to read.
    """
    if _is_file(corpus):
        if corpus.suffix.lower() not in READERS:
            raise CorpusMissing(f"{corpus} is of no format that is read here: {_formats()}.")
        return FoundFiles((CorpusFile(corpus, name or corpus.name),))
    files: list[CorpusFile] = []
    left_out: list[str] = []
    unreadable: list[UnreadableDocument] = []
    for found in _walk(corpus):
        path = found if isinstance(found, Path) else Path(os.fsdecode(found.filename))
        source = (Path(name or corpus.resolve().name) / path.relative_to(corpus)).as_posix()
        if isinstance(found, OSError):
            unreadable.append(UnreadableDocument(source, f"cannot be opened: {found.strerror}"))
        elif not is_encodable(source):
            unreadable.append(UnreadableDocument(source, "has a name that is not UTF-8: rename it"))
        elif path.suffix.lower() in READERS and not path.is_dir():
            files.append(CorpusFile(path, source))
        else:
            left_out.append(source)
    if not files:
        reason = f" ({unreadable[0]})" if unreadable else ""
        raise CorpusMissing(f"{corpus} holds no text to index{reason}: put files in it that end in {_formats()}.")
    return FoundFiles(tuple(files), tuple(left_out), tuple(unreadable))


def _is_file(corpus: Path) -> bool:
    """Whether a corpus is a file, not a folder. Raises CorpusMissing when it is neither."""
    try:
        if corpus.is_symlink() and not corpus.exists():
            raise CorpusMissing(f"{corpus} is a broken link to {corpus.readlink()}: mend it or name another corpus.")
        if not corpus.exists():
            raise CorpusMissing(f"{corpus} does not exist: name a folder or file of texts, as in `qa index FOLDER`.")
        if not (corpus.is_dir() or corpus.is_file()):
            raise CorpusMissing(f"{corpus} is neither a folder nor a file: name a folder or file of texts.")
        return corpus.is_file()
    except OSError as error:
        raise CorpusMissing(f"{corpus} cannot be opened ({error.strerror}): mend its permissions.") from error


def _walk(corpus: Path) -> Iterator[Path | OSError]:
    """Yield the files and linked folders below a folder, sorted, and an error for each folder that cannot be listed."""
    errors: list[OSError] = []
    for folder, folders, names in os.walk(corpus, onerror=errors.append):
        yield from errors
        errors.clear()
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(name for name in folders if _is_entered(Path(folder, name)))
        for name in sorted([*names, *linked]):
            path = Path(folder, name)
            hidden = name.startswith(".") or path.stem.upper() == "README"
            try:
                if not hidden and (path.is_file() or path.is_symlink()):
                    yield path
            except OSError as error:
                error.filename = str(path)
                yield error
    yield from errors


def _is_entered(folder: Path) -> bool:
    """Whether a folder is searched: not a hidden or linked one, and not an index. One that cannot be opened is, so that
    the search finds that out and tells it."""
    if folder.name.startswith(".") or folder.is_symlink():
        return False
    try:
        return not ((folder / "CURRENT").is_file() and (folder / "generations").is_dir())
    except OSError:
        return True


def _formats() -> str:
    return ", ".join(READERS)


def read_corpus(files: Sequence[CorpusFile], taken: set[str] | None = None) -> Iterator[Document | UnreadableDocument]:
    """Yield every document of the files, and an UnreadableDocument for each file or record left out.

    A document whose id was taken by an earlier one is left out, and said so; ``taken`` holds these ids, and gets more.
    """
    seen = set() if taken is None else taken
    for file in files:
        for item in _read_file(file):
            if isinstance(item, Document):
                if item.id in seen:
                    yield is_taken(item.id, item.source)
                    continue
                seen.add(item.id)
            yield item


def is_taken(identifier: str, source: str) -> UnreadableDocument:
    """Return what is said of a document whose id an earlier one has."""
    return UnreadableDocument(source, f'the id "{identifier}" is taken by an earlier document')


def _read_file(file: CorpusFile) -> Iterator[Document | UnreadableDocument]:
    try:
        yield from READERS[file.path.suffix.lower()](file.path, file.source)
    except UnreadableDocument as error:
        yield error
    except OSError as error:
        yield UnreadableDocument(file.source, f"cannot be opened: {error.strerror or error}")
