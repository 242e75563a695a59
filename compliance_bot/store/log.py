"""Rows of the audit log. Append and read only: the application account has no right to change or delete a record."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.errors import Unavailable
from compliance_bot.records import RecordId
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("log")


class RecordNotKept(Unavailable):
    """The database took a record of the audit log and did not keep it."""

    hint = "Nothing was shown. A trigger or a rule on the tables of the schema `audit` takes rows away: remove it."


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """One record as it is stored. `envelope` is the exact bytes whose hash is the leaf."""

    id: RecordId
    leaf_hash: bytes
    envelope: bytes
    wrapped_key: bytes
    ciphertext: bytes


def actor_reference(transaction: Transaction, mac: bytes, *, proposed: uuid.UUID | None = None) -> uuid.UUID:
    """Return the reference of a principal; where it has none yet, the proposed one or a random one becomes it."""
    values = {"tenant": transaction.tenant, "mac": mac, "reference": proposed or uuid.uuid4()}
    for query in ("actor", "add_actor", "actor"):
        cursor = transaction.connection.execute(_SQL[query], values)
        row = cursor.fetchone() if cursor.description else None
        if row is not None:
            return uuid.UUID(str(row[0]))
    raise RuntimeError("a reference for the actor could neither be found nor added")


def known_actor(transaction: Transaction, mac: bytes) -> uuid.UUID | None:
    """Return the reference of a principal; None where it has none."""
    row = transaction.connection.execute(_SQL["actor"], {"tenant": transaction.tenant, "mac": mac}).fetchone()
    return uuid.UUID(str(row[0])) if row else None


def append(transaction: Transaction, record: SealedRecord, seal: bytes) -> None:
    """Store a record, and let it wait for the tree with the seal of whoever appends it.

    Appending the same bytes again changes nothing, so a lost reply to COMMIT may be retried. Raises RecordNotKept.
    """
    values = {
        "tenant": transaction.tenant,
        "id": record.id,
        "leaf_hash": record.leaf_hash,
        "envelope": record.envelope,
        "wrapped_key": record.wrapped_key,
        "ciphertext": record.ciphertext,
        "seal": seal,
    }
    if transaction.connection.execute(_SQL["append"], values).rowcount == 1:
        return
    row = transaction.connection.execute(_SQL["stored"], values).fetchone()
    if row is None or (row[0] == record.leaf_hash and not row[1]):
        raise RecordNotKept
    if row[0] != record.leaf_hash:
        raise RuntimeError("another record has this id")


def newest(transaction: Transaction, limit: int, *, own: bool) -> tuple[SealedRecord, ...]:
    """Return the newest records, newest first; with `own`, those that the log wrote for itself too."""
    values = {"tenant": transaction.tenant, "limit": limit, "own": own}
    rows = transaction.connection.execute(_SQL["newest"], values)
    return tuple(_record(row) for row in rows)


def after(transaction: Transaction, record: RecordId | None, limit: int) -> tuple[SealedRecord, ...]:
    """Return records in the order of their ids, from behind this one, or from the first on."""
    values = {"tenant": transaction.tenant, "after": uuid.UUID(record) if record else uuid.UUID(int=0), "limit": limit}
    return tuple(_record(row) for row in transaction.connection.execute(_SQL["after"], values))


def one(transaction: Transaction, record: RecordId) -> SealedRecord | None:
    """Return one record; None for an unknown id, or for what is no id at all."""
    try:
        values = {"tenant": transaction.tenant, "id": uuid.UUID(record)}
    except ValueError:
        return None
    row = transaction.connection.execute(_SQL["one"], values).fetchone()
    return _record(row) if row else None


def _record(row: tuple[object, ...]) -> SealedRecord:
    id_, leaf_hash, envelope, wrapped_key, ciphertext = row
    assert isinstance(leaf_hash, bytes)
    assert isinstance(envelope, bytes)
    assert isinstance(wrapped_key, bytes)
    assert isinstance(ciphertext, bytes)
    return SealedRecord(
        id=RecordId(str(id_)), leaf_hash=leaf_hash, envelope=envelope, wrapped_key=wrapped_key, ciphertext=ciphertext
    )
