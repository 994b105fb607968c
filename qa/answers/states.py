"""Term -> what the counts say on it: that the texts use it, or what speaks for its being missing.

A question's words are asked for in the lexicon; nothing here looks at vectors or reads passages:

1. The texts use the whole, as a phrase or with its words close together, spelt so or otherwise: KNOWN.
2. Else the term is a suspect: a word of it is missing, or all are known and the whole is never used. Whether the
   question asks for it as for one thing is for ``settling`` to say, from the facts that are gathered here; a suspect
   that is cleared is ordinary language, and each part that the texts use is a KNOWN term.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

from qa.answers.missing import NUMBERED, Facts
from qa.answers.spelling import is_absent, joined, other_spelling
from qa.datatypes import Ground, Phrase, Question, Reason, Scores, Term, TermReport, TermState, Word
from qa.language.numbers import CALENDAR
from qa.language.tagging import is_headline
from qa.lexicons import Lexicon

NEAR = 2
"""Words this many moves apart or fewer count as used together ("therapy of families", "family therapy")."""

_ORDINARY = 4.0
"""On wordfreq's Zipf scale (3 is once in a million words, 6 once in a thousand): in a question whose words were only
grouped, an absent word as frequent as this is an ordinary one that texts may well lack."""

_TOKEN = re.compile(r"[^\s\-]*(?:\w[._]\w|/\d)[^\s\-]*")  # written as one, as identifiers and versions are

_HYPHENS = ("-", "\u2010", "\u2011")

JOINERS = frozenset({"and", "&"})

_LONGEST_PART = 8  # words; to try all stretches of a compound of a hundred would take a second

_Stretches = tuple[tuple[int, int, float], tuple[Sequence[Word], ...]]
"""Stretches of words, behind what they are worth: words held, stretches below 0, the logarithm of the product of
their counts."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A term that no passage has as it stands: the words of it that the texts lack, and whether these are ``all_asked``
    for, its known parts, what the counts say, and what is reported where it is cleared. ``facts`` are None where the
    question's words were only grouped."""

    term: Term
    lacking: tuple[Word, ...]
    parts: tuple[Phrase, ...]
    facts: Facts | None
    cleared: tuple[TermReport, ...] = ()
    all_asked: bool = False

    @property
    def is_token(self) -> bool:
        """Whether it is several words that are written as one."""
        return is_one_token(self.term)

    @property
    def lacking_text(self) -> str:
        """Return the words that the texts lack, as the asker wrote them."""
        if self.is_token:
            return self.term.text.lower()
        return ", ".join(_written([word], self.term) for word in self.lacking)


Counted = TermReport | Suspect


def count_terms(terms: Iterable[Term], question: Question, lexicon: Lexicon) -> tuple[Counted, ...]:
    """Return what the counts say on each term of a question in order."""
    coordinated = _coordinated(list(terms), question, lexicon)
    counted = [found for term in coordinated for found in _counted(term, question, lexicon)]
    return _compared([_with_all_asked(one, question, lexicon) for one in counted], question)


def _with_all_asked(one: Counted, question: Question, lexicon: Lexicon) -> Counted:
    if not isinstance(one, Suspect):
        return one
    own, only_asks = {word.start for word in one.lacking}, lexicon.language.unmarked
    others_ask = all(word.stem in only_asks for word in question.words if word.start not in own)
    return replace(one, all_asked=bool(own) and others_ask)


def _compared(counted: Sequence[Counted], question: Question) -> tuple[Counted, ...]:
    """Return the same, each suspect with what the rest of its question says on it."""
    facts = [one.facts for one in counted if isinstance(one, Suspect) and one.facts is not None]
    most = max((fact["needed"] for fact in facts), default=0.0)
    names = _names(question)
    return tuple(_beside(one, most, names) if isinstance(one, Suspect) else one for one in counted)


