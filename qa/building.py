"""Corpus -> a new generation of an index, published in one rename. The old one serves until then."""

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from qa import __version__
from qa.datatypes import Document, Manifest, Passage
from qa.embedders import Embedder, load_embedder
from qa.errors import BadSettings, CorpusMissing, IndexLocked, IndexUnwritable, QAError, UnreadableDocument
from qa.index import (
    DIGESTS,
    DOCUMENTS,
    FORMAT,
    GENERATIONS,
    LEXICON,
    MANIFEST,
    OFFSETS,
    PASSAGES,
    POINTER,
    STORE,
    Generation,
    IndexedDocument,
    PassageFile,
    current_generation,
    manifest_json,
)
from qa.lexicon import Entry, build_lexicon
from qa.readers import CorpusFile, FoundFiles, find_files, read_corpus
from qa.settings import BuildSettings
from qa.splitters import Splitter
from qa.stores import STORES, Vectors, VectorStore

_BLOCK = 1024  # passages embedded between two steps of the progress bar
_DIGEST_BYTES = 16
_KEPT_GENERATIONS = 2  # the current one and the one before, which a running reader may still have open
_LIBRARIES = ("sentence-transformers", "faiss-cpu", "tantivy", "semantic-text-splitter")

Progress = Callable[[str, int, int | None], None]
"""Called with a stage's name, how much of it is done, and its whole where that is known."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. ``embedded`` passages were computed, ``reused`` ones taken from the last generation;
    ``unreadable`` were left out, with their reasons; ``left_out`` are files of formats that are not read."""

    generation: Path
    documents: int
    passages: int
    embedded: int
    reused: int
    unreadable: tuple[UnreadableDocument, ...] = ()
    left_out: tuple[str, ...] = ()


def _silent(stage: str, done: int, total: int | None) -> None:
    """Show no progress."""


def build_index(
    corpora: Sequence[Path],
    folder: Path,
    settings: BuildSettings | None = None,
    embedder: Embedder | None = None,
    progress: Progress = _silent,
) -> BuildReport:
    """Build an index of the corpora in ``folder`` and publish it.

    Raises CorpusMissing, EmbedderUnusable, IndexLocked or IndexUnwritable; whatever is raised, the index that
    was there stays as it was.
    """
    settings = settings or BuildSettings()
    if settings.store not in STORES:
        raise BadSettings(f"There is no store {settings.store!r}: the stores are {', '.join(STORES)}.")
    found = _find_all(corpora)
    with _locked(folder):
        embedder = embedder or load_embedder(settings.embedder)
        with _partial_generation(folder) as partial:
            build = _Build(partial, settings, embedder, progress)
            build.write_passages(found)
            build.write_vectors(_previous(folder, embedder))
            build.write_lexicon()
            build.write_manifest(corpora)
            generation = _publish(partial, folder)
        _prune(folder, generation)
    return BuildReport(
        generation,
        build.documents,
        build.passages,
        build.embedded,
        build.reused,
        tuple(build.unreadable),
        found.left_out,
    )


