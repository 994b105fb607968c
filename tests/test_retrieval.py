import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.answers.candidates import Candidates
from qa.answers.fusions import standard_score
from qa.answers.ordering import copies_last, find_copies, put_in_order
from qa.answers.parts import in_context, parts_of
from qa.answers.retrieval import (
    dense_rankings,
    gather_evidence,
    lexical_ranking,
    telling_pairs,
    unknown_of,
)
from qa.datatypes import Hit, Phrase, Scope, Term, TermReport, TermState
from qa.finding.tokens import TokenVectors
from qa.indexing.building import build_index
from qa.indexing.index import Index, open_index
from qa.lexicons import Entry, TantivyLexicon
from qa.lexicons.tantivy import build_lexicon
from qa.settings import BuildSettings
from tests.conftest import WordLengthEmbedder
from tests.english import ENGLISH

VERB = Term("t", 0, 1, (), noun=False)


def report(state: TermState, *parts: str) -> TermReport:
    return TermReport(Term("t", 0, 1, ()), state, 0, parts=tuple(Phrase(part, (part,)) for part in parts))


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], []),
        ([report(TermState.KNOWN, "a")], []),
        ([report(TermState.UNKNOWN)], []),
        ([report(TermState.UNKNOWN, "a")], [("a",)]),
        ([report(TermState.UNESTABLISHED, "a", "b")], [("a",), ("b",), ("a", "b")]),
        ([report(TermState.UNKNOWN), report(TermState.KNOWN, "c")], [("c",)]),
        (
            [
                report(TermState.UNESTABLISHED, "a", "b"),
                report(TermState.KNOWN, "a"),
                report(TermState.KNOWN, "c"),
            ],
            [("a",), ("b",), ("c",), ("a", "b")],
        ),
        ([report(TermState.UNESTABLISHED, "a", "a")], [("a",)]),
        # A pasted paragraph with one unknown word: its many other words are no parts.
        ([report(TermState.UNKNOWN, "a"), *(report(TermState.KNOWN, x) for x in "bcde")], [("a",)]),
        ([report(TermState.UNKNOWN, *"abcdefghij")], [(x,) for x in "abcdefgh"]),
        ([report(TermState.UNKNOWN), replace(report(TermState.KNOWN, "c"), term=VERB)], []),  # a verb is no subject
        ([report(TermState.MISSPELLED)], []),  # answered as it was meant
    ],
)
def test_parts_of(reports: list[TermReport], expected: list[tuple[str, ...]]) -> None:
    assert [tuple(phrase.text for phrase in part) for part in parts_of(reports)] == expected


def test_a_part_has_the_vector_of_its_tokens_in_the_question() -> None:
    """The tokens of "grief" and "therapy" sum to (3, 4), of unit (.6, .8); "is" has no say."""
    question = ENGLISH.question("Grief is therapy")
    places = [(0, 0), (0, 2), (2, 5), (6, 8), (9, 16)]
    tokens = TokenVectors(places, np.array([(9, 9), (1, 0), (1, 0), (9, 9), (1, 4)], np.float16))
    grief, therapy = (Phrase(word, tuple(ENGLISH.stems(word))) for word in ("grief", "therapy"))
    assert in_context([grief, therapy], question, tokens) == pytest.approx([0.6, 0.8], abs=1e-6)
    assert in_context([grief], question, tokens) == pytest.approx([1, 0])
    assert in_context([Phrase("loss", ("loss",))], question, tokens) is None  # the question does not say it
    cut_off = TokenVectors(places[:3], tokens.vectors[:3])
    assert in_context([grief, therapy], question, cut_off) is None
    assert in_context([grief], question, None) is None  # of a model that tells no tokens


