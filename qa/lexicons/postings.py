"""Lists of the passages that have a stem -> counts of phrases, BM25 and the best passages, as tantivy has them.

Only arrays: where they lie is others'. Scores are in 32 bits, and lengths in one byte, as in tantivy.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, takewhile
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

K1, B = np.float32(1.2), np.float32(0.75)

_EXACT = 24  # tokens up to which a byte is the length itself
_SPARSE = 64  # rows to each that is looked for: where they are more, it is sought by halving
_BLOCK = 1024  # scores of which only the best is looked at first


def _length_of(code: int) -> int:
    """Return the length that a byte stands for: above ``_EXACT`` its first four binary digits, and how many
    follow."""
    shift, digits = divmod(max(code - _EXACT, 0), 8)
    return min(code, _EXACT) + ((digits | 8) << (shift - 1) if shift else digits)


LENGTHS = np.array([_length_of(code) for code in range(256)], np.int64)
"""The length of a passage in tokens by the byte that it is kept as, tantivy's and Lucene's."""


def length_codes(lengths: Array) -> npt.NDArray[np.uint8]:
    """Return the byte of each length: that of the longest that is no longer."""
    return (np.searchsorted(LENGTHS, lengths, side="right") - 1).astype(np.uint8)


class Postings(NamedTuple):
    """The passages that have a stem: their rows, which rise; how often each has it; and at which places of its tokens,
    passage after passage."""

    rows: Array
    counts: Array
    places: Array

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays have."""
        return self.rows.nbytes + self.counts.nbytes + self.places.nbytes

    @classmethod
    def joined(cls, parts: "Sequence[Postings]") -> "Postings":
        """Return the postings of several segments, given in their order."""
        if not parts:
            return NO_POSTINGS
        return parts[0] if len(parts) == 1 else cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


NO_POSTINGS = Postings(np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.uint8))


class Segment:
    """Gathers the tokens of passages, row after row, to yield the postings of each stem."""

    def __init__(self, first_row: int) -> None:
        """Begin with the row of the first passage."""
        self._first_row = first_row
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._tokens = array("i")
        self._lengths = array("i")

    def __len__(self) -> int:
        """Return how many passages were added."""
        return len(self._lengths)

    def add(self, tokens: Sequence[str]) -> None:
        """Add the next passage."""
        self._tokens.extend(map(self._numbers.__getitem__, tokens))
        self._lengths.append(len(tokens))

    def lengths(self) -> Array:
        """Return how many tokens each passage has."""
        return np.array(self._lengths, np.int64)

    def postings(self) -> Iterator[tuple[str, Postings]]:
        """Yield each stem with its postings, in the order of the stems, the numbers in as few bytes as they need, the
        low ones first."""
        tokens, lengths = np.array(self._tokens, np.int32), self.lengths().astype(np.int32)
        order = np.argsort(tokens, kind="stable")
        tokens = tokens[order]
        rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)[order]
        places = np.arange(len(order), dtype=np.int32)
        places -= np.repeat(np.cumsum(lengths, dtype=np.int32) - lengths, lengths)
        places = _narrow(places[order])
        is_first = np.ones(len(order), bool)
        is_first[1:] = (np.diff(tokens) != 0) | (np.diff(rows) != 0)
        first = np.flatnonzero(is_first)
        counts = _narrow(np.diff(first, append=len(order)))
        rows = (rows[first] + np.int32(self._first_row)).astype("<i4")
        stems = np.arange(len(self._numbers) + 1)
        begin_token = np.searchsorted(tokens, stems).tolist()
        begin_row = np.searchsorted(tokens[first], stems).tolist()
        for stem in sorted(self._numbers):
            number = self._numbers[stem]
            its, its_tokens = slice(*begin_row[number : number + 2]), slice(*begin_token[number : number + 2])
            yield stem, Postings(rows[its], counts[its], places[its_tokens])


def _narrow(numbers: Array) -> Array:
    """Return numbers, none negative, in as few bytes each as the largest needs, 1, 2 or 4, the low ones first."""
    largest = int(numbers.max(initial=0))
    return numbers.astype("<u1" if largest < 1 << 8 else "<u2" if largest < 1 << 16 else "<u4")