def _names(question: Question) -> list[int]:
    """Return where the words begin that a question, which is neither all capitals nor a headline, writes with one:
    neither its first word nor a single letter ("I"), nor a month or a day."""
    if question.text.isupper() or is_headline([question.text[word.start : word.end] for word in question.words]):
        return []
    starts = [word.start for word in question.words[1:] if word.folded not in CALENDAR]
    return [
        start for start in starts if question.text[start].isupper() and question.text[start + 1 : start + 2].isalnum()
    ]


def _beside(suspect: Suspect, most: float, names: Sequence[int]) -> Suspect:
    """Return a suspect with how much less an answer needs it than the one that it needs most, and whether it is written
    plainly beside a name. What has capitals is named for itself, whatever stands beside it."""
    if suspect.facts is None:
        return suspect
    has_capitals, start, end = suspect.facts["capitals"] > 0, suspect.term.start, suspect.term.end
    is_plain = not has_capitals and any(not start <= name < end for name in names)
    less = 0.0 if has_capitals else suspect.facts["needed"] - most
    return replace(suspect, facts={**suspect.facts, "beside": less, "plain": float(is_plain)})


def _coordinated(terms: Sequence[Term], question: Question, lexicon: Lexicon) -> list[Term]:
    """Return the terms with each "and" read by the counts: it joins two terms where the texts use both, and is within
    one name where they do not use what is behind it, which ends in a naming head: "psychotherapy and social action
    model"."""
    found: list[Term] = []
    for term in terms:
        if found and _is_one_name(found[-1], term, question, lexicon):
            found[-1] = _one(found[-1], term, question)
        else:
            found += _sides(term, lexicon)
    return found


def _is_one_name(left: Term, right: Term, question: Question, lexicon: Lexicon) -> bool:
    joiner = question.text[left.end : right.start].strip().lower()
    is_headed = len(right.words) > 1 and right.words[-1].stem in lexicon.language.naming_heads
    if joiner not in JOINERS or not (left.noun and right.noun and is_headed) or left.quoted or right.quoted:
        return False
    used = lexicon.passage_count([word.stem for word in right.words])
    return left.words[-1].stem not in lexicon.language.naming_heads and not used


def _one(left: Term, right: Term, question: Question) -> Term:
    """Return two terms as one, with the words between them."""
    words = tuple(word for word in question.words if left.start <= word.start < right.end)
    scores = None
    if left.scores is not None and right.scores is not None:
        name = max(left.scores.name, right.scores.name)
        scores = Scores(left.scores.begins, name, max(left.scores.needed, right.scores.needed))
    return replace(left, text=question.text[left.start : right.end], end=right.end, words=words, scores=scores)


def _sides(term: Term, lexicon: Lexicon) -> list[Term]:
    """Return the two sides of an "and" within a term as terms of their own where the texts use both, and never the
    whole; else the term."""
    for place, word in enumerate(term.words):
        left, right = term.words[:place], term.words[place + 1 :]
        if word.folded not in JOINERS or not left or not right or term.quoted or uses(term.words, lexicon):
            continue
        if uses(left, lexicon) and uses(right, lexicon):
            return [part_of(term, left), *_sides(part_of(term, right), lexicon)]
    return [term]


def _counted(term: Term, question: Question, lexicon: Lexicon) -> Iterator[Counted]:
    words = _as_the_texts_spell(term.words, lexicon)
    passages = uses(words, lexicon, near=0 if is_one_token(term) else NEAR)
    if passages:
        reason = Reason(Ground.USED if words == term.words else Ground.SPELT_OTHERWISE, passages)
        part = spelt_part(words, term, lexicon)
        yield TermReport(term, TermState.KNOWN, passages, parts=(part,), reason=reason)
        return
    spelt = replace(term, words=words)
    if term.scores is not None and is_one_token(term):
        yield Suspect(spelt, words, (), count_facts(spelt, words, question, lexicon))
        return
    lacking = tuple(word for word in words if is_absent(word, lexicon))
    if term.scores is not None:
        facts = count_facts(spelt, lacking, question, lexicon)
        yield Suspect(spelt, lacking, known_parts(spelt, lexicon), facts, tuple(_known_stretches(spelt, lexicon)))
        return
    yield from _by_form(spelt, lacking, lexicon)


