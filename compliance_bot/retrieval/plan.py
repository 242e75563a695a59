"""Choose how vectors are compared: all that are readable, or the likely ones through the index. Pure functions.

The choice rests on exact counts, kept per access class, not on what the planner of the database guesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.store.search import Walk
from compliance_bot.store.tuning import BUILT_IN

if TYPE_CHECKING:
    from compliance_bot.store.tuning import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All vectors are compared where there is no walk."""

    walk: Walk | None = None

    @property
    def is_exact(self) -> bool:
        return self.walk is None


EXACT = Plan()


def plan(readable: int, stored: int, wanted: int, reach: Reach = BUILT_IN, *, threshold: int | None = None) -> Plan:
    """Return the way to the `wanted` nearest of `readable` chunks among `stored`; `threshold` wins over the reach's."""
    if readable <= (reach.threshold if threshold is None else threshold):
        return EXACT
    share = readable / max(readable, stored)
    return Plan(walk=Walk(ef_search=reach.ef_search, fetch=max(wanted, reach.fetch(share)), longest=20_000))
