"""Answerer.answer(question) -> Answer: the service's one verb."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from qa.answers.amounts import Amount, amounts_in, find_amounts
from qa.answers.notes import is_follow_up, is_greeting, write_note
from qa.answers.retrieval import gather_evidence
from qa.answers.sentences import sentence_to_set_off
from qa.answers.signposts import find_signpost, verdict_beside
from qa.answers.spans import ANSWERS, find_answer
from qa.answers.thin import plain
from qa.answers.verdicts import NOTHING_WANTED, Thresholds, WantedPromise, confidence, draw_thresholds, verdict
from qa.datatypes import (
    EVERYTHING,
    Answer,
    AnsweredPart,
    Evidence,
    Part,
    QuotedPassage,
    Ranking,
    Reading,
    Scope,
    Verdict,
)
from qa.indexing.calibration import Promise
from qa.indexing.index import Index
from qa.language import Language
from qa.limits import DEFAULT_K, check_k, check_question
from qa.stages import stage

MOST_COPIES = 5
"""Other places of the same words that are named."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A confidence; what adds up to its log odds: the intercept, and by signal its (value, contribution); and from
    where to where each verdict goes, which is a promise where the owner's own questions prove it."""

    confidence: float
    intercept: float
    signals: dict[str, tuple[float, float]]
    thresholds: Thresholds
    promise: Promise
    is_own: bool


@dataclass(frozen=True, slots=True)
class Sought:
    """What is marked in a passage: words by their stems, and amounts."""

    stems: frozenset[str]
    amounts: tuple[Amount, ...] = ()


