"""Rows of the tree over the audit log: places of records, full tiles, checkpoints. Written once, never changed.

What the hashes mean is not known here: see `audit.integrate`, which is the one that writes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.records import RecordId
from compliance_bot.store.log import SealedRecord
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("tree")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A record that no tree holds yet. Whoever appended it had the home's key, if the seal is right."""

    id: RecordId
    leaf_hash: bytes
    seal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A record's place in the tree, and its hash."""

    index: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """256 hashes of one level, all there, with the hash of the subtree under them."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTree:
    """A checkpoint as it was signed."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRecord(SealedRecord):
    """A record in the tree."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits for the tree."""

    records: int
    oldest: RecordId | None


def lead(transaction: Transaction, *, wait_s: int | None = None) -> bool:
    """Return whether this transaction is the only one that writes to the tree, at once or after a wait.

    Raises StoreUnavailable where the wait was in vain.
    """
    values = {"tenant": transaction.tenant}
    if wait_s is not None:
        transaction.connection.execute(_SQL["wait_to_lead"], {**values, "wait": f"{wait_s}s"})
        return True
    (is_leader,) = transaction.connection.execute(_SQL["lead"], values).fetchone() or (False,)
    return bool(is_leader)


def last_checkpoint(transaction: Transaction) -> SignedTree | None:
    """Return the newest checkpoint; None where there is no tree yet."""
    row = transaction.connection.execute(_SQL["last_checkpoint"], {"tenant": transaction.tenant}).fetchone()
    return SignedTree(size=row[0], note=row[1]) if row else None


def handovers(transaction: Transaction, size: int) -> tuple[SignedTree, ...]:
    """Return the checkpoints up to a size that two keys signed, in order."""
    rows = transaction.connection.execute(_SQL["handovers"], {"tenant": transaction.tenant, "size": size})
    return tuple(SignedTree(size=row[0], note=row[1]) for row in rows)


def waiting(transaction: Transaction, limit: int, *, but: Collection[RecordId] = ()) -> tuple[Waiting, ...]:
    """Return what waits for the tree, in the order in which it came."""
    values = {"tenant": transaction.tenant, "limit": limit, "but": [uuid.UUID(id) for id in but]}
    rows = transaction.connection.execute(_SQL["waiting"], values)
    return tuple(Waiting(id=RecordId(str(id)), leaf_hash=leaf, seal=seal) for id, leaf, seal in rows)


def unsealed(transaction: Transaction, limit: int, *, but: Collection[RecordId] = ()) -> tuple[SealedRecord, ...]:
    """Return what waits without a seal."""
    values = {"tenant": transaction.tenant, "limit": limit, "but": [uuid.UUID(id) for id in but]}
    rows = transaction.connection.execute(_SQL["unsealed"], values)
    return tuple(
        SealedRecord(id=RecordId(str(id)), leaf_hash=leaf, envelope=envelope, wrapped_key=key, ciphertext=ciphertext)
        for id, leaf, envelope, key, ciphertext in rows
    )


def has_unsealed(transaction: Transaction) -> bool:
    """Return whether something waits without a seal."""
    (found,) = transaction.connection.execute(_SQL["has_unsealed"], {"tenant": transaction.tenant}).fetchone() or (0,)
    return bool(found)


def backlog(transaction: Transaction) -> Backlog:
    """Return how much waits for the tree."""
    row = transaction.connection.execute(_SQL["backlog"], {"tenant": transaction.tenant}).fetchone()
    count, oldest = row or (0, None)
    return Backlog(records=count, oldest=RecordId(oldest) if oldest else None)


def add_leaves(transaction: Transaction, first: int, ids: Sequence[RecordId]) -> None:
    """Give records that wait their places, from index `first` on."""
    values = {"tenant": transaction.tenant, "first": first, "ids": [uuid.UUID(id) for id in ids]}
    transaction.connection.execute(_SQL["add_leaves"], values)
    transaction.connection.execute(_SQL["remove_waiting"], values)


def add_tiles(transaction: Transaction, tiles: Iterable[Tile]) -> None:
    """Store tiles that became full."""
    for tile in tiles:
        values = {"level": tile.level, "index": tile.index, "hashes": tile.hashes, "root": tile.root}
        transaction.connection.execute(_SQL["add_tile"], {"tenant": transaction.tenant, **values})


def add_checkpoint(transaction: Transaction, signed: SignedTree, *, is_handover: bool = False) -> None:
    """Store a checkpoint."""
    values = {"tenant": transaction.tenant, "size": signed.size, "note": signed.note, "is_handover": is_handover}
    transaction.connection.execute(_SQL["add_checkpoint"], values)


def leaf_count(transaction: Transaction) -> int:
    """Return how many records stand in the tree, whatever was signed."""
    (size,) = transaction.connection.execute(_SQL["leaf_count"], {"tenant": transaction.tenant}).fetchone() or (0,)
    return int(size)


def placed(transaction: Transaction, first: int, end: int) -> tuple[PlacedRecord, ...]:
    """Return the records that stand in the tree from `first` to before `end`, with what is sealed of them."""
    values = {"tenant": transaction.tenant, "first": first, "end": end}
    return tuple(
        PlacedRecord(
            index=index,
            id=RecordId(str(id)),
            leaf_hash=leaf,
            envelope=envelope,
            wrapped_key=key,
            ciphertext=ciphertext,
        )
        for index, id, leaf, envelope, key, ciphertext in transaction.connection.execute(_SQL["placed"], values)
    )


def size_before(transaction: Transaction, size: int) -> int:
    """Return the size of the checkpoint before the one of this size; 0 where there is none."""
    values = {"tenant": transaction.tenant, "size": size}
    (before,) = transaction.connection.execute(_SQL["size_before"], values).fetchone() or (0,)
    return int(before)


def tiles(transaction: Transaction, wanted: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
    """Return the hashes in tiles that are asked for by level and index, as far as there are any. One query."""
    levels, indexes = [level for level, _ in wanted], [index for _, index in wanted]
    values = {"tenant": transaction.tenant, "levels": levels, "indexes": indexes}
    rows = transaction.connection.execute(_SQL["tiles"], values, binary=True)
    return {(level, index): hashes for level, index, hashes in rows}


def leaf_of(transaction: Transaction, record: RecordId) -> Leaf | None:
    """Return the leaf of a record; None where the tree has none."""
    values = {"tenant": transaction.tenant, "id": uuid.UUID(record)}
    row = transaction.connection.execute(_SQL["leaf_of"], values).fetchone()
    return Leaf(index=row[0], hash=row[1]) if row else None


def outside(transaction: Transaction, records: Collection[RecordId]) -> dict[RecordId, bool]:
    """Return those of these records that the tree does not have, each with whether it waits; one that is gone does not.

    Of the many that it is asked about few are.
    """
    values = {"tenant": transaction.tenant, "ids": list(records)}
    rows = transaction.connection.execute(_SQL["outside"], values)
    return {RecordId(str(id)): waits for id, waits in rows}


def wait_again(transaction: Transaction) -> int:
    """Let all records that neither stand in the tree nor wait for it wait, without a seal; return how many."""
    return transaction.connection.execute(_SQL["wait_again"], {"tenant": transaction.tenant}).rowcount
