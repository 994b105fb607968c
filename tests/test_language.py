"""Texts in other languages than English, by the libraries that know them."""

from pathlib import Path

import pytest

from qa.answers.answering import Answerer
from qa.datatypes import TermState
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.language import LANGUAGES, language_name, load_language, other_language
from qa.language.language import with_brackets
from qa.settings import BuildSettings
from qa.wording import wording_of
from tests.conftest import WordLengthEmbedder
from tests.english import ENGLISH

TEXTS = {
    "de": {
        "urlaub": "Jeder Mitarbeiter hat dreißig Urlaubstage im Jahr. Urlaubstage verfallen Ende März.",
        "kündigung": "Die Kündigung muss schriftlich erfolgen. Kündigungen per E-Mail sind ungültig.",
        "häuser": "Alte Häuser brauchen neue Fenster.",
    },
    "fr": {
        "congés": "Chaque salarié a droit à trente jours de congé. L'histoire de l'entreprise commence en 1950.",
        "démission": "La démission doit être donnée par écrit au responsable des ressources humaines.",
    },
    "es": {
        "vacaciones": "Cada empleado tiene treinta días de vacaciones al año. Las vacaciones se piden por escrito.",
        "despido": "El despido debe comunicarse con quince días de antelación.",
    },
}


@pytest.fixture(params=sorted(TEXTS))
def answerer(request: pytest.FixtureRequest, tmp_path: Path) -> Answerer:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "corpus.toml").write_text(f'language = "{request.param}"\n', encoding="utf-8")
    for name, text in TEXTS[request.param].items():
        (texts / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
    settings = BuildSettings(passage_tokens=32)
    build_index([texts], tmp_path / "index", settings, WordLengthEmbedder())
    return Answerer(open_index(tmp_path / "index", WordLengthEmbedder()))


QUESTIONS = {
    "de": ("Wie viele Urlaubstage habe ich?", "urlaub", "urlaubstage"),
    "fr": ("Combien de jours de congé ai-je ?", "congés", "congé"),
    "es": ("¿Cuántos días de vacaciones tengo?", "vacaciones", "vacaciones"),
}


def test_words_are_known_in_their_inflections_and_others_are_missing(answerer: Answerer) -> None:
    code = answerer.index.language.code
    question, document, word = QUESTIONS[code]
    answer = answerer.answer(question)
    known = [report for report in answer.terms if report.state is TermState.KNOWN]
    assert any(word in report.term.text.lower() for report in known), answer.terms
    assert answer.passages[0].passage.document_id == f"texts/{document}.txt"
    missing = answerer.answer(question.replace(word, "Quorvexil").replace(word.title(), "Quorvexil"))
    assert any("Quorvexil" in report.term.text for report in missing.terms if report.state is not TermState.KNOWN)
    assert "Quorvexil" in (missing.note or "")


@pytest.mark.parametrize("asked", sorted(TEXTS))
def test_a_question_in_another_language_is_told_so(answerer: Answerer, asked: str) -> None:
    code = answerer.index.language.code
    note = answerer.answer(QUESTIONS[asked][0]).note or ""
    said = wording_of(code)
    told = said.text(
        "Your question seems to be in {asked}. These texts are in {own}, and so is this search.",
        asked=said.text(language_name(asked)),
        own=said.text(language_name(code)),
    )
    assert (told in note) == (asked != code)
    if asked != code:
        assert note == told


def test_texts_in_english_say_so_too(tiny_answerer: Answerer) -> None:
    answer = tiny_answerer.answer("Wie viele Urlaubstage habe ich?")
    assert answer.terms == ()
    assert (answer.note or "").startswith("Your question seems to be in German. These texts are in English, and")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Wie viele Urlaubstage habe ich?", "de"),
        ("Quels sont les jours de congé ?", "fr"),
        ("What is the Café de la Paix?", None),
        ("Who was Bartolomé de las Casas?", None),
        ("quorvex zibble", None),
        ("", None),
        ("心理治疗是什么？", "zh"),
        ("心理療法とは何ですか", "ja"),
        ("심리 치료란 무엇입니까?", "ko"),
        ("ما هو العلاج النفسي؟", "ar"),
        ("מה זה פסיכותרפיה", "he"),
        ("จิตบำบัดคืออะไร", "th"),
        ("मनोचिकित्सा क्या है", "hi"),
        ("What is qi (氣)?", None),
    ],
)
def test_other_language(text: str, other: str | None) -> None:
    assert other_language(text, "en") == other


@pytest.mark.parametrize(
    ("word", "can_be", "is_one"),
    [
        ("affect", True, True),
        ("shape", True, True),  # which is a noun more often, but for "shaped"
        ("plan", True, True),  # "planned"
        ("study", True, True),
        ("therapy", False, False),
        ("strikes", False, False),
        ("knew", True, False),
        ("quorvex", True, False),  # nobody knows
    ],
)
def test_what_can_be_a_verb(word: str, can_be: bool, is_one: bool) -> None:
    assert (ENGLISH.can_be_verb(word), ENGLISH.as_verb(word) is not None) == (can_be, is_one)


def test_other_languages_call_for_no_verb() -> None:
    german = load_language("de")
    assert german.verb_is_called(["does", "poverty"]) is None
    assert german.as_verb("affect") is None
    assert german.can_be_verb("affect")


def test_stems_are_those_of_the_language() -> None:
    german, french = load_language("de"), load_language("fr-CA")
    assert german.stems("Häuser Haus") == ["haus", "haus"]
    assert german.lemma("häuser").lower() == "haus"
    assert french.stems("l'histoire des histoires") == ["l", "histoir", "de", "histoir"]
    assert (load_language("en-GB").code, load_language("de-CH").code) == ("en", "de")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_words_stems_and_frequencies(code: str) -> None:
    language = load_language(code)
    assert len(language.question_words) >= 50
    assert 0 <= language.frequency("quorvexil") < 1
    assert language.stems("Test") and language.lemma("test")
    assert not language.is_known("quorvexil")


def test_what_stands_in_quotation_marks_is_one_term_in_any_language() -> None:
    german = load_language("de")
    found = german.find_terms(german.question("Was ist der „Urlaub auf Probe“ im Betrieb?"))
    assert [term.text for term in found] == ["Urlaub auf Probe", "Betrieb"]
    assert [term.quoted for term in found] == [True, False]


@pytest.mark.parametrize(
    ("text", "within", "expected"),
    [
        ("What is the 401(k) plan?", "401(k", "401(k)"),
        (
            'How do I fix "Permission denied (publickey)"?',
            "Permission denied (publickey",
            "Permission denied (publickey)",
        ),
        ('Why "bus error [core 7]"?', "bus error [core 7", "bus error [core 7]"),
        ("Why “no branch {trunk}”?", "no branch {trunk", "no branch {trunk}"),
        ("Why “unclosed <section>”?", "unclosed <section", "unclosed <section>"),
        ('Why "(void) value [9]"?', "void) value [9", "(void) value [9]"),
        ('Why "f(g(x))"?', "f(g(x", "f(g(x))"),
        ("Is it (mostly) so?", "mostly", "mostly"),  # both halves stand around it
        ("Is it (mostly so?", "mostly so", "mostly so"),
        ("A (b", "A (b", "A (b"),
        ("f(a) of x", "f(a)", "f(a)"),
        ("a) b", "a) b", "a) b"),
    ],
)
def test_a_term_has_both_brackets_of_which_it_has_one(text: str, within: str, expected: str) -> None:
    start = text.index(within)
    begin, end = with_brackets(text, start, start + len(within))
    assert text[begin:end] == expected
