"""The embedding models of a tenant: which one serves, which one is being made, and the vectors of each.

Vectors of different models are never compared: every search names the model. Who changes anything here has locked the
writers and opened every class, so that nothing is overlooked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pgvector import HalfVector

from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import access_classes, open_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("models")
_BEFORE_ALL = -1  # chunk ids are random and not negative


class Use(StrEnum):
    """What the vectors of a model are for."""

    SERVING = "serving"
    MAKING = "making"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorModel:
    """A model as the database knows it. `hash` is its identity, `name` what loads it."""

    id: int
    hash: str
    name: str
    dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A chunk without a vector of some model. `sha256` is that of the context that its other vector was made of."""

    id: int
    title: str
    heading: str
    leads: tuple[str, ...]
    text: str
    sha256: bytes

    def embedded_text(self, *candidates: str) -> str:
        """Return the candidate that is its context, or the first one."""
        return next((c for c in candidates if hashlib.sha256(c.encode()).digest() == self.sha256), candidates[0])


def serving_model(transaction: Transaction) -> VectorModel | None:
    """Return the model that serves the tenant; None before anything was stored."""
    row = transaction.connection.execute(_SQL["serving"], {"tenant": transaction.tenant}).fetchone()
    return _model(row) if row else None


def used_models(transaction: Transaction) -> tuple[tuple[VectorModel, Use], ...]:
    """Return every model that the tenant has vectors of, the serving one first."""
    rows = transaction.connection.execute(_SQL["used"], {"tenant": transaction.tenant})
    return tuple((_model(row), Use(row[4])) for row in rows)


def register(transaction: Transaction, *, hash: str, name: str, dim: int, use: Use) -> VectorModel:
    """Return the model with this identity, made known with an index of its own where it is new.

    The identity is shared by all tenants; the name, which may be a path, is this tenant's.
    """
    connection = transaction.connection
    values = {"tenant": transaction.tenant, "hash": hash, "dim": dim}
    (number,) = connection.execute(_SQL["model_number"], values).fetchone() or (None,)
    assert number is not None, "the function returns a number"
    set_use(transaction, VectorModel(id=number, hash=hash, name=name, dim=dim), use)
    row = connection.execute(_SQL["find_model"], values).fetchone()
    assert row is not None, "the model is used since just now"
    return _model(row)


def set_use(transaction: Transaction, model: VectorModel, use: Use) -> None:
    """Say what the vectors of a model are for. One model serves at a time: retire that one first."""
    values = {"tenant": transaction.tenant, "model": model.id, "state": use, "name": model.name}
    transaction.connection.execute(_SQL["use_model"], values)


def open_everything(transaction: Transaction) -> None:
    """Open every class of the tenant: for making vectors and counting them, never for showing."""
    open_classes(transaction, [access_class.id for access_class in access_classes(transaction)])


def count_vectors(transaction: Transaction) -> tuple[dict[int, int], int]:
    """Return the number of vectors by model id, and of chunks, superseded ones included."""
    values = {"tenant": transaction.tenant}
    counts: dict[int, int] = dict(transaction.connection.execute(_SQL["count_vectors"], values).fetchall())
    (chunks,) = transaction.connection.execute(_SQL["count_chunks"], values).fetchone() or (0,)
    return counts, int(chunks)


def without_vector(
    transaction: Transaction, model: VectorModel, *, past: bool, limit: int, after: int = _BEFORE_ALL
) -> tuple[Bare, ...]:
    """Return up to `limit` live or superseded chunks that lack a vector of the model, by id, from behind `after`."""
    values = {"tenant": transaction.tenant, "model": model.id, "after": after, "limit": limit}
    rows = transaction.connection.execute(_SQL["past_without" if past else "live_without"], values)
    return tuple(
        Bare(id=id_, title=title, heading=heading, leads=tuple(leads), text=text, sha256=bytes(sha256))
        for id_, title, heading, leads, text, sha256 in rows
    )


def add_vectors(
    transaction: Transaction, model: VectorModel, chunks: Sequence[int], vectors: Iterable[np.ndarray]
) -> None:
    """Store a vector for each chunk that is still there, wherever it is by now."""
    rows: list[dict[str, Any]] = [
        {"tenant": transaction.tenant, "model": model.id, "chunk": chunk, "vector": HalfVector(vector)}
        for chunk, vector in zip(chunks, vectors, strict=True)
    ]
    with transaction.connection.cursor() as cursor:
        cursor.executemany(_SQL["add_live"], rows)
        cursor.executemany(_SQL["add_past"], rows)


def drop_vectors(transaction: Transaction, model: VectorModel) -> None:
    """Take all vectors of a model away."""
    values = {"tenant": transaction.tenant, "model": model.id}
    for query in ("drop_live", "drop_past", "forget_use"):
        transaction.connection.execute(_SQL[query], values)


def _model(row: tuple[Any, ...]) -> VectorModel:
    return VectorModel(id=row[0], hash=row[1], name=row[2], dim=row[3])
