"""Tokens of a question -> what it asks about, where it only asks: "Who developed …", "Is there any evidence for …".

What is left beside the words that ask is what the question is about, whatever its words' parts of speech: a tagger
knows no invented ones.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from qa.language.tagging import NOUN_TAGS, Stretch, Token
from qa.language.vocabulary import (
    ASKING_VERBS,
    ASPECTS,
    CONNECTORS,
    COUNTING,
    EDGE_NOUNS,
    INTRODUCING,
    JUDGING,
    NAMING_HEADS,
    PERSONS,
    QUESTION_WORDS,
    RELATING,
    RESEARCH,
    SAYING,
    SINGLING,
)

_DO = frozenset({"do", "does", "did"})
_BE = frozenset({"is", "are", "was", "were", "been"})
_BE_ALL = _BE | {"be", "being"}
_PRO_NOUNS = frozenset({"one", "ones"})
_SAID_TAGS = ("VBN", "VBD")
_CLOSED_TAGS = ("DT", "IN", "TO", "PRP", "WP", "WDT", "WRB", "MD", "EX", "RP", "PDT", "UH", "CC", "POS")


def asked_stretches(tokens: Sequence[Token]) -> list[Stretch]:
    """Return what is left of a question beside words that only ask; nothing where it does more than ask.

    Two things are asked about only where the question relates them: "the first vaccine for diphtheria" describes one.
    """
    if not _is_question(tokens) or any(t.text.casefold() in PERSONS for t in tokens) or _counts_or_picks(tokens):
        return []
    stretches = [s for s in _open_stretches(tokens) if not (_is_aspect(s, tokens) or _is_said(s, tokens) or _refers(s))]
    trimmed = [kept for stretch in stretches if (kept := _trimmed(stretch, tokens))]
    if len(trimmed) > 1 and not any(word.stem in RELATING for token in tokens for word in token.words):
        return []
    return [] if any(_describes(stretch, tokens) for stretch in trimmed) else trimmed


def _is_aspect(stretch: Stretch, tokens: Sequence[Token]) -> bool:
    """Whether a stretch asks after one side of what a preposition joins to it: "the criticisms of …", "… in short"."""
    earlier = [token for token in tokens if token.end <= stretch[0].start]
    later = [token for token in tokens if token.start >= stretch[-1].end and token.words]
    if len(stretch) == 1 and len(later) > 1 and later[0].tagged("VB") and later[0].words[-1].stem in ASKING_VERBS:
        return not stretch[0].capital  # "Do experts recommend …"
    if earlier and earlier[-1].text.casefold() == "in" and stretch[-1].words[-1].stem in RESEARCH:
        return not any(token.capital for token in stretch)  # "… been tested in randomized trials"
    if any(token.words[-1].stem not in ASPECTS or token.capital for token in stretch):
        return False
    neighbours = [*earlier[-2:], *later[:1]]
    return any(token.tagged("IN", "TO", "WDT", "WP") or _asks_or_says(token) for token in neighbours)


def _is_said(stretch: Stretch, tokens: Sequence[Token]) -> bool:
    """Whether a stretch is a verb that a form of "to be" calls for: "tested" in "Has … been tested"."""
    before = [token.text.casefold() for token in tokens if token.end <= stretch[0].start][-1:]
    return bool(_BE_ALL & set(before)) and all(t.tagged("VBN", "VBD") and not t.capital for t in stretch)


def _refers(stretch: Stretch) -> bool:
    """Whether a stretch stands for what was named before: "an ordinary one"."""
    return len(stretch) > 1 and stretch[-1].text.casefold() in _PRO_NOUNS


def _counts_or_picks(tokens: Sequence[Token]) -> bool:
    """Whether a question asks for a number or for one of several: "How many …", "Which country …", but not "Which
    studies support …"."""
    for token, after, later in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        if token.text.casefold() == "how" and after.text.casefold() in {"many", "much", "old", "often", "far"}:
            return True
        picks = token.tagged("WDT", "WP") and after.tagged(*NOUN_TAGS, "CD", "JJ") and not asks(after)
        embedded = token.text == "what" and token is not tokens[0]  # "tell me what … means"
        if picks and (embedded or (after.words and after.words[-1].stem in ASPECTS)):
            continue
        if picks and not (later is not None and _asks_or_says(later)):
            return True
    return False


