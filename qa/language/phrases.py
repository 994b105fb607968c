"""Tokens of a text -> its noun phrases."""

from collections.abc import Iterator, Sequence

from qa.language.tagging import NOUN_TAGS, Stretch, Token
from qa.language.vocabulary import ASKING_VERBS, CONNECTORS, QUESTION_WORDS

_MODIFIER_TAGS = ("JJ", "VBN", "VBG", "CD")


def noun_phrases(tokens: Sequence[Token]) -> Iterator[Stretch]:
    """Yield the noun phrases of a text in order, without determiners, and single verbs, adverbs and adjectives."""
    run: Stretch = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        connects = bool(run) and after is not None and _connects(token, run[-1], after, tokens)
        if connects or _is_nominal(token, before, after):
            run.append(token)
        else:
            if run:
                yield run
            run = []
            if _is_other_content(token):
                yield [token]
        if run and run[-1] is token and _possesses(token, after):
            yield run
            run = []
    if run:
        yield run


def _is_other_content(token: Token) -> bool:
    """Whether a token outside of noun phrases says something: a full verb, an adverb."""
    if not token.words or token.joins or asks(token) or token.contracted or len(token.text) == 1:
        return False
    return token.tagged("VB", "RB", "JJ") and token.words[-1].stem not in ASKING_VERBS


def _is_noun(token: Token) -> bool:
    return bool(token.words) and token.tagged(*NOUN_TAGS) and not asks(token) and not token.contracted


def _possesses(token: Token, after: Token | None) -> bool:
    """Whether a phrase ends in a possessor: "my mother's" is one thing, "advice" another. In a name both are one."""
    if not token.text.endswith(("'s", "’s", "s'", "s’")):
        return False
    return not (token.capital and after is not None and after.capital)


def _is_nominal(token: Token, before: Token | None, after: Token | None) -> bool:
    if not token.words or token.joins or token.contracted or (asks(token) and not numbered(token, after)):
        return False
    name = token.capital and before is not None and before.text not in ".?!:"
    if token.tagged(*NOUN_TAGS) or name:
        return True
    if token.tag in {"VB", "VBP"}:  # "the reach": a verb cannot stand there
        return before is not None and before.tagged("JJ", "DT")
    if token.tagged("VBG", "VBN"):
        return _modifies(token, before, after)
    return token.tagged(*_MODIFIER_TAGS)


def _modifies(token: Token, before: Token | None, after: Token | None) -> bool:
    """Whether a participle belongs to the noun behind it: "the training program", not "promoting health"."""
    if after is None or asks(after) or not after.tagged(*NOUN_TAGS, "JJ"):
        return False
    if token.tagged("VBG"):
        return before is not None and (before.tagged("DT", "PRP$", "JJ", "CD") or before.text.endswith(("'s", "’s")))
    return before is None or not before.tagged("TO", "MD", "PRP", "RB", "VB", "NN")


def _connects(token: Token, before: Token, after: Token, tokens: Sequence[Token]) -> bool:
    """Whether a small word stands inside a name, or "and" between two sides of one."""
    if token.text.casefold() not in CONNECTORS or not after.words or asks(after):
        return False
    if before.capital and after.capital and before.start > tokens[0].start:
        return True
    return token.joins and (after.tagged(*NOUN_TAGS, *_MODIFIER_TAGS))


def asks(token: Token) -> bool:
    """Whether a token is a word that only asks."""
    return bool(token.words) and all(word.stem in QUESTION_WORDS for word in token.words)


def numbered(token: Token, after: Token | None) -> bool:
    """Whether a noun is followed by its number: "type 2 diabetes", "Type II diabetes"."""
    if after is None or not token.tagged("NN"):
        return False
    return after.text.isdigit() or (after.text.isupper() and set(after.text) <= set("IVX"))
