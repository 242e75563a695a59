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

# A walk meets fetch / share entries where what is readable lies anywhere, and with topics up to about three times as
# many (measured). One that takes longer is given up, and all are compared.
_PATIENCE = 3


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
    stored = max(readable, stored)
    if readable <= (reach.threshold_among(stored) if threshold is None else threshold):
        return EXACT
    return Plan(walk=walk_for(readable / stored, wanted, reach))


def walk_for(share: float, wanted: int, reach: Reach) -> Walk:
    """Return how to follow the index where this share of all is readable."""
    fetch = max(wanted, reach.fetch(share))
    return Walk(ef_search=reach.ef_search, fetch=fetch, longest=max(reach.ef_search, round(_PATIENCE * fetch / share)))