def _is_question(tokens: Sequence[Token]) -> bool:
    """Whether the first words ask, or the last mark does; a statement names nothing by what is left of it.

    Nor does a question on what the asker does or feels ("Why am I …"), but for what they want to know.
    """
    person = next((place for place, token in enumerate(tokens) if token.text.casefold() == "i"), None)
    if person is not None and not any(_wants(token) for token in tokens[person + 1 : person + 3]):
        return False
    first = [token for token in tokens if token.words][:1]
    asks_first = bool(first) and (_asks_or_says(first[0]) or first[0].tagged("MD"))
    opens = person == 0 or (asks_first and not first[0].tagged("EX", "DT", "PRP"))
    return any(asks(token) for token in tokens) and (opens or any(token.text == "?" for token in tokens[-2:]))


def _wants(token: Token) -> bool:
    says = bool(token.words) and token.words[-1].stem in ASKING_VERBS
    return says or (token.tagged("VB", "MD") and asks(token))


def _asks_or_says(token: Token) -> bool:
    return asks(token) or (bool(token.words) and token.words[-1].stem in ASKING_VERBS)


def asks(token: Token) -> bool:
    """Whether a token is a word that only asks."""
    return bool(token.words) and all(word.stem in QUESTION_WORDS for word in token.words)


def _open_stretches(tokens: Sequence[Token]) -> Iterator[Stretch]:
    """Yield the runs of words that neither ask nor belong to a closed class; "and" between two of them joins them."""
    run: Stretch = []
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        before = tokens[place - 1] if place else None
        joint = bool(run) and after is not None and _joins(token, run[-1], after)
        says = place > 1 and _is_wh_noun(tokens[place - 1], tokens[place - 2]) and _asks_or_says(token)
        if joint or (not says and _is_open(token, before, after)):
            run.append(token)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _joins(token: Token, before: Token, after: Token) -> bool:
    """Whether a small word stands inside what is asked about: "and", or what joins two words with capitals."""
    small = token.joins or (token.text in CONNECTORS and before.capital and after.capital)
    return small and _is_open(after, token)


def _is_wh_noun(token: Token, before: Token) -> bool:
    """Whether a token is "studies" in "Which studies support …", so that a verb follows."""
    return before.tagged("WP", "WDT") and not asks(token)


def _is_open(token: Token, before: Token | None, after: Token | None = None) -> bool:
    """Whether a token can be of what is asked about, by its neighbours."""
    if not token.words or token.joins or token.contracted:
        return False
    if token.capital and before is not None and before.words and not token.tagged("PRP"):
        return True
    if asks(token):
        return _is_part(token, before, after)
    if before is not None and _follows_wh(token, before, after):
        return False
    if token.tagged("VB") and token.words[-1].stem in ASKING_VERBS:
        return token.tagged("VBG") and after is not None and (after.joins or after.tagged(*NOUN_TAGS))
    return not token.tagged(*_CLOSED_TAGS)


def _follows_wh(token: Token, before: Token, after: Token | None) -> bool:
    """Whether a token is what a question word picks or measures: "Which studies …", "How common is …"; not the first of
    a compound, as in "tell me what body mass means"."""
    if not before.tagged("WP", "WDT", "WRB"):
        return False
    compound = token.tagged(*NOUN_TAGS, "JJ") and after is not None and after.tagged(*NOUN_TAGS) and not asks(after)
    return _asks_or_says(token) or (token.tagged("JJ", "RB", "NN") and not compound)


def _is_part(token: Token, before: Token | None, after: Token | None) -> bool:
    """Whether a word that mostly asks is part of a compound here: "role theory", "different styles syndrome"; also as
    its last word."""
    if token.tagged("NN") and before is not None and before.tagged(*NOUN_TAGS) and not asks(before):
        return token.words[-1].stem not in SAYING and (after is None or not after.words)
    if numbered(token, after):
        return True
    if after is None or token.words[-1].stem in JUDGING | SAYING or not token.tagged("NN", "JJ", "VBG"):
        return False
    return after.joins or (after.tagged(*NOUN_TAGS, "JJ") and not asks(after))


