"""The passages of every word and phrase, in a tantivy index on disk: counts, phrases and BM25.

Passages are stored as their stems, cut by ``terms.words``, so that building and asking cannot disagree on what
a word is. Not here: what a count means for a question (``states``).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy

from qa.datatypes import Hit, Ranking
from qa.terms import stems

_HEAP_BYTES = 64_000_000
_BREAK = "\x1f"  # a token that no text has: keeps a phrase from running from a title into a text

Phrase = Sequence[str]
"""Stems in the order of the text."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=False, indexed=False, fast=True)
    builder.add_text_field("text", stored=False, tokenizer_name="whitespace", index_option="position")
    return builder.build()


def build_lexicon(folder: Path, rows: Iterable[tuple[int, str, str]]) -> None:
    """Write the lexicon of (row, context, text) into an empty folder.

    Raises ValueError when tantivy cannot write.
    """
    writer = tantivy.Index(_schema(), path=str(folder)).writer(_HEAP_BYTES, 1)
    for row, context, text in rows:
        document = tantivy.Document()
        document.add_unsigned("row", row)
        document.add_text("text", " ".join([*stems(context), _BREAK, *stems(text)]))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


class Lexicon:
    """A lexicon opened for reading, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        """Open the folder that ``build_lexicon`` wrote. Raises ValueError when it is not one.

        tantivy puts lock files beside what it opens, and an index may be read-only: so it is given a folder of links,
        which can go as soon as the files are mapped.
        """
        with TemporaryDirectory(prefix="candor-") as links:
            for file in folder.resolve(strict=True).iterdir():
                if not file.name.endswith(".lock"):
                    Path(links, file.name).symlink_to(file)
            index = tantivy.Index.open(links)
            index.config_reader("manual")
            self._schema = index.schema
            self._searcher = index.searcher()

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return self._searcher.num_docs

    def passage_count(self, phrase: Phrase, slop: int = 0) -> int:
        """Return how many passages have the stems side by side, or within ``slop`` moves of a word.

        0 for an empty phrase.
        """
        if not phrase:
            return 0
        if len(phrase) == 1:
            return self._searcher.doc_freq("text", phrase[0])
        found = self._searcher.search(self._phrase_query(phrase, slop), 1)
        return int(found.count or 0)  # type: ignore[attr-defined]

    def rank(self, words: Iterable[str], k: int) -> Ranking:
        """Return the k passages with the best BM25 (k1 = 1.2, b = 0.75, tantivy's) over the stems."""
        queries = [self._phrase_query([word]) for word in dict.fromkeys(words)]
        should = [(tantivy.Occur.Should, query) for query in queries]
        return self._search(tantivy.Query.boolean_query(should), k) if queries else ()

    def rank_with_all(self, phrases: Sequence[Phrase], k: int) -> Ranking:
        """Return the k passages with the best BM25 among those that have every phrase."""
        must = [(tantivy.Occur.Must, self._phrase_query(phrase)) for phrase in phrases if phrase]
        return self._search(tantivy.Query.boolean_query(must), k) if must else ()

    def _phrase_query(self, phrase: Phrase, slop: int = 0) -> tantivy.Query:
        if len(phrase) == 1:
            # "freq" leaves positions unread: BM25 needs none.
            return tantivy.Query.term_query(self._schema, "text", phrase[0], index_option="freq")
        return tantivy.Query.phrase_query(self._schema, "text", list(phrase), slop)

    def _search(self, query: tantivy.Query, k: int) -> Ranking:
        found = self._searcher.search(query, k, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in found]) if found else []
        scored = sorted(((-float(score), int(row or 0)) for (score, _), row in zip(found, rows, strict=True)))
        return tuple(Hit(row, -negative, place) for place, (negative, row) in enumerate(scored, start=1))
