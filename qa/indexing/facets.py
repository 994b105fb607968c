"""What a corpus can be narrowed to, counted when it is indexed: topics, folders, types of files and years."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from qa.datatypes import Details

FACETS = "facets.json"

MOST_VALUES = 200
"""Values of one facet that are kept, those with most documents: nobody looks through more."""

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Facets:
    """By facet how many documents each value has, in the order of the alphabet. A folder counts all that is below it,
    and begins the sources of these."""

    topics: Mapping[str, int] = field(default_factory=dict)
    folders: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    years: Mapping[str, int] = field(default_factory=dict)


NO_FACETS = Facets()


def year_of(details: Details) -> str:
    """Return the year of a text, of when it was last reviewed where it has no date; "" where that is not known."""
    found = _YEAR.search(details.date) or _YEAR.search(details.reviewed)
    return found[0] if found else ""


@lru_cache(maxsize=1)  # the documents of a file come one after the other
def type_of(file: str) -> str:
    """Return the ending of a file, in lower case without its dot."""
    return PurePosixPath(file).suffix.lower().removeprefix(".")


class FacetCounts:
    """Counts document after document."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in Facets.__slots__}
        self._spelt: dict[str, Counter[str]] = {}
        self._documents = 0

    def add(self, source: str, file: str, topics: tuple[str, ...], year: str) -> None:
        """Count a document."""
        self._documents += 1
        folders = [f"{folder.as_posix()}/" for folder in PurePosixPath(source).parents if folder.name]
        for name, values in (("topics", topics), ("folders", folders), ("types", [type_of(file)]), ("years", [year])):
            self._counts[name].update({value.casefold() for value in values if value})
            for value in values:
                self._spelt.setdefault(value.casefold(), Counter())[value] += 1

    def write(self, folder: Path) -> None:
        """Write the values that there is something to choose in, for case does not matter as they are most often
        spelt: one that all documents have is no choice."""
        kept = {
            name: {
                self._spelt[value].most_common(1)[0][0]: count
                for value, count in sorted(counts.most_common(MOST_VALUES))
                if count < self._documents
            }
            for name, counts in self._counts.items()
        }
        (folder / FACETS).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")


def read_facets(folder: Path) -> Facets:
    """Return what was written. Raises OSError, ValueError or TypeError where it is not that."""
    read: dict[str, Any] = json.loads((folder / FACETS).read_text(encoding="utf-8"))
    return Facets(
        **{name: {str(value): int(count) for value, count in counts.items()} for name, counts in read.items()}
    )
