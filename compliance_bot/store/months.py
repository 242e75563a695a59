"""Monthly partitions of the audit log's tables: opened ahead, so that what is appended finds its month.

A record whose month was never opened goes to the default partition, and is as durable there: see migrations/0024.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    import psycopg

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("months")


def open_months(transaction: Transaction) -> tuple[str, ...]:
    """Open this month and the next two, and return those that stay in the default partition, which has records of them.

    Call it first in a transaction of its own: it waits for a table, and must hold none meanwhile. Where others use it
    for longer than half a second the transaction ends with StoreUnavailable, and nothing was changed.
    """
    return open_on(transaction.connection)


def open_on(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[str, ...]:
    """The same, on a connection of the owner."""
    return tuple(str(name) for (name,) in connection.execute(_SQL["open"]))
