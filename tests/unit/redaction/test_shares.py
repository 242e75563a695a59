"""Shares, intervals and F, against figures worked out by hand or published."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.shares import Measure, Share, difference, f_beta


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 2, 0.0945, 0.9055)],
)
def test_a_share_has_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    measure = Share(hits=hits, of=of).measure()
    assert measure.value == hits / of
    assert (measure.low, measure.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_share_of_nothing_is_no_figure() -> None:
    assert Share(hits=0, of=0).measure() == Measure(value=None)


@pytest.mark.parametrize(
    ("both", "gold", "found", "beta", "wanted"),
    [
        (6, 10, 8, 1, 2 * 0.75 * 0.6 / (0.75 + 0.6)),
        (6, 10, 8, 2, 0.625),  # 5 x .75 x .6 / (4 x .75 + .6)
        (0, 10, 0, 2, 0.0),
        (4, 4, 4, 2, 1.0),
        (4, 4, 8, 2, 5 * 0.5 / (4 * 0.5 + 1)),
    ],
)
def test_f_weighs_recall_beta_times_as_much(both: int, gold: int, found: int, beta: float, wanted: float) -> None:
    assert f_beta(both, gold, found, beta=beta) == pytest.approx(wanted)


def test_without_gold_there_is_no_f() -> None:
    assert f_beta(0, 0, 3, beta=2) is None


def test_an_interval_lies_between_the_outermost_fortieths_of_the_draws() -> None:
    measure = Measure.of(0.5, [n / 1000 for n in range(1001)])
    assert (measure.low, measure.high) == (pytest.approx(0.025), pytest.approx(0.975))
    assert Measure.of(0.5, []) == Measure(value=0.5)
    assert Measure.of(None, [0.5]) == Measure(value=None)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe (1998), table II: the intervals of method 10 for 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/10.
    [
        (Share(hits=48, of=80), Share(hits=56, of=70), 0.0524, 0.3339),
        (Share(hits=3, of=10), Share(hits=9, of=10), 0.1705, 0.8090),
        (Share(hits=0, of=10), Share(hits=10, of=10), 0.6075, 1.0),
    ],
)
def test_a_difference_has_newcombes_interval(first: Share, second: Share, low: float, high: float) -> None:
    rise, fall = difference(first, second), difference(second, first)
    assert (rise.low, rise.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert (fall.low, fall.high) == (pytest.approx(-high, abs=1e-4), pytest.approx(-low, abs=1e-4))


def test_there_is_no_difference_to_nothing() -> None:
    some, none = Share(hits=1, of=2), Share(hits=0, of=0)
    assert difference(some, none) == difference(none, some) == Measure(value=None)
