"""Rows that should have a record in the log and have none, and records that the log's tree should have and has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.records import RecordId
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strays:
    """Rows that do not belong: how many, and the record that the first of them names."""

    count: int
    first: RecordId | None


def unplaced(transaction: Transaction) -> Strays:
    """Return the records that neither stand in the tree nor wait for it."""
    return _strays(transaction, "unplaced")


def misnamed(transaction: Transaction) -> Strays:
    """Return the records that are stored under another id than their envelope has."""
    return _strays(transaction, "misnamed")


def unrecorded_erasures(transaction: Transaction) -> Strays:
    """Return the erasures of values that no record of the log tells of."""
    return _strays(transaction, "unrecorded_erasures")


def unrecorded_revisions(transaction: Transaction) -> Strays:
    """Return the corrections, and revisions of texts in open classes, that no record of the log tells of."""
    return _strays(transaction, "unrecorded_revisions")


def _strays(transaction: Transaction, query: str) -> Strays:
    row = transaction.connection.execute(_SQL[query], {"tenant": transaction.tenant}).fetchone()
    count, first = row or (0, None)
    return Strays(count=count, first=RecordId(first) if first else None)
