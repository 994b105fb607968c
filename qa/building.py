"""Corpora -> a new generation of an index. What did not change is taken over from the current one, which serves on.

A file is unchanged when its content is, whatever its time says: its passages are copied, not read and split again.
A passage is unchanged when what is embedded of it is, wherever it moved: its vector is copied.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from qa import __version__
from qa.corpora import Corpora, find_corpora
from qa.datatypes import Document, Manifest, Passage
from qa.embedders import ENCODER, Embedder, embedder_checksum, load_embedder, pass_on
from qa.errors import BadSettings, CorpusMissing, DocumentsWouldGo, QAError, UnreadableDocument
from qa.files import open_regular
from qa.generations import (
    all_generations,
    current_generation,
    file_checksums,
    locked,
    partial_generation,
    prune,
    publish,
    verify,
    write_manifest,
)
from qa.index import (
    DIGESTS,
    DOCUMENTS,
    FORMAT,
    LEFT_OUT,
    LEXICON,
    OFFSETS,
    PASSAGES,
    STORE,
    FileContent,
    Generation,
    IndexedDocument,
    PassageFile,
    carries_embedder,
    load_manifest,
    manifest_json,
    read_documents,
)
from qa.lexicon import Entry, build_lexicon
from qa.readers import CorpusFile, FoundFiles, failed, is_taken, read_corpus
from qa.removals import NOTHING_GOES, Removals, removals
from qa.settings import BuildSettings
from qa.splitters import Splitter
from qa.stores import FLOAT32, PRECISIONS, STORES, Vectors, save_array

_BLOCK = 1024  # passages embedded between two steps of the progress bar
_SAMPLE = 16  # passages by which the embedder's fastest form is compared with its first
_DIGEST_BYTES = 16
_LIBRARIES = ("sentence-transformers", "openvino", "faiss-cpu", "tantivy", "semantic-text-splitter")
_EXPORTING = "Exporting the model"
_NEW = -1  # in place of the row that a passage had in the last generation

Progress = Callable[[str, int, int | None], None]
"""Called with a stage's name, how much of it is done, and its whole where that is known."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The files of the corpora against those that the current generation was made of, by source and content.

    ``elsewhere`` tells what else differs: the format, the model, the settings or the corpora named; None where nothing.
    ``removals`` are the documents of the removed files, but for files that were only renamed.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    elsewhere: str | None = None
    removals: Removals = NOTHING_GOES

    def __bool__(self) -> bool:
        """Whether there is anything to build."""
        return bool(self.added or self.changed or self.removed or self.elsewhere)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did, or that there was nothing to do: then ``changes`` is false and ``generation`` was there before.

    ``embedded`` passages were computed, ``reused`` ones taken from the last generation; ``unreadable`` were left out,
    with their reasons, also by an earlier build where there was nothing to do; ``left_out`` are files of formats that
    are not read; ``questions`` is the judged set that the corpora bring; ``removed`` are the documents that the index
    no longer has.
    """

    generation: Path
    documents: int
    passages: int
    embedded: int
    reused: int
    changes: Changes
    unreadable: tuple[UnreadableDocument, ...] = ()
    left_out: tuple[str, ...] = ()
    questions: Path | None = None
    removed: Removals = NOTHING_GOES


def _silent(stage: str, done: int, total: int | None) -> None:
    """Show no progress."""


def build_index(  # noqa: PLR0913, PLR0917 - what a build is told
    corpora: Sequence[Path],
    folder: Path,
    settings: BuildSettings | None = None,
    embedder: Embedder | None = None,
    progress: Progress = _silent,
    wait: bool = False,
    remove: bool = False,
) -> BuildReport:
    """Bring the index in ``folder`` in step with the corpora: build what changed and publish it, or do nothing.

    Raises CorpusMissing, EmbedderUnusable, IndexLocked (unless it is to ``wait``), IndexUnwritable, or DocumentsWouldGo
    where more than a tenth of the documents would go (unless they are to be ``remove``d); whatever is raised, the index
    that was there stays as it was.
    """
    settings = settings or BuildSettings()
    _check(settings)
    told = find_corpora(corpora, folder)
    found = told.found
    with locked(folder, wait), _previous(folder, settings, embedder) as previous:
        before = _current(folder)
        checksums = _checksums(found.files)
        changes = _compare(checksums, previous, told, corpora, settings, folder)
        if previous and not changes:
            return _unchanged(previous, changes, told)
        progress("Preparing", 0, None)
        with partial_generation(folder) as partial:
            build = _Build(partial, settings, _embedder(previous, settings, embedder), progress, previous)
            progress("Preparing", 1, 1)
            build.write_passages(found, checksums)
            removed = _removed(before, build)
            if removed.are_many and not remove:
                raise DocumentsWouldGo(_too_many(removed))
            build.write_rest(corpora, told)
            generation = publish(partial, folder, previous.folder if previous else None)
        prune(folder, generation, settings.keep, before)
    counts = (build.documents, build.passages, build.embedded, build.reused)
    return BuildReport(generation, *counts, changes, tuple(build.unreadable), found.left_out, told.questions, removed)


def _check(settings: BuildSettings) -> None:
    """Raise BadSettings for a store or a way to keep vectors that does not exist."""
    if settings.store not in STORES:
        raise BadSettings(f"There is no store {settings.store!r}: the stores are {', '.join(STORES)}.")
    if settings.vectors not in PRECISIONS:
        raise BadSettings(f"Vectors cannot be kept as {settings.vectors!r}: they are kept as {', '.join(PRECISIONS)}.")
    if settings.store == "exact" and settings.vectors != FLOAT32:
        raise BadSettings(f"The store exact keeps vectors as {FLOAT32} only: leave out --vectors, or --store exact.")


def find_changes(corpora: Sequence[Path], folder: Path, settings: BuildSettings | None = None) -> Changes:
    """Return what ``build_index`` would find changed, writing nothing. Raises CorpusMissing or EmbedderUnusable."""
    settings = settings or BuildSettings()
    told = find_corpora(corpora, folder)
    with _previous(folder, settings, None) as previous:
        return _compare(_checksums(told.found.files), previous, told, corpora, settings, folder)


def _compare(  # noqa: PLR0913, PLR0917 - both sides of the comparison
    checksums: Mapping[str, str],
    previous: Generation | None,
    told: Corpora,
    corpora: Sequence[Path],
    settings: BuildSettings,
    folder: Path,
) -> Changes:
    going = _removed_files(_current(folder), checksums)
    if previous is None:
        return Changes(tuple(checksums), (), (), 0, "there is no index to take anything over from", going)
    known = previous.manifest.sources
    return Changes(
        added=tuple(source for source in checksums if source not in known),
        changed=tuple(source for source in checksums if source in known and checksums[source] != known[source]),
        removed=tuple(source for source in known if source not in checksums),
        unchanged=sum(known.get(source) == checksum for source, checksum in checksums.items()),
        elsewhere=_elsewhere(previous, told, corpora, settings, folder),
        removals=going,
    )


def _elsewhere(
    previous: Generation, told: Corpora, corpora: Sequence[Path], settings: BuildSettings, folder: Path
) -> str | None:
    """Return what is to be built anew whether or not a file has changed."""
    manifest = previous.manifest
    if previous.folder != _current(folder):
        return "the current generation is damaged, or was made with another model or setting"
    if manifest.corpora != tuple(str(corpus) for corpus in corpora):
        return "other corpora are named"
    said = (manifest.title, manifest.notice, manifest.language, manifest.examples)
    if said != (told.title, told.notice, told.language, told.examples):
        return "corpus.toml says something else"
    if (manifest.store, manifest.vectors) != (settings.store, settings.vectors):
        return "vectors are to be kept another way"
    return None if manifest.version == __version__ else "it was made by another version"


def _embedder(previous: Generation | None, settings: BuildSettings, given: Embedder | None) -> Embedder:
    """Return the embedder to build with: where the last generation carries it, there is nothing to load."""
    return given or (previous and previous.carried_embedder()) or load_embedder(settings.embedder)


def _current(folder: Path) -> Path | None:
    with suppress(QAError):
        return current_generation(folder)
    return None


def _unchanged(previous: Generation, changes: Changes, told: Corpora) -> BuildReport:
    manifest = previous.manifest
    counts = (manifest.documents, manifest.passages, 0, manifest.passages)
    found = tuple(file.source for file in told.found.files)
    left_out = [error for error in _left_out_of(previous) if error.source.startswith(found)]
    unreadable = {str(error): error for error in (*told.found.unreadable, *left_out)}
    return BuildReport(
        previous.folder, *counts, changes, tuple(unreadable.values()), told.found.left_out, told.questions
    )


def _left_out_of(generation: Generation) -> list[UnreadableDocument]:
    """Return what was left out when a generation was made, with the reasons where it has them."""
    try:
        lines = (generation.folder / LEFT_OUT).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # one of an older version
        return [UnreadableDocument(source, "could not be read whole") for source in generation.manifest.imperfect]
    return [UnreadableDocument(*json.loads(line)) for line in lines]


# --- what goes -----------------------------------------------------------------------------------------------


def _removed_files(current: Path | None, checksums: Mapping[str, str]) -> Removals:
    """Return the documents of the files that the current generation has and the corpora no longer, under any name."""
    return _removed_documents(current, checksums, lambda document: document.file in checksums)


def _removed(current: Path | None, build: "_Build") -> Removals:
    """Return the documents that the current generation has and a build has not, under any name of their file."""
    return _removed_documents(current, build.sources, lambda document: document.id in build.taken)


def _removed_documents(
    current: Path | None, checksums: Mapping[str, str], stays: Callable[[IndexedDocument], bool]
) -> Removals:
    if current is None:
        return NOTHING_GOES
    with suppress(QAError, OSError, ValueError):  # of a damaged one, or one of another version, nothing can be told
        manifest = load_manifest(current)
        new = {checksum for source, checksum in checksums.items() if source not in manifest.sources}
        kept = {s for s, checksum in manifest.sources.items() if checksum == checksums.get(s) or checksum in new}
        if kept == manifest.sources.keys():
            return NOTHING_GOES
        with closing(FileContent(current / DOCUMENTS)) as content:
            others = (document for document in read_documents(content) if document.file not in kept)
            return removals((document.file for document in others if not stays(document)), manifest.documents)
    return NOTHING_GOES


def _too_many(going: Removals) -> str:
    return (
        f"{going.told('would go')}: give --remove if they are to go, or name their folders and files too; the index is "
        "as it was."
    )


@dataclass
class _Build:
    """The steps that fill one generation's folder, in the order of their definition."""

    folder: Path
    settings: BuildSettings
    embedder: Embedder
    progress: Progress
    previous: Generation | None
    documents: int = 0
    passages: int = 0
    embedded: int = 0
    reused: int = 0
    unreadable: list[UnreadableDocument] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    imperfect: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=lambda: [0])
    olds: list[int] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        embedder = self.embedder
        self.splitter = Splitter(
            embedder.tokenizer, embedder.max_tokens, self.settings.passage_tokens, embedder.passage_overhead
        )

    def write_passages(self, found: FoundFiles, checksums: dict[str, str]) -> None:
        """Copy what did not change, and read and split the rest, one document in memory at a time."""
        self.unreadable.extend(found.unreadable)
        # From before the texts are read: a file that changes meanwhile is then known as another at the next build.
        self.sources = checksums
        known = self._known_documents()
        with (self.folder / PASSAGES).open("wb") as output, (self.folder / DOCUMENTS).open("wb") as documents:
            for file in found.files:
                left_out = len(self.unreadable)
                if file.source in known:
                    self._copy_file(known[file.source], output, documents)
                else:
                    self._read_file(file, output, documents)
                if len(self.unreadable) > left_out:
                    self.imperfect.append(file.source)
                self.progress("Reading", self.documents, None)
        save_array(self.folder / OFFSETS, np.array(self.offsets, np.int64))
        read = self.unreadable[len(found.unreadable) :]  # what could not be found is looked for at each build
        reasons = "".join(f"{json.dumps([error.source, error.reason])}\n" for error in read)
        (self.folder / LEFT_OUT).write_text(reasons, encoding="utf-8")
        self.passages = len(self.offsets) - 1
        if not self.passages:
            raise CorpusMissing(_nothing_read(self.unreadable))

    def _known_documents(self) -> dict[str, list[IndexedDocument]]:
        """Return the documents of each file that the previous generation read whole and that is as it was."""
        if self.previous is None:
            return {}
        before = self.previous.manifest
        same = {s for s, checksum in before.sources.items() if self.sources.get(s) == checksum} - {*before.imperfect}
        known: defaultdict[str, list[IndexedDocument]] = defaultdict(list)
        for document in self.previous.documents():
            if document.file in same:
                known[document.file].append(document)
        return known

    def _copy_file(self, known: Sequence[IndexedDocument], output: BinaryIO, documents: BinaryIO) -> None:
        assert self.previous is not None  # noqa: S101 - what is known is known from there
        for document in known:
            if document.id in self.taken:
                self.unreadable.append(is_taken(document.id, document.source))
                continue
            self.taken.add(document.id)
            first, end = document.first_row, document.end_row
            output.write(self.previous.passages.lines(first, end))
            lengths = self.previous.passages.lengths(first, end)
            self._add_document(document, lengths, range(first, end), documents)

    def _read_file(self, file: CorpusFile, output: BinaryIO, documents: BinaryIO) -> None:
        for item in read_corpus([file], self.taken):
            if isinstance(item, UnreadableDocument):
                self.unreadable.append(item)
                continue
            lines = self._split(item)
            if isinstance(lines, UnreadableDocument):
                self.unreadable.append(lines)
                continue
            document = IndexedDocument(item.id, item.title, item.source, file.source, 0, 0, item.aliases)
            output.writelines(lines)
            self._add_document(document, [len(line) for line in lines], [_NEW] * len(lines), documents)

    def _split(self, document: Document) -> list[bytes] | UnreadableDocument:
        """Return the passages of a document as they are stored, or why there are none. None is written before all are
        made, so that a document that fails leaves nothing behind."""
        try:
            lines = [_line(passage) for passage in self.splitter.split(document)]
        except Exception as error:  # noqa: BLE001 - of a thousand files one that no one foresaw must not end the build
            return failed(document.source, error)
        return lines or UnreadableDocument(document.source, "has no text to quote")

    def _add_document(
        self, document: IndexedDocument, lengths: Sequence[int], olds: Sequence[int], documents: BinaryIO
    ) -> None:
        first = len(self.olds)
        documents.write(_line(replace(document, first_row=first, end_row=first + len(lengths))))
        self.offsets.extend(accumulate(lengths, initial=self.offsets.pop()))
        self.olds.extend(olds)
        self.documents += 1

    def write_rest(self, corpora: Sequence[Path], told: Corpora) -> None:
        """Write all that rests on the passages, and open it once."""
        self.write_embedder()
        self.write_vectors()
        self.write_lexicon()
        self.write_manifest(corpora, told)
        self.open_once()

    def write_embedder(self) -> None:
        """Let the generation carry the embedder as the last one does, or else its fastest form, which embeds from here
        on."""
        if self.previous is not None and carries_embedder(self.previous.manifest):
            pass_on(self.previous.folder / ENCODER, self.folder / ENCODER)
            return
        self.progress(_EXPORTING, 0, None)
        with self._open_passages() as passages:
            rows = range(0, self.passages, max(self.passages // _SAMPLE, 1))[:_SAMPLE]
            sample = [self._embedded_text(passages[row]) for row in rows]
        self.embedder = self.embedder.carried_to(self.folder / ENCODER, sample)
        self.progress(_EXPORTING, 1, 1)

    def write_vectors(self) -> None:
        """Embed what the previous generation did not, a block at a time."""
        known = {} if self.previous is None else {d.tobytes(): r for r, d in enumerate(self.previous.digests)}
        digests: npt.NDArray[np.uint8] = np.empty((self.passages, _DIGEST_BYTES), np.uint8)
        # On disk until the store is written, which holds them in memory then: once is enough.
        with self._open_passages() as passages, TemporaryFile(dir=self.folder) as embedded:
            for start in range(0, self.passages, _BLOCK):
                rows = range(start, min(start + _BLOCK, self.passages))
                olds = np.array(self.olds[rows.start : rows.stop], np.int64)
                texts = {n: self._embedded_text(passages[rows[n]]) for n in np.flatnonzero(olds == _NEW).tolist()}
                for place, text in texts.items():
                    digests[rows[place]] = _digest(text)
                    olds[place] = known.get(digests[rows[place]].tobytes(), _NEW)
                kept = np.flatnonzero(olds != _NEW)
                if self.previous is not None and len(kept):
                    digests[rows.start + kept] = self.previous.digests[olds[kept]]
                embedded.write(self._vectors(texts, olds).tobytes())
                self.progress("Embedding", rows.stop, self.passages)
            embedded.flush()
            vectors = np.memmap(embedded, np.float32, "r", shape=(self.passages, self.embedder.dimension))
            (self.folder / STORE).mkdir()
            STORES[self.settings.store].write(self.folder / STORE, vectors, self.settings.vectors)
        save_array(self.folder / DIGESTS, digests)

    def write_lexicon(self) -> None:
        """Index the words of every passage, its title, heading and other names among them."""
        (self.folder / LEXICON).mkdir()
        with self._open_passages() as passages, closing(FileContent(self.folder / DOCUMENTS)) as documents:
            try:
                entries = lexicon_entries(passages, read_documents(documents))
                build_lexicon(self.folder / LEXICON, self._counted(entries))
            except ValueError as error:  # how tantivy reports a failed write
                raise OSError(str(error)) from error

    def _counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for number, entry in enumerate(entries, start=1):
            yield entry
            if number % _BLOCK == 0 or number == self.passages:
                self.progress("Indexing words", number, self.passages)

    def write_manifest(self, corpora: Sequence[Path], told: Corpora) -> None:
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
            requested_tokens=self.settings.passage_tokens,
            store=self.settings.store,
            vectors=self.settings.vectors,
            documents=self.documents,
            passages=self.passages,
            corpora=tuple(str(corpus) for corpus in corpora),
            title=told.title,
            notice=told.notice,
            language=told.language,
            examples=told.examples,
            sources=self.sources,
            imperfect=tuple(self.imperfect),
            libraries={name: version(name) for name in _LIBRARIES},
            files=file_checksums(self.folder, self.previous.folder if self.previous else None),
        )
        write_manifest(self.folder, manifest_json(manifest))

    def open_once(self) -> None:
        """Open what was written: a checksum cannot tell that a file was cut off before it was taken."""
        try:
            Generation(self.folder).close()
        except QAError as error:
            raise OSError(str(error)) from error

    @contextmanager
    def _open_passages(self) -> Iterator[PassageFile]:
        passages = PassageFile(self.folder)
        try:
            yield passages
        finally:
            passages.close()

    def _embedded_text(self, passage: Passage) -> str:
        return self.splitter.context(passage) + passage.text

    def _vectors(self, texts: Mapping[int, str], olds: npt.NDArray[np.int64]) -> Vectors:
        """Return the vectors of a block: by the rows that they had, and embedded where there was none."""
        vectors: Vectors = np.empty((len(olds), self.embedder.dimension), np.float32)
        new, kept = np.flatnonzero(olds == _NEW), np.flatnonzero(olds != _NEW)
        if len(new):
            vectors[new] = self.embedder.embed_passages([texts[place] for place in new.tolist()])
        if len(kept) and self.previous is not None:
            vectors[kept] = self.previous.store.vectors(olds[kept])
        self.embedded += len(new)
        self.reused += len(kept)
        return vectors


def _line(record: Passage | IndexedDocument) -> bytes:
    fields = {name: getattr(record, name) for name in record.__slots__}  # asdict copies deeply, which takes most of it
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def lexicon_entries(passages: PassageFile, documents: Iterable[IndexedDocument]) -> Iterator[Entry]:
    """Yield what the lexicon holds of each passage, document after document."""
    for number, document in enumerate(documents):
        for row in range(document.first_row, document.end_row):
            passage = passages[row]
            yield Entry(row, number, (f"{passage.title}\n{passage.heading}", *document.aliases), passage.text)


def _checksums(files: Sequence[CorpusFile]) -> dict[str, str]:
    """Return {source: sha256} of the files that can be opened; the others are told when they are read."""
    found = {}
    for file in files:
        with suppress(OSError), open_regular(file.path) as content:
            found[file.source] = hashlib.file_digest(content, "sha256").hexdigest()
    return found


def _nothing_read(unreadable: Sequence[UnreadableDocument]) -> str:
    reason = f" ({unreadable[0]})" if unreadable else ""
    return f"Nothing in the corpus could be read{reason}: the index was left as it was. Mend it and run again."


def _digest(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest(), np.uint8)


@contextmanager
def _previous(folder: Path, settings: BuildSettings, embedder: Embedder | None) -> Iterator[Generation | None]:
    """Yield the current generation where it is whole and was made alike, so that its passages and vectors can be taken
    over; else the last such one; None without any."""
    wanted = (embedder.checksum if embedder else embedder_checksum(settings.embedder), settings.passage_tokens)
    current = _current(folder)
    candidates = [*([current] if current else []), *reversed(all_generations(folder))]
    found = next((one for path in candidates if (one := _made_alike(path, wanted))), None)
    try:
        yield found
    finally:
        if found:
            found.close()


def _made_alike(path: Path, wanted: tuple[str, int]) -> Generation | None:
    """Return a generation opened, None where it is damaged or made with another model or passage length."""
    with suppress(QAError):
        verify(path)
        generation = Generation(path)
        if (generation.manifest.embedder_checksum, generation.manifest.requested_tokens) == wanted:
            return generation
        generation.close()
    return None
