import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answers.answering import Answerer, find_highlights, marked_segments
from qa.answers.payload import answer_payload
from qa.datatypes import Answer, Passage, QuotedPassage, Scope, TermState, Verdict
from qa.errors import BadQuestion
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.limits import check_k, check_question
from qa.settings import BuildSettings
from tests.bad_input import BAD_QUESTIONS, STRANGE_QUESTIONS
from tests.conftest import ROOT
from tests.english import ENGLISH, stems


@pytest.mark.parametrize(("question", "words"), BAD_QUESTIONS)
def test_bad_questions(question: str, words: str) -> None:
    with pytest.raises(BadQuestion, match=words):
        check_question(question)


@pytest.mark.parametrize("question", STRANGE_QUESTIONS)
def test_strange_questions_get_an_honest_answer(tiny_answerer: Answerer, question: str) -> None:
    answer = tiny_answerer.answer(question)
    assert answer.verdict is not Verdict.ANSWERED
    assert answer.note


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_bad_k(k: int) -> None:
    with pytest.raises(BadQuestion, match="from 1 to 1,000"):
        check_k(k)


def test_white_space_around_is_no_matter() -> None:
    assert check_question("  what\tis\nit ") == "what\tis\nit"


@settings(max_examples=60, deadline=None)
@given(question=st.text(min_size=1, max_size=60))
def test_any_text_is_answered_or_refused(shared_answerer: Answerer, question: str) -> None:
    try:
        answer = shared_answerer.answer(question, 3)
    except BadQuestion:
        return
    json.dumps(answer_payload(answer)).encode()
    assert 0 <= answer.confidence <= 1
    if answer.verdict is Verdict.NOT_IN_CORPUS:
        assert answer.note


@pytest.fixture(scope="module")
def shared_answerer(tiny_folder):  # type: ignore[no-untyped-def]
    from qa.indexing.index import open_index
    from tests.conftest import WordLengthEmbedder

    index = open_index(tiny_folder, WordLengthEmbedder())
    yield Answerer(index)
    index.close()


def test_passages_are_ranked_quoted_and_at_most_k(tiny_answerer: Answerer) -> None:
    answer = tiny_answerer.answer("What is an apple tree?", 3)
    assert [quoted.rank for quoted in answer.passages] == [1, 2, 3]
    assert len(tiny_answerer.answer("apple", 1000).passages) == len(tiny_answerer.index)


def test_only_words_of_terms_are_marked(tiny_answerer: Answerer) -> None:
    (quoted, *_) = tiny_answerer.answer("What is the role of the family in a therapy?").passages
    marked = {text.lower() for text, is_marked, _ in marked_segments(quoted) if is_marked}
    assert marked
    assert all(set(stems(text)) <= {"famili", "therapi"} for text in marked)


def test_answers_in_threads_are_the_same(tiny_answerer: Answerer) -> None:
    questions = ["What is an apple?", "What is quorvex therapy?", "family garden"] * 8
    alone = [tiny_answerer.answer(question) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tiny_answerer.answer, questions)) == alone


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("An apple, two apples.", "apple", ["apple", "apples"]),
        ("Social action and social-action.", "social action", ["Social action", "social-action"]),
        ("Nothing here.", "apple", []),
        ("", "apple", []),
    ],
)
def test_find_highlights(text: str, asked: str, expected: list[str]) -> None:
    spans = find_highlights(text, frozenset(stems(asked)), ENGLISH)
    assert [text[start:end] for start, end in spans] == expected


def test_marked_segments_are_the_text() -> None:
    passage = Passage("p", "d", "T", "", "s", "One. An apple a day.", 0, 20)
    segments = marked_segments(QuotedPassage(1, passage, 0.5, ((0, 3), (8, 13)), (5, 20)))
    assert segments == [
        ("One", True, False),
        (". ", False, False),
        ("An ", False, True),
        ("apple", True, True),
        (" a day.", False, True),
    ]


