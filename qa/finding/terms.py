"""Scores of a question's words -> its terms, with what the finder makes of each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import exp, inf, log

from qa.datatypes import Question, Scores, Term, Word
from qa.language import Language
from qa.language.language import QUOTED, with_brackets
from qa.language.numbers import number_behind
from qa.language.tagging import is_headline
from qa.language.vocabulary import NAME_CONNECTORS as CONNECTORS

OUTSIDE, BEGINS, GOES_ON, NAME, NEEDED = range(5)

WordScores = tuple[float, ...]
"""Of one word: log probabilities, but for a constant, that no term has it, that one begins, that one goes on; log odds
that it is of a name, and that an answer needs it."""

MOST = 10.0
"""Log odds are no higher than this, and no lower than its negative: past it, scores mean nothing more."""

_FUNCTION_WORD = 6.0
"""On wordfreq's Zipf scale, once in a thousand words: what is so frequent joins words, and says nothing alone."""

_AS_OFTEN = 1.5
"""On wordfreq's Zipf scale, thirty times: of words that are verbs so much alike, the place says which is one. Chosen
between "release" and "benefit", 1.1 apart, and "challenge" and "school", 1.8, and not fitted."""

_INSIDE = " -'’ʼ‐‑&/"  # what may stand between two words of a term


def find_terms(question: Question, scores: Sequence[WordScores], language: Language) -> tuple[Term, ...]:
    """Return the terms of a question in order, without overlaps: what stands in quotation marks; each name of several
    capitals; each other stretch of words in which a term begins and goes on, with the number behind it that says which
    of several it is; and, as no noun phrases, the other words that do not only ask."""
    quoted = _quoted(question)
    free = [at for at in range(len(question.words)) if not any(at in run for run in quoted)]
    kinds = _with_verb(_kinds(question, scores, language), question, scores, language)
    found = [_term(question, scores, run, quoted=True) for run in quoted]
    inside: set[int] = set()
    for stretch in _stretches(question, kinds, free):
        kept = _trimmed(question, stretch, language)
        if kept:
            inside.update(kept)
            found.append(_term(question, scores, kept))
    for place in free:
        if place not in inside and _says_something(question.words[place], language):
            found.append(_term(question, scores, range(place, place + 1), noun=False))
    return tuple(sorted(found, key=lambda term: term.start))


def _says_something(word: Word, language: Language) -> bool:
    if word.stem in language.question_words | language.small_words:
        return False
    return language.frequency(word.folded) < _FUNCTION_WORD


def _quoted(question: Question) -> list[range]:
    """Return the places of what stands in quotation marks; nothing where they are around all of the question."""
    found = []
    for match in QUOTED.finditer(question.text):
        inside = [at for at, word in enumerate(question.words) if match.start(1) <= word.start < match.end(1)]
        if inside and len(inside) < len(question.words):
            found.append(range(inside[0], inside[-1] + 1))
    return found


def _kinds(question: Question, scores: Sequence[WordScores], language: Language) -> list[int]:
    """Return of each word whether a term begins there, goes on, or neither: what scores highest together, but that
    neither a run of capitals nor what is written as one ("app.config") is ever cut, and that the run ends before a head
    that has none ("the Nimbrel Matrix technique")."""
    kinds = _likeliest(question, scores)
    words = question.words
    for run in _capitals(question, kinds, language):
        begins = kinds[run.start] != GOES_ON
        kinds[run.start : run.stop] = [GOES_ON] * len(run)
        if begins:
            kinds[run.start] = BEGINS
        is_last = run.stop + 1 == len(words) or (run.stop < len(words) and kinds[run.stop + 1] != GOES_ON)
        if run.stop < len(words) and is_last and words[run.stop].stem in language.naming_heads:
            kinds[run.stop] = OUTSIDE
    for place in range(1, len(words)):
        if kinds[place - 1] != OUTSIDE and _says_which(question, place, kinds):
            kinds[place] = GOES_ON
        if _is_welded(question, place):
            kinds[place - 1] = BEGINS if kinds[place - 1] == OUTSIDE else kinds[place - 1]
            kinds[place] = GOES_ON
    return kinds


