"""Fitting and counting on numbers that can be checked, and `qa calibrate` on the project's own corpus."""

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy.special import expit

from qa.command.cli import cli
from qa.errors import BadQuestionSet, IndexDamaged
from qa.evaluation.calibrating import (
    DIRECTIONS,
    SIGNALS,
    Floats,
    Labelled,
    Model,
    calibrate,
    calibration_of,
    count_held_out,
    fit,
    held_out_confidence,
    label_questions,
    model_of,
    platt,
    refit,
)
from qa.evaluation.measures import auroc, brier, ece
from qa.evaluation.outcomes import Grading
from qa.evaluation.question import SetQuestion
from qa.evaluation.recalibrating import is_due, note, tried_on
from qa.indexing.calibration import (
    BINS,
    CALIBRATION,
    DEFAULT_PROMISE,
    RULE,
    Promise,
    load_calibration,
    packaged_calibration,
    read_sealed,
    sealed_json,
)
from qa.indexing.index import Index, load_manifest, open_index

TOLD = {"made": "2026-11-23", "command": "by hand", "embedder_checksum": "0" * 64, "reader_checksum": ""}


def drawn(questions: int, *, lead: float, seed: int = 0, shift: float = 0.0) -> Labelled:
    """Questions whose outcome hangs on ``lead`` alone: log odds are shift + lead * its value, standard normal."""
    generator = np.random.default_rng(seed)
    signals = generator.normal(size=(questions, len(SIGNALS)))
    odds = shift + lead * signals[:, SIGNALS.index("lead")]
    right = (generator.random(questions) < expit(odds)).astype(float)
    return Labelled(signals, right, np.zeros(questions))


def model(**weights: float) -> Model:
    values = np.array([weights.get(name, 0.0) for name in SIGNALS])
    return Model(0.0, np.zeros(len(SIGNALS)), np.ones(len(SIGNALS)), values)


def test_fit_finds_what_the_outcomes_were_drawn_from() -> None:
    labelled = drawn(20_000, lead=1.5, shift=-0.5)
    shares = np.ones(len(labelled))
    intercept, weights = fit(labelled.signals, labelled.right, shares, np.zeros(len(SIGNALS)), 1e-6)
    assert intercept == pytest.approx(-0.5, abs=0.05)
    assert weights[SIGNALS.index("lead")] == pytest.approx(1.5, abs=0.06)
    assert max(abs(np.delete(weights, SIGNALS.index("lead")))) < 0.06


def test_fit_without_signals_is_the_share_that_is_right() -> None:
    right = np.array([1.0, 1.0, 1.0, 0.0])
    intercept, _ = fit(np.zeros((4, len(SIGNALS))), right, np.ones(4), np.zeros(len(SIGNALS)), 1.0)
    assert expit(intercept) == pytest.approx(3 / 4)
    # A question that counts three times is three questions.
    intercept, _ = fit(np.zeros((4, len(SIGNALS))), right, np.array([1, 1, 1, 3]), np.zeros(len(SIGNALS)), 1.0)
    assert expit(intercept) == pytest.approx(1 / 2)


def test_no_weight_gets_the_wrong_sign() -> None:
    backwards = drawn(5000, lead=-2.0)
    _, weights = fit(backwards.signals, backwards.right, np.ones(5000), np.zeros(len(SIGNALS)), 1e-6)
    assert weights[SIGNALS.index("lead")] == 0.0
    for weight, up in zip(weights, DIRECTIONS, strict=True):
        assert weight * up >= 0


def test_a_strong_prior_stays() -> None:
    labelled = drawn(500, lead=1.0)
    prior = model(top_cosine=0.7).weights
    _, weights = fit(labelled.signals, labelled.right, np.ones(500), prior, 1e6)
    assert weights == pytest.approx(prior, abs=1e-3)


def test_platt_undoes_what_was_stretched_and_moved() -> None:
    generator = np.random.default_rng(0)
    odds = generator.normal(size=20_000)
    right = (generator.random(20_000) < expit(odds)).astype(float)
    slope, shift = platt(3 * odds + 1, right, np.ones(20_000))
    assert slope == pytest.approx(1 / 3, abs=0.02)
    assert shift == pytest.approx(-1 / 3, abs=0.05)


def test_platt_never_turns_confidence_around() -> None:
    odds = np.array([-1.0, -0.5, 0.5, 1.0])
    assert platt(odds, np.array([1.0, 1.0, 0.0, 0.0]), np.ones(4))[0] == 0.0


