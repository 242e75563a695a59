"""Searches as if only some of the open chunks were readable: what tuning measures. They return cosines, never text."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pgvector import HalfVector
from psycopg import sql

from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import access_classes, open_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from compliance_bot.records import ClassId
    from compliance_bot.store.connect import Database, Transaction
    from compliance_bot.store.models import VectorModel
    from compliance_bot.store.search import Walk

_SQL = named_queries("tuning")
_WALK = named_queries("search")
_IDS = 2**63  # chunk ids are drawn from below


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What is taken for readable: a query fragment and its values."""

    fragment: str
    values: dict[str, Any] = field(default_factory=dict, hash=False)


EVERYTHING = Within(fragment="everything")


def anywhere(share: float) -> Within:
    """Return this share of all chunks, drawn."""
    return Within(fragment="anywhere", values={"last": round(share * (_IDS - 1))})


def topic(centre: NDArray[np.float32], sample: NDArray[np.float32], share: float) -> Within:
    """Return about this share of all chunks, the nearest to `centre`, going by a sample of them."""
    radius = float(np.quantile(-(sample @ centre), share))
    return Within(fragment="topic", values={"centre": HalfVector(centre), "radius": radius})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A snapshot with every class of the tenant open. For measuring, never for showing."""

    snapshot: Transaction
    model: VectorModel
    classes: tuple[ClassId, ...]
    stored: int

    def sample(self, number: int, seed: int) -> NDArray[np.float32]:
        """Return about `number` stored vectors, shape (n, dim): behind the last id there is none."""
        drawn = np.random.default_rng(seed).integers(0, _IDS, number, dtype=np.uint64).tolist()
        rows = self.snapshot.connection.execute(_SQL["sample"], {**self._given(), "drawn": drawn}).fetchall()
        return np.array([row[0].to_numpy() for row in rows], np.float32).reshape(-1, self.model.dim)

    def nearest(self, vector: NDArray[np.float32], within: Within, limit: int) -> list[float]:
        """Return the highest cosines, every one compared."""
        return self._cosines("nearest_within", vector, within, limit)

    def walk(self, vector: NDArray[np.float32], within: Within, walk: Walk) -> list[float]:
        """Return the cosines that a walk finds, the highest first."""
        settings = {"ef_search": str(walk.ef_search), "longest": str(walk.longest)}
        self.snapshot.connection.execute(_WALK["walk_hnsw"], settings)
        found = self._cosines("walk_within", vector, within, walk.fetch)
        self.snapshot.connection.execute(_WALK["stop_walking"])
        return sorted(found, reverse=True)

    def _cosines(self, query: str, vector: NDArray[np.float32], within: Within, limit: int) -> list[float]:
        statement = sql.SQL(_SQL[query]).format(
            within=sql.SQL(_SQL[within.fragment]), dim=sql.Literal(self.model.dim), model=sql.Literal(self.model.id)
        )
        given = {**self._given(), "vector": HalfVector(vector), "limit": limit, **within.values}
        return [row[0] for row in self.snapshot.connection.execute(statement, given).fetchall()]

    def _given(self) -> dict[str, Any]:
        listed = "{" + ",".join(map(str, self.classes)) + "}"
        return {"tenant": self.snapshot.tenant, "model": self.model.id, "classes": listed}


@contextmanager
def open_trial(database: Database, model: VectorModel) -> Iterator[Trial]:
    """Open a snapshot for measuring. Keep it short: while it is open, nothing that is deleted can be cleared away."""
    with database.reading() as snapshot:
        classes = access_classes(snapshot)
        ids = tuple(one.id for one in classes)
        open_classes(snapshot, ids)
        yield Trial(snapshot=snapshot, model=model, classes=ids, stored=sum(one.chunks for one in classes))
