"""The shapes that the API takes and gives, for checking and for ``/openapi.json``."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from qa.errors import BadQuestion
from qa.limits import DEFAULT_K, MAX_K, MAX_PREFIX_CHARACTERS, MAX_QUESTION_CHARACTERS
from qa.web.address import parse_k

_QUESTION = f"The question in words, 1 to {MAX_QUESTION_CHARACTERS} characters."
_K = "How many passages to show at most."
_SOURCE = "Ask only the texts whose source begins with this; case does not matter."
_TITLE = "Ask only the texts whose title begins with this; case does not matter."


def _k(given: Any) -> int:
    try:
        return parse_k(str(given))
    except BadQuestion as error:
        raise ValueError(str(error)) from error


class AskBody(BaseModel):
    """What ``POST /api/ask`` takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str = Field(description=_QUESTION, examples=["What is psychotherapy?"])
    k: int = Field(default=DEFAULT_K, ge=1, le=MAX_K, description=_K)
    source: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_SOURCE)
    title: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_TITLE)


class AskQuery(BaseModel):
    """What ``GET /api/ask`` takes."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(description=_QUESTION, examples=["What is psychotherapy?"])
    k: Annotated[int, BeforeValidator(_k)] = Field(default=DEFAULT_K, ge=1, le=MAX_K, description=_K)
    source: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_SOURCE)
    title: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_TITLE)


class TermBody(BaseModel):
    """A term of the question: ``question[start:end] == text``."""

    text: str
    start: int
    end: int
    state: Literal["known", "misspelled", "unknown", "unestablished"]
    passage_count: int
    suggestion: str | None
    known_parts: list[str]
    closest: list[str]


class PassageBody(BaseModel):
    """A quoted passage: ``text`` is its document's characters from ``start`` to ``end``."""

    rank: int
    id: str
    document_id: str
    title: str
    heading: str | None
    page: str | None
    source: str
    start: int
    end: int
    text: str
    cosine: float
    highlights: list[list[int]]
    best_sentence: list[int] | None


class PartBody(BaseModel):
    """Passages on one known part of the question, or on several together."""

    terms: list[str]
    passages: list[PassageBody]


class AnswerBody(BaseModel):
    """The answer."""

    question: str
    confidence: float
    verdict: Literal["answered", "uncertain", "not_in_corpus"]
    note: str | None
    terms: list[TermBody]
    passages: list[PassageBody]
    parts: list[PartBody]
    clarification: str | None
    notice: str | None = Field(description="What the owner of the texts wants to be read with every answer.")


# Every refusal: "code" is for programs, "message" one sentence for a person.
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


class HealthBody(BaseModel):
    """The process runs."""

    status: Literal["ok"]


class ReadyBody(BaseModel):
    """Questions are answered, from this many passages of this many documents."""

    status: Literal["ready"]
    generation: str
    warning: str | None = Field(description="Why it is not the generation that it should be, with the repair; or null.")
    documents: int
    passages: int
    embedder: str
    created: str
    calibrated_on: int | None = Field(
        description="Judged questions of the owner's that the confidence was calibrated on; null for what is bundled."
    )


class ReloadBody(BaseModel):
    """What is answered from after a reload, and whether that is another generation or calibration than before."""

    reloaded: bool
    generation: str
    warning: str | None
