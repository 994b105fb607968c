"""Question -> the owner's words that stand above every answer to one of its kind, found by meaning.

"I want to die" asks a library for help, not for passages: its owner says where that is.
"""

from collections.abc import Sequence

import numpy as np

from qa.datatypes import Signpost, Verdict
from qa.language import Language
from qa.stores import Vectors

NEAR = 0.5
"""The cosine of a question to an example from which on it is of that kind. `benchmarks/signposts.py` measures both
kinds of error: with questions for help in other words than the examples, and with questions on other things. To
miss one who is in danger is worse than to say where help is to one who is not."""

NEAR_IN_WORDS = 0.35
"""The same for a question that has one of the owner's words, measured there too: a word alone tells too little. Words
by which a question speaks of somebody ("I", "my") tell those who ask for help from those who ask about it."""


def find_signpost(
    question: str, vector: Vectors, signposts: Sequence[Signpost], examples: Vectors, language: Language
) -> Signpost | None:
    """Return the signpost of the example that is nearest to a question with this (d,) vector, of those that are near
    enough; None where none is. ``examples`` are the (n, d) vectors of the examples of all signposts, in order."""
    if not len(examples):
        return None
    stems = language.stems(question)
    bounds = [NEAR_IN_WORDS if has_words(stems, one, language) else NEAR for one in signposts]
    cosines = examples @ vector
    near = np.where(cosines >= np.repeat(bounds, [len(one.examples) for one in signposts]), cosines, -1.0)
    nearest = int(np.argmax(near))
    owners = [signpost for signpost in signposts for _ in signpost.examples]
    return owners[nearest] if near[nearest] > -1.0 else None


def verdict_beside(signpost: str | None, decided: Verdict) -> Verdict:
    """Return a verdict as it stands beside a signpost: who needs help first is not told that a text answers."""
    return Verdict.UNCERTAIN if signpost and decided is Verdict.ANSWERED else decided


def has_words(stems: Sequence[str], signpost: Signpost, language: Language) -> bool:
    """Whether a question with these stems has one of the words of a signpost, in any inflection."""
    wanted = (language.stems(words) for words in signpost.words)
    return any(list(stems[place : place + len(one)]) == one for one in wanted if one for place in range(len(stems)))