def test_a_scope_fills_k_and_holds_for_the_parts(tiny_answerer: Answerer) -> None:
    answer = tiny_answerer.answer("What is Psychotherapy and social action model?", 2, Scope(source="TEXTS/a"))
    assert [quoted.passage.source for quoted in answer.passages] == ["texts/apple.md", "texts/apple.md"]
    assert [part.passages for part in answer.parts] == [(), (), ()]
    assert answer.note is not None
    assert "No passage of the texts that were asked has “Psychotherapy” and “social action” together." in answer.note


def test_the_payload_has_the_design_s_fields(tiny_answerer: Answerer) -> None:
    payload = answer_payload(tiny_answerer.answer("What is Psychotherapy and social action model?", 2))
    assert list(payload) == [
        "question", "confidence", "verdict", "answer", "note", "terms", "passages", "parts", "clarification", "notice",
        "signpost", "corpus",
    ]  # fmt: skip
    assert payload["answer"] is None
    assert payload["terms"] == [
        {
            "text": "Psychotherapy and social action model",
            "start": 8,
            "end": 45,
            "state": "unestablished",
            "passage_count": 0,
            "suggestion": None,
            "known_parts": ["psychotherapy", "social action"],
            "closest": [],
            "corpora": [],
            "thin": False,
        }
    ]
    assert set(payload["passages"][0]) == {
        "rank", "id", "document_id", "title", "heading", "source", "start", "end", "text", "cosine", "highlights",
        "page", "line", "best_sentence", "copies", "corpus",
    }  # fmt: skip
    assert [part["terms"] for part in payload["parts"]] == [
        ["psychotherapy"], ["social action"], ["psychotherapy", "social action"],
    ]  # fmt: skip


INVENTED = [
    "What is Psychotherapy and community organizing model?",
    "what is psychotherapy and community organizing model",
    "WHAT IS PSYCHOTHERAPY AND COMMUNITY ORGANIZING MODEL?",
    'What is "Psychotherapy and community organizing model"?',
    "Tell me about the psychotherapy and community organizing model",
]
MODEL = "psychotherapy-and-social-action-model"


@pytest.mark.parametrize("question", INVENTED)
def test_a_name_that_nobody_uses_on_the_real_index(real_answerer: Answerer, question: str) -> None:
    assert_unestablished(real_answerer.answer(question), "psychotherapy", "community organizing")


def assert_unestablished(answer: Answer, first: str, second: str) -> None:
    """The whole is not established, each part is answered by the article on it, both together, and it is asked for."""
    (report,) = answer.terms
    assert report.state is TermState.UNESTABLISHED
    assert report.known_parts == (first, second)
    assert answer.note is not None
    assert f"nowhere “{report.term.text}” as one term" in answer.note
    assert answer.clarification is not None
    assert report.term.text in answer.clarification
    assert [part.terms for part in answer.parts] == [(first,), (second,), (first, second)]
    assert all(part.passages for part in answer.parts)
    for part, named in zip(answer.parts[:2], (first, second), strict=True):
        assert part.passages[0].passage.source == f"corpus/{named.replace(' ', '-')}.md"
    together = answer.parts[2].passages[0].passage  # later ones may have a word only in another name of their document
    assert set(stems(f"{first} {second}")) <= set(stems(" ".join([together.title, together.heading, together.text])))


@pytest.mark.parametrize(
    "question", ["What is Psychotherapy and social action model?", "what is holland's model", "sue holland white city"]
)
def test_a_name_that_an_article_explains_is_found(real_answerer: Answerer, question: str) -> None:
    answer = real_answerer.answer(question)
    assert {report.state for report in answer.terms} == {TermState.KNOWN}
    assert (answer.clarification, answer.parts) == (None, ())
    assert answer.verdict is not Verdict.NOT_IN_CORPUS
    assert answer.passages[0].passage.source == f"corpus/{MODEL}.md"


def test_such_a_name_is_answered_by_what_it_is(real_answerer: Answerer) -> None:
    answer = real_answerer.answer("What is the psychotherapy and social action model?")
    assert (answer.verdict, answer.note) == (Verdict.ANSWERED, None)
    first = answer.passages[0].passage
    assert (first.source, first.heading) == (f"corpus/{MODEL}.md", "")
    assert first.text.startswith("The psychotherapy and social action model is a way of helping women")


