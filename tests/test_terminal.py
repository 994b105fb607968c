from io import StringIO

import pytest
from rich.console import Console

from qa.answers.notes import shown_confidence
from qa.answers.verdicts import Thresholds
from qa.command.terminal import printable, promise_words, render_answer
from qa.datatypes import Answer, Passage, Place, QuotedPassage, Span, Verdict
from qa.indexing.calibration import Promise


def shown(text: str, *, terminal: bool) -> str:
    passage = Passage("p", "d", "Title", "Heading", "a.txt", text, 4, 4 + len(text))
    quoted = QuotedPassage(1, passage, 0.5, ((3, 8),), (0, 9) if "." in text[:-1] else None)
    answer = Answer("q", 0.5, Verdict.UNCERTAIN, "A note.", passages=(quoted,), clarification="Which?")
    stream = StringIO()
    render_answer(answer, Console(file=stream, force_terminal=terminal, width=60, highlight=False))
    return stream.getvalue()


def test_plain_output_marks_with_asterisks() -> None:
    assert [line.rstrip() for line in shown("An apple a day.", terminal=False).splitlines()] == [
        "A note.",
        "Which?",
        "",
        "Uncertain (confidence 0.50).",
        "",
        "1. Title › Heading",
        "   An *apple* a day.",
        "   a.txt, characters 4–19, cosine 0.50",
        "",
    ]


def test_the_best_sentence_is_set_off() -> None:
    assert ">>An *apple*.<< A day." in shown("An apple. A day.", terminal=False)
    assert "\x1b[100mAn \x1b[0m" in shown("An apple. A day.", terminal=True)


def test_a_page_is_part_of_the_place() -> None:
    passage = Passage("p", "d", "Title", "", "a.pdf", "Text.", 0, 5, page="12–13")
    stream = StringIO()
    answer = Answer("q", 0.5, Verdict.UNCERTAIN, None, passages=(QuotedPassage(1, passage, 0.5),))
    render_answer(answer, Console(file=stream, width=60, highlight=False))
    assert "a.pdf, p. 12–13, characters 0–5" in stream.getvalue()


def test_a_terminal_gets_underlines() -> None:
    text = shown("An apple a day.", terminal=True)
    assert "\x1b[1;4mapple\x1b[0m" in text
    assert "*apple*" not in text


def test_a_corpus_cannot_steer_the_terminal() -> None:
    text = shown("An apple \x1b]0;title\x07 [bold]day[/bold]\x9b31m.", terminal=False)
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "[bold]day[/bold]" in text


@pytest.mark.parametrize(
    ("text", "expected"), [("a\tb\nc", "a\tb\nc"), ("é漢😀", "é漢😀"), ("\x00\x1b\x7f\x85", "�" * 4)]
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_the_words_that_may_answer_come_before_the_passages() -> None:
    passages = tuple(QuotedPassage(n, Passage("p", "d", "Clock", "", "a.txt", "Of brass.", 0, 9), 0.5) for n in (1, 2))
    span = Span("brass", 0.9, (Place(1, 3, 8), Place(2, 3, 8)))
    stream = StringIO()
    render_answer(
        Answer("q", 0.9, Verdict.ANSWERED, None, passages=passages, answer=span),
        Console(file=stream, width=100, highlight=False),
    )
    shown = stream.getvalue()
    assert "Perhaps in these words: “brass”, in the passages 1 and 2." in shown
    assert shown.index("Perhaps") < shown.index("1. Clock")


@pytest.mark.parametrize(
    ("thresholds", "end"),
    [
        (Thresholds(0.7, 0.2), "Not in the corpus below 0.20: at most 15 % of these are answered after all. Both in"),
        (Thresholds(0.7, 0.2, missing_proven=False), "too few to promise it for others. The first in the long run"),
        (Thresholds(0.7, 0.2, answered_proven=False), "of these are answered after all. The second in the long run"),
        (Thresholds(0.7, 0.2, answered_proven=False), "missing: the questions at hand do not prove that at most 20 %"),
        (Thresholds(None, 0.2), "so nothing is called answered. Not in the corpus below 0.20"),
        (Thresholds(None, 0.2, missing_proven=False), "which are too few to promise it for others."),
    ],
)
def test_what_verdicts_promise(thresholds: Thresholds, end: str) -> None:
    words = promise_words(thresholds, Promise(), is_own=True)
    assert end in words
    proven = [thresholds.answered is not None and thresholds.answered_proven, thresholds.missing_proven]
    assert ("in the long run" in words) is any(proven)


@pytest.mark.parametrize(
    ("confidence", "shown"), [(0.0, 0.0), (0.0004, 0.01), (0.4051, 0.41), (0.9949, 0.99), (0.9955, 0.99), (1.0, 0.99)]
)
def test_nothing_is_shown_as_certain(confidence: float, shown: float) -> None:
    assert shown_confidence(confidence) == shown
    stream = StringIO()
    render_answer(Answer("q", confidence, Verdict.UNCERTAIN, None), Console(file=stream, width=100, highlight=False))
    assert f"Uncertain (confidence {shown:.2f})." in stream.getvalue()
