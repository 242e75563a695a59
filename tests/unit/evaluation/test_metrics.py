"""Ranking metrics against values computed by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.evaluation.metrics import average_precision_at, ndcg_at, recall_at

RANKING = ["x", "a", "y", "b", "z"]
RELEVANT = {"a": 2, "b": 1, "c": 1}
IDEAL = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)


@pytest.mark.parametrize(("k", "recall"), [(1, 0.0), (2, 1 / 3), (3, 1 / 3), (4, 2 / 3), (10, 2 / 3)])
def test_recall_is_the_share_of_relevant_items_found(k: int, recall: float) -> None:
    assert recall_at(RANKING, RELEVANT, k) == pytest.approx(recall)


@pytest.mark.parametrize(("k", "precision"), [(1, 0.0), (3, (1 / 2) / 3), (5, (1 / 2 + 2 / 4) / 3)])
def test_average_precision_counts_what_was_not_found_as_zero(k: int, precision: float) -> None:
    assert average_precision_at(RANKING, RELEVANT, k) == pytest.approx(precision)


@pytest.mark.parametrize(
    ("k", "gain", "best"),
    [
        (1, 0.0, 2.0),
        (2, 2 / math.log2(3), 2 + 1 / math.log2(3)),
        (5, 2 / math.log2(3) + 1 / math.log2(5), IDEAL),
    ],
)
def test_ndcg_is_the_gain_over_the_best_possible_of_the_same_length(k: int, gain: float, best: float) -> None:
    assert ndcg_at(RANKING, RELEVANT, k) == pytest.approx(gain / best)


METRICS = [recall_at, average_precision_at, ndcg_at]


@pytest.mark.parametrize("metric", METRICS)
def test_a_perfect_ranking_scores_1_and_an_empty_one_0(metric: object) -> None:
    assert callable(metric)
    assert metric(["a", "b", "c", "x"], RELEVANT, 10) == pytest.approx(1.0)
    assert metric([], RELEVANT, 10) == 0.0


@pytest.mark.parametrize("metric", METRICS)
@given(
    st.permutations(list("abcdefg")),
    st.dictionaries(st.sampled_from(list("abcdefghi")), st.integers(1, 3), min_size=1),
    st.integers(1, 9),
)
def test_every_score_is_between_0_and_1(metric: object, ranking: list[str], relevant: dict[str, int], k: int) -> None:
    assert callable(metric)
    assert 0 <= metric(ranking, relevant, k) <= 1 + 1e-12