def _trimmed(stretch: Stretch, tokens: Sequence[Token]) -> Stretch:
    """Return a stretch without what is said of it: "important" in "Why is … important"."""
    before = [token.text.casefold() for token in tokens if token.start < stretch[0].start]
    said = bool(_BE & set(before[-3:]))
    kept = list(stretch)
    called = bool(_DO & set(before)) and stretch[-1] is [token for token in tokens if token.words][-1]
    tags = ("RB", "JJ", *(_SAID_TAGS if said else ()), *(("VB",) if called else ()))
    while len(kept) > 1 and kept[-1].tagged(*tags) and not kept[-1].capital:
        kept.pop()
    while len(kept) > 1 and kept[-1].words[-1].stem in EDGE_NOUNS:
        kept.pop()
    while kept and (kept[0].joins or _counts(kept[0]) or (kept[0].tagged("RB", "JJS", "JJR") and not kept[0].capital)):
        kept.pop(0)
    introduced = len(kept) > 1 and kept[0].words[-1].stem in INTRODUCING and before[-1:] == ["the"]
    return kept[1:] if introduced else kept


def numbered(token: Token, after: Token | None) -> bool:
    """Whether a noun is followed by its number: "type 2 diabetes", "Type II diabetes"."""
    if after is None or not token.tagged("NN"):
        return False
    return after.text.isdigit() or (after.text.isupper() and set(after.text) <= set("IVX"))


def _counts(token: Token) -> bool:
    return not token.capital and token.words[-1].stem in COUNTING


def _describes(stretch: Stretch, tokens: Sequence[Token]) -> bool:
    """Whether a stretch is no name but says what someone or something does, has, or is first at."""
    singled = stretch[0].words[-1].stem in SINGLING and stretch[-1].words[-1].stem not in NAMING_HEADS
    if singled or any(_possesses(token, after) for token, after in pairwise(stretch)):
        return True
    before = [token for token in tokens if token.start < stretch[0].start]
    # "What is hospital stay model": the verb is there, and what can be another is a noun.
    return not (before and _has_its_verb(before)) and _holds_verb(stretch, before)


def _holds_verb(stretch: Stretch, before: Sequence[Token]) -> bool:
    if any(_acts(token, subject) for subject, token in pairwise(stretch)):
        return True
    verbs = [token for token in stretch if token.tagged("VB") and not token.tagged("VBN", "VBG") and not token.capital]
    if verbs and any(token.text.casefold() in _DO for token in before):
        return True
    first, last = stretch[0], before[-1] if before else None
    if last is None:
        return False
    # "Who transmitted …", "Who first transmitted …"; "How do I overcome …", "how to overcome …".
    asked = last.tagged("WP", "WDT", "RB") and first.tagged("VB") and not first.capital
    return asked or (first in verbs and last.tagged("PRP", "TO", "MD", "NN"))


def _has_its_verb(before: Sequence[Token]) -> bool:
    """Whether a clause has its verb right before a stretch, or a preposition that calls for a noun."""
    near = before[-2:] if before[-1].tagged("DT") else before[-1:]
    verb = near[0].tagged("VB") and _asks_or_says(near[0]) and near[0].text.casefold() not in _DO
    return verb or near[0].tagged("IN")


def _acts(token: Token, before: Token) -> bool:
    """Whether a token is a verb that a noun is the subject of: "received" in "the empire received refugees"."""
    return token.tagged("VB") and not token.tagged("VBG") and not token.capital and before.tagged(*NOUN_TAGS)


def _possesses(token: Token, after: Token) -> bool:
    """Whether a token is a possessor, so that an attribute follows: "Thatcher's middle name"; not so in the
    name "Wallenberg's Syndrome"."""
    return token.text.endswith(("'s", "’s")) and not (token.capital and after.capital)
