"""What can be seen of a database's condition by the application account. Looks only; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.store.connect import Database

_SQL = named_queries("health")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The condition of a database."""

    server: str
    pgvector: str
    synchronous_commit: str
    full_page_writes: str
    now: datetime
    invalid_indexes: list[str]
    has_vector_index: bool
    embedder: str | None  # hash of the model that made the vectors; None while there are none


def look(database: Database) -> Health:
    """Return the condition of a database. Raises StoreUnavailable."""
    with database.reading() as transaction, transaction.connection.cursor(row_factory=class_row(Health)) as cursor:
        health = cursor.execute(_SQL["health"]).fetchone()
    assert health is not None, "the query returns one row"
    return health
