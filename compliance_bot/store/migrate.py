"""Bring a database to the schema of this version: plain SQL files in `migrations/`, applied in order by yoyo.

A database that has a migration this version does not know is refused: a newer version made it. One that lacks some is
backed up first. yoyo's own lock is a row that would survive kill -9, so an advisory lock is taken and the row broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from compliance_bot.bundled import bundled
from compliance_bot.errors import Unavailable
from compliance_bot.logs import note
from compliance_bot.store.connect import SCHEMA, StoreUnavailable, require_server
from compliance_bot.store.months import open_on
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_SQL = named_queries("connect")
_GRANTS = named_queries("grants")


class MadeByNewerVersion(Unavailable):
    """This home was made or migrated by a newer version of compliance-bot."""

    hint = "Install that version or a later one. Nothing was changed."


class NotMigrated(Unavailable):
    """This database has not the schema of this version."""

    hint = "Back it up, then run `compliance-bot init` with COMPLIANCE_BOT_DATABASE_OWNER_URL set."


def known_migrations() -> tuple[str, ...]:
    """Return the names of this version's migrations, in order."""
    return tuple(sorted(file.stem for file in bundled("migrations").glob("*.sql")))


def applied_migrations(conninfo: str) -> tuple[str, ...]:
    """Return the names of a database's migrations, none where the account may not look. Raises StoreUnavailable."""
    try:
        with psycopg.connect(conninfo) as connection:
            (exists,) = connection.execute(_SQL["has_migrations"]).fetchone() or (False,)
            return tuple(name for (name,) in connection.execute(_SQL["applied_migrations"])) if exists else ()
    except pg.InsufficientPrivilege:
        return ()  # migrating was interrupted before the grants, or has not begun: `migrate` makes up for either
    except psycopg.OperationalError as error:
        raise StoreUnavailable from error


def pending_migrations(applied: Collection[str]) -> tuple[str, ...]:
    """Return what a database still lacks. Raises MadeByNewerVersion."""
    known = known_migrations()
    if not set(applied) <= set(known):
        raise MadeByNewerVersion
    return tuple(name for name in known if name not in applied)


def migrate(owner_conninfo: str, *, app_role: str, backup: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Apply what is pending and return its names. `backup` is called with a label before an existing one is changed."""
    try:
        with psycopg.connect(owner_conninfo, autocommit=True) as connection:
            connection.execute(_SQL["lock_migrations"])
            require_server(connection)
            applied = applied_migrations(owner_conninfo)
            pending = pending_migrations(applied)
            if pending:
                if applied and backup:
                    backup(f"before-{pending[0]}")
                connection.execute(_SQL["create_schema"])
                _apply(owner_conninfo)
                note("migrated", migrations=len(pending))
            _grant(connection, app_role)
            _open_months(connection)
    except psycopg.OperationalError as error:
        raise StoreUnavailable from error
    return pending


def _apply(owner_conninfo: str) -> None:
    import yoyo  # slow to import, and needed only here

    backend = yoyo.get_backend(_yoyo_url(owner_conninfo))
    try:
        migrations = yoyo.read_migrations(str(bundled("migrations")))
        backend.break_lock()
        with backend.lock():
            backend.apply_migrations(backend.to_apply(migrations))
    finally:
        backend.connection.close()


def _grant(connection: psycopg.Connection[tuple[object, ...]], app_role: str) -> None:
    connection.execute(sql.SQL(_GRANTS["application"]).format(role=sql.Identifier(app_role)))


def _open_months(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let what is appended next find its month. Others may be using the tables: then who opens the home does it."""
    try:
        open_on(connection)
    except pg.LockNotAvailable:
        note("log.months", level="warning", error="LockNotAvailable")


def _yoyo_url(conninfo: str) -> str:
    """Return yoyo's form of a libpq DSN, all of it in the query part: yoyo does not decode the path."""
    parts = {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if value is not None}
    query = urlencode({**parts, "schema": f"{SCHEMA},public"}, quote_via=quote)
    return f"postgresql+psycopg:///?{query}"
