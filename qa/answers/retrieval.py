"""Question + Index -> Evidence: rankings, the states of the terms, passages for the known parts.

Nothing is judged here: what the evidence means is ``verdicts``' and ``notes``'.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from qa.answers.bearing import weigh
from qa.answers.candidates import Candidates
from qa.answers.closest import closest_terms
from qa.answers.equivalents import find_equivalents
from qa.answers.fusions import rank, standard_score
from qa.answers.numbers import judge_numbers
from qa.answers.ordering import FIRST, copies_last, find_copies, put_in_order
from qa.answers.parts import apart, first_of, having_all, in_context, nearest_to, part_text, parts_of
from qa.answers.settling import as_written, most_missing, settle
from qa.answers.signals import Rankings, Read, content_weights, measure_signals
from qa.answers.spelling import Correction, correct, corrected
from qa.answers.states import Counted, Suspect, count_terms
from qa.answers.thin import with_thin
from qa.answers.windows import cut_to_window
from qa.datatypes import (
    EVERYTHING,
    Evidence,
    Hit,
    Part,
    Passage,
    Phrase,
    Question,
    Ranking,
    Reading,
    Scope,
    TermReport,
    TermState,
)
from qa.finding.terms import find_terms
from qa.finding.tokens import ReadWords, TokenVectors
from qa.indexing.index import Index, Selection
from qa.language import other_language
from qa.lexicons import Lexicon
from qa.stages import stage
from qa.stores import Vectors

READ = 2
"""Passages that are read, the first ones: each costs as much, and five tell no more (``benchmarks/readers.py``)."""

CERTAIN = 1.5
"""The log odds of a reading from which on its passage so certainly answers that the next one is not read, which is
half of what reading costs: 82 of 100 by the reader's own count. `benchmarks/README.md` has what that loses."""

DEPTH = 100
"""Hits of each ranking that go into the fusion. Where k is more, what deeper ones bring comes behind."""

SEEN = 30
"""Passages of a fused ranking that are fetched together: 20 are looked at (``ordering.FIRST``), which lie deeper where
some of the first are lowered."""

MOST_COMPARED = 3
"""Unknown terms of a question for which close ones are sought: each is embedded, and compared with the phrases of the
passages nearest to it. A long question costs enough by itself, and none is sought for it."""

LONG = 500
"""Characters from which on a question is long, half of the most that it may have."""

FREQUENT = 0.05
"""Of the passages: a pair of words that are both in more is left out of BM25 in a large index. It tells least, for such
words often stand side by side by chance, and costs most; `benchmarks/stages.py` has what small indexes would lose."""

MANY = 20_000
"""Passages with a word up to which its pairs always count: about twice as many as the largest set has that the
confidence was fitted on, so that no signal of it changes, and few enough to be looked through in less than a
millisecond a pair."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was asked and as it was ``read``, with each misspelled word as it was meant and each that the
    texts have another word for as that; what the counts say on its terms, by their places in what was read; what is
    known of them at the end, by those in what was asked; and what is to be sought beside it: the stems that ``also``
    stand for its words, its known parts, each with its vector in the question where it has one, and what is close to
    its unknown terms.

    ``tokens`` are of what was read, where the model that embeds the texts tells them; ``language`` is the question's
    where it is not that of the texts.
    """

    question: Question
    read: Question
    corrections: tuple[Correction, ...] = ()
    counted: tuple[Counted, ...] = ()
    tokens: TokenVectors | None = None
    reports: tuple[TermReport, ...] = ()
    parts: tuple[tuple[tuple[Phrase, ...], Vectors | None], ...] = ()
    unknown: tuple[str, ...] = ()
    apart: tuple[Phrase, ...] = ()
    language: str | None = None
    also: tuple[str, ...] = ()

    def sides(self) -> list[str]:
        """Return what is to be embedded for it beside the question."""
        return [*(part_text(phrases) for phrases, vector in self.parts if vector is None), *self.unknown]


