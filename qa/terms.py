"""Text -> words and Terms. The one normaliser, used alike when an index is built and when it is asked.

Belongs here: how a word is cut, folded and stemmed, and which stretches of a question are terms. What the
corpus knows of a term is decided in ``states``.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise, zip_longest

import Stemmer
from textblob.en import parse

from qa.datatypes import Term, Word

_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*|&")
_POSSESSIVE = re.compile(r"['’ʼ](?:s)?$")
_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ\-‐‑][^\W_]+)*|[^\w\s]|_")
_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]{2,200})[\"“”„«»]")

_stemmer = Stemmer.Stemmer("english")
_stemmer_lock = threading.Lock()  # a Snowball stemmer keeps state between calls and is not thread-safe


@lru_cache(maxsize=200_000)
def fold(written: str) -> str:
    """Return a word in lower case, without accents, apostrophes and the possessive; ``&`` is "and"."""
    folded = unicodedata.normalize("NFKD", written.casefold())
    folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    folded = re.sub(r"['’ʼ]", "", _POSSESSIVE.sub("", folded)) or folded
    return "and" if folded == "&" else folded


@lru_cache(maxsize=200_000)
def _stem(written: str) -> str:
    with _stemmer_lock:
        return str(_stemmer.stemWord(fold(written)))


def folded_words(text: str) -> list[str]:
    """Return the words of a text in order, folded and not stemmed: how they are spelt."""
    return [fold(match.group()) for match in _WORD.finditer(text)]


def words(text: str) -> list[Word]:
    """Return the words of a text in order, each with its stem and character range.

    Case, accents, possessives and English inflections are folded (Snowball's English stemmer); a hyphen parts
    words as a space does; ``&`` is the word "and". Emoji and punctuation are no words.
    """
    return [Word(_stem(match.group()), match.start(), match.end()) for match in _WORD.finditer(text)]


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, in order."""
    return [_stem(match.group()) for match in _WORD.finditer(text)]


def spans_of(text: str, wanted: frozenset[str]) -> list[tuple[int, int]]:
    """Return the [start, end) ranges of the words whose stems are wanted, in order.

    As ``words`` would tell, without making a Word of every other one: it is run over every passage that is shown.
    """
    return [(match.start(), match.end()) for match in _WORD.finditer(text) if _stem(match.group()) in wanted]


# --- terms of a question -----------------------------------------------------------------------------------

# Heads that make a compound a name: a "… model" or "… syndrome" claims to be an established thing.
NAMING_HEADS = frozenset(
    stems(
        "model theory method therapy technique approach framework syndrome disorder effect principle system "
        "scale protocol program programme hypothesis paradigm treatment intervention test index inventory "
        "law rule algorithm doctrine school movement institute association act procedure interface engine"
    )
)

# Words of questions, which no corpus needs to have for a question to be answerable.
QUESTION_WORDS = frozenset(
    stems(
        "what who whom whose which when where why how is are was were be been being do does did can could "
        "will would shall should may might must tell explain describe define definition discuss mean meaning "
        "give show list name find know help please question answer example examples detail details "
        "information overview summary introduction idea ideas main key evidence concept history origin "
        "purpose role use used work works working difference differ compare comparison relate related "
        "relationship develop developed invent invented create created found founded call called make made "
        "kind kinds type types way ways thing things lot something anything someone anyone people person "
        "different similar various certain possible best good better main important new more most many much "
        "vs versus some any other such same own just also even only really very me my i you your we our it its they"
    )
)

_CONTENT_TAGS = ("NN", "JJ", "VB", "FW", "CD", "RB")
_NOUN_TAGS = ("NN", "FW")


class _Token:
    """A token of a question with its part of speech; ``chunk`` is textblob's B-NP, I-NP and so on."""

    __slots__ = ("chunk", "end", "start", "tag", "text", "words")

    def __init__(self, text: str, start: int, tag: str, chunk: str) -> None:
        self.text, self.start, self.end = text, start, start + len(text)
        self.tag, self.chunk = tag, chunk
        self.words = [Word(w.stem, start + w.start, start + w.end) for w in words(text)]

    @property
    def in_phrase(self) -> bool:
        """Whether the token stands in a noun phrase."""
        return self.chunk.endswith("NP")

    @property
    def joins(self) -> bool:
        """Whether the token may stand inside a compound without being a part of it."""
        return self.text.casefold() in {"and", "&"}

    @property
    def noun(self) -> bool:
        """Whether the token is a noun by its tag."""
        return self.tag.startswith(_NOUN_TAGS)

    @property
    def content(self) -> bool:
        """Whether the token carries a subject: a noun, adjective or full verb that is no question word."""
        if not self.words or all(word.stem in QUESTION_WORDS for word in self.words):
            return False
        return self.tag.startswith(_CONTENT_TAGS)


def find_terms(question: str) -> tuple[Term, ...]:
    """Return the terms of a question in order, without overlaps: quoted stretches, noun phrases, other words.

    Parts of speech and noun phrases are textblob's (its lexicon is bundled). Determiners and the words that
    only ask ("tell me about", "evidence") belong to no term. A coordination ("anxiety and depression") is one
    term only where the question treats it as a name; else each side is a term.
    """
    tokens = _tag(question)
    quoted = _quoted_terms(question)
    runs = [run for run in _content_runs(tokens) if not _overlaps(run, quoted)]
    sole = len(runs) + len(quoted) == 1
    found = [term for run in runs for term in _terms_of_run(question, run, tokens, sole)]
    return tuple(sorted([*quoted, *found], key=lambda term: term.start))


def _tag(question: str) -> list[_Token]:
    matches = list(_TOKEN.finditer(question))
    if not matches:
        return []
    shouted = question.isupper()
    written = [match.group() for match in matches]
    # textblob reads a slash as its own separator, and capitals throughout as names.
    swapped = {"/": ",", "&": "and"}
    plain = [swapped.get(text) or (text.lower() if shouted else text) for text in written]
    tagged = parse(" ".join(plain), tokenize=False, encoding=None).split(" ")
    if len(tagged) != len(matches):
        tagged = [f"{text}/NN/B-NP/O" for text in plain]
    tokens = []
    for match, entry in zip(matches, tagged, strict=True):
        fields: list[str] = entry.rsplit("/", 3)
        tokens.append(_Token(match.group(), match.start(), tag=fields[1], chunk=fields[2]))
    return tokens


def _content_runs(tokens: Sequence[_Token]) -> list[list[_Token]]:
    """Return stretches of content tokens of one noun phrase each, and other content words alone.

    "and" between two noun phrases joins them into one stretch, unless a determiner begins the second.
    """
    runs: list[list[_Token]] = []
    before: _Token | None = None
    for token, after in zip_longest(tokens, tokens[1:]):
        joint = before is not None and token.joins and after is not None and after.content and after.in_phrase
        if joint:
            runs[-1].append(token)
        elif token.content:
            continues = token.in_phrase and token.chunk != "B-NP"
            if before is not None and (continues or before.joins):
                runs[-1].append(token)
            else:
                runs.append([token])
        before = token if joint or (token.content and token.in_phrase) else None
    return runs


def _terms_of_run(question: str, run: list[_Token], tokens: Sequence[_Token], sole: bool) -> Iterable[Term]:
    if _is_written_as_name(run, tokens):
        return [_term(question, run, named=True)]
    sides: list[list[_Token]] = [[]]
    for token in run:
        if token.joins:
            sides.append([])
        else:
            sides[-1].append(token)
    return [_term(question, side, named=sole and side[-1].noun) for side in sides if side]


def _is_written_as_name(run: list[_Token], tokens: Sequence[_Token]) -> bool:
    """Whether a run ends in a head such as "model" or "syndrome", or has a capital on each of its words.

    The question's first word and acronyms have their capitals anyway, and show nothing.
    """
    parts = [token for token in run if not token.joins]
    if any(_is_head(token) for token, joiner in pairwise(run) if joiner.joins):
        return False  # "narrative therapy and family therapy" are two names
    if len(parts) > 1 and parts[-1].words[-1].stem in NAMING_HEADS:
        return True
    inner = [token for token in parts if token.start > tokens[0].start]
    capitals = [token for token in inner if token.text[0].isupper() and not token.text.isupper()]
    return len(capitals) > 1 and len(capitals) == len(inner)


def _is_head(token: _Token) -> bool:
    return bool(token.words) and token.words[-1].stem in NAMING_HEADS


def _term(question: str, run: list[_Token], *, named: bool) -> Term:
    start, end = run[0].start, run[-1].end
    inside = tuple(word for token in run for word in token.words)
    text = question[start:end]
    if text.endswith(("'s", "’s")):
        end -= 2
    return Term(question[start:end], start, end, inside, named=named, noun=run[-1].noun)


def _quoted_terms(question: str) -> list[Term]:
    terms = []
    asked = words(question)
    for match in _QUOTED.finditer(question):
        inside = tuple(word for word in asked if match.start(1) <= word.start < match.end(1))
        if inside and len(inside) < len(asked):  # quotes around the whole question mark nothing in it
            start, end = inside[0].start, inside[-1].end
            terms.append(Term(question[start:end], start, end, inside, named=True))
    return terms


def _overlaps(run: Sequence[_Token], terms: Sequence[Term]) -> bool:
    return any(run[0].start < term.end and term.start < run[-1].end for term in terms)