def is_one_token(term: Term) -> bool:
    """Whether a term of several words is written as one: of "handle_path", that the texts have "path" says nothing."""
    return len(term.words) > 1 and bool(_TOKEN.fullmatch(term.text))


def _by_form(term: Term, lacking: Sequence[Word], lexicon: Lexicon) -> Iterator[Counted]:
    """Yield what is known of a term that no finder judged: suspects are what stands in quotation marks, and single
    words that are not ordinary."""
    if term.quoted:
        yield Suspect(term, tuple(lacking), known_parts(term, lexicon), None)
        return
    for word in lacking:
        if lexicon.language.frequency(_written([word], term)) < _ORDINARY:
            yield Suspect(part_of(term, [word]), (word,), (), None)
    yield from _known_stretches(term, lexicon)


def _as_the_texts_spell(words: tuple[Word, ...], lexicon: Lexicon) -> tuple[Word, ...]:
    """Return words with those that the texts spell otherwise as they do, as one word or two."""
    found: list[Word] = []
    for word in words:
        whole = joined(found[-1], word, lexicon) if found else None
        if whole is not None:
            found[-1] = whole
        else:
            found.extend((other_spelling(word, lexicon) if is_absent(word, lexicon) else []) or [word])
    return tuple(found)


def count_facts(term: Term, lacking: Sequence[Word], question: Question, lexicon: Lexicon) -> dict[str, float]:
    """Return the facts of ``missing.COUNTED`` on a term that the finder judged, but for those that the rest of its
    question gives, and for what ``numbers`` finds."""
    content = [word for word in term.words if word.stem not in lexicon.language.small_words]
    inner = [word for word in content if word.start > question.words[0].start]
    names = _names(question)
    is_named = any(word.start in names for word in lacking)
    last = [word.stem for word in content[-2:]]
    is_token = is_one_token(term)
    is_headed = len(content) > 1 and last[-1] in lexicon.language.naming_heads
    scores = term.scores
    assert scores is not None  # noqa: S101 - the caller's to see to
    return {
        "begins": scores.begins,
        "name": scores.name,
        "needed": scores.needed,
        "capitals": _share([word.start in names for word in inner]),
        "quoted": float(term.quoted),
        "single": float(len(content) == 1 or is_token),
        "frequency": 0.0 if is_token or is_named else _least_frequency(lacking, lexicon),
        "headed": float(is_headed),
        "head_used": float(not lacking and len(last) > 1 and lexicon.passage_count(last) > 0),
        "joined": float(not JOINERS.isdisjoint(term.text.lower().split())),
        NUMBERED: 0.0,
    }


def _least_frequency(lacking: Sequence[Word], lexicon: Lexicon) -> float:
    return min((lexicon.language.frequency(word.folded) for word in lacking), default=0.0)


def _share(true: Sequence[bool]) -> float:
    return sum(true) / len(true) if true else 0.0


def _known_stretches(term: Term, lexicon: Lexicon) -> Iterator[TermReport]:
    """Yield the stretches of a term that the texts use as known terms."""
    for stretch in _used_stretches(term, lexicon):
        passages = uses(stretch, lexicon)
        reason = Reason(Ground.USED, passages)
        own = part_of(term, stretch)
        yield TermReport(own, TermState.KNOWN, passages, parts=(spelt_part(stretch, term, lexicon),), reason=reason)


def known_parts(term: Term, lexicon: Lexicon) -> tuple[Phrase, ...]:
    """Return the stretches of the term's words that the corpus uses, in lower case, as the asker wrote them or, where
    the texts spell them otherwise, as these do.

    A naming head ("model", "therapy", "work") that stands alone at the end is left out where other parts are known:
    that the corpus has the word "model" says nothing on the term.
    """
    parts = list(_used_stretches(term, lexicon))
    heads = lexicon.language.naming_heads | lexicon.language.saying
    if len(parts) > 1 and len(parts[-1]) == 1 and parts[-1][0].stem in heads:
        parts.pop()
    return tuple(spelt_part(part, term, lexicon) for part in parts)


