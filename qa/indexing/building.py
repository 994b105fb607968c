"""Corpora -> a new generation of an index. What did not change is taken over from the current one, which serves on.

A file is unchanged when its content is, whatever its time says: its passages are copied, not read and split again.
A passage is unchanged when what is embedded of it is, wherever it moved: its vector is copied.
"""

import hashlib
import json
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from qa import __version__
from qa.datatypes import Document, Manifest, Passage
from qa.embedders import (
    EMBEDDERS,
    ENCODER,
    FINDER,
    Embedder,
    embedder_checksum,
    export_finder,
    finds_terms,
    is_of_before,
    load_embedder,
)
from qa.errors import (
    BadSettings,
    CorpusMissing,
    DocumentsWouldGo,
    IndexDamaged,
    IndexMissing,
    PluginUnusable,
    QAError,
    ReaderUnusable,
    UnreadableDocument,
)
from qa.files import open_regular
from qa.graphs.compiled import share_graph
from qa.indexing.contents import FileContent
from qa.indexing.corpora import SAID, Corpora, find_corpora
from qa.indexing.facets import FacetCounts, year_of
from qa.indexing.generations import (
    all_generations,
    current_generation,
    file_checksums,
    locked,
    partial_generation,
    prune,
    publish,
    verify,
    verify_held,
    write_manifest,
)
from qa.indexing.index import (
    DIGESTS,
    DOCUMENTS,
    FORMAT,
    FOUND_LANGUAGE,
    KINDS,
    LEFT_OUT,
    LEXICON,
    SIGNPOSTS,
    STORE,
    Generation,
    IndexedDocument,
    carries,
    load_manifest,
    manifest_json,
    read_documents,
)
from qa.indexing.names import NameCounts
from qa.indexing.passages import OFFSETS, PASSAGES, PassageFile, Passages
from qa.indexing.phrases import PHRASES, PhraseWriter
from qa.indexing.prepared import PreparedVectors, prepared_phrases, prepared_vectors
from qa.indexing.removals import NOTHING_GOES, Removals, removals
from qa.indexing.shelf import SUMS, TEXT_OFFSETS, TEXTS, TextWriter, pack, sums_of
from qa.indexing.splitters import Splitter
from qa.indexing.synonyms import Acronyms
from qa.indexing.working import embed_apart
from qa.language import Language, load_language
from qa.lexicons import LEXICONS, Entry
from qa.parsers import PARSERS, CorpusFile, FoundFiles, duplicate_id, failed, read_corpus
from qa.plugins import added_packages
from qa.postgres.address import is_mirror
from qa.readers import NO_READER, READER, READERS
from qa.settings import BuildSettings
from qa.stores import STORES, Vectors, save_array

_BLOCK = 1024  # passages embedded between two steps of the progress bar
_SAMPLE = 16  # passages by which the embedder's fastest form is compared with its first
_DIGEST_BYTES = 16
_LIBRARIES = ("sentence-transformers", "openvino", "faiss-cpu", "tantivy", "semantic-text-splitter")
_EXPORTING = "Exporting the model"
_EMBEDDING_PHRASES = "Embedding phrases"
_PREPARING_READER = "Preparing the reader"
DATABASE = "postgres"
"""The name of the store and the lexicon of an index in a database."""

_NEW = -1  # in place of the row that a passage had in the last generation

