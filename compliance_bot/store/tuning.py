"""How far the vector search goes, as it was measured on a tenant's own vectors, or as it is built in."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.models import VectorModel

_SQL = named_queries("tuning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Up to how many readable chunks all are compared, and how far the index is followed above.

    What is built in was measured among 100,000 vectors of real text. From 15,000 on a walk is the faster way; up to the
    threshold it could find less than .99 of the ten nearest where access goes with a topic.
    """

    threshold: int = 18_000
    chunks: int = 100_000  # that there were when this was measured
    ef_search: int = 200
    fetch_base: int = 20
    fetch_slope: int = 600
    fetch_least: int = 200
    fetch_most: int = 200

    @property
    def way(self) -> tuple[int, ...]:
        """How far the index is followed, without the threshold."""
        return (self.ef_search, self.fetch_base, self.fetch_slope, self.fetch_least, self.fetch_most)

    def threshold_among(self, stored: int) -> int:
        """Return the threshold where there are as many chunks; it grows with the root of their number.

        Comparing all takes time by what is readable, a walk by how thinly that is strewn. It never falls: the exact
        way is worth more than the little time that it takes among few.
        """
        return round(self.threshold * max(1.0, math.sqrt(stored / max(1, self.chunks))))

    def fetch(self, share: float) -> int:
        """Return how many chunks to fetch through the index where this share of all is readable."""
        return max(self.fetch_least, min(round(self.fetch_base + self.fetch_slope * share), self.fetch_most))


BUILT_IN = Reach()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTuning(Reach):
    """A reach that was measured: with the worst recall@10 above its threshold, and when."""

    recall: float
    at: datetime


def measured(transaction: Transaction, model: VectorModel) -> SearchTuning | None:
    """Return what was measured for the vectors of a model; None where nothing was."""
    given = {"tenant": transaction.tenant, "model": model.id}
    with transaction.connection.cursor(row_factory=class_row(SearchTuning)) as cursor:
        return cursor.execute(_SQL["tuning"], given).fetchone()


def keep(transaction: Transaction, model: VectorModel, tuning: SearchTuning) -> None:
    """Let searches among the vectors of a model follow what was measured, in place of what was before."""
    given = {"tenant": transaction.tenant, "model": model.id, **asdict(tuning)}
    transaction.connection.execute(_SQL["tune"], given)
