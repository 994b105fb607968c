"""The material as numbers: passages and questions in the encoder's tokens, with the labels of each token.

    python -m training.examples material --out examples

Writes ``train.npz`` and ``valid.npz``. What learns reads nothing else, so that it can run where Candor is not
installed.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

UNKNOWN = -1
QUESTION_TOKENS = 64
TYPING_ERRORS = 0.2
"""Of the natural questions: how many are also given with an error of typing, which changes nothing else."""

NATURAL, MISTYPED, EXCHANGED, EDITED, BOTH = range(5)
"""Kinds of question: as it was asked; with a typing error; with a term exchanged; edited; exchanged in the passage
too."""

Row = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths: row n is ``flat[starts[n]:starts[n + 1]]``."""

    flat: npt.NDArray[Any]
    starts: Ints

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], kind: type[np.generic]) -> "Ragged":
        """Return rows."""
        lengths = np.array([0, *map(len, rows)], dtype=np.int64)
        return cls(np.array([one for row in rows for one in row], dtype=kind), lengths.cumsum())

    def __getitem__(self, row: "int | np.integer[Any]") -> npt.NDArray[Any]:
        """Return a row."""
        return self.flat[self.starts[row] : self.starts[row + 1]]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Examples:
    """Passages, what was asked of them, and questions.

    ``asked`` has a row for each line of the data: its passage, whether that answers, the first and last token of the
    answer there, UNKNOWN without, and the numbers of its source and kind. ``questions`` belong to a row of ``asked``
    each; ``missing`` and ``words``, three labels beside each other, are of their tokens; ``slots`` has for each token
    the number of the term that it is of, 0 where it is of none. ``own`` is the passage of a question of BOTH.
    """

    titles: Ragged
    passages: Ragged
    passage: Ints
    answers: Ints
    start: Ints
    end: Ints
    source: Ints
    kind: Ints
    natural: Ints
    questions: Ragged
    row: Ints
    sort: Ints
    own: Ints
    own_start: Ints
    own_end: Ints
    missing: Ragged
    words: Ragged
    slots: Ragged
    sources: tuple[str, ...]
    kinds: tuple[str, ...]

    def save(self, file: Path) -> None:
        """Write all to a file."""
        arrays: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Ragged):
                arrays |= {f"{field.name}.flat": value.flat, f"{field.name}.starts": value.starts.astype(np.int32)}
            else:
                arrays[field.name] = np.array(value)
        np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, file: Path) -> "Examples":
        """Read them again."""
        stored = np.load(file)
        made: dict[str, Any] = {}
        for field in fields(cls):
            if f"{field.name}.flat" in stored:
                made[field.name] = Ragged(stored[f"{field.name}.flat"], stored[f"{field.name}.starts"].astype(np.int64))
            else:
                made[field.name] = stored[field.name]
        return cls(**made)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question before it is cut: text, row, sort, its labelled words, its stretches by missing label, its terms."""

    text: str
    row: int
    sort: int
    missing: int
    marked: tuple[tuple[int, int, int], ...] = ()
    labelled: dict[str, Any] | None = None
    slots: tuple[tuple[int, int], ...] = ()
    own: int = UNKNOWN
    span: tuple[int, int] | None = None


def cutter_of(folder: Path) -> Tokenizer:
    """Return what cuts texts into the tokens of the encoder in a folder, without special ones."""
    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def make_examples(file: Path, encoder: Path, seed: int) -> Examples:
    """Return the examples of a file of the material."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        passages: list[tuple[str, str]] = [tuple(one) for one in json.loads(next(lines))]
        rows = [json.loads(line) for line in lines]
    asked: list[_Asked] = []
    chance = random.Random(seed)
    for number, row in enumerate(rows):
        for one in _questions(row, number, len(passages), chance):
            if one.sort == BOTH:
                passages.append((passages[row["c"]][0], row["both"]["text"]))
            asked.append(one)
    cutter = cutter_of(encoder)
    titles = [made.ids for made in _cut(cutter, [title for title, _ in passages])]
    texts = _cut(cutter, [text for _, text in passages])
    questions = _cut(cutter, [one.text for one in asked])
    spans = [_tokens_of(texts[row["c"]], row["a"]) for row in rows]
    own = [_tokens_of(texts[one.own], one.span) if one.own != UNKNOWN else (UNKNOWN, UNKNOWN) for one in asked]
    sources = tuple(sorted({row["s"] for row in rows}))
    kinds = tuple(sorted({row["k"] for row in rows}))
    return Examples(
        titles=Ragged.of(titles, np.uint16),
        passages=Ragged.of([made.ids for made in texts], np.uint16),
        passage=_column(row["c"] for row in rows),
        answers=_column(row["y"] for row in rows),
        start=_column(first for first, _ in spans),
        end=_column(last for _, last in spans),
        source=_column(sources.index(row["s"]) for row in rows),
        kind=_column(kinds.index(row["k"]) for row in rows),
        natural=_column("natural" in row for row in rows),
        questions=Ragged.of([made.ids[:QUESTION_TOKENS] for made in questions], np.uint16),
        row=_column(one.row for one in asked),
        sort=_column(one.sort for one in asked),
        own=_column(one.own for one in asked),
        own_start=_column(first for first, _ in own),
        own_end=_column(last for _, last in own),
        missing=Ragged.of([_missing(made, one) for made, one in zip(questions, asked, strict=True)], np.int8),
        words=Ragged.of([_words(made, one) for made, one in zip(questions, asked, strict=True)], np.int8),
        slots=Ragged.of([_slots(made, one) for made, one in zip(questions, asked, strict=True)], np.int8),
        sources=sources,
        kinds=kinds,
    )


