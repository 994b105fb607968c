"""Trains the reader of passages: where a passage answers, whether it does, and which of the question's words it lacks.

    python -m training.reader ../shared/data/reader --out reader-run
    python -m training.reader ../shared/data/reader --out reader-run --minutes 160     stops then, to be gone on with

A cross-encoder on the bundled encoder's weights reads ``[CLS] question [SEP] passage [SEP]`` (Devlin et al., NAACL
2019). Three heads: the answer's first and last token; whether the passage answers (Rajpurkar et al., "Know what you
don't know", ACL 2018); and for each token of the question whether the passage lacks what it says. The last is learned
from questions in which a term that the passage has was exchanged for something else (``training.questions``): then
these words are missing, and in the question as it was none is, however differently the passage puts it.
"""

import argparse
import gzip
import json
import pickle
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from qa.embedders.sentence_transformers import model_folder
from training.questions import UNKNOWN, Inventor, Natural, exchanged, label

QUESTION_TOKENS = 64
TOKENS = 232
"""Of question and passage together, which is what a passage of Candor's has with its title and a question."""

BATCH_TOKENS = 4096
EXCHANGED = 0.35
"""Of the answerable questions with a term to exchange: how many are also given with one exchanged."""

PEAK = 6e-5
HEADS_PEAK = 3e-4
CLS, SEP = 101, 102

Span = tuple[int, int] | None
"""A range of characters, where there is one."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage as tokens. ``start`` and ``end`` are the answer's first and last token, UNKNOWN without
    one; ``answers`` is 0 or 1; ``missing`` has 0, 1 or UNKNOWN for each token of the question."""

    question: tuple[int, ...]
    passage: tuple[int, ...]
    start: int
    end: int
    answers: int
    missing: tuple[int, ...]
    source: str
    kind: str

    def __len__(self) -> int:
        """Return how many tokens there are with the special ones."""
        return len(self.question) + len(self.passage) + 3


