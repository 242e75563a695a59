"""How far a database knows the anchor: the last line whose act it has done. The file itself is in `anchor`.

The position moves in the transaction that wrote a line, or did what one says, and is read under a lock of the database:
until that transaction has ended, also after kill -9, nobody takes the line for one that is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("anchor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A line of the anchor, by its number and by what tells it from a line of another anchor."""

    number: int
    mac: bytes


START = Position(number=0, mac=b"")  # before the first line


def position(transaction: Transaction) -> Position:
    """Return up to which line this database has done everything."""
    row = transaction.connection.execute(_SQL["position"], {"tenant": transaction.tenant}).fetchone()
    return Position(number=row[0], mac=bytes(row[1])) if row else START


def move_position(transaction: Transaction, to: Position) -> None:
    """Say that this database has done everything up to a line."""
    values = {"tenant": transaction.tenant, "position": to.number, "mac": to.mac}
    transaction.connection.execute(_SQL["move"], values)


def lock_anchor(transaction: Transaction) -> None:
    """Wait until no other transaction is between its line and its end. Behind the writers' lock, if that is needed."""
    transaction.connection.execute(_SQL["lock"], {"tenant": transaction.tenant})
