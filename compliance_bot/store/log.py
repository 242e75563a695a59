"""Rows of the audit log. Append and read only: the application account has no right to change or delete a record."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from compliance_bot.errors import Unavailable
from compliance_bot.records import RecordId
from compliance_bot.store.arrays import ByteaArray, UuidArray
from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import class_bits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.records import ClassId, DocumentId
    from compliance_bot.store.connect import Database, Transaction

_SQL = named_queries("log")
_NOT_AS_EXPECTED = "LR001"  # SQLSTATE of audit.append_all


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A principal as the log knows them: a keyed hash of who it is, and the random reference in envelopes."""

    mac: bytes
    reference: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A record that is ready to be stored, with the seal of whoever appends it."""

    record: SealedRecord
    seal: bytes
    actor: Actor


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


def append_all(
    database: Database, ready: Sequence[Ready], *, read: Mapping[DocumentId, ClassId], erasures: int | None
) -> bool:
    """Store several records durably, in a transaction of their own; False where nothing was stored.

    That is where one of them is there already or is not kept, where its actor has not, or not any more, the reference
    that it names, and where `moves.require_standing` would raise. Append each alone then, which says what is wrong.
    """
    values = {
        "documents": UuidArray(uuid.UUID(document).bytes for document in read),
        "classes": "{" + ",".join(str(class_id) for class_id in read.values()) + "}",
        "class_bits": class_bits(read.values()),
        "erasures": erasures,
        "ids": UuidArray(uuid.UUID(one.record.id).bytes for one in ready),
        "leaf_hashes": ByteaArray(one.record.leaf_hash for one in ready),
        "envelopes": ByteaArray(one.record.envelope for one in ready),
        "wrapped_keys": ByteaArray(one.record.wrapped_key for one in ready),
        "ciphertexts": ByteaArray(one.record.ciphertext for one in ready),
        "seals": ByteaArray(one.seal for one in ready),
        "macs": ByteaArray(one.actor.mac for one in ready),
        "actors": UuidArray(one.actor.reference.bytes for one in ready),
    }
    try:
        database.write_at_once(_SQL["append_all"], values)
    except psycopg.DatabaseError as error:
        if error.sqlstate != _NOT_AS_EXPECTED:
            raise
        return False
    return True


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
