"""Answer -> what its page shows: the headline, the sentence that answers, choices, excerpts, parts without repeats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote as percent_encoded

from flask import url_for

from qa.answers.answering import Explanation, marked_segments
from qa.answers.notes import as_asked, headline_words, part_title, shown_confidence
from qa.answers.places import copies_in_words, place_of
from qa.answers.reasons import reason_in_words, state_in_words
from qa.datatypes import Answer, Passage, QuotedPassage, TermState, Verdict
from qa.limits import MAX_K
from qa.web.filters import Texts, texts_in_words
from qa.wording import ENGLISH, Wording

MORE = 5
"""Passages that are shown more each time."""

CITATION_FORMATS = (("text", "Text"), ("bibtex", "BibTeX"), ("ris", "RIS"), ("csl", "CSL-JSON"))
LAYOUT, FRAME = "base.html", "frame.html"
"""What a page stands in: a page of its own, or a frame in that of another site."""

_EXCERPT = 220  # characters of a passage that is folded
_AROUND = 420  # characters of a first passage that is shown in part
_SIGNALS = 8  # that are shown, the weightiest ones


class Choice(NamedTuple):
    """What else can be asked: the words of a link, and its question."""

    label: str
    question: str


class Lead(NamedTuple):
    """The sentence that answers best: what stands before the words that answer, these, and what stands behind."""

    before: str
    answer: str
    after: str
    rank: int
    quoted: QuotedPassage


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A known part: its best passage that is not shown yet, how many more there are, the numbers of those that are,
    and what to ask for all of them."""

    title: str
    best: QuotedPassage | None
    more: int
    above: tuple[int, ...]
    is_several: bool
    question: str


@dataclass(frozen=True, slots=True)
class Why:
    """What stands behind the verdict, in words; ``signals`` are (name, value, what it adds to the log odds)."""

    sentence: str
    reasons: tuple[str, ...]
    signals: tuple[tuple[str, float, float], ...] = ()


def headline(answer: Answer, manifest: Texts, selected: int | None = None, said: Wording = ENGLISH) -> str:
    """Return the verdict in one line, with the texts that it is about, of all of them those that were ``selected``."""
    values = {"verdict": headline_words(answer, said), "texts": texts_in_words(manifest, selected, said)}
    if manifest.title:
        return said.text("{verdict} in {texts} of “{title}”", title=manifest.title, **values)
    return said.text("{verdict} in {texts}", **values)


def find_lead(answer: Answer) -> Lead | None:
    """Return the sentence that the answer stands in, else, of what is answered, the best one of the first passage that
    answers as it was read, or of the first where none was read."""
    if answer.answer is not None:
        place = answer.answer.places[0]
        quoted = next(one for one in answer.passages if one.rank == place.rank)
        text = quoted.passage.text
        around = ((a, b) for a, b in quoted.passage.sentences if a <= place.start < b)
        start, end = next(around, (place.start, place.end))
        end = max(end, place.end)
        return Lead(text[start : place.start], text[place.start : place.end], text[place.end : end], place.rank, quoted)
    if answer.verdict is not Verdict.ANSWERED or not answer.passages:
        return None
    was_read = any(quoted.answers is not None for quoted in answer.passages)
    leading = next((one for one in answer.passages if one.answers), None) if was_read else answer.passages[0]
    if leading is None:  # they probably answer, but where is not known
        return None
    start, end = leading.best_sentence or (0, len(leading.passage.text))
    return Lead(leading.passage.text[start:end], "", "", leading.rank, leading)


def excerpt(quoted: QuotedPassage) -> str:
    """Return the sentence of a passage that says most, cut where it is long."""
    start, end = quoted.best_sentence or (0, len(quoted.passage.text))
    said = " ".join(quoted.passage.text[start:end].split())
    return said if len(said) <= _EXCERPT else f"{said[:_EXCERPT].rsplit(' ', 1)[0]} …"


def around_best(quoted: QuotedPassage) -> tuple[int, int]:
    """Return the range of the best sentence of a passage with its neighbours, as far as they are short together."""
    sentences = quoted.passage.sentences
    if quoted.best_sentence not in sentences:
        return 0, len(quoted.passage.text)
    first = last = sentences.index(quoted.best_sentence)
    for place in (last + 1, first - 1):
        if 0 <= place < len(sentences):
            start, end = sentences[min(first, place)][0], sentences[max(last, place)][1]
            if end - start <= _AROUND:
                first, last = min(first, place), max(last, place)
    return sentences[first][0], sentences[last][1]


