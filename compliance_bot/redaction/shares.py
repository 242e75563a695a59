"""Shares and F with their 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAWS = 1000  # of texts, for an interval
_Z = 1.959963984540054  # 97.5 % of the normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure and its 95 % interval; None where there is nothing to measure, or no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, value: float | None, draws: Sequence[float | None]) -> Measure:
        """Return a figure with the interval between the 2.5th and the 97.5th percentile of some draws."""
        there = [draw for draw in draws if draw is not None]
        if value is None or not there:
            return cls(value=value)
        low, high = (float(np.percentile(there, percent)) for percent in (2.5, 97.5))
        return cls(value=value, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`hits` of `of`."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, or None of nothing."""
        return self.hits / self.of if self.of else None

    def measure(self) -> Measure:
        """Return the share with Wilson's score interval (Wilson 1927)."""
        if not self.of:
            return Measure(value=None)
        p, n, zz = self.hits / self.of, self.of, _Z * _Z
        middle = (p + zz / (2 * n)) / (1 + zz / n)
        reach = _Z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n)
        return Measure(value=p, low=max(0.0, middle - reach), high=min(1.0, middle + reach))


def difference(before: Share, after: Share) -> Measure:
    """Return by how much a share has changed, with Newcombe's hybrid score interval (Newcombe 1998, method 10).

    It is that of two independent samples. Of the same labels looked at twice it is the wider one, so that it cries
    wolf less often.
    """
    was, is_ = before.measure(), after.measure()
    if was.value is None or was.low is None or was.high is None or is_.value is None:
        return Measure(value=None)
    assert is_.low is not None and is_.high is not None, "a share of something has an interval"  # noqa: PT018
    change = is_.value - was.value
    return Measure(
        value=change,
        low=change - math.hypot(is_.value - is_.low, was.high - was.value),
        high=change + math.hypot(is_.high - is_.value, was.value - was.low),
    )


def f_beta(both: int, gold: int, found: int, *, beta: float) -> float | None:
    """Return F from counts, recall weighing `beta` times as much as precision; None where there is no gold."""
    if not gold:
        return None
    # (1+b²)PR / (b²P+R) with P = both/found and R = both/gold
    return float((1 + beta * beta) * both / (beta * beta * gold + found))
