"""Trains the reader of questions: which of a question's words are a term, treated as one name, and needed.

    python -m training.terms ../shared/data/reader --out terms-run

The bundled encoder's vectors of a question's tokens, of two of its layers, go through a small head of convolutions.
Labels are those of ``training.questions``: nothing is labelled by hand, and no question of a measured set is seen.
"""

import argparse
import json
import pickle
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from qa.embedders.sentence_transformers import model_folder
from training.questions import UNKNOWN, Inventor, Labelled, Natural, exchanged, read_questions, redressed

LAYERS = (3, 6)
WIDTH = 192
BATCH_TOKENS = 4096
KINDS = 5  # outside, begins, goes on; unit; need


class Head(nn.Module):
    """(n, length, 768) vectors of two layers -> (n, length, 5) scores."""

    def __init__(self, size: int = 384 * len(LAYERS), width: int = WIDTH) -> None:
        """Begin with chance weights."""
        super().__init__()
        self.into = nn.Linear(size, width)
        self.first = nn.Conv1d(width, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.out = nn.Linear(width, KINDS)
        self.dropout = nn.Dropout(0.2)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        hidden = torch.relu(self.into(self.dropout(vectors))).transpose(1, 2)
        hidden = hidden + torch.relu(self.first(hidden))
        hidden = hidden + torch.relu(self.second(hidden))
        scores: torch.Tensor = self.out(self.dropout(hidden.transpose(1, 2)))
        return scores


@dataclass(frozen=True, slots=True)
class Encoded:
    """A question's tokens, and for each word its first token and its three labels."""

    ids: list[int]
    first: list[int]
    labels: list[tuple[int, int, int]]


class Reader(nn.Module):
    """The encoder with the head; the last ``tuned`` of its layers learn too."""

    def __init__(self, tuned: int = 0) -> None:
        """Load the bundled encoder."""
        super().__init__()
        from transformers import AutoModel

        self.encoder = AutoModel.from_pretrained(str(model_folder(None)), local_files_only=True)
        self.head = Head()
        for parameter in self.encoder.parameters():
            parameter.requires_grad = False
        for layer in self.encoder.encoder.layer[len(self.encoder.encoder.layer) - tuned :]:
            for parameter in layer.parameters():
                parameter.requires_grad = True
        self.tuned = tuned

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the (n, length, 5) scores."""
        with torch.set_grad_enabled(self.tuned > 0 and torch.is_grad_enabled()):
            states = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        scores: torch.Tensor = self.head(torch.cat([states[layer] for layer in LAYERS], dim=-1))
        return scores


def tokenizer() -> Tokenizer:
    """Return what cuts a question into the encoder's tokens."""
    found = Tokenizer.from_file(str(model_folder(None) / "tokenizer.json"))
    found.no_padding()
    found.enable_truncation(200)
    return found


def first_tokens(offsets: Sequence[tuple[int, int]], words: Sequence[tuple[int, int]]) -> list[int]:
    """Return the first token of each word, -1 where it was cut off."""
    found, token = [], 1
    for start, _ in words:
        while token < len(offsets) - 1 and offsets[token][1] <= start:
            token += 1
        found.append(token if token < len(offsets) - 1 else -1)
    return found


def encode(question: Labelled, cutter: Tokenizer) -> Encoded:
    """Return a question as the encoder reads it."""
    made = cutter.encode(question.text)
    labels = list(zip(question.border, question.unit, question.need, strict=True))
    return Encoded(made.ids, first_tokens(made.offsets, question.words), labels)


def batches(encoded: Sequence[Encoded], chance: random.Random) -> Iterator[list[Encoded]]:
    """Yield the questions in batches of like lengths, in a chance order."""
    order = sorted(range(len(encoded)), key=lambda at: (len(encoded[at].ids) // 3, chance.random()))
    made: list[list[Encoded]] = [[]]
    for at in order:
        longest = len(encoded[at].ids)
        if (len(made[-1]) + 1) * longest > BATCH_TOKENS:
            made.append([])
        made[-1].append(encoded[at])
    chance.shuffle(made)
    yield from (batch for batch in made if batch)


def collate(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (n, length) tokens and their mask, and (n, length, 3) labels, UNKNOWN but at first tokens."""
    length = max(len(one.ids) for one in batch)
    ids = torch.zeros((len(batch), length), dtype=torch.long)
    mask = torch.zeros((len(batch), length), dtype=torch.long)
    labels = torch.full((len(batch), length, 3), UNKNOWN, dtype=torch.long)
    for row, one in enumerate(batch):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        mask[row, : len(one.ids)] = 1
        for place, label in zip(one.first, one.labels, strict=True):
            if place > 0:
                labels[row, place] = torch.tensor(label)
    return ids, mask, labels


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross entropy of borders, and of units and needs where they are known."""
    border = nn.functional.cross_entropy(scores[..., :3].flatten(0, 1), labels[..., 0].flatten(), ignore_index=UNKNOWN)
    total = border
    for kind in (1, 2):
        known = labels[..., kind] != UNKNOWN
        if known.any():
            wanted = labels[..., kind][known].float()
            total = total + nn.functional.binary_cross_entropy_with_logits(scores[..., 2 + kind][known], wanted)
    return total


def train(model: Reader, encoded: Sequence[Encoded], epochs: int, out: Path) -> None:
    """Train, and keep the head, and layers that were tuned, after each epoch."""
    chance = random.Random(0)
    groups = [
        {"params": model.head.parameters(), "lr": 2e-3},
        {"params": [p for p in model.encoder.parameters() if p.requires_grad], "lr": 5e-5},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    peaks = [group["lr"] for group in optimiser.param_groups]
    total = epochs * sum(len(one.ids) for one in encoded) // BATCH_TOKENS + 1
    step, start = 0, time.monotonic()
    for epoch in range(epochs):
        model.train()
        model.encoder.eval()
        summed, count = 0.0, 0
        for batch in batches(encoded, chance):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * min(1, (step + 1) / 200) * max(0.02, 1 - step / total)
            ids, mask, labels = collate(batch)
            loss = loss_of(model(ids, mask), labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
            optimiser.step()
            summed, count, step = summed + loss.item(), count + 1, step + 1
            if step % 100 == 0:
                print(f"step {step} of {total}: {summed / count:.4f}, {time.monotonic() - start:.0f} s", flush=True)
                summed, count = 0.0, 0
        torch.save(model.state_dict(), out / "terms.pt")
        print(f"epoch {epoch + 1} after {time.monotonic() - start:.0f} s", flush=True)


def examples(questions: Sequence[Natural], rare: Sequence[str], copies: int, seed: int) -> list[Labelled]:
    """Return each question as it is, and ``copies`` of it with one term, sometimes two, exchanged."""
    chance = random.Random(seed)
    inventor = Inventor(questions, rare, chance)
    made = []
    for question in questions:
        made.append(redressed(question.labelled, chance))
        for _ in range(copies if question.slots else 0):
            slot = chance.choice(question.slots)
            made.append(redressed(exchanged(question, slot, inventor.dressed(inventor.invent())), chance))
    return made


def load_questions(folder: Path, cache: Path, most: int) -> list[Natural]:
    """Return the natural questions, labelled once and kept."""
    if cache.exists():
        found: list[Natural] = pickle.loads(cache.read_bytes())
        return found[:most]
    found = []
    for question in read_questions(folder / "train.jsonl.gz"):
        found.append(question)
        if len(found) % 10_000 == 0:
            print(f"{len(found):,} questions", flush=True)
        if len(found) >= most:
            break
    cache.write_bytes(pickle.dumps(found))
    return found


def rare_words() -> list[str]:
    """Return words of English that few texts have."""
    from wordfreq import top_n_list

    return [word for word in top_n_list("en", 120_000)[20_000:] if word.isalpha() and word.isascii() and len(word) > 3]


def main() -> None:
    """Train, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the reader's data, with train.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--most", type=int, default=200_000)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--tune", type=int, default=0, help="how many of the encoder's last layers learn too")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    np.random.seed(0)
    questions = load_questions(chosen.folder, chosen.out / "questions.pickle", chosen.most)
    made = examples(questions, rare_words(), chosen.copies, seed=0)
    cutter = tokenizer()
    encoded = [encode(one, cutter) for one in made]
    tokens = sum(len(one.ids) for one in encoded)
    print(json.dumps({"natural": len(questions), "examples": len(encoded), "tokens": tokens}), flush=True)
    train(Reader(chosen.tune), encoded, chosen.epochs, chosen.out)


if __name__ == "__main__":
    main()
