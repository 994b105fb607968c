"""Suspects and readings -> the states of the terms: what the passages say decides together with the counts.

A suspect is flagged where the question probably asks for it and the texts do not have it: "pet insurance discount" is
not where a sentence gives the insurance's discount, in whatever words.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import log

from qa.answers.missing import packaged_weighings
from qa.answers.spelling import Correction
from qa.answers.states import Counted, Suspect
from qa.datatypes import Ground, Phrase, Reading, Reason, Term, TermReport, TermState, Word
from qa.language import Language

MOST = 10.0
"""Log odds of a fact are no higher than this, and no lower than its negative."""

_GROUPED = 0.5
"""Of a suspect of which nothing but its form is known: as likely as not."""


def settle(counted: Sequence[Counted], readings: Sequence[Reading]) -> tuple[TermReport, ...]:
    """Return the reports on a question's terms, by the passages that were read."""
    return tuple(report for one in counted for report in _settled(one, readings))


def most_missing(counted: Sequence[Counted], readings: Sequence[Reading]) -> float:
    """Return the probability of the suspect that is likeliest missing, 0 without any."""
    suspects = [one for one in counted if isinstance(one, Suspect)]
    return max((missing_probability(one, readings) for one in suspects), default=0.0)


def _settled(one: Counted, readings: Sequence[Reading]) -> Iterator[TermReport]:
    if isinstance(one, TermReport):
        yield one
        return
    probability = missing_probability(one, readings)
    if probability < packaged_weighings().threshold:
        yield from one.cleared
        return
    # A single word that no passage has has no parts, though the texts may have it in another inflection.
    is_lacking = bool(one.lacking) or len(one.term.words) == 1
    state = TermState.UNKNOWN if is_lacking else TermState.UNESTABLISHED
    words = one.lacking_text or one.term.text
    reason = Reason(Ground.LACKING, words=words) if is_lacking else Reason(Ground.APART)
    yield TermReport(one.term, state, 0, parts=one.parts, reason=reason, probability=probability)


def missing_probability(suspect: Suspect, readings: Sequence[Reading]) -> float:
    """Return the probability in [0, 1] that the question asks for a suspect, and the texts do not have it."""
    if suspect.facts is None:
        return _GROUPED
    # What is written as one is read in pieces, and that a passage has these says nothing.
    facts = {**suspect.facts, **read_facts(suspect.term, () if suspect.is_token else readings)}
    fitted = packaged_weighings().probability(facts, lacks_word=bool(suspect.lacking))
    return max(fitted, _unanswered(readings)) if suspect.all_asked else fitted


def _unanswered(readings: Sequence[Reading]) -> float:
    """Return how probably none of the passages that were read answers. Where the texts lack all that is asked for,
    that is how probably it is missing: the question has no other subject. Where none was read, nothing says that one
    does."""
    return min((1 - reading.probability for reading in readings), default=1.0)


def read_facts(term: Term, readings: Sequence[Reading]) -> dict[str, float]:
    """Return the facts of ``missing.READ`` on a term, none where no passage was read."""
    if not readings:
        return {}
    lacks = [_probabilities(term.start, term.end, reading) for reading in readings]
    means = [sum(each) / len(each) for each in lacks]
    fails = [1 - reading.probability * (1 - mean) for mean, reading in zip(means, readings, strict=True)]
    return {
        "lacking": _log_odds(min(means)),
        "lacking_most": _log_odds(min(max(each) for each in lacks)),
        "answers": max(reading.log_odds for reading in readings),
        "answer_lacks": _log_odds(min(fails)),
    }


def lacked(start: int, end: int, reading: Reading) -> float:
    """Return how probable it is that a passage lacks what a question says from ``start`` to ``end``: the mean over its
    tokens, 0 without any."""
    each = _probabilities(start, end, reading)
    return sum(each) / len(each)


def _probabilities(start: int, end: int, reading: Reading) -> list[float]:
    """Return of each token there how probably a passage lacks it; 0 where there is none, past what was read."""
    return [lack.probability for lack in reading.lacks if lack.end > start and lack.start < end] or [0.0]


def _log_odds(probability: float) -> float:
    kept = min(max(probability, 1e-12), 1 - 1e-12)
    return min(max(log(kept / (1 - kept)), -MOST), MOST)


# --- as it was written ---------------------------------------------------------------------------------------


def as_written(
    reports: Sequence[TermReport], question: str, corrections: Sequence[Correction], language: Language
) -> tuple[TermReport, ...]:
    """Return reports on what was read with their terms as and where they stand in the question, and one for each word
    that was read as another. A known term that is nothing but such a word is reported as that."""
    if not corrections:
        return tuple(reports)
    places = Places(corrections)
    moved = [replace(report, term=_moved(report.term, question, places)) for report in reports]
    read = {(one.word.start, one.word.end): _read_as(one, question, language) for one in corrections}
    kept = []
    for report in moved:
        place = report.term.start, report.term.end
        if report.state is not TermState.KNOWN or place not in read:
            kept.append(report)
        elif read[place].state is TermState.KNOWN:
            judged = replace(read[place].term, scores=report.term.scores, noun=report.term.noun)
            read[place] = replace(read[place], term=judged)
    return tuple(sorted([*read.values(), *kept], key=lambda report: report.term.start))


def _read_as(one: Correction, question: str, language: Language) -> TermReport:
    word, meant = one.word, Phrase(one.meant, tuple(language.stems(one.meant)))
    term = Term(question[word.start : word.end], word.start, word.end, (word,))
    reason = Reason(one.ground, one.passages, one.meant)
    if one.ground is Ground.ERROR:
        return TermReport(term, TermState.MISSPELLED, 0, meant, reason=reason)
    words = tuple(replace(read, start=word.start, end=word.end) for read in language.words(one.meant))
    known = replace(term, words=words, read=one.meant)
    return TermReport(known, TermState.KNOWN, one.passages, parts=(meant,), reason=reason)


def _moved(term: Term, question: str, places: "Places") -> Term:
    start, end = places.written(term.start), places.written_end(term.end)
    text = question[start:end]
    words = tuple(
        replace(word, start=places.written(word.start), end=places.written_end(word.end)) for word in term.words
    )
    return replace(term, text=text, start=start, end=end, words=words, read=term.text if term.text != text else "")


class Places:
    """Where the characters of what was read stand in the question."""

    def __init__(self, corrections: Sequence[Correction]) -> None:
        """Take the corrections in order."""
        self._read: list[tuple[int, int, Word]] = []  # from where to where a word stands in what was read
        shift = 0
        for one in corrections:
            start = one.word.start + shift
            self._read.append((start, start + len(one.meant), one.word))
            shift += len(one.meant) - (one.word.end - one.word.start)

    def written(self, place: int) -> int:
        """Return where in the question stands what begins at a place; within a word that was read as another or as
        several, where that begins."""
        return self._written(place, lambda word: word.start)

    def written_end(self, place: int) -> int:
        """Return where in the question ends what ends at a place; within a word that was read as another or as several,
        where that ends."""
        return self._written(place, lambda word: word.end)

    def _written(self, place: int, edge: Callable[[Word], int]) -> int:
        for start, end, word in reversed(self._read):
            if end <= place:
                return place - end + word.end
            if start < place:
                return edge(word)
        return place