def read_questions(texts: Sequence[str], index: Index) -> list[Asked]:
    """Return questions with what the counts say on their terms: first their spelling is mended, then they are read."""
    questions = [index.language.question(text) for text in texts]
    index.lexicon.prepare(stem for question in questions for stem in question.stems)
    asked = [_spelt(question, index) for question in questions]
    words = index.read_words([one.read for one in asked])
    return [
        _with_terms(one, read, index) if one.language is None else one for one, read in zip(asked, words, strict=True)
    ]


def _spelt(question: Question, index: Index) -> Asked:
    other = _language_of(question, index.lexicon)
    if other is not None:
        return Asked(question, question, language=other)
    readings, also = find_equivalents(question, index)
    errors = correct(question, index.lexicon)
    others = [one for one in errors if not any(it.word.start <= one.word.start < it.word.end for it in readings)]
    corrections = tuple(sorted((*readings, *others), key=lambda one: one.word.start))
    read = index.language.question(corrected(question, corrections)) if corrections else question
    return Asked(question, read, corrections, also=also)


def _with_terms(asked: Asked, words: ReadWords | None, index: Index) -> Asked:
    question, language = asked.read, index.language
    terms = language.find_terms(question) if words is None else find_terms(question, words.scores, language)
    counted = judge_numbers(count_terms(terms, question, index.lexicon), question, index)
    return replace(asked, counted=counted, tokens=words.tokens if words and index.finds_as_it_embeds else None)


def _language_of(question: Question, lexicon: Lexicon) -> str | None:
    """Return the language that a question is in where it is not that of the texts, and they lack half of its words."""
    lacking = sum(not lexicon.has_word(word.folded) for word in question.words)
    return other_language(question.text, lexicon.language.code) if 2 * lacking >= len(question.words) else None


def gather_evidence(
    questions: Sequence[str], index: Index, k: int, scope: Scope = EVERYTHING, with_parts: bool = True
) -> list[Evidence]:
    """Return the evidence for each question, its ranking k long where the scope has so many passages.

    The questions are embedded together, and their passages read together. Without parts there are neither passages for
    the known parts nor closest terms, which cost most and bear on no signal. Raises BadQuestion when nothing is in the
    scope.
    """
    selection = index.select(scope)
    found = look_up(questions, index, k, selection)
    with stage("terms"):
        settled = [with_reports(one, index) for one in found]
    with stage("parts"):
        vectors: dict[str, Vectors] = {}
        if with_parts:
            sought = [one.with_sides(index, selection) for one in settled]
            vectors = _embedded((text for one in sought for text in one.asked.sides()), index)
            settled = sought
        return [replace(_evidence(one, vectors, index, k, selection), scope=scope) for one in settled]


def look_up(
    questions: Sequence[str], index: Index, k: int = DEPTH, selection: Selection | None = None
) -> list["Found"]:
    """Return what is found for each question, its first passages read, those of all questions together."""
    with stage("question"):
        asked = read_questions(questions, index)
        vectors = _embedded((one.read.text for one in asked), index)
    with stage("ranking"):
        ranked = [_weighed(_ranked(one, vectors[one.read.text], index, k, selection)) for one in asked]
    with stage("reading"):
        return _read(ranked, index)


def _embedded(texts: Iterable[str], index: Index) -> dict[str, Vectors]:
    """Return the vector of each text."""
    listed = list(dict.fromkeys(texts))
    return dict(zip(listed, index.embed(listed), strict=True)) if listed else {}


@dataclass(frozen=True, slots=True)
class Found:
    """A question with its vector and its rankings, those by cosine and by BM25 as deep as is wanted, and both together,
    whole; the passages among which these are; the row of each copy with that of its better one; what was read of the
    first; and how probably a term is missing."""

    asked: Asked
    vector: Vectors
    dense: Ranking
    lexical: Ranking
    fused: Ranking
    candidates: Candidates
    copies: Mapping[int, int]
    readings: tuple[Reading, ...] = ()
    missing: float = 0.0

    def with_sides(self, index: Index, selection: Selection | None) -> "Found":
        """Return it with what is to be sought beside the question."""
        reports = with_thin(self.asked.reports, self.readings, index)
        asked, alone = self.asked, apart(reports, index, selection)
        wanted = [(phrase,) for phrase in alone] or parts_of(reports)
        parts = tuple((phrases, in_context(phrases, asked.read, asked.tokens)) for phrases in wanted)
        unknown = tuple(unknown_of(asked.question.text, reports))
        sought = replace(asked, reports=reports, parts=parts, unknown=unknown, apart=alone)
        return replace(self, asked=sought)


