"""What follows from what was measured."""

from __future__ import annotations

from compliance_bot.retrieval.tune import Measured, choose
from compliance_bot.store.tuning import Reach

SHORT = Reach(ef_search=100, fetch_least=100, fetch_most=100)
LONG = Reach(ef_search=400, fetch_least=400, fetch_most=800)


def seen(readable: int, walk_ms: float, recall: float = 1.0, reach: Reach = SHORT, kind: str = "anywhere") -> Measured:
    """Return what was measured where comparing all takes a millisecond for 1,000 chunks."""
    return Measured(
        readable=readable,
        kind=kind,
        reach=reach,
        exact_ms=readable / 1000,
        walk_ms=walk_ms,
        recall=recall,
        given_up=0.0,
    )


def test_the_threshold_is_just_below_the_smallest_set_that_is_worth_the_walk() -> None:
    tuning = choose([seen(50_000, 5), seen(20_000, 8), seen(10_000, 12)], stored=100_000)
    assert (tuning.threshold, tuning.chunks, tuning.recall) == (19_999, 100_000, 1.0)


def test_a_set_in_which_too_little_is_found_is_compared_however_fast_the_walk() -> None:
    tuning = choose([seen(50_000, 5, 0.995), seen(20_000, 1, 0.98)], stored=100_000)
    assert tuning.threshold == 49_999
    assert tuning.recall == 0.995


def test_the_worst_recall_among_sets_of_a_size_counts_and_their_mean_time() -> None:
    sets = [seen(50_000, 5), seen(50_000, 5, 0.9, kind="topic")]
    assert choose(sets, stored=100_000).threshold == 100_000
    sets = [seen(50_000, 5), seen(50_000, 60, kind="topic")]
    assert choose(sets, stored=100_000).threshold == 49_999


def test_a_small_set_that_looks_good_below_one_that_is_not_is_luck() -> None:
    tuning = choose([seen(50_000, 5), seen(20_000, 25), seen(10_000, 1)], stored=100_000)
    assert tuning.threshold == 49_999


def test_where_the_index_is_never_worth_it_all_are_compared() -> None:
    tuning = choose([seen(100_000, 200), seen(100_000, 300, reach=LONG)], stored=100_000)
    assert (tuning.threshold, tuning.recall) == (100_000, 1.0)


def test_the_reach_that_saves_the_most_time_is_taken_and_of_equals_the_shortest() -> None:
    lossy = [seen(50_000, 5), seen(20_000, 5, 0.9)]
    complete = [seen(50_000, 10, reach=LONG), seen(20_000, 10, reach=LONG)]
    assert choose([*lossy, *complete], stored=100_000).ef_search == LONG.ef_search
    assert choose([seen(50_000, 5), seen(50_000, 5, reach=LONG)], stored=100_000).ef_search == SHORT.ef_search
