"""The tools: ask, get a document, list the corpora. They give what the HTTP API gives, and only read.

An agent is told what the texts do not have in the same words as a person. Who asks over HTTP may need a key, and is
told of no corpus that it does not open.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field
from typing_extensions import TypedDict

from qa import __version__
from qa.answers.answering import Answerer
from qa.answers.catalogue import address_of, find_document
from qa.answers.payload import AnswerPayload, DocumentPayload, answer_payload, document_payload
from qa.answers.several import MOST_CORPORA, answer_from_several
from qa.datatypes import Scope
from qa.errors import QAError
from qa.indexing.index import Generation
from qa.keys import Key, KeyFile
from qa.library import Library, Shelf
from qa.limits import DEFAULT_K, MAX_K, MAX_PREFIX_CHARACTERS, MAX_QUESTION_CHARACTERS

INSTRUCTIONS = """\
Answers questions by quoting texts that their owner chose. Every passage is quoted with its exact place.
Read `note` and `terms` first: they say which terms of the question these texts do not have. Do not fill such a gap from
elsewhere without saying so. `verdict` and `confidence` say how probably the passages answer; "uncertain" and
"not_in_corpus" are to be passed on as that. Cite `source`, and `page` or `line`, of what you use."""

_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

_Question = Annotated[str, Field(description="The question, in words.", max_length=MAX_QUESTION_CHARACTERS)]
_Passages = Annotated[int, Field(description="How many passages to quote at most.", ge=1, le=MAX_K)]
_Corpora = Annotated[
    list[str], Field(description="Names of corpora, as list_corpora gives them; none for all.", max_length=20)
]
_Prefix = Annotated[str, Field(max_length=MAX_PREFIX_CHARACTERS)]

Said = TypeVar("Said")


class CorpusPayload(TypedDict):
    """A corpus that may be asked."""

    name: str
    title: str
    language: str
    documents: int
    passages: int


class CorporaPayload(TypedDict):
    """The corpora that may be asked."""

    corpora: list[CorpusPayload]


def make_server(library: Library, keys: KeyFile | None = None) -> MCPServer:
    """Return the server of a library; with keys each request over HTTP must have one."""
    server = MCPServer("candor", title="Candor", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING")

    @server.tool(annotations=_READS, title="Ask the texts")
    def ask(  # noqa: PLR0913, PLR0917 - the tool's parameters
        question: _Question,
        context: Context,
        k: _Passages = DEFAULT_K,
        corpora: _Corpora = [],  # noqa: B006 - never changed
        source: _Prefix = "",
        topic: _Prefix = "",
    ) -> AnswerPayload:
        """Answer a question by quoting the texts, and say which of its terms they do not have and how probably the
        passages answer. `source` and `topic` ask only texts whose source begins so, or that are on that topic."""
        asked = _answerers(library, _may_ask(library, keys, context), corpora)
        return _told(lambda: _payload(asked, question, k, Scope(source=source, topic=topic)))

    @server.tool(annotations=_READS, title="Get a document")
    def get_document(
        document_id: Annotated[str, Field(description="The document_id of a passage.", max_length=4096)],
        context: Context,
        corpus: Annotated[str, Field(description="Its corpus, where there are several.")] = "",
    ) -> DocumentPayload:
        """Get a document of the texts, whole, with what its file says of it."""
        asked = _answerers(library, _may_ask(library, keys, context), [corpus] if corpus else [])
        if len(asked) > 1:
            raise ToolError(f"Say which corpus it is of: {', '.join(asked)}.")
        ((_, answerer),) = asked.items()
        return _told(lambda: _document(answerer.index.generation, document_id))

    @server.tool(annotations=_READS, title="List the corpora")
    def list_corpora(context: Context) -> CorporaPayload:
        """List the corpora that may be asked, with how much they hold."""
        shelves = _may_ask(library, keys, context)
        return CorporaPayload(corpora=[_described(shelf, library) for shelf in shelves if _answers(shelf, library)])

    return server


def _document(generation: Generation, document_id: str) -> DocumentPayload:
    found = find_document(generation, document_id)
    return document_payload(found, None, address_of(generation, found.document))


def _told(say: Callable[[], Said]) -> Said:
    """Return what is said. Raises ToolError with one sentence where it cannot be."""
    try:
        return say()
    except QAError as error:
        raise ToolError(str(error)) from error


def _may_ask(library: Library, keys: KeyFile | None, context: Context) -> list[Shelf]:
    """Return the corpora that whoever asks may ask."""
    if keys is None:
        return list(library.shelves)
    key = key_of(keys, dict(context.headers or {}).get("authorization", ""))
    return [shelf for shelf in library.shelves if shelf.is_open or (key and key.may_ask(shelf.name))]


def key_of(keys: KeyFile, authorization: str) -> Key | None:
    """Return the key of a header Authorization, None where it has none that is known."""
    scheme, _, token = authorization.partition(" ")
    return keys.find(token.strip()) if scheme.lower() == "bearer" else None


def _answerers(library: Library, shelves: list[Shelf], corpora: list[str]) -> dict[str, Answerer]:
    """Return what answers for the corpora that are named, for all without any."""
    known = {shelf.name: shelf for shelf in shelves}
    unknown = next((name for name in corpora if name not in known), None)
    if unknown is not None or not known:
        named = ", ".join(filter(None, known)) or "none that you may name"
        raise ToolError(f"There is no corpus “{unknown or ''}” here that you may ask: there is {named}.")
    if len(corpora or known) > MOST_CORPORA:
        raise ToolError(f"At most {MOST_CORPORA} corpora are asked together: name some, as list_corpora gives them.")
    wanted = corpora or [name for name, shelf in known.items() if _answers(shelf, library)] or list(known)
    return _told(lambda: {name: library.live(name).answerer for name in wanted})


def _answers(shelf: Shelf, library: Library) -> bool:
    """Whether a corpus can be read now."""
    try:
        return bool(library.live(shelf.name).answerer)
    except QAError:
        return False


def _payload(asked: dict[str, Answerer], question: str, k: int, scope: Scope) -> AnswerPayload:
    if len(asked) > 1:
        return answer_payload(answer_from_several(asked, question, k, scope))
    ((name, answerer),) = asked.items()
    return answer_payload(replace(answerer.answer(question, k, scope), corpus=name))


def _described(shelf: Shelf, library: Library) -> CorpusPayload:
    manifest = library.live(shelf.name).answerer.index.manifest
    return {
        "name": shelf.name,
        "title": shelf.title or manifest.title,
        "language": manifest.language,
        "documents": manifest.documents,
        "passages": manifest.passages,
    }
