"""Answerer.answer(question) -> Answer: the service's one verb."""

import unicodedata
from collections.abc import Sequence

from qa.confidence import confidence, verdict
from qa.datatypes import Answer, AnsweredPart, Evidence, QuotedPassage, Ranking
from qa.errors import BadQuestion
from qa.index import Index
from qa.notes import write_note
from qa.retrieval import gather_evidence
from qa.settings import DEFAULT_K, MAX_K, MAX_QUESTION_CHARACTERS
from qa.terms import QUESTION_WORDS, spans_of, stems


class Answerer:
    """Answers questions from one index. Safe to call from several threads."""

    def __init__(self, index: Index) -> None:
        """Answer from this index."""
        self.index = index

    def answer(self, question: str, k: int = DEFAULT_K) -> Answer:
        """Return the answer with at most k passages. Raises BadQuestion when one cannot be given."""
        return self.answer_all([question], k)[0]

    def answer_all(self, questions: Sequence[str], k: int = DEFAULT_K) -> list[Answer]:
        """Return the answers in order, found together. Raises BadQuestion for the first bad one."""
        check_k(k)
        checked = [check_question(question) for question in questions]
        return [self._write(evidence) for evidence in gather_evidence(checked, self.index, k)]

    def _write(self, evidence: Evidence) -> Answer:
        note = write_note(evidence)
        asked = frozenset(word.stem for report in evidence.terms for word in report.term.words) - QUESTION_WORDS
        return Answer(
            question=evidence.question,
            confidence=round(confidence(evidence), 4),
            verdict=verdict(evidence),
            note=note.text,
            terms=evidence.terms,
            passages=self._quote(evidence.ranking, evidence.cosines, asked),
            parts=tuple(
                AnsweredPart(part.terms, self._quote_part(part.ranking, part.terms)) for part in evidence.parts
            ),
            clarification=note.clarification,
        )

    def _quote_part(self, ranking: Ranking, terms: Sequence[str]) -> tuple[QuotedPassage, ...]:
        asked = frozenset(stem for term in terms for stem in stems(term)) - QUESTION_WORDS
        return self._quote(ranking, [hit.score for hit in ranking], asked)

    def _quote(self, ranking: Ranking, cosines: Sequence[float], asked: frozenset[str]) -> tuple[QuotedPassage, ...]:
        quoted = []
        for hit, cosine in zip(ranking, cosines, strict=True):
            passage = self.index.passage(hit.row)
            quoted.append(QuotedPassage(hit.rank, passage, round(cosine, 4), find_highlights(passage.text, asked)))
        return tuple(quoted)


def find_highlights(text: str, asked: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """Return the [start, end) character ranges of the words of a text whose stems are asked for.

    Neighbours with only a space or a hyphen between them are one range: "social action", not two words.
    """
    spans: list[tuple[int, int]] = []
    for start, end in spans_of(text, asked):
        if spans and text[spans[-1][1] : start] in {" ", "-", "\n"}:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)


def marked_segments(quoted: QuotedPassage) -> list[tuple[str, bool]]:
    """Return a passage's text in stretches, each with whether it is highlighted; together they are the text."""
    text, segments, end = quoted.passage.text, [], 0
    for start, stop in quoted.highlights:
        segments += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    segments.append((text[end:], False))
    return [(stretch, marked) for stretch, marked in segments if stretch]


def check_question(question: str) -> str:
    """Return the question without white space around it.

    Raises BadQuestion when it is empty, over 1,000 characters, or has no letter, digit or symbol to go by.
    """
    text = question.strip()
    if not text:
        raise BadQuestion("The question is empty: ask it in a few words.")
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise BadQuestion(
            f"The question has {len(text):,} characters, and at most {MAX_QUESTION_CHARACTERS:,} are read: shorten it."
        )
    categories = {unicodedata.category(character) for character in text if character not in "\t\r\n"}
    if categories & {"Cc", "Cs"}:
        raise BadQuestion("The question has control characters: send it as plain text.")
    if not any(category[0] in "LN" or category == "So" for category in categories):
        raise BadQuestion("The question has only punctuation: ask it in words.")
    return text


def check_k(k: int) -> int:
    """Return k. Raises BadQuestion when it is not from 1 to 1,000."""
    if not 1 <= k <= MAX_K:
        raise BadQuestion(f"k is {k}, and can be from 1 to {MAX_K:,}: it is how many passages to show.")
    return k
