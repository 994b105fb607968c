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
from qa.readers.jsonl import read_jsonl
from qa.readers.markdown import read_markdown
from qa.readers.text import read_text

Reader = Callable[[Path, str], Iterator[Document | UnreadableDocument]]

READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".jsonl": read_jsonl,
}


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file of a corpus; ``source`` is its path from the corpus's own folder name on, with forward slashes."""

    path: Path
    source: str


def find_files(corpus: Path) -> tuple[list[CorpusFile], list[str]]:
    """Return the readable files of a corpus, sorted, and the sources of those that no reader takes.

    A corpus is a folder, searched throughout, or one file. Hidden files, README files and what is neither a
    file nor a folder are passed over in silence.

    Raises CorpusMissing when nothing is there.
    """
    _check_exists(corpus)
    if corpus.is_file():
        if corpus.suffix.lower() not in READERS:
            raise CorpusMissing(f"{corpus} is of no format that is read here: {_formats()}.")
        return [CorpusFile(corpus, corpus.name)], []
    files, left_out = [], []
    for path in _walk(corpus):
        source = (Path(corpus.resolve().name) / path.relative_to(corpus)).as_posix()
        if path.suffix.lower() in READERS:
            files.append(CorpusFile(path, source))
        else:
            left_out.append(source)
    if not files:
        raise CorpusMissing(f"{corpus} holds no text to index: put files in it that end in {_formats()}.")
    return files, left_out


def _check_exists(corpus: Path) -> None:
    if corpus.is_symlink() and not corpus.exists():
        raise CorpusMissing(f"{corpus} is a broken link to {corpus.readlink()}: mend it or name another corpus.")
    if not corpus.exists():
        raise CorpusMissing(f"{corpus} does not exist: name a folder or file of texts, as in `qa index FOLDER`.")
    if not (corpus.is_dir() or corpus.is_file()):
        raise CorpusMissing(f"{corpus} is neither a folder nor a file: name a folder or file of texts.")


def _walk(corpus: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(corpus):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            hidden = name.startswith(".") or Path(name).stem.upper() == "README"
            if not hidden and (path.is_file() or path.is_symlink()):
                yield path


def _formats() -> str:
    return ", ".join(READERS)


def read_corpus(files: Sequence[CorpusFile]) -> Iterator[Document | UnreadableDocument]:
    """Yield every document of the files, and an UnreadableDocument for each file or record left out.

    A document whose id was taken by an earlier one is left out, and said so.
    """
    seen: set[str] = set()
    for file in files:
        for item in _read_file(file):
            if isinstance(item, Document):
                if item.id in seen:
                    yield UnreadableDocument(item.source, f'the id "{item.id}" is taken by an earlier document')
                    continue
                seen.add(item.id)
            yield item


def _read_file(file: CorpusFile) -> Iterator[Document | UnreadableDocument]:
    try:
        yield from READERS[file.path.suffix.lower()](file.path, file.source)
    except UnreadableDocument as error:
        yield error
    except OSError as error:
        yield UnreadableDocument(file.source, f"cannot be opened: {error.strerror or error}")
