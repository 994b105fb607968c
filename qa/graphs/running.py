"""Rows of tokens -> what a compiled graph makes of them: batched by length, calls from several threads together."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qa.graphs.compiled import LEAST_TOKENS, Pace, compiling, graph_in

_STEP = 4
"""Of the lengths of texts that are run together."""

Floats = npt.NDArray[np.float32]
Outputs = tuple[Floats, ...]
"""What a graph gives for one row: of each of its outputs its own part."""


class Tokens(NamedTuple):
    """A row of tokens and the type of each, 0 or 1."""

    ids: Sequence[int]
    types: Sequence[int]


@dataclass(slots=True, eq=False)
class _Wanted:
    """What one call is to run, how many tokens may be run together, and what came of it when it is there."""

    rows: Sequence[Tokens]
    most: int
    outputs: list[Outputs] | None = None


class GraphRunner:
    """Runs the graph in a folder. It is compiled beside whatever else is set up, and the first call waits for it. Calls
    from several threads take turns, and what waits is run together."""

    def __init__(self, folder: Path, inputs: Sequence[str], longest: int) -> None:
        """Begin to compile the graph in a folder: with these inputs, for rows of so many tokens at most.

        Raises OSError, or ValueError where its weights are empty.
        """
        self._inputs, self._longest = inputs, longest
        self._turn = threading.Lock()
        self._waiting: deque[_Wanted] = deque()
        self._compiling = compiling(graph_in(folder))

    @cached_property
    def _request(self) -> Any:
        return self._compiling.result().graph.create_infer_request()

    @property
    def _pace(self) -> Pace:
        return self._compiling.result().pace

    def run(self, rows: Sequence[Tokens], most: int | None = None) -> list[Outputs]:
        """Return the outputs for each row, at most so many tokens run together, or as many as are best for questions.

        What other threads want meanwhile is run with the next of them to get its turn: short rows together take less
        time than one after the other.
        """
        wanted = _Wanted(rows, most or self._pace.most)
        self._waiting.append(wanted)
        with self._turn:
            if wanted.outputs is None:
                self._run_all([wanted, *self._take_others(wanted)])
        assert wanted.outputs is not None  # noqa: S101 - by this turn, or by that of another
        return wanted.outputs

    def _take_others(self, wanted: _Wanted) -> list[_Wanted]:
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        return [one for one in taken if one is not wanted]

    def _run_all(self, together: Sequence[_Wanted]) -> None:
        try:
            most = min(one.most for one in together)
            outputs = self._run([row for one in together for row in one.rows], most)
        except Exception:
            self._waiting.extend(together[1:])  # each of the others is to meet the error itself
            raise
        start = 0
        for one in together:
            one.outputs = outputs[start : start + len(one.rows)]
            start += len(one.rows)

    def _run(self, rows: Sequence[Tokens], most: int) -> list[Outputs]:
        outputs: list[Outputs] = [()] * len(rows)
        for places in batches([len(row.ids) for row in rows], most, self._pace):
            made = self._request.infer(self._padded([rows[place] for place in places]))
            found = [np.array(made[number], dtype=np.float32) for number in range(len(made))]
            for at, place in enumerate(places):
                outputs[place] = tuple(array[at] for array in found)
        return outputs

    def _padded(self, rows: Sequence[Tokens]) -> list[npt.NDArray[np.int64]]:
        """Return the graph's inputs, each (n, length). What pads is masked, so it can be any token."""
        longest = max(len(row.ids) for row in rows)
        length = min(padded_length(longest, len(rows), self._pace.step), max(longest, self._longest))
        padded = []
        for name in self._inputs:
            array: npt.NDArray[np.int64] = np.zeros((len(rows), length), np.int64)
            for place, row in enumerate(rows):
                values = {"input_ids": row.ids, "token_type_ids": row.types}
                array[place, : len(row.ids)] = values.get(name, 1)
            padded.append(array)
        return padded


def padded_length(longest: int, texts: int, step: int) -> int:
    """Return how many tokens each of so many texts is run with, of which the longest has so many: all together all but
    a multiple of the step, each of four at least. A length that was not run before takes 5 ms more, and what OpenVINO
    keeps for it .6 MB."""
    least = max(longest, ceil(LEAST_TOKENS / texts))
    each = max(_STEP, step // texts)
    return least if least <= LEAST_TOKENS and each == _STEP else ceil(least / each) * each


def batches(lengths: Sequence[int], most: int, pace: Pace) -> list[list[int]]:
    """Return the places of texts to run together, the longest first, each batch of all but the same length and with
    ``most`` tokens, or of one text."""
    found: list[list[int]] = []
    padding = 0
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        longest = lengths[found[-1][0]] if found else 0
        padding += longest - lengths[place]
        texts = len(found[-1]) + 1 if found else 1
        if found and padding <= pace.worth and texts * padded_length(longest, texts, pace.step) <= most:
            found[-1].append(place)
        else:
            found.append([place])
            padding = 0
    return found
