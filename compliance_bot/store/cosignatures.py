"""Rows of what witnesses said of checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Collection

    from compliance_bot.store.connect import Transaction

Kind = Literal["cosignature", "timestamp", "file"]

_SQL = named_queries("cosignatures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a witness said of the checkpoint of a size: a signature line, a token, or when it wrote it down."""

    size: int
    witness: str
    kind: Kind
    evidence: bytes


def is_due(transaction: Transaction, witnesses: Collection[str], size: int, every_s: float) -> bool:
    """Return whether none of these witnesses saw a checkpoint of this size, nor any within this time."""
    values = {"tenant": transaction.tenant, "witnesses": list(witnesses), "size": size, "every": every_s}
    (is_due,) = transaction.connection.execute(_SQL["is_due"], values).fetchone() or (True,)
    return bool(is_due)


def add(transaction: Transaction, size: int, witness: str, kind: Kind, evidence: bytes) -> None:
    """Keep what a witness said of the checkpoint of a size; what it said before stays."""
    values = {"tenant": transaction.tenant, "size": size, "witness": witness, "kind": kind, "evidence": evidence}
    transaction.connection.execute(_SQL["add"], values)


def of(transaction: Transaction, size: int) -> tuple[Kept, ...]:
    """Return what is kept of the checkpoint of a size, by name of the witness."""
    rows = transaction.connection.execute(_SQL["of"], {"tenant": transaction.tenant, "size": size})
    return tuple(Kept(size=size, witness=witness, kind=kind, evidence=evidence) for witness, kind, evidence in rows)