def test_refit_mends_a_model_that_is_wrong_about_these_questions() -> None:
    packaged, here, there = model(top_cosine=1.0), drawn(400, lead=1.5), drawn(4000, lead=1.5, seed=1)
    better = refit(packaged, here).confidence(there.signals)
    assert auroc(packaged.confidence(there.signals), there.right) == pytest.approx(0.5, abs=0.03)
    assert auroc(better, there.right) > 0.75
    assert ece(better, there.right) < 0.05


def test_held_out_confidence_did_not_see_the_question() -> None:
    """Labels by the toss of a coin cannot be foretold, though a fit on the same questions would seem to."""
    seen, held_out = [], []
    for seed in range(8):
        generator = np.random.default_rng(seed)
        tossed = generator.integers(0, 2, 120).astype(float)
        noise = Labelled(generator.normal(size=(120, len(SIGNALS))), tossed, np.zeros(120))
        start = model(lead=0.5)
        seen.append(auroc(refit(start, noise).confidence(noise.signals), noise.right))
        held_out.append(auroc(held_out_confidence(start, noise), noise.right))
    assert np.mean(seen) > 0.6
    assert np.mean(held_out) < 0.55


def test_count_held_out_by_hand() -> None:
    confidence = np.array([0.0, 0.005, 0.29, 0.29, 0.7, 1.0])
    labelled = Labelled(np.zeros((6, len(SIGNALS))), np.array([0.0, 1, 1, 0, 1, 1]), np.array([0.0, 0, 1, 1, 0, 0]))
    found = count_held_out(confidence, labelled)
    assert {place: n for place, n in enumerate(found.clear_right) if n} == {0: 1, 70: 1, BINS - 1: 1}
    assert {place: n for place, n in enumerate(found.clear_wrong) if n} == {0: 1}
    assert {place: n for place, n in enumerate(found.flagged_right) if n} == {29: 1}
    assert {place: n for place, n in enumerate(found.flagged_wrong) if n} == {29: 1}


def test_a_model_survives_being_stored() -> None:
    packaged = model_of(packaged_calibration())
    again = calibration_of(packaged, packaged_calibration().held_out, packaged_calibration().questions, TOLD)
    assert again.signals == packaged_calibration().signals


def test_the_packaged_weights_have_their_signs() -> None:
    for name, up in zip(SIGNALS, DIRECTIONS, strict=True):
        assert packaged_calibration().signals[name].weight * up >= 0


def test_calibrate_tells_its_gain() -> None:
    labelled = drawn(600, lead=2.0)
    made, gain = calibrate(packaged_calibration(), labelled, TOLD, "set.jsonl")
    before = model_of(packaged_calibration()).confidence(labelled.signals)
    assert gain.is_gain
    assert (gain.questions, gain.right) == (600, int(labelled.right.sum()))
    assert gain.brier[0] == pytest.approx(brier(before, labelled.right))
    assert made.questions == {"set.jsonl": 600}
    assert sum(map(sum, (made.held_out.clear_right, made.held_out.clear_wrong))) == 600


def test_where_refitting_gains_nothing_the_packaged_weights_stay() -> None:
    packaged = packaged_calibration()
    signals = np.random.default_rng(0).normal(size=(200, len(SIGNALS))) * 0.3
    signals = signals + model_of(packaged).means
    chance = model_of(packaged).confidence(signals)
    right = (np.random.default_rng(1).random(200) < chance).astype(float)
    made, gain = calibrate(packaged, Labelled(signals, right, np.zeros(200)), TOLD, "set")
    assert not gain.is_gain
    assert made.signals == packaged.signals
    assert gain.brier[0] == gain.brier[1]


@pytest.mark.parametrize(("right", "wrong"), [(39, 10), (41, 9), (9, 500), (500, 9), (0, 0)])
def test_too_few_questions_are_refused(right: int, wrong: int) -> None:
    outcomes = np.array([1.0] * right + [0.0] * wrong)
    labelled = Labelled(np.zeros((len(outcomes), len(SIGNALS))), outcomes, np.zeros(len(outcomes)))
    with pytest.raises(BadQuestionSet, match=rf"{right} answered and {wrong} not; calibrating needs 50, with 10"):
        calibrate(packaged_calibration(), labelled, TOLD, "set")


# --- labels --------------------------------------------------------------------------------------------------


def outcomes(index: Index, *questions: SetQuestion, grading: Grading) -> Floats:
    return label_questions(index, questions, grading).right


