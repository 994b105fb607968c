"""Trains the finder of terms: which of a question's words are a term, treated as one name, and needed.

    python -m training.terms examples --out terms-run

The bundled encoder's vectors of a question's tokens, of two of its layers, go through a small head of convolutions; the
encoder stays as it is, so that the question is embedded once for both. Labels are those of ``training.questions``.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.examples import UNKNOWN, Examples, Row
from training.reader import CLS, QUESTION_MARK, SEP, UNMARKED, WORD_SCORES, Device, word_loss

LAYERS = (3, 6)
WIDTH = 192
BATCH_TOKENS = {"cuda": 32_768, "cpu": 4_096}
PEAK = 2e-3
DROPOUT = 0.2

Question = tuple[Row, Row]
"""The tokens of a question and its labels, three for each token."""


class Head(nn.Module):
    """(n, length, 768) vectors of two layers -> (n, length, 5) scores."""

    def __init__(self, size: int = 384 * len(LAYERS), width: int = WIDTH) -> None:
        """Begin with chance weights."""
        super().__init__()
        self.into = nn.Linear(size, width)
        self.first = nn.Conv1d(width, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.out = nn.Linear(width, WORD_SCORES)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        hidden = torch.relu(self.into(self.dropout(vectors))).transpose(1, 2)
        hidden = hidden + torch.relu(self.first(hidden))
        hidden = hidden + torch.relu(self.second(hidden))
        scores: torch.Tensor = self.out(self.dropout(hidden.transpose(1, 2)))
        return scores


class Finder(nn.Module):
    """The encoder with the head."""

    def __init__(self, encoder: Path) -> None:
        """Load an encoder."""
        super().__init__()
        from transformers import AutoModel

        self.encoder = AutoModel.from_pretrained(
            str(encoder), local_files_only=True, add_pooling_layer=False, attn_implementation="sdpa"
        )
        self.encoder.requires_grad_(requires_grad=False)
        self.head = Head()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the (n, length, 5) scores."""
        self.encoder.eval()
        with torch.no_grad():
            states = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        vectors = torch.cat([states[layer] for layer in LAYERS], dim=-1) * mask[..., None]
        scores: torch.Tensor = self.head(vectors)
        return scores


def labelled_questions(data: Examples, chance: random.Random) -> list[Question]:
    """Return the questions that have labels, some without their question mark."""
    found = []
    for number in range(len(data.questions)):
        tokens, words = data.questions[number], data.words[number]
        if (words == UNKNOWN).all():
            continue
        unmarked = len(tokens) > 1 and tokens[-1] == QUESTION_MARK and chance.random() < UNMARKED
        found.append((tokens[:-1], words[:-3]) if unmarked else (tokens, words))
    return found


def batches(questions: Sequence[Question], chance: random.Random, most: int) -> Iterator[list[Question]]:
    """Yield the questions in batches of like lengths, in a chance order."""
    order = sorted(range(len(questions)), key=lambda at: (len(questions[at][0]) // 3, chance.random()))
    made: list[list[Question]] = [[]]
    for at in order:
        if (len(made[-1]) + 1) * len(questions[at][0]) > most:
            made.append([])
        made[-1].append(questions[at])
    chance.shuffle(made)
    yield from (batch for batch in made if batch)


def collate(batch: Sequence[Question], device: Device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (n, length) tokens and their mask, and (n, length, 3) labels."""
    shape = (len(batch), max(len(tokens) for tokens, _ in batch) + 2)
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    labels = np.full((*shape, 3), UNKNOWN, dtype=np.int64)
    for row, (tokens, words) in enumerate(batch):
        length = len(tokens)
        ids[row, 0], ids[row, 1 : 1 + length], ids[row, 1 + length] = CLS, tokens, SEP
        mask[row, : length + 2] = 1
        labels[row, 1 : 1 + length] = words.reshape(-1, 3)
    ids_, mask_, labels_ = (torch.from_numpy(array).to(device) for array in (ids, mask, labels))
    return ids_, mask_, labels_


def train(model: Finder, data: Examples, valid: Examples, epochs: int, device: Device) -> None:
    """Train the head."""
    optimiser = torch.optim.AdamW(model.head.parameters(), lr=PEAK, weight_decay=0.01)
    step, begun = 0, time.monotonic()
    for epoch in range(epochs):
        chance = random.Random(epoch)
        plan = list(batches(labelled_questions(data, chance), chance, BATCH_TOKENS[device.type]))
        model.train()
        summed = torch.zeros((), device=device)
        for batch in plan:
            step += 1
            share = min(1, step / 200) * max(0.01, 1 - step / (epochs * len(plan)))
            optimiser.param_groups[0]["lr"] = PEAK * share
            ids, mask, labels = collate(batch, device)
            loss = word_loss(model(ids, mask), labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            summed += loss.detach()
        report = {"epoch": epoch + 1, "seconds": round(time.monotonic() - begun), "loss": summed.item() / len(plan)}
        print(json.dumps({**report, "valid": measure(model, valid, device)}), flush=True)


def measure(model: Finder, data: Examples, device: Device) -> float:
    """Return the mean loss on questions that were left out."""
    model.eval()
    losses = []
    for batch in batches(labelled_questions(data, random.Random(0)), random.Random(0), BATCH_TOKENS[device.type]):
        ids, mask, labels = collate(batch, device)
        with torch.no_grad():
            losses.append(word_loss(model(ids, mask), labels).item())
    return round(float(np.mean(losses)), 4)


def main() -> None:
    """Train, and write the head's weights."""
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examples", type=Path, help="folder that `python -m training.examples` wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="folder of the encoder; the bundled one")
    parser.add_argument("--epochs", type=int, default=4)
    chosen = parser.parse_args()
    if chosen.encoder is None:
        from qa.embedders.sentence_transformers import model_folder

        chosen.encoder = model_folder(None)
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data, valid = (Examples.load(chosen.examples / f"{part}.npz") for part in ("train", "valid"))
    model = Finder(chosen.encoder).to(device)
    train(model, data, valid, chosen.epochs, device)
    weights = {name: one.half().cpu() for name, one in model.head.state_dict().items()}
    save_file(weights, chosen.out / "terms.safetensors")


if __name__ == "__main__":
    main()
