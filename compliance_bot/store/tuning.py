"""How far the vector search goes, as it was measured on a tenant's own vectors, or as it is built in."""

from __future__ import annotations

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

    What is built in kept recall@10 at .99 for 100,000 vectors of 384 numbers, whoever could read what.
    """

    threshold: int = 15_000
    ef_search: int = 200
    fetch_base: int = 20
    fetch_slope: int = 600
    fetch_least: int = 100
    fetch_most: int = 200

    def fetch(self, share: float) -> int:
        """Return how many chunks to fetch through the index where this share of all is readable."""
        return max(self.fetch_least, min(round(self.fetch_base + self.fetch_slope * share), self.fetch_most))


BUILT_IN = Reach()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTuning(Reach):
    """A reach that was measured: the worst recall@10 above its threshold, among how many chunks, and when."""

    recall: float
    chunks: int
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
