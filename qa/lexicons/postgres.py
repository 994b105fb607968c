"""The passages of every word and phrase, in a table of PostgreSQL: what tantivy's lexicon answers, this one does too.

A row of the table is a stem with the passages of one segment that have it. The rows of the stems that a question has
are fetched when they are asked for, and what they count is reckoned here (``postings``). A folder has the table's name,
the words as they are spelt, and of each passage its length and the number of its document.
"""

import secrets
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from math import log
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qa.datatypes import Hit, Ranking
from qa.language import Language
from qa.lexicons.contract import Entry, Stems
from qa.lexicons.postings import (
    Array,
    Bm25,
    Floats,
    Postings,
    Segment,
    best,
    best_of_all,
    common_rows,
    length_codes,
    occurrences,
    passages_near,
)
from qa.lexicons.spellings import WORDS, SpellingCounts, Spellings, SpeltWords
from qa.lexicons.tokens import PHRASE_WEIGHT, tokens_of
from qa.postgres.database import Database, Fetch, Query, database_of
from qa.postgres.tables import OwnTable
from qa.stores import save_array

if TYPE_CHECKING:
    from psycopg import Connection

KEPT_BYTES = 128_000_000
"""Bytes of postings that a lexicon keeps in memory, those asked for last: some 50 stems that 300,000 passages have."""

SEGMENT = 50_000
"""Passages that are gathered before they are written: of 120 words each they take some 300 MB."""

_KEPT_OVERHEAD = 700  # bytes beside the arrays of a stem that is kept
_LONGEST_STEM = 500  # characters of a stem in the table, whose index takes no more than 2,700 bytes
_LENGTHS = "lengths.npy"
_DOCUMENTS = "documents.npy"