class Answerer:
    """Answers questions from one index. Safe to call from several threads."""

    def __init__(self, index: Index, wanted: WantedPromise = NOTHING_WANTED) -> None:
        """Answer from this index, with verdicts that keep the promise that is wanted, or else its calibration's."""
        self.index = index
        self.wanted = wanted
        self.promise = wanted.given(index.calibration.promise)
        self.thresholds = draw_thresholds(index.calibration, self.promise, index.own_calibration is not None)

    def answer(self, question: str, k: int = DEFAULT_K, scope: Scope = EVERYTHING) -> Answer:
        """Return the answer with at most k passages of the scope. Raises BadQuestion when one cannot be given."""
        question, k = check_question(question), check_k(k)
        return self.write(gather_evidence([question], self.index, k, scope)[0])

    def answer_all(self, questions: Sequence[str], k: int = DEFAULT_K, scope: Scope = EVERYTHING) -> list[Answer]:
        """Return the answers in order, found together. Raises BadQuestion for the first bad one."""
        check_k(k)
        checked = [check_question(question) for question in questions]
        return [self.write(evidence) for evidence in gather_evidence(checked, self.index, k, scope)]

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def __enter__(self) -> "Answerer":
        """Return it, to be closed at the end of a ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its index."""
        self.close()

    def explain(self, question: str, scope: Scope = EVERYTHING) -> Explanation:
        """Return what the confidence of a question is made of. Raises BadQuestion."""
        evidence = gather_evidence([check_question(question)], self.index, DEFAULT_K, scope, with_parts=False)[0]
        calibration = self.index.calibration
        added = calibration.contributions(evidence.signals)
        return Explanation(
            confidence=confidence(evidence, calibration),
            intercept=calibration.intercept,
            signals={name: (getattr(evidence.signals, name), added[name]) for name in added},
            thresholds=self.thresholds,
            promise=self.promise,
            is_own=self.index.own_calibration is not None,
        )

    def write(self, evidence: Evidence) -> Answer:
        """Return the answer that the evidence for a question gives."""
        with stage("writing"):
            return self._written(evidence)

    def _written(self, evidence: Evidence) -> Answer:
        certain = confidence(evidence, self.index.calibration)
        decided = verdict(evidence, certain, self.thresholds)
        signpost = self._signpost(evidence.question.text)
        language = self.index.language
        note = write_note(evidence, certain, decided, language)
        stems = frozenset(stem for report in evidence.terms for stem in report.stems) - language.unmarked
        asked = Sought(stems, tuple(amounts_in(evidence.question.text, language)))
        if is_greeting(evidence):
            return Answer(evidence.question.text, 0.0, Verdict.NOT_IN_CORPUS, note.text)
        copies = _by_best(evidence.copies)
        parts = () if decided is Verdict.ANSWERED else evidence.parts  # of what is thin, or apart
        passages = self._quote(evidence.ranking, evidence.cosines, asked, copies, evidence.readings)
        goes_on = is_follow_up(evidence, decided, language)
        return Answer(
            question=evidence.question.text,
            confidence=certain,
            verdict=verdict_beside(signpost, decided),
            note=note.text,
            terms=plain(evidence.terms) if decided is Verdict.ANSWERED else evidence.terms,
            passages=passages,
            parts=tuple(AnsweredPart(part.terms, self._quote_part(part, copies)) for part in parts),
            clarification=note.clarification,
            notice=self.index.manifest.notice or None,
            answer=None if goes_on else find_answer(passages, evidence.readings),
            signpost=signpost,
        )

    def _signpost(self, question: str) -> str | None:
        """Return what the owner wants to be read first by who asks this."""
        signposts, examples = self.index.manifest.signposts, self.index.generation.signposts
        if not signposts:
            return None
        found = find_signpost(question, self.index.embed([question])[0], signposts, examples, self.index.language)
        return found.text if found else None

    def _quote_part(self, part: Part, copies: Mapping[int, list[int]]) -> tuple[QuotedPassage, ...]:
        asked = Sought(
            frozenset(stem for phrase in part.phrases for stem in phrase.stems) - self.index.language.unmarked
        )
        return self._quote(part.ranking, [hit.score for hit in part.ranking], asked, copies)

    def _quote(
        self,
        ranking: Ranking,
        cosines: Sequence[float],
        asked: Sought,
        copies: Mapping[int, list[int]],
        readings: Sequence[Reading] = (),
    ) -> tuple[QuotedPassage, ...]:
        """Quote the passages of a ranking, its copies beside the better ones."""
        quoted = []
        shown = {hit.row for hit in ranking}
        repeated = {row for best, rows in copies.items() if best in shown for row in rows}
        weights = {stem: self.index.lexicon.weight(stem) for stem in asked.stems}
        for hit, cosine, reading in zip_longest(ranking, cosines, readings[: len(ranking)]):
            if hit.row in repeated:
                continue
            passage = self.index.passage(hit.row)
            others = tuple(self.index.passage(row) for row in copies.get(hit.row, [])[:MOST_COPIES])
            highlights = find_highlights(passage.text, asked.stems, self.index.language, asked.amounts)
            best = sentence_to_set_off(passage, weights, reading, self.index.language)
            answers = reading.log_odds >= ANSWERS if reading else None
            near = round(cosine, 4)
            quoted.append(QuotedPassage(hit.rank, passage, near, highlights, best, others, answers=answers))
        return tuple(quoted)


def _by_best(copies: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the rows of the copies of each passage that has any."""
    found: dict[int, list[int]] = {}
    for row, best in copies.items():
        found.setdefault(best, []).append(row)
    return found


def find_highlights(
    text: str, asked: frozenset[str], language: Language, amounts: Sequence[Amount] = ()
) -> tuple[tuple[int, int], ...]:
    """Return the [start, end) character ranges of the words of a text whose stems are asked for, and of the amounts.

    Neighbours with only a space or a hyphen between them are one range: "social action", not two words.
    """
    words = [(start, end) for stem, start, end in language.stemmed(text) if stem in asked]
    spans: list[tuple[int, int]] = []
    for start, end in sorted([*words, *find_amounts(text, amounts, language)]):
        if spans and (start < spans[-1][1] or text[spans[-1][1] : start] in {" ", "-", "\n"}):
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return tuple(spans)


def marked_segments(quoted: QuotedPassage) -> list[tuple[str, bool, bool]]:
    """Return a passage's text in stretches, each with whether it is highlighted and whether it is of the best sentence;
    together they are the text."""
    text = quoted.passage.text
    best = [quoted.best_sentence] if quoted.best_sentence else []
    cuts = sorted({0, len(text), *(edge for span in (*quoted.highlights, *best) for edge in span)})
    return [(text[start:end], _within(start, quoted.highlights), _within(start, best)) for start, end in pairwise(cuts)]


def _within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)
