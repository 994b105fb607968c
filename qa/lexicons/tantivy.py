"""The passages of every word and phrase, in a tantivy index on disk: counts, phrases, BM25 and spellings.

Passages are stored as their stems, cut by ``language``, so that building and asking cannot disagree on what
a word is. Not here: what a count means for a question (``states``).
"""

import shutil
from collections.abc import Iterable, Sequence
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy

from qa.datatypes import Hit, Ranking
from qa.files import LocalFiles
from qa.language import Language
from qa.lexicons.contract import Entry, Stems
from qa.lexicons.spellings import WORDS, SpellingCounts, Spellings, SpeltWords
from qa.lexicons.tokens import CONTEXT_WEIGHT, PHRASE_WEIGHT, tokens_of

__all__ = ["CONTEXT_WEIGHT", "PHRASE_WEIGHT", "TantivyLexicon", "build_lexicon"]

_HEAP_BYTES = 64_000_000
COPIED_BYTES = 64_000_000
"""Up to which a lexicon's files are copied when it is opened: those of some 50,000 passages, in a tenth of a second."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=False, indexed=False, fast=True)
    builder.add_unsigned_field("document", stored=False, indexed=True, fast=True)
    builder.add_text_field("text", stored=False, tokenizer_name="whitespace", index_option="position")
    return builder.build()


def build_lexicon(
    folder: Path, entries: Iterable[Entry], language: Language, context_weight: int = CONTEXT_WEIGHT
) -> None:
    """Write the lexicon of the entries, texts in this language, into an empty folder.

    Raises ValueError when tantivy cannot write.
    """
    writer = tantivy.Index(_schema(), path=str(folder)).writer(_HEAP_BYTES, 1)
    spelt = SpellingCounts(language)
    for entry in entries:
        document = tantivy.Document()
        document.add_unsigned("row", entry.row)
        document.add_unsigned("document", entry.document)
        document.add_text("text", " ".join(tokens_of(entry, language, context_weight)))
        writer.add_document(document)
        spelt.add(entry)
    writer.commit()
    writer.wait_merging_threads()
    spelt.write(folder)


class TantivyLexicon(SpeltWords, LocalFiles):
    """A lexicon opened for reading, memory-mapped."""

    def __init__(self, folder: Path, language: Language) -> None:
        """Open the folder that ``build_lexicon`` wrote for texts in this language. Raises ValueError when it is none.

        tantivy puts lock files beside what it opens, and an index may be read-only: so it is given a folder of copies,
        or of links where the files are large, which can go as soon as they are mapped. A copy is nobody else's to cut
        short.
        """
        self.language = language
        source = folder.resolve(strict=True)
        # Now: the folder may be gone when the first question needs it.
        self._spellings = Spellings((source / WORDS).read_bytes(), language)
        # Its threads may still put a lock there while the folder goes; what is left then is an empty file.
        with TemporaryDirectory(prefix="candor-", ignore_cleanup_errors=True) as links:
            files = [file for file in source.iterdir() if not file.name.endswith(".lock")]
            copied = sum(file.stat().st_size for file in files) <= COPIED_BYTES
            for file in files:
                if copied:
                    shutil.copyfile(file, Path(links, file.name))
                else:
                    Path(links, file.name).symlink_to(file)
            index = tantivy.Index.open(links)
            index.config_reader("manual")
            self._schema = index.schema
            self._searcher = index.searcher()

    @classmethod
    def write(cls, folder: Path, entries: Iterable[Entry], language: Language) -> None:
        """Write the lexicon of the entries into an empty folder."""
        build_lexicon(folder, entries, language)

    @classmethod
    def load(cls, folder: Path, language: Language) -> "TantivyLexicon":
        """Return the lexicon that was written there."""
        return cls(folder, language)

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return self._searcher.num_docs

    def passage_count(self, phrase: Stems, slop: int = 0) -> int:
        """Return how many passages have the stems side by side, or within ``slop`` moves of a word.

        0 for an empty phrase.
        """
        if not phrase:
            return 0
        if len(phrase) == 1:
            return self._searcher.doc_freq("text", phrase[0])
        found = self._searcher.search(self._phrase_query(phrase, slop), 1)
        return int(found.count or 0)  # type: ignore[attr-defined]

    def weight(self, stem: str) -> float:
        """Return the inverse document frequency of a stem as in BM25 (Robertson and Zaragoza 2009), in nats:
        ``log(1 + (n - df + 0.5) / (df + 0.5))`` over the passages; that of a word in no text for ""."""
        passages = self.passage_count([stem]) if stem else 0
        return log(1 + (len(self) - passages + 0.5) / (passages + 0.5))

    def prepare(self, stems: Iterable[str]) -> None:
        """Do nothing: the index is mapped."""

    def rank(
        self,
        words: Iterable[str],
        k: int,
        phrases: Iterable[Stems] = (),
        among: Sequence[int] | None = None,
        phrase_weight: float = PHRASE_WEIGHT,
    ) -> Ranking:
        """Return the k passages with the best BM25 (k1 = 1.2, b = 0.75, tantivy's) over the stems.

        A phrase counts as a word of ``phrase_weight``, after the sequential dependence model (Metzler and Croft, SIGIR
        2005). ``among`` are the numbers of the only documents to search.
        """
        should = [(tantivy.Occur.Should, self._phrase_query([word])) for word in dict.fromkeys(words)]
        if not should:
            return ()
        for phrase in dict.fromkeys(map(tuple, phrases)):
            boosted = tantivy.Query.boost_query(self._phrase_query(phrase), phrase_weight)
            should.append((tantivy.Occur.Should, boosted))
        return self._search(tantivy.Query.boolean_query(should), k, among)

    def rank_with_all(self, phrases: Sequence[Stems], k: int, among: Sequence[int] | None = None) -> Ranking:
        """Return the k passages with the best BM25 among those that have every phrase."""
        must = [(tantivy.Occur.Must, self._phrase_query(phrase)) for phrase in phrases if phrase]
        return self._search(tantivy.Query.boolean_query(must), k, among) if must else ()

    def _phrase_query(self, phrase: Stems, slop: int = 0) -> tantivy.Query:
        if len(phrase) == 1:
            # "freq" leaves positions unread: BM25 needs none.
            return tantivy.Query.term_query(self._schema, "text", phrase[0], index_option="freq")
        return tantivy.Query.phrase_query(self._schema, "text", list(phrase), slop)

    def _search(self, query: tantivy.Query, k: int, among: Sequence[int] | None) -> Ranking:
        if among is not None:
            chosen = tantivy.Query.const_score_query(self._among_query(among), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, chosen)])
        found = self._searcher.search(query, k, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in found]) if found else []
        scored = sorted(((-float(score), int(row or 0)) for (score, _), row in zip(found, rows, strict=True)))
        return tuple(Hit(row, -negative, place) for place, (negative, row) in enumerate(scored, start=1))

    def _among_query(self, among: Sequence[int]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, "document", list(among))
