"""A retriever for LlamaIndex: ``CandorRetriever(Client(…)).retrieve("What is mutual aid?")``."""

from collections.abc import Sequence

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from qa.client.asking import Client
from qa.client.retrieved import metadata_of
from qa.limits import DEFAULT_K


class CandorRetriever(BaseRetriever):
    """Retrieves passages with their places, and with the note on what the texts do not have in each one's metadata; the
    score of each is its cosine."""

    def __init__(self, client: Client, k: int = DEFAULT_K, corpora: Sequence[str] = (), **scope: str) -> None:
        """Ask a client for so many passages, of some corpora or of a scope as ``Client.ask`` takes it."""
        super().__init__()
        self._client, self._k, self._corpora, self._asked_of = client, k, tuple(corpora), scope

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        answer = self._client.ask(query_bundle.query_str, self._k, corpora=self._corpora, **self._asked_of)
        return [
            NodeWithScore(
                node=TextNode(text=passage["text"], id_=passage["id"], metadata=metadata_of(answer, passage)),
                score=passage["cosine"],
            )
            for passage in answer["passages"]
        ]
