"""An index opened for asking: passages, vectors and lexicon of one generation, and the embedder that made it.

All is plain files (see ``index/README.md``), opened by memory map. Writing them is ``building``'s; which generation
answers, ``generations`` knows.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from qa.datatypes import EVERYTHING, Hit, Manifest, Passage, Question, Scope, Signpost
from qa.embedders import (
    ENCODER,
    FINDER,
    Embedder,
    ExportedEmbedder,
    embedder_checksum,
    exported_embedder,
    load_embedder,
)
from qa.errors import BadQuestion, IndexDamaged, IndexMismatch
from qa.finding.tokens import ReadWords
from qa.indexing.calibration import load_calibration, packaged_calibration
from qa.indexing.contents import FileContent, damaged
from qa.indexing.facets import FACETS, NO_FACETS, Facets, read_facets, type_of
from qa.indexing.generations import (
    MANIFEST,
    last_good_generation,
    parse_object,
    read_manifest,
    read_pointer,
    rebuild,
)
from qa.indexing.names import NAMES, Names, folded_name
from qa.indexing.passages import DatabasePassages, Passages, open_passages
from qa.indexing.phrases import Phrases
from qa.indexing.records import check_fields, fields_of
from qa.indexing.shelf import SUMS, TEXTS, StoredText, TextFile, unpack
from qa.indexing.synonyms import Forms, forms_of
from qa.language import load_language
from qa.lexicons import LEXICONS, Lexicon
from qa.plurals import count
from qa.readers import READER, READERS, Reader
from qa.stages import count as tell_count
from qa.stores import STORES, Ids, PostgresStore, Vectors, VectorStore

_T = TypeVar("_T")

FORMAT = 12
"""Raised when the files of a generation change in a way that older code cannot read."""

DOCUMENTS = "documents.jsonl"
DIGESTS = "digests.npy"
SIGNPOSTS = "signposts.npy"
LEFT_OUT = "left_out.jsonl"
STORE = "store"
KINDS = "kinds.json"  # of store and lexicon: of a build that was killed there is no manifest to say so
LEXICON = "lexicon"

# What the libraries raise that open a file of a generation whose bytes are not what they should be.
_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, MemoryError)

FOUND_LANGUAGE = "en"
"""The language of the questions that the finder learned from."""

_KEPT = 5000  # vectors of questions and phrases, 8 MB
_READ = 200  # questions of which what was read of their words is kept: that of one takes 30 kB
_KEPT_CHARACTERS = 200  # of a text that is likely to come again
_PASSAGES = 1024  # that were read last, 3 MB: an answer looks at each several times, and many answers have the same
_SCOPES = 64  # scopes whose rows are kept; a page or a team asks the same few again and again


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document of a generation, read from ``file``: its passages have the rows from ``first_row`` up to, not with,
    ``end_row``. ``topics`` and ``year`` are what it can be chosen by."""

    id: str
    title: str
    source: str
    file: str
    first_row: int
    end_row: int
    aliases: Sequence[str] = ()
    topics: Sequence[str] = ()
    year: str = ""


class Opening(NamedTuple):
    """With what an index is opened: its own calibration, and what reads its passages."""

    own_calibration: bool = True
    reader: bool = True


WITH_ALL = Opening()


@dataclass(frozen=True, slots=True)
class Selection:
    """What a scope takes: the numbers of its documents, and the rows of their passages, both in order."""

    documents: tuple[int, ...]
    rows: Ids


