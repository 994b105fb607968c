import numpy as np

from qa.answers.answering import Answerer
from qa.answers.closest import CLOSE, candidate_phrases, closest_terms
from qa.indexing.index import Index
from tests.english import stems


def test_candidates_share_no_word_and_are_used_twice(tiny_index: Index) -> None:
    rows = list(range(len(tiny_index)))
    found = candidate_phrases("social effort", rows, tiny_index)
    assert "Apple" in found
    assert all(tiny_index.lexicon.passage_count(stems(phrase)) >= 2 for phrase in found)
    assert not any({"social", "effort"} & set(stems(phrase)) for phrase in found)


def test_only_close_ones_are_offered(tiny_index: Index) -> None:
    # By lengths of words alone: "grape" has five letters, as "Apple" has, so their cosine is 1.
    (found,) = closest_terms(["grape"], tiny_index.embed(["grape"]), tiny_index)
    assert found[0] == "Apple"
    assert all(float(tiny_index.embed([phrase])[0] @ tiny_index.embed(["grape"])[0]) >= CLOSE for phrase in found)
    (none,) = closest_terms(["xy"], tiny_index.embed(["xy"]), tiny_index)
    assert none == ()


def test_no_terms(tiny_index: Index) -> None:
    assert closest_terms([], np.empty((0, tiny_index.manifest.dimension), np.float32), tiny_index) == []


def test_another_word_for_what_the_texts_have(real_answerer: Answerer) -> None:
    answer = real_answerer.answer("What is melancholy?")
    (report,) = answer.terms
    assert (str(report.state), report.closest[0]) == ("unknown", "depression")
    assert "Nearest to “melancholy” in meaning, they have “depression”" in (answer.note or "")
