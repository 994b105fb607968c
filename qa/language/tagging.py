"""Text in English -> tokens with their parts of speech, by the lexicon of Brill's tagger (Brill, ANLP 1992)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile, zip_longest

from qa.datatypes import Word
from qa.language.dictionaries import tags
from qa.language.vocabulary import ASKING_VERBS, QUESTION_WORDS, SAYING
from qa.language.words import ENGLISH_WORDS

# What a word is that the lexicon lacks, by how it ends; the last that fits.
_BY_ENDING: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (tag, re.compile(pattern))
    for tag, pattern in (
        ("VBG", r"ing$"),
        ("RB", r"ly$"),
        ("NNS", r"(?<!i)(?<!ou)(?<!s)s$"),
        ("JJ", r"(?:able|al|ful|ible|ient|ish|ive|less|tic|ous)$|-"),
        ("VBN", r"ed$"),
        ("VBP", r"(?:ate|ify|ise|ize)$"),
    )
)
_NUMBER = re.compile(r"[0-9\-,.:/%$]+")


def tag_words(written: Sequence[str]) -> list[str]:
    """Return the part of speech of each word or mark, by the Penn treebank: the one that it has most often. The first
    word is also looked up in lower case."""
    known = tags()
    found = [known.get(word) for word in written]
    if written and found[0] is None:
        found[0] = known.get(written[0].lower())
    return [tag or _guessed(word) for word, tag in zip(written, found, strict=True)]


def _guessed(word: str) -> str:
    if word.istitle():
        return "NNP"
    if _NUMBER.fullmatch(word):
        return "CD"
    return next((tag for tag, ending in reversed(_BY_ENDING) if ending.search(word)), "NN")


_LETTERS = r"(?:[^\W_]|[\u0300-\u036f\u00ad])"
_TOKEN = re.compile(rf"[^\W_]{_LETTERS}*(?:['’ʼ\-‐‑]{_LETTERS}+)*|[^\w\s]|_")
_SWAPPED = {"/": ",", "&": "and"}  # which the lexicon knows better
_TITLE_SHARE = 0.8  # of the longer words with a capital: the question is a headline, and its capitals name nothing
_LONG_WORD = 4
_CONTRACTION = re.compile(
    r"(?:n['’ʼ]t|['’ʼ](?:m|re|ve|ll|d))$|^(?:it|that|there|what|who|he|she|how|where)['’ʼ]s$", re.IGNORECASE
)
NOUN_TAGS = ("NN", "FW")
_ARTICLES = frozenset({"the", "a", "an", "my"})
_DO = frozenset({"do", "does", "did"})


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a question: ``question[start:end] == text``. ``tag`` is of the Penn treebank; ``capital`` says that it
    has one which is not that of the whole question, all in capitals or a headline."""

    text: str
    start: int
    end: int
    tag: str
    capital: bool
    words: tuple[Word, ...]

    @property
    def joins(self) -> bool:
        """Whether the token is "and"."""
        return self.text.casefold() in {"and", "&"}

    @property
    def contracted(self) -> bool:
        """Whether the token is one such as "I'm" or "don't"."""
        return bool(_CONTRACTION.search(self.text))

    def tagged(self, *tags: str) -> bool:
        """Whether the token's tag begins with one of these."""
        return self.tag.startswith(tags)


Stretch = list[Token]
"""Tokens side by side."""


def tag(question: str) -> list[Token]:
    """Return the tokens of a question in order: words, hyphenated ones whole, and each mark by itself."""
    matches = list(_TOKEN.finditer(question))
    if not matches:
        return []
    written = [match.group() for match in matches]
    folded = question.isupper() or is_headline(written)
    plain = [_SWAPPED.get(text) or (text.lower() if folded else text) for text in written]
    tokens = [
        Token(
            match.group(),
            match.start(),
            match.end(),
            "CD" if match.group().isdigit() else part,  # some of which the lexicon takes for prepositions
            match.group()[0].isupper() and not folded,
            tuple(ENGLISH_WORDS.words(match.group(), match.start())),
        )
        for match, part in zip(matches, tag_words(plain), strict=True)
    ]
    return _with_called_verbs(tokens)


def _with_called_verbs(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the verb that each "do" calls for, where the tagger took it for a noun: "impact" in "How
    does social media impact the …". It ends the first run of nouns that an object, a preposition or the end follows."""
    found = list(tokens)
    for place, token in enumerate(tokens):
        if token.text.casefold() not in _DO:
            continue
        clause = list(takewhile(lambda at: tokens[at].words != (), range(place + 1, len(tokens))))
        verbs = [at for at in clause if tokens[at].tagged("VB") and not tokens[at].tagged("VBN", "VBG")]
        if any(not _stands_as_noun(found, at) for at in verbs):
            continue
        for at in verbs:
            found[at] = replace(tokens[at], tag="NN")
        said = next((at for at in clause[1:] if found[at].words[-1].stem in ASKING_VERBS | SAYING), None)
        if said is not None:
            found[said] = replace(tokens[said], tag="VB")
            continue
        for at, after in zip_longest(clause, clause[1:]):
            follows = after is None or (tokens[after].tagged("DT", "PRP$", "TO", "IN") and tokens[after].text != "of")
            if follows and found[at].tagged("NN") and found[at - 1].tagged("NN", "JJ") and not tokens[at].capital:
                found[at] = replace(tokens[at], tag="VB")
                break
    return found


def _stands_as_noun(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word that can be a verb stands between words of one noun phrase: "the algorithmic reach ecosystem"."""
    before, after = tokens[place - 1], tokens[place + 1 : place + 2]
    opener = tokens[place - 2] if place > 1 else before
    phrase = before.tagged("JJ", "DT") or (before.tagged("NN") and opener.tagged("DT", "JJ"))
    return phrase and bool(after) and after[0].tagged("NN") and not after[0].capital


def is_headline(written: Sequence[str]) -> bool:
    """Whether nearly all longer words but the first have a capital, and the first asks nothing: "The Underlying Causes
    of Being Possessive"."""
    if (
        written
        and not QUESTION_WORDS.isdisjoint(ENGLISH_WORDS.stems(written[0]))
        and written[0].casefold() not in _ARTICLES
    ):
        return False
    longer = [text for text in written[1:] if len(text) >= _LONG_WORD and text[0].isalpha()]
    capitals = sum(text[0].isupper() for text in longer)
    return len(longer) >= 3 and capitals / len(longer) >= _TITLE_SHARE
