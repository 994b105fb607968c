"""What the answer page shows of an answer, by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answers.notes import headline_words
from qa.datatypes import (
    Answer,
    AnsweredPart,
    Passage,
    Phrase,
    Place,
    QuotedPassage,
    Span,
    Term,
    TermReport,
    TermState,
    Verdict,
    Word,
)
from qa.web.results import around_best, choices, clipped, excerpt, find_lead, more_k, shown_parts

TEXT = "Bees hum. Honey is sold in July. Wax is melted in August, when it is warm enough. Frames rest."
SENTENCES = ((0, 9), (10, 32), (33, 81), (82, 94))


def quoted(number: int, rank: int = 1, best: tuple[int, int] | None = SENTENCES[1]) -> QuotedPassage:
    passage = Passage(f"d#{number}", "d", "Bees", "", "d.md", TEXT, 0, len(TEXT), sentences=SENTENCES)
    return QuotedPassage(rank, passage, 0.5, best_sentence=best)


def answer(**fields: object) -> Answer:
    given = Answer("What is narritive therpy?", 0.5, Verdict.UNCERTAIN, None)
    return replace(given, **fields)  # type: ignore[arg-type]


def test_no_passage_is_shown_twice() -> None:
    parts = (
        AnsweredPart(("bees",), (quoted(2, 1), quoted(3, 2), quoted(4, 3))),
        AnsweredPart(("honey",), (quoted(3, 1), quoted(1, 2))),
        AnsweredPart(("bees", "honey"), ()),
        AnsweredPart(("wax",), ()),
    )
    shown = shown_parts(answer(passages=(quoted(1, 1), quoted(2, 2)), parts=parts))
    assert [(part.title, part.best and part.best.passage.id, part.more, part.above) for part in shown] == [
        ("“bees”", "d#3", 1, (2,)),
        ("“honey”", None, 0, (1,)),
        ("“bees” and “honey” together", None, 0, ()),
    ]


def test_what_else_can_be_asked() -> None:
    def misspelled(word: str, start: int, meant: str) -> TermReport:
        term = Term(word, start, start + len(word), (Word(word, start, start + len(word)),))
        return TermReport(term, TermState.MISSPELLED, 3, Phrase(meant, (meant,)))

    terms = (misspelled("narritive", 8, "narrative"), misspelled("therpy", 18, "therapy"))
    parts = (AnsweredPart(("bees",), ()), AnsweredPart(("bees", "honey"), ()))
    assert choices(answer(terms=terms, parts=parts)) == [
        ("About bees", "bees"),
        ("Both together", "bees and honey"),
        ("Search for narritive therpy instead", "What is “narritive” “therpy”?"),
    ]
    assert choices(answer()) == []


def test_the_sentence_that_answers_leads() -> None:
    span = Span("July", 0.9, (Place(2, 27, 31),))
    lead = find_lead(answer(passages=(quoted(1, 1), quoted(2, 2)), answer=span))
    assert lead is not None
    assert (lead.before, lead.answer, lead.after, lead.rank) == ("Honey is sold in ", "July", ".", 2)
    best = find_lead(answer(passages=(quoted(1),), verdict=Verdict.ANSWERED))
    assert best is not None
    assert (best.before, best.answer) == ("Honey is sold in July.", "")
    assert find_lead(answer(passages=(quoted(1),))) is None  # what may not answer does not lead


def test_what_does_not_answer_as_it_was_read_does_not_lead() -> None:
    first, second = replace(quoted(1, 1), answers=False), replace(quoted(2, 2), answers=True)
    lead = find_lead(answer(passages=(first, second), verdict=Verdict.ANSWERED))
    assert lead is not None
    assert lead.rank == 2
    assert find_lead(answer(passages=(first, quoted(3, 3)), verdict=Verdict.ANSWERED)) is None


def test_excerpts() -> None:
    assert excerpt(quoted(1)) == "Honey is sold in July."
    assert excerpt(quoted(1, best=None)) == TEXT
    long = replace(quoted(1).passage, text="word " * 100)
    assert excerpt(QuotedPassage(1, long, 0.5)).endswith("word …")
    assert around_best(quoted(1)) == (0, 81)  # with the sentences beside it
    assert around_best(quoted(1, best=None)) == (0, len(TEXT))


@given(
    texts=st.lists(st.text(max_size=9), max_size=6), start=st.integers(0, 40), length=st.integers(0, 40)
)  # fmt: skip
def test_clipped_segments_are_that_stretch(texts: list[str], start: int, length: int) -> None:
    segments = [(text, number % 2 == 0, number % 3 == 0) for number, text in enumerate(texts)]
    cut = clipped(segments, start, start + length)
    assert "".join(text for text, *_ in cut) == "".join(texts)[start : start + length]


@pytest.mark.parametrize(
    ("shown", "k", "passages", "more"),
    [(5, 5, 100, 10), (3, 5, 3, None), (5, 5, 5, None), (998, 998, 5000, 1000), (1000, 1000, 5000, None)],
)
def test_how_many_more(shown: int, k: int, passages: int, more: int | None) -> None:
    found = tuple(quoted(number, number) for number in range(shown))
    assert more_k(answer(passages=found), k, passages) == more


@pytest.mark.parametrize(
    ("verdict", "state", "words"),
    [
        (Verdict.ANSWERED, TermState.KNOWN, "Probably answered"),
        (Verdict.UNCERTAIN, TermState.KNOWN, "Perhaps answered"),
        (Verdict.UNCERTAIN, TermState.UNKNOWN, "Not found as asked"),
        (Verdict.NOT_IN_CORPUS, TermState.UNKNOWN, "Not found"),
        (Verdict.NOT_IN_CORPUS, TermState.MISSPELLED, "Probably not answered"),
    ],
)
def test_the_verdict_in_words(verdict: Verdict, state: TermState, words: str) -> None:
    report = TermReport(Term("bees", 0, 4, ()), state, 0)
    assert headline_words(answer(verdict=verdict, terms=(report,), passages=(quoted(1),))) == words
    assert headline_words(answer(verdict=verdict)) == "Nothing found"
