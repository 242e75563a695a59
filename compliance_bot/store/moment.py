"""One moment of a whole database, as its superuser sees it: counted, and dumped as it was counted.

For backups of the embedded server. Everything here comes from one snapshot, which pg_dump is given by name; others go
on writing. Whose rows they are does not matter: all tenants are in it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from compliance_bot.records import RecordId
from compliance_bot.store.anchored import START, Position
from compliance_bot.store.connect import SEARCH_PATH, StoreUnavailable
from compliance_bot.store.dump import dumped
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_SQL = named_queries("moment")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """How many rows a table has."""

    table: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappingEpoch:
    """An epoch of the vault, and how many values its key wraps."""

    number: int
    check: bytes = field(repr=False)
    values: int
    is_current: bool

    @property
    def is_needed(self) -> bool:
        """Whether something cannot be done without its key."""
        return self.is_current or self.values > 0


class Moment:
    """A snapshot of a database, open for the length of a block."""

    def __init__(self, connection: psycopg.Connection[Any], conninfo: str, at: datetime, snapshot: str) -> None:
        self._connection, self._conninfo, self._snapshot = connection, conninfo, snapshot
        self.at = at

    def rows(self) -> tuple[TableRows, ...]:
        """Return how many rows each table has, by name."""
        return tuple(
            TableRows(
                table=f"{schema}.{relation}",
                rows=self._one(sql.SQL(_SQL["count"]).format(table=sql.Identifier(schema, relation)))[0],
            )
            for schema, relation in self._connection.execute(_SQL["tables"]).fetchall()
        )

    def records(self) -> tuple[int, RecordId | None]:
        """Return how many audit records there are, and the newest."""
        count, newest = self._one(_SQL["records"])
        return int(count), RecordId(str(newest)) if newest else None

    def epochs(self) -> tuple[WrappingEpoch, ...]:
        """Return the epochs of the vault, the first one first."""
        return tuple(
            WrappingEpoch(number=number, check=bytes(check), values=values, is_current=is_current)
            for number, check, values, is_current in self._connection.execute(_SQL["epochs"])
        )

    def anchor(self, tenant: int) -> Position:
        """Return up to which line of its anchor a tenant had done everything."""
        row = self._connection.execute(_SQL["anchor"], {"tenant": tenant}).fetchone()
        return Position(number=row[0], mac=bytes(row[1])) if row else START

    def tenants(self) -> tuple[int, ...]:
        """Return the numbers of all tenants."""
        return tuple(number for (number,) in self._connection.execute(_SQL["tenants"]))

    def size_bytes(self) -> int:
        """Return how much room the database takes now: about how much there is to dump."""
        return int(self._one(_SQL["size"])[0])

    def server_version(self) -> str:
        """Return the version of the server."""
        return str(self._one("SHOW server_version")[0])

    def dump(self) -> Iterator[bytes]:
        """Yield the database as of this moment, in pg_dump's custom format. Raises ServerUnavailable."""
        return dumped(self._conninfo, snapshot=self._snapshot)

    def _one(self, query: Any) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        assert row is not None, "each of these queries has one row"
        return tuple(row)


@contextmanager
def moment(conninfo: str) -> Iterator[Moment]:
    """Hold one moment of a database, as its superuser. Raises StoreUnavailable."""
    try:
        with psycopg.connect(conninfo, options=SEARCH_PATH) as connection:
            connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            connection.set_read_only(True)
            at, snapshot = connection.execute(_SQL["begin"]).fetchone() or (None, None)
            assert at is not None, "the query has one row"
            yield Moment(connection, conninfo, at.astimezone(UTC), str(snapshot))
    except psycopg.OperationalError as error:
        raise StoreUnavailable from error
