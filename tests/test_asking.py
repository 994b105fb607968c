"""What a question asks about, by its wording alone: no corpus is asked."""

import pytest

from qa.asking import asked_stretches
from qa.tagging import tag


def asked(question: str) -> list[str]:
    return [question[s[0].start : s[-1].end] for s in asked_stretches(tag(question))]


@pytest.mark.parametrize(
    "frame",
    [
        "What is {}?",
        "what is {}",
        "Who developed {}?",
        "Tell me about {}.",
        "Can you explain {} to me?",
        "Is there any evidence for {}?",
        "What are the main ideas behind {}?",
        "When should {} be used?",
        "How does {} work?",
        "What does {} mean?",
        "Where does the term {} come from?",
        "Which studies support {}?",
        "I would like to know more about {}",
        "Could you give me an overview of {}?",
        "Why is {} important?",
        "define {}",
        "{} definition?",
        "When was {} first described?",
    ],
)
@pytest.mark.parametrize("term", ["quorvex", "pain phase", "Satisfied Direction", "starting and winter blues scale"])
def test_what_is_asked_about(frame: str, term: str) -> None:
    if term.startswith("starting") and frame[0] == "{":
        pytest.skip("a first word in -ing is read as what one does")
    assert asked(frame.format(term)) == [term]


def test_two_things() -> None:
    assert asked("How is body mass therapy related to bile acid?") == ["body mass therapy", "bile acid"]


@pytest.mark.parametrize(
    "question",
    [
        "My husband and I are separated",
        "How do I overcome anxiety?",
        "Why am I so nervous?",
        "How should I deal with my mother?",
        "There is no link between gardens and rain.",
        "Normal expression of RUNX1 has tumor-promoting effects.",
        "Does quorvex reduce anxiety?",
        "",
        "?",
        "What is it?",
    ],
)
def test_more_than_asking(question: str) -> None:
    assert asked(question) == []
