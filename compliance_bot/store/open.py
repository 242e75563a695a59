"""Open the database of a home: the embedded server, or the DSN that the operator set.

A database that lacks migrations is brought up to date: the embedded one at once, after a backup beside the home's data;
a customer's own only by `init` with the owner account, since its backup is not ours to make.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

from compliance_bot.errors import UsageError
from compliance_bot.store import tenants
from compliance_bot.store.connect import Database
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE, EmbeddedServer
from compliance_bot.store.migrate import NotMigrated, applied_migrations, migrate, pending_migrations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.store.tenants import Claim


@contextmanager
def open_embedded(home: Path, claimed: Claim, *, database_dir: Path | None = None) -> Iterator[Database]:
    """Open the embedded database of a home, made, started, migrated and restarted as needed, its tenant registered.

    Raises ForeignTenant.
    """
    server = EmbeddedServer.open(home, database_dir=database_dir)
    app, owner = server.conninfo(APP_ROLE), server.conninfo(OWNER_ROLE)
    try:
        if pending_migrations(applied_migrations(app)):
            migrate(owner, app_role=APP_ROLE, backup=lambda label: _back_up(server, home, label))
        try:
            number = tenants.find(app, claimed)
        except tenants.UnknownTenant:
            tenants.register(owner, claimed)
            number = tenants.find(app, claimed)
        with _opened(Database(app, revive=server.ensure_running, tenant=number, owner=owner)) as database:
            yield database
    finally:
        server.close()


@contextmanager
def open_dsn(url: str, claimed: Claim, *, owner_url: str | None = None) -> Iterator[Database]:
    """Open a database that somebody else runs, as the application account.

    `owner_url` serves `Database.owning` alone. Raises NotMigrated, UnknownTenant and ForeignTenant.
    """
    if pending_migrations(applied_migrations(url)):
        raise NotMigrated
    with _opened(Database(url, tenant=tenants.find(url, claimed), owner=owner_url)) as database:
        yield database


def prepare_dsn(url: str, owner_url: str | None, claimed: Claim) -> None:
    """Bring a database that somebody else runs up to date and make the tenant known, as its owner.

    Without an owner account nothing is done. Raises NotMigrated where something would have to be.
    """
    if owner_url is None:
        if pending_migrations(applied_migrations(url)):
            raise NotMigrated
        return
    app_role = account_of(url)
    if not app_role or app_role == account_of(owner_url):
        raise UsageError(
            "the application account and the owner account of the database must be named, and be two",
            hint="Put a user into COMPLIANCE_BOT_DATABASE_URL and another into COMPLIANCE_BOT_DATABASE_OWNER_URL.",
        )
    migrate(owner_url, app_role=app_role)
    tenants.register(owner_url, claimed)


def account_of(url: str) -> str | None:
    """Return the database account that a DSN names, None where it names none."""
    user = conninfo_to_dict(url).get("user")
    return str(user) if user else None


@contextmanager
def _opened(database: Database) -> Iterator[Database]:
    try:
        database.require_suitable()
        yield database
    finally:
        database.close()


def _back_up(server: EmbeddedServer, home: Path, label: str) -> None:
    folder = home / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    server.dump(folder / f"{label}-{datetime.now(UTC):%Y%m%dT%H%M%S}.dump")
