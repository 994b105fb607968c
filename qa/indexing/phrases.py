"""The phrases of a generation's passages that several of them use, with their vectors: what is offered in place of a
term that the texts do not have.

Found and embedded when the index is built, so that asking tags no text and embeds no phrase. A phrase is known by a
checksum of its stems. All files are read by place, and none is mapped.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import numpy.typing as npt

from qa.datatypes import Passage
from qa.indexing.contents import open_content
from qa.language import Language
from qa.stores import Vectors, save_array

PHRASES = "phrases"

LEAST_USES = 2
"""Passages that use a phrase, so that it is a term of these texts and not one author's turn."""

_WORDS = 4  # the longest phrase that is a term
_NEW = -1  # in place of the row that a passage had in the last generation
_BLOCK = 1024  # phrases embedded between two steps of the progress
_IDS, _STARTS, _KEYS = "ids.bin", "starts.npy", "keys.npy"
_SHOWN, _SHOWN_STARTS, _VECTORS = "shown.bin", "shown.npy", "vectors.bin"

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Find = Callable[[str], Sequence[str]]
"""Returns the phrases of a text."""

Progress = Callable[[int, int], None]
"""Called with how many phrases are done, and how many there are."""


class Phrases:
    """The phrases of a generation. Each that is kept has a place, from 0 on."""

    def __init__(self, generation: Path, dimension: int) -> None:
        """Open what a generation has of them. Raises OSError or ValueError."""
        folder = generation / PHRASES
        self._starts: Places = np.load(folder / _STARTS)
        self.keys: Keys = np.load(folder / _KEYS)
        self._shown_starts: Places = np.load(folder / _SHOWN_STARTS)
        self._ids, self._shown, self._vectors = (
            open_content(generation, f"{PHRASES}/{name}") for name in (_IDS, _SHOWN, _VECTORS)
        )
        self._dimension, self._bytes = dimension, np.dtype(np.float16).itemsize * dimension
        sizes = (
            (len(self._ids), int(self._starts[-1]) * self.keys.itemsize),
            (len(self._shown), int(self._shown_starts[-1])),
            (len(self._vectors), len(self.keys) * self._bytes),
        )
        if any(found != written for found, written in sizes) or len(self._shown_starts) != len(self.keys) + 1:
            raise ValueError(f"{PHRASES} is not as long as it was written")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.keys)

    def ids(self, row: int) -> Keys:
        """Return the checksums of all phrases of a passage, kept or not."""
        return self._ids_of([row])[0]

    def _ids_of(self, rows: Sequence[int]) -> list[Keys]:
        bounds = [(int(self._starts[row]), int(self._starts[row + 1])) for row in rows]
        read = self._ids.read_all([(first * self.keys.itemsize, end * self.keys.itemsize) for first, end in bounds])
        return [np.frombuffer(ids, np.uint64) for ids in read]

    def places(self, rows: Sequence[int]) -> list[int]:
        """Return the places of the kept phrases of some passages, each once, in their order."""
        found = np.concatenate([np.empty(0, np.uint64), *self._ids_of(rows)])
        places = places_of(found, self.keys)
        return list(dict.fromkeys(places[places >= 0].tolist()))

    def shown(self, place: int) -> str:
        """Return a phrase as the texts have it."""
        first, end = (int(at) for at in self._shown_starts[place : place + 2])
        return self._shown.read(first, end).decode()

    def vectors(self, places: Sequence[int]) -> Vectors:
        """Return the (n, d) vectors of phrases."""
        read = b"".join(self._vectors.read_all([(at * self._bytes, (at + 1) * self._bytes) for at in places]))
        return np.frombuffer(read, np.float16).reshape(-1, self._dimension).astype(np.float32)

    def read_ahead(self) -> None:
        """Read what follows too from now on, for who reads all in order."""
        for content in (self._ids, self._shown, self._vectors):
            content.read_ahead()

    def close(self) -> None:
        """Give the files back."""
        for content in (self._ids, self._shown, self._vectors):
            content.close()