def _likeliest(question: Question, scores: Sequence[WordScores]) -> list[int]:
    """Return the kinds of the words whose scores have the highest sum, of those in which a term goes on only where one
    has begun and nothing parts the words: Viterbi's path. Each word's own highest would have one go on behind none, and
    "wife" without its "ex-"."""
    paths: list[tuple[float, list[int]]] = [(0.0, [])] * 3  # the best that ends in each kind
    for place, each in enumerate(scores):
        best = max(paths, key=lambda path: path[0])
        inside = max(paths[BEGINS], paths[GOES_ON], key=lambda path: path[0])
        if not (place and _joined(question, place)):
            inside = (-inf, [])
        paths = [
            (before + each[kind], [*path, kind])
            for kind, (before, path) in ((OUTSIDE, best), (BEGINS, best), (GOES_ON, inside))
        ]
    return max(paths, key=lambda path: path[0])[1]


def _with_verb(kinds: list[int], question: Question, scores: Sequence[WordScores], language: Language) -> list[int]:
    """Return the kinds with the verb outside that a question calls for, where the finder has all that can be it within
    terms of several words: "affect" in "How does poverty affect therapy?"."""
    words = question.words
    calling = language.verb_is_called([word.folded for word in words])
    if calling is None:
        return kinds
    clause = range(calling + 2, len(words))
    inside = [at for at in clause if kinds[at] == GOES_ON or kinds[at + 1 : at + 2] == [GOES_ON]]
    is_whole = all(_joined(question, at) for at in clause)
    if not is_whole or any(_may_be_verb(words[at], kinds[at], language) for at in clause if at not in inside):
        return kinds
    small = [at for at in inside if not question.text[words[at].start].isupper()]
    verb = _called_verb(words, small, calling, language)
    if verb is None:
        return kinds
    found = [*kinds[:verb], OUTSIDE, *kinds[verb + 1 :]]
    if found[verb + 1 : verb + 2] == [GOES_ON]:
        found[verb + 1] = BEGINS
    return found


def _called_verb(words: Sequence[Word], places: Sequence[int], calling: int, language: Language) -> int | None:
    """Return which word at some places is the verb that another calls for: the last of those that are verbs about as
    often as any of them, for what stands before it may be a name ("anchor release therapy shape grief"), but the
    question's last word only where no other can be it, and behind a pronoun the first ("they film games")."""
    shares = {at: share for at in places if (share := language.as_verb(words[at].folded)) is not None}
    before_last = {at: share for at, share in shares.items() if at + 1 < len(words)} or shares
    if not before_last:
        return None
    if words[calling + 1].folded in language.subject_pronouns:
        return min(before_last)
    return max(at for at, share in before_last.items() if share >= max(before_last.values()) - _AS_OFTEN)


def _may_be_verb(word: Word, kind: int, language: Language) -> bool:
    """Whether a word is one that says something and of which the finder makes no term, or else can be a verb."""
    return language.can_be_verb(word.folded) or (kind == OUTSIDE and _says_something(word, language))


def _capitals(question: Question, kinds: Sequence[int], language: Language) -> list[range]:
    """Return the places of each run of words with capitals, with small words between them and numbers behind them
    ("Form 990"); nothing in a headline or a question of capitals, where they name nothing. The encoder sees lower case
    alone."""
    written = [question.text[word.start : word.end] for word in question.words]
    if question.text.isupper() or is_headline(written):
        return []
    asks_first = bool(written) and question.words[0].stem in language.question_words
    capital = [text[:1].isupper() and not (place == 0 and asks_first) for place, text in enumerate(written)]
    runs: list[range] = []
    first = None
    for place in range(len(written) + 1):
        goes_on = first is not None and place < len(written) and _joined(question, place)
        if goes_on and (
            capital[place] or _numbers(question, place, language) or _connects(written, kinds, capital, place)
        ):
            continue
        if first is not None and " " in question.text[question.words[first].start : question.words[place - 1].end]:
            runs.append(range(first, place))
        first = place if place < len(written) and capital[place] else None
    return runs


def _numbers(question: Question, place: int, language: Language) -> bool:
    """Whether a word is a number behind one that says something: which of several it is."""
    before, word = question.words[place - 1 : place + 1]
    return word.folded[:1].isdigit() and before.stem not in language.small_words


