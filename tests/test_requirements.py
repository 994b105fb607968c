import pytest

from qa.errors import BadSettings
from qa.evaluation.measures import Estimate
from qa.evaluation.requirements import parse_requirement, ranking_measure_of

MEASURES = {"ndcg@10": Estimate(0.7, 0.6, 0.8, 9), "ece": Estimate(0.05, 0, 0.1, 9)}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("ndcg@10>=0.7", True),
        ("nDCG@10 > .7", False),
        ("ndcg@10<0.71", True),
        ("ece<=0.05", True),
        ("recall@10>=0", False),  # not measured, so not met
    ],
)
def test_requirements(text: str, met: bool) -> None:
    assert parse_requirement(text).met_by(MEASURES) is met


@pytest.mark.parametrize(
    "text", ["", "ndcg@10", "ndcg@10=0.7", "ndcg@10>=x", "ndcg@10>=0.7.1", "ndcg@0>=0.1", "beauty>=1"]
)
def test_no_requirements(text: str) -> None:
    with pytest.raises(BadSettings):
        parse_requirement(text)


def test_ranking_measures_are_asked_for() -> None:
    assert ranking_measure_of(parse_requirement("success@3>=0.9")) == "success@3"
    assert ranking_measure_of(parse_requirement("auroc>=0.9")) is None
