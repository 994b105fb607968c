import pytest

from benchmarks.rivals import reciprocal_rank
from qa.answers.fusions import rank, standard_score
from qa.datatypes import Hit, Ranking


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


def test_standard_score_by_hand() -> None:
    dense = rank({1: 0.9, 2: 0.5})
    lexical = rank({2: 8.0, 3: 2.0})
    # Dense over rows 1, 2, 3: 0.9, 0.5, 0.5, with mean 1.9 / 3 and deviation 0.4 * sqrt(2) / 3; lexical: 2, 8, 2.
    far, near = 2 / 2**0.5, -1 / 2**0.5
    fused = {hit.row: hit.score for hit in standard_score(dense, lexical, 0.6)}
    assert fused == pytest.approx(
        {1: 0.6 * far + 0.4 * near, 2: 0.6 * near + 0.4 * far, 3: 0.6 * near + 0.4 * near}, rel=1e-6
    )
    assert [hit.row for hit in standard_score(dense, lexical, 0.6)] == [1, 2, 3]


def test_standard_score_does_not_depend_on_the_scale_of_a_ranking() -> None:
    dense, lexical = rank({1: 0.9, 2: 0.5, 3: 0.1}), rank({2: 8.0, 4: 2.0})
    larger = rank({2: 800.0, 4: 200.0})
    assert [hit.row for hit in standard_score(dense, lexical)] == [hit.row for hit in standard_score(dense, larger)]


def test_standard_score_of_one_ranking_keeps_its_order() -> None:
    assert [hit.row for hit in standard_score(rank({1: 0.2, 2: 0.8}), ())] == [2, 1]
    assert [hit.row for hit in standard_score((), rank({1: 0.2, 2: 0.8}))] == [2, 1]
    assert [hit.row for hit in standard_score(rank({7: 0.5}), rank({7: 3.0}))] == [7]
    assert standard_score((), ()) == ()