def _used_stretches(term: Term, lexicon: Lexicon) -> tuple[Sequence[Word], ...]:
    """Return the stretches of a term's words that the texts use, none of which overlap: those that hold most of its
    words but the small ones, in as few stretches as can be, and of such the ones that most passages use, by the product
    of their counts. "Psychotherapy" and "community organizing" are the parts of "psychotherapy and community
    organizing", and not "psychotherapy and community", which a single passage has."""
    words, small = term.words, lexicon.language.small_words
    best: list[_Stretches] = [((0, 0, 0.0), ())]  # at n, those of the last n words
    for start in reversed(range(len(words))):
        options = [best[-1]]
        for end in range(min(start + _LONGEST_PART, len(words)), start, -1):
            stretch = words[start:end]
            is_cut = _cuts_number(term, end) or _cuts_compound(term, start, lexicon)
            passages = 0 if is_cut else passages_alone(stretch, lexicon)
            if passages:
                (held, few, used), after = best[len(words) - end]
                told = sum(word.stem not in small for word in stretch)
                options.append(((held + told, few - 1, used + log(passages)), (stretch, *after)))
        best.append(max(options, key=lambda option: option[0]))
    return best[-1][1]


def _cuts_number(term: Term, end: int) -> bool:
    """Whether a stretch that ends before the word at a place has only the first of a number's parts ("3" of "3.12")."""
    before, after = term.words[end - 1 : end], term.words[end : end + 1]
    if not after or not (before[0].folded.isdecimal() and after[0].folded.isdecimal()):
        return False
    return term.text[before[0].end - term.start : after[0].start - term.start] == "."


def _cuts_compound(term: Term, start: int, lexicon: Lexicon) -> bool:
    """Whether a stretch that begins with the word at a place lacks what stands before it and its hyphen: of
    "alliance-centered therapy", that the texts have "centered" says nothing."""
    word = term.words[start]
    before = term.text[: word.start - term.start]
    return before.endswith(_HYPHENS) and lexicon.language.is_participle(word.folded)


def spelt_part(stretch: Sequence[Word], term: Term, lexicon: Lexicon) -> Phrase:
    """Return a stretch as the asker wrote it, or as the texts spell it where they differ: passages are sought so."""
    spelt = [word.folded for word in stretch]
    written = _written(stretch, term)
    is_so = lexicon.language.folded_words(written) == spelt
    return Phrase(written if is_so else " ".join(spelt), tuple(word.stem for word in stretch))


def passages_alone(stretch: Sequence[Word], lexicon: Lexicon) -> int:
    """Return how many passages use a stretch of words as a phrase, 0 where it says nothing by itself."""
    edges = {stretch[0].stem, stretch[-1].stem}
    if len(stretch) == 1 and len(stretch[0].folded) == 1:  # of "vitamin D": that they have the letter says nothing
        return 0
    if (
        edges & lexicon.language.small_words
        or any(is_absent(word, lexicon) for word in stretch)
        or stretch[0].folded.isdigit()
    ):
        return 0
    return lexicon.passage_count([word.stem for word in stretch])


def uses(stretch: Sequence[Word], lexicon: Lexicon, near: int = NEAR) -> int:
    """Return how many passages have the words as a phrase, or so near each other where none has that."""
    phrase = [word.stem for word in stretch]
    if any(is_absent(word, lexicon) for word in stretch):
        return 0
    return lexicon.passage_count(phrase) or (lexicon.passage_count(phrase, near) if near and len(phrase) > 1 else 0)


def _written(stretch: Sequence[Word], term: Term) -> str:
    """Return a stretch as the asker wrote it, in lower case."""
    return term.text[stretch[0].start - term.start : stretch[-1].end - term.start].lower()


def part_of(term: Term, stretch: Sequence[Word]) -> Term:
    """Return a stretch of a term's words as a term."""
    start, end = stretch[0].start, stretch[-1].end
    text = term.text[start - term.start : end - term.start]
    return replace(term, text=text, start=start, end=end, words=tuple(stretch), read="")
