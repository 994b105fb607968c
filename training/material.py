"""Makes the material that both readers learn from: passages, questions with their labels, and edited questions.

    python -m training.material ../shared/data/reader --out material

Writes ``train.jsonl.gz`` and ``valid.jsonl.gz``: first a line with the passages, each with its title where it has one,
then a line for each question. What needs the language of Candor is done here; training needs none of it.
"""

import argparse
import gzip
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.edits import Edit, Editor
from training.questions import Inventor, Labelled, Natural, exchanged, label, rare_words

COPIES = 3
"""Exchanged questions of each natural one: in the last, the term becomes one made of what the passage has."""

_LONGEST_QUESTION = 400  # characters
_TITLED = {
    *("squadshifts_new_wiki", "squad2_train_part", "qed_nq", "medquad_ghr", "selqa", "boolq", "fairytaleqa"),
    *("quoref_contrast", "legal_in"),
}
"""Sources whose documents are called by what they are on."""


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the lines of the reader's data."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def title_of(row: dict[str, Any]) -> str:
    """Return what the document of a row is on, "" where its name does not say."""
    name = row["doc"].split(":", 1)[-1] if row["source"] in _TITLED else ""
    return re.sub(r"[_-]+", " ", name.removesuffix(".pdf")).strip()


def is_natural(row: dict[str, Any]) -> bool:
    """Whether a person asked this, and the passage answers."""
    return bool(row["answerable"]) and row["kind"] == "human" and len(row["question"]) <= _LONGEST_QUESTION


def in_both(natural: Natural, row: dict[str, Any], name: str, chance: random.Random) -> dict[str, Any] | None:
    """Return a question and its passage with a term exchanged in both, so that it still answers; None where the term
    is not written alike in both, or is of the answer."""
    slot = chance.choice(natural.slots)
    words = natural.labelled.words
    start, end = words[slot.first][0], words[slot.end - 1][1]
    text, old = natural.labelled.text, natural.labelled.text[start:end]
    answer = row["answer_text"] or ""
    pattern = re.compile(rf"\b{re.escape(old)}\b", re.IGNORECASE)
    places = [place.span() for place in pattern.finditer(row["context"])]
    if not places or pattern.search(answer) or len(old) < 3:
        return None
    context = pattern.sub(lambda _: name, row["context"])
    span = None
    if answer:
        first = row["answer_start"]
        if any(a < first + len(answer) and b > first for a, b in places):
            return None
        moved = sum(len(name) - (b - a) for a, b in places if b <= first)
        span = [first + moved, first + moved + len(answer)]
    return {"q": text[:start] + name + text[end:], "text": context, "a": span}


def _labels(labels: Sequence[int]) -> str:
    return "".join("-012"[label + 1] for label in labels)


def labelled_json(labelled: Labelled) -> dict[str, Any]:
    """Return a labelled question: its words' places, and border, unit and need of each as a character, - for one that
    nobody knows."""
    return {
        "t": labelled.text,
        "w": [place for span in labelled.words for place in span],
        "l": [_labels(labelled.border), _labels(labelled.unit), _labels(labelled.need)],
    }


def edit_json(edit: Edit) -> dict[str, Any]:
    """Return an edit: its text, and where it is missing and unsure."""
    return {"t": edit.text, "k": edit.kind, "m": edit.missing, "u": edit.unsure}


def questions_json(rows: Sequence[dict[str, Any]], seed: int) -> Iterator[dict[str, Any]]:
    """Yield the questions of rows, ``c`` being the number of the passage."""
    chance = random.Random(seed)
    naturals = [label(row["question"], row["context"]) if is_natural(row) else None for row in rows]
    known = [one for one in naturals if one is not None]
    inventor, editor = Inventor(known, rare_words(), chance), Editor(known, chance)
    numbers = _numbered(rows)
    for row, natural in zip(rows, naturals, strict=True):
        answer = row["answer_text"] or ""
        span = [row["answer_start"], row["answer_start"] + len(answer)] if answer else None
        made: dict[str, Any] = {
            **{"q": row["question"], "c": numbers[row["context"]], "y": int(row["answerable"]), "k": row["kind"]},
            **{"s": row["source"], "a": span},
        }
        if natural is not None:
            words = natural.labelled.words
            made["natural"] = labelled_json(natural.labelled)
            made["slots"] = [(words[slot.first][0], words[slot.end - 1][1]) for slot in natural.slots]
            made["edits"] = [edit_json(edit) for edit in editor.edits(natural, row["context"], answer)]
            made["exchanged"] = []
            for copy in range(COPIES if natural.slots else 0):
                invented = inventor.invent() if copy + 1 < COPIES else inventor.invent_of(row["context"])
                if invented is None:
                    continue
                slot, name = chance.choice(natural.slots), inventor.dressed(invented)
                start = words[slot.first][0]
                labelled = labelled_json(exchanged(natural, slot, name))
                made["exchanged"].append({**labelled, "m": [[start, start + len(name)]]})
            if natural.slots and chance.random() < 0.3:
                made["both"] = in_both(natural, row, inventor.dressed(inventor.invent()), chance)
        yield made


def _numbered(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the number of each passage, in the order in which they first come."""
    return {text: number for number, text in enumerate(dict.fromkeys(row["context"] for row in rows))}


def write_material(rows: Sequence[dict[str, Any]], file: Path, seed: int) -> None:
    """Write a file of the material."""
    titles = {row["context"]: title_of(row) for row in rows if is_natural(row)}
    passages = [(titles.get(text, ""), text) for text in _numbered(rows)]
    begun = time.monotonic()
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write(json.dumps(passages, ensure_ascii=False) + "\n")
        for made in questions_json(rows, seed):
            out.write(json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{file}: {len(rows):,} questions, {len(passages):,} passages, {time.monotonic() - begun:.0f} s", flush=True)


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with train.jsonl.gz and valid.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--most", type=int, help="questions to read, for a trial")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for seed, part in enumerate(("train", "valid")):
        rows = read_rows(chosen.folder / f"{part}.jsonl.gz")[: chosen.most]
        write_material(rows, chosen.out / f"{part}.jsonl.gz", seed)


if __name__ == "__main__":
    main()
