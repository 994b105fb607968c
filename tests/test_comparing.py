import numpy as np
import pytest

from qa.evaluation.comparing import compare
from qa.evaluation.outcomes import Outcomes


def outcomes(values: dict[str, float], name: str = "ndcg@10") -> Outcomes:
    return Outcomes(list(values), {name: np.array(list(values.values()))})


def test_by_hand() -> None:
    this = outcomes({"a": 1.0, "b": 0.5, "c": 0.2, "d": 0.9, "only here": 1.0})
    other = outcomes({"b": 0.5, "a": 0.4, "c": 0.3, "d": np.nan, "only there": 0.0})
    found = compare(this, other, ["ndcg@10"])
    difference = found.differences["ndcg@10"]
    assert (difference.wins, difference.losses, difference.ties, difference.questions) == (1, 1, 1, 3)
    assert difference.this == pytest.approx((1.0 + 0.5 + 0.2) / 3)
    assert difference.other == pytest.approx((0.4 + 0.5 + 0.3) / 3)
    assert [(swing.id, swing.this, swing.other) for swing in found.swings] == [("a", 1.0, 0.4), ("c", 0.2, 0.3)]
    assert (found.only_this, found.only_other, found.swing_measure) == (1, 1, "ndcg@10")
    # Two questions differ, by 0.6 and -0.1: none of the four ways to sign them has a sum nearer to 0 than 0.5.
    assert difference.p == 1.0
    three = compare(outcomes({"a": 1, "b": 1, "c": 1}), outcomes({"a": 0.1, "b": 0.2, "c": 0.3}), ["ndcg@10"])
    # Of the eight ways to sign 0.9, 0.8 and 0.7 only all plus and all minus are as far from 0 as all plus.
    assert three.differences["ndcg@10"].p == pytest.approx(2 / 8)


def test_a_run_against_itself() -> None:
    run = outcomes({str(number): number / 50 for number in range(50)})
    difference = compare(run, run, ["ndcg@10"]).differences["ndcg@10"]
    assert (difference.low, difference.high, difference.p, difference.ties) == (0.0, 0.0, 1.0, 50)


def test_a_clear_gain_is_no_chance() -> None:
    noise = np.random.default_rng(0).random(100) / 10
    this = outcomes({str(number): 0.5 + value for number, value in enumerate(noise)})
    other = outcomes({str(number): 0.4 for number in range(100)})
    difference = compare(this, other, ["ndcg@10"]).differences["ndcg@10"]
    assert difference.low > 0.1
    assert difference.p < 0.001


def test_wins_are_gains_where_lower_is_better() -> None:
    found = compare(outcomes({"a": 0.0}, "false_flag"), outcomes({"a": 1.0}, "false_flag"), [])
    assert (found.differences["false_flag_rate"].wins, found.differences["false_flag_rate"].losses) == (1, 0)


def test_nothing_shared() -> None:
    found = compare(outcomes({"a": 1.0}), outcomes({"b": 1.0}), ["ndcg@10"])
    assert (found.differences, found.swings, found.only_this, found.only_other) == ({}, (), 1, 1)
