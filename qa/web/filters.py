"""What of the texts is asked: the lists to choose from, and the choice in words."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from qa.datatypes import EVERYTHING, Scope
from qa.indexing.facets import Facets
from qa.web.address import SCOPE
from qa.wording import Wording


class Texts(Protocol):
    """What a verdict says of the texts: their title and number, as a manifest has them."""

    @property
    def title(self) -> str:
        """Return the title, "" without one."""

    @property
    def documents(self) -> int:
        """Return how many there are."""


class Option(NamedTuple):
    """A value to choose, how many documents have it, and whether it is chosen."""

    value: str
    documents: int
    is_chosen: bool


class Filter(NamedTuple):
    """A list to choose from: the parameter that it is, its name, and its values."""

    parameter: str
    label: str
    options: list[Option]


def filters(facets: Facets, scope: Scope, said: Wording) -> list[Filter]:
    """Return the lists that have something to choose, or from which something is chosen."""
    tables: list[tuple[str, str, Mapping[str, int]]] = [
        ("topic", said.text("Topic"), facets.topics),
        ("source", said.text("Folder"), facets.folders),
        ("type", said.text("Type"), facets.types),
        ("year", said.text("Year"), dict(sorted(facets.years.items(), reverse=True))),
    ]
    found = []
    for parameter, label, counts in tables:
        chosen = getattr(scope, parameter)
        options = [Option(value, number, value.casefold() == chosen.casefold()) for value, number in counts.items()]
        if chosen and not any(option.is_chosen for option in options):
            options.append(Option(chosen, 0, is_chosen=True))
        if options:
            found.append(Filter(parameter, label, options))
    return found


def texts_in_words(manifest: Texts, selected: int | None, said: Wording) -> str:
    """Return which texts were asked, as a verdict ends: "these 115 texts", or "26 of these 115 texts"."""
    if selected is None or manifest.documents == 1:
        return said.counted("this text", "these {number} texts", manifest.documents)
    return said.text("{some} of these {all} texts", some=said.number(selected), all=said.number(manifest.documents))


def parameters(scope: Scope) -> dict[str, str]:
    """Return the parameters of an address that ask the same texts."""
    return {} if scope == EVERYTHING else {name: value for name in SCOPE if (value := getattr(scope, name))}