Progress = Callable[[str, int, int | None], None]
"""Called with a stage's name, how much of it is done, and its whole where that is known."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The files of the corpora against those that the current generation was made of, by source and content.

    ``rebuild_reason`` says what else differs: the format, the model, the settings or the corpora named; None for
    nothing. ``removals`` are the documents of the removed files, but for files that were only renamed.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    rebuild_reason: str | None = None
    removals: Removals = NOTHING_GOES

    def __bool__(self) -> bool:
        """Whether there is anything to build."""
        return bool(self.added or self.changed or self.removed or self.rebuild_reason)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did, or that there was nothing to do: then ``changes`` is false and ``generation`` was there before.

    ``embedded`` passages are new, ``reused`` ones taken from the last generation; ``unreadable`` were left out,
    with their reasons, also by an earlier build where there was nothing to do; ``left_out`` are files of formats that
    are not read; ``questions`` is the judged set that the corpora bring; ``removed`` are the documents that the index
    no longer has; ``language`` is that of the texts; ``guesses`` has the encoding of each file that was read now and
    does not tell its own; ``prepared`` are the folders of what the corpora bring along of an index.
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
    language: str = "en"
    guesses: Mapping[str, str] = field(default_factory=dict)
    prepared: tuple[Path, ...] = ()


def _silent(stage: str, done: int, total: int | None) -> None:
    """Show no progress."""


def build_index(  # noqa: PLR0913, PLR0917 - the options of a build
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
    settings = _settings_at(folder, settings)
    _check(settings)
    sought = find_corpora(corpora, folder)
    found = sought.found
    with locked(folder, wait), _previous(folder, settings, embedder) as previous:
        before = _current(folder)
        checksums = _checksums(found.files)
        changes = _compare(checksums, previous, sought, corpora, settings, folder)
        if previous and not changes:
            prune(folder, previous.folder, settings.keep, None, _release)  # which a build that was killed may have left
            return _unchanged(previous, changes, sought)
        progress("Preparing", 0, None)
        with partial_generation(folder, _release) as partial:
            chosen = _embedder(previous, settings, embedder)
            prepared = prepared_vectors(sought.prepared, chosen.checksum, chosen.dimension)
            job = _job(partial, settings, chosen, prepared, progress, previous)
            progress("Preparing", 1, 1)
            texts = _write_texts(job, found, checksums)
            removed = _removed(before, texts)
            if removed.are_many and not remove:
                raise DocumentsWouldGo(_too_many(removed))
            embedded = _write_rest(job, texts, corpora, sought)
            generation = publish(partial, folder, previous.folder if previous else None)
        prune(folder, generation, settings.keep, before, _release)
    counts = (texts.documents, len(texts), embedded, len(texts) - embedded)
    what = (texts.unreadable, found.left_out, sought.questions, removed)
    more = (sought.language, texts.guesses, sought.prepared)
    return BuildReport(generation, *counts, changes, *what, *more)


def _job(  # noqa: PLR0913, PLR0917 - all that a build is made of
    folder: Path,
    settings: BuildSettings,
    embedder: Embedder,
    prepared: PreparedVectors,
    progress: Progress,
    previous: Generation | None,
) -> "_Job":
    """Return what a build is made of; the folder gets the names of its store and lexicon first, see ``_release``."""
    (folder / KINDS).write_text(json.dumps({"store": settings.store, "lexicon": settings.lexicon}), encoding="utf-8")
    splitter = Splitter(embedder.tokenizer, embedder.max_tokens, settings.passage_tokens, embedder.passage_overhead)
    return _Job(folder, settings, embedder, prepared, splitter, progress, previous)


def _settings_at(folder: Path, settings: BuildSettings | None) -> BuildSettings:
    """Return the settings of a build: in a database stand its vectors and words, unless others were chosen for them."""
    settings = settings or BuildSettings()
    kinds = {"store": settings.store, "lexicon": settings.lexicon}
    if not is_mirror(folder):
        elsewhere = next((name for name, kind in kinds.items() if kind == DATABASE), None)
        if elsewhere is not None:
            raise BadSettings(
                f"A {elsewhere} in PostgreSQL belongs to an index there: give its address, --index postgresql://…"
            )
        return settings
    defaults = BuildSettings()
    return settings.model_copy(update={n: DATABASE for n, kind in kinds.items() if kind == getattr(defaults, n)})


def _check(settings: BuildSettings) -> None:
    """Raise BadSettings for a store, a lexicon or a reader that does not exist."""
    if settings.store not in STORES:
        raise BadSettings(f"There is no store {settings.store!r}: the stores are {', '.join(STORES)}.")
    if settings.lexicon not in LEXICONS:
        raise BadSettings(f"There is no lexicon {settings.lexicon!r}: the lexicons are {', '.join(LEXICONS)}.")
    if settings.reader not in {NO_READER, *READERS}:
        readers = ", ".join([*READERS, NO_READER])
        raise BadSettings(f"There is no reader {settings.reader!r}: the readers are {readers}.")


def _release(generation: Path) -> None:
    """Remove what the store and the lexicon of a generation, or of an unfinished one, keep outside of its folder."""
    with suppress(OSError, ValueError, KeyError, PluginUnusable):
        kinds = json.loads((generation / KINDS).read_text(encoding="utf-8"))
        STORES[kinds["store"]].remove(generation / STORE)
        LEXICONS[kinds["lexicon"]].remove(generation / LEXICON)


def find_changes(corpora: Sequence[Path], folder: Path, settings: BuildSettings | None = None) -> Changes:
    """Return what ``build_index`` would find changed, writing nothing. Raises CorpusMissing or EmbedderUnusable."""
    settings = _settings_at(folder, settings)
    sought = find_corpora(corpora, folder)
    with _previous(folder, settings, None) as previous:
        return _compare(_checksums(sought.found.files), previous, sought, corpora, settings, folder)


def _compare(  # noqa: PLR0913, PLR0917 - both sides of the comparison
    checksums: Mapping[str, str],
    previous: Generation | None,
    sought: Corpora,
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
        rebuild_reason=_rebuild_reason(previous, sought, corpora, settings, folder),
        removals=going,
    )


def _rebuild_reason(
    previous: Generation, sought: Corpora, corpora: Sequence[Path], settings: BuildSettings, folder: Path
) -> str | None:
    """Return what is to be built anew whether or not a file has changed."""
    manifest = previous.manifest
    current = _current(folder)
    if current is None:
        return "it is made from another index"
    if previous.folder != current:
        return "the current generation is damaged, or was made with another model or setting"
    if manifest.corpora != tuple(str(corpus) for corpus in corpora):
        return "other corpora are named"
    if any(getattr(manifest, name) != getattr(sought, name) for name in SAID):
        return "corpus.toml says something else"
    if _given(manifest.originals, sought, manifest.sources) != _given(sought.originals, sought, manifest.sources):
        return "other files may be downloaded"
    others = (
        (manifest.store != settings.store, "another store is to hold the vectors"),
        (manifest.lexicon != settings.lexicon, "another lexicon is to hold the words"),
        (_has_other_reader(manifest, settings, sought.language), "another reader is to read the passages"),
        (manifest.version != __version__, "it was made by another version"),
    )
    return next((reason for is_so, reason in others if is_so), None)


def _given(originals: Mapping[str, str], sought: Corpora, before: Mapping[str, str]) -> Mapping[str, str]:
    """Return the files to download that are still there, of those that were there before and could be read."""
    there = {file.source for file in sought.found.files} & before.keys()
    return {source: path for source, path in originals.items() if source in there}


def _has_other_reader(manifest: Manifest, settings: BuildSettings, language: str) -> bool:
    """Whether a generation is to carry another reader than it does. One that cannot be used is none."""
    wanted = ("", "")
    with suppress(ReaderUnusable):
        wanted = _wanted_reader(settings, language)
    return (manifest.reader, manifest.reader_checksum) != wanted


def _embedder(previous: Generation | None, settings: BuildSettings, given: Embedder | None) -> Embedder:
    """Return the embedder to build with: where the last generation carries it, there is nothing to load."""
    return given or (previous and previous.exported_embedder()) or load_embedder(settings.embedder)


def _current(folder: Path) -> Path | None:
    with suppress(IndexMissing, IndexDamaged):
        return current_generation(folder)
    return None


def _unchanged(previous: Generation, changes: Changes, sought: Corpora) -> BuildReport:
    manifest = previous.manifest
    counts = (manifest.documents, manifest.passages, 0, manifest.passages)
    found = tuple(file.source for file in sought.found.files)
    left_out = [error for error in _left_out_of(previous) if error.source.startswith(found)]
    unreadable = {str(error): error for error in (*sought.found.unreadable, *left_out)}
    return BuildReport(
        previous.folder,
        *counts,
        changes,
        tuple(unreadable.values()),
        sought.found.left_out,
        sought.questions,
        prepared=sought.prepared,
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
    return _removed_documents(current, checksums, files=checksums.keys())


def _removed(current: Path | None, texts: "_Texts") -> Removals:
    """Return the documents that the current generation has and the new texts have not, under any name of their file."""
    return _removed_documents(current, texts.sources, ids=texts.ids)


def _removed_documents(
    current: Path | None, checksums: Mapping[str, str], *, files: Set[str] = frozenset(), ids: Set[str] = frozenset()
) -> Removals:
    """Return the documents of the current generation that go: those that are neither of a file with the same content,
    under any name, nor of these ``files``, nor have one of these ``ids``."""
    if current is None:
        return NOTHING_GOES
    with suppress(QAError, OSError, ValueError):  # of a damaged one, or one of another version, nothing is known
        manifest = load_manifest(current)
        new = {checksum for source, checksum in checksums.items() if source not in manifest.sources}
        kept = {s for s, checksum in manifest.sources.items() if checksum == checksums.get(s) or checksum in new}
        staying = kept | files
        if manifest.sources.keys() <= staying:
            return NOTHING_GOES  # without reading what is known of every document
        with closing(FileContent(current / DOCUMENTS)) as content:
            others = (document for document in read_documents(content) if document.file not in staying)
            return removals((document.file for document in others if document.id not in ids), manifest.documents)
    return NOTHING_GOES


def _too_many(going: Removals) -> str:
    return (
        f"{going.describe('would go')}: give --remove if they are to go, or name their folders and files too; the "
        "index is as it was."
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """What a build is made of: the folder of the new generation, how it is to be, and what can be taken over."""

    folder: Path
    settings: BuildSettings
    embedder: Embedder
    prepared: PreparedVectors
    splitter: Splitter
    progress: Progress
    previous: Generation | None

    @contextmanager
    def passages(self) -> Iterator[PassageFile]:
        """Open the passages that were written."""
        passages = PassageFile(self.folder)
        try:
            yield passages
        finally:
            passages.close()

    def embed(self, embedder: Embedder, blocks: Iterable[list[str]]) -> Iterator[Vectors]:
        """Yield the vectors of blocks of texts, in their order."""
        if self.settings.workers:
            return embed_apart(self.folder.parent.parent, self.folder, embedder, blocks)
        nothing: Vectors = np.empty((0, embedder.dimension), np.float32)
        return (self.prepared.passages(block, embedder.embed_passages) if block else nothing for block in blocks)

    def embedded_text(self, passage: Passage) -> str:
        """Return what is embedded of a passage."""
        return self.splitter.context(passage) + passage.text


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of a new generation as they were written. ``before`` has the row that each passage had in the last one,
    or _NEW; ``sources`` the checksum of each file, ``imperfect`` those of which something was omitted."""

    documents: int
    before: npt.NDArray[np.int64]
    sources: Mapping[str, str]
    ids: Set[str]
    imperfect: tuple[str, ...]
    unreadable: tuple[UnreadableDocument, ...]
    guesses: Mapping[str, str]
    acronyms: Mapping[str, str]

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self.before)


