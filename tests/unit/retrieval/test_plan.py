"""Which way vectors are compared, by exact counts."""

from __future__ import annotations

import pytest

from compliance_bot.retrieval.plan import EXACT, plan, walk_for
from compliance_bot.store.tuning import BUILT_IN, Reach

MEASURED = Reach(
    threshold=400, chunks=1_000, ef_search=80, fetch_base=10, fetch_slope=100, fetch_least=20, fetch_most=60
)


def test_up_to_the_threshold_all_are_compared() -> None:
    assert plan(BUILT_IN.threshold, 100_000, 100) == EXACT
    assert not plan(BUILT_IN.threshold + 1, 100_000, 100).is_exact
    assert plan(0, 0, 100).is_exact


def test_what_was_measured_holds_in_place_of_what_is_built_in() -> None:
    assert plan(400, 1_000, 10, MEASURED).is_exact
    assert not plan(401, 1_000, 10, MEASURED).is_exact


@pytest.mark.parametrize(("readable", "exact"), [(5, True), (6, False), (100_000, False)])
def test_a_threshold_that_somebody_set_wins_over_both(readable: int, exact: bool) -> None:
    for reach in (BUILT_IN, MEASURED):
        assert plan(readable, 100_000, 10, reach, threshold=5).is_exact is exact
    assert not plan(1, 100_000, 10, threshold=0).is_exact


def test_the_threshold_grows_with_the_root_of_the_chunks_and_never_falls() -> None:
    assert MEASURED.threshold_among(4_000) == 800
    assert MEASURED.threshold_among(1_000) == MEASURED.threshold_among(10) == 400
    assert not plan(700, 1_000, 10, MEASURED).is_exact
    assert plan(700, 4_000, 10, MEASURED).is_exact


@pytest.mark.parametrize(("share", "fetch"), [(0.01, 20), (0.1, 20), (0.3, 40), (0.5, 60), (1.0, 60)])
def test_fetching_grows_with_the_readable_share_within_its_bounds(share: float, fetch: int) -> None:
    assert walk_for(share, 10, MEASURED).fetch == fetch


def test_no_fewer_are_fetched_than_are_wanted() -> None:
    assert walk_for(0.5, 1_000, MEASURED).fetch == 1_000


def test_a_walk_ends_after_three_times_the_entries_that_it_should_take() -> None:
    assert walk_for(0.1, 10, MEASURED).longest == 3 * 20 / 0.1
    assert walk_for(1.0, 10, MEASURED).longest == 3 * 60
    assert walk_for(1.0, 10, Reach(ef_search=500)).longest >= 500


def test_more_readable_chunks_than_are_counted_do_not_make_a_share_above_one() -> None:
    walk = plan(50_000, 10, 100).walk
    assert walk is not None
    assert walk.fetch == BUILT_IN.fetch(1.0)