def _ranked(asked: Asked, vector: Vectors, index: Index, k: int, selection: Selection | None) -> Found:
    depth = max(DEPTH, k)
    (dense,) = dense_rankings(vector[None], index, depth, selection)
    lexical = lexical_ranking(asked.read, index, depth, selection, asked.also)
    fused = standard_score(dense[:DEPTH], lexical[:DEPTH])
    index.bring((*dense, *lexical), fused[:SEEN])
    candidates = Candidates.of((dense, lexical), index.store)
    among = selection.documents if selection else None
    fused = put_in_order(fused, asked.read, index, among)
    copies = find_copies(fused, candidates, index)
    return Found(asked, vector, dense, lexical, copies_last(fused, copies), candidates, copies)


def _weighed(found: Found) -> Found:
    """Return what was found, with what the vectors say on the suspects of its question."""
    asked = found.asked
    suspects = [one for one in asked.counted if isinstance(one, Suspect) and one.facts is not None]
    if asked.tokens is None or not suspects:
        return found
    passages = found.candidates.vectors_of((*found.dense[:DEPTH], *found.lexical[:DEPTH]))
    weighed = iter(weigh(asked.read, suspects, asked.tokens, found.vector, passages))
    counted = tuple(next(weighed) if one in suspects else one for one in asked.counted)
    return replace(found, asked=replace(asked, counted=counted))


def _read(found: Sequence[Found], index: Index) -> list[Found]:
    """Return what was found, with its first passages read, those of all questions together: the first, and where it
    does not certainly answer the next."""
    reader = index.reader
    if reader is None:
        return list(found)
    readings: list[tuple[Reading, ...]] = [() for _ in found]
    for place in range(READ):
        wanted = [at for at, one in enumerate(found) if _is_to_be_read(one, place, readings[at])]
        if not wanted:
            break
        windows = [_window(found[at], place, index) for at in wanted]
        pairs = [(found[at].asked.read.text, cut) for at, (cut, _) in zip(wanted, windows, strict=True)]
        for at, (_, start), reading in zip(wanted, windows, reader.read(pairs), strict=True):
            readings[at] += (reading.moved(start),)
    return [replace(one, readings=read) for one, read in zip(found, readings, strict=True)]


def _is_to_be_read(found: Found, place: int, before: Sequence[Reading]) -> bool:
    """Whether the passage at a place is to be read after those before it: none is for a question in another language
    than the texts."""
    is_certain = any(reading.log_odds >= CERTAIN for reading in before)
    return found.asked.language is None and place < len(found.fused) and not is_certain


def _window(found: Found, place: int, index: Index) -> tuple[Passage, int]:
    """Return what of a passage is to be read, and where in it that begins."""
    weights = content_weights(found.asked.read, index)
    return cut_to_window(index.passage(found.fused[place].row), weights, index.language)


def with_reports(found: Found, index: Index) -> Found:
    """Return it with the states of its terms as its passages bear them out."""
    asked = found.asked
    settled = settle(asked.counted, found.readings)
    reports = as_written(settled, asked.question.text, asked.corrections, index.language)
    return replace(found, asked=replace(asked, reports=reports), missing=most_missing(asked.counted, found.readings))