# --- texts ---------------------------------------------------------------------------------------------------


def _write_texts(job: _Job, found: FoundFiles, checksums: dict[str, str]) -> _Texts:
    """Copy what did not change, and read and split the rest, one document in memory at a time. The checksums are from
    before the texts are read: a file that changes meanwhile is then known as another at the next build.

    Raises CorpusMissing where nothing could be read.
    """
    known = _known_documents(job.previous, checksums)
    imperfect = []
    with (
        (job.folder / PASSAGES).open("wb") as passages,
        (job.folder / DOCUMENTS).open("wb") as documents,
        (job.folder / TEXTS).open("wb") as texts,
    ):
        writer = _Writer(passages, documents, TextWriter(texts))
        for file in found.files:
            omitted = len(writer.unreadable)
            copied = known.get(file.source, [])
            # A record that is new elsewhere may have its id: the file is then read, and names its own anew.
            if job.previous is not None and copied and not any(one.id in writer.ids for _, one in copied):
                writer.copy(known[file.source], job.previous)
            else:
                writer.read(file, job.splitter)
            if len(writer.unreadable) > omitted:
                imperfect.append(file.source)
            job.progress("Reading", writer.documents, None)
    save_array(job.folder / OFFSETS, np.array(writer.offsets, np.int64))
    save_array(job.folder / TEXT_OFFSETS, np.array(writer.texts.offsets, np.int64))
    writer.facets.write(job.folder)
    save_array(job.folder / SUMS, np.concatenate([np.empty(0, np.uint64), *writer.sums]))
    # What could not be found is looked for at each build, and not kept.
    reasons = "".join(f"{json.dumps([error.source, error.reason])}\n" for error in writer.unreadable)
    (job.folder / LEFT_OUT).write_text(reasons, encoding="utf-8")
    unreadable = (*found.unreadable, *writer.unreadable)
    if not writer.before:
        raise CorpusMissing(_nothing_read(unreadable))
    before = np.array(writer.before, np.int64)
    acronyms = writer.acronyms.of_one_title()
    return _Texts(
        writer.documents, before, checksums, writer.ids, tuple(imperfect), unreadable, writer.guesses, acronyms
    )


