"""The shapes that the API takes and gives, for checking and for ``/openapi.json``."""

from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from qa.answers.payload import AnswerPayload, DocumentPayload, DocumentsPayload
from qa.datatypes import Scope
from qa.errors import BadQuestion
from qa.feedback import MAX_NOTE_CHARACTERS
from qa.limits import DEFAULT_K, MAX_K, MAX_PREFIX_CHARACTERS, MAX_QUESTION_CHARACTERS
from qa.web.address import parse_k

_QUESTION = f"The question in words, 1 to {MAX_QUESTION_CHARACTERS} characters."
_K = "How many passages to show at most."
_SOURCE = "Ask only the texts whose source begins with this; case does not matter."
_TITLE = "Ask only the texts whose title begins with this; case does not matter."
_TOPIC = "Ask only the texts with this topic; case does not matter."
_TYPE = 'Ask only the texts whose file has this ending, such as "pdf".'
_YEAR = "Ask only the texts of this year."
_CORPORA = "Of several corpora the names of those to ask together, parted by commas; all without it."
_MOST_NAMES = 1000


def _k(given: Any) -> int:
    try:
        return parse_k(str(given))
    except BadQuestion as error:
        raise ValueError(str(error)) from error


class _Asked(BaseModel):
    """Which texts are asked."""

    source: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_SOURCE)
    title: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_TITLE)
    topic: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_TOPIC)
    type: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_TYPE)
    year: str = Field(default="", max_length=MAX_PREFIX_CHARACTERS, description=_YEAR)

    @property
    def scope(self) -> Scope:
        """Return which texts are asked."""
        return Scope(self.source, self.title, self.topic, self.type, self.year)


class AskBody(_Asked):
    """What ``POST /api/ask`` takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str = Field(description=_QUESTION, examples=["What is psychotherapy?"])
    k: int = Field(default=DEFAULT_K, ge=1, le=MAX_K, description=_K)
    corpora: str = Field(default="", max_length=_MOST_NAMES, description=_CORPORA)


class AskQuery(_Asked):
    """What ``GET /api/ask`` takes."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(description=_QUESTION, examples=["What is psychotherapy?"])
    k: Annotated[int, BeforeValidator(_k)] = Field(default=DEFAULT_K, ge=1, le=MAX_K, description=_K)
    corpora: str = Field(default="", max_length=_MOST_NAMES, description=_CORPORA)


class FeedbackBody(_Asked):
    """What ``POST /api/feedback`` takes: whether the passages for a question answer it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str = Field(description=_QUESTION, examples=["What is psychotherapy?"])
    right: bool = Field(description="Whether the passages answer the question.")
    note: str = Field(default="", max_length=MAX_NOTE_CHARACTERS, description="What else there is to say.")


class SuggestQuery(BaseModel):
    """What ``GET /api/suggest`` takes."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(max_length=MAX_QUESTION_CHARACTERS, description="What is typed so far.", examples=["What is narr"])
    corpora: str = Field(default="", max_length=_MOST_NAMES, description=_CORPORA)


class SuggestBody(BaseModel):
    """Questions, or parts of such, that begin with what is typed, in names and words that the texts have."""

    suggestions: list[str]


def _body_of(shape: type, name: str) -> type[BaseModel]:
    """Return the model of a payload, of which it has the fields and the words."""
    fields: dict[str, Any] = {field: (hint, ...) for field, hint in get_type_hints(shape).items()}
    return create_model(name, __doc__=shape.__doc__, **fields)


AnswerBody = _body_of(AnswerPayload, "AnswerBody")
DocumentsBody = _body_of(DocumentsPayload, "DocumentsBody")
DocumentBody = _body_of(DocumentPayload, "DocumentBody")


class ListQuery(BaseModel):
    """What ``GET /api/documents`` takes."""

    model_config = ConfigDict(extra="forbid")

    first: int = Field(default=0, ge=0, le=10_000_000, description="The place in the list of the first, from 0.")
    most: int = Field(default=100, ge=1, le=1000, description="How many to list at most.")


class CitationQuery(BaseModel):
    """What ``GET /api/passages/…`` takes."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "text", "bibtex", "ris", "csl"] = Field(
        default="json", description="The passage itself, or its citation."
    )


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
    """The process runs, or what was sent was kept."""

    status: Literal["ok"]


class CorpusBody(BaseModel):
    """A corpus that may be asked; its numbers are null while its index cannot be read."""

    name: str = Field(description="What stands in addresses: /NAME/ and /api/NAME/ask; empty for the only one.")
    title: str
    language: str | None
    documents: int | None
    passages: int | None


class CorporaBody(BaseModel):
    """The corpora that whoever asks may ask."""

    corpora: list[CorpusBody]


class PromiseBody(BaseModel):
    """What is promised of what is called answered, and whether what askers said bears it out."""

    risk: float = Field(description="The largest share of what is called answered that may be wrong.")
    is_own: bool = Field(description="Whether the calibration is made on the owner's questions.")
    is_proven: bool = Field(description="Whether it is a promise: the owner's questions are enough to prove it.")
    judged: int = Field(description="Answers of this generation that were called answered, and judged by askers.")
    wrong: int = Field(description="Of these, those that do not answer.")
    holds: bool | None = Field(description="False where more are wrong than chance allows (5 %); null without any.")


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
    promise: PromiseBody
