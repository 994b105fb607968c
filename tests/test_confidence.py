import math
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import beta

from qa.answers.verdicts import Thresholds, confidence, draw_thresholds, keep_promise, may_be_above, verdict
from qa.datatypes import NOTHING_MEASURED, Evidence, Hit, Reading, Signals, Term, TermReport, TermState, Verdict
from qa.indexing.calibration import (
    BINS,
    PACKAGED,
    RULE,
    Calibration,
    HeldOut,
    Promise,
    Weight,
    calibration_json,
    packaged_calibration,
    read_calibration,
    read_sealed,
    sealed_json,
)
from tests.english import ENGLISH

NONE = (0,) * BINS


def counts(**at: int) -> tuple[int, ...]:
    """Counts by hundredth: counts(b95=3) are three questions with a confidence in [0.95, 0.96)."""
    return tuple(at.get(f"b{place}", 0) for place in range(BINS))


def held_out(
    clear_right: tuple[int, ...] = NONE,
    clear_wrong: tuple[int, ...] = NONE,
    flagged_right: tuple[int, ...] = NONE,
    flagged_wrong: tuple[int, ...] = NONE,
) -> HeldOut:
    return HeldOut(clear_right, clear_wrong, flagged_right, flagged_wrong)


def calibration(intercept: float = 0.0, **weights: Weight) -> Calibration:
    return Calibration("2026-11-23", "by hand", {"set": 3}, "0" * 64, intercept, weights, held_out())


def evidence(*states: TermState, hits: int = 1, signals: Signals = NOTHING_MEASURED) -> Evidence:
    terms = tuple(TermReport(Term("t", 0, 1, ()), state, 0) for state in states)
    return Evidence(
        ENGLISH.question("q"), tuple(Hit(row, 0.1, row + 1) for row in range(hits)), (0.5,) * hits, signals, terms
    )


def measured(**signals: float) -> Signals:
    return replace(NOTHING_MEASURED, **signals)


def test_confidence_by_hand() -> None:
    by = calibration(0.5, top_cosine=Weight(mean=0.4, scale=0.1, weight=2.0), lead=Weight(3.0, 1.0, 0.0))
    odds = 0.5 + 2.0 * (0.6 - 0.4) / 0.1
    assert by.contributions(measured(top_cosine=0.6, lead=9.0)) == {"top_cosine": pytest.approx(4.0)}
    assert by.log_odds(measured(top_cosine=0.6)) == pytest.approx(odds)
    assert confidence(evidence(signals=measured(top_cosine=0.6)), by) == round(1 / (1 + math.exp(-odds)), 4)


def test_confidence_of_nothing_found_is_0() -> None:
    assert confidence(evidence(hits=0), calibration(5.0)) == 0.0


@pytest.mark.parametrize("weight", [1e300, -1e300])
def test_confidence_stays_a_probability(weight: float) -> None:
    found = calibration(0.0, top_cosine=Weight(0.0, 1.0, weight)).confidence(measured(top_cosine=1.0))
    assert found in {0.0, 1.0}


@pytest.mark.parametrize(
    ("certain", "states", "expected"),
    [
        (0.7, [TermState.KNOWN], Verdict.ANSWERED),
        (0.69, [], Verdict.UNCERTAIN),
        (0.9, [TermState.KNOWN, TermState.UNKNOWN], Verdict.UNCERTAIN),
        (0.9, [TermState.UNESTABLISHED], Verdict.UNCERTAIN),
        (0.9, [TermState.MISSPELLED], Verdict.ANSWERED),  # as it was read
        (0.2, [], Verdict.UNCERTAIN),
        (0.19, [], Verdict.NOT_IN_CORPUS),
        (0.19, [TermState.UNKNOWN], Verdict.NOT_IN_CORPUS),
    ],
)
def test_verdict(certain: float, states: list[TermState], expected: Verdict) -> None:
    assert verdict(evidence(*states), certain, Thresholds(answered=0.7, not_in_corpus=0.2)) is expected