def clipped(segments: Sequence[tuple[str, bool, bool]], start: int, end: int) -> list[tuple[str, bool, bool]]:
    """Return the marked segments of a text within a range of it."""
    found, at = [], 0
    for text, marked, best in segments:
        cut = text[max(start - at, 0) : max(end - at, 0)]
        at += len(text)
        if cut:
            found.append((cut, marked, best))
    return found


def choices(answer: Answer, said: Wording = ENGLISH) -> list[Choice]:
    """Return what else can be asked: each known part, both together, what is nearest, and a word as it was typed."""
    found = []
    for part in answer.parts:
        words = f" {said.text('and')} ".join(_shown(part.terms, answer.question, said))
        label = said.text("About {term}", term=words) if len(part.terms) == 1 else said.text("Both together")
        found.append(Choice(label, words))
    for report in answer.terms:
        found += [Choice(said.text("About {term}", term=term), term) for term in report.closest]
    typed = [r for r in answer.terms if r.state is TermState.MISSPELLED and r.term.text in answer.question]
    if typed:
        question = answer.question
        for report in reversed(typed):
            start, end = report.term.start, report.term.end
            question = f"{question[:start]}“{question[start:end]}”{question[end:]}"
        words = " ".join(report.term.text for report in typed)
        found.append(Choice(said.text("Search for {words} instead", words=words), question))
    return list(dict.fromkeys(found))


def _shown(terms: Sequence[str], question: str, said: Wording) -> Sequence[str]:
    """Return known parts as a heading has them: in other languages nouns can have capitals."""
    return terms if said is ENGLISH else as_asked(terms, question)


def shown_parts(answer: Answer, said: Wording = ENGLISH) -> list[ShownPart]:
    """Return the known parts with no passage twice."""
    seen = {quoted.passage.id: quoted.rank for quoted in answer.passages}
    shown = []
    for part in answer.parts:
        fresh = [one for one in part.passages if one.passage.id not in seen]
        above = sorted(seen[one.passage.id] for one in part.passages if seen.get(one.passage.id, 0) > 0)
        seen.update({one.passage.id: 0 for one in fresh[:1]})
        best = fresh[0] if fresh else None
        more = max(len(fresh) - 1, 0)
        terms = _shown(part.terms, answer.question, said)
        question = f" {said.text('and')} ".join(terms)
        shown.append(ShownPart(part_title(terms, said), best, more, tuple(above), len(part.terms) > 1, question))
    return [part for part in shown if part.best or part.above or part.is_several]


def why(
    answer: Answer, explanation: Explanation | None, calibrated_on: int | None, promise: str, said: Wording = ENGLISH
) -> Why:
    """Return what stands behind a verdict."""
    judged = (
        said.counted(
            "{number} judged question of these texts", "{number} judged questions of these texts", calibrated_on
        )
        if calibrated_on
        else said.text("other texts than these")
    )
    measured = said.text(
        "In {percent} % of the questions that look so to the search, the passages answer: it was measured on {judged}.",
        percent=round(100 * shown_confidence(answer.confidence)),
        judged=judged,
    )
    sentence = f"{measured} {promise}"
    reasons = tuple(
        said.text(
            "“{term}” is {state}: {reason}",
            term=report.term.text,
            state=state_in_words(report, said),
            reason=reason_in_words(report, said),
        )
        for report in answer.terms
        if report.reason
    )
    if explanation is None:
        return Why(sentence, reasons)
    weighed = sorted(explanation.signals.items(), key=lambda one: -abs(one[1][1]))[:_SIGNALS]
    signals = tuple((name.replace("_", " "), value, adds) for name, (value, adds) in weighed)
    return Why(sentence, reasons, signals)


def more_k(answer: Answer, k: int, passages: int) -> int | None:
    """Return how many passages to ask for to see more; None where there are no more."""
    return min(k + MORE, MAX_K) if len(answer.passages) >= k and k < min(passages, MAX_K) else None


def citation_link(passage: Passage, name: str) -> str:
    """Return the address of a passage's citation in a format."""
    return f"{url_for('api.passage', passage_id='')}{percent_encoded(passage.id)}?format={name}"


PASSAGE_TOOLS = {
    "marked_segments": marked_segments,
    "copies_in_words": copies_in_words,
    "place_of": place_of,
    "citation_formats": CITATION_FORMATS,
    "excerpt": excerpt,
    "around_best": around_best,
    "clipped": clipped,
}
"""What the templates show a passage with."""
