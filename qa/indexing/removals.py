"""Which documents an index loses, and whether so many that it is to be asked for."""

import os.path
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from qa.plurals import count

MOST = 0.1
"""The largest share of an index's documents that goes without being asked for."""

_NAMED = 5  # places that are named before they are only counted


@dataclass(frozen=True, slots=True)
class Removals:
    """How many documents go from each place, and how many the index has ``before``."""

    places: tuple[tuple[str, int], ...] = ()
    before: int = 0

    @property
    def documents(self) -> int:
        """Return how many documents go."""
        return sum(number for _, number in self.places)

    @property
    def are_many(self) -> bool:
        """Whether more than a tenth of the documents go."""
        return self.documents > MOST * self.before

    def describe(self, verb: str) -> str:
        """Return how many go from where, as in "3 of 40 documents would go, from notes/old (2) and notes/a.md (1)"."""
        named = [f"{place} ({number:,})" for place, number in self.places[:_NAMED]]
        more = len(self.places) - len(named)
        listed = [*named, *([count(more, "other place")] if more else [])]
        joined = " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
        return f"{self.documents:,} of {count(self.before, 'document')} {verb}, from {joined}"


NOTHING_GOES = Removals()


def removals(files: Iterable[str], before: int) -> Removals:
    """Return what goes, given the file of each document that goes: by the folder that those of a corpus share, most
    first."""
    counted: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for file in files:
        counted[PurePosixPath(file).parts[0]][file] += 1
    places = [(os.path.commonpath(names), sum(names.values())) for names in counted.values()]
    return Removals(tuple(sorted(places, key=lambda place: (-place[1], place[0]))), before)
