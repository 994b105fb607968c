"""What the readers learn from is labelled as a person would label it."""

import random
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import OSA

from qa.embedders.sentence_transformers import model_folder
from training import missing
from training.edits import Editor
from training.examples import EXCHANGED, NATURAL, Examples, cutter_of, make_examples
from training.material import in_both, write_material
from training.questions import BEGINS, ENGLISH, GOES_ON, OUTSIDE, UNKNOWN, Inventor, exchanged, label

CONTEXT = (
    "The clothing allowance is paid once a year. Veterans whose prosthetic devices damage clothing can claim. "
    "The Board of Appeals decides within ninety days."
)


def labels(question: str) -> dict[str, tuple[int, int, int]]:
    """Return the labels of each word of a question that the context answers."""
    found = label(question, CONTEXT)
    assert found is not None
    by = found.labelled
    words = (by.text[start:end] for start, end in by.words)
    return dict(zip(words, zip(by.border, by.unit, by.need, strict=True), strict=True))


def test_a_phrase_that_the_passage_uses_is_a_term_and_a_unit() -> None:
    found = labels("When is the clothing allowance paid?")
    assert found["clothing"] == (BEGINS, 1, 1)
    assert found["allowance"] == (GOES_ON, 1, 1)
    assert found["When"] == (OUTSIDE, UNKNOWN, UNKNOWN)


def test_a_phrase_that_it_answers_without_using_only_describes() -> None:
    found = labels("What is the appeal decision deadline?")
    assert [found[word][1] for word in ("appeal", "decision", "deadline")] == [0, 0, 0]
    assert [found[word][2] for word in ("appeal", "decision", "deadline")] == [1, 0, 0]


def test_a_word_that_the_answer_lacks_is_not_needed() -> None:
    found = labels("Do veterans apply for the allowance?")
    assert (found["veterans"][2], found["apply"][2], found["allowance"][2]) == (1, 0, 1)


def test_what_is_exchanged_keeps_the_labels_of_what_it_replaces() -> None:
    found = label("When is the clothing allowance paid to veterans?", CONTEXT)
    assert found is not None
    slot = next(slot for slot in found.slots if slot.end - slot.first == 2)
    made = exchanged(found, slot, "quorvex and zibble plan")
    assert made.text == "When is the quorvex and zibble plan paid to veterans?"
    words = [made.text[start:end] for start, end in made.words]
    assert words == ["When", "is", "the", "quorvex", "and", "zibble", "plan", "paid", "to", "veterans"]
    assert made.border[3:7] == (BEGINS, GOES_ON, GOES_ON, GOES_ON)
    assert (made.unit[3:7], made.need[3:7]) == ((1, 1, 1, 1), (1, 1, 1, 1))
    assert made.border[-1] == BEGINS


@pytest.mark.parametrize("seed", range(20))
def test_a_typing_error_changes_one_letter(seed: int) -> None:
    found = label("When is the clothing allowance paid to veterans?", CONTEXT)
    assert found is not None
    inventor = Inventor([found], ["rare"], random.Random(seed))
    mistyped = inventor.mistyped("allowance")
    assert OSA.distance(mistyped, "allowance") <= 1
    assert mistyped[0] == "a"
    assert inventor.pseudo().isalpha()


def test_an_edit_lacks_what_the_passage_does_not_have() -> None:
    found = label("When is the clothing allowance paid to veterans?", CONTEXT)
    other = label("Who lives at the harbour in Porto Alegre?", "At the harbour in Porto Alegre live fishermen.")
    assert found is not None
    third = label("What can damage prosthetic devices?", CONTEXT)
    assert other is not None
    assert third is not None
    kinds = set()
    for seed in range(40):
        for edit in Editor([found, other, third], random.Random(seed)).edits(found, CONTEXT, "once a year"):
            kinds.add(edit.kind)
            assert edit.text != found.labelled.text
            for start, end in edit.missing:
                assert ENGLISH.stems(edit.text[start:end])[0] not in ENGLISH.stems(CONTEXT)
            for start, end in (*edit.missing, *edit.unsure):
                assert edit.text[start:end].strip()
    assert {"condition", "noun of the passage"} <= kinds


def test_a_term_exchanged_in_both_is_answered_where_it_was() -> None:
    question = "When is the clothing allowance paid?"
    found = label(question, CONTEXT)
    assert found is not None
    row = {"context": CONTEXT, "answer_text": "once a year", "answer_start": CONTEXT.index("once a year")}
    made = in_both(found, row, "quorvex", random.Random(0))
    assert made is not None
    assert made["q"] == "When is the quorvex paid?"
    start, end = made["a"]
    assert made["text"][start:end] == "once a year"
    assert "The quorvex is paid once a year." in made["text"]


def test_tokens_keep_the_labels_of_their_characters(tmp_path: Path) -> None:
    row = {
        **{"question": "When is the clothing allowance paid?", "context": CONTEXT, "answer_text": "once a year"},
        **{"answer_start": CONTEXT.index("once"), "answerable": True, "kind": "human", "source": "s", "doc": "s:d"},
    }
    write_material([row], tmp_path / "train.jsonl.gz", seed=0)
    made = make_examples(tmp_path / "train.jsonl.gz", model_folder(None), seed=0)
    cutter = cutter_of(model_folder(None))
    passage, start, end = made.passages[0], int(made.start[0]), int(made.end[0])
    assert cutter.decode(passage[start : end + 1].tolist()) == "once a year"
    for question in np.flatnonzero(made.sort == EXCHANGED):
        missing = made.missing[question] == 1
        lacked = cutter.decode(made.questions[question][missing].tolist())
        assert lacked
        assert "paid" not in lacked
    (natural,) = np.flatnonzero(made.sort == NATURAL)
    assert not made.missing[natural].any()
    made.save(tmp_path / "train.npz")
    again = Examples.load(tmp_path / "train.npz")
    assert (again.questions.flat == made.questions.flat).all()
    assert (again.words[natural] == made.words[natural]).all()


def test_the_threshold_is_the_best_with_those_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """.35 is the best by itself, .55 together with its neighbours: .8 + .8 + .8 is more than .7 + .9 + .7."""
    worths = dict(zip(missing.THRESHOLDS, [0.7, 0.7, 0.9, 0.7, 0.7, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7], strict=True))
    monkeypatch.setattr(missing, "fit", lambda sets: None)
    monkeypatch.setattr(missing, "measure", lambda cases, fitted, at: missing.Measures(worths[at], 0.0, worths[at]))
    assert missing.choose_threshold({name: [] for name in missing.LABELLED}) == missing.THRESHOLDS[6] == 0.55