class Generation:
    """The files of one generation, without the embedder. Enough to look up, not to ask."""

    def __init__(self, folder: Path) -> None:
        """Open a generation's folder.

        Raises IndexMismatch on another format, IndexDamaged on missing or inconsistent files.
        """
        self.folder = folder
        self.manifest = load_manifest(folder)
        made_with = ((self.manifest.store, STORES), (self.manifest.lexicon, LEXICONS), (self.manifest.reader, READERS))
        for name, table in made_with:
            if name and name not in table:
                raise IndexMismatch(
                    f"{folder} was made with {name} of {table.group}, which is not installed: install the package that "
                    f"adds it, or {rebuild(folder)}."
                )
        paths = (str(folder / name) for name in self.manifest.files)
        self._marks = {path: mark for path in paths if (mark := _mark(path))}
        try:
            self._documents = FileContent(folder / DOCUMENTS)
            self.passages: Passages = open_passages(folder, self.manifest.passages)
            self.texts = TextFile(folder)
            self.phrases = Phrases(folder, self.manifest.dimension)
            lexicons, stores = LEXICONS[self.manifest.lexicon], STORES[self.manifest.store]
            lexicons.verify(folder / LEXICON)
            self.lexicon: Lexicon = lexicons.load(folder / LEXICON, load_language(self.manifest.language))
            stores.verify(folder / STORE)
            self.store: VectorStore = stores.load(folder / STORE)
        except _BROKEN as error:
            raise IndexDamaged(f"{folder} is damaged ({error}): {rebuild(folder)}.") from error
        self._check_counts()

    def _check_counts(self) -> None:
        counts = {len(self.passages), len(self.store), len(self.lexicon), self.manifest.passages}
        if len(self.texts) != self.manifest.documents:
            raise damaged(self.folder / TEXTS, ValueError(f"it has {count(len(self.texts), 'text')}"))
        if len(counts) > 1:
            raise IndexDamaged(
                f"{self.folder} is damaged: it should have {count(self.manifest.passages, 'passage')} and has "
                f"{count(len(self.passages), 'text')}, {count(len(self.store), 'vector')} and words of "
                f"{count(len(self.lexicon), 'passage')}: "
                f"{rebuild(self.folder)}."
            )

    @cached_property
    def sums(self) -> npt.NDArray[np.uint64]:
        """Return the checksum of each passage as a quote, by row."""
        return np.asarray(np.load(self.folder / SUMS, mmap_mode="r"))

    @cached_property
    def _listed(self) -> tuple[Mapping[str, int], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the number of each document by its id; where in the file each line begins, and the last ends; and the
        numbers in the order of the titles."""
        numbers, offsets, titles = {}, [0], []
        for number, line in enumerate(self._documents.lines()):
            fields = parse_object(line)
            numbers[str(fields["id"])] = number
            titles.append((folded_name(str(fields["title"] or fields["id"])), number))
            offsets.append(offsets[-1] + len(line) + 1)
        return numbers, np.array(offsets, np.int64), np.array([number for _, number in sorted(titles)], np.int64)

    @property
    def numbers(self) -> Mapping[str, int]:
        """Return the number of each document by its id."""
        return self._listed[0]

    @property
    def by_title(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the documents in the order of their titles."""
        return self._listed[2]

    def document(self, number: int) -> IndexedDocument:
        """Return a document by its number. Raises IndexDamaged."""
        offsets = self._listed[1]
        line = self._documents.read(int(offsets[number]), int(offsets[number + 1]))
        try:
            return IndexedDocument(**fields_of(IndexedDocument, line))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(self.folder / DOCUMENTS, error) from error

    def text(self, number: int) -> StoredText:
        """Return the whole text of a document. Raises IndexDamaged."""
        try:
            return unpack(self.texts.packed(number))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(self.folder / TEXTS, error) from error

    @cached_property
    def facets(self) -> Facets:
        """Return what the documents can be chosen by. Raises IndexDamaged."""
        try:
            return read_facets(self.folder)
        except FileNotFoundError:  # the builder has removed the generation, which still answers
            return NO_FACETS
        except _BROKEN as error:
            raise damaged(self.folder / FACETS, error) from error

    @cached_property
    def names(self) -> Names | None:
        """Return the names in the texts, None where the files are gone. Raises IndexDamaged."""
        try:
            return Names((self.folder / NAMES).read_bytes())
        except FileNotFoundError:
            return None
        except _BROKEN as error:
            raise damaged(self.folder / NAMES, error) from error

    @cached_property
    def signposts(self) -> Vectors:
        """Return the (n, d) vectors of the examples of all signposts, in order; none where there are no signposts."""
        if not self.manifest.signposts:
            return np.empty((0, self.manifest.dimension), np.float32)
        return np.asarray(np.load(self.folder / SIGNPOSTS))

    @cached_property
    def digests(self) -> Vectors:
        """Return the (n, 16) digests of what was embedded, by row."""
        return np.asarray(np.load(self.folder / DIGESTS, mmap_mode="r"))

    def exported_embedder(self) -> Embedder | None:
        """Return the embedder that the generation carries, None where it carries none. Raises IndexDamaged."""
        try:
            return exported_embedder(self.folder / ENCODER) if carries(self.manifest, ENCODER) else None
        except _BROKEN as error:
            raise IndexDamaged(f"{self.folder} is damaged ({error}): {rebuild(self.folder)}.") from error

    def finder(self, embedder: Embedder) -> ExportedEmbedder | None:
        """Return what scores the words of a question: the embedder itself where it can, else what the generation
        carries; None for another language than the finder's, or where it carries none. Raises IndexDamaged."""
        if self.lexicon.language.code != FOUND_LANGUAGE:
            return None
        if isinstance(embedder, ExportedEmbedder) and embedder.finds_terms:
            return embedder
        try:
            carried = [
                ExportedEmbedder(self.folder / part) for part in (ENCODER, FINDER) if carries(self.manifest, part)
            ]
        except _BROKEN as error:
            raise IndexDamaged(f"{self.folder} is damaged ({error}): {rebuild(self.folder)}.") from error
        return next((one for one in carried if one.finds_terms), None)

    def reader(self) -> Reader | None:
        """Return the reader that the generation carries, None where it carries none. Raises IndexDamaged."""
        try:
            return READERS[self.manifest.reader].load(self.folder / READER) if self.manifest.reader else None
        except _BROKEN as error:
            raise IndexDamaged(f"{self.folder} is damaged ({error}): {rebuild(self.folder)}.") from error

    def bring(self, vectors: Ids, passages: Sequence[int]) -> None:
        """Fetch vectors and passages that are needed next, of a generation in a database, in one round trip; of files
        nothing."""
        if isinstance(self.passages, DatabasePassages):
            mine = self.store.fetching(vectors) if isinstance(self.store, PostgresStore) else None
            self.passages.database.fetch(mine, self.passages.fetching(passages))

    def read_ahead(self) -> None:
        """Read what follows too from now on, for a build that takes all over in order."""
        for one in (self.passages, self.texts, self.phrases):
            one.read_ahead()

    def reach(self) -> None:
        """See that what lies in a database can be read now. Raises DatabaseAway or IndexGone."""
        if isinstance(self.passages, DatabasePassages):
            self.passages.reach()

    def changed_file(self) -> Path | None:
        """Return a file that was changed after it was opened, and so is not to be read; None where none was.

        Costs a look at the state of each file. One that is gone is as it was: builders remove old generations while
        they are still open here.
        """
        changed = (path for path, mark in self._marks.items() if _mark(path) not in {mark, None})
        return next(map(Path, changed), None)

    def documents(self) -> Iterator[IndexedDocument]:
        """Yield the documents in order, one in memory at a time, also after the folder was removed. Raises
        IndexDamaged."""
        try:
            for document in read_documents(self._documents):
                if not 0 <= document.first_row <= document.end_row <= len(self.passages):
                    raise ValueError(f'"{document.id}" has passages that are not there')
                yield document
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(self.folder / DOCUMENTS, error) from error

    def close(self) -> None:
        """Give mapped files back."""
        self._documents.close()
        self.passages.close()
        self.texts.close()
        self.phrases.close()


class Index:
    """A generation with the embedder that made it: what a question is asked against."""

    def __init__(
        self,
        generation: Generation,
        embedder: Embedder,
        warning: str | None = None,
        opening: Opening = WITH_ALL,
    ) -> None:
        """Join the two; ``warning`` says why it is not the generation that it should be.

        Raises IndexMismatch when the embedder is not the one that made the generation.
        """
        self.generation = generation
        self.manifest = generation.manifest
        self.lexicon = generation.lexicon
        self.language = generation.lexicon.language
        self.store = generation.store
        self.embedder = embedder
        self.warning = warning
        if embedder.checksum != self.manifest.embedder_checksum:
            raise IndexMismatch(
                f"{generation.folder} was made by {self.manifest.embedder} (checksum "
                f"{self.manifest.embedder_checksum[:12]}), and the embedder here is {embedder.name} (checksum "
                f"{embedder.checksum[:12]}): {rebuild(generation.folder)}, or bring the first one back."
            )
        self.folder = generation.folder.parent.parent
        self.reader = generation.reader() if opening.reader else None
        checksum = self.reader.checksum if self.reader else ""
        own = load_calibration(self.folder, self.manifest, checksum) if opening.own_calibration else None
        self.own_calibration = own
        self.calibration = own or packaged_calibration(read=self.reader is not None)
        self._vectors: dict[str, Vectors] = {}
        self._read: dict[str, ReadWords] = {}
        self._finder = generation.finder(embedder)
        self._selected = lru_cache(maxsize=_SCOPES)(self._select)
        self._passage = lru_cache(maxsize=_PASSAGES)(generation.passages.__getitem__)

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self.store)

    @cached_property
    def synonyms(self) -> Forms:
        """Return the owner's words that mean the same, by their stems."""
        return forms_of(self.manifest.synonyms, self.language)

    @cached_property
    def acronyms(self) -> Mapping[str, str]:
        """Return the titles that acronyms stand for, by these as they are spelt in small letters."""
        return {self.language.fold(acronym): title for acronym, title in self.manifest.acronyms.items()}

    def bring(self, vectors: Iterable[Hit], passages: Iterable[Hit]) -> None:
        """Fetch the vectors and the passages of hits together, where they lie in a database."""
        rows = np.unique(np.array([hit.row for hit in vectors], np.int64))
        self.generation.bring(rows, [hit.row for hit in passages])

    def passage(self, row: int) -> Passage:
        """Return the passage of a row."""
        return self._passage(row)

    def document_ids(self) -> set[str]:
        """Return the ids of the documents that have a passage."""
        return {document.id for document in self.generation.documents()}

    def select(self, scope: Scope) -> Selection | None:
        """Return what a scope takes, None where that is everything.

        Raises BadQuestion when no document is in the scope.
        """
        return None if scope == EVERYTHING else self._selected(scope)

    def _select(self, scope: Scope) -> Selection:
        found = [(number, one) for number, one in enumerate(self.generation.documents()) if _is_in(scope, one)]
        if not found:
            raise BadQuestion(_nothing_selected(scope, next(self.generation.documents())))
        rows = [np.arange(document.first_row, document.end_row, dtype=np.int64) for _, document in found]
        return Selection(tuple(number for number, _ in found), np.concatenate(rows))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) unit rows of questions, or of phrases of the texts. They come again and again, and are kept."""
        if not texts:
            return self.embedder.embed_questions(texts)
        found = {text: vector for text in texts if (vector := self._vectors.get(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        tell_count("reused", len(found))
        tell_count("embedded", len(new))
        for text, vector in zip(new, self.embedder.embed_questions(new) if new else (), strict=True):
            found[text] = vector
            self._keep(text, vector)
        return np.stack([found[text] for text in texts])

    @property
    def finds_as_it_embeds(self) -> bool:
        """Whether the terms of questions are found by the model that embeds the texts."""
        return self._finder is self.embedder

    def read_words(self, questions: Sequence[Question]) -> list[ReadWords] | list[None]:
        """Return for each question what is read of its words, from which its terms are found; None for each where
        nothing here reads them. What embeds the question reads them in the same run, where it can."""
        if self._finder is None:
            return [None] * len(questions)
        found = {one.text: words for one in questions if (words := self._read.get(one.text)) is not None}
        new = list({one.text: one for one in questions if one.text not in found}.values())
        if new:
            vectors, read = self._finder.read_questions(new)
            for one, vector, words in zip(new, vectors, read, strict=True):
                found[one.text] = words
                if self.finds_as_it_embeds:
                    self._keep(one.text, vector, whatever_length=True)  # it is asked for next
                if len(one.text) <= _KEPT_CHARACTERS:
                    self._read[one.text] = words
            if len(self._read) > _READ:
                self._read.clear()
        return [found[one.text] for one in questions]

    def embed_question(self, question: Question) -> Vectors:
        """Return the (d,) unit row of a question. Where the same run reads its words, that is kept for who asks
        for it next, as ``read_words`` keeps it."""
        if self.finds_as_it_embeds:
            self.read_words([question])  # which keeps the row, too
        found: Vectors = self.embed([question.text])[0]
        return found

    def _keep(self, text: str, vector: Vectors, *, whatever_length: bool = False) -> None:
        if len(self._vectors) >= _KEPT:
            self._vectors.clear()
        if whatever_length or len(text) <= _KEPT_CHARACTERS:
            self._vectors[text] = vector

    def close(self) -> None:
        """Give mapped files back."""
        self.generation.close()

    def __enter__(self) -> "Index":
        """Return it, to be closed at the end of a ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


