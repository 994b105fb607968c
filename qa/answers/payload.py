"""Answer -> JSON: the one shape that ``qa ask --json``, the HTTP API and ``qa evaluate --answers`` share."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from typing_extensions import TypedDict  # which pydantic reads on every Python that is supported

from qa.answers.answering import Explanation
from qa.answers.catalogue import CataloguedDocument, list_documents
from qa.answers.reasons import reason_in_words
from qa.datatypes import Answer, AnsweredPart, Passage, QuotedPassage, Span, TermReport
from qa.indexing.index import Generation


class TermPayload(TypedDict):
    """A term of the question: ``question[start:end] == text``. ``corpora`` are those that have it, where several were
    asked; it is ``thin`` where a single text uses it, and others its parts."""

    text: str
    start: int
    end: int
    state: Literal["known", "misspelled", "unknown", "unestablished"]
    passage_count: int
    suggestion: str | None
    known_parts: list[str]
    closest: list[str]
    corpora: list[str]
    thin: bool


class CopyPayload(TypedDict):
    """Another place where the same words stand."""

    id: str
    document_id: str
    title: str
    heading: str | None
    page: str | None
    line: int | None
    source: str
    start: int
    end: int


class PassagePayload(CopyPayload):
    """A quoted passage: ``text`` is its document's characters from ``start`` to ``end``; it begins on ``line`` of its
    file, where that has lines. ``copies`` are other places of the same words; ``corpus`` is null where only one was
    asked."""

    rank: int
    text: str
    cosine: float
    highlights: list[list[int]]
    best_sentence: list[int] | None
    copies: list[CopyPayload]
    corpus: str | None


class PartPayload(TypedDict):
    """Passages on one known part of the question, or on several together."""

    terms: list[str]
    passages: list[PassagePayload]


class PlacePayload(TypedDict):
    """Where an answer stands: ``text[start:end]`` of the passage of this rank, and in its document."""

    rank: int
    passage_id: str
    document_id: str
    start: int
    end: int
    document_start: int
    document_end: int


class SpanPayload(TypedDict):
    """The words that answer, how probably they are right, and every place where they stand, the first first."""

    text: str
    probability: float
    places: list[PlacePayload]


class AnswerPayload(TypedDict):
    """The answer. ``answer`` are the words that answer, null where no passage does or where they are more likely wrong;
    ``notice`` is what the owner of the texts wants to be read with every answer, ``signpost`` what he wants to be read
    first, in place of a verdict, by who asks such a question. ``corpus`` is that which was asked, of several the one
    that most probably answers; null for the only one of a service."""

    question: str
    confidence: float
    verdict: Literal["answered", "uncertain", "not_in_corpus"]
    answer: SpanPayload | None
    note: str | None
    terms: list[TermPayload]
    passages: list[PassagePayload]
    parts: list[PartPayload]
    clarification: str | None
    notice: str | None
    signpost: str | None
    corpus: str | None


class ListedPayload(TypedDict):
    """A document in a list."""

    id: str
    title: str
    source: str
    aliases: list[str]
    passages: int


class DocumentsPayload(TypedDict):
    """A stretch of the list of all documents, of which there are ``total``."""

    total: int
    first: int
    documents: list[ListedPayload]


class SectionPayload(TypedDict):
    """What stands under a heading: the document's characters from ``start`` to ``end``."""

    heading: str
    level: int
    start: int
    end: int


class DocumentPayload(TypedDict):
    """A document: its whole text as it is shown, what its file says of it, and its passages, by id. ``checksum`` is the
    SHA-256 of its file as it was read, ``download`` the address of that file, null where it is not handed out;
    ``address`` is where it was fetched, null for a text that lives here."""

    id: str
    title: str
    source: str
    address: str | None
    download: str | None
    aliases: list[str]
    authors: list[str]
    date: str | None
    reviewed: str | None
    licence: str | None
    topics: list[str]
    references: list[str]
    see_also: list[str]
    checksum: str | None
    sections: list[SectionPayload]
    passages: list[str]
    text: str


def documents_payload(generation: Generation, first: int, most: int) -> DocumentsPayload:
    """Return a stretch of the list of all documents as JSON-ready values."""
    listed = [
        ListedPayload(
            id=one.id, title=one.title, source=one.source, aliases=list(one.aliases),
            passages=one.end_row - one.first_row,
        )
        for one in list_documents(generation, first, most)
    ]  # fmt: skip
    return {"total": generation.manifest.documents, "first": first, "documents": listed}


