"""Question -> Terms: which stretches of a question are terms, and which of them it treats as names.

A question is cut twice. As asked: where nothing is left beside words that only ask ("Who developed …", "Is there any
evidence for …", "How does … work"), what is left is what the question is about, whatever its words' parts of speech.
Otherwise by grammar: noun phrases and single words. What the corpus knows of a term is decided in ``states``.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from qa.datatypes import Naming, Term
from qa.language.asking import asked_stretches, asks, numbered
from qa.language.language import quoted_terms
from qa.language.tagging import NOUN_TAGS, Stretch, Token, tag
from qa.language.vocabulary import ASKING_VERBS, CONNECTORS, NAMING_HEADS, STRONG_HEADS
from qa.language.words import ENGLISH_WORDS

_MODIFIER_TAGS = ("JJ", "VBN", "VBG", "CD")
_MOST_ASKED = 2  # a question that asks about more than two things at once describes something
_MONTHS = frozenset(name.casefold() for names in (calendar.month_name, calendar.month_abbr) for name in names if name)
_CENTURIES = frozenset({"15", "16", "17", "18", "19", "20"})
_WORDS_OF_A_LETTER = frozenset({"I", "A"})
_LONG_COMPOUND = 3  # words from which a definite compound is a name: "the follower conversion revolution"


def find_terms(question: str) -> tuple[Term, ...]:
    """Return the terms of a question in order, without overlaps: quoted stretches, what is asked about, noun phrases,
    other words that carry a subject. Determiners and words that only ask belong to no term."""
    tokens = tag(question)
    quoted = quoted_terms(question, ENGLISH_WORDS.words(question))
    within = {place for term in quoted for place in range(term.start, term.end)}
    free = [token for token in tokens if token.start not in within]
    asked = _bare_name(free) or asked_stretches(free)
    if asked and len(asked) + len(quoted) <= _MOST_ASKED:
        found = [_term(question, side, Naming.ASKED) for stretch in asked for side in _coordinated(stretch)]
        inside = {token.start for stretch in asked for token in stretch}
        beside = [
            token for token in free if token.start not in inside and (_is_noun(token) or _is_other_content(token))
        ]
        found += [_term(question, [token], None) for token in beside]
    else:
        found = [_term(question, part, naming) for part, naming in _grammatical(free, tokens)]
    return tuple(sorted([*quoted, *found], key=lambda term: term.start))


def _bare_name(tokens: Sequence[Token]) -> list[Stretch]:
    """Return the whole question as a name where it is nothing but a compound with a head: "pain phase model"."""
    said = [token for token in tokens if token.words]
    if len(said) < 2 or not _is_head(said[-1]) or said[-1].tagged("NNS"):
        return []
    nominal = all(t.joins or (t.tagged(*NOUN_TAGS, *_MODIFIER_TAGS) and not asks(t)) for t in said)
    return [said] if nominal and len(said) == len([t for t in tokens if t.text not in ".?!"]) else []


def _coordinated(stretch: Stretch) -> list[Stretch]:
    """Return the sides of an "and" as terms of their own where the first ends in a head: "narrative therapy and family
    therapy" are two names, "dialogue and action model" may be one."""
    joiners = [place for place, token in enumerate(stretch) if token.joins]
    two_names = any(place > 1 and _is_head(stretch[place - 1]) for place in joiners)
    return list(_sides(stretch)) if two_names else [stretch]


def _term(question: str, stretch: Stretch, naming: Naming | None) -> Term:
    start, end = stretch[0].start, stretch[-1].end
    inside = tuple(word for token in stretch for word in token.words)
    if question[start:end].endswith(("'s", "’s")):
        end -= 2
        inside = (*inside[:-1], replace(inside[-1], end=end))
    noun = stretch[-1].tagged(*NOUN_TAGS)
    return Term(question[start:end], start, end, inside, naming, noun=noun, shouted=question.isupper())


# --- by grammar --------------------------------------------------------------------------------------------------