_SCOPE_WORDS = {
    "source": "source begins with",
    "title": "title begins with",
    "topic": "topic is",
    "type": "type is",
    "year": "year is",
}


def _is_in(scope: Scope, document: IndexedDocument) -> bool:
    """Whether a scope takes a document."""
    return (
        document.source.casefold().startswith(scope.source.casefold())
        and document.title.casefold().startswith(scope.title.casefold())
        and scope.type.casefold() in {"", type_of(document.file)}
        and scope.year in {"", document.year}
        and (not scope.topic or scope.topic.casefold() in {topic.casefold() for topic in document.topics})
    )


def _nothing_selected(scope: Scope, example: IndexedDocument) -> str:
    asked = [f"{_SCOPE_WORDS[name]} “{wanted}”" for name, wanted in asdict(scope).items() if wanted]
    return (
        f"There is no text whose {' and whose '.join(asked)}: the first text here has the source “{example.source}” "
        f"and the title “{example.title}”."
    )


def read_documents(content: FileContent) -> Iterator[IndexedDocument]:
    """Yield the documents of what ``documents.jsonl`` holds, in order, a block in memory at a time. Raises ValueError
    or TypeError for a line that is none."""
    for line in content.lines():
        yield IndexedDocument(**fields_of(IndexedDocument, line))