def _evidence(
    found: Found, vectors: Mapping[str, Vectors], index: Index, k: int, selection: Selection | None
) -> Evidence:
    """Return the evidence for a question whose texts are embedded."""
    asked, head = found.asked, found.fused
    having = [having_all(phrases, index, selection) for phrases, _ in asked.parts]
    index.bring((hit for hits in having for hit in hits), ())
    candidates = Candidates.of((found.dense, found.lexical, *having), index.store) if having else found.candidates
    fused = head if k <= len(head) else _deepened(head, standard_score(found.dense, found.lexical))
    measured = Rankings(found.dense[:DEPTH], found.lexical[:DEPTH], head)
    read = Read(asked.read, asked.reports, found.readings, found.missing)
    sides, copies = [], dict(found.copies)
    nearest = [
        nearest_to(vectors[part_text(phrases)] if vector is None else vector, hits, candidates)
        for (phrases, vector), hits in zip(asked.parts, having, strict=True)
    ]
    index.bring((), (hit for hits in nearest for hit in hits[:FIRST]))
    for (phrases, _), hits in zip(asked.parts, nearest, strict=True):
        ranking, others = first_of(hits, candidates, index)
        sides.append(Part(phrases, ranking))
        copies = {**others, **copies}
    return Evidence(
        question=asked.question,
        ranking=fused[:k],
        cosines=candidates.cosines(fused[:k], found.vector),
        signals=measure_signals(read, measured, candidates, index),
        terms=_with_closest(asked, vectors, index, selection),
        parts=tuple(sides),
        language=asked.language,
        readings=found.readings,
        copies=copies,
        apart=tuple(phrase.text for phrase in asked.apart),
    )


def _deepened(head: Ranking, deeper: Ranking) -> Ranking:
    """Return a ranking with what a deeper one has beside it behind, so that its first hits do not depend on k."""
    held = {hit.row for hit in head}
    rest = [hit for hit in deeper if hit.row not in held]
    return (*head, *(Hit(hit.row, hit.score, place) for place, hit in enumerate(rest, start=len(head) + 1)))


def dense_rankings(vectors: Vectors, index: Index, k: int, selection: Selection | None = None) -> list[Ranking]:
    """Return the k nearest passages by cosine for each of the (q, d) vectors, of a selection where one is given."""
    scores, ids = index.store.search(vectors, k, selection.rows if selection else None)
    return [
        rank({int(row): float(score) for row, score in zip(rows, row_scores, strict=True)})
        for rows, row_scores in zip(ids, scores, strict=True)
    ]


def lexical_ranking(
    question: Question, index: Index, k: int, selection: Selection | None = None, also: Sequence[str] = ()
) -> Ranking:
    """Return the k best passages by BM25 over the question's words and its pairs of neighbours, words that only ask
    left out, and over the stems that ``also`` stand for its words."""
    pairs = telling_pairs(question.stems, index.lexicon)
    stems = tuple(dict.fromkeys((*question.content, *also)))
    return index.lexicon.rank(stems, k, pairs, selection.documents if selection else None)


def telling_pairs(asked: Sequence[str], lexicon: Lexicon, many: int = MANY) -> list[tuple[str, str]]:
    """Return the pairs of neighbours among a question's stems that BM25 counts: none of two words that only ask, and
    none of two words that both stand in more than ``FREQUENT`` of the passages, and in more than ``many``."""
    rare = max(many, FREQUENT * len(lexicon))
    pairs = [pair for pair in pairwise(asked) if not lexicon.language.question_words.issuperset(pair)]
    return [pair for pair in pairs if any(lexicon.passage_count([stem]) <= rare for stem in pair)]


def unknown_of(question: str, reports: Sequence[TermReport]) -> list[str]:
    """Return the unknown terms of a question for which close ones are sought, each once, the first MOST_COMPARED; none
    of a LONG question."""
    most = MOST_COMPARED if len(question) <= LONG else 0
    return list(dict.fromkeys(r.term.spelt for r in reports if r.state is TermState.UNKNOWN))[:most]


def _with_closest(
    asked: Asked, embedded: Mapping[str, Vectors], index: Index, selection: Selection | None
) -> tuple[TermReport, ...]:
    """Return the reports with the terms closest to the unknown ones."""
    if not asked.unknown:
        return asked.reports
    vectors = np.stack([embedded[text] for text in asked.unknown])
    closest = dict(zip(asked.unknown, closest_terms(asked.unknown, vectors, index, selection), strict=True))
    return tuple(
        replace(report, closest=closest.get(report.term.spelt, ())) if report.state is TermState.UNKNOWN else report
        for report in asked.reports
    )
