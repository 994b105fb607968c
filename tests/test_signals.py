"""Signals on the five tiny documents, whose vectors and counts can be computed by hand."""

from dataclasses import astuple
from math import isfinite, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answers.candidates import Candidates
from qa.answers.retrieval import dense_rankings, gather_evidence, lexical_ranking
from qa.answers.signals import Rankings, Read, content_weights, measure_signals
from qa.datatypes import NOTHING_MEASURED, Hit, Signals, Term, TermReport, TermState
from qa.errors import BadQuestion
from qa.indexing.index import Index, open_index
from qa.limits import check_question
from tests.english import ENGLISH


def signals(index: Index, question: str, k: int = 5) -> Signals:
    (evidence,) = gather_evidence([question], index, k)
    return evidence.signals


def weight(passages: int, all_: int = 6) -> float:
    return log(1 + (all_ - passages + 0.5) / (passages + 0.5))


def test_nearness(tiny_index: Index) -> None:
    question = "Does family therapy treat a family?"
    found = signals(tiny_index, question)
    (dense,) = dense_rankings(tiny_index.embed([question]), tiny_index, 100)
    scores = [hit.score for hit in dense]
    assert found.top_cosine == scores[0]
    assert found.rise == pytest.approx(scores[0] - np.median(scores))


def test_content_weights_leave_words_that_only_ask_out(tiny_index: Index) -> None:
    assert content_weights(ENGLISH.question("What is apple?"), tiny_index) == {"appl": pytest.approx(weight(2))}
    assert content_weights(ENGLISH.question("What is it?"), tiny_index) == {
        "what": pytest.approx(weight(0)),
        "is": pytest.approx(weight(tiny_index.lexicon.passage_count(["is"]))),
        "it": pytest.approx(weight(tiny_index.lexicon.passage_count(["it"]))),
    }


def row_of(index: Index, source: str) -> int:
    return next(row for row in range(len(index)) if index.passage(row).source == f"texts/{source}")


def report_on(question: str, text: str, state: TermState) -> TermReport:
    start = question.index(text)
    term = Term(text, start, start + len(text), tuple(ENGLISH.words(text, start)))
    return TermReport(term, state, 0)


def shown(index: Index, question: str, *sources: str, **states: TermState) -> Signals:
    """The signals of a question where these passages come first, at cosines of 0.9, 0.8, …, and these terms have these
    states, _ for a space."""
    ranking = tuple(Hit(row_of(index, source), 0.9 - 0.1 * n, n + 1) for n, source in enumerate(sources))
    reports = [report_on(question, text.replace("_", " "), state) for text, state in states.items()]
    return measure_signals(
        Read(ENGLISH.question(question), reports, ()),
        Rankings(ranking, ranking[:1], ranking),
        Candidates.of([ranking], index.store),
        index,
    )


def test_coverage_by_hand(tiny_index: Index) -> None:
    # "apple" is in two passages, "garden" and "model" in one, "quorvex" in none.
    found = shown(tiny_index, "What is garden model, apple or quorvex?", "garden.txt", "psychotherapy.txt")
    total = 2 * weight(1) + weight(2) + weight(0)
    assert found.matched_weight == pytest.approx(2 * weight(1))
    assert found.passage_coverage == pytest.approx(2 * weight(1) / total)
    assert found.sentence_coverage == found.passage_coverage  # its only sentence has both
    assert found.title_coverage == pytest.approx(weight(1) / total)  # "Garden"
    assert found.shown_coverage == found.passage_coverage  # the second passage adds none
    assert found.corpus_coverage == pytest.approx(1 - weight(0) / total)
    assert found.missing_word == 1.0  # no word can weigh more than "quorvex", which is in no text
    assert found.length == pytest.approx(log(1 + 4))


def test_nearness_by_hand(tiny_index: Index) -> None:
    found = shown(tiny_index, "What is apple?", "apple.md", "garden.txt", "family-therapy.md")
    assert found.top_cosine == 0.9
    assert found.lead == pytest.approx(0.9 / (2 * log(3)) ** 0.5)
    assert found.rise == pytest.approx(0.9 - 0.8)
    assert found.lexical_share == pytest.approx(0.9 / (2.2 * weight(2)))
    assert found.agreement == (1 / 1 + 1 / 1) / 2
    vectors = tiny_index.store.vectors(
        np.array([row_of(tiny_index, source) for source in ("apple.md", "garden.txt", "family-therapy.md")])
    )
    pairs = [vectors[0] @ vectors[1], vectors[0] @ vectors[2], vectors[1] @ vectors[2]]
    assert found.coherence == pytest.approx(sum(pairs) / 3)


