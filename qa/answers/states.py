"""Term -> TermReport: whether the corpus uses a term, its parts only, or neither. Pure functions of counts.

A question's words are asked for in the lexicon; nothing here looks at vectors. The rules, in order, each with the
reason that a report gives for it (`qa ask --explain` prints them):

1. The corpus uses the whole, as a phrase or with its words close together: KNOWN.
2. A word that the corpus lacks is an error for one that it or English has: that word is MISSPELLED, and the rest is
   judged as if it were corrected.
3. A word is missing, and the question needs it: the term is UNKNOWN.
4. The question names the compound, every word is known, the corpus never uses the whole: UNESTABLISHED.
5. Everything else is ordinary language: each word that the corpus uses is a KNOWN term, and ordinary words that it
   lacks are no terms.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from qa.answers.spelling import other_spelling, suggest
from qa.datatypes import Naming, Phrase, Term, TermReport, TermState, Word
from qa.lexicons import Lexicon
from qa.plurals import count

NEAR = 2
"""Words this many moves apart or fewer count as used together ("therapy of families", "family therapy")."""

# On wordfreq's Zipf scale (3 is once in a million words, 6 once in a thousand). An absent word as frequent as this is
# ordinary English that a corpus may well lack; a question is not about it. Nouns name subjects more often than verbs
# and adjectives do, so they must be more frequent to be passed over, the more so in a question of few terms: "warfarin"
# (2.9) is what "Is warfarin safe with alcohol?" is about, "gadgets" (3.6) one word of many in a long question. The
# bounds keep questions with only real terms unflagged, in `benchmarks/states.py`.
_ORDINARY_NOUN_OF_FEW = 4.0
_FEW_TERMS = 4
_ORDINARY_NOUN = 2.75
_ORDINARY_OTHER = 1.0

MOST_SPELLED = 30
"""Words of a question that are looked up for what they may be errors for, the first that the texts lack. A look-up
costs more the more words the texts have; of 4,600 real questions none lacks more than 15 of the default corpus."""

_EVERYDAY = 4.7  # of a head that many things are: "experience" (5.3), "industry" (5.2); not "revolution" (4.6)
_WHOLE = 4  # words up to which an unnamed phrase with a missing word is one term: "astro-cosmic spectrography"

_LONGEST_PART = 8  # words; to try all stretches of a compound of a hundred would take a second

_JOINERS = frozenset({"and"})


def report_terms(terms: Iterable[Term], lexicon: Lexicon) -> tuple[TermReport, ...]:
    """Return a report for each term in order. A term may be cut into several, each with its own state."""
    listed = list(terms)
    few = len(listed) <= _FEW_TERMS
    lacking = (word.start for term in listed for word in term.words if _is_absent(word, lexicon))
    spelled = frozenset(islice(lacking, MOST_SPELLED))
    return tuple(report for term in listed for report in _report(replace(term, one_of_few=few), lexicon, spelled))


def _report(term: Term, lexicon: Lexicon, spelled: frozenset[int]) -> Iterator[TermReport]:
    uses = _uses(term.words, lexicon)
    if uses:
        reason = f"these texts use it, in {count(uses, 'passage')}"
        yield TermReport(
            term, TermState.KNOWN, uses, parts=(_phrase(_written(term.words, term), term.words),), reason=reason
        )
        return
    if term.named and (sides := _sides(term, lexicon)):
        for side in sides:
            yield from _report(side, lexicon, spelled)
        return
    corrected, errors = _correct(term, lexicon, spelled)
    yield from errors
    uses = _uses(corrected.words, lexicon)
    if uses and not errors:
        reason = f"these texts use it, spelt otherwise, in {count(uses, 'passage')}"
        yield TermReport(term, TermState.KNOWN, uses, parts=(_as_spelt(corrected.words, term, lexicon),), reason=reason)
    if uses or len(corrected.words) == len(errors):
        return
    read = {report.term.start for report in errors}
    named = not errors and _claims_a_name(corrected, lexicon)
    judged = corrected if named else replace(corrected, naming=None)
    missing = [w for w in corrected.words if w.start not in read and _is_missing(w, judged, lexicon)]
    if missing:
        yield from _report_unknown(judged, missing, read, lexicon)
    elif named and _content_count(corrected, lexicon) > 1:
        parts = known_parts(corrected, lexicon)
        reason = f"named ({corrected.naming}), each part is used, the whole nowhere"
        yield TermReport(corrected, TermState.UNESTABLISHED, 0, parts=parts, reason=reason)
    else:
        yield from _known_words([w for w in corrected.words if w.start not in read], corrected, lexicon)


def _claims_a_name(term: Term, lexicon: Lexicon) -> bool:
    """Whether the question asks for a compound as for an established thing.

    Where nothing but its form says so, it may as well describe ("overall dining experience"). It describes when a
    passage has all of its words, when the corpus uses two neighbours of them together, or when its head is an everyday
    word.
    """
    if term.naming not in {Naming.HEAD, Naming.DEFINITE}:
        return term.named
    if lexicon.rank_with_all([[word.stem] for word in term.words], 1):
        return False
    if term.naming is Naming.HEAD:
        return True
    head = term.words[-1]
    everyday = lexicon.language.frequency(head.folded) >= _EVERYDAY
    pairs = [(a, b) for a, b in pairwise(term.words) if a.start != b.start]  # not the halves of one word as written
    used = [bool(lexicon.passage_count([a.stem, b.stem])) for a, b in pairs]
    return not any(used) and (head.stem in lexicon.language.naming_heads or not everyday)


def _sides(term: Term, lexicon: Lexicon) -> list[Term]:
    """Return the two sides of an "and" that joins two terms: the texts use the second as a whole, or they lack a word
    and no head makes one name of it. In a name of capitals also those of a possessor, where the texts use both:
    "Michael Moore's Slacker Uprising"."""
    lacking = term.words[-1].stem not in lexicon.language.naming_heads and any(
        _is_absent(word, lexicon) for word in term.words
    )
    capitals = term.naming is Naming.CAPITALS
    for place, word in enumerate(term.words[:-1]):
        joins = word.stem in _JOINERS
        possessor = capitals and _written([word], term).endswith(("'s", "’s")) and place + 2 < len(term.words)
        if not (joins or possessor):
            continue
        left, right = term.words[: place + (not joins)], term.words[place + 1 :]
        used = lexicon.passage_count([other.stem for other in right]) > 0
        if left and (lacking or used) and (not capitals or (_uses(left, lexicon) and not lacking)):
            return [_term_of_words(left, term), _term_of_words(right, term)]
    return []


def _correct(term: Term, lexicon: Lexicon, spelled: frozenset[int]) -> tuple[Term, list[TermReport]]:
    """Return the term with its misspelled words read as what was meant, and a report for each of them. Only words that
    begin at a place in ``spelled`` are looked up."""
    errors, corrected = [], []
    for word in term.words:
        written = _written([word], term, fold=False)
        suggestion = None
        if word.start in spelled and _is_absent(word, lexicon):
            if variant := other_spelling(word, lexicon):
                corrected.extend(variant)
                continue
            named = _is_name(written, word, term)
            suggestion = None if named and written.isupper() else suggest(written, lexicon, name=named)
        if suggestion is None:
            corrected.append(word)
            continue
        meant = Phrase(suggestion, tuple(lexicon.language.stems(suggestion)))
        corrected.append(replace(word, stem=meant.stems[0], folded=suggestion))
        reason = f"not in these texts, and an error for “{suggestion}”"
        errors.append(TermReport(_term_of_word(word, term), TermState.MISSPELLED, 0, meant, reason=reason))
    return replace(term, words=tuple(corrected)), errors


def _is_name(written: str, word: Word, term: Term) -> bool:
    """Whether a word is an acronym, or has a capital that is not the first word's of a question or a shouted one's."""
    inner = any(letter.isupper() for letter in written[1:])
    return not term.shouted and (inner or (written[:1].isupper() and word.start > 0))


def _report_unknown(term: Term, missing: Sequence[Word], read: set[int], lexicon: Lexicon) -> Iterator[TermReport]:
    """Yield the whole as one unknown term, or word by word where the phrase is long or has words ``read`` as others."""
    written = ", ".join(_written([word], term) for word in missing)
    if not read and (term.named or len(term.words) <= _WHOLE):
        reason = f"not in these texts: {written}"
        yield TermReport(term, TermState.UNKNOWN, 0, parts=known_parts(term, lexicon), reason=reason)
        return
    lacking = set(missing)
    for word in term.words:
        if word in lacking:
            reason = f"not in these texts: {written}"
            yield TermReport(_term_of_word(word, term), TermState.UNKNOWN, 0, reason=reason)
        elif word.start not in read:
            yield from _known_words([word], term, lexicon)


def _known_words(stretch: Iterable[Word], term: Term, lexicon: Lexicon) -> Iterator[TermReport]:
    for word in stretch:
        uses = _uses([word], lexicon)
        if uses and word.stem not in lexicon.language.small_words:
            own = _term_of_word(word, term)
            reason = f"these texts use it, in {count(uses, 'passage')}"
            yield TermReport(own, TermState.KNOWN, uses, parts=(_as_spelt([word], term, lexicon),), reason=reason)


def known_parts(term: Term, lexicon: Lexicon) -> tuple[Phrase, ...]:
    """Return the longest stretches of the term's words that the corpus uses, from the left, in lower case, as the asker
    wrote them or, where the texts spell them otherwise, as these do.

    A naming head ("model", "therapy") that stands alone at the end is left out where other parts are known:
    that the corpus has the word "model" says nothing on the term.
    """
    parts: list[Sequence[Word]] = []
    rest = list(term.words)
    while rest:
        length = next((n for n in range(min(len(rest), _LONGEST_PART), 0, -1) if _is_part(rest[:n], lexicon)), 0)
        if length:
            parts.append(rest[:length])
        rest = rest[max(length, 1) :]
    if len(parts) > 1 and len(parts[-1]) == 1 and parts[-1][0].stem in lexicon.language.naming_heads:
        parts.pop()
    return tuple(_as_spelt(part, term, lexicon) for part in parts)


def _phrase(text: str, stretch: Sequence[Word]) -> Phrase:
    return Phrase(text, tuple(word.stem for word in stretch))


def _as_spelt(stretch: Sequence[Word], term: Term, lexicon: Lexicon) -> Phrase:
    """Return a stretch as the asker wrote it, or as the texts spell it where they differ: passages are sought so."""
    spelt = [word.folded for word in stretch]
    written = _written(stretch, term)
    is_so = lexicon.language.folded_words(written) == spelt
    return _phrase(written if is_so else " ".join(spelt), stretch)


def _is_part(stretch: Sequence[Word], lexicon: Lexicon) -> bool:
    edges = {stretch[0].stem, stretch[-1].stem}
    if len(stretch) == 1 and len(stretch[0].folded) == 1:  # of "vitamin D": that they have the letter says nothing
        return False
    if (
        edges & lexicon.language.small_words
        or any(_is_absent(word, lexicon) for word in stretch)
        or stretch[0].folded.isdigit()
    ):
        return False
    return lexicon.passage_count([word.stem for word in stretch]) > 0


def _uses(stretch: Sequence[Word], lexicon: Lexicon) -> int:
    """Return how many passages have the words as a phrase, or near each other where none has that."""
    phrase = [word.stem for word in stretch]
    if any(_is_absent(word, lexicon) for word in stretch):
        return 0
    return lexicon.passage_count(phrase) or (lexicon.passage_count(phrase, NEAR) if len(phrase) > 1 else 0)


def _content_count(term: Term, lexicon: Lexicon) -> int:
    return sum(word.stem not in lexicon.language.small_words for word in term.words)


def _is_absent(word: Word, lexicon: Lexicon) -> bool:
    """Whether the texts do not have a word in any inflection; numbers and small words are never missed."""
    return (
        word.stem not in lexicon.language.small_words
        and not word.folded[:1].isdigit()
        and not lexicon.has_word(word.folded)
    )


def _is_missing(word: Word, term: Term, lexicon: Lexicon) -> bool:
    """Whether the corpus lacks a word that the question needs."""
    if not _is_absent(word, lexicon):
        return False
    written = _written([word], term, fold=False)
    if term.named or (written.isupper() and len(written) > 1 and not term.shouted):
        return True
    ordinary = _ORDINARY_OTHER
    if term.noun:
        ordinary = _ORDINARY_NOUN_OF_FEW if term.one_of_few else _ORDINARY_NOUN
    language = lexicon.language
    return language.frequency(_written([word], term)) < ordinary and word.stem not in language.question_words


def _written(stretch: Sequence[Word], term: Term, *, fold: bool = True) -> str:
    """Return a stretch as the asker wrote it, in lower case unless it is not to be folded."""
    text = term.text[stretch[0].start - term.start : stretch[-1].end - term.start]
    return text.lower() if fold else text


def _term_of_word(word: Word, term: Term) -> Term:
    return _term_of_words([word], term)


def _term_of_words(stretch: Sequence[Word], term: Term) -> Term:
    start, end = stretch[0].start, stretch[-1].end
    text = term.text[start - term.start : end - term.start]
    return Term(
        text,
        start,
        end,
        tuple(stretch),
        term.naming if len(stretch) > 1 else None,
        noun=term.noun,
        one_of_few=term.one_of_few,
    )
