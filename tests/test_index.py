import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qa.datatypes import EVERYTHING, Scope
from qa.errors import BadQuestion, IndexDamaged, IndexMismatch, IndexMissing, QAError
from qa.indexing.generations import current_generation, write_manifest
from qa.indexing.index import Index, open_index
from tests.conftest import WordLengthEmbedder


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_folder, tmp_path / "index")
    return tmp_path / "index"


def test_a_read_only_index_answers_and_stays_untouched(folder: Path) -> None:
    before = sorted(path for path in folder.rglob("*"))
    index = open_index(folder, WordLengthEmbedder())
    assert index.lexicon.passage_count(["appl"]) == 2
    index.close()
    assert sorted(path for path in folder.rglob("*")) == before


def test_a_repair_names_the_index_and_its_corpora(folder: Path) -> None:
    generation = current_generation(folder)
    (generation / "passages.jsonl").unlink()
    with pytest.raises(IndexDamaged, match=f"run `qa index .*texts --index {folder}` to build it anew"):
        open_index(folder, WordLengthEmbedder())


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=f"qa index CORPUS --index {tmp_path}"):
        open_index(tmp_path, WordLengthEmbedder())


def test_an_embedder_that_did_not_make_it(folder: Path) -> None:
    other = WordLengthEmbedder()
    other.name, other.checksum = "other", "1" * 64
    with pytest.raises(IndexMismatch, match=r"word-length.*000000000000.*other.*111111111111.*qa index"):
        open_index(folder, other)


def change_manifest(**fields: object) -> Callable[[Path], None]:
    def change(generation: Path) -> None:
        manifest = json.loads((generation / "manifest.json").read_text())
        write_manifest(generation, json.dumps({**manifest, **fields}))

    return change


def manifest_of(text: str) -> Callable[[Path], None]:
    return lambda generation: write_manifest(generation, text)


def remove(name: str) -> Callable[[Path], None]:
    def change(generation: Path) -> None:
        path = generation / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def cut(name: str) -> Callable[[Path], None]:
    def change(generation: Path) -> None:
        path = generation / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return change


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (change_manifest(format=99), IndexMismatch),
        (change_manifest(passages=7), IndexDamaged),
        (change_manifest(store="cloud"), IndexMismatch),
        (change_manifest(extra=1), IndexDamaged),
        (change_manifest(format="5"), IndexDamaged),
        (change_manifest(passages=6.0), IndexDamaged),
        (change_manifest(dimension=10**30), IndexDamaged),
        (change_manifest(dimension=-1), IndexDamaged),
        (change_manifest(title=["x"]), IndexDamaged),
        (change_manifest(examples=[1]), IndexDamaged),
        (change_manifest(sources=[]), IndexDamaged),
        (change_manifest(corpora=5), IndexDamaged),
        (change_manifest(files=5), IndexDamaged),
        (change_manifest(files={"CURRENT": 5}), IndexDamaged),
        (change_manifest(files={"../../CURRENT": "x"}), IndexDamaged),
        (change_manifest(files={"/dev/zero": "x"}), IndexDamaged),
        (manifest_of("[" * 100_000), IndexDamaged),
        (manifest_of('{"format": 1' + "0" * 5000 + "}"), IndexDamaged),
        (manifest_of("[]"), IndexDamaged),
        (manifest_of('{"format": NaN}'), IndexDamaged),
        (cut("manifest.json"), IndexDamaged),
        (remove("manifest.json"), IndexDamaged),
        (remove("passages.jsonl"), IndexDamaged),
        (remove("passages.offsets.npy"), IndexDamaged),
        (cut("passages.offsets.npy"), IndexDamaged),
        (cut("passages.jsonl"), IndexDamaged),
        (remove("lexicon"), IndexDamaged),
        (cut("lexicon/meta.json"), IndexDamaged),
        (remove("store"), IndexDamaged),
        (cut("store/vectors.faiss"), IndexDamaged),
    ],
)
def test_a_damaged_generation_is_refused_in_words(
    folder: Path, damage: Callable[[Path], None], error: type[QAError]
) -> None:
    damage(current_generation(folder))
    with pytest.raises(error, match="qa index"):
        open_index(folder, WordLengthEmbedder())


@pytest.mark.parametrize("pointer", ["", "999999", "../..", "a/b", "\udcff"])
def test_a_pointer_to_nothing(folder: Path, pointer: str) -> None:
    (folder / "CURRENT").write_bytes(pointer.encode("utf-8", "surrogateescape"))
    with pytest.raises(IndexDamaged, match="qa index"):
        current_generation(folder)
    index = open_index(folder, WordLengthEmbedder())
    assert index.warning is not None
    assert index.warning.endswith("Until then the generation 000001 answers.")
    index.close()


def test_the_last_good_generation_answers_for_a_damaged_one(folder: Path) -> None:
    shutil.copytree(folder / "generations" / "000001", folder / "generations" / "000002")
    shutil.copytree(folder / "generations" / "000001", folder / "generations" / "000003")
    (folder / "CURRENT").write_text("000003\n", encoding="utf-8")
    for name in ("000003/passages.jsonl", "000002/store/vectors.faiss"):
        path = folder / "generations" / name
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    index = open_index(folder, WordLengthEmbedder())
    assert index.generation.folder.name == "000001"
    assert "000003 is damaged (passages.jsonl is not what was written" in str(index.warning)
    index.close()