def places_of(wanted: Keys, keys: Keys) -> Places:
    """Return where each of some checksums is among sorted ones, -1 where it is not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def phrases_of(passage: Passage, language: Language, said: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (checksum, phrase) of what a passage stands under and of the phrases that it ``said``, each once."""
    seen = set()
    for phrase in (passage.title, passage.heading, *said):
        stems = language.stems(phrase)
        if 0 < len(stems) <= _WORDS:
            key = int.from_bytes(hashlib.blake2b("\n".join(stems).encode(), digest_size=8).digest())
            if key not in seen:
                seen.add(key)
                yield key, " ".join(phrase.split())


class PhraseWriter:
    """Writes the phrases of a new generation into a folder; what the last one knew is taken over."""

    def __init__(self, folder: Path, language: Language, previous: Phrases | None, find: Find | None = None) -> None:
        """Take an empty folder, what the last generation of texts in this language has, and what finds the phrases of
        a text, the language itself where that is not told."""
        self._folder, self._language, self._previous = folder, language, previous
        self._find = find or language.phrases

    def write(
        self,
        passage: Callable[[int], Passage],
        before: Places,
        embed: Callable[[list[str]], Vectors],
        progress: Progress,
    ) -> None:
        """Find the phrases of the passages by row, whose rows in the last generation are ``before``, or -1, and embed
        those that several use."""
        with TemporaryFile(dir=self._folder) as seen:
            keys = self._write_ids(passage, before, seen)
            save_array(self._folder / _KEYS, keys)
            shown = self._shown(keys, seen)
        starts = [0]
        with (self._folder / _SHOWN).open("wb") as file:
            for phrase in shown:
                starts.append(starts[-1] + file.write(phrase.encode()))
        save_array(self._folder / _SHOWN_STARTS, np.array(starts, np.int64))
        self._write_vectors(keys, shown, embed, progress)

    def _write_ids(self, passage: Callable[[int], Passage], before: Places, seen: IO[bytes]) -> Keys:
        """Write the checksums of each passage's phrases, and what is new into a file; return those used often
        enough, sorted."""
        starts = [0]
        with (self._folder / _IDS).open("wb") as file:
            for row, known in enumerate(before.tolist()):
                if self._previous is not None and known != _NEW:
                    ids = self._previous.ids(known)
                else:
                    new = passage(row)
                    found = list(phrases_of(new, self._language, self._find(new.text)))
                    ids = np.array([key for key, _ in found], np.uint64)
                    seen.writelines(f"{key:016x}{phrase}\n".encode() for key, phrase in found)
                file.write(ids.tobytes())
                starts.append(starts[-1] + len(ids))
        save_array(self._folder / _STARTS, np.array(starts, np.int64))
        unique, uses = np.unique(np.fromfile(self._folder / _IDS, np.uint64), return_counts=True)
        return np.asarray(unique[uses >= LEAST_USES])

    def _shown(self, keys: Keys, seen: IO[bytes]) -> list[str]:
        """Return the kept phrases as they are shown: as the last generation did, or as they came first."""
        shown: list[str] = [""] * len(keys)
        for place, known in enumerate(self._known(keys).tolist()):
            if self._previous is not None and known >= 0:
                shown[place] = self._previous.shown(known)
        seen.seek(0)
        for block in iter(lambda: seen.readlines(1 << 20), []):
            found = places_of(np.array([int(line[:16], 16) for line in block], np.uint64), keys)
            for place, line in zip(found.tolist(), block, strict=True):
                if place >= 0 and not shown[place]:
                    shown[place] = line[16:-1].decode()
        return shown

    def _known(self, keys: Keys) -> Places:
        """Return the place that each phrase had in the last generation, -1 where it had none."""
        return places_of(keys, self._previous.keys if self._previous is not None else np.empty(0, np.uint64))

    def _write_vectors(
        self, keys: Keys, shown: Sequence[str], embed: Callable[[list[str]], Vectors], progress: Progress
    ) -> None:
        known = self._known(keys)
        edges = [*range(0, len(keys), _BLOCK), len(keys)]
        with (self._folder / _VECTORS).open("wb") as file:
            for first, end in pairwise(edges):
                new = [place for place in range(first, end) if known[place] < 0]
                vectors = dict(zip(new, embed([shown[place] for place in new]) if new else (), strict=True))
                old = [place for place in range(first, end) if known[place] >= 0]
                if self._previous is not None and old:
                    vectors |= zip(old, self._previous.vectors([int(known[place]) for place in old]), strict=True)
                file.writelines(vectors[place].astype(np.float16).tobytes() for place in range(first, end))
                progress(end, len(keys))
