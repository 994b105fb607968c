"""The names in a corpus by how they begin: titles, other names of subjects and headings, to suggest while one types."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import marisa_trie

from qa.language.words import without_accents
from qa.lexicons import Entry

NAMES = "names.marisa"

LONGEST_NAME = 60
"""Characters of a name; a longer one is a sentence, which nobody types to its end."""

_LOOKED_AT = 2000  # names with one beginning, of which the shortest are taken
_BEFORE_SHOWN = "\x1f"  # between a name as it is looked up and as it is shown


def folded_name(written: str) -> str:
    """Return a name as it is looked up: in lower case, without accents, with one space between words."""
    return " ".join(without_accents(written.casefold()).split())


class NameCounts:
    """Gathers names, and how many passages stand under each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: Counter[str] = Counter()

    def of(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries of a lexicon as they are, and gather what they stand under."""
        for entry in entries:
            lines = {" ".join(name.split()) for context in entry.context for name in context.split("\n")}
            kept = (line for line in lines if 0 < len(line) <= LONGEST_NAME and _BEFORE_SHOWN not in line)
            self._counts.update(f"{folded_name(line)}{_BEFORE_SHOWN}{line}" for line in kept)
            yield entry

    def write(self, folder: Path) -> None:
        """Write them."""
        counted = ((key, (min(count, 0xFFFFFFFF),)) for key, count in self._counts.items())
        marisa_trie.RecordTrie("<I", counted).save(str(folder / NAMES))


class Names:
    """The names of a generation."""

    def __init__(self, content: bytes) -> None:
        """Take what was written. Raises ValueError or RuntimeError where it is not that."""
        self._trie = marisa_trie.RecordTrie("<I").frombytes(content)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._trie)

    def beginning_with(self, written: str, most: int) -> list[str]:
        """Return names that begin like this, the ones of most passages first, of equals the shortest."""
        begin = folded_name(written) + (" " if written[-1:].isspace() else "")
        found = list(islice(self._begun(begin), _LOOKED_AT))
        ordered = sorted(found, key=lambda one: (-one[1], len(one[0]), one[0]))
        return list(dict.fromkeys(name for name, _ in ordered))[:most]

    def _begun(self, begin: str) -> Iterator[tuple[str, int]]:
        for key, (count,) in self._trie.iteritems(begin):
            yield key.partition(_BEFORE_SHOWN)[2], count