@pytest.mark.parametrize(
    ("scope", "sources"),
    [
        (Scope(source="texts/apple"), ["texts/apple.md"] * 2),
        (Scope(source="TEXTS/APPLE"), ["texts/apple.md"] * 2),
        (Scope(title="family"), ["texts/family-therapy.md"]),
        (Scope(source="texts/", title="psycho"), ["texts/psychotherapy.txt"]),
    ],
)
def test_select(tiny_index: Index, scope: Scope, sources: list[str]) -> None:
    selection = tiny_index.select(scope)
    assert selection is not None
    assert [tiny_index.passage(int(row)).source for row in selection.rows] == sources
    assert len(selection.documents) == len(set(sources))


def test_select_everything_and_nothing(tiny_index: Index) -> None:
    assert tiny_index.select(EVERYTHING) is None
    with pytest.raises(
        BadQuestion, match=r"whose source begins with “b” and whose title begins with “c”.*texts/apple\.md"
    ):
        tiny_index.select(Scope("b", "c"))
    with pytest.raises(BadQuestion, match="family"):
        tiny_index.select(Scope("texts/apple", "family"))


def test_document_ids(tiny_index: Index) -> None:
    assert tiny_index.document_ids() == {tiny_index.passage(row).document_id for row in range(len(tiny_index))}


def test_phrases_are_embedded_once(tiny_folder: Path) -> None:
    index = open_index(tiny_folder, WordLengthEmbedder())
    phrases = ["apple tree", "garden", "apple tree"]
    first = index.embed(phrases)
    np.testing.assert_array_equal(first, index.embed(phrases))
    np.testing.assert_array_equal(index.embed(["garden"]), first[1:2])
    assert set(index._vectors) == set(phrases)
    assert index.embed([]).shape == (0, index.manifest.dimension)
    index.close()


def rewrite(generation: Path, name: str, content: bytes) -> None:
    """Change a file and its checksum with it, as who tampers with an index would."""
    (generation / name).write_bytes(content)
    manifest = json.loads((generation / "manifest.json").read_text())
    manifest["files"] = {**manifest["files"], name: hashlib.sha256(content).hexdigest()}
    write_manifest(generation, json.dumps(manifest))


DOCUMENT = {"id": "a", "title": "A", "source": "a", "file": "a", "first_row": 0, "end_row": 1, "aliases": []}


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"5",
        b"{}",
        b'{"id": NaN}',
        b'{"first_row": 1' + b"0" * 5000 + b"}",
        json.dumps({**DOCUMENT, "end_row": 10**12}).encode(),
        json.dumps({**DOCUMENT, "first_row": True}).encode(),
        json.dumps({**DOCUMENT, "title": 5}).encode(),
        json.dumps({**DOCUMENT, "aliases": [5]}).encode(),
    ],
)
def test_documents_that_were_tampered_with_are_refused_in_words(folder: Path, line: bytes) -> None:
    rewrite(current_generation(folder), "documents.jsonl", line + b"\n")
    index = open_index(folder, WordLengthEmbedder())
    with pytest.raises(IndexDamaged, match=r"documents\.jsonl is damaged .*qa index"):
        index.document_ids()
    index.close()


@pytest.mark.parametrize("line", [b"[" * 100_000, b"5", b"{}", b'{"text": 5}', b'{"start": 1' + b"0" * 5000 + b"}"])
def test_passages_that_were_tampered_with_are_refused_in_words(folder: Path, line: bytes) -> None:
    generation = current_generation(folder)
    whole = (generation / "passages.jsonl").stat().st_size
    offsets = np.load(generation / "passages.offsets.npy")
    offsets[1:] += len(line) + 1 - offsets[1]
    content = (generation / "passages.jsonl").read_bytes()[-(whole - int(offsets[0])) :]
    rest = content[content.index(b"\n") + 1 :]
    rewrite(generation, "passages.jsonl", line + b"\n" + rest)
    np.save(generation / "passages.offsets.npy", offsets)
    rewrite(generation, "passages.offsets.npy", (generation / "passages.offsets.npy").read_bytes())
    index = open_index(folder, WordLengthEmbedder())
    with pytest.raises(IndexDamaged, match=r"passages\.jsonl is damaged .*qa index"):
        index.passage(0)
    index.close()


@pytest.mark.parametrize("name", ["store/structure.json", "lexicon/meta.json"])
@pytest.mark.parametrize("content", [b"[" * 100_000, b"5", b"{}", b'{"precision": []}', b"\xff"])
def test_the_files_of_libraries_that_were_tampered_with_are_refused_in_words(
    folder: Path, name: str, content: bytes
) -> None:
    rewrite(current_generation(folder), name, content)
    with pytest.raises(IndexDamaged, match="qa index"):
        open_index(folder, WordLengthEmbedder())


def test_a_pointer_that_is_a_pipe_holds_nothing_up(folder: Path) -> None:
    (folder / "CURRENT").unlink()
    os.mkfifo(folder / "CURRENT")
    with pytest.raises(IndexDamaged, match="not a file"):
        current_generation(folder)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256", "passages.jsonl"])
def test_a_pipe_in_place_of_a_file_holds_nothing_up(folder: Path, name: str) -> None:
    path = current_generation(folder) / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(IndexDamaged, match="not a file"):
        open_index(folder, WordLengthEmbedder()).close()
