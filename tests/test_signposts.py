"""Signposts of a corpus: the owner's words to who asks for help, found by meaning."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from qa.answers.answering import Answerer
from qa.answers.payload import answer_payload
from qa.answers.signposts import find_signpost, verdict_beside
from qa.answers.verdicts import WantedPromise
from qa.command.cli import cli
from qa.datatypes import Signpost, Verdict
from qa.errors import BadSettings
from qa.indexing.corpora import find_corpora
from qa.service import Live
from qa.web.app import create_app
from tests.english import ENGLISH

HELP = Signpost("Call the helpline.", ("I want to die", "I am in danger"))
LOST = Signpost("Ask at the desk.", ("I lost my keys",))


def unit(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.array(values, np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def test_the_nearest_example_decides() -> None:
    examples = np.stack([unit(1, 0, 0), unit(0, 1, 0), unit(0, 0, 1)])

    def found(vector: np.ndarray[tuple[int], np.dtype[np.float32]], question: str = "?") -> Signpost | None:
        return find_signpost(question, vector, [HELP, LOST], examples, ENGLISH)

    assert found(unit(0.2, 1, 0)) is HELP
    assert found(unit(0.2, 0, 1)) is LOST
    assert found(unit(-1, -1, -1)) is None
    assert find_signpost("?", unit(1, 0, 0), [], np.empty((0, 3), np.float32), ENGLISH) is None


def test_a_word_of_the_owner_s_tells_more_beside_the_meaning() -> None:
    """The nearest example is at a cosine of 0.4: too far alone, near enough for a question with such a word."""
    examples = np.stack([unit(1, 0, 0), unit(0, 1, 0)])
    vector = unit(0.4, 0, float(np.sqrt(1 - 0.4**2)))
    far = unit(0.2, 0, float(np.sqrt(1 - 0.2**2)))
    with_words = Signpost("Call.", ("I want to die",), ("hurt myself", "pills"))
    signposts = [with_words, LOST]

    def found(question: str, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Signpost | None:
        return find_signpost(question, vector, signposts, examples, ENGLISH)

    assert found("I took the pill", vector) is with_words
    assert found("I hurt myself", vector) is with_words
    assert found("I hurt, myself and others", vector) is with_words  # punctuation parts no phrase
    assert found("I hurt him myself", vector) is None
    assert found("I took it", vector) is None
    assert found("I took the pills", far) is None


def test_a_word_counts_for_the_examples_of_its_own_signpost_alone() -> None:
    """At a cosine of 0.4 to the second example of one with two, or to the only one of the other, which has words."""
    examples = np.stack([unit(1, 0, 0, 0), unit(0, 1, 0, 0), unit(0, 0, 1, 0)])
    with_words = Signpost("Ask at the desk.", ("I lost my keys",), ("keys",))
    rest = float(np.sqrt(1 - 0.4**2))
    to_help, to_keys = unit(0, 0.4, 0, rest), unit(0, 0, 0.4, rest)
    assert find_signpost("my keys", to_help, [HELP, with_words], examples, ENGLISH) is None
    assert find_signpost("my keys", to_keys, [HELP, with_words], examples, ENGLISH) is with_words


@pytest.mark.parametrize(
    ("question", "is_signposted"),
    [
        ("I feel hopeless and want to die", True),
        ("my father hits my mother when he drinks and I am scared", True),
        ("nobody would care if I were gone", True),
        ("What is psychotherapy?", False),
        ("How did the settlement house movement begin?", False),
        ("Contents of a safety plan, and why it is preferred to a no-suicide contract", False),
    ],
)
def test_questions_of_people_in_danger(real_answerer: Answerer, question: str, is_signposted: bool) -> None:
    answer = real_answerer.answer(question)
    assert (answer.signpost is not None) == is_signposted
    assert answer_payload(answer)["signpost"] == answer.signpost
    page = create_app(Live.of(real_answerer)).test_client().get("/", query_string={"q": question}).text
    assert ('class="signpost"' in page) == is_signposted
    assert ('class="verdict' in page) != is_signposted


def test_the_terminal_shows_it_in_place_of_a_verdict(real_folder: Path) -> None:
    shown = CliRunner().invoke(cli, ["ask", "I want to end my life", "--index", str(real_folder)]).stdout
    assert shown.startswith("If you or somebody else may be in danger now")
    assert "confidence" not in shown


def test_who_needs_help_first_is_not_told_that_a_text_answers(real_answerer: Answerer) -> None:
    answerer = Answerer(real_answerer.index, WantedPromise(risk=0.5))
    answer = answerer.answer("I feel hopeless and want to die")
    assert answer.confidence >= (answerer.thresholds.answered or 1)
    assert (answer.signpost is not None, answer.verdict) == (True, Verdict.UNCERTAIN)
    assert verdict_beside(None, Verdict.ANSWERED) is Verdict.ANSWERED
    assert verdict_beside("Call.", Verdict.NOT_IN_CORPUS) is Verdict.NOT_IN_CORPUS


@pytest.mark.parametrize(
    "written",
    [
        'signposts = "x"',
        '[[signposts]]\ntext = "Call."',
        '[[signposts]]\ntext = ""\nexamples = ["a b"]',
        '[[signposts]]\ntext = "Call."\nexamples = []',
        '[[signposts]]\ntext = "Call."\nexamples = ["a b"]\nword = ["c"]',
        '[[signposts]]\ntext = "Call."\nexamples = ["a b"]\nwords = [""]',
    ],
)
def test_signposts_that_cannot_be_used(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.txt").write_text("Text.", encoding="utf-8")
    (tmp_path / "corpus.toml").write_text(written, encoding="utf-8")
    with pytest.raises(BadSettings, match="signposts"):
        find_corpora([tmp_path])
