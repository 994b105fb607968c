"""A retriever for LangChain: ``CandorRetriever(client=Client(…)).invoke("What is mutual aid?")``."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from qa.client.asking import Client
from qa.client.retrieved import metadata_of
from qa.limits import DEFAULT_K


class CandorRetriever(BaseRetriever):
    """Retrieves passages with their places, and with the note on what the texts do not have in each one's metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: Client
    k: int = DEFAULT_K
    corpora: tuple[str, ...] = ()
    scope: dict[str, str] = Field(default_factory=dict)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        answer = self.client.ask(query, self.k, corpora=self.corpora, **self.scope)
        return [self._document(answer, passage) for passage in answer["passages"]]

    @staticmethod
    def _document(answer: Any, passage: Any) -> Document:
        return Document(page_content=passage["text"], metadata=metadata_of(answer, passage), id=passage["id"])