def _mark(path: str) -> tuple[int, int, int] | None:
    """Return what changes with a file's content: its number, size and time; None where it is gone. It is asked of each
    file at each question, so the path is no Path, which takes as long as the look itself."""
    try:
        stat = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def open_index(
    folder: Path, embedder: Embedder | None = None, with_own_calibration: bool = True, with_reader: bool = True
) -> Index:
    """Return the index in a folder, with the embedder that it carries, else the one that its manifest names, unless one
    is given; without a reader its passages are not read.

    Every file is compared with its checksum; where one is damaged the last good generation is opened, with a warning.
    Raises IndexMissing, IndexMismatch, IndexDamaged or EmbedderUnusable.
    """
    return _opened(folder, lambda: _open(folder, embedder, Opening(with_own_calibration, with_reader)))


def _open(folder: Path, embedder: Embedder | None, opening: Opening) -> Index:
    generation, warning = _open_sound(folder)
    if embedder is None:
        path = generation.manifest.embedder_path
        embedder = generation.exported_embedder() or load_embedder(Path(path) if path else None)
    return Index(generation, embedder, warning, opening)


def _open_sound(folder: Path) -> tuple[Generation, str | None]:
    """Return the last good generation opened, and why it is not the last one, if so."""
    found, warning = last_good_generation(folder)
    return Generation(found), warning