def _grammatical(tokens: Sequence[Token], whole: Sequence[Token]) -> Iterator[tuple[Stretch, Naming | None]]:
    """Yield noun phrases and single words with how they are named."""
    asking = whole[-1].text == "?" or any(asks(token) and token.tagged("W") for token in whole) if whole else False
    for run in noun_phrases(tokens):
        for part in map(_ended, _by_case(run, whole)):
            naming = _naming(part, whole[0], asking)
            if naming is not None:
                yield part, naming
                continue
            for side in _sides(part):
                yield side, _naming(side, whole[0], asking)


def _by_case(run: Stretch, whole: Sequence[Token]) -> list[Stretch]:
    """Return a run cut where a name of several capitals begins or ends: "Vitality Plan" | "approach"."""
    begin = whole[0].start  # of the question, where every word has a capital
    capitals = [n for n, t in enumerate(run) if t.capital and t.start > begin and not t.text.isupper()]
    if len(capitals) < 2:
        return [run]
    first, last = capitals[0], capitals[-1]
    if not all(t.capital or t.text.casefold() in CONNECTORS for t in run[first : last + 1]):
        return [run]
    return [part for part in (run[:first], run[first : last + 1], run[last + 1 :]) if _holds_word(part)]


def _ended(part: Stretch) -> Stretch:
    """Return a phrase up to its last noun: what follows is said of it, as "effective" in "Is … effective for pain"."""
    nouns = [place for place, token in enumerate(part) if token.tagged(*NOUN_TAGS) or token.capital]
    if not nouns or _names_by_number(part[-2:]):
        return part
    return part[: nouns[-1] + 1]


def _names_by_number(part: Sequence[Token]) -> bool:
    """Whether a stretch ends in a noun and its number or letter: "Form 990", "vitamin D"; not in a month or a year."""
    if len(part) < 2 or not part[-2].tagged(*NOUN_TAGS) or part[-2].text.casefold() in _MONTHS:
        return False
    number = part[-1].text
    if number.isdigit():
        return part[-2].capital and not (len(number) == 4 and number[:2] in _CENTURIES)
    return len(number) == 1 and part[-1].capital and number not in _WORDS_OF_A_LETTER


def _holds_word(part: Stretch) -> bool:
    return any(token.text.casefold() not in CONNECTORS for token in part)


def _sides(run: Stretch) -> Iterator[Stretch]:
    """Yield the stretches of a run between its connectors."""
    side: Stretch = []
    for token in run:
        if token.text.casefold() in CONNECTORS:
            if side:
                yield side
            side = []
        else:
            side.append(token)
    if side:
        yield side


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


def _naming(run: Stretch, first: Token, asking: bool) -> Naming | None:
    """Return why a stretch is a name by how it is written, None where it is not. ``first`` is the question's first
    token; a statement is not ``asking``."""
    parts = [token for token in run if token.text.casefold() not in CONNECTORS]
    if not parts or any(_is_head(token) for token, joiner in pairwise(run) if joiner.joins):
        return None  # "narrative therapy and family therapy" are two names
    inner = [token for token in parts if token.start > first.start]
    capitals = [token for token in inner if token.capital and not token.text.isupper()]
    if len(capitals) > 1 and len(capitals) == len(inner):
        return Naming.CAPITALS
    if _names_by_number(parts[-2:]) and parts[-2].start > first.start:
        return Naming.NUMBERED
    if len(parts) > 1 and parts[-1].words[-1].stem in STRONG_HEADS and not parts[-1].tagged("NNS"):
        return Naming.HEAD
    if not asking:
        return None  # a statement claims nothing by the length of its compounds
    length = sum(len(token.words) for token in parts)
    singular = parts[-1].tagged("NN") and (not parts[-1].tagged("NNS") or parts[-1].text.endswith("ics"))
    return Naming.DEFINITE if length >= _LONG_COMPOUND and singular and len(parts) == len(run) else None


def _is_head(token: Token) -> bool:
    return bool(token.words) and token.words[-1].stem in NAMING_HEADS
