"""A database that somebody else runs: the accounts must be two, and each must be what it is said to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from compliance_bot.errors import UsageError
from compliance_bot.home import create_home, open_home
from compliance_bot.settings import load_settings
from compliance_bot.store.connect import StoreUnsuitable, require_server
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.migrate import NotMigrated, known_migrations
from compliance_bot.store.open import open_dsn, prepare_dsn
from compliance_bot.store.tenants import Claim

from ..shelf import draft, scope_of, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


CLAIM = Claim(name="default", number=1, fingerprint=b"of these keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A database on a server that the product does not run, and its accounts."""

    app: str
    owner: str
    superuser: str


@pytest.fixture
def foreign(server: EmbeddedServer) -> Iterator[Foreign]:
    # Names and a password that need quoting in SQL, in a DSN and in yoyo's URL.
    base = server.conninfo(SUPERUSER)
    with psycopg.connect(base, autocommit=True) as connection:
        for role in ("their app", "their-owner@corp"):
            connection.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'p/a@s:s w%rd'")
        connection.execute('CREATE DATABASE "their db" OWNER "their-owner@corp"')
    superuser = make_conninfo(base, dbname="their db")
    with psycopg.connect(superuser) as connection:
        connection.execute("CREATE EXTENSION vector")
    password = {"dbname": "their db", "password": "p/a@s:s w%rd"}
    yield Foreign(
        app=make_conninfo(base, user="their app", **password),
        owner=make_conninfo(base, user="their-owner@corp", **password),
        superuser=superuser,
    )
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute('DROP DATABASE "their db" WITH (FORCE)')
        for role in ("their app", "their-owner@corp"):
            connection.execute(f'DROP ROLE "{role}"')


def test_init_with_both_accounts_makes_a_home_on_it(foreign: Foreign, tmp_path: Path) -> None:
    home = tmp_path / "home"
    create_home(load_settings(home=home, database_url=foreign.app, database_owner_url=foreign.owner))
    with open_home(load_settings(home=home, database_url=foreign.app)) as opened:
        store(opened.database, draft("a", "kept six years"))
        with opened.database.reading() as transaction:
            assert scope_of(transaction, ["aml"]).chunks == 1
    assert not (home / "server.json").exists()
    # Again, and without the owner, nothing is left to do.
    prepare_dsn(foreign.app, foreign.owner, CLAIM)
    prepare_dsn(foreign.app, None, CLAIM)


def test_one_that_nobody_prepared_is_refused(foreign: Foreign) -> None:
    with pytest.raises(NotMigrated, match="has not the schema"), open_dsn(foreign.app, CLAIM):
        pass
    with pytest.raises(NotMigrated):
        prepare_dsn(foreign.app, None, CLAIM)


def test_one_account_for_both_is_refused(foreign: Foreign) -> None:
    for app, owner in ((foreign.owner, foreign.owner), ("dbname=x", "dbname=x user=o"), ("dbname=x", "dbname=x")):
        with pytest.raises(UsageError, match="must be named, and be two"):
            prepare_dsn(app, owner, CLAIM)


@pytest.mark.parametrize("account", ["owner", "superuser"])
def test_an_application_account_that_could_bypass_the_lock_is_refused(foreign: Foreign, account: str) -> None:
    prepare_dsn(foreign.app, foreign.owner, CLAIM)
    with (
        pytest.raises(StoreUnsuitable, match="can bypass row-level security"),
        open_dsn(getattr(foreign, account), CLAIM),
    ):
        pass


def test_one_without_pgvector_is_refused_before_anything_is_made(foreign: Foreign) -> None:
    with psycopg.connect(foreign.superuser) as connection:
        connection.execute("DROP EXTENSION vector")
    with pytest.raises(StoreUnsuitable, match="pgvector is not in this database") as refused:
        prepare_dsn(foreign.app, foreign.owner, CLAIM)
    assert "CREATE EXTENSION vector" in refused.value.hint
    with psycopg.connect(foreign.superuser) as connection:
        assert connection.execute("SELECT to_regnamespace('compliance_bot')").fetchone() == (None,)


def test_its_migrations_are_the_same(foreign: Foreign) -> None:
    prepare_dsn(foreign.app, foreign.owner, CLAIM)
    with psycopg.connect(foreign.superuser) as connection:
        query = "SELECT migration_id FROM compliance_bot._yoyo_migration ORDER BY 1"
        assert tuple(name for (name,) in connection.execute(query)) == known_migrations()


class Stub:
    """A connection to a server of some version, with pgvector of some version."""

    def __init__(self, version: int = 150_004, pgvector: str | None = "0.8.1", fsync: str = "on") -> None:
        self.info = self
        self.server_version = version
        self._rows = {"extversion": (pgvector,) if pgvector else None, "fsync": (fsync,)}

    def execute(self, query: str) -> Any:
        row = next(row for word, row in self._rows.items() if word in query)
        return type("Cursor", (), {"fetchone": staticmethod(lambda: row)})


@pytest.mark.parametrize("stub", [Stub(), Stub(180_000, "0.10.0"), Stub(pgvector="1.0")])
def test_a_server_of_a_known_or_later_version_is_accepted(stub: Any) -> None:
    require_server(stub)


@pytest.mark.parametrize(
    ("stub", "message"),
    [
        (Stub(140_011), "PostgreSQL 15 or later is needed, this is 14"),
        (Stub(pgvector=None), "pgvector is not in this database"),
        (Stub(pgvector="0.7.4"), "pgvector 0.8 or later is needed, this is 0.7.4"),
        (Stub(fsync="off"), "fsync = off"),
    ],
)
def test_an_older_or_forgetful_server_is_refused(stub: Any, message: str) -> None:
    with pytest.raises(StoreUnsuitable, match=message) as refused:
        require_server(stub)
    assert refused.value.exit_code == 3