def _questions(row: dict[str, Any], number: int, passages: int, chance: random.Random) -> Iterator[_Asked]:
    """Yield the questions of a line: of one that people asked and a passage answers, nothing is missing there. Claims
    are answered by what speaks against them too, and may say what the passage does not."""
    natural = row.get("natural")
    nothing_missing = 0 if natural and row["s"] != "fever_part" else UNKNOWN
    slots = tuple((a, b) for a, b in row.get("slots", ()))
    yield _Asked(row["q"], number, NATURAL, nothing_missing, (), natural, slots)
    if natural is None:
        return
    if chance.random() < TYPING_ERRORS:
        yield _Asked(_mistyped(row["q"], chance), number, MISTYPED, nothing_missing)
    for made in row["exchanged"]:
        marked = tuple((a, b, 1) for a, b in made["m"])
        new = tuple((a, b) for a, b in made["m"])
        kept = tuple(
            slot for slot in _moved(slots, row["q"], made["t"]) if slot[1] <= new[0][0] or slot[0] >= new[0][1]
        )
        yield _Asked(made["t"], number, EXCHANGED, nothing_missing, marked, made, (*new, *kept))
    for made in row["edits"]:
        marked = (*((a, b, 1) for a, b in made["m"]), *((a, b, UNKNOWN) for a, b in made["u"]))
        yield _Asked(made["t"], number, EDITED, nothing_missing, marked)
    both = row.get("both")
    if both:
        span = tuple(both["a"]) if both["a"] else None
        yield _Asked(both["q"], number, BOTH, nothing_missing, own=passages, span=span)


def _moved(slots: Sequence[tuple[int, int]], old: str, new: str) -> Iterator[tuple[int, int]]:
    """Yield where the terms of a question are in another one that has one of them exchanged."""
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    for start, end in slots:
        if end <= same:
            yield start, end
        elif old[start:] and new.endswith(old[start:]):
            yield start + len(new) - len(old), end + len(new) - len(old)


def _mistyped(text: str, chance: random.Random) -> str:
    """Return a text with a letter left out, doubled, or swapped with the next, in one of its longer words."""
    places = [at for at in range(1, len(text) - 1) if text[at - 1 : at + 2].isalpha() and text[at : at + 3].isalpha()]
    if not places:
        return text
    at = chance.choice(places)
    made = (text[at + 1 :], text[at] * 2 + text[at + 1 :], text[at + 1] + text[at] + text[at + 2 :])
    return text[:at] + chance.choice(made)


def _cut(cutter: Tokenizer, texts: Sequence[str]) -> list[Encoding]:
    return list(cutter.encode_batch(texts, add_special_tokens=False))


def _column(numbers: Iterable[int]) -> Ints:
    return np.array(list(numbers), dtype=np.int32)


def _tokens_of(made: Encoding, span: Sequence[int] | None) -> tuple[int, int]:
    if not span:
        return UNKNOWN, UNKNOWN
    inside = [at for at, (start, end) in enumerate(made.offsets) if end > span[0] and start < span[1]]
    return (inside[0], inside[-1]) if inside else (UNKNOWN, UNKNOWN)


def _missing(made: Encoding, one: _Asked) -> list[int]:
    labels = [one.missing] * len(made.ids)
    for start, end, label in one.marked:
        for at, (a, b) in enumerate(made.offsets):
            if b > start and a < end:
                labels[at] = label
    return labels[:QUESTION_TOKENS]


def _words(made: Encoding, one: _Asked) -> list[int]:
    """Return border, unit and need beside each other for each token, UNKNOWN but where a word begins."""
    labels = [UNKNOWN] * (3 * len(made.ids))
    if one.labelled is not None:
        first = {start: at for at, (start, _) in reversed(list(enumerate(made.offsets)))}
        starts = one.labelled["w"][::2]
        for start, *kinds in zip(starts, *one.labelled["l"], strict=True):
            if start in first:
                labels[3 * first[start] : 3 * first[start] + 3] = ["-012".index(kind) - 1 for kind in kinds]
    return labels[: 3 * QUESTION_TOKENS]


def _slots(made: Encoding, one: _Asked) -> list[int]:
    labels = [0] * len(made.ids)
    for number, (start, end) in enumerate(one.slots[:100], start=1):
        for at, (a, b) in enumerate(made.offsets):
            if b > start and a < end:
                labels[at] = number
    return labels[:QUESTION_TOKENS]


def main() -> None:
    """Write both files."""
    from qa.embedders.sentence_transformers import model_folder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("material", type=Path, help="folder that `python -m training.material` wrote")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for seed, part in enumerate(("train", "valid")):
        made = make_examples(chosen.material / f"{part}.jsonl.gz", model_folder(None), seed)
        made.save(chosen.out / f"{part}.npz")
        print(f"{part}: {len(made.passages):,} passages, {len(made.questions):,} questions", flush=True)


if __name__ == "__main__":
    main()