@dataclass
class _Build:
    """The steps that fill one generation's folder, in the order of their definition."""

    folder: Path
    settings: BuildSettings
    embedder: Embedder
    progress: Progress
    documents: int = 0
    passages: int = 0
    embedded: int = 0
    reused: int = 0
    unreadable: list[UnreadableDocument] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        embedder = self.embedder
        self.splitter = Splitter(
            embedder.tokenizer, embedder.max_tokens, self.settings.passage_tokens, embedder.passage_overhead
        )

    def write_passages(self, found: FoundFiles) -> None:
        """Read and split, one document in memory at a time."""
        self.unreadable.extend(found.unreadable)
        # Before the texts are read: a file that changes meanwhile is then known as another at the next build.
        self.sources = _checksums(found.files)
        offsets = [0]
        with (self.folder / PASSAGES).open("wb") as output, (self.folder / DOCUMENTS).open("wb") as documents:
            for item in read_corpus(found.files):
                passages = [] if isinstance(item, UnreadableDocument) else self.splitter.split(item)
                if not passages:
                    self.unreadable.append(_reason(item))
                    continue
                self.documents += 1
                first = passages[0]
                rows = (len(offsets) - 1, len(offsets) - 1 + len(passages))
                documents.write(_line(IndexedDocument(first.document_id, first.title, first.source, *rows)))
                offsets.extend(accumulate((output.write(_line(p)) for p in passages), initial=offsets.pop()))
                self.progress("Reading", self.documents, None)
        np.save(self.folder / OFFSETS, np.array(offsets, np.int64))
        self.passages = len(offsets) - 1
        if not self.passages:
            raise CorpusMissing(_nothing_read(self.unreadable))

    def write_vectors(self, previous: Generation | None) -> None:
        """Embed what the previous generation did not, a block at a time."""
        store = STORES[self.settings.store](self.embedder.dimension)
        known = {} if previous is None else {d.tobytes(): r for r, d in enumerate(previous.digests)}
        digests: npt.NDArray[np.uint8] = np.empty((self.passages, _DIGEST_BYTES), np.uint8)
        with self._open_passages() as passages:
            for start in range(0, self.passages, _BLOCK):
                rows = range(start, min(start + _BLOCK, self.passages))
                texts = [self._embedded_text(passages[row]) for row in rows]
                digests[rows.start : rows.stop] = [_digest(text) for text in texts]
                olds = [known.get(digests[row].tobytes()) for row in rows]
                store.add(np.array(rows, np.int64), self._vectors(texts, olds, previous))
                self.progress("Embedding", rows.stop, self.passages)
        np.save(self.folder / DIGESTS, digests)
        self._save_store(store)

    def write_lexicon(self) -> None:
        """Index the words of every passage, its title and heading among them."""
        (self.folder / LEXICON).mkdir()
        with self._open_passages() as passages:
            try:
                build_lexicon(self.folder / LEXICON, lexicon_entries(passages))
            except ValueError as error:  # how tantivy reports a failed write
                raise OSError(str(error)) from error

    def write_manifest(self, corpora: Sequence[Path]) -> None:
        """Write how all this was made."""
        manifest = Manifest(
            format=FORMAT,
            version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            embedder=self.embedder.name,
            embedder_path=self.embedder.path,
            embedder_checksum=self.embedder.checksum,
            dimension=self.embedder.dimension,
            max_tokens=self.embedder.max_tokens,
            passage_tokens=self.splitter.passage_tokens,
            store=self.settings.store,
            documents=self.documents,
            passages=self.passages,
            corpora=tuple(str(corpus) for corpus in corpora),
            sources=self.sources,
            libraries={name: version(name) for name in _LIBRARIES},
        )
        (self.folder / MANIFEST).write_text(manifest_json(manifest), encoding="utf-8")

    @contextmanager
    def _open_passages(self) -> Iterator[PassageFile]:
        passages = PassageFile(self.folder)
        try:
            yield passages
        finally:
            passages.close()

    def _embedded_text(self, passage: Passage) -> str:
        return self.splitter.context(passage) + passage.text

    def _vectors(self, texts: list[str], olds: list[int | None], previous: Generation | None) -> Vectors:
        vectors: Vectors = np.empty((len(texts), self.embedder.dimension), np.float32)
        new = [place for place, old in enumerate(olds) if old is None]
        kept = [place for place, old in enumerate(olds) if old is not None]
        if new:
            vectors[new] = self.embedder.embed_passages([texts[place] for place in new])
        if kept and previous is not None:
            vectors[kept] = previous.store.vectors(np.array([olds[place] for place in kept], np.int64))
        self.embedded += len(new)
        self.reused += len(kept)
        return vectors

    def _save_store(self, store: VectorStore) -> None:
        (self.folder / STORE).mkdir()
        try:
            store.save(self.folder / STORE)
        except RuntimeError as error:  # how FAISS reports a failed write
            raise OSError(str(error)) from error


def _line(record: Passage | IndexedDocument) -> bytes:
    return json.dumps(asdict(record), ensure_ascii=False).encode() + b"\n"