def test_labels(tiny_index: Index) -> None:
    judged = {"judged": {"texts/family-therapy.md": 1}, "low": {"texts/family-therapy.md": 1}, "no": {"texts/x": 2}}
    text = "What is family therapy?"
    asked = [
        SetQuestion("judged", text),
        SetQuestion("no", text),
        SetQuestion("judged", text, answerable=False),  # the set has the last word
        SetQuestion("unjudged", text, answerable=True),
        SetQuestion("unknown", text),  # nothing is known of it
        SetQuestion("refused", "?"),
    ]
    assert outcomes(tiny_index, *asked, grading=Grading(judged, ())).tolist() == [1.0, 0.0, 0.0, 1.0]
    assert outcomes(tiny_index, SetQuestion("low", text), grading=Grading(judged, (), 2)).tolist() == [0.0]


# --- the command ---------------------------------------------------------------------------------------------


def qa(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def own_folder(real_folder: Path, tmp_path: Path) -> Path:
    left_out = shutil.ignore_patterns("runs")  # which another test may be writing
    copied = Path(shutil.copytree(real_folder, tmp_path / "own", ignore=left_out))
    (copied / CALIBRATION).unlink()  # the corpus brings questions of its own
    return copied


@pytest.fixture
def questions(real_folder: Path, tmp_path: Path) -> Path:
    """Questions that a text's title answers, of every fourth text, and the same ones on things that no text has."""
    index = open_index(real_folder)
    titles = sorted({index.passage(row).title for row in range(len(index))})
    index.close()
    forms = ("What is {}?", "Tell me about {}.", "How does {} work?")
    lines: list[dict[str, object]] = []
    for number, title in enumerate(titles[::4]):
        for form in forms:
            lines.append({"_id": f"a{len(lines)}", "text": form.format(title), "answerable": True})
            made = f"{title} of the quorvex zibble {number}"
            lines.append({"_id": f"b{len(lines)}", "text": form.format(made), "answerable": False})
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_calibrate_and_reset(own_folder: Path, questions: Path) -> None:
    asked = "What is the mutual aid of the quorvex zibble?"
    before = json.loads(qa("ask", asked, "--json", "--index", own_folder).stdout)
    result = qa("calibrate", questions, "--index", own_folder, "--risk", "0.2")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert "answered" in result.stdout.splitlines()[0]
    assert "Measures on questions held out of the fit" in result.stdout
    assert "at most 20 % of these are wrong" in result.stdout
    explained = qa("ask", asked, "--explain", "--index", own_folder).stdout
    assert "Both in the long run and with 95 % confidence" in " ".join(explained.split())
    made = read_sealed((own_folder / CALIBRATION).read_text(encoding="utf-8"))
    assert list(made.questions) == ["set.jsonl"]
    assert made.promise == Promise(0.2, DEFAULT_PROMISE.miss)
    explained = json.loads(qa("ask", asked, "--json", "--explain", "--index", own_folder).stdout)["explanation"]
    assert (explained["promise"], explained["is_own"]) == ({"risk": 0.2, "miss": 0.15}, True)
    given = json.loads(qa("ask", asked, "--json", "--explain", "--risk", "0.3", "--index", own_folder).stdout)
    assert given["explanation"]["promise"] == {"risk": 0.3, "miss": 0.15}
    after = json.loads(qa("ask", asked, "--json", "--index", own_folder).stdout)
    assert after["confidence"] < before["confidence"]
    assert after["verdict"] == "not_in_corpus"
    reset = qa("calibrate", "--reset", "--index", own_folder)
    assert reset.stdout == f"{own_folder} uses the calibration that is bundled.\n"
    assert json.loads(qa("ask", asked, "--json", "--index", own_folder).stdout) == before


def test_a_calibration_of_another_embedder_or_reader_is_passed_over(own_folder: Path, questions: Path) -> None:
    assert qa("calibrate", questions, "--index", own_folder).exit_code == 0
    path = own_folder / CALIBRATION
    made = read_sealed(path.read_text(encoding="utf-8"))
    manifest = load_manifest(next((own_folder / "generations").iterdir()))
    assert load_calibration(own_folder, manifest, manifest.reader_checksum) is not None
    assert load_calibration(own_folder, manifest, "") is None
    path.write_text(sealed_json(replace(made, embedder_checksum="1" * 64)), encoding="utf-8")
    assert load_calibration(own_folder, manifest, manifest.reader_checksum) is None


def test_a_calibration_that_was_counted_by_another_rule_is_passed_over_and_due(
    own_folder: Path, questions: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert qa("calibrate", questions, "--index", own_folder).exit_code == 0
    note(own_folder, tried_on(own_folder, questions), made=True)
    assert not is_due(own_folder, questions)
    path = own_folder / CALIBRATION
    made = read_sealed(path.read_text(encoding="utf-8"))
    path.write_text(sealed_json(replace(made, rule=RULE - 1)), encoding="utf-8")
    manifest = load_manifest(next((own_folder / "generations").iterdir()))
    with caplog.at_level(logging.WARNING, "qa"):
        assert load_calibration(own_folder, manifest, manifest.reader_checksum) is None
    assert "is of another version and not used: run `qa calibrate` again" in caplog.text
    before = {name: told for name, told in tried_on(own_folder, questions).items() if name != "rule"}
    note(own_folder, before, made=True)  # as it was written when there was one rule
    assert is_due(own_folder, questions)
    assert qa("check", "--index", own_folder).stdout.endswith("it is not used: run `qa calibrate` again.\n")


BROKEN = [b"", b"{}", b"\xff", b'{"signals": 3, "held_out": {}}', b"[" * 100_000, b"x" * 1_000_001]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_calibration_is_told(own_folder: Path, content: bytes) -> None:
    (own_folder / CALIBRATION).write_bytes(content)
    with pytest.raises(IndexDamaged, match="run `qa calibrate` again, or with --reset to go without"):
        open_index(own_folder)
    open_index(own_folder, with_own_calibration=False).close()
    assert qa("calibrate", "--reset", "--index", own_folder).exit_code == 0
    open_index(own_folder).close()


def test_check_compares_the_calibration_with_its_checksum(own_folder: Path) -> None:
    path = own_folder / CALIBRATION
    path.write_text(sealed_json(packaged_calibration()), encoding="utf-8")
    checked = qa("check", "--index", own_folder)
    assert checked.exit_code == 0
    assert checked.stdout.splitlines()[-1].startswith("calibration.json: whole, made on ")
    path.write_text(path.read_text(encoding="utf-8").replace('"weight": ', '"weight": 1', 1), encoding="utf-8")
    checked = qa("check", "--index", own_folder)
    assert checked.exit_code == 1
    assert "calibration.json cannot be used (it is not what was written: its checksum differs)" in checked.stderr


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['{"_id": "1", "text": "What is empathy?", "answerable": true}'], "1 question of the set has a known outcome"),
        (['{"_id": "1", "text": "What is empathy?"}'], "0 questions of the set have a known outcome"),
        ([], "holds no question"),
    ],
)
def test_calibrate_refuses(own_folder: Path, tmp_path: Path, lines: list[str], words: str) -> None:
    path = tmp_path / "few.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    result = qa("calibrate", path, "--index", own_folder)
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (own_folder / CALIBRATION).exists()