class Bm25:
    """What a stem or a phrase counts in a passage (Robertson and Zaragoza 2009)."""

    def __init__(self, codes: npt.NDArray[np.uint8], tokens: int) -> None:
        """Take the length of each passage as a byte, and how many tokens all have."""
        average = np.float32(tokens) / np.float32(max(len(codes), 1))
        lengths = LENGTHS.astype(np.float32)
        self._norms = K1 * (np.float32(1) - B + B * lengths / (average or np.float32(1)))
        self._codes = codes

    def idf(self, passages: int) -> np.float32:
        """Return the inverse document frequency of a stem that so many passages have."""
        half = np.float32(0.5)
        ratio = (np.float32(len(self._codes) - passages) + half) / (np.float32(passages) + half)
        return np.float32(np.log(np.float32(1) + ratio))

    def scores(self, rows: Array, counts: Array, idf: np.float32, boost: float = 1) -> Floats:
        """Return the score of each passage that has something so often."""
        shares = counts.astype(np.float32)
        norms = self._norms.take(self._codes.take(rows))
        norms += shares
        shares /= norms
        shares *= idf * (np.float32(1) + K1) * np.float32(boost)
        return shares


def occurrences(phrase: Sequence[Postings]) -> tuple[Array, Array]:
    """Return the rows of the passages that have stems side by side, and how often each has them."""
    if len(phrase) == 1:
        return phrase[0].rows, phrase[0].counts
    rows = common_rows([one.rows for one in phrase])
    if not len(rows):
        return rows, rows
    width = _width(phrase)
    first, *others = _all_keys(phrase, rows, width)
    for keys in others:
        first = first[_is_in(first, keys)]
    often = np.bincount(first // width, minlength=len(rows))
    return rows[often > 0], often[often > 0]


def passages_near(phrase: Sequence[Postings], slop: int) -> int:
    """Return how many passages have two or more stems within so many moves of a word, under 256, as tantivy has it.

    A place is compared as if the stem stood at the end of the phrase: stems side by side are then at one place.
    """
    rows = common_rows([one.rows for one in phrase])
    if not len(rows):
        return 0
    width = _width(phrase) + len(phrase) * slop
    first, *others = _all_keys(phrase, rows, width)
    is_near = np.ones(len(rows), bool)
    for stems_before, keys in enumerate(others, start=1):  # each of which the slop may have moved
        near = np.zeros(len(rows), bool)
        near[first[_distances(first, keys) <= stems_before * slop] // width] = True
        is_near &= near
    if len(others) == 1:
        return int(is_near.sum())
    by_row = [_places(keys, is_near, width) for keys in (first, *others)]
    return sum(_is_near(places, slop) for places in zip(*by_row, strict=True))


def common_rows(lists: Sequence[Array]) -> Array:
    """Return the rows that every list has; all rise."""
    shortest, *others = sorted(lists, key=len)
    for rows in others:
        if len(shortest) * _SPARSE <= (rows[-1] if len(rows) else 0):
            shortest = shortest[_is_in(shortest, rows)]
        elif len(shortest):
            is_there = np.zeros(int(max(shortest[-1], rows[-1])) + 1, bool)
            is_there[rows] = True
            shortest = shortest[is_there[shortest]]
    return shortest


def _is_in(wanted: Array, among: Array) -> npt.NDArray[np.bool_]:
    """Return which numbers are among others, at least one; both rise."""
    at = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return np.asarray(among[at] == wanted)


def _distances(wanted: Array, among: Array) -> Array:
    """Return how far each number is from the nearest among others, at least one; both rise."""
    after = np.searchsorted(among, wanted)
    below, above = among[np.maximum(after - 1, 0)], among[np.minimum(after, len(among) - 1)]
    return np.asarray(np.minimum(np.abs(wanted - below), np.abs(above - wanted)))


def _width(phrase: Sequence[Postings]) -> int:
    """Return a number above every place of the stems in a passage, moved by the length of the phrase."""
    return max(int(np.iinfo(one.places.dtype).max) for one in phrase) + len(phrase) + 1


def _all_keys(phrase: Sequence[Postings], rows: Array, width: int) -> list[Array]:
    """Return where each stem stands in the passages of these rows, those of the rarest first: row times width, plus
    place as if it stood at the end of the phrase."""
    rarest_first = sorted(enumerate(phrase, start=1), key=lambda one: len(one[1].rows))
    return [_keys(one, rows, width) + (len(phrase) - place) for place, one in rarest_first]


def _keys(one: Postings, rows: Array, width: int) -> Array:
    at = np.searchsorted(one.rows, rows)
    counts = one.counts[at].astype(np.int64)
    begins = np.cumsum(one.counts, dtype=np.int64)[at] - counts
    written = np.cumsum(counts) - counts
    taken = np.arange(counts.sum()) + np.repeat(begins - written, counts)
    return np.asarray(one.places[taken] + np.repeat(np.arange(len(rows), dtype=np.int64) * width, counts))


def _places(keys: Array, is_wanted: npt.NDArray[np.bool_], width: int) -> list[list[int]]:
    """Return the places in each of the passages that are wanted."""
    wanted = np.flatnonzero(is_wanted) * width
    bounds = zip(np.searchsorted(keys, wanted), np.searchsorted(keys, wanted + width), strict=True)
    return [(keys[begin:end] % width).tolist() for begin, end in bounds]


def _is_near(phrase: Sequence[list[int]], slop: int) -> bool:
    """Whether a passage has the stems that stand at these places near each other."""
    reached, is_met = [(place, 0) for place in phrase[0]], False
    for places in phrase[1:]:
        reached, is_met = _moved(reached, places, slop) if reached else ([], False)
    return is_met


def _moved(reached: list[tuple[int, int]], places: list[int], slop: int) -> tuple[list[tuple[int, int]], bool]:
    """Return which places a phrase reaches with one stem more, each with the moves spent, and whether it has met the
    stem. Both are walked along at once, and the nearest pairs alone are met: tantivy's way, which can miss some."""
    found: list[tuple[int, int]] = []
    at = other = 0
    is_met = False
    while at < len(reached) and other < len(places):
        (here, spent), there = reached[at], places[other]
        if spent + abs(here - there) > slop:
            at, other = (at + 1, other) if here < there else (at, other + 1)
            continue
        end = max(here, there)
        between = (place for place, _ in reached[at:]) if here < there else iter(places[other:])
        for last in takewhile(end.__ge__, between):
            _reach(found, last, spent + end - last)
        _reach(found, end, spent + end - last)
        at, other, is_met = at + 1, other + 1, True
    if at == len(reached):
        left = [(there, reached[-1][1] + abs(reached[-1][0] - there)) for there in places[other:]]
    else:
        left = [(here, spent + abs(here - places[-1])) for here, spent in reached[at:]]
    for place, spent in left:
        if spent <= slop:
            _reach(found, place, spent)
    return found, is_met


def _reach(found: list[tuple[int, int]], place: int, spent: int) -> None:
    if found and found[-1][0] == place:
        found[-1] = (place, min(found[-1][1], spent))
    else:
        found.append((place, spent))


def best(rows: Array, scores: Floats, k: int) -> tuple[Array, Floats]:
    """Return the k rows of the best scores with these, best first; equal ones in the order of the rows."""
    if len(rows) > k:
        is_good = scores >= np.partition(scores, -k)[-k]
        rows, scores = rows[is_good], scores[is_good]
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]


def best_of_all(scores: Floats, k: int) -> tuple[Array, Floats]:
    """Return the k best of the scores of all rows, without those of 0, which have nothing of what was asked."""
    least, blocks = np.float32(0), len(scores) // _BLOCK
    if blocks >= k:  # so many blocks have a score no worse than that of the k-th best block, whose rows are few
        least = np.partition(scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1), -k)[-k]
    rows = np.flatnonzero(scores >= least if least > 0 else scores)
    return best(rows, scores[rows], k)
