"""Trains the reader of passages: where a passage answers, whether it does, and which of the question's words it lacks.

    python -m training.reader examples --out reader-run
    python -m training.reader examples --out reader-run --minutes 160     stops then, to be gone on with
    python -m training.reader examples --out small-run --layers 3 --teacher reader-run

A cross-encoder on the bundled encoder's weights reads ``[CLS] question [SEP] passage [SEP]`` (Devlin et al., NAACL
2019). Its heads: the answer's first and last token; whether the passage answers (Rajpurkar et al., "Know what you
don't know", ACL 2018); for each token of the question whether the passage lacks what it says; and for each of its words
whether a term begins or goes on there, is treated as one name, and is needed. What is missing is learned from questions
in which a term that the passage has was exchanged for something else (``training.edits``, ``training.questions``): then
these words are missing, and in the question as it was none is, however differently the passage puts it.

Passages that do not answer are those of the data, and those nearest to a question by the encoder itself. The vectors
of single tokens and places are not trained: they are the encoder's, and the reader's weights are without them.
"""

import argparse
import json
import os
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from training.examples import BOTH, EDITED, EXCHANGED, MISTYPED, NATURAL, QUESTION_TOKENS, UNKNOWN, Examples, Row

TOKENS = 256
"""Of question and passage together: what a passage of Candor's has with its title, heading and a question."""

SHARES = {
    "mistyped": 0.5,  # with a typing error
    "exchanged": 0.8,  # with a term exchanged
    "edited": 1.2,
    "both": 0.5,  # with a term exchanged in the passage too
    "cut": 0.4,  # with the sentence that answers cut out of the passage
    "joined": 0.15,  # with another question behind it
    "near": 1.2,  # with a near passage that does not answer
    "exchanged near": 0.5,
    "given": 0.6,  # the data's own passages that do not answer
}
"""How many of each kind an epoch has for a natural question, where it can be made. Chosen by hand: others, as other
rates of learning, were not tried."""

TITLED, UNMARKED = 0.5, 0.3
"""The shares of passages under their title where it is known, and of questions without their question mark."""

LEAST_REST = 20
"""Tokens that a passage has left without the sentence that answers."""

NEAREST = 32
NEVER_NEAR = 0.7
"""Of the different tokens of a passage that answers: one that has more says the same."""

NEAR_ANSWERS = 0.05
"""What is wanted of near passages, which nobody has judged: some do answer."""

LEAST_ROWS = 8
"""Of a matrix that is written as whole numbers: the last layer of a head has fewer."""

BATCH_TOKENS = {"cuda": 49_152, "cpu": 4_096}
PEAK, HEADS_PEAK = 2e-4, 6e-4
CLS, SEP, QUESTION_MARK, FULL_STOP = 101, 102, 1029, 1012
WORD_SCORES = 5  # outside, begins, goes on; one name; needed

