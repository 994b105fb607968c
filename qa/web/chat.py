"""The shape of the chat API, for programs that know only that: the last message is the question, and the answer is
quoted text with its places. No model writes anything here.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, jsonify
from pydantic import BaseModel, ConfigDict, Field

from qa.answers.notes import headline_words, shown_confidence
from qa.answers.payload import answer_payload
from qa.answers.places import place_of
from qa.datatypes import Answer, QuotedPassage
from qa.errors import BadQuestion, CorpusUnknown
from qa.limits import DEFAULT_K, MAX_K
from qa.web.bodies import check_request, refusals
from qa.web.desk import Desk
from qa.wording import wording_of

MODEL = "candor"
"""The name under which all that may be asked is asked; "candor/NAME" asks one corpus."""

_MOST_MESSAGES = 500
_QUOTED = 3
"""Passages that the text of an answer quotes; the payload beside it has all."""


class _Part(BaseModel):
    """A part of a message: only text is read."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str = ""


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")

    role: str
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        """Return what it says."""
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content if part.type in {"text", "input_text"})
        return self.content or ""


class ChatBody(BaseModel):
    """What ``POST /v1/chat/completions`` takes; what else such clients send, as a temperature, changes nothing."""

    model_config = ConfigDict(extra="allow")

    messages: list[_Message] = Field(min_length=1, max_length=_MOST_MESSAGES)
    model: str = Field(default=MODEL, max_length=100)
    stream: bool = False
    k: int = Field(default=DEFAULT_K, ge=1, le=MAX_K)


def chat_blueprint(desk: Desk) -> APIBlueprint:
    """Return the routes in the shape of the chat API."""
    blueprint = APIBlueprint("chat", __name__, tag="Chat")
    blueprint.before_request(check_request)

    @blueprint.get("/v1/models")
    @blueprint.doc(
        summary="What can be asked, in the shape of the chat API", responses={200: "The names.", **refusals(503)}
    )
    def models() -> Any:
        names = [MODEL, *(f"{MODEL}/{shelf.name}" for shelf in desk.shelves() if desk.is_at_home and shelf.name)]
        return jsonify(
            {
                "object": "list",
                "data": [{"id": name, "object": "model", "created": 0, "owned_by": MODEL} for name in names],
            }
        )

    @blueprint.post("/v1/chat/completions")
    @blueprint.input(ChatBody, arg_name="body")
    @blueprint.doc(summary="Ask in the shape of the chat API", responses=refusals(400, 413, 415, 503))
    def complete(body: ChatBody) -> Any:
        question = next((one.text for one in reversed(body.messages) if one.role == "user"), "")
        if not question.strip():
            raise BadQuestion('There is no question: send {"messages": [{"role": "user", "content": "..."}]}.')
        answer = desk.ask(question, body.k, corpora=_corpora(body.model, desk))
        if body.stream:
            about = _about(body.model, "chat.completion.chunk")
            return Response(_streamed(answer, about), mimetype="text/event-stream")
        return jsonify(_completed(answer, body.model))

    return blueprint


def _corpora(model: str, desk: Desk) -> str:
    """Return which corpora a model's name asks for. Raises CorpusUnknown."""
    begin, slash, name = model.partition("/")
    if not slash or begin != MODEL:
        return ""  # whatever a client calls it
    if not desk.is_at_home:
        raise CorpusUnknown(f"Only one corpus is asked at this address: call the model {MODEL}.")
    return name


def _completed(answer: Answer, model: str) -> dict[str, Any]:
    """Return the chat API's shape, and beside it ``candor``, the answer as ``/api/ask`` has it."""
    message = {"role": "assistant", "content": answer_text(answer), "refusal": None}
    return {
        **_about(model, "chat.completion"),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "candor": answer_payload(answer),
    }


def _streamed(answer: Answer, about: Mapping[str, Any]) -> Iterator[str]:
    said: dict[str, str] = {"role": "assistant", "content": answer_text(answer)}
    for delta, end in ((said, None), ({}, "stop")):
        chunk = {**about, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}]}
        yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


def _about(model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{g.request_id}", "object": kind, "created": int(time.time()), "model": model}


def answer_text(answer: Answer, language: str = "en") -> str:
    """Return an answer as one text: what is not there, what is asked back, the verdict, and the first passages, quoted
    in full, each with the place where it stands."""
    said = wording_of(language)
    lines = [text for text in (answer.signpost, answer.note, answer.clarification) if text]
    if not answer.signpost:
        lines.append(f"{headline_words(answer, said)} ({shown_confidence(answer.confidence):.2f}).")
    if answer.answer:
        lines.append(f"“{answer.answer.text}” [{answer.answer.places[0].rank}]")
    lines += _quotes(answer.passages[:_QUOTED])
    return "\n\n".join([*lines, *([answer.notice] if answer.notice else [])])


def _quotes(passages: Sequence[QuotedPassage]) -> list[str]:
    return [f"[{one.rank}] {one.passage.text}\n— {place_of(one.passage)}" for one in passages]
