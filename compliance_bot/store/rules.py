"""Which policy sets were in force, and since when. What is in one is sealed: this module sees no policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSet:
    """A policy set as it is stored, and since when it is in force."""

    digest: bytes
    hash: str
    sealed: bytes
    since: datetime


def in_force(transaction: Transaction, at: datetime | None = None) -> SealedSet | None:
    """Return the set in force at a time, now by default; None where there was none yet."""
    row = transaction.connection.execute(_SQL["in_force"], {"tenant": transaction.tenant, "at": at}).fetchone()
    return SealedSet(digest=row[0], hash=row[1], sealed=row[2], since=row[3]) if row else None


def kept_since(transaction: Transaction) -> datetime | None:
    """Return from when on it is known which set was in force."""
    row = transaction.connection.execute(_SQL["kept_since"], {"tenant": transaction.tenant}).fetchone()
    return row[0] if row else None


def activate(transaction: Transaction, sealed: SealedSet, *, record: RecordId) -> None:
    """Say that a set is in force from its `since` on, with the audit record that says so too."""
    values = {"tenant": transaction.tenant, "digest": sealed.digest, "record": record, "at": sealed.since}
    transaction.connection.execute(_SQL["add_set"], {**values, "hash": sealed.hash, "sealed": sealed.sealed})
    transaction.connection.execute(_SQL["activate"], values)
