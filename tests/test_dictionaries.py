"""The dictionaries in the package say what the libraries say that they were made of."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simplemma.strategies import DefaultDictionaryFactory
from wordfreq import get_frequency_dict, top_n_list

from qa.language.dictionaries import frequencies, frequent_words, lemmas, tags
from tests.english import ENGLISH

ODD = ["men's", "b12", "covid-19", "naïve", "well-being", "don't", "R2D2", "日本", "ß", "A&E", "USA", "İ", "ſ", ""]


def of_the_libraries(words: list[str]) -> list[list[object]]:
    """Return each word's lemma, whether it is known and its frequency, by the libraries in a process of their own."""
    asked = (
        "import json, sys, simplemma, wordfreq\n"
        "lemma, known = simplemma.lemmatize, simplemma.is_known\n"
        "def all_of(w): return w and lemma(w, lang='en'), w and known(w, lang='en'), wordfreq.zipf_frequency(w, 'en')\n"
        "print(json.dumps(list(map(all_of, json.load(sys.stdin)))))"
    )
    found: list[list[object]] = json.loads(
        subprocess.run(
            [sys.executable, "-c", asked], input=json.dumps(words), capture_output=True, text=True, check=True
        ).stdout
    )
    return found


def test_every_word_has_the_value_that_its_library_gives() -> None:
    theirs = DefaultDictionaryFactory().get_dictionary("en")
    assert len(lemmas()) == len(theirs) > 150_000
    assert all(lemmas()[word] == theirs[word] for word in theirs)
    assert dict(frequencies()) == get_frequency_dict("en")
    assert sorted(frequent_words()) == sorted(top_n_list("en", 50_000))
    assert len(tags()) == 94_118
    assert (tags()["anxiety"], tags()["What"], tags()["quickly"]) == ("NN", "WP", "RB")
    for unknown in ("quorvex", "\0", "the\0", "the\ud800", ""):
        assert unknown not in lemmas() and tags().get(unknown) is None and frequencies().get(unknown) is None


def test_words_are_looked_up_as_the_libraries_do() -> None:
    words = [*ODD, *top_n_list("en", 30_000)[::10], "quorvex", "Therapies", "unlemmatizable", "x" * 300]
    for word, (their_lemma, known, zipf) in zip(words, of_the_libraries(words), strict=True):
        if word.isascii() and word.isalpha():
            assert ENGLISH.frequency(word) == zipf, word
        if word:
            assert ENGLISH.lemma(word) == their_lemma, word
            assert ENGLISH.is_known(word) == known, word


@pytest.mark.parametrize(("word", "zipf"), [("well-being", 0.0), ("b12", 0.0), ("naïve", 3.07), ("naive", 3.75)])
def test_words_of_other_letters_have_the_frequency_of_what_is_written(word: str, zipf: float) -> None:
    assert ENGLISH.frequency(word) == zipf


@given(st.text(max_size=20))
def test_any_text_has_a_frequency(text: str) -> None:
    assert 0 <= ENGLISH.frequency(text) < 9
