import numpy as np

from qa.answers.answering import Answerer
from qa.answers.closest import CLOSE, closest_terms, near_phrases
from qa.indexing.index import Index
from tests.english import stems


def test_what_is_near_shares_no_word_and_is_used_twice(tiny_index: Index) -> None:
    (vector,) = tiny_index.embed(["social effort"])
    found = list(near_phrases("social effort", vector, list(range(len(tiny_index))), tiny_index, least=-1.0))
    phrases = [phrase for phrase, _ in found]
    assert "Apple" in phrases
    assert "fruit" not in phrases  # in one passage
    assert not any({"social", "effort"} & set(stems(phrase)) for phrase in phrases)
    cosines = [cosine for _, cosine in found]
    assert cosines == sorted(cosines, reverse=True)
    for phrase, cosine in found:
        assert abs(cosine - float(tiny_index.embed([phrase])[0] @ vector)) < 0.002  # they are kept in half the bits


def test_only_close_ones_are_offered(tiny_index: Index) -> None:
    # By lengths of words alone: "grape" has five letters, as "Apple" has, so their cosine is 1.
    (found,) = closest_terms(["grape"], tiny_index.embed(["grape"]), tiny_index)
    assert found[0] == "Apple"
    assert all(float(tiny_index.embed([phrase])[0] @ tiny_index.embed(["grape"])[0]) >= CLOSE for phrase in found)
    (none,) = closest_terms(["xy"], tiny_index.embed(["xy"]), tiny_index)
    assert none == ()


def test_no_terms(tiny_index: Index) -> None:
    assert closest_terms([], np.empty((0, tiny_index.manifest.dimension), np.float32), tiny_index) == []


def test_asking_for_what_is_near_embeds_no_phrase(tiny_answerer: Answerer) -> None:
    asked = tiny_answerer.answer("What is a grape?")
    assert asked.terms[0].closest == ("Apple",)
    assert set(tiny_answerer.index._vectors) == {"What is a grape?", "grape"}


def test_another_word_for_what_the_texts_have(real_answerer: Answerer) -> None:
    answer = real_answerer.answer("What is remuneration?")
    (report,) = answer.terms
    assert (str(report.state), report.closest[0]) == ("unknown", "wages")
    assert "Nearest to “remuneration” in meaning, they have “wages”" in (answer.note or "")
