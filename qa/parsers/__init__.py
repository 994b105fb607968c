"""File -> Documents, one file a format. A new format is one module here and one row of PARSERS.

``Parser: (Path, source) -> Iterator[Document | UnreadableDocument]``. A parser raises UnreadableDocument for a file
that it cannot read at all, and yields one for each record that it must omit. Another package adds a format as an entry
point of the group ``candor.parsers``, named by the ending that its files have.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa.datatypes import Document
from qa.errors import CorpusMissing, UnreadableDocument
from qa.parsers.blobs import without_blobs
from qa.parsers.checks import LARGEST_FILE, MOST_SECTIONS
from qa.parsers.csv import read_csv
from qa.parsers.docx import read_docx
from qa.parsers.epub import read_epub
from qa.parsers.html import read_html
from qa.parsers.jsonl import read_jsonl
from qa.parsers.markdown import read_markdown
from qa.parsers.odt import read_odt
from qa.parsers.pdf import read_pdf
from qa.parsers.pptx import read_pptx
from qa.parsers.rst import read_rst
from qa.parsers.text import is_encodable, read_text, whole_characters
from qa.parsers.xlsx import read_xlsx
from qa.plugins import Table

Parser = Callable[[Path, str], Iterator[Document | UnreadableDocument]]

_OWN: dict[str, Parser] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".odt": read_odt,
    ".pptx": read_pptx,
    ".xlsx": read_xlsx,
    ".rst": read_rst,
    ".epub": read_epub,
}

PARSERS: Table[Parser] = Table("candor.parsers", _OWN)
"""The parser of each ending of a file's name, in lower case with its dot."""

_FOLLOW = "set follow_links = true in corpus.toml"
_MOST_PROBLEMS = 1000  # of one file that are named; a file of the wrong kind can have millions of wrong lines
_MOST_WRONG = 10_000  # after which a file without a document is not read on
_LONGEST_REASON = 200  # characters of a library's own words
_TITLE_CHARACTERS = 1000  # characters; every passage carries its document's


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file of a corpus; ``source`` is its path from the corpus's own folder name on, with forward slashes."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files that a parser takes, sorted; the sources of those that none takes; and what cannot be got at."""

    files: tuple[CorpusFile, ...]
    left_out: tuple[str, ...] = ()
    unreadable: tuple[UnreadableDocument, ...] = ()


def find_files(corpus: Path, name: str | None = None, follow_links: bool = False) -> FoundFiles:
    """Return the files of a corpus: a folder, searched throughout, or one file.

    ``name`` stands first in every source in place of the folder's own. Hidden files, README files, the folders of
    indexes, and what is neither a file nor a folder are passed over in silence. A link that leads out of the corpus, or
    to a folder, is followed only with ``follow_links``; one that is not is among the unreadable.

    Raises CorpusMissing when nothing is there to read.
    """
    if _is_file(corpus):
        if corpus.suffix.lower() not in PARSERS:
            raise CorpusMissing(f"{corpus} is of no format that is read here: {_formats()}.")
        source = name or corpus.name
        if problem := _problem_of_file(corpus.stat()):
            raise CorpusMissing(f"{corpus} {problem}.")
        return FoundFiles((CorpusFile(corpus, source),))
    files: list[CorpusFile] = []
    left_out: list[str] = []
    unreadable: list[UnreadableDocument] = []
    root = corpus.resolve()
    for found in _walk(corpus, [root], follow_links):
        path = found if isinstance(found, Path) else Path(os.fsdecode(found.filename))
        source = (Path(name or root.name) / path.relative_to(corpus)).as_posix()
        is_text = path.suffix.lower() in PARSERS
        if isinstance(found, OSError):
            unreadable.append(UnreadableDocument(source, f"cannot be opened: {found.strerror}"))
        elif not is_encodable(source):
            unreadable.append(UnreadableDocument(source, "has a name that is not UTF-8: rename it"))
        elif problem := _problem(path, root, is_text, follow_links):
            unreadable.append(UnreadableDocument(source, problem))
        elif is_text:
            files.append(CorpusFile(path, source))
        else:
            left_out.append(source)
    if not files:
        reason = f" ({unreadable[0]})" if unreadable else ""
        raise CorpusMissing(f"{corpus} holds no text to index{reason}: put files in it that end in {_formats()}.")
    return FoundFiles(tuple(files), tuple(left_out), tuple(unreadable))


def _problem(path: Path, root: Path, is_text: bool, follow_links: bool) -> str | None:
    """Return why a file or a link is not to be opened, None where it can be. Files of other formats never are."""
    try:
        state = path.stat()
        is_out = path.is_symlink() and not path.resolve().is_relative_to(root)
    except (OSError, RuntimeError) as error:  # the latter for a link that leads to itself
        reason = getattr(error, "strerror", None) or error
        return f"is a broken link ({reason}): mend or remove it" if path.is_symlink() else f"cannot be opened: {reason}"
    if stat.S_ISDIR(state.st_mode):
        followed = "searched already" if follow_links else f"not followed: {_FOLLOW}, or name the folder itself"
        return f"is a link to a folder, which is {followed}"
    if is_text and is_out and not follow_links:
        return f"is a link that leads out of the corpus: {_FOLLOW}"
    return _problem_of_file(state) if is_text else None


def _problem_of_file(state: os.stat_result) -> str | None:
    if not stat.S_ISREG(state.st_mode):
        return "is a link to a pipe, a device or a socket, not to a file: remove it"
    if state.st_size > LARGEST_FILE:
        return f"holds {state.st_size / 1e9:,.1f} GB, over the {LARGEST_FILE / 1e9:.0f} GB for one file: split it"
    return None


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


