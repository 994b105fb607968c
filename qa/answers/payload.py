"""Answer -> JSON: the one shape that ``qa ask --json``, the HTTP API and ``qa evaluate --answers`` share."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from typing_extensions import TypedDict  # which pydantic reads on every Python that is supported

from qa.answers.answering import Explanation
from qa.datatypes import Answer, AnsweredPart, Passage, QuotedPassage, Span, TermReport


class TermPayload(TypedDict):
    """A term of the question: ``question[start:end] == text``."""

    text: str
    start: int
    end: int
    state: Literal["known", "misspelled", "unknown", "unestablished"]
    passage_count: int
    suggestion: str | None
    known_parts: list[str]
    closest: list[str]


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


class PassagePayload(TypedDict):
    """A quoted passage: ``text`` is its document's characters from ``start`` to ``end``; it begins on ``line`` of its
    file, where that has lines. ``copies`` are other places of the same words."""

    rank: int
    id: str
    document_id: str
    title: str
    heading: str | None
    page: str | None
    line: int | None
    source: str
    start: int
    end: int
    text: str
    cosine: float
    highlights: list[list[int]]
    best_sentence: list[int] | None
    copies: list[CopyPayload]


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
    """The words that answer, how probably their passage does, and every place where they stand, the first first."""

    text: str
    probability: float
    places: list[PlacePayload]


class AnswerPayload(TypedDict):
    """The answer. ``answer`` are the words that answer, null where no passage does; ``notice`` is what the owner of the
    texts wants to be read with every answer."""

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
        "reason": report.reason,
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
