"""Entry -> the tokens that a lexicon keeps of it, and what its parts weigh: the same for every kind of lexicon."""

from qa.language import Language
from qa.lexicons.contract import Entry

PHRASE_WEIGHT = 0.5
"""What a phrase counts beside its words in ``rank``; `benchmarks/stages.py` has what other weights give."""

CONTEXT_WEIGHT = 2
"""How many times a passage's title and heading count in ``rank`` against its text, measured there too."""

_BREAK = "\x1f"  # a token that no text has: keeps a phrase from running from a title into a text


def tokens_of(entry: Entry, language: Language, context_weight: int = CONTEXT_WEIGHT) -> list[str]:
    """Return the tokens of an entry in order: its context so many times, each part ended by a break, then its text.

    The few letters that fold to several words, such as U+FDFA, are so many tokens.
    """
    context = [stem for part in entry.context for stem in (*language.stems(part), _BREAK)] * context_weight
    return [token for token in " ".join([*context, *language.stems(entry.text)]).split(" ") if token]