class PostgresLexicon(SpeltWords, OwnTable):
    """A lexicon opened for reading. Safe to use from several threads."""

    description, begins, rows = "postings.json", "postings_", "rows"

    def __init__(self, folder: Path, language: Language) -> None:
        """Open the folder that was written for texts in this language. Raises ValueError or OSError when it is none."""
        structure = self.described(folder)
        self.language = language
        self._database = database_of(folder)
        self._table = self._database.table(structure["table"])
        self._documents = np.load(folder / _DOCUMENTS)
        codes = np.load(folder / _LENGTHS)
        if not len(codes) == len(self._documents) == structure["passages"]:
            raise ValueError(f"{_LENGTHS} or {_DOCUMENTS} has not the passages of {self.description}")
        self._bm25 = Bm25(codes, structure["tokens"])
        self._spellings = Spellings((folder / WORDS).read_bytes(), language)
        self._kept = KeptPostings(KEPT_BYTES)

    @classmethod
    def write(cls, folder: Path, entries: Iterable[Entry], language: Language) -> None:
        """Write the postings of the entries, whose rows count from 0, into a new table.

        Raises IndexUnwritable, or ValueError for a folder that mirrors no database.
        """
        database = database_of(folder)
        structure: dict[str, Any] = {
            "table": f"{cls.begins}{secrets.token_hex(6)}",
            "passages": 0,
            "tokens": 0,
            "rows": 0,
        }
        # Before the table is there: of a build that is killed the folder says what it has left.
        cls.describe(folder, structure)
        spelt, documents, lengths = SpellingCounts(language), array("i"), [np.empty(0, np.int64)]
        with database.session() as connection:
            with connection.transaction():  # so that a replica has all of the table, or none
                table = _Table(connection, database, structure["table"])
                for segment in _segments(entries, language, spelt, documents):
                    table.copy(segment)
                    lengths.append(segment.lengths())
                table.finish()
            table.vacuum()
        every = np.concatenate(lengths)
        save_array(folder / _LENGTHS, length_codes(every))
        save_array(folder / _DOCUMENTS, np.array(documents, np.int32))
        spelt.write(folder)
        cls.describe(folder, {**structure, "passages": len(every), "tokens": int(every.sum()), "rows": table.rows})

    @classmethod
    def load(cls, folder: Path, language: Language) -> "PostgresLexicon":
        """Return the lexicon that was written there."""
        return cls(folder, language)

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return len(self._documents)

    def prepare(self, stems: Iterable[str]) -> None:
        """Fetch the postings of these stems that are not kept, in one round trip."""
        self._database.fetch(self.fetching(stems))

    def fetching(self, stems: Iterable[str], held: dict[str, Postings] | None = None) -> Fetch | None:
        """Return what fetches the postings of the stems that are not kept, and keeps them; all go into ``held``."""
        from psycopg import sql

        held = {} if held is None else held
        asked = set(stems)
        held |= self._kept.found(asked)
        missing = {_in_table(stem): stem for stem in sorted(asked - held.keys())}
        if not missing:
            return None
        statement = sql.SQL(
            "SELECT stem, rows, counts, places FROM {} WHERE stem = ANY(%s) ORDER BY stem, segment"
        ).format(self._table)
        return Fetch(Query(statement, [list(missing)]), self._keeping(missing, held))

    def _keeping(
        self, missing: dict[str, str], held: dict[str, Postings]
    ) -> Callable[[Sequence[tuple[Any, ...]]], None]:
        def keep(rows: Sequence[tuple[Any, ...]]) -> None:
            parts: dict[str, list[Postings]] = {stem: [] for stem in missing.values()}
            for stem, *arrays in rows:
                parts[missing[stem]].append(_read(*arrays))
            found = {stem: Postings.joined(its) for stem, its in parts.items()}
            held.update(found)
            self._kept.keep(found)

        return keep

    def _postings(self, stems: Iterable[str]) -> dict[str, Postings]:
        held: dict[str, Postings] = {}
        self._database.fetch(self.fetching(stems, held))
        return held

    def passage_count(self, phrase: Stems, slop: int = 0) -> int:
        """Return how many passages have the stems side by side, or within ``slop`` moves of a word.

        0 for an empty phrase.
        """
        if not phrase:
            return 0
        held = self._postings(phrase)
        postings = [held[stem] for stem in phrase]
        return passages_near(postings, slop) if slop and len(phrase) > 1 else len(occurrences(postings)[0])

    def weight(self, stem: str) -> float:
        """Return the inverse document frequency of a stem as in BM25 (Robertson and Zaragoza 2009), in nats; that of a
        word in no text for ""."""
        passages = self.passage_count([stem]) if stem else 0
        return log(1 + (len(self) - passages + 0.5) / (passages + 0.5))

    def rank(
        self, words: Iterable[str], k: int, phrases: Iterable[Stems] = (), among: Sequence[int] | None = None
    ) -> Ranking:
        """Return the k passages with the best BM25 (k1 = 1.2, b = 0.75, tantivy's) over the stems.

        A phrase counts as a word of ``PHRASE_WEIGHT``, after the sequential dependence model (Metzler and Croft, SIGIR
        2005). ``among`` are the numbers of the only documents to search.
        """
        weights: list[tuple[Stems, float]] = [((stem,), 1) for stem in dict.fromkeys(words)]
        if not weights or k <= 0:
            return ()
        weights += [(phrase, PHRASE_WEIGHT) for phrase in dict.fromkeys(map(tuple, phrases)) if phrase]
        held = self._postings(chain.from_iterable(phrase for phrase, _ in weights))
        scores = np.zeros(len(self), np.float32)
        for phrase, weight in weights:
            rows, found = self._scored([held[stem] for stem in phrase], weight)
            np.add.at(scores, rows, found)  # faster than to take them out and put them back
        if among is not None:
            scores *= self._is_among(among, self._documents)
        return _hits(*best_of_all(scores, k))

    def rank_with_all(self, phrases: Sequence[Stems], k: int, among: Sequence[int] | None = None) -> Ranking:
        """Return the k passages with the best BM25 among those that have every phrase."""
        asked = [phrase for phrase in phrases if phrase]
        if not asked or k <= 0:
            return ()
        held = self._postings(chain.from_iterable(asked))
        scored = [self._scored([held[stem] for stem in phrase]) for phrase in asked]
        rows = common_rows([rows for rows, _ in scored])
        if among is not None:
            rows = rows[self._is_among(among, self._documents[rows])]
        scores = np.zeros(len(rows), np.float32)
        for others, found in scored:
            scores += found[np.searchsorted(others, rows)]
        return _hits(*best(rows, scores, k))

    def _scored(self, phrase: Sequence[Postings], weight: float = 1) -> tuple[Array, Floats]:
        """Return the passages that have the stems side by side, and what that counts in each."""
        rows, counts = occurrences(phrase)
        idf = np.float32(0)
        for one in phrase:
            idf += self._bm25.idf(len(one.rows))
        return rows, self._bm25.scores(rows, counts, idf, weight)

    def _is_among(self, among: Sequence[int], documents: Array) -> npt.NDArray[np.bool_]:
        """Return which numbers of documents are among these."""
        wanted = np.asarray(among, np.int64)
        is_wanted = np.zeros(int(self._documents.max(initial=0)) + 1, bool)
        is_wanted[wanted[(wanted >= 0) & (wanted < len(is_wanted))]] = True
        return is_wanted.take(documents)