@pytest.fixture(scope="module")
def answerer_without_it(real_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    """Of the corpus but the article on the model and the one that refers to it by name."""
    folder = tmp_path_factory.mktemp("without")
    left_out = shutil.ignore_patterns(f"{MODEL}.md", "combined-names.md", "*.toml", "*.jsonl", "*.tsv")
    shutil.copytree(ROOT / "corpus", folder / "corpus", ignore=left_out)
    build_index([folder / "corpus"], folder / "index", BuildSettings(basis=real_folder))
    with open_index(folder / "index") as index:
        yield Answerer(index)


@pytest.mark.slow
@pytest.mark.parametrize(
    "question",
    [
        "What is Psychotherapy and social action model?",
        "what is psychotherapy and social action model",
        "Tell me about the psychotherapy and social action model",
    ],
)
def test_the_same_name_is_not_established_where_no_article_has_it(answerer_without_it: Answerer, question: str) -> None:
    assert_unestablished(answerer_without_it.answer(question), "psychotherapy", "social action")


def test_a_plain_question_on_the_real_index_has_no_note(real_answerer: Answerer) -> None:
    answer = real_answerer.answer("What is psychotherapy?")
    assert (answer.verdict, answer.note, answer.clarification, answer.parts) == (
        Verdict.ANSWERED,
        None,
        None,
        (),
    )
    assert answer.passages[0].passage.document_id == "corpus/psychotherapy.md"


@pytest.mark.parametrize(
    "question",
    [
        "I read of the psychotherapy and community organizing model in a course. Is it any good?",
        "How does the psychotherapy and community organizing model compare with psychodrama?",
    ],
)
def test_an_invented_name_within_a_longer_question(real_answerer: Answerer, question: str) -> None:
    found = [r for r in real_answerer.answer(question).terms if r.state is TermState.UNESTABLISHED]
    assert [(r.term.text, r.known_parts) for r in found] == [
        ("psychotherapy and community organizing model", ("psychotherapy", "community organizing"))
    ]


def test_an_invented_name_beside_a_second_unknown_term(real_answerer: Answerer) -> None:
    answer = real_answerer.answer("How is the psychotherapy and community organizing model related to quorvex?")
    states = {report.term.text: report.state for report in answer.terms}
    assert states == {
        "psychotherapy and community organizing model": TermState.UNESTABLISHED,
        "quorvex": TermState.UNKNOWN,
    }
    assert answer.note is not None
    assert "do not mention “quorvex”" in answer.note
    assert "nowhere “psychotherapy and community organizing model” as one term" in answer.note


def test_a_misspelled_question_is_answered_as_it_was_meant(real_answerer: Answerer) -> None:
    meant, written = (real_answerer.answer(q) for q in ("What is psychotherapy?", "What is psychothrapy?"))
    assert [q.passage.id for q in written.passages] == [q.passage.id for q in meant.passages]
    assert [(r.state, r.suggestion) for r in written.terms] == [(TermState.MISSPELLED, "psychotherapy")]
    assert written.note == "“psychothrapy” was read as “psychotherapy”."
    assert written.parts == ()
    assert written.verdict is Verdict.ANSWERED


def test_words_read_as_others_are_highlighted(real_answerer: Answerer) -> None:
    (quoted, *_) = real_answerer.answer("What is psychothrapy?", 1).passages
    assert "psychotherapy" in {quoted.passage.text[start:end].lower() for start, end in quoted.highlights}


def test_a_part_that_the_texts_spell_otherwise_has_its_passages(real_answerer: Answerer) -> None:
    answer = real_answerer.answer("What is a quorvex neighbour?")
    assert [(str(report.state), report.known_parts) for report in answer.terms] == [("unknown", ("neighbor",))]
    (part,) = answer.parts
    assert part.passages
    for quoted in part.passages:
        assert "neighbor" in stems(quoted.passage.title + " " + quoted.passage.heading + " " + quoted.passage.text)
