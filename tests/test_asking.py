"""What a question asks about, by its wording alone: no corpus is asked."""

import pytest

from qa.language.asking import asked_stretches
from qa.language.tagging import tag


def asked(question: str) -> list[str]:
    return [question[s[0].start : s[-1].end] for s in asked_stretches(tag(question))]


FRAMES = [
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
]
TERMS = ["quorvex", "pain phase", "Satisfied Direction"]
BEGINNING_WITH_A_VERB = "starting and winter blues scale"  # what one does, where it is the question's first word


@pytest.mark.parametrize(
    ("frame", "term"),
    [
        *((frame, term) for frame in FRAMES for term in TERMS),
        *((frame, BEGINNING_WITH_A_VERB) for frame in FRAMES if not frame.startswith("{")),
    ],
)
def test_what_is_asked_about(frame: str, term: str) -> None:
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
