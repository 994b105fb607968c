"""Prepares what a corpus brings along: ``python -m training.prepared [CORPUS]``, by default the project's own.

Indexes the texts anew, which takes under a minute for a thousand passages, and writes the vectors of all that was
embedded of them, the phrases of their passages and the calibration on the corpus's judged questions into the folder
that ``corpus.toml`` names as ``prepared``. To be run when a text, the questions, or how these are judged have changed:
of other texts no calibration is taken, and what is not prepared is made when they are indexed.
"""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qa.embedders import Embedder, load_embedder
from qa.indexing.calibration import read_own_calibration
from qa.indexing.corpora import read_settings
from qa.indexing.generations import current_generation
from qa.indexing.index import load_manifest, open_index
from qa.indexing.prepared import (
    CALIBRATION,
    PHRASES,
    VECTORS,
    save_phrases,
    save_prepared_calibration,
    save_vectors,
)
from qa.service import build_index
from qa.stores import Vectors


class Recording:
    """An embedder that keeps what it embedded, and is otherwise the one that it was given."""

    def __init__(self, embedder: Embedder, passages: dict[str, Vectors], questions: dict[str, Vectors]) -> None:
        """Take the embedder, and what to keep vectors in by their texts."""
        self._embedder, self.passages, self.questions = embedder, passages, questions

    def __getattr__(self, name: str) -> Any:
        """Return what the embedder has."""
        return getattr(self._embedder, name)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return (n, dimension) unit rows, and keep them."""
        return self._kept(self.passages, texts, self._embedder.embed_passages(texts))

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Return (n, dimension) unit rows, and keep them."""
        return self._kept(self.questions, texts, self._embedder.embed_questions(texts))

    def export_to(self, folder: Path, sample: Sequence[str]) -> "Recording":
        """Return the form that answers fastest, which keeps what it embeds too."""
        return Recording(self._embedder.export_to(folder, sample), self.passages, self.questions)

    @staticmethod
    def _kept(into: dict[str, Vectors], texts: Sequence[str], vectors: Vectors) -> Vectors:
        into |= zip(texts, vectors, strict=True)
        return vectors


def prepare(corpus: Path) -> None:
    """Write what is prepared of a corpus, and print how much it is. What was there stays where that fails."""
    (named,) = read_settings([corpus])
    if named.prepared is None:
        raise SystemExit(f'{corpus} names no folder for it: write prepared = "prepared" into its corpus.toml.')
    named.prepared.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, _put_aside(named.prepared, Path(folder)):
        index, embedder = Path(folder) / "index", Recording(load_embedder(), {}, {})
        built = build_index([corpus], index, embedder=embedder)
        if built.problem is not None:
            raise SystemExit(str(built.problem))
        manifest = load_manifest(current_generation(index))
        save_vectors(named.prepared, manifest.embedder_checksum, embedder.passages, embedder.questions)
        _save_phrases(named.prepared, index)
        print(f"{len(embedder.passages):,} passages and {len(embedder.questions):,} phrases, {_bytes(named.prepared)}")
        made = read_own_calibration(index)
        if made is not None and built.report.questions is not None:
            save_prepared_calibration(named.prepared, made, manifest, built.report.questions)
            print(f"a calibration on {built.calibrated_on} questions")


def _save_phrases(prepared: Path, index: Path) -> None:
    with open_index(index) as opened:
        texts = [opened.passage(row).text for row in range(len(opened))]
        save_phrases(prepared, opened.language, {text: opened.language.phrases(text) for text in texts})


@contextmanager
def _put_aside(prepared: Path, folder: Path) -> Iterator[None]:
    """Move what is there into another folder, so that nothing is taken of it, and back where what follows fails."""
    try:
        for file in _files(prepared):
            shutil.move(file, folder / file.name)
        yield
    except BaseException:
        before = _files(folder)
        for file in _files(prepared) if before else ():
            file.unlink()
        for file in before:
            shutil.move(file, prepared / file.name)
        raise


def _files(folder: Path) -> list[Path]:
    return [folder / name for name in (VECTORS, PHRASES, CALIBRATION) if (folder / name).exists()]


def _bytes(folder: Path) -> str:
    return f"{sum(file.stat().st_size for file in _files(folder)):,} bytes"


def main() -> None:
    """Prepare the corpus that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=Path("corpus"))
    prepare(parser.parse_args().corpus)


if __name__ == "__main__":
    main()
