"""Questions for a first try: the owner's, or some made of the corpus's own titles."""

from collections.abc import Sequence
from pathlib import Path

from qa.answers.suggesting import as_within
from qa.indexing.index import Index
from qa.wording import wording_of

_SAMPLE = 500  # passages looked at for titles to make examples of
_TITLE_WORDS = 3
_GENERATIONS = 100  # whose examples are kept


class Examples:
    """The examples of the generations that are asked now: their owners', or some made when they are first seen."""

    def __init__(self) -> None:
        """Begin with none."""
        self._made: dict[Path, Sequence[str]] = {}

    def __call__(self, index: Index) -> Sequence[str]:
        """Return the examples of an index."""
        folder = index.generation.folder
        if folder not in self._made:
            if len(self._made) >= _GENERATIONS:
                self._made.clear()
            self._made[folder] = index.manifest.examples or example_questions(index)
        return self._made.get(folder, index.manifest.examples)


def example_questions(index: Index) -> list[str]:
    """Return questions for a first try, made of the corpus's own short titles; none where it has no such titles.

    The last one joins two titles into a name that nobody uses, to show what the note is for.
    """
    step = max(len(index) // _SAMPLE, 1)
    titles = {index.passage(row).title for row in range(0, len(index), step)}
    short = sorted((title for title in titles if 0 < len(title.split()) <= _TITLE_WORDS), key=lambda t: (len(t), t))
    said = wording_of(index.manifest.language)
    names = [as_within(title, index.language) for title in short[:4]]
    asked = [said.text("What is {name}?", name=name) for name in names]
    if len(names) >= 2:
        asked.append(said.text("What is the {one} and {other} model?", one=names[-2], other=names[-1]))
    return asked