def lexicon_entries(passages: PassageFile) -> Iterator[Entry]:
    """Yield what the lexicon holds of each passage; passages of one document stand together."""
    document, last = -1, None
    for row in range(len(passages)):
        passage = passages[row]
        document, last = document + (passage.document_id != last), passage.document_id
        yield Entry(row, document, f"{passage.title}\n{passage.heading}", passage.text)


def _find_all(corpora: Sequence[Path]) -> FoundFiles:
    """Return the files of all corpora. Where two have one name, their paths stand in the sources in its place."""
    names = Counter(corpus.resolve().name for corpus in corpora)
    given = [corpus.as_posix() if names[corpus.resolve().name] > 1 else None for corpus in corpora]
    found = [find_files(corpus, name) for corpus, name in zip(corpora, given, strict=True)]
    return FoundFiles(
        tuple(file for one in found for file in one.files),
        tuple(source for one in found for source in one.left_out),
        tuple(error for one in found for error in one.unreadable),
    )


def _reason(item: Document | UnreadableDocument) -> UnreadableDocument:
    return item if isinstance(item, UnreadableDocument) else UnreadableDocument(item.source, "has no text to quote")


def _checksums(files: Sequence[CorpusFile]) -> dict[str, str]:
    """Return {source: sha256} of the files that can be opened; the others are told when they are read."""
    found = {}
    for file in files:
        with suppress(OSError), file.path.open("rb") as content:
            found[file.source] = hashlib.file_digest(content, "sha256").hexdigest()
    return found


def _nothing_read(unreadable: Sequence[UnreadableDocument]) -> str:
    reason = f" ({unreadable[0]})" if unreadable else ""
    return f"Nothing in the corpus could be read{reason}: the index was left as it was. Mend it and run again."


def _digest(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest(), np.uint8)


# --- generations -------------------------------------------------------------------------------------------


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one builder. The system frees the lock of a process that died."""
    with _writing(folder):
        (folder / GENERATIONS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise IndexLocked(f"Another `qa index` is building in {folder}: wait for it to end.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise IndexUnwritable(
            f"{folder} cannot be written ({reason}): free space or mend its permissions, or name another "
            "folder with --index. The index that was there is as it was."
        ) from error


@contextmanager
def _partial_generation(folder: Path) -> Iterator[Path]:
    """Yield a new folder to fill; whatever is left of it, or of a build that was killed, is removed."""
    with _writing(folder):
        for leftover in (folder / GENERATIONS).glob("*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(suffix=".partial", prefix="", dir=folder / GENERATIONS))
        partial.chmod(0o755)
        try:
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _previous(folder: Path, embedder: Embedder) -> Generation | None:
    """Return the current generation where its vectors can be taken over, else None."""
    try:
        generation = Generation(current_generation(folder))
        return generation if generation.manifest.embedder_checksum == embedder.checksum else None
    except QAError:
        return None


def _publish(partial: Path, folder: Path) -> Path:
    """Check the generation, make it durable, and point to it. Returns its folder."""
    Generation(partial).close()
    for path in [*partial.rglob("*"), partial]:
        _sync(path)
    numbers = [int(path.name) for path in (folder / GENERATIONS).iterdir() if path.name.isdigit()]
    generation = folder / GENERATIONS / f"{max(numbers, default=0) + 1:06d}"
    partial.rename(generation)
    _sync(generation.parent)
    pointer = folder / f"{POINTER}.new"
    pointer.write_text(generation.name + "\n", encoding="utf-8")
    _sync(pointer)
    pointer.replace(folder / POINTER)
    _sync(folder)
    return generation


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, current: Path) -> None:
    """Remove all but the last generations; one that cannot be removed now is removed another time."""
    older = sorted(p for p in (folder / GENERATIONS).iterdir() if p.name.isdigit() and p.name <= current.name)
    for generation in older[:-_KEPT_GENERATIONS]:
        shutil.rmtree(generation, ignore_errors=True)