_Known = tuple[int, IndexedDocument]
"""A document of the last generation, with its number."""


def _known_documents(previous: Generation | None, checksums: Mapping[str, str]) -> dict[str, list[_Known]]:
    """Return the documents of each file that the last generation read whole and that is as it was."""
    if previous is None:
        return {}
    manifest = previous.manifest
    same = {s for s, checksum in manifest.sources.items() if checksums.get(s) == checksum} - {*manifest.imperfect}
    known: defaultdict[str, list[_Known]] = defaultdict(list)
    for number, document in enumerate(previous.documents()):
        if document.file in same:
            known[document.file].append((number, document))
    return known


class _Writer:
    """Writes documents, their passages and their texts one after the other, and counts what it wrote."""

    def __init__(self, passages: BinaryIO, documents: BinaryIO, texts: TextWriter) -> None:
        self._passages, self._documents, self.texts = passages, documents, texts
        self.documents = 0
        self.offsets = [0]
        self.before: list[int] = []
        self.sums: list[npt.NDArray[np.uint64]] = []
        self.ids: set[str] = set()
        self.unreadable: list[UnreadableDocument] = []
        self.guesses: dict[str, str] = {}
        self.facets = FacetCounts()
        self.acronyms = Acronyms()

    def copy(self, known: Sequence[_Known], previous: Generation) -> None:
        """Take documents over from the last generation."""
        passages = previous.passages
        for number, document in known:
            if document.id in self.ids:
                self.unreadable.append(duplicate_id(document.id, document.source))
                continue
            self.ids.add(document.id)
            first, end = document.first_row, document.end_row
            self._passages.write(passages.lines(first, end))
            self.texts.write(previous.texts.packed(number))
            self.sums.append(previous.sums[first:end])
            self._add(document, passages.lengths(first, end), range(first, end))

    def read(self, file: CorpusFile, splitter: Splitter) -> None:
        """Read the documents of a file, and split them."""
        for item in read_corpus([file], self.ids):
            if isinstance(item, UnreadableDocument):
                self.unreadable.append(item)
                continue
            stored = _stored(item, splitter)
            if isinstance(stored, UnreadableDocument):
                self.unreadable.append(stored)
                continue
            lines = stored.lines
            if item.guess:
                self.guesses[file.source] = item.guess
            document = IndexedDocument(
                item.id, item.title, item.source, file.source, 0, 0, item.aliases, item.details.topics,
                year_of(item.details),
            )  # fmt: skip
            self._passages.writelines(lines)
            self.texts.write(stored.text)
            self.sums.append(stored.sums)
            self._add(document, [len(line) for line in lines], [_NEW] * len(lines))

    def _add(self, document: IndexedDocument, lengths: Sequence[int], before: Sequence[int]) -> None:
        first = len(self.before)
        self.facets.add(document.source, document.file, tuple(document.topics), document.year)
        self.acronyms.add(document.title, document.aliases)
        self._documents.write(_line(replace(document, first_row=first, end_row=first + len(lengths))))
        self.offsets.extend(accumulate(lengths, initial=self.offsets.pop()))
        self.before.extend(before)
        self.documents += 1