class KeptPostings:
    """The postings asked for last, up to so many bytes. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        """Begin with none."""
        self._most = most
        self._kept: OrderedDict[str, Postings] = OrderedDict()
        self._turn = Lock()
        self.nbytes = 0

    def found(self, stems: Iterable[str]) -> dict[str, Postings]:
        """Return the postings of those stems that are kept."""
        with self._turn:
            found = {stem: its for stem in stems if (its := self._kept.get(stem)) is not None}
            for stem in found:
                self._kept.move_to_end(stem)
        return found

    def keep(self, found: dict[str, Postings]) -> None:
        """Keep postings, and let go of those not asked for longest."""
        with self._turn:
            for stem, its in found.items():
                if stem not in self._kept:
                    self._kept[stem] = its
                    self.nbytes += its.nbytes + _KEPT_OVERHEAD
            while self.nbytes > self._most:
                self.nbytes -= self._kept.popitem(last=False)[1].nbytes + _KEPT_OVERHEAD


class _Table:
    """A table of postings while it is written."""

    def __init__(self, connection: "Connection[Any]", database: Database, name: str) -> None:
        from psycopg import sql

        self._connection = connection
        self._name = database.table(name)
        self._segments = self.rows = 0
        connection.execute(
            # "C" compares bytes: whatever order a system's own has, it may change with the system.
            sql.SQL(
                'CREATE TABLE {} (stem text COLLATE "C" NOT NULL, segment integer NOT NULL, rows bytea NOT NULL, '
                "counts bytea NOT NULL, places bytea NOT NULL)"
            ).format(self._name)
        )
        for column in ("rows", "counts", "places"):  # numbers that are hardly shorter when they are packed
            connection.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STORAGE EXTERNAL").format(
                    self._name, sql.Identifier(column)
                )
            )

    def copy(self, segment: Segment) -> None:
        """Write the postings of a segment behind those before."""
        from psycopg import sql

        copying = sql.SQL("COPY {} FROM STDIN WITH (FORMAT BINARY)").format(self._name)
        with self._connection.cursor().copy(copying) as copy:
            copy.set_types(["text", "int4", "bytea", "bytea", "bytea"])
            for stem, (rows, counts, places) in segment.postings():
                arrays = (rows.tobytes(), counts.tobytes(), places.tobytes())
                copy.write_row((_in_table(stem), self._segments, *arrays))
                self.rows += 1
        self._segments += 1

    def finish(self) -> None:
        """Let the rows be found by their stems."""
        from psycopg import sql

        self._connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (stem, segment)").format(self._name))

    def vacuum(self) -> None:
        """Let counting the rows look at the key alone."""
        from psycopg import sql

        self._connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(self._name))


def _segments(
    entries: Iterable[Entry], language: Language, spelt: SpellingCounts, documents: "array[int]"
) -> Iterator[Segment]:
    """Yield the entries' tokens, segment after segment, and gather their words and the numbers of their documents."""
    segment = Segment(0)
    for row, entry in enumerate(entries):
        if entry.row != row:
            raise ValueError(f"the row {entry.row} comes where {row} should")
        segment.add(tokens_of(entry, language))
        spelt.add(entry)
        documents.append(entry.document)
        if len(segment) == SEGMENT:
            yield segment
            segment = Segment(row + 1)
    if len(segment):
        yield segment


def _in_table(stem: str) -> str:
    """Return a stem as it stands in the table: one that is too long for it by a checksum."""
    import hashlib

    if len(stem) <= _LONGEST_STEM:
        return stem
    return f"{stem[:_LONGEST_STEM]} {hashlib.blake2b(stem.encode(), digest_size=16).hexdigest()}"


def _read(rows: bytes, counts: bytes, places: bytes) -> Postings:
    """Return what a row of the table has; how many bytes a number takes is told by how many there are."""
    its = np.frombuffer(rows, "<i4")
    often = np.frombuffer(counts, f"<u{len(counts) // max(len(its), 1)}")
    return Postings(its, often, np.frombuffer(places, f"<u{len(places) // max(int(often.sum()), 1)}"))


def _hits(rows: Array, scores: Floats) -> Ranking:
    scored = zip(rows.tolist(), scores.tolist(), strict=True)
    return tuple(Hit(row, score, place) for place, (row, score) in enumerate(scored, start=1))