def test_verdict_where_no_threshold_keeps_the_promise() -> None:
    assert verdict(evidence(), 0.99, Thresholds(None, None)) is Verdict.UNCERTAIN
    assert verdict(evidence(), 0.0, Thresholds(None, None)) is Verdict.UNCERTAIN
    assert verdict(evidence(hits=0), 0.99, Thresholds(0.5, None)) is Verdict.NOT_IN_CORPUS


# --- promises ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "total", "bound"),
    [
        (0, 29, 1 - 0.025 ** (1 / 29)),  # none of n: 1 - 0.025^(1/n)
        (0, 1, 0.975),
        (1, 1, 1.0),
        (0, 0, 1.0),
    ],
)
def test_the_bound_on_a_share(errors: int, total: int, bound: float) -> None:
    assert may_be_above(bound - 1e-6, errors, total)
    assert bound == 1.0 or not may_be_above(bound + 1e-6, errors, total)


def upper_bound(errors: int, total: int) -> float:
    return float(beta.ppf(0.975, errors + 1, total - errors)) if errors < total else 1.0


@given(st.integers(0, 400), st.integers(0, 5000), st.floats(0.01, 0.5))
def test_the_bound_is_that_of_the_beta_distribution(errors: int, others: int, share: float) -> None:
    bound = upper_bound(errors, errors + others)
    assume(abs(bound - share) > 1e-9)
    assert may_be_above(share, errors, errors + others) == (bound > share)


def test_a_promise_needs_twice_as_many_as_could_pass_without_an_error() -> None:
    # For a share of 0.1, 36 without an error would pass: 0.9^36 = 0.023. So it begins at 72.
    promise = Promise(risk=0.1, miss=0.1)
    assert keep_promise(held_out(clear_right=counts(b95=71)), promise).answered_proven is False
    assert keep_promise(held_out(clear_right=counts(b95=72)), promise) == Thresholds(0.95, None, missing_proven=False)
    assert keep_promise(held_out(flagged_wrong=counts(b3=72)), promise).not_in_corpus == 0.04


def test_thresholds_go_as_far_as_the_bound_allows() -> None:
    counted = held_out(
        clear_right=counts(b95=100, b92=100, b90=100, b10=1),
        clear_wrong=counts(b95=2, b92=3, b90=60, b10=80),
        flagged_wrong=counts(b5=80),
    )
    # wrong of answered: 2 of 102 and 5 of 205 will do, 65 of 365 are too many
    assert upper_bound(5, 205) < 0.1 < upper_bound(65, 365)
    # right of missing: 0 of 80 and 1 of 161 will do, 162 of 181 are too many
    assert upper_bound(1, 161) < 0.1
    assert keep_promise(counted, Promise(0.1, 0.1)) == Thresholds(answered=0.92, not_in_corpus=0.11)


def test_a_threshold_is_not_sought_beyond_the_first_failure() -> None:
    # 10 of 80 is too many, though 10 of 780 would not be: one test, one answer
    counted = held_out(clear_right=counts(b95=70, b91=700), clear_wrong=counts(b95=10))
    assert upper_bound(10, 780) < 0.1
    assert keep_promise(counted, Promise(0.1, 0.1)).answered_proven is False


def test_a_tenth_of_all_is_tested_first() -> None:
    # With 21 more, the 80 are less than a tenth of all: the first test is on all of these
    counted = held_out(clear_right=counts(b95=70, b91=721), clear_wrong=counts(b95=10))
    assert keep_promise(counted, Promise(0.1, 0.1)).answered == 0.91


@pytest.mark.parametrize(("risk", "lowest"), [(0.1, 0.9), (0.29, 0.71), (0.33, 0.67), (0.5, 0.5)])
def test_what_is_itself_likelier_wrong_than_the_risk_is_not_called_answered(risk: float, lowest: float) -> None:
    # not one of 10,000 is wrong, and yet
    sure = held_out(clear_right=(100,) * BINS)
    assert keep_promise(sure, Promise(risk, 0.1)).answered == lowest


