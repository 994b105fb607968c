"""Term -> TermReport: whether the corpus uses a term, its parts only, or neither. Pure functions of counts.

A question's words are asked for in the lexicon; nothing here looks at vectors. The rules, in order:

1. The corpus uses the whole (as a phrase, or its words close together): KNOWN.
2. A word is absent from the corpus and not one of ordinary English: the term is UNKNOWN. Where the question
   names a compound, the whole is the term; elsewhere the absent word alone.
3. Every word is known, the question names the compound, the corpus never uses it: UNESTABLISHED.
4. Everything else is ordinary language: each word that the corpus uses is a KNOWN term, and ordinary words
   that it lacks are no terms.
"""

from collections.abc import Iterable, Iterator, Sequence

from wordfreq import zipf_frequency

from qa.datatypes import Term, TermReport, TermState, Word
from qa.lexicon import Lexicon
from qa.terms import NAMING_HEADS

NEAR = 2
"""Words this many moves apart or fewer count as used together ("therapy of families", "family therapy")."""

# On wordfreq's Zipf scale (3 is once in a million words, 6 once in a thousand). An absent word as frequent as
# this is ordinary English that a corpus may well lack; a question is not about it. Nouns name subjects more
# often than verbs and adjectives do, so they must be more frequent to be passed over.
_ORDINARY_NOUN = 5.0
_ORDINARY_OTHER = 3.5

_JOINERS = frozenset({"and"})


def report_terms(terms: Iterable[Term], lexicon: Lexicon) -> tuple[TermReport, ...]:
    """Return a report for each term in order. A term may be cut into several, each with its own state."""
    return tuple(report for term in terms for report in _report(term, lexicon))


def _report(term: Term, lexicon: Lexicon) -> Iterator[TermReport]:
    count = _uses(term.words, lexicon)
    if count:
        yield TermReport(term, TermState.KNOWN, count, known_parts=(_written(term.words, term),))
    elif any(_is_missing(word, term, lexicon) for word in term.words):
        yield from _report_unknown(term, lexicon)
    elif term.named and len(term.words) > 1:
        yield TermReport(term, TermState.UNESTABLISHED, 0, known_parts=known_parts(term, lexicon))
    else:
        yield from _known_words(term.words, term, lexicon)


def _report_unknown(term: Term, lexicon: Lexicon) -> Iterator[TermReport]:
    if term.named:
        yield TermReport(term, TermState.UNKNOWN, 0, known_parts=known_parts(term, lexicon))
        return
    for word in term.words:
        if _is_missing(word, term, lexicon):
            yield TermReport(_term_of_word(word, term), TermState.UNKNOWN, 0)
        else:
            yield from _known_words([word], term, lexicon)


def _known_words(stretch: Iterable[Word], term: Term, lexicon: Lexicon) -> Iterator[TermReport]:
    for word in stretch:
        count = lexicon.passage_count([word.stem])
        if count and word.stem not in _JOINERS:
            own = _term_of_word(word, term)
            yield TermReport(own, TermState.KNOWN, count, known_parts=(_written([word], term),))


def known_parts(term: Term, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the longest stretches of the term's words that the corpus uses, from the left, in lower case.

    A naming head ("model", "therapy") that stands alone at the end is left out where other parts are known:
    that the corpus has the word "model" says nothing on the term.
    """
    parts: list[Sequence[Word]] = []
    rest = list(term.words)
    while rest:
        length = next((n for n in range(len(rest), 0, -1) if _is_part(rest[:n], lexicon)), 0)
        if length:
            parts.append(rest[:length])
        rest = rest[max(length, 1) :]
    if len(parts) > 1 and len(parts[-1]) == 1 and parts[-1][0].stem in NAMING_HEADS:
        parts.pop()
    return tuple(_written(part, term) for part in parts)


def _is_part(stretch: Sequence[Word], lexicon: Lexicon) -> bool:
    edges = {stretch[0].stem, stretch[-1].stem}
    return not edges & _JOINERS and lexicon.passage_count([word.stem for word in stretch]) > 0


def _uses(stretch: Sequence[Word], lexicon: Lexicon) -> int:
    phrase = [word.stem for word in stretch]
    return lexicon.passage_count(phrase) or (lexicon.passage_count(phrase, NEAR) if len(phrase) > 1 else 0)


def _is_missing(word: Word, term: Term, lexicon: Lexicon) -> bool:
    """Whether the corpus lacks a word that the question needs."""
    if word.stem in _JOINERS or word.stem.isdigit() or lexicon.passage_count([word.stem]):
        return False
    if term.named:
        return True
    ordinary = _ORDINARY_NOUN if term.noun else _ORDINARY_OTHER
    return zipf_frequency(_written([word], term), "en") < ordinary


def _written(stretch: Sequence[Word], term: Term) -> str:
    return term.text[stretch[0].start - term.start : stretch[-1].end - term.start].lower()


def _term_of_word(word: Word, term: Term) -> Term:
    text = term.text[word.start - term.start : word.end - term.start]
    return Term(text, word.start, word.end, (word,), named=False, noun=term.noun)
