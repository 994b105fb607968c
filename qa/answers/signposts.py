"""Question -> the owner's words that stand above every answer to one of its kind, found by meaning.

"I want to die" asks a library for help, not for passages: its owner says where that is.
"""

from collections.abc import Sequence

import numpy as np

from qa.datatypes import Signpost
from qa.stores import Vectors

NEAR = 0.45
"""The cosine of a question to an example from which on it is of that kind. `benchmarks/signposts.py` measures both
kinds of error: with questions for help in other words than the examples, and with questions on other things. To
miss one who is in danger is worse than to say where help is to one who is not."""


def find_signpost(vector: Vectors, signposts: Sequence[Signpost], examples: Vectors) -> Signpost | None:
    """Return the signpost of the example that is nearest to a question's (d,) vector, None where none is near.

    ``examples`` are the (n, d) vectors of the examples of all signposts, in order.
    """
    if not len(examples):
        return None
    cosines = examples @ vector
    nearest = int(np.argmax(cosines))
    if cosines[nearest] < NEAR:
        return None
    owners = [signpost for signpost in signposts for _ in signpost.examples]
    return owners[nearest]
