"""Answer -> what a retriever of any library gives: the passages' texts, each with what must not be lost on the way."""

from typing import Any

from qa.answers.payload import AnswerPayload, PassagePayload


def metadata_of(answer: AnswerPayload, passage: PassagePayload) -> dict[str, Any]:
    """Return what stands beside a passage: its place, and what the answer says on the question as a whole, so that a
    program which sees passages alone is told as well what the texts do not have."""
    return {
        "id": passage["id"],
        "document_id": passage["document_id"],
        "corpus": passage["corpus"] or answer["corpus"],
        "title": passage["title"],
        "heading": passage["heading"],
        "source": passage["source"],
        "page": passage["page"],
        "line": passage["line"],
        "start": passage["start"],
        "end": passage["end"],
        "rank": passage["rank"],
        "cosine": passage["cosine"],
        "verdict": answer["verdict"],
        "confidence": answer["confidence"],
        "note": answer["note"],
        "clarification": answer["clarification"],
        "missing": [term["text"] for term in answer["terms"] if term["state"] in {"unknown", "unestablished"}],
    }
