"""What is typed so far -> how it may go on, in the names and words that the texts have."""

import re

from qa.indexing.index import Index
from qa.language import Language

MOST_SUGGESTED = 8

_LEAST_TYPED = 2  # characters: one letter begins too much
_LONGEST_NAME = 6  # words of a name that may have been begun
_LEAST_PASSAGES = 2  # with a word, for a word in one alone may be an error
_WORD = re.compile(r"\S+")


def suggest(typed: str, index: Index, most: int = MOST_SUGGESTED) -> list[str]:
    """Return texts that begin with what is typed: its last words may begin a title, another name of a subject or a
    heading, the last one a word of the texts. The longest beginning comes first."""
    if not " ".join(typed.split()).isprintable():
        return []
    starts = [word.start() for word in _WORD.finditer(typed)]
    found: dict[tuple[str, ...], str] = {}
    for start in starts[-_LONGEST_NAME:]:
        before, begun = typed[:start], typed[start:]
        if len(begun.strip()) < _LEAST_TYPED:
            continue
        names = index.generation.names
        said = names.beginning_with(begun, most) if names else []
        if start == starts[-1] and not typed[-1].isspace():
            said += index.lexicon.words_beginning(begun, most, _LEAST_PASSAGES)
        for name in said:
            whole = f"{before}{as_within(name, index.language) if before.strip() else name}"
            if whole.casefold() != typed.casefold():
                found.setdefault(tuple(index.language.stems(whole)), whole)  # one of several inflections
    return list(found.values())[:most]


def as_within(name: str, language: Language) -> str:
    """Return a title as it stands within a sentence: "Narrative therapy" as "narrative therapy", names as they are."""
    return name[0].lower() + name[1:] if name[1:].islower() and not language.capital_nouns else name
