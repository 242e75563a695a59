"""Fusion: two scales made one, over the same candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.retrieval.fuse import LEXICAL_WEIGHT, fuse

cosines = st.dictionaries(st.integers(0, 20), st.floats(-1, 1), min_size=1, max_size=12)
weights = st.floats(0, 1)


def test_scores_are_the_weighted_sum_of_both_sides_on_a_scale_from_0_to_1() -> None:
    fused = fuse({1: 8.0, 2: 2.0}, {1: 0.4, 2: 0.8, 3: 0.6}, lexical_weight=0.25)
    assert fused == pytest.approx({1: 0.25 * 1.0 + 0.75 * 0.0, 2: 0.25 * 0.25 + 0.75 * 1.0, 3: 0.75 * 0.5})


def test_no_candidates_have_no_scores() -> None:
    assert fuse({}, {}) == {}


def test_without_a_lexical_match_the_cosines_decide() -> None:
    fused = fuse({}, {1: 0.1, 2: 0.9})
    assert (fused[1], fused[2]) == (0.0, 1 - LEXICAL_WEIGHT)


def test_equal_cosines_leave_the_decision_to_the_lexical_side() -> None:
    fused = fuse({1: 3.0}, {1: 0.5, 2: 0.5})
    assert (fused[1], fused[2]) == (LEXICAL_WEIGHT, 0.0)


@given(cosines, st.data(), weights)
def test_every_candidate_gets_a_score_between_0_and_1(
    cosine: dict[int, float], data: st.DataObject, weight: float
) -> None:
    lexical = data.draw(st.dictionaries(st.sampled_from(sorted(cosine)), st.floats(0, 50)))
    fused = fuse(lexical, cosine, lexical_weight=weight)
    assert fused.keys() == cosine.keys()
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@given(cosines, weights)
def test_one_that_is_best_on_both_sides_is_best(cosine: dict[int, float], weight: float) -> None:
    best = max(cosine, key=lambda chunk: cosine[chunk])
    fused = fuse({best: 5.0}, cosine, lexical_weight=weight)
    assert fused[best] == max(fused.values())


@given(cosines, st.floats(0.125, 8))
def test_the_scale_of_bm25_does_not_matter(cosine: dict[int, float], scale: float) -> None:
    lexical = {chunk: chunk + 1.0 for chunk in cosine}
    scaled = {chunk: score * scale for chunk, score in lexical.items()}
    assert fuse(scaled, cosine) == pytest.approx(fuse(lexical, cosine))
