"""What is mapped from the cache says what the libraries say, and a cache that cannot be used costs nothing but time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simplemma.strategies import DefaultDictionaryFactory
from wordfreq import get_frequency_dict, top_n_list

from qa.dictionaries import frequencies, frequent_words, import_textblob, lemmas, tags
from qa.words import english_frequency, is_english, lemma

ODD = ["men's", "b12", "covid-19", "naïve", "well-being", "don't", "R2D2", "日本", "ß", "A&E", "USA", "İ", "ſ", "", "."]


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
    assert dict(tags()) == dict(import_textblob().lexicon)
    assert dict(frequencies()) == get_frequency_dict("en")
    assert sorted(frequent_words()) == sorted(top_n_list("en", 50_000))
    for unknown in ("quorvex", "\0", "the\0", "the\ud800", ""):
        assert unknown not in lemmas() and tags().get(unknown) is None and frequencies().get(unknown) is None


def test_words_are_looked_up_as_the_libraries_do() -> None:
    words = [*ODD, *top_n_list("en", 30_000)[::10], "quorvex", "Therapies", "unlemmatizable", "x" * 300]
    for word, (their_lemma, known, zipf) in zip(words, of_the_libraries(words), strict=True):
        assert english_frequency(word) == zipf, word
        if word:
            assert lemma(word) == their_lemma, word
            assert is_english(word) == known, word


@given(st.text(max_size=20))
def test_any_text_has_a_frequency(text: str) -> None:
    assert 0 <= english_frequency(text) < 9


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda whole: whole[: len(whole) // 2], lambda whole: whole[:-1] + b"x"]
)
def test_a_damaged_file_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    whole = frequent_words()
    (file,) = (tmp_path / "candor").glob("*.marisa")
    written = file.read_bytes()
    file.write_bytes(damage(written))
    assert frequent_words() == whole
    assert file.read_bytes() == written


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(frequent_words()) == 50_000


def test_processes_that_fill_the_cache_at_once_all_find_it_whole(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from qa.words import lemma, english_frequency as f; print(lemma('mice'), f('the'))",
    ]
    started = [
        subprocess.Popen(
            command, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)}, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [one.communicate()[0] for one in started] == ["mouse 7.73\n"] * 4
    found = sorted(file.name.partition("-")[0] for file in (tmp_path / "candor").iterdir())
    assert found == ["frequencies", "frequencies", "lemmas", "lemmas"]  # each with its checksum


def test_threads_that_fill_an_empty_cache_at_once_all_find_every_word(tmp_path: Path) -> None:
    asked = (
        "import threading, time\n"
        "from qa.dictionaries import tags\n"
        "from qa.tagging import parse\n"
        "found = []\n"
        "def ask(): found.append((parse('What is anxiety'), len(tags())))\n"
        "threads = [threading.Thread(target=ask) for _ in range(4)]\n"
        "for one in threads: one.start(); time.sleep(.02)\n"
        "for one in threads: one.join()\n"
        "print(found == [('What/WP is/VBZ anxiety/NN', 94118)] * 4)"
    )
    command = [sys.executable, "-c", asked]
    ran = subprocess.run(
        command, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("True\n", "")