class PassageReader(nn.Module):
    """The encoder with three heads; ``layers`` of its layers are kept, evenly spaced."""

    def __init__(self, layers: int = 6) -> None:
        """Begin with the bundled encoder's weights, and heads of chance weights."""
        super().__init__()
        from transformers import AutoModel

        self.bert = AutoModel.from_pretrained(str(model_folder(None)), local_files_only=True, add_pooling_layer=False)
        blocks = self.bert.encoder.layer
        kept = [round(place * (len(blocks) - 1) / (layers - 1)) for place in range(layers)] if layers > 1 else [0]
        self.bert.encoder.layer = nn.ModuleList(blocks[place] for place in kept)
        size = self.bert.config.hidden_size
        self.span = nn.Linear(size, 2)
        self.answer = nn.Linear(2 * size, 1)
        self.missing = nn.Sequential(nn.Linear(size, 128), nn.ReLU(), nn.Linear(128, 1))

    def forward(
        self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return (n, length, 2) scores of start and end, -inf outside of the passage; (n,) of answering; and
        (n, length) of missing."""
        states = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        outside = (types * mask == 0)[..., None]
        spans = self.span(states).masked_fill(outside, -1e4)
        largest = states.masked_fill(outside, -1e4).max(dim=1).values
        answers = self.answer(torch.cat([states[:, 0], largest], dim=-1)).squeeze(-1)
        return spans, answers, self.missing(states).squeeze(-1)


# --- examples ------------------------------------------------------------------------------------------------


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of the reader's data."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def tokenizer() -> Tokenizer:
    """Return what cuts texts into the encoder's tokens, without special ones."""
    found = Tokenizer.from_file(str(model_folder(None) / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


class Maker:
    """Makes examples of rows."""

    def __init__(self, seed: int) -> None:
        """Make the same of the same seed."""
        self._cutter = tokenizer()
        self._chance = random.Random(seed)
        self.inventor: Inventor | None = None

    def of(self, row: dict[str, Any], natural: Natural | None = None) -> Iterator[Example]:
        """Yield a row's example, and sometimes another with a term exchanged; ``natural`` is its question labelled. A
        passage that answers nobody knows where, and that is too long to be read whole, gives none."""
        answers = bool(row["answerable"])
        span = (row["answer_start"], row["answer_start"] + len(row["answer_text"])) if row["answer_text"] else None
        question = tuple(self._cutter.encode(row["question"], add_special_tokens=False).ids[:QUESTION_TOKENS])
        passage, first, last = self._window(row["context"], span, TOKENS - 3 - len(question))
        if answers and span is None and len(passage) == TOKENS - 3 - len(question):
            return
        lacking = (0 if answers and row["kind"] == "human" else UNKNOWN,) * len(question)
        offset = 2 + len(question)
        places = (first + offset, last + offset) if answers and first != UNKNOWN else (UNKNOWN, UNKNOWN)
        yield Example(question, passage, *places, int(answers), lacking, row["source"], row["kind"])
        if natural is not None and natural.slots and self.inventor and self._chance.random() < EXCHANGED:
            asked, lacking = self._exchanged(natural, self.inventor)
            passage, *_ = self._window(row["context"], span, TOKENS - 3 - len(asked))
            yield Example(asked, passage, UNKNOWN, UNKNOWN, 0, lacking, row["source"], "exchanged")

    def _exchanged(self, natural: Natural, inventor: Inventor) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return a question's tokens with one term exchanged, and for each whether it is of what took its place."""
        slot = self._chance.choice(natural.slots)
        name = inventor.dressed(inventor.invent())
        start = natural.labelled.words[slot.first][0]
        asked = self._cutter.encode(exchanged(natural, slot, name).text, add_special_tokens=False)
        inside = tuple(int(a < start + len(name) and b > start) for a, b in asked.offsets)
        return tuple(asked.ids[:QUESTION_TOKENS]), inside[:QUESTION_TOKENS]

    def _window(self, context: str, span: Span, room: int) -> tuple[tuple[int, ...], int, int]:
        """Return a stretch of a passage with room for so many tokens, around a span where there is one, and the span's
        first and last token in it."""
        passage = self._cutter.encode(context, add_special_tokens=False)
        first, last = _tokens_of(passage.offsets, span)
        spare = max(0, len(passage.ids) - room)
        low, high = (max(0, last - room + 1), min(first, spare)) if first != UNKNOWN else (0, spare)
        begin = self._chance.randint(min(low, high), max(low, high))
        found = first - begin, last - begin
        is_in = first != UNKNOWN and found[0] >= 0 and found[1] < room
        return (tuple(passage.ids[begin : begin + room]), *(found if is_in else (UNKNOWN, UNKNOWN)))


def _tokens_of(offsets: Sequence[tuple[int, int]], span: Span) -> tuple[int, int]:
    if span is None:
        return UNKNOWN, UNKNOWN
    inside = [place for place, (start, end) in enumerate(offsets) if end > span[0] and start < span[1]]
    return (inside[0], inside[-1]) if inside else (UNKNOWN, UNKNOWN)


def make_examples(file: Path, seed: int, most: int | None = None) -> list[Example]:
    """Return the examples of a file, in the order of its rows."""
    maker = Maker(seed)
    rows: list[dict[str, Any]] = []
    naturals: list[Natural | None] = []
    for row in read_rows(file):
        is_natural = row["answerable"] and row["kind"] == "human" and len(row["question"]) <= 300
        rows.append(row)
        naturals.append(label(row["question"], row["context"]) if is_natural else None)
        if most is not None and len(rows) >= most:
            break
    from training.terms import rare_words

    maker.inventor = Inventor([one for one in naturals if one is not None], rare_words(), random.Random(seed))
    return [example for row, natural in zip(rows, naturals, strict=True) for example in maker.of(row, natural)]


def kept(file: Path, make: Callable[[], list[Example]]) -> list[Example]:
    """Return examples from a file, made and written first where it is not there."""
    if not file.exists():
        file.write_bytes(pickle.dumps(make()))
    found: list[Example] = pickle.loads(file.read_bytes())
    return found


def batches(examples: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Return the examples in batches of like lengths, in a chance order."""
    order = sorted(range(len(examples)), key=lambda at: (len(examples[at]) // 8, chance.random()))
    made: list[list[Example]] = [[]]
    for at in order:
        if (len(made[-1]) + 1) * len(examples[at]) > BATCH_TOKENS:
            made.append([])
        made[-1].append(examples[at])
    chance.shuffle(made)
    return [batch for batch in made if batch]


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as arrays: (n, length) but for the last three, which are (n,), and ``missing``, (n, length) too."""

    ids: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor
    missing: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    answers: torch.Tensor


def collate(batch: Sequence[Example]) -> Batch:
    """Return examples as arrays."""
    shape = (len(batch), max(map(len, batch)))
    ids, types, mask = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    missing = torch.full(shape, UNKNOWN, dtype=torch.long)
    for row, one in enumerate(batch):
        tokens = [CLS, *one.question, SEP, *one.passage, SEP]
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
        types[row, 2 + len(one.question) : len(tokens) - 1] = 1
        missing[row, 1 : 1 + len(one.question)] = torch.tensor(one.missing)
    columns = ([one.start for one in batch], [one.end for one in batch], [one.answers for one in batch])
    start, end, answers = (torch.tensor(column) for column in columns)
    return Batch(ids, types, mask, missing, start, end, answers)


# --- training ------------------------------------------------------------------------------------------------


def loss_of(model: PassageReader, batch: Batch) -> torch.Tensor:
    """Return the sum of the three heads' mean cross entropies."""
    spans, answers, missing = model(batch.ids, batch.types, batch.mask)
    total = nn.functional.binary_cross_entropy_with_logits(answers, batch.answers.float())
    placed = batch.start != UNKNOWN
    if placed.any():
        for kind, wanted in ((0, batch.start), (1, batch.end)):
            total = total + 0.5 * nn.functional.cross_entropy(spans[placed][..., kind], wanted[placed])
    known = batch.missing != UNKNOWN
    if known.any():
        wanted_missing = batch.missing[known].float()
        total = total + nn.functional.binary_cross_entropy_with_logits(missing[known], wanted_missing)
    return total


def optimiser_of(model: PassageReader) -> torch.optim.AdamW:
    """Return the optimiser: the heads learn faster than the encoder."""
    heads = [*model.span.parameters(), *model.answer.parameters(), *model.missing.parameters()]
    groups = [{"params": list(model.bert.parameters()), "lr": PEAK}, {"params": heads, "lr": HEADS_PEAK}]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def train(
    model: PassageReader, examples: Sequence[Example], valid: Sequence[Example], chosen: argparse.Namespace
) -> None:
    """Train to the end, or until the minutes are over; what was reached is kept, and gone on from."""
    optimiser = optimiser_of(model)
    peaks = [group["lr"] for group in optimiser.param_groups]
    state = chosen.out / "state.pt"
    done = 0
    if state.exists():
        kept = torch.load(state, weights_only=True)
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        done = kept["step"]
    plan = [batch for epoch in range(chosen.epochs) for batch in batches(examples, random.Random(1000 + epoch))]
    print(json.dumps({"examples": len(examples), "steps": len(plan), "from": done}), flush=True)
    begun, summed = time.monotonic(), []
    for step, batch in enumerate(plan[done:], start=done):
        share = min(1, (step + 1) / 500) * max(0.02, 1 - step / len(plan))
        for group, peak in zip(optimiser.param_groups, peaks, strict=True):
            group["lr"] = peak * share
        model.train()
        loss = loss_of(model, collate(batch))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        summed.append(loss.item())
        is_over = chosen.minutes is not None and time.monotonic() - begun > 60 * chosen.minutes
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}: {np.mean(summed):.4f}, {time.monotonic() - begun:.0f} s", flush=True)
            summed = []
        if (step + 1) % 500 == 0 or is_over or step + 1 == len(plan):
            torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1}, state)
        if (step + 1) % chosen.validate == 0 or step + 1 == len(plan):
            print(json.dumps({"step": step + 1, **measure(model, valid)}), flush=True)
        if is_over:
            return


# --- measuring -----------------------------------------------------------------------------------------------


def measure(model: PassageReader, examples: Sequence[Example]) -> dict[str, Any]:
    """Return what the heads are worth on examples that were left out."""
    model.eval()
    scores: list[tuple[Example, float, float, float | None]] = []
    missing: list[tuple[float, int]] = []
    for batch in batches(examples, random.Random(0)):
        made = collate(batch)
        with torch.no_grad():
            spans, answers, lacks = model(made.ids, made.types, made.mask)
        for row, one in enumerate(batch):
            start, end = best_span(spans[row].numpy())
            exact = float((start, end) == (one.start, one.end)) if one.start != UNKNOWN else None
            overlap = f1_of((start, end), (one.start, one.end)) if one.start != UNKNOWN else 0.0
            scores.append((one, float(answers[row]), overlap, exact))
            places = zip(lacks[row, 1 : 1 + len(one.question)].tolist(), one.missing, strict=True)
            missing += [(score, wanted) for score, wanted in places if wanted != UNKNOWN]
    placed = [(overlap, exact) for _, _, overlap, exact in scores if exact is not None]
    found: dict[str, Any] = {
        "auroc": auroc([(score, one.answers) for one, score, *_ in scores]),
        "exact": float(np.mean([exact for _, exact in placed])),
        "f1": float(np.mean([overlap for overlap, _ in placed])),
        "missing": auroc(missing),
    }
    positives = [(score, 1) for one, score, *_ in scores if one.answers]
    for kind, negatives in grouped((one.kind, score) for one, score, *_ in scores if not one.answers):
        found[f"auroc {kind}"] = auroc([*positives, *((score, 0) for score in negatives)])
    return {name: round(value, 4) for name, value in found.items()}


def grouped(pairs: Iterable[tuple[str, float]]) -> list[tuple[str, list[float]]]:
    """Return the numbers of each name, in the order of the names."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for name, number in pairs:
        found[name].append(number)
    return sorted(found.items())


def best_span(scores: np.ndarray[Any, Any], longest: int = 40) -> tuple[int, int]:
    """Return the first and last token with the highest sum of (length, 2) scores, at most so many tokens long."""
    sums = scores[:, 0][:, None] + scores[:, 1][None, :]
    allowed = np.triu(np.ones_like(sums)) - np.triu(np.ones_like(sums), longest)
    start, end = np.unravel_index(np.argmax(np.where(allowed > 0, sums, -1e9)), sums.shape)
    return int(start), int(end)


def f1_of(found: tuple[int, int], wanted: tuple[int, int]) -> float:
    """Return the harmonic mean of how much of each range is in the other."""
    both = min(found[1], wanted[1]) - max(found[0], wanted[0]) + 1
    return 2 * both / (found[1] - found[0] + wanted[1] - wanted[0] + 2) if both > 0 else 0.0


def auroc(pairs: Sequence[tuple[float, int]]) -> float:
    """Return the area under the ROC curve of (score, 0 or 1), ties counted half."""
    from scipy.stats import rankdata

    scores, wanted = np.array([score for score, _ in pairs]), np.array([kind for _, kind in pairs])
    ranks = rankdata(scores)
    positives, negatives = int(wanted.sum()), int((1 - wanted).sum())
    if not positives or not negatives:
        return float("nan")
    return float((ranks[wanted == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def main() -> None:
    """Train, measure, and keep what was reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with train.jsonl.gz and valid.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--minutes", type=float, help="stop after so many, to go on by the same command")
    parser.add_argument("--most", type=int, help="rows to read, for a trial")
    parser.add_argument("--validate", type=int, default=1500, help="steps between two measurements")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    examples = kept(
        chosen.out / "train.pickle", lambda: make_examples(chosen.folder / "train.jsonl.gz", 0, chosen.most)
    )
    valid = kept(chosen.out / "valid.pickle", lambda: make_examples(chosen.folder / "valid.jsonl.gz", 1))
    train(PassageReader(chosen.layers), examples, valid, chosen)


if __name__ == "__main__":
    main()