Device = torch.device


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage. ``start`` and ``end`` are the answer's first and last token of both together, UNKNOWN
    without one; ``answers`` is in [0, 1], or UNKNOWN; ``missing`` has 0, 1 or UNKNOWN for each token of the question,
    ``words`` three labels for each."""

    question: Row
    passage: Row
    start: int
    end: int
    answers: float
    missing: Row
    words: Row
    source: str
    kind: str

    def __len__(self) -> int:
        """Return how many tokens there are with the special ones."""
        return len(self.question) + len(self.passage) + 3


class PassageReader(nn.Module):
    """The encoder with its heads; ``layers`` of its layers are kept, evenly spaced."""

    def __init__(self, encoder: Path, layers: int = 6) -> None:
        """Begin with an encoder's weights, and heads of chance weights."""
        super().__init__()
        from transformers import AutoModel

        self.bert = AutoModel.from_pretrained(
            str(encoder), local_files_only=True, add_pooling_layer=False, attn_implementation="sdpa"
        )
        blocks = self.bert.encoder.layer
        kept = [round(place * (len(blocks) - 1) / (layers - 1)) for place in range(layers)] if layers > 1 else [0]
        self.bert.encoder.layer = nn.ModuleList(blocks[place] for place in kept)
        self.bert.config.num_hidden_layers = layers
        for parameter in self.bert.embeddings.parameters():
            parameter.requires_grad = False
        size = self.bert.config.hidden_size
        self.span = nn.Linear(size, 2)
        self.answer = nn.Linear(2 * size, 1)
        self.missing = nn.Sequential(nn.Linear(size, 128), nn.ReLU(), nn.Linear(128, 1))
        self.words = nn.Sequential(nn.Linear(size, 128), nn.ReLU(), nn.Linear(128, WORD_SCORES))

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return (n, length, 2) scores of start and end, least outside of the passage; (n,) of answering; (n, length)
        of missing; and (n, length, 5) of words."""
        states = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        outside = (types * mask == 0)[..., None]
        spans = self.span(states).float().masked_fill(outside, -1e4)
        largest = states.masked_fill(outside, -1e4).max(dim=1).values
        answers = self.answer(torch.cat([states[:, 0], largest], dim=-1)).squeeze(-1).float()
        return spans, answers, self.missing(states).squeeze(-1).float(), self.words(states).float()


# --- examples ------------------------------------------------------------------------------------------------


def nearest_passages(data: Examples, encoder: Path, device: Device) -> tuple[Row, Row]:
    """Return the numbers of the natural questions, and for each the passages nearest to it by the encoder, (n,
    NEAREST), UNKNOWN where one answers the question or says what such a one says."""
    from transformers import AutoModel

    model = AutoModel.from_pretrained(str(encoder), local_files_only=True, add_pooling_layer=False).to(device).eval()
    asked = np.flatnonzero((data.sort == NATURAL) & (data.natural[data.row] == 1) & (data.answers[data.row] == 1))
    given = int(data.passage.max()) + 1
    passages = _embed(model, [data.passages[row][: TOKENS - 2] for row in range(given)], device)
    questions = _embed(model, [data.questions[row] for row in asked], device)
    near = np.concatenate(
        [
            (questions[at : at + 1024] @ passages.T).topk(NEAREST).indices.cpu().numpy()
            for at in range(0, len(questions), 1024)
        ]
    ).astype(np.int32)
    return asked, _not_answering(data, asked, near)


def _not_answering(data: Examples, asked: Row, near: Row) -> Row:
    """Return the passages near to questions, UNKNOWN where one answers or says what such a one says."""
    held = [frozenset(row.tolist()) for row in (data.passages[at] for at in range(int(data.passage.max()) + 1))]
    answering = defaultdict(set)
    for question in asked:
        answering[data.questions[question].tobytes()].add(int(data.passage[data.row[question]]))
    parts = np.array_split(np.arange(len(asked)), 4 * (os.cpu_count() or 1))
    with ProcessPoolExecutor(None, get_context("fork"), _take_near, ((data, asked, near, held, answering),)) as pool:
        return np.concatenate(list(pool.map(_part_not_answering, parts)))


_NEAR: list[tuple[Examples, Row, Row, list[frozenset[int]], dict[bytes, set[int]]]] = []  # of a process that looks


def _take_near(taken: tuple[Examples, Row, Row, list[frozenset[int]], dict[bytes, set[int]]]) -> None:
    _NEAR.append(taken)


def _part_not_answering(places: Row) -> Row:
    ((data, asked, near, held, answering),) = _NEAR
    kept = near[places]
    for at, question in enumerate(asked[places]):
        row = data.row[question]
        answer = data.passages[data.passage[row]][data.start[row] : data.end[row] + 1].tobytes()
        golds = answering[data.questions[question].tobytes()]
        for place, passage in enumerate(kept[at]):
            says_so = data.start[row] != UNKNOWN and answer in data.passages[passage].tobytes()
            if passage in golds or says_so or any(_says(held[passage], held[gold]) for gold in golds):
                kept[at, place] = UNKNOWN
    return kept


def _says(passage: frozenset[int], gold: frozenset[int]) -> bool:
    return len(passage & gold) > NEVER_NEAR * len(gold)


def _embed(model: Any, rows: Sequence[Row], device: Device) -> torch.Tensor:
    """Return unit vectors of rows of tokens: the means of their tokens' vectors."""
    made = torch.empty(len(rows), model.config.hidden_size, device=device)
    order = np.argsort([len(row) for row in rows])
    for part in np.array_split(order, max(1, len(order) // 256)):
        ids, mask = (torch.zeros(len(part), max(len(rows[at]) for at in part) + 2, dtype=torch.long) for _ in range(2))
        for place, at in enumerate(part):
            tokens = [CLS, *rows[at].tolist(), SEP]
            ids[place, : len(tokens)], mask[place, : len(tokens)] = torch.tensor(tokens), 1
        ids, mask = ids.to(device), mask.to(device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        summed = (states * mask[..., None]).sum(dim=1)
        made[torch.from_numpy(part).to(device)] = nn.functional.normalize(summed, dim=-1)
    return made


class Maker:
    """Makes the examples of an epoch."""

    def __init__(self, data: Examples, asked: Row, near: Row) -> None:
        """Take the data, and the near passages of its natural questions."""
        self._data = data
        self._near = {
            int(question): [int(one) for one in row if one != UNKNOWN]
            for question, row in zip(asked, near, strict=True)
        }
        self._asked = [int(question) for question in asked]
        self._variants: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for question, (row, sort) in enumerate(zip(data.row, data.sort, strict=True)):
            self._variants[int(row), int(sort)].append(question)
        self._held = [frozenset(row.tolist()) for row in (data.passages[at] for at in range(len(data.passages)))]

    def epoch(self, seed: int) -> list[Example]:
        """Return an epoch's examples."""
        self._chance = random.Random(seed)
        return [one for row in range(len(self._data.passage)) for one in self._of(row)]

    def fixed(self) -> list[Example]:
        """Return examples to measure on: each question of the data with its passage, each variant, each near passage
        that comes first."""
        self._chance = random.Random(0)
        found: list[Example | None] = []
        for question, row in enumerate(self._data.row):
            if self._data.sort[question] == NATURAL:
                found.append(self._given(question, int(row)))
                found += [self._near_one(question, int(row), at) for at in self._near.get(question, [])[:1]]
                if self._data.start[row] != UNKNOWN and question in self._near:
                    found.append(self._cut(question, int(row)))
            else:
                found.append(self._variant(question, int(row)))
        return [one for one in found if one is not None]

    def _of(self, row: int) -> Iterator[Example]:
        data, chance = self._data, self._chance
        (question,) = self._variants[row, NATURAL]
        if data.answers[row] or self._count("given"):
            given = self._given(question, row)
            if given is not None:
                yield given
        if not data.natural[row] or not data.answers[row]:
            return
        found: list[Example | None] = []
        for sort, name in ((MISTYPED, "mistyped"), (EXCHANGED, "exchanged"), (EDITED, "edited"), (BOTH, "both")):
            variants = self._variants.get((row, sort), [])
            found += [self._variant(one, row) for one in chance.sample(variants, min(self._count(name), len(variants)))]
        near = self._near.get(question, [])
        found += [self._near_one(question, row, at) for at in chance.sample(near, min(self._count("near"), len(near)))]
        exchanged = self._variants.get((row, EXCHANGED), [])
        if near and exchanged and self._count("exchanged near"):
            found.append(self._near_one(chance.choice(exchanged), row, chance.choice(near)))
        if data.start[row] != UNKNOWN and self._count("cut"):
            found.append(self._cut(question, row))
        if self._count("joined"):
            found.append(self._joined(question, row, chance.choice(self._asked)))
        yield from (one for one in found if one is not None)

    def _count(self, name: str) -> int:
        return int(SHARES[name] + self._chance.random())

    def _given(self, question: int, row: int) -> Example | None:
        data = self._data
        span = (int(data.start[row]), int(data.end[row]))
        kind = data.kinds[data.kind[row]]
        missing = data.missing[question]
        if not data.answers[row] and not data.natural[row]:
            missing = self._lacking(question, self._held[int(data.passage[row])], missing)
        return self._made(question, int(data.passage[row]), span, float(data.answers[row]), missing, kind, row)

    def _variant(self, question: int, row: int) -> Example | None:
        data = self._data
        sort, missing = data.sort[question], data.missing[question]
        if sort == BOTH:
            span = (int(data.own_start[question]), int(data.own_end[question]))
            return self._made(question, int(data.own[question]), span, 1.0, missing, "both", row)
        if sort == MISTYPED:
            span = (int(data.start[row]), int(data.end[row]))
            return self._made(question, int(data.passage[row]), span, 1.0, missing, "mistyped", row)
        around = (int(data.start[row]), int(data.end[row]))
        kind = "exchanged" if sort == EXCHANGED else "edited"
        return self._made(question, int(data.passage[row]), around, 0.0, missing, kind, row)

    def _cut(self, question: int, row: int) -> Example | None:
        """Return a question with its passage without the sentence that answers; None where the rest answers too, or is
        next to nothing."""
        data = self._data
        passage, start, end = int(data.passage[row]), int(data.start[row]), int(data.end[row])
        text = data.passages[passage]
        stops = np.flatnonzero(text == FULL_STOP)
        before, after = stops[stops < start], stops[stops >= end]
        first, last = (int(before[-1]) + 1 if before.size else 0), (int(after[0]) if after.size else len(text) - 1)
        rest = np.concatenate([text[:first], text[last + 1 :]])
        if len(rest) < LEAST_REST or text[start : end + 1].tobytes() in rest.tobytes():
            return None
        missing = self._lacking(question, frozenset(rest.tolist()), data.missing[question])
        return self._made(question, passage, (UNKNOWN, UNKNOWN), 0.0, missing, "cut", row, rest)

    def _joined(self, question: int, row: int, other: int) -> Example | None:
        """Return two questions as one, with the passage of the first; whether it answers both nobody knows."""
        data, passage = self._data, int(self._data.passage[row])
        first = self._made(question, passage, (UNKNOWN, UNKNOWN), UNKNOWN, data.missing[question], "joined", row)
        if first is None or len(data.questions[question]) + len(data.questions[other]) > QUESTION_TOKENS:
            return None
        lacking = self._lacking(other, self._held[passage], np.full_like(data.missing[other], UNKNOWN))
        asked = np.concatenate([first.question, data.questions[other]])
        return replace(
            first,
            question=asked,
            passage=first.passage[: TOKENS - 3 - len(asked)],
            missing=np.concatenate([first.missing, lacking]),
            words=np.concatenate([first.words, data.words[other]]),
        )

    def _near_one(self, question: int, row: int, passage: int) -> Example | None:
        exchanged = self._data.sort[question] == EXCHANGED
        missing = self._lacking(question, self._held[passage], self._data.missing[question])
        wanted, kind = (0.0, "exchanged near") if exchanged else (NEAR_ANSWERS, "near")
        return self._made(question, passage, (UNKNOWN, UNKNOWN), wanted, missing, kind, row)

    def _lacking(self, question: int, held: frozenset[int], missing: Row) -> Row:
        """Return labels of a question's tokens with a passage of these tokens that does not answer it: missing are
        those of a term of which the passage has nothing, not missing those of one that it has whole, and what was
        exchanged stays so."""
        slots, tokens = self._data.slots[question], self._data.questions[question]
        labels = np.where(missing == 1, 1, UNKNOWN).astype(np.int8)
        for slot in range(1, int(slots.max(initial=0)) + 1):
            places = np.flatnonzero(slots == slot)
            has = [int(token) in held for token in tokens[places]]
            if places.size and (missing[places] != 1).all():
                labels[places] = 0 if all(has) else 1 if not any(has) else UNKNOWN
        return labels

    def _made(  # noqa: PLR0913, PLR0917 - what an example is made of
        self,
        question: int,
        passage: int,
        span: tuple[int, int],
        answers: float,
        missing: Row,
        kind: str,
        row: int,
        text: Row | None = None,
    ) -> Example | None:
        """Return an example, its passage cut to a window that holds the answer; None where it answers nobody knows
        where and does not fit. ``text`` is read in place of the passage."""
        data, chance = self._data, self._chance
        asked, words = data.questions[question], data.words[question]
        if len(asked) > 1 and asked[-1] == QUESTION_MARK and chance.random() < UNMARKED:
            asked, missing, words = asked[:-1], missing[:-1], words[:-3]
        title = data.titles[passage]
        has_title = len(title) and chance.random() < TITLED
        head = np.append(title[:32], FULL_STOP).astype(title.dtype) if has_title else title[:0]
        text = data.passages[passage] if text is None else text
        room = TOKENS - 3 - len(asked) - len(head)
        spare = max(0, len(text) - room)
        if answers == 1 and span[0] == UNKNOWN and spare > room // 2:
            return None
        low, high = (max(0, span[1] - room + 1), min(span[0], spare)) if span[0] != UNKNOWN else (0, spare)
        begin = 0 if answers == 1 and span[0] == UNKNOWN else chance.randint(min(low, high), max(low, high))
        offset = 2 + len(asked) + len(head) - begin
        is_in = answers == 1 and span[0] != UNKNOWN and begin <= span[0] and span[1] < begin + room
        places = (span[0] + offset, span[1] + offset) if is_in else (UNKNOWN, UNKNOWN)
        cut = np.concatenate([head, text[begin : begin + room]])
        source = data.sources[data.source[row]]
        return Example(asked, cut, *places, answers, missing, words, str(source), str(kind))


def batches(examples: Sequence[Example], chance: random.Random, tokens: int) -> list[list[Example]]:
    """Return the examples in batches of like lengths, in a chance order."""
    order = sorted(range(len(examples)), key=lambda at: (len(examples[at]) // 8, chance.random()))
    made: list[list[Example]] = [[]]
    for at in order:
        if (len(made[-1]) + 1) * (len(examples[at]) + 7) > tokens:
            made.append([])
        made[-1].append(examples[at])
    chance.shuffle(made)
    return [batch for batch in made if batch]


class Batch(NamedTuple):
    """Examples as arrays: ``ids`` and ``missing`` (n, length), ``words`` (n, length, 3), the others (n,): how many
    tokens are the question's, how many there are in all, the answer's first and last, and whether it is one."""

    ids: Row
    missing: Row
    words: Row
    asked: Row
    length: Row
    start: Row
    end: Row
    answers: Row


def collate(batch: Sequence[Example]) -> Batch:
    """Return examples as arrays."""
    shape = (len(batch), max(map(len, batch)))
    ids, missing = np.zeros(shape, dtype=np.int32), np.full(shape, UNKNOWN, dtype=np.int8)
    words = np.full((*shape, 3), UNKNOWN, dtype=np.int8)
    for row, one in enumerate(batch):
        asked, length = len(one.question), len(one)
        ids[row, 0], ids[row, 1 + asked], ids[row, length - 1] = CLS, SEP, SEP
        ids[row, 1 : 1 + asked], ids[row, 2 + asked : length - 1] = one.question, one.passage
        missing[row, 1 : 1 + asked] = one.missing
        words[row, 1 : 1 + asked] = one.words.reshape(-1, 3)
    numbers = [(len(one.question), len(one), one.start, one.end) for one in batch]
    asked_, lengths, starts, ends = np.array(numbers, dtype=np.int64).T
    answers = np.array([one.answers for one in batch], dtype=np.float32)
    return Batch(ids, missing, words, asked_, lengths, starts, ends, answers)


class Inputs(NamedTuple):
    """A batch where it is learned from, with the types of the tokens and which there are, (n, length) each."""

    ids: torch.Tensor
    missing: torch.Tensor
    words: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    answers: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor


def placed(batch: Batch, device: Device) -> Inputs:
    """Return a batch on a device."""
    arrays = [torch.from_numpy(array).to(device, non_blocking=True) for array in batch]
    ids, missing, words, asked, length, start, end, answers = arrays
    places = torch.arange(ids.shape[1], device=device)[None]
    mask = places < length[:, None]
    types = mask & (places >= asked[:, None] + 2) & (places < length[:, None] - 1)
    return Inputs(ids.long(), missing.long(), words.long(), start, end, answers, types.long(), mask.long())


def make_batches(maker: Maker, epoch: int, tokens: int) -> list[Batch]:
    """Return the batches of an epoch."""
    return [collate(batch) for batch in batches(maker.epoch(1000 + epoch), random.Random(epoch), tokens)]


# --- training ------------------------------------------------------------------------------------------------


def loss_of(outputs: tuple[torch.Tensor, ...], batch: Inputs) -> torch.Tensor:
    """Return the sum of the heads' mean cross entropies."""
    spans, answers, missing, words = outputs
    total = _masked(answers, batch.answers)
    for kind, wanted in ((0, batch.start), (1, batch.end)):
        there = torch.where(wanted == UNKNOWN, -100, wanted)
        summed = nn.functional.cross_entropy(spans[..., kind], there, reduction="sum")
        total = total + 0.5 * summed / (wanted != UNKNOWN).sum().clamp(min=1)
    return total + _masked(missing, batch.missing) + 0.5 * word_loss(words, batch.words)


def word_loss(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross entropy of borders, and half of that of names and needs, where they are known: (n, length,
    5) scores and (n, length, 3) labels."""
    border = torch.where(labels[..., 0] == UNKNOWN, -100, labels[..., 0])
    summed = nn.functional.cross_entropy(scores[..., :3].flatten(0, 1), border.flatten(), reduction="sum")
    total = summed / (border != -100).sum().clamp(min=1)
    for kind in (1, 2):
        total = total + 0.5 * _masked(scores[..., 2 + kind], labels[..., kind])
    return total


def _masked(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross entropy where a label is known."""
    known = (wanted != UNKNOWN).float()
    each = nn.functional.binary_cross_entropy_with_logits(scores, wanted.clamp(min=0).float(), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def likeness(outputs: tuple[torch.Tensor, ...], taught: tuple[torch.Tensor, ...], batch: Inputs) -> torch.Tensor:
    """Return how far the outputs are from a teacher's (Hinton, Vinyals and Dean, "Distilling the knowledge in a neural
    network", 2015): cross entropies with its probabilities, and for spans their divergence."""
    binary = nn.functional.binary_cross_entropy_with_logits
    total = binary(outputs[1], taught[1].sigmoid())
    for kind in (0, 1):
        wanted = taught[0][..., kind].log_softmax(dim=-1)
        total = total + 0.5 * nn.functional.kl_div(
            outputs[0][..., kind].log_softmax(dim=-1), wanted, reduction="batchmean", log_target=True
        )
    asked = ((batch.types == 0) & (batch.mask == 1)).float()
    for mine, theirs in ((outputs[2], taught[2]), (outputs[3][..., 3], taught[3][..., 3])):
        total = total + (binary(mine, theirs.sigmoid(), reduction="none") * asked).sum() / asked.sum()
    return total


def optimiser_of(model: PassageReader) -> torch.optim.AdamW:
    """Return the optimiser: the heads learn faster than the encoder."""
    heads = [parameter for name, parameter in model.named_parameters() if not name.startswith("bert.")]
    body = [parameter for parameter in model.bert.parameters() if parameter.requires_grad]
    groups = [{"params": body, "lr": PEAK}, {"params": heads, "lr": HEADS_PEAK}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def train(
    model: PassageReader, maker: Maker, valid: Sequence[Example], chosen: argparse.Namespace, device: Device
) -> None:
    """Train to the end, or until the minutes are over; what was reached is kept, and gone on from."""
    teacher = read_teacher(chosen, device)
    if teacher is not None:
        begin_like(model, teacher)
    optimiser = optimiser_of(model)
    peaks = [group["lr"] for group in optimiser.param_groups]
    state = chosen.out / "state.pt"
    done = 0
    if state.exists():
        kept = torch.load(state, weights_only=True, map_location=device)
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        done = kept["step"]
    begun, step, steps, summed = time.monotonic(), 0, 0, torch.zeros((), device=device)
    for epoch, plan in enumerate(prepared(maker, chosen.epochs, BATCH_TOKENS[device.type])):
        steps = steps or len(plan) * chosen.epochs
        if epoch == 0:
            print(json.dumps({"examples": sum(len(b.ids) for b in plan), "steps": steps, "from": done}), flush=True)
        for batch in plan:
            step += 1
            if step <= done:
                continue
            share = min(1, step / (0.05 * steps)) * max(0.01, 1 - step / steps)
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * share
            summed += train_step(model, teacher, optimiser, placed(batch, device), device)
            is_over = chosen.minutes is not None and time.monotonic() - begun > 60 * chosen.minutes
            if step % 200 == 0:
                print(f"step {step}: {summed.item() / 200:.4f}, {time.monotonic() - begun:.0f} s", flush=True)
                summed.zero_()
            if step % 500 == 0 or is_over:
                _keep(model, optimiser, step, state)
            if is_over:
                return
        print(json.dumps({"epoch": epoch + 1, **measure(model, valid, device)}), flush=True)
    _keep(model, optimiser, step, state)


def prepared(maker: Maker, epochs: int, tokens: int) -> Iterator[list[Batch]]:
    """Yield the batches of each epoch, those of the next ones made in other processes meanwhile."""
    ahead = max(1, (os.cpu_count() or 1) // 4)
    with ProcessPoolExecutor(ahead, get_context("fork"), initializer=_take, initargs=(maker,)) as pool:
        coming = deque(pool.submit(_make_batches, epoch, tokens) for epoch in range(min(ahead, epochs)))
        for epoch in range(epochs):
            plan = coming.popleft().result()
            if epoch + ahead < epochs:
                coming.append(pool.submit(_make_batches, epoch + ahead, tokens))
            yield plan


_MAKER: list[Maker] = []  # of the process that makes batches


def _take(maker: Maker) -> None:
    _MAKER.append(maker)


def _make_batches(epoch: int, tokens: int) -> list[Batch]:
    return make_batches(_MAKER[0], epoch, tokens)


def train_step(
    model: PassageReader,
    teacher: PassageReader | None,
    optimiser: torch.optim.AdamW,
    batch: Inputs,
    device: Device,
) -> torch.Tensor:
    """Learn from a batch; return its loss."""
    model.train()
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        outputs = model(batch.ids, batch.types, batch.mask)
        loss = loss_of(outputs, batch)
        if teacher is not None:
            with torch.no_grad():
                taught = teacher(batch.ids, batch.types, batch.mask)
            loss = loss + likeness(outputs, taught, batch)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return loss.detach()


def read_teacher(chosen: argparse.Namespace, device: Device) -> PassageReader | None:
    """Return the reader that teaches this one, None without one."""
    if chosen.teacher is None:
        return None
    return read_reader(chosen.teacher, chosen.encoder, 6, device)


def read_reader(run: Path, encoder: Path, layers: int, device: Device) -> PassageReader:
    """Return the reader of a run."""
    found = PassageReader(encoder, layers).to(device).eval()
    found.load_state_dict(torch.load(run / "state.pt", weights_only=True, map_location=device)["model"])
    return found


def begin_like(model: PassageReader, teacher: PassageReader) -> None:
    """Begin with a teacher's heads, and its layers at even distances (Sanh et al., "DistilBERT", 2019)."""
    mine, theirs = model.bert.encoder.layer, teacher.bert.encoder.layer
    for place, layer in enumerate(mine):
        layer.load_state_dict(theirs[round(place * (len(theirs) - 1) / (len(mine) - 1))].state_dict())
    for name in ("span", "answer", "missing", "words"):
        getattr(model, name).load_state_dict(getattr(teacher, name).state_dict())


def _keep(model: PassageReader, optimiser: torch.optim.AdamW, step: int, file: Path) -> None:
    kept = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    part = file.with_suffix(".part")
    torch.save(kept, part)
    part.replace(file)


def write_weights(model: PassageReader, file: Path) -> None:
    """Write what was trained, by the names of BERT's layers: the encoder's own vectors of tokens stay where they are.

    A matrix is written as whole numbers of a byte, each row with its own scale as float16; the rest as float16. That
    is half of the bytes, and moves log odds by .03.
    """
    from safetensors.torch import save_file

    written = {}
    for name, one in model.state_dict().items():
        if name.startswith("bert.embeddings."):
            continue
        array = one.float().cpu()
        if array.ndim > 1 and len(array) >= LEAST_ROWS:
            scale = (array.abs().amax(dim=1) / 127).clamp(min=1e-7).half()
            written[f"{name}.scale"] = scale
            written[name] = (array / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8)
        else:
            written[name] = array.half()
    save_file(written, file)


# --- measuring -----------------------------------------------------------------------------------------------


def measure(model: PassageReader, examples: Sequence[Example], device: Device) -> dict[str, Any]:
    """Return what the heads are worth on examples that were left out."""
    model.eval()
    found: list[tuple[Example, float, tuple[int, int]]] = []
    lacks: list[tuple[float, int]] = []
    for batch in batches(examples, random.Random(0), BATCH_TOKENS[device.type]):
        made = placed(collate(batch), device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            spans, answers, missing, _ = (one.float().cpu().numpy() for one in model(made.ids, made.types, made.mask))
        for row, one in enumerate(batch):
            found.append((one, float(answers[row]), best_span(spans[row])))
            known = np.flatnonzero(one.missing != UNKNOWN)
            lacks += [(float(missing[row, 1 + at]), int(one.missing[at])) for at in known]
    spanned = [(one, span) for one, _, span in found if one.start != UNKNOWN]
    answering = [(one, score) for one, score, _ in found]
    human = [score for one, score in answering if one.answers == 1 and one.kind == "human"]
    by_kind, by_source = defaultdict(list), defaultdict(list)
    for one, score in answering:
        by_kind[one.kind].append((score, int(one.answers == 1)))
        by_source[one.source].append((score, int(one.answers == 1)))
    return {
        "exact": round(float(np.mean([span == (one.start, one.end) for one, span in spanned])), 4),
        "f1": round(float(np.mean([f1_of(span, (one.start, one.end)) for one, span in spanned])), 4),
        "answers": round(auroc([(score, int(one.answers == 1)) for one, score in answering]), 4),
        "missing": round(auroc(lacks), 4),
        "kinds": {
            kind: round(auroc([*((score, 1) for score in human), *((score, 0) for score, _ in pairs)]), 3)
            for kind, pairs in sorted(by_kind.items())
            if not any(right for _, right in pairs)
        },
        "sources": {source: round(auroc(pairs), 3) for source, pairs in sorted(by_source.items())},
    }


def best_span(scores: Row, longest: int = 40) -> tuple[int, int]:
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
    positives, negatives = int(wanted.sum()), int((1 - wanted).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[wanted == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def kept_near(data: Examples, file: Path, encoder: Path, device: Device) -> tuple[Row, Row]:
    """Return the nearest passages from a file, found and written first where it is not there."""
    if not file.exists():
        asked, near = nearest_passages(data, encoder, device)
        np.savez_compressed(file, asked=asked, near=near)
    stored = np.load(file)
    return stored["asked"], stored["near"]


def main() -> None:
    """Train, measure, and keep what was reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examples", type=Path, help="folder that `python -m training.examples` wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="folder of the encoder to begin with; the bundled one")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--teacher", type=Path, help="run of a reader of six layers to learn from too")
    parser.add_argument("--minutes", type=float, help="stop after so many, to go on by the same command")
    chosen = parser.parse_args()
    if chosen.encoder is None:
        from qa.embedders.sentence_transformers import model_folder

        chosen.encoder = model_folder(None)
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    made = []
    for part in ("train", "valid"):
        data = Examples.load(chosen.examples / f"{part}.npz")
        made.append(Maker(data, *kept_near(data, chosen.out / f"near-{part}.npz", chosen.encoder, device)))
        print(f"{part}: {len(data.questions):,} questions, near passages found", flush=True)
    model = PassageReader(chosen.encoder, chosen.layers).to(device)
    train(model, made[0], made[1].fixed(), chosen, device)
    write_weights(model, chosen.out / "reader.safetensors")


if __name__ == "__main__":
    main()