def test_flags(tiny_index: Index) -> None:
    question, known_term = "What is family therapy?", {"family_therapy": TermState.KNOWN}
    known = shown(tiny_index, question, "family-therapy.md", **known_term)
    assert (known.flagged_weight, known.flagged_name, known.flagged_unknown, known.flagged_apart) == (0, 0, 0, 0)
    assert known.noun_coverage == 1.0
    assert shown(tiny_index, question, "garden.txt", **known_term).noun_coverage == 0.0
    unknown = shown(tiny_index, "What is quorvex?", "garden.txt", quorvex=TermState.UNKNOWN)
    assert (unknown.flagged_weight, unknown.flagged_name, unknown.flagged_unknown) == (1, 1, 1)
    assert unknown.flagged_apart == 1.0


def test_a_name_whose_words_stand_in_one_passage_is_not_apart(tiny_index: Index) -> None:
    named = {"social_psychotherapy": TermState.UNESTABLISHED}
    for source, apart in (("social-action.txt", 0.0), ("garden.txt", 1.0)):
        found = shown(tiny_index, "What is the social psychotherapy?", source, **named)
        assert (found.flagged_name, found.flagged_unknown, found.flagged_apart) == (1.0, 0.0, apart)


def test_what_is_missing_is_a_signal(tiny_index: Index) -> None:
    (evidence,) = gather_evidence(["What is the quorvex method?"], tiny_index, 5)
    flagged = max(report.probability for report in evidence.terms)
    assert evidence.signals.term_missing == flagged > 0.5
    assert signals(tiny_index, "What is family therapy?").term_missing == 0.0


def test_agreement(tiny_index: Index) -> None:
    question = "What is family therapy?"
    (evidence,) = gather_evidence([question], tiny_index, 5)
    (dense,) = dense_rankings(tiny_index.embed([question]), tiny_index, 100)
    first = evidence.ranking[0].row
    ranks = [
        hit.rank
        for ranking in (dense, lexical_ranking(ENGLISH.question(question), tiny_index, 100))
        for hit in ranking
        if hit.row == first
    ]
    assert evidence.signals.agreement == pytest.approx(sum(1 / rank for rank in ranks) / 2)


def test_a_misspelled_word_counts_as_it_was_meant(tiny_index: Index) -> None:
    assert signals(tiny_index, "What is psychothrapy?") == signals(tiny_index, "What is psychotherapy?")


@pytest.mark.parametrize("k", [1, 2, 1000])
def test_signals_do_not_depend_on_k(tiny_index: Index, k: int) -> None:
    question = "Does family therapy treat a family model?"
    assert signals(tiny_index, question, k) == signals(tiny_index, question, 5)


def test_the_first_passages_do_not_depend_on_k(tiny_index: Index) -> None:
    question = "Does family therapy treat a family model?"
    rows = [[hit.row for hit in gather_evidence([question], tiny_index, k)[0].ranking] for k in (3, 6, 1000)]
    assert rows[0] == rows[1][:3] == rows[2][:3]


def test_without_parts_the_signals_are_the_same(tiny_index: Index) -> None:
    questions = ["What is the psychotherapy and social action model?", "What is quorvex?"]
    lean = gather_evidence(questions, tiny_index, 5, with_parts=False)
    whole = gather_evidence(questions, tiny_index, 5)
    assert [found.signals for found in lean] == [found.signals for found in whole]
    assert all(found.parts == () for found in lean)


def test_nothing_found(tiny_index: Index) -> None:
    read, nothing = Read(ENGLISH.question("apple"), [], ()), Candidates.of([], tiny_index.store)
    assert measure_signals(read, Rankings((), (), ()), nothing, tiny_index) == NOTHING_MEASURED


@pytest.fixture(scope="module")
def shared_index(tiny_folder):  # type: ignore[no-untyped-def]
    from tests.conftest import WordLengthEmbedder

    index = open_index(tiny_folder, WordLengthEmbedder())
    yield index
    index.close()


@settings(max_examples=60, deadline=None)
@given(question=st.text(min_size=1, max_size=60))
def test_signals_of_any_text_are_numbers_in_their_ranges(shared_index: Index, question: str) -> None:
    try:
        checked = check_question(question)
    except BadQuestion:
        return
    found = signals(shared_index, checked)
    assert all(isfinite(value) for value in astuple(found))
    shares = [
        found.corpus_coverage, found.passage_coverage, found.shown_coverage, found.sentence_coverage,
        found.title_coverage, found.missing_word, found.noun_coverage, found.flagged_weight, found.agreement,
    ]  # fmt: skip
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in shares)
    assert found.sentence_coverage <= found.passage_coverage + 1e-9 <= found.shown_coverage + 2e-9
    assert found.shown_coverage <= found.corpus_coverage + 1e-9
    assert -1 <= found.top_cosine <= 1.0001