def document_payload(found: CataloguedDocument, download: str | None, address: str | None = None) -> DocumentPayload:
    """Return a document as JSON-ready values, with the address of its file, and where it was fetched."""
    document, details = found.document, found.details
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "address": address,
        "download": download,
        "aliases": list(document.aliases),
        "authors": list(details.authors),
        "date": details.date or None,
        "reviewed": details.reviewed or None,
        "licence": details.licence or None,
        "topics": list(details.topics),
        "references": list(details.references),
        "see_also": list(details.see_also),
        "checksum": found.checksum or None,
        "sections": [
            SectionPayload(heading=one.heading, level=one.level, start=one.start, end=one.end)
            for one in found.stored.sections
        ],
        "passages": [passage.id for passage in found.passages],
        "text": found.stored.text,
    }


def passage_payload(passage: Passage, document: CataloguedDocument, link: str) -> dict[str, Any]:
    """Return a passage as JSON-ready values, with a link that leads to it for good."""
    return {
        **_place(passage),
        "text": passage.text,
        "sentences": [list(sentence) for sentence in passage.sentences],
        "checksum": document.checksum or None,
        "permalink": link,
    }


def answer_payload(answer: Answer) -> AnswerPayload:
    """Return the answer as JSON-ready dictionaries, lists, strings and numbers."""
    return {
        "question": answer.question,
        "confidence": answer.confidence,
        "verdict": answer.verdict.value,
        "answer": _span(answer.answer, answer.passages) if answer.answer else None,
        "note": answer.note,
        "terms": [_term(report) for report in answer.terms],
        "passages": [_passage(quoted) for quoted in answer.passages],
        "parts": [_part(part) for part in answer.parts],
        "clarification": answer.clarification,
        "notice": answer.notice,
        "signpost": answer.signpost,
        "corpus": answer.corpus or None,
    }


def explanation_payload(explanation: Explanation, terms: Sequence[TermReport]) -> dict[str, Any]:
    """Return as JSON what a confidence is made of, and why each term has its state."""
    return {
        "confidence": explanation.confidence,
        "intercept": explanation.intercept,
        "signals": {name: {"value": value, "adds": adds} for name, (value, adds) in explanation.signals.items()},
        "thresholds": asdict(explanation.thresholds),
        "promise": asdict(explanation.promise),
        "is_own": explanation.is_own,
        "terms": [_explained(report) for report in terms],
    }


def _explained(report: TermReport) -> dict[str, Any]:
    return {
        "text": report.term.text,
        "state": str(report.state),
        "reason": reason_in_words(report),
        "probability": report.probability,
    }


def _span(span: Span, passages: Sequence[QuotedPassage]) -> SpanPayload:
    by_rank = {quoted.rank: quoted.passage for quoted in passages}
    return {
        "text": span.text,
        "probability": span.probability,
        "places": [
            {
                "rank": place.rank,
                "passage_id": by_rank[place.rank].id,
                "document_id": by_rank[place.rank].document_id,
                "start": place.start,
                "end": place.end,
                "document_start": by_rank[place.rank].start + place.start,
                "document_end": by_rank[place.rank].start + place.end,
            }
            for place in span.places
        ],
    }


def _term(report: TermReport) -> TermPayload:
    return {
        "text": report.term.text,
        "start": report.term.start,
        "end": report.term.end,
        "state": report.state.value,
        "passage_count": report.passage_count,
        "suggestion": report.suggestion,
        "known_parts": list(report.known_parts),
        "closest": list(report.closest),
        "corpora": list(report.corpora),
        "thin": bool(report.thin),
    }


def _passage(quoted: QuotedPassage) -> PassagePayload:
    return {
        "rank": quoted.rank,
        **_place(quoted.passage),
        "text": quoted.passage.text,
        "cosine": quoted.cosine,
        "highlights": [list(span) for span in quoted.highlights],
        "best_sentence": list(quoted.best_sentence) if quoted.best_sentence else None,
        "copies": [_place(copy) for copy in quoted.copies],
        "corpus": quoted.corpus or None,
    }


def _place(passage: Passage) -> CopyPayload:
    return {
        "id": passage.id,
        "document_id": passage.document_id,
        "title": passage.title,
        "heading": passage.heading or None,
        "page": passage.page or None,
        "line": passage.line or None,
        "source": passage.source,
        "start": passage.start,
        "end": passage.end,
    }


def _part(part: AnsweredPart) -> PartPayload:
    return {"terms": list(part.terms), "passages": [_passage(quoted) for quoted in part.passages]}
