import pytest

from qa.datatypes import Hit, Ranking
from qa.fusions import rank, reciprocal_rank


def ranking(*rows: int) -> Ranking:
    return tuple(Hit(row, -float(place), place) for place, row in enumerate(rows, start=1))


def test_reciprocal_rank_by_hand() -> None:
    fused = reciprocal_rank([ranking(7, 8, 9), ranking(9, 7)])
    assert [hit.row for hit in fused] == [7, 9, 8]
    assert [hit.score for hit in fused] == pytest.approx([1 / 61 + 1 / 62, 1 / 63 + 1 / 61, 1 / 62])
    assert [hit.rank for hit in fused] == [1, 2, 3]


def test_equal_scores_keep_the_order_of_rows() -> None:
    assert [hit.row for hit in reciprocal_rank([ranking(5), ranking(3)])] == [3, 5]


@pytest.mark.parametrize("rankings", [[], [()], [(), ()]])
def test_nothing_to_fuse(rankings: list[Ranking]) -> None:
    assert reciprocal_rank(rankings) == ()


def test_one_ranking_keeps_its_order() -> None:
    assert [hit.row for hit in reciprocal_rank([ranking(4, 2, 9)])] == [4, 2, 9]


def test_rank() -> None:
    assert rank({1: 0.5, 2: 0.9, 3: 0.5}) == (Hit(2, 0.9, 1), Hit(1, 0.5, 2), Hit(3, 0.5, 3))