class _Stored(NamedTuple):
    """A document as it is stored: its passages, their checksums as quotes, and its whole text."""

    lines: list[bytes]
    sums: npt.NDArray[np.uint64]
    text: bytes


def _stored(document: Document, splitter: Splitter) -> _Stored | UnreadableDocument:
    """Return a document as it is stored, or why it is not. None is written before all is made, so that a document that
    fails leaves nothing behind."""
    try:
        passages = splitter.split(document)
        if not passages:
            return UnreadableDocument(document.source, "has no text to quote")
        return _Stored(list(map(_line, passages)), sums_of(passage.text for passage in passages), pack(document))
    except Exception as error:  # noqa: BLE001 - of a thousand files one that no one foresaw must not end the build
        return failed(document.source, error)


# --- what rests on the texts ---------------------------------------------------------------------------------


def _write_rest(job: _Job, texts: _Texts, corpora: Sequence[Path], sought: Corpora) -> int:
    """Write all that rests on the texts, and open it once; return how many passages were embedded."""
    encoder = _write_encoder(job, texts)
    _write_finder(job, sought.language)
    reader = _write_reader(job, sought.language)
    embedded = _write_vectors(job, texts, encoder)
    asked = [example for signpost in sought.signposts for example in signpost.examples]
    save_array(job.folder / SIGNPOSTS, job.prepared.questions(asked, encoder.embed_questions))
    _write_phrases(job, texts, encoder, sought)
    _write_lexicon(job, texts, load_language(sought.language))
    _write_manifest(job, texts, _Models(encoder, *reader), corpora, sought)
    _open_once(job.folder)
    return embedded


