"""One question, several corpora -> one answer: one ranking, and of each term which corpora have it.

The corpus whose passages most probably answer leads: its confidence, verdict and words that answer are the answer's.
The others add passages, and know terms that it lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answers.answering import Answerer
from qa.answers.notes import write_note
from qa.answers.retrieval import gather_evidence
from qa.answers.signposts import verdict_beside
from qa.answers.spans import answering_in_words
from qa.answers.states import uses
from qa.datatypes import (
    EVERYTHING,
    Answer,
    Evidence,
    Ground,
    Phrase,
    QuotedPassage,
    Reason,
    Scope,
    Span,
    TermReport,
    TermState,
)
from qa.errors import BadQuestion
from qa.limits import DEFAULT_K, check_k, check_question

MOST_CORPORA = 20
"""That are asked together at most."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one corpus makes of the question."""

    answerer: Answerer
    evidence: Evidence
    answer: Answer


def answer_from_several(
    answerers: Mapping[str, Answerer], question: str, k: int = DEFAULT_K, scope: Scope = EVERYTHING
) -> Answer:
    """Return the answer of several corpora, by their names, with at most k passages of them together. Raises
    BadQuestion when one cannot be given, as where nothing of any is in the scope."""
    question, k = check_question(question), check_k(k)
    asked = _asked(answerers, question, k, scope)
    leader = max(asked, key=lambda name: asked[name].answer.confidence)  # the first of equals
    first = asked[leader]
    terms = tuple(_with_corpora(report, leader, asked) for report in first.evidence.terms)
    evidence = replace(first.evidence, terms=terms)
    note = write_note(evidence, first.answer.confidence, first.answer.verdict, first.answerer.index.language)
    signpost = next(iter(_each([one.answer.signpost for one in asked.values()])), None)
    passages, ranks = _merged(asked, leader, k)
    span = first.answer.answer
    return replace(
        first.answer,
        verdict=verdict_beside(signpost, first.answer.verdict),
        note=note.text,
        clarification=note.clarification,
        terms=terms,
        passages=passages,
        parts=tuple(
            replace(part, passages=tuple(replace(one, corpus=leader) for one in part.passages))
            for part in first.answer.parts
        ),
        answer=_moved(span, ranks) if span else None,
        notice=" ".join(_each([one.answer.notice for one in asked.values()])) or None,
        signpost=signpost,
        corpus=leader,
    )


def _asked(answerers: Mapping[str, Answerer], question: str, k: int, scope: Scope) -> dict[str, _Asked]:
    """Ask each corpus of which something is in the scope."""
    found, problem = {}, BadQuestion("There is no corpus to ask.")
    for name, answerer in answerers.items():
        try:
            evidence = gather_evidence([question], answerer.index, k, scope)[0]
        except BadQuestion as error:
            problem = error
            continue
        found[name] = _Asked(answerer, evidence, answerer.write(evidence))
    if not found:
        raise problem
    return found


def _with_corpora(report: TermReport, leader: str, asked: Mapping[str, _Asked]) -> TermReport:
    """Return a report of the corpus that leads with the names of those that have the term: one that it lacks is known
    where another has it."""
    is_known = report.state is TermState.KNOWN
    counts = {name: report.passage_count if name == leader else _count(report, one) for name, one in asked.items()}
    having = tuple(name for name in asked if counts[name] or (is_known and name == leader))
    total = sum(counts.values())
    if is_known or not having:
        return replace(report, passage_count=total, corpora=having, thin=report.thin if len(having) == 1 else ())
    part = Phrase(report.term.spelt.lower(), tuple(word.stem for word in report.term.words))
    return TermReport(
        report.term, TermState.KNOWN, total, parts=(part,), reason=Reason(Ground.USED, total), corpora=having
    )


def _count(report: TermReport, other: _Asked) -> int:
    """Return how many passages of another corpus use a term: as its own report says, else as its words are counted."""
    here = report.term.start, report.term.end
    own = next((one for one in other.evidence.terms if (one.term.start, one.term.end) == here), None)
    if own is not None:
        return own.passage_count if own.state is TermState.KNOWN else 0
    return 0 if report.state is TermState.MISSPELLED else uses(report.term.words, other.answerer.index.lexicon)


def _merged(asked: Mapping[str, _Asked], leader: str, k: int) -> tuple[tuple[QuotedPassage, ...], dict[int, int]]:
    """Return the first k passages of all corpora in one ranking, and the new ranks of the leading corpus's by the old.

    Each corpus keeps its order. Its passages come first up to the one that answers; then the corpus goes on whose next
    passage is nearer to the question, or, where their encoders differ and cosines cannot be compared, the more
    confident one.
    """
    waiting = {name: list(one.answer.passages) for name, one in asked.items()}
    is_same = len({one.answerer.index.manifest.embedder_checksum for one in asked.values()}) == 1
    answering = answering_in_words(asked[leader].answer.passages, asked[leader].evidence.readings)
    sure = [leader] * (answering[0][1].rank if answering else 1)
    merged: list[QuotedPassage] = []
    ranks: dict[int, int] = {}
    while len(merged) < k and (left := [name for name in asked if waiting[name]]):
        nearest = max(left, key=lambda one: waiting[one][0].cosine if is_same else asked[one].answer.confidence)
        name = sure.pop() if sure and waiting[leader] else nearest
        quoted = waiting[name].pop(0)
        rank = len(merged) + 1
        if name == leader:
            ranks[quoted.rank] = rank
        merged.append(replace(quoted, rank=rank, corpus=name))
    return tuple(merged), ranks


def _moved(span: Span, ranks: Mapping[int, int]) -> Span:
    """Return the words that answer with the new ranks of their passages, as far as these are shown."""
    return replace(
        span, places=tuple(place._replace(rank=ranks[place.rank]) for place in span.places if place.rank in ranks)
    )


def _each(texts: Sequence[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