def test_a_broken_calibration_can_be_made_again(own_folder: Path, questions: Path) -> None:
    (own_folder / CALIBRATION).write_text("{}", encoding="utf-8")
    assert qa("calibrate", questions, "--index", own_folder).exit_code == 0
    open_index(own_folder).close()


def test_repeated_questions_count_once(own_folder: Path, tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {
                "_id": str(n),
                "text": f"What is {'empathy' if n % 2 else 'quorvex'}{'?' * (n % 5)}",
                "answerable": bool(n % 2),
            }
        )
        for n in range(150)
    ]
    path = tmp_path / "twice.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    result = qa("calibrate", path, "--index", own_folder)
    assert result.exit_code == 1
    assert "2 questions of the set have a known outcome, 1 answered and 1 not" in result.stderr


def test_judgments_of_other_texts_are_refused(own_folder: Path, questions: Path) -> None:
    rows = "".join(f"a{2 * n}\tno-such-text\t1\n" for n in range(30))
    questions.with_name("qrels.tsv").write_text(f"q\tc\ts\n{rows}", encoding="utf-8")
    result = qa("calibrate", questions, "--index", own_folder)
    assert result.exit_code == 1
    assert "of 1 judged document 1 is not in the index, such as no-such-text" in result.stderr


@pytest.mark.parametrize("option", ["--risk", "--miss"])
@pytest.mark.parametrize("share", ["nan", "inf", "0", "0.6", "-1", "x"])
def test_a_share_that_is_none(own_folder: Path, option: str, share: str) -> None:
    result = qa("ask", "What is empathy?", option, share, "--index", own_folder)
    assert result.exit_code == 2
    assert "Error: Invalid value for" in result.stderr


def test_questions_and_reset_exclude_each_other(own_folder: Path, questions: Path) -> None:
    assert "Give either QUESTIONS" in qa("calibrate", questions, "--reset", "--index", own_folder).stderr


def test_calibrate_without_questions(own_folder: Path) -> None:
    result = qa("calibrate", "--index", own_folder)
    assert (result.exit_code, result.stderr) == (
        1,
        "qa: There is nothing to calibrate on: name a file of judged questions, or give --reset.\n",
    )
