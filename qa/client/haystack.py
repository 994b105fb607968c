"""A component for Haystack: ``CandorRetriever(Client(…)).run("What is mutual aid?")``."""

from collections.abc import Mapping, Sequence
from typing import Any

from haystack import Document, component

from qa.client.asking import Client
from qa.client.retrieved import metadata_of
from qa.errors import BadQuestion
from qa.limits import DEFAULT_K

_FILTERS = ("source", "title", "topic", "type", "year")


@component
class CandorRetriever:
    """Retrieves passages with their places, and with the note on what the texts do not have in each one's metadata."""

    def __init__(self, client: Client, top_k: int = DEFAULT_K, corpora: Sequence[str] = ()) -> None:
        """Ask a client for so many passages, of some corpora or all."""
        self.client, self.top_k, self.corpora = client, top_k, tuple(corpora)

    @component.output_types(documents=list[Document], note=str | None, confidence=float, verdict=str)
    def run(self, query: str, filters: Mapping[str, str] | None = None, top_k: int | None = None) -> dict[str, Any]:
        """Return ``documents``, ``note``, ``confidence`` and ``verdict``. ``filters`` are source, title, topic, type or
        year, each with what it begins with or is. Raises BadQuestion, Refused."""
        scope = dict(filters or {})
        strange = next((name for name in scope if name not in _FILTERS), None)
        if strange is not None:
            raise BadQuestion(
                f"“{strange}” is no filter here: the filters are {', '.join(_FILTERS)}, each with a text."
            )
        answer = self.client.ask(query, top_k or self.top_k, corpora=self.corpora, **scope)
        documents = [
            Document(
                id=passage["id"], content=passage["text"], meta=metadata_of(answer, passage), score=passage["cosine"]
            )
            for passage in answer["passages"]
        ]
        about = {name: answer[name] for name in ("note", "confidence", "verdict")}
        return {"documents": documents, **about}
