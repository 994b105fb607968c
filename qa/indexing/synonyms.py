"""The owner's groups of words that mean the same, by their stems, and his acronyms: what a question is looked through
for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qa.language import Language

_LETTERS = range(2, 6)  # of an acronym
_SHORT = 4  # letters of a form in capitals that, in small letters, may be a word: "IT", "US"


@dataclass(frozen=True, slots=True)
class Form:
    """A word or phrase of a group with the ``others`` of all groups that it is in. One that is ``ambiguous`` is a word
    too where it is not written in capitals."""

    others: tuple[str, ...]
    ambiguous: bool


Forms = Mapping[tuple[str, ...], Form]
"""Forms by their stems."""


def forms_of(groups: Sequence[Sequence[str]], language: Language) -> Forms:
    """Return the forms of groups. What has no word in it is left out."""
    others: dict[tuple[str, ...], dict[str, None]] = {}
    ambiguous = set()
    for group in groups:
        for form in group:
            stems = tuple(language.stems(form))
            others.setdefault(stems, {}).update((other, None) for other in group if other != form)
            if is_ambiguous(form, language):
                ambiguous.add(stems)
    return {stems: Form(tuple(found), stems in ambiguous) for stems, found in others.items() if stems}


def is_acronym(name: str) -> bool:
    """Whether a name is two to five capitals."""
    return name.isupper() and name.isalpha() and len(name) in _LETTERS


class Acronyms:
    """Gathers the acronyms among the other names of documents' subjects, and the titles of these."""

    def __init__(self) -> None:
        """Begin with none."""
        self._titles: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, title: str, aliases: Sequence[str]) -> None:
        """Add those of a document, its title among them."""
        for name in filter(is_acronym, (title, *aliases)):
            self._titles[name].add(title)

    def of_one_title(self) -> dict[str, str]:
        """Return {acronym: title} of those that are another name under one title only."""
        found = {acronym: min(titles) for acronym, titles in sorted(self._titles.items()) if len(titles) == 1}
        return {acronym: title for acronym, title in found.items() if acronym != title}


def is_ambiguous(form: str, language: Language) -> bool:
    """Whether a form is in short capitals, and a word of the language in small letters."""
    return form.isupper() and len(form) <= _SHORT and language.is_known(form.lower())
