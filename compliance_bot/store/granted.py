"""Grants as rows. Who they are about is sealed: this module sees no name."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("granted")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedGrant:
    """A grant as it is stored."""

    id: uuid.UUID
    sealed: bytes
    emergency: bool
    granted_at: datetime
    valid_from: datetime
    valid_to: datetime | None
    revoked_at: datetime | None = None
    reviewed_at: datetime | None = None


def valid_grants(transaction: Transaction, person: bytes, at: datetime) -> tuple[SealedGrant, ...]:
    """Return what was granted to a person and held at a time."""
    values = {"tenant": transaction.tenant, "person": person, "at": at}
    return tuple(_grant(row) for row in transaction.connection.execute(_SQL["valid"], values))


def all_grants(transaction: Transaction) -> tuple[SealedGrant, ...]:
    """Return everything that was ever granted, the newest first."""
    return tuple(_grant(row) for row in transaction.connection.execute(_SQL["all"], {"tenant": transaction.tenant}))


def find_grant(transaction: Transaction, id_: str) -> tuple[SealedGrant, uuid.UUID] | None:
    """Return one grant and who made it, held fast until the transaction ends; None for an unknown id."""
    try:
        wanted = uuid.UUID(id_)
    except ValueError:
        return None
    row = transaction.connection.execute(_SQL["one"], {"tenant": transaction.tenant, "id": wanted}).fetchone()
    return (_grant(row[:-1]), uuid.UUID(str(row[-1]))) if row else None


def add_grant(transaction: Transaction, grant: SealedGrant, *, person: bytes, by: uuid.UUID) -> None:
    """Store a grant."""
    values = {
        "tenant": transaction.tenant,
        "id": grant.id,
        "person": person,
        "sealed": grant.sealed,
        "emergency": grant.emergency,
        "by": by,
        "at": grant.granted_at,
        "valid_from": grant.valid_from,
        "valid_to": grant.valid_to,
    }
    transaction.connection.execute(_SQL["add"], values)


def revoke_grant(transaction: Transaction, id_: uuid.UUID, *, by: uuid.UUID, at: datetime) -> bool:
    """End a grant and return whether it was still open."""
    values = {"tenant": transaction.tenant, "id": id_, "by": by, "at": at}
    return transaction.connection.execute(_SQL["revoke"], values).rowcount == 1


def review_grant(transaction: Transaction, id_: uuid.UUID, *, by: uuid.UUID, at: datetime) -> bool:
    """Say that an emergency was looked at, and return whether it was one that nobody had looked at."""
    values = {"tenant": transaction.tenant, "id": id_, "by": by, "at": at}
    return transaction.connection.execute(_SQL["review"], values).rowcount == 1


def _grant(row: tuple[Any, ...]) -> SealedGrant:
    id_, sealed, emergency, granted_at, valid_from, valid_to, revoked_at, reviewed_at = row
    return SealedGrant(
        id=id_,
        sealed=sealed,
        emergency=emergency,
        granted_at=granted_at,
        valid_from=valid_from,
        valid_to=valid_to,
        revoked_at=revoked_at,
        reviewed_at=reviewed_at,
    )