def test_dense_ranking_by_hand(tiny_index: Index) -> None:
    # The question has words of 4, 2 and 4 letters; "Apple: Storage / Keep it cool." of 5, 7, 4, 2 and 4.
    (ranking,) = dense_rankings(tiny_index.embed(["Keep it cool"]), tiny_index, 3)
    assert tiny_index.passage(ranking[0].row).text == "Keep it cool."
    expected = (2 * 2 + 1 * 1) / (np.sqrt(1 + 1 + 4 + 1) * np.sqrt(4 + 1))
    assert ranking[0].score == pytest.approx(expected, rel=1e-5)
    assert [hit.rank for hit in ranking] == [1, 2, 3]


def test_lexical_ranking_leaves_question_words_out(tiny_index: Index) -> None:
    # "an", "is" and "a" stand in other passages too; "apple" in the two of one document.
    rows = [hit.row for hit in lexical_ranking(ENGLISH.question("What is an apple?"), tiny_index, 10)]
    assert [tiny_index.passage(row).source for row in rows] == ["texts/apple.md", "texts/apple.md"]
    # Of question words alone there is nothing better to look up.
    assert len(lexical_ranking(ENGLISH.question("What is it?"), tiny_index, 10)) == 3


@pytest.mark.parametrize(("many", "left"), [(20_000, 3), (30, 3), (29, 1), (0, 1)])
def test_pairs_of_two_frequent_words_do_not_count_in_a_large_index(tmp_path: Path, many: int, left: int) -> None:
    # "red" stands in 31 of 40 passages, "fox" in 30, "lynx" in one; 5 % of 40 are 2.
    texts = [*["red fox"] * 30, *["plain"] * 9, "red lynx"]
    build_lexicon(tmp_path, [Entry(row, row, [], text) for row, text in enumerate(texts)], ENGLISH)
    pairs = telling_pairs(["red", "fox", "red", "lynx"], TantivyLexicon(tmp_path, ENGLISH), many)
    assert pairs == [("red", "fox"), ("fox", "red"), ("red", "lynx")][-left:]
    assert telling_pairs(["what", "is", "red"], TantivyLexicon(tmp_path, ENGLISH), many) == [("is", "red")]


def test_evidence_is_the_fusion_of_both(tiny_index: Index) -> None:
    question = "Does a family see beds and paths?"
    (evidence,) = gather_evidence([question], tiny_index, 4)
    (dense,) = dense_rankings(tiny_index.embed([question]), tiny_index, 100)
    fused = standard_score(dense, lexical_ranking(ENGLISH.question(question), tiny_index, 100))
    fused = put_in_order(fused, ENGLISH.question(question), tiny_index)
    assert evidence.ranking == fused[:4]
    by_row = {hit.row: hit.score for hit in dense}
    assert evidence.cosines == pytest.approx([by_row[hit.row] for hit in fused[:4]], abs=1e-6)


def test_parts_hold_only_passages_that_have_them(tiny_index: Index) -> None:
    (evidence,) = gather_evidence(["What is Psychotherapy and social action model?"], tiny_index, 5)
    shown = {part.terms: [tiny_index.passage(hit.row).source for hit in part.ranking] for part in evidence.parts}
    assert set(shown[("psychotherapy",)]) == {"texts/psychotherapy.txt", "texts/social-action.txt"}
    assert set(shown[("social action",)]) == {"texts/social-action.txt"}
    assert shown[("psychotherapy", "social action")] == ["texts/social-action.txt"]


def test_questions_asked_together_are_answered_as_if_alone(tiny_index: Index) -> None:
    questions = ["What is quorvex therapy?", "What is an apple?", "Psychotherapy and social action model"]
    together = gather_evidence(questions, tiny_index, 3)
    for question, found in zip(questions, together, strict=True):
        (alone,) = gather_evidence([question], tiny_index, 3)
        assert found == alone


def test_no_questions(tiny_index: Index) -> None:
    assert gather_evidence([], tiny_index, 3) == []


