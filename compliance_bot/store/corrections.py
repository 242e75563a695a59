"""The rows of corrections: what officers said of detection. Nothing here can open a value: that is in `vault`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compliance_bot.records import ClassId
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("corrections")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCorrection:
    """A correction with its value sealed. `detector` is the way of detection that was corrected."""

    id: str
    at: datetime
    is_personal: bool
    type: str
    detector: str
    classes: frozenset[ClassId]
    epoch: int
    wrapped_key: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def state(transaction: Transaction) -> tuple[int, str | None]:
    """Return what is another one whenever the corrections are: how many there are, and the newest."""
    row = transaction.connection.execute(_SQL["state"], {"tenant": transaction.tenant}).fetchone()
    return (int(row[0]), row[1]) if row else (0, None)


def every(transaction: Transaction) -> tuple[SealedCorrection, ...]:
    """Return every correction, the oldest first."""
    return _read(transaction.connection.execute(_SQL["all"], {"tenant": transaction.tenant}))


def add(transaction: Transaction, one: SealedCorrection, *, mac: bytes) -> None:
    """Keep a correction. `mac` is the keyed hash of its value in the index."""
    values = {
        "tenant": transaction.tenant,
        "id": one.id,
        "at": one.at,
        "is_personal": one.is_personal,
        "type": one.type,
        "mac": mac,
        "detector": one.detector,
        "classes": sorted(one.classes),
        "epoch": one.epoch,
        "wrapped_key": one.wrapped_key,
        "ciphertext": one.ciphertext,
    }
    transaction.connection.execute(_SQL["add"], values)


def forget(transaction: Transaction, values: Collection[int]) -> None:
    """Forget what was said of these values, given by their tokens, while the index has them."""
    transaction.connection.execute(_SQL["forget"], {"tenant": transaction.tenant, "tokens": list(values)})


def wrapped_before(transaction: Transaction, epoch: int, *, limit: int) -> tuple[SealedCorrection, ...]:
    """Return some corrections whose keys an earlier epoch wraps, locked."""
    values = {"tenant": transaction.tenant, "epoch": epoch, "limit": limit}
    return _read(transaction.connection.execute(_SQL["wrapped_before"], values))


def rewrap(transaction: Transaction, wrapped: Sequence[tuple[SealedCorrection, bytes]], *, epoch: int) -> None:
    """Store other wrapped keys for the same values."""
    values = {
        "tenant": transaction.tenant,
        "epoch": epoch,
        "ids": [one.id for one, _ in wrapped],
        "wrapped": [key for _, key in wrapped],
    }
    transaction.connection.execute(_SQL["rewrap"], values)


def _read(rows: Iterable[tuple[Any, ...]]) -> tuple[SealedCorrection, ...]:
    return tuple(
        SealedCorrection(
            id=str(id_),
            at=at,
            is_personal=is_personal,
            type=type_,
            detector=detector,
            classes=frozenset(map(ClassId, classes)),
            epoch=epoch,
            wrapped_key=bytes(wrapped),
            ciphertext=bytes(ciphertext),
        )
        for id_, at, is_personal, type_, detector, classes, epoch, wrapped, ciphertext in rows
    )