def test_what_is_not_in_the_corpus_does_not_cross_one_half() -> None:
    sure = held_out(clear_right=counts(b90=500, b20=500))
    assert keep_promise(sure, Promise(0.1, 0.1)).not_in_corpus is None
    none = held_out(clear_wrong=counts(b10=500, b70=500))
    assert keep_promise(none, Promise(0.1, 0.1)).not_in_corpus == 0.11


def test_questions_too_few_to_prove_it_show_what_is_not_in_the_corpus() -> None:
    few = held_out(clear_wrong=counts(b10=15, b20=15, b40=5), clear_right=counts(b20=1, b40=3))
    # 1 of 31 is under half of a tenth, 4 of 39 are not
    assert keep_promise(few, Promise(0.1, 0.1)) == Thresholds(0.9, 0.21, answered_proven=False, missing_proven=False)
    fewer = held_out(clear_wrong=counts(b10=19))
    assert keep_promise(fewer, Promise(0.1, 0.1)).not_in_corpus is None
    # enough to prove it, and what follows is not sought beyond
    many = held_out(clear_wrong=counts(b10=200, b20=10), clear_right=counts(b20=20))
    assert keep_promise(many, Promise(0.1, 0.1)) == Thresholds(0.9, 0.11, answered_proven=False)


@pytest.mark.parametrize(
    ("right", "wrong", "answered"),
    [
        ({}, {}, 0.8),  # nothing speaks against it
        ({"b95": 9, "b85": 7}, {"b85": 4}, 0.8),  # 4 of 20 are no more than a fifth
        ({"b95": 9, "b85": 6}, {"b85": 4}, 0.86),  # 4 of 19 are
        ({"b95": 3}, {"b95": 1}, 0.96),  # 1 of 4 is
        ({"b99": 3}, {"b99": 1}, None),
        ({"b95": 20}, {"b95": 20}, None),  # so many prove that it is none to be taken at its word
    ],
)
def test_questions_too_few_to_prove_it_leave_the_confidence_at_its_word(
    right: dict[str, int], wrong: dict[str, int], answered: float | None
) -> None:
    few = held_out(clear_right=counts(**right), clear_wrong=counts(**wrong))
    found = keep_promise(few, Promise(0.2, 0.15))
    assert (found.answered, found.answered_proven) == (answered, False)


def test_the_bundled_calibration_is_taken_at_its_word() -> None:
    # of others' questions too many are wrong to prove anything, and none of them is of these texts
    others = replace(calibration(), held_out=held_out(clear_wrong=counts(b95=500, b10=500)))
    bundled = Thresholds(0.67, 0.11, answered_proven=False, missing_proven=False)
    assert draw_thresholds(others, Promise(0.33, 0.15), is_own=False) == bundled
    assert draw_thresholds(others, Promise(0.33, 0.15), is_own=True) == Thresholds(None, 0.11, answered_proven=False)


def test_what_reading_says_decides_by_the_confidence_alone() -> None:
    read = replace(evidence(), readings=(Reading(-5.0, 0, 0, 0.0, ()),))
    assert verdict(read, 0.9, Thresholds(0.7, 0.2)) is Verdict.ANSWERED


def test_flagged_questions_do_not_count_for_answered() -> None:
    assert not keep_promise(held_out(flagged_right=counts(b95=500)), Promise(0.1, 0.1)).answered_proven