def _walk(corpus: Path, searched: list[Path], follow_links: bool) -> Iterator[Path | OSError]:
    """Yield the files and linked folders below a folder, sorted, and an error for each folder that cannot be listed.

    A linked folder is searched in its place where links are followed, and it neither holds nor is in one ``searched``.
    """
    errors: list[OSError] = []
    for folder, folders, names in os.walk(corpus, onerror=errors.append):
        yield from errors
        errors.clear()
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(name for name in folders if _is_entered(Path(folder, name)))
        for name in sorted([*names, *linked]):
            path = Path(folder, name)
            if name.startswith(".") or path.stem.upper() == "README":
                continue
            try:
                if name in linked and _is_index(path):
                    continue
                if follow_links and name in linked and _is_apart(path.resolve(), searched):
                    searched.append(path.resolve())
                    yield from _walk(path, searched, follow_links)
                elif path.is_file() or path.is_symlink():
                    yield path
            except OSError as error:
                error.filename = str(path)
                yield error
    yield from errors


def _is_apart(folder: Path, searched: Sequence[Path]) -> bool:
    return not any(folder.is_relative_to(other) or other.is_relative_to(folder) for other in searched)


def _is_entered(folder: Path) -> bool:
    """Whether a folder is searched: not a hidden or linked one, and not an index. One that cannot be opened is, so that
    the search finds that out and tells it."""
    if folder.name.startswith(".") or folder.is_symlink():
        return False
    try:
        return not _is_index(folder)
    except OSError:
        return True


def _is_index(folder: Path) -> bool:
    return (folder / "CURRENT").is_file() and (folder / "generations").is_dir()


def _formats() -> str:
    return ", ".join(PARSERS)


def read_corpus(files: Sequence[CorpusFile], taken: set[str] | None = None) -> Iterator[Document | UnreadableDocument]:
    """Yield every document of the files, and an UnreadableDocument for each file or record left out.

    A document whose id was taken by an earlier one is left out, and said so; ``taken`` holds these ids, and gets more.
    A record whose id stands in another file gets one with its own file's name, for many files count from 1; a row of a
    table whose id stands there twice gets one with its line.
    """
    seen = set() if taken is None else taken
    for file in files:
        yield from _read_file(file, seen)


def duplicate_id(identifier: str, source: str) -> UnreadableDocument:
    """Return the error of a document whose id an earlier one has."""
    return UnreadableDocument(source, f'the id "{identifier}" is taken by an earlier document')


def _read_file(file: CorpusFile, seen: set[str]) -> Iterator[Document | UnreadableDocument]:
    """Yield what a file holds, whatever happens: of its problems the first, and then how many more there are."""
    problems = wrong = documents = 0
    own: set[str] = set()  # the ids of the file's records, as they stand there
    for item in _read_any(file):
        if isinstance(item, Document) and len(item.sections) > MOST_SECTIONS:
            yield UnreadableDocument(item.source, f"has over {MOST_SECTIONS:,} headings: split it")
            return
        identifier = _free_id(item, file.source, seen, own) if isinstance(item, Document) else None
        if isinstance(item, Document) and identifier is not None:
            seen.add(identifier)
            own.add(item.id)
            documents += 1
            yield _storable(replace(item, id=identifier))
            continue
        problems += 1
        wrong += isinstance(item, UnreadableDocument)
        if problems <= _MOST_PROBLEMS:
            yield duplicate_id(item.id, item.source) if isinstance(item, Document) else item
        elif wrong == _MOST_WRONG == problems and not documents:
            yield UnreadableDocument(file.source, f"is left out, for the first {problems:,} records are all wrong")
            return
    if problems > _MOST_PROBLEMS:
        yield UnreadableDocument(file.source, f"has {problems - _MOST_PROBLEMS:,} more that are left out")


def _free_id(document: Document, file: str, seen: set[str], own: set[str]) -> str | None:
    """Return the id of a document, or another where it is a record and that is taken: with its file where another file
    has the id, by its line where the rows of its file share it. None where it is left out."""
    if document.id not in seen and document.id not in own:
        return document.id
    if document.source == file:
        return None
    is_row = document.id.startswith(f"{file}#")
    other = document.source if is_row else f"{file}#{document.id}"
    return None if other in seen or (document.id in own and not is_row) else other


def _read_any(file: CorpusFile) -> Iterator[Document | UnreadableDocument]:
    try:
        yield from PARSERS[file.path.suffix.lower()](file.path, file.source)
    except UnreadableDocument as error:
        yield error
    except OSError as error:
        yield UnreadableDocument(file.source, f"cannot be opened: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - of a thousand files one that no parser foresaw must not end the build
        yield failed(file.source, error)


def failed(source: str, error: Exception) -> UnreadableDocument:
    """Return what is said of a file that failed in a way that no one foresaw."""
    if isinstance(error, MemoryError):
        return UnreadableDocument(source, "needs more memory than there is: split it")
    if isinstance(error, RecursionError):
        return UnreadableDocument(source, "is nested too deeply: make it plainer")
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_REASON]
    return UnreadableDocument(source, f"cannot be read ({reason}): mend it or save it in another format")


def _storable(document: Document) -> Document:
    """Return a document whose names can be written and shown: without half characters and data, and not endless."""
    sections = tuple(replace(section, heading=_name(section.heading)) for section in document.sections)
    aliases = tuple(name for alias in document.aliases if (name := _name(alias)))
    return replace(document, title=_name(document.title), sections=sections, aliases=aliases)


def _name(text: str) -> str:
    return whole_characters(without_blobs(text)).strip()[:_TITLE_CHARACTERS]