def _opened(folder: Path, opening: Callable[[], _T]) -> _T:
    """Return what is opened. A generation that builders replace and remove meanwhile is no damaged one."""
    while True:
        before = read_pointer(folder)
        try:
            return opening()
        except IndexDamaged:
            if read_pointer(folder) == before:
                raise


def carries(manifest: Manifest, part: str) -> bool:
    """Whether a generation was made with this folder in it: what is there cannot tell once builders begin to remove
    it."""
    return any(name.startswith(f"{part}/") for name in manifest.files)


def load_manifest(generation: Path) -> Manifest:
    """Return the manifest of a generation. Raises IndexDamaged or IndexMismatch."""
    path = generation / MANIFEST
    try:
        fields = read_manifest(generation)
        found = fields["format"]
    except (OSError, ValueError, KeyError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error}): {rebuild(generation)}.") from error
    if type(found) is int and found != FORMAT:
        raise IndexMismatch(f"{path} is of format {found}, this version reads {FORMAT}: {rebuild(generation)}.")
    try:
        check_fields(Manifest, fields)
        tuples = {name: tuple(fields[name]) for name in ("corpora", "imperfect", "examples")}
        signposts = tuple(
            Signpost(one["text"], tuple(one["examples"]), tuple(one.get("words", ())))
            for one in fields.get("signposts", ())
        )
        synonyms = tuple(tuple(group) for group in fields.get("synonyms", ()))
        return Manifest(**{**fields, **tuples, "signposts": signposts, "synonyms": synonyms})
    except (TypeError, KeyError, ValueError) as error:
        raise IndexDamaged(f"{path} is incomplete ({error}): {rebuild(generation)}.") from error


def check_index(folder: Path) -> Manifest:
    """Return the manifest of the index in a folder that can be served: whole, and its embedder in it, or there and the
    same.

    Costs no loading of a model. Raises what ``open_index`` does.
    """
    generation, _ = _opened(folder, lambda: _open_sound(folder))
    generation.close()
    manifest = generation.manifest
    if carries(manifest, ENCODER):
        return manifest
    found = embedder_checksum(Path(manifest.embedder_path) if manifest.embedder_path else None)
    if found != manifest.embedder_checksum:
        raise IndexMismatch(
            f"{generation.folder} was made by {manifest.embedder} (checksum {manifest.embedder_checksum[:12]}), which "
            f"now has checksum {found[:12]}: {rebuild(generation.folder)}."
        )
    return manifest


def manifest_json(manifest: Manifest) -> str:
    """Return a manifest as it is stored."""
    return json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
