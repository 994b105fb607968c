import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qa.datatypes import EVERYTHING, Scope
from qa.errors import BadQuestion, IndexDamaged, IndexMismatch, IndexMissing, QAError
from qa.generations import current_generation, write_manifest
from qa.index import Index, open_index
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
        (change_manifest(store="cloud"), IndexDamaged),
        (change_manifest(extra=1), IndexDamaged),
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