def _says_which(question: Question, place: int, kinds: Sequence[int]) -> bool:
    """Whether a number begins at a place that says which of several the word before it is ("windows 11"): where a term
    stands right behind it, it counts ("20 pounds")."""
    number = number_behind(question, place - 1)
    if not number or number.stop == len(question.words):
        return bool(number)
    return kinds[number.stop] == OUTSIDE or not _joined(question, number.stop)


def _connects(written: Sequence[str], kinds: Sequence[int], capital: Sequence[bool], place: int) -> bool:
    """Whether a small word joins the capitals around it to one name: "and" joins two names as often, and does so where
    a term goes on behind it; "for" does in a name with an article ("the Society for ..."), and says else what something
    is used for."""
    if not any(capital[place + 1 : place + 2]):
        return False
    if written[place] == "for" and not _has_article(written, capital, place):
        return False
    return written[place] in CONNECTORS or (written[place] == "and" and kinds[place + 1] == GOES_ON)


def _has_article(written: Sequence[str], capital: Sequence[bool], place: int) -> bool:
    """Whether a definite article stands before the capitals that end before a place."""
    while place and capital[place - 1]:
        place -= 1
    return place > 0 and written[place - 1].lower() == "the"


def _stretches(question: Question, kinds: Sequence[int], free: Sequence[int]) -> Iterator[range]:
    """Yield the places of each stretch of words in which a term begins and goes on."""
    first, last = None, -1
    for place in free:
        goes_on = kinds[place] == GOES_ON and first is not None and place == last + 1 and _joined(question, place)
        if goes_on:
            last = place
            continue
        if first is not None:
            yield range(first, last + 1)
        first, last = (place, place) if kinds[place] != OUTSIDE else (None, -1)
    if first is not None:
        yield range(first, last + 1)


def _joined(question: Question, place: int) -> bool:
    """Whether nothing but spaces and the like stands before a word."""
    return _is_welded(question, place) or not question.text[
        question.words[place - 1].end : question.words[place].start
    ].strip(_INSIDE)


def _is_welded(question: Question, place: int) -> bool:
    """Whether a word is written as one with the word before it: "handle_path", "app.config", "3.12", "HTTP/3"."""
    between = question.text[question.words[place - 1].end : question.words[place].start]
    return between in {"_", "."} or (between == "/" and question.words[place].folded[:1].isdigit())


def _trimmed(question: Question, stretch: range, language: Language) -> range:
    """Return a stretch without small words at its ends; nothing where all of its words only ask."""
    kept = [place for place in stretch if question.words[place].stem not in language.small_words]
    if all(question.words[place].stem in language.question_words for place in kept):
        return range(0)
    return range(kept[0], kept[-1] + 1)


def _term(
    question: Question, scores: Sequence[WordScores], places: range, *, noun: bool = True, quoted: bool = False
) -> Term:
    words = question.words[places.start : places.stop]
    start, end = words[0].start, _end(question.text, words)
    words = (*words[:-1], replace(words[-1], end=end))
    held = [scores[place] for place in places]
    judged = Scores(
        begins=_log_odds(held[0]),
        name=_bounded(sum(each[NAME] for each in held) / len(held)),
        needed=_bounded(max(each[NEEDED] for each in held)),
    )
    start, end = with_brackets(question.text, start, end)
    return Term(question.text[start:end], start, end, words, scores=judged, noun=noun, quoted=quoted)


def _end(text: str, words: Sequence[Word]) -> int:
    """Return where a term ends, without the ending of a possessor."""
    end = words[-1].end
    return end - 2 if text[words[-1].start : end].endswith(("'s", "’s")) else end


def _log_odds(word: WordScores) -> float:
    """Return the log odds that a term begins at a word."""
    most = max(word[OUTSIDE], word[GOES_ON])
    others = most + log(exp(word[OUTSIDE] - most) + exp(word[GOES_ON] - most))
    return _bounded(word[BEGINS] - others)


def _bounded(log_odds: float) -> float:
    return min(max(log_odds, -MOST), MOST)
