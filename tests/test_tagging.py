import subprocess
import sys
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.language.tagging import is_headline, tag
from tests.english import ENGLISH


@pytest.mark.parametrize(
    ("question", "word", "expected"),
    [
        ("How does social media impact the young?", "impact", "VB"),  # the verb that "does" calls for
        ("How do coalitions end?", "end", "VB"),
        ("Does the impact last?", "impact", "NN"),
        ("How does the algorithmic reach ecosystem impact the young?", "reach", "NN"),
        ("WHAT IS A GARDEN?", "GARDEN", "NN"),
    ],
)
def test_tags(question: str, word: str, expected: str) -> None:
    (found,) = [token.tag for token in tag(question) if token.text == word]
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("The Underlying Causes of Being Possessive", True),
        ("What is the Garden Family Effort doing about hunger?", False),
        ("What is psychotherapy?", False),
        ("", False),
    ],
)
def test_is_headline(question: str, expected: bool) -> None:
    assert is_headline(question.split()) is expected


@given(st.text(max_size=120))
def test_tokens_are_stretches_of_the_question_in_order(question: str) -> None:
    tokens = tag(question)
    assert all(question[token.start : token.end] == token.text for token in tokens)
    words = [word for token in tokens for word in token.words]
    assert [ENGLISH.fold(question[word.start : word.end]) for word in words] == [word.folded for word in words]
    ends = [0, *(token.end for token in tokens)]
    assert all(end <= token.start for end, token in zip(ends, tokens, strict=False))


def test_threads_that_tag_at_once_agree_from_the_first_question_on() -> None:
    # In a process of its own: the tagger's lexicon is loaded once, by whoever asks first.
    code = """
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier
        from qa.language.tagging import tag
        together = Barrier(8)
        def first(_):
            together.wait()
            return tag("Where is an apple?")
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(first, range(8)))
        assert all(tokens == tag("Where is an apple?") for tokens in found), found
    """
    subprocess.run([sys.executable, "-c", dedent(code)], check=True)
