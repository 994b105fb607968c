"""The phrases that several passages use: found when an index is built, and taken over from the one before."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.datatypes import Passage
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.indexing.phrases import LEAST_USES, PHRASES, Phrases, PhraseWriter, phrases_of, places_of
from qa.language import load_language
from tests.conftest import WordLengthEmbedder

ENGLISH = load_language("en")
WORDS = ("apple", "pear", "green apple", "the tall tree", "jar")


def passage(text: str, title: str = "") -> Passage:
    return Passage("d#0-1", "d", title, "", "d", text, 0, len(text))


def written(folder: Path, passages: list[Passage], before: list[int], previous: Phrases | None = None) -> Phrases:
    (folder / PHRASES).mkdir(parents=True)
    embedder = WordLengthEmbedder()
    writer = PhraseWriter(folder / PHRASES, ENGLISH, previous)
    writer.write(passages.__getitem__, np.array(before, np.int64), embedder.embed_questions, lambda *_: None)
    return Phrases(folder, embedder.dimension)


def shown(phrases: Phrases, row: int) -> set[str]:
    return {phrases.shown(place) for place in phrases.places([row])}


def test_what_two_passages_use_is_kept(tmp_path: Path) -> None:
    found = written(
        tmp_path / "a",
        [
            passage("A green apple fell.", "Orchard"),
            passage("Green apples are sour.", "Orchard"),
            passage("A jar broke."),
        ],
        [-1, -1, -1],
    )
    assert {found.shown(place) for place in range(len(found))} == {"Orchard", "green apple"}
    assert shown(found, 1) == {"Orchard", "green apple"}
    assert shown(found, 2) == set()
    vectors = found.vectors(found.places([0]))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert found.vectors([]).shape[0] == 0


def test_what_a_change_makes_frequent_is_kept_too(tmp_path: Path) -> None:
    """A phrase of one passage alone is not kept; when another one uses it, it is, though the first did not change."""
    first = written(tmp_path / "a", [passage("A tall tree."), passage("A jar.")], [-1, -1])
    assert len(first) == 0
    second = written(tmp_path / "b", [passage("A tall tree."), passage("The tall tree fell.")], [0, -1], first)
    assert [second.shown(place) for place in range(len(second))] == ["tall tree"]
    third = written(tmp_path / "c", [passage("A jar."), passage("A tall tree.")], [-1, 0], second)
    assert len(third) == 0


@given(
    before=st.lists(st.lists(st.sampled_from(WORDS), max_size=3), max_size=5),
    after=st.lists(st.one_of(st.integers(0, 4), st.lists(st.sampled_from(WORDS), max_size=3)), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_an_update_gives_what_a_build_gives(
    tmp_path_factory: pytest.TempPathFactory, before: list[list[str]], after: list[int | list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("phrases")
    old = [passage(". ".join(words)) for words in before]
    first = written(folder / "old", old, [-1] * len(old))
    kept = [
        one
        for place, one in enumerate(after)
        if not isinstance(one, int) or (one < len(old) and one not in after[:place])  # a passage is taken over once
    ]
    rows = [one if isinstance(one, int) else -1 for one in kept]
    new = [old[one] if isinstance(one, int) else passage(". ".join(one)) for one in kept]
    updated, built = written(folder / "new", new, rows, first), written(folder / "anew", new, [-1] * len(new))
    assert updated.keys.tolist() == built.keys.tolist()
    assert [updated.places([row]) for row in range(len(new))] == [built.places([row]) for row in range(len(new))]
    # A phrase is shown as it came first, so an update may show another inflection than a build from the texts alone.
    same = [place for place in range(len(built)) if updated.shown(place) == built.shown(place)]
    assert np.allclose(updated.vectors(same), built.vectors(same), atol=1e-3)
    shown_so = [ENGLISH.stems(updated.shown(place)) for place in range(len(built))]
    assert shown_so == [ENGLISH.stems(built.shown(place)) for place in range(len(built))]


def test_places() -> None:
    keys = np.array([3, 5, 9], np.uint64)
    assert places_of(np.array([5, 4, 9, 10, 3], np.uint64), keys).tolist() == [1, -1, 2, -1, 0]
    assert places_of(np.array([5], np.uint64), keys[:0]).tolist() == [-1]


def test_a_phrase_is_found_once_by_its_stems() -> None:
    apple = passage("Green apples and a green apple.", "The green apple")
    found = dict(phrases_of(apple, ENGLISH, ENGLISH.phrases(apple.text)))
    assert len([phrase for phrase in found.values() if "apple" in phrase.lower()]) <= 2
    assert all(0 < len(ENGLISH.stems(phrase)) <= 4 for phrase in found.values())


def test_files_that_are_cut_are_known(tmp_path: Path) -> None:
    written(tmp_path / "a", [passage("A green apple."), passage("Green apples.")], [-1, -1]).close()
    for name in ("ids.bin", "shown.bin", "vectors.bin"):
        content = (tmp_path / "a" / PHRASES / name).read_bytes()
        (tmp_path / "a" / PHRASES / name).write_bytes(content[:-1])
        with pytest.raises(ValueError, match="not as long"):
            Phrases(tmp_path / "a", WordLengthEmbedder.dimension)
        (tmp_path / "a" / PHRASES / name).write_bytes(content)


def test_an_index_carries_them_and_an_update_embeds_only_new_ones(tmp_path: Path) -> None:
    texts, embedder = tmp_path / "texts", WordLengthEmbedder()
    texts.mkdir()
    for number in range(3):
        (texts / f"{number}.md").write_text(f"# Orchard {number}\n\nA green apple fell.\n", encoding="utf-8")
    build_index([texts], tmp_path / "index", embedder=embedder)
    (texts / "3.md").write_text(
        "# Cellar\n\nA tall jar. It is a tall jar.\n\n## Shelf\n\nA tall jar.\n", encoding="utf-8"
    )
    build_index([texts], tmp_path / "index", embedder=embedder)
    with open_index(tmp_path / "index", embedder) as index:
        phrases: Phrases = index.generation.phrases
        assert {"green apple", "tall jar"} <= {phrases.shown(place) for place in range(len(phrases))}
        assert f"{PHRASES}/vectors.bin" in index.manifest.files
        assert uses(index, "green apple") >= LEAST_USES


def uses(index: Index, phrase: str) -> int:
    return index.lexicon.passage_count(ENGLISH.stems(phrase))
