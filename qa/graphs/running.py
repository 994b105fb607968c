"""Rows of tokens -> what a compiled graph makes of them: short texts in one row where the graph knows them apart, else
batched by length; calls from several threads together."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qa.graphs.compiled import Pace, Texts, compiling, graph_in

_STEP = 8
"""The least step of the lengths of texts that are run together, where one by itself has none that is less."""

GAP = 1
"""Masked tokens between two texts of a row: what reads a token's neighbours reads nothing of another text."""

Floats = npt.NDArray[np.float32]
Outputs = tuple[Floats, ...]
"""What a graph gives for one row: of each of its outputs its own part."""


class Tokens(NamedTuple):
    """A row of tokens and the type of each, 0 or 1."""

    ids: Sequence[int]
    types: Sequence[int]


Placed = tuple[int, int, Tokens]
"""Where a text begins in its row, its number there, from 1 on, and its tokens."""


@dataclass(slots=True, eq=False)
class _Wanted:
    """What one call is to run, of which kind it is, and what came of it when it is there."""

    rows: Sequence[Tokens]
    texts: Texts
    outputs: list[Outputs] | None = None


class GraphRunner:
    """Runs the graph in a folder. It is compiled beside whatever else is set up, and the first call waits for it. Calls
    from several threads take turns, and what waits is run together.

    A graph that ``packs`` takes several texts in one row: its mask has for each token the number of its text, from 1
    on, and 0 between texts; of its outputs the first is (n, texts, …), the others are (n, length, …).
    """

    def __init__(self, folder: Path, inputs: Sequence[str], longest: int, *, packs: bool = False) -> None:
        """Begin to compile the graph in a folder: with these inputs, for rows of so many tokens at most.

        Raises OSError, or ValueError where its weights are empty.
        """
        self._inputs, self._longest, self._packs = inputs, longest, packs
        self._turn = threading.Lock()
        self._waiting: deque[_Wanted] = deque()
        self._compiling = compiling(graph_in(folder))

    @cached_property
    def _request(self) -> Any:
        return self._compiling.result().graph.create_infer_request()

    def run(self, rows: Sequence[Tokens], texts: Texts = Texts.SHORT) -> list[Outputs]:
        """Return the outputs for each row, which are of one kind of texts, as many run together as is best for those.

        What other threads want meanwhile of the same kind is run with the next of them to get its turn: short rows
        together take less time than one after the other.
        """
        wanted = _Wanted(rows, texts)
        self._waiting.append(wanted)
        with self._turn:
            if wanted.outputs is None:
                self._run_all([wanted, *self._take_others(wanted)])
        assert wanted.outputs is not None  # noqa: S101 - by this turn, or by that of another
        return wanted.outputs

    def _take_others(self, wanted: _Wanted) -> list[_Wanted]:
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self._waiting.extend(one for one in waiting if one.texts != wanted.texts)
        return [one for one in waiting if one is not wanted and one.texts == wanted.texts]

    def _run_all(self, together: Sequence[_Wanted]) -> None:
        try:
            outputs = self._run([row for one in together for row in one.rows], together[0].texts)
        except Exception:
            self._waiting.extend(together[1:])  # each of the others is to meet the error itself
            raise
        start = 0
        for one in together:
            one.outputs = outputs[start : start + len(one.rows)]
            start += len(one.rows)

    def _run(self, rows: Sequence[Tokens], texts: Texts) -> list[Outputs]:
        lengths, pace = [len(row.ids) for row in rows], self._compiling.result().paces[texts]
        outputs: list[Outputs] = [()] * len(rows)
        if self._packs and texts is Texts.SHORT:
            runs, run = packed(lengths, pace.most), self._run_packed
        else:
            runs, run = batches(lengths, pace), self._run_padded
        for places in runs:
            for place, made in zip(places, run([rows[place] for place in places], pace), strict=True):
                outputs[place] = made
        return outputs

    def _run_padded(self, rows: Sequence[Tokens], pace: Pace) -> list[Outputs]:
        """Return the outputs of texts that are each a row; of a graph that packs, the first alone, for passages are
        wanted for nothing else: their tokens' vectors would be hundreds of megabytes in a build."""
        length = self._length(max(len(row.ids) for row in rows), len(rows), pace)
        made = self._infer([[(0, 1, row)] for row in rows], length)
        if self._packs:
            made = [made[0][:, 0]]
        return [tuple(array[at] for array in made) for at in range(len(rows))]

    def _run_packed(self, rows: Sequence[Tokens], pace: Pace) -> list[Outputs]:
        """Return the outputs of texts that are one row together, of each only its own tokens'."""
        starts = [0, *accumulate(len(row.ids) + GAP for row in rows)]
        texts = [(start, number, row) for number, (start, row) in enumerate(zip(starts, rows, strict=False), start=1)]
        first, *others = self._infer([texts], self._length(starts[-1] - GAP, 1, pace))
        return [
            (first[0, number - 1], *(array[0, start : start + len(row.ids)] for array in others))
            for start, number, row in texts
        ]

    def _length(self, longest: int, rows: int, pace: Pace) -> int:
        return min(padded_length(longest, rows, pace), max(longest, self._longest))

    def _infer(self, rows: Sequence[Sequence[Placed]], length: int) -> list[Floats]:
        """Return the graph's outputs for rows of texts. What pads is masked, so it can be any token."""
        inputs: list[npt.NDArray[np.int64]] = [np.zeros((len(rows), length), np.int64) for _ in self._inputs]
        for name, array in zip(self._inputs, inputs, strict=True):
            for at, texts in enumerate(rows):
                for start, number, text in texts:
                    values = {"input_ids": text.ids, "token_type_ids": text.types}
                    array[at, start : start + len(text.ids)] = values.get(name, number)
        made = self._request.infer(inputs)
        return [np.array(made[number], dtype=np.float32) for number in range(len(made))]


def packed(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Return the places of texts that are one row together, the longest first, each in the first row that has room for
    it: a row is at most ``most`` tokens long with the gaps, or of one text."""
    found: list[list[int]] = []
    taken: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        wanted = GAP + lengths[place]
        row = next((row for row, tokens in enumerate(taken) if tokens + wanted <= most), None)
        if row is None:
            found.append([place])
            taken.append(lengths[place])
        else:
            found[row].append(place)
            taken[row] += wanted
    return found


def padded_length(longest: int, rows: int, pace: Pace) -> int:
    """Return how many tokens each of so many rows is run with, of which the longest has so many: all together all but
    a multiple of the pace's step."""
    least, each = max(longest, ceil(pace.least / rows)), max(min(_STEP, pace.step), pace.step // rows)
    return ceil(least / each) * each


def batches(lengths: Sequence[int], pace: Pace) -> list[list[int]]:
    """Return the places of texts to run together, the longest first, each batch of all but the same length and with
    the pace's most tokens, or of one text."""
    found: list[list[int]] = []
    padding = 0
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        longest = lengths[found[-1][0]] if found else 0
        padding += longest - lengths[place]
        texts = len(found[-1]) + 1 if found else 1
        if found and padding <= pace.worth and texts * padded_length(longest, texts, pace) <= pace.most:
            found[-1].append(place)
        else:
            found.append([place])
            padding = 0
    return found
