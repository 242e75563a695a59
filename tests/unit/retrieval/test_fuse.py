"""Fusion: BM25 brought to the scale of a cosine, over the same candidates."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.retrieval.fuse import LEXICAL_WEIGHT, fuse
from compliance_bot.retrieval.search import inverse_document_frequency

cosines = st.dictionaries(st.integers(0, 20), st.floats(-1, 1), min_size=1, max_size=12)
weights = st.floats(0, 1)
sizes = st.integers(1, 10**7)


def test_a_score_is_the_cosine_and_a_share_of_bm25() -> None:
    fused = fuse({1: 8.0, 2: 2.0}, {1: 0.4, 2: 0.8, 3: 0.6}, passages=99, weight=0.25)
    unit = 0.25 / math.log(100)
    assert fused == pytest.approx({1: 8 * unit + 0.4, 2: 2 * unit + 0.8, 3: 0.6})


def test_no_candidates_have_no_scores() -> None:
    assert fuse({}, {}, passages=0) == {}
    assert fuse({}, {}, passages=10) == {}


def test_without_a_lexical_match_the_cosines_decide() -> None:
    assert fuse({}, {1: 0.1, 2: 0.9}, passages=10) == {1: 0.1, 2: 0.9}


def test_equal_cosines_leave_the_decision_to_the_lexical_side() -> None:
    fused = fuse({1: 3.0}, {1: 0.5, 2: 0.5}, passages=10)
    assert fused[1] > fused[2] == 0.5


@given(sizes)
def test_a_word_that_one_passage_has_counts_alike_in_a_small_and_a_large_scope(passages: int) -> None:
    bm25 = inverse_document_frequency(passages, 1)
    (score,) = fuse({1: bm25}, {1: 0.0}, passages=passages).values()
    assert score <= LEXICAL_WEIGHT


@given(cosines, sizes, weights)
def test_one_that_is_best_on_both_sides_is_best(cosine: dict[int, float], passages: int, weight: float) -> None:
    best = max(cosine, key=lambda chunk: cosine[chunk])
    fused = fuse({best: 5.0}, cosine, passages=passages, weight=weight)
    assert fused.keys() == cosine.keys()
    assert fused[best] == max(fused.values())


@given(cosines, sizes)
def test_candidates_do_not_change_each_others_scores(cosine: dict[int, float], passages: int) -> None:
    lexical = {chunk: chunk / 3 for chunk in cosine}
    fused = fuse(lexical, cosine, passages=passages)
    for chunk, value in cosine.items():
        assert fuse({chunk: lexical[chunk]}, {chunk: value}, passages=passages)[chunk] == fused[chunk]