def test_a_scope_is_applied_inside_the_search(tiny_index: Index) -> None:
    # "Keep it cool." is nearest to another document by far, and k passages of the scope are found all the same.
    (evidence,) = gather_evidence(["Keep it cool"], tiny_index, 2, Scope(source="texts/social"))
    found = [tiny_index.passage(hit.row).source for hit in evidence.ranking]
    assert found == ["texts/social-action.txt"] * len(found)
    selection = tiny_index.select(Scope(source="texts/social"))
    assert selection is not None
    assert len(found) == min(2, len(selection.rows))


def test_copies_come_last(tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    texts = ["Apples are red.", "Apples are red.", "Garden paths wind.", "Apples are red!"]
    (tmp_path / "c.jsonl").write_text(
        "\n".join(json.dumps({"_id": str(n), "text": text}) for n, text in enumerate(texts)), encoding="utf-8"
    )
    build_index([tmp_path / "c.jsonl"], tmp_path / "index", BuildSettings(passage_tokens=32), embedder)
    index = open_index(tmp_path / "index", embedder)
    ranking = tuple(Hit(row, 1 - row / 10, row + 1) for row in range(4))
    assert [
        (hit.row, hit.rank)
        for hit in copies_last(ranking, find_copies(ranking, Candidates.of([ranking], index.store), index))
    ] == [
        (0, 1),
        (2, 2),
        (1, 3),
        (3, 4),
    ]
    assert copies_last((), find_copies((), Candidates.of([], index.store), index)) == ()
    (evidence,) = gather_evidence(["Are apples red?"], index, 2)
    assert {hit.row for hit in evidence.ranking} == {0, 2}
    index.close()


def test_a_part_is_shown_by_three_texts_however_many_copies_lie_nearer(tmp_path: Path) -> None:
    others = ["The pears of the south ripen late.", "A box of pears is sent by rail.", "Pears are cooked with honey."]
    texts = ["Pears are sweet fruit."] * 60 + others
    (tmp_path / "c.jsonl").write_text(
        "\n".join(json.dumps({"_id": str(n), "text": text}) for n, text in enumerate(texts)), encoding="utf-8"
    )
    build_index([tmp_path / "c.jsonl"], tmp_path / "index", BuildSettings(passage_tokens=32))
    with open_index(tmp_path / "index") as index:
        (evidence,) = gather_evidence(["What are pears and the quorvex method?"], index, 2)
        (shown,) = [part.ranking for part in evidence.parts if part.terms == ("pears",)]
        assert len({index.passage(hit.row).text for hit in shown}) == 3


def test_phrases_of_the_question_count(tiny_index: Index) -> None:
    (first, *_) = lexical_ranking(ENGLISH.question("social action"), tiny_index, 5)
    words = tiny_index.lexicon.rank(["social", "action"], 5)
    assert first.row == words[0].row
    assert first.score > words[0].score


def test_close_terms_are_sought_for_the_first_few_only() -> None:
    found = [TermReport(Term(text, 0, 1, ()), TermState.UNKNOWN, 0) for text in "aabcdef"]
    assert unknown_of("?", found) == ["a", "b", "c"]
    assert unknown_of("?" * 501, found) == []


def test_what_is_read_of_long_questions_is_not_kept(tiny_index: Index) -> None:
    short, long = ENGLISH.question("What is family therapy?"), ENGLISH.question("family " * 100)
    first = [words.scores for words in tiny_index.read_words([short, long]) if words]
    assert [len(scores) for scores in first] == [4, 100]
    assert set(tiny_index._read) == {short.text}
    assert [words.scores for words in tiny_index.read_words([short, long]) if words] == first


def test_a_question_is_embedded_once_however_long(real_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_index(real_folder) as index:
        again: list[str] = []
        monkeypatch.setattr(index.embedder, "embed_questions", again.extend)
        question = "What is psychotherapy, " + "and how does it help a family " * 12 + "?"
        gather_evidence([question], index, 3, with_parts=False)
        assert again == []