def _write_encoder(job: _Job, texts: _Texts) -> Embedder:
    """Let the generation carry the embedder as the last one does, or else its fastest form; return what embeds from
    here on."""
    if job.previous is not None and carries(job.previous.manifest, ENCODER):
        known, folder = job.previous.folder / ENCODER, job.folder / ENCODER
        if is_of_before(known):
            export_finder(folder)
        if not folder.exists():
            share_graph(known, folder)
        return job.embedder
    job.progress(_EXPORTING, 0, None)
    with job.passages() as passages:
        rows = range(0, len(texts), max(len(texts) // _SAMPLE, 1))[:_SAMPLE]
        sample = [job.embedded_text(passages[row]) for row in rows]
    embedder = job.embedder.export_to(job.folder / ENCODER, sample)
    job.progress(_EXPORTING, 1, 1)
    return embedder


def _write_finder(job: _Job, language: str) -> None:
    """Let the generation carry what finds the terms of a question, where its embedder does not."""
    if load_language(language).code != FOUND_LANGUAGE or finds_terms(job.folder / ENCODER):
        return
    previous = job.previous
    if previous is not None and carries(previous.manifest, FINDER):
        share_graph(previous.folder / FINDER, job.folder / FINDER)
    else:
        export_finder(job.folder / FINDER)


class _Models(NamedTuple):
    """What a generation was made with: its embedder, and the name and checksum of its reader, "" without one."""

    embedder: Embedder
    reader: str
    reader_checksum: str


def _wanted_reader(settings: BuildSettings, language: str) -> tuple[str, str]:
    """Return the name and checksum of what is to read the passages, "" where nothing is: where none is wanted, or the
    one that is does not read their language. Raises ReaderUnusable."""
    name = settings.reader
    if name == NO_READER or load_language(language).code not in READERS[name].languages:
        return "", ""
    return name, READERS[name].checksum()


def _write_reader(job: _Job, language: str) -> tuple[str, str]:
    """Let the generation carry what reads its passages, as the last one does where it is the same; return its name and
    checksum. Where it cannot be used, the index is made without one."""
    try:
        name, checksum = _wanted_reader(job.settings, language)
        if not name:
            return "", ""
        maker, previous = READERS[name], job.previous
        if previous is not None and (previous.manifest.reader, previous.manifest.reader_checksum) == (name, checksum):
            share_graph(previous.folder / READER, job.folder / READER)
        else:
            job.progress(_PREPARING_READER, 0, None)
            maker.write(job.folder / READER)
            job.progress(_PREPARING_READER, 1, 1)
    except ReaderUnusable as error:
        logging.getLogger("qa").warning("%s", error)
        return "", ""
    return name, checksum


def _write_vectors(job: _Job, texts: _Texts, embedder: Embedder) -> int:
    """Embed what the last generation did not, a block at a time; return how many passages that were."""
    known = {} if job.previous is None else {d.tobytes(): r for r, d in enumerate(job.previous.digests)}
    digests: npt.NDArray[np.uint8] = np.empty((len(texts), _DIGEST_BYTES), np.uint8)
    embedded = 0
    job.progress("Embedding", 0, len(texts))
    planned: deque[npt.NDArray[np.int64]] = deque()

    def new_texts(passages: PassageFile) -> Iterator[list[str]]:
        for start in range(0, len(texts), _BLOCK):
            rows = range(start, min(start + _BLOCK, len(texts)))
            before = texts.before[rows.start : rows.stop].copy()
            new = {n: job.embedded_text(passages[rows[n]]) for n in np.flatnonzero(before == _NEW).tolist()}
            for place, text in new.items():
                digests[rows[place]] = _digest(text)
                before[place] = known.get(digests[rows[place]].tobytes(), _NEW)
            kept = np.flatnonzero(before != _NEW)
            if job.previous is not None and len(kept):
                digests[rows.start + kept] = job.previous.digests[before[kept]]
            planned.append(before)
            yield [new[place] for place in np.flatnonzero(before == _NEW).tolist()]

    # On disk until the store is written, which holds them in memory then: once is enough.
    with job.passages() as passages, TemporaryFile(dir=job.folder) as written:
        done = 0
        for vectors in job.embed(embedder, new_texts(passages)):
            before = planned.popleft()
            written.write(_joined(job.previous, vectors, before).tobytes())
            embedded, done = embedded + len(vectors), done + len(before)
            job.progress("Embedding", done, len(texts))
        written.flush()
        _write_store(job, np.memmap(written, np.float32, "r", shape=(len(texts), embedder.dimension)))
    save_array(job.folder / DIGESTS, digests)
    return embedded


def _joined(previous: Generation | None, new: Vectors, before: npt.NDArray[np.int64]) -> Vectors:
    """Return the vectors of a block: by the rows that they had, and the new ones where there was none."""
    vectors: Vectors = np.empty((len(before), new.shape[1]), np.float32)
    vectors[before == _NEW] = new
    kept = np.flatnonzero(before != _NEW)
    if len(kept) and previous is not None:
        vectors[kept] = previous.store.vectors(before[kept])
    return vectors


def _write_store(job: _Job, vectors: Vectors) -> None:
    (job.folder / STORE).mkdir()
    STORES[job.settings.store].write(job.folder / STORE, vectors)


def _write_phrases(job: _Job, texts: _Texts, embedder: Embedder, sought: Corpora) -> None:
    """Find and embed the phrases that several passages use, as far as the last generation does not know them."""
    (job.folder / PHRASES).mkdir()
    previous, language = job.previous, load_language(sought.language)
    known = previous.phrases if previous is not None and previous.manifest.language == sought.language else None
    writer = PhraseWriter(job.folder / PHRASES, language, known, prepared_phrases(sought.prepared, language).of)
    with job.passages() as passages:
        writer.write(
            passages.__getitem__,
            texts.before,
            lambda phrases: job.prepared.questions(phrases, embedder.embed_questions),
            lambda done, total: job.progress(_EMBEDDING_PHRASES, done, total),
        )


def _write_lexicon(job: _Job, texts: _Texts, language: Language) -> None:
    """Index the words of every passage, its title, heading and other names among them, and these names as such."""
    (job.folder / LEXICON).mkdir()
    names = NameCounts()
    with job.passages() as passages, closing(FileContent(job.folder / DOCUMENTS)) as documents:
        entries = names.of(lexicon_entries(passages, read_documents(documents)))
        counted = _counted(entries, len(texts), job.progress)
        try:
            LEXICONS[job.settings.lexicon].write(job.folder / LEXICON, counted, language)
        except ValueError as error:  # how tantivy reports a failed write
            raise OSError(str(error)) from error
    names.write(job.folder)


def _counted(entries: Iterable[Entry], total: int, progress: Progress) -> Iterator[Entry]:
    for number, entry in enumerate(entries, start=1):
        yield entry
        if number % _BLOCK == 0 or number == total:
            progress("Indexing words", number, total)


def _write_manifest(job: _Job, texts: _Texts, models: _Models, corpora: Sequence[Path], sought: Corpora) -> None:
    """Write how all this was made."""
    embedder = models.embedder
    manifest = Manifest(
        format=FORMAT,
        version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedder=embedder.name,
        embedder_path=embedder.path,
        embedder_checksum=embedder.checksum,
        dimension=embedder.dimension,
        max_tokens=embedder.max_tokens,
        passage_tokens=job.splitter.passage_tokens,
        requested_tokens=job.settings.passage_tokens,
        store=job.settings.store,
        lexicon=job.settings.lexicon,
        documents=texts.documents,
        passages=len(texts),
        corpora=tuple(str(corpus) for corpus in corpora),
        title=sought.title,
        notice=sought.notice,
        language=sought.language,
        examples=sought.examples,
        signposts=sought.signposts,
        synonyms=sought.synonyms,
        acronyms=dict(texts.acronyms),
        originals=dict(sought.originals),
        addresses=dict(sought.addresses),
        sources=dict(texts.sources),
        imperfect=texts.imperfect,
        libraries={name: version(name) for name in _LIBRARIES},
        plugins=added_packages(PARSERS, STORES, LEXICONS, EMBEDDERS, READERS),
        reader=models.reader,
        reader_checksum=models.reader_checksum,
        files=file_checksums(job.folder, job.previous.folder if job.previous else None),
    )
    write_manifest(job.folder, manifest_json(manifest))


def _open_once(folder: Path) -> None:
    """Open what was written: a checksum cannot tell that a file was cut off before it was taken."""
    try:
        Generation(folder).close()
    except QAError as error:
        raise OSError(str(error)) from error


def _line(record: Passage | IndexedDocument) -> bytes:
    fields = {name: getattr(record, name) for name in record.__slots__}  # asdict copies deeply, which takes most of it
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def lexicon_entries(passages: Passages, documents: Iterable[IndexedDocument]) -> Iterator[Entry]:
    """Yield what the lexicon holds of each passage, document after document."""
    for number, document in enumerate(documents):
        for row in range(document.first_row, document.end_row):
            passage = passages[row]
            yield Entry(row, number, (f"{passage.title}\n{passage.heading}", *document.aliases), passage.text)


def _checksums(files: Sequence[CorpusFile]) -> dict[str, str]:
    """Return {source: sha256} of the files that can be opened; the others are reported when they are read."""
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
    if settings.basis is not None:
        candidates.append(current_generation(settings.basis))
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
        verify_held(path)  # what is taken over is given a checksum of its own
        generation = Generation(path)
        if (generation.manifest.embedder_checksum, generation.manifest.requested_tokens) == wanted:
            generation.read_ahead()
            return generation
        generation.close()
    return None