@given(st.lists(st.integers(0, 9), min_size=4 * BINS, max_size=4 * BINS), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_thresholds_keep_their_promise_on_what_was_counted(numbers: list[int], risk: float, miss: float) -> None:
    parts = [tuple(numbers[start : start + BINS]) for start in range(0, 4 * BINS, BINS)]
    parts[1] = tuple(number // 9 for number in parts[1])  # few of the sure ones are wrong, or nothing is ever proven
    counted = held_out(*parts)
    found = keep_promise(counted, Promise(risk, miss))
    if found.answered is not None:
        first = round(found.answered * BINS)
        wrong, right = sum(counted.clear_wrong[first:]), sum(counted.clear_right[first:])
        assert wrong <= risk * (wrong + right)
        assert not found.answered_proven or upper_bound(wrong, wrong + right) <= risk
        assert found.answered >= 1 - risk - 1e-9
    if found.not_in_corpus is not None:
        assert found.not_in_corpus <= 0.5


# --- as a file -----------------------------------------------------------------------------------------------


def test_a_calibration_survives_its_file() -> None:
    made = calibration(0.25, top_cosine=Weight(0.5, 0.1, 1.5), rise=Weight(0.2, 0.1, 0.0))
    assert read_calibration(calibration_json(made)) == made


def test_the_packaged_calibration_is_whole() -> None:
    packaged = packaged_calibration()
    assert calibration_json(packaged) == PACKAGED.read_text(encoding="utf-8")
    assert set(packaged.signals) == {field.name for field in fields(Signals)}
    assert sum(map(sum, asdict(packaged.held_out).values())) > 1000
    assert packaged.rule == RULE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"signals": {}, "held_out": {}}',
        calibration_json(calibration(0.0, glow=Weight(0.0, 1.0, 1.0))),
        calibration_json(calibration(0.0, top_cosine=Weight(0.0, 0.0, 1.0))),
        calibration_json(calibration(math.nan)),
        calibration_json(replace(calibration(), held_out=HeldOut((1,), NONE, NONE, NONE))),
        calibration_json(replace(calibration(), held_out=HeldOut((-1,) * BINS, NONE, NONE, NONE))),
        calibration_json(replace(calibration(), held_out=HeldOut((10**30,) * BINS, NONE, NONE, NONE))),
        calibration_json(replace(calibration(), held_out=HeldOut((1.5,) * BINS, NONE, NONE, NONE))),  # type: ignore[arg-type]
        calibration_json(replace(calibration(), held_out=HeldOut((True,) * BINS, NONE, NONE, NONE))),
        calibration_json(replace(calibration(), questions={"a": "b"})),  # type: ignore[dict-item]
        calibration_json(replace(calibration(), made=5)),  # type: ignore[arg-type]
        calibration_json(replace(calibration(), rule="2")),  # type: ignore[arg-type]
        calibration_json(calibration(1e300)),
        calibration_json(calibration(0.0)).replace('"intercept": 0.0', '"intercept": 1' + "0" * 5000),
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_calibration(text)


def test_a_calibration_that_does_not_tell_its_rule_is_of_the_first() -> None:
    text = calibration_json(calibration()).replace(f'  "rule": {RULE},\n', "")
    assert read_calibration(text).rule == 1


def test_a_sealed_calibration_is_the_one_that_was_written() -> None:
    made = calibration(0.25, top_cosine=Weight(0.5, 0.1, 1.5))
    text = sealed_json(made)
    assert read_sealed(text) == made
    for changed in (
        calibration_json(made),
        text.replace("0.25", "0.5"),
        text[:-1],
        text.replace('"checksum": "', '"x": "'),
    ):
        with pytest.raises(ValueError, match="checksum differs"):
            read_sealed(changed)


def test_the_most_questions_are_counted_at_once() -> None:
    # Ten million questions, of which a little less than a third is wrong: the bound is just above that share.
    assert may_be_above(0.33, 3_299_000, 10_000_000)
    assert not may_be_above(0.33, 3_290_000, 10_000_000)
    keep_promise(HeldOut((50_000,) * BINS, (20_000,) * BINS, (20_000,) * BINS, (10_000,) * BINS), Promise())
