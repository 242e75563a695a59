"""Migrations: from nothing, again, from an older version after a backup, and never from a newer one."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.bundled import bundled
from compliance_bot.store import migrate as module
from compliance_bot.store.account import binaries
from compliance_bot.store.connect import SEARCH_PATH, StoreUnavailable
from compliance_bot.store.embedded import APP_ROLE, DATABASE, OWNER_ROLE, SUPERUSER, EmbeddedServer
from compliance_bot.store.migrate import (
    MadeByNewerVersion,
    applied_migrations,
    known_migrations,
    migrate,
    pending_migrations,
)
from compliance_bot.store.open import open_embedded
from compliance_bot.store.tenants import Claim

from ..schema import read_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = known_migrations()
CLAIM = Claim(name="default", number=1, fingerprint=b"of these keys")
SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "reference" / "schema.sql"


@pytest.fixture
def emptied(home: Path, server: EmbeddedServer, superuser: psycopg.Connection[Any]) -> Iterator[EmbeddedServer]:
    """Return the server with an empty database in the place of the shared one, which comes back afterwards."""
    superuser.close()
    with postgres(server) as connection:
        connection.execute(f"ALTER DATABASE {DATABASE} RENAME TO aside")
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")
    with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
        connection.execute("CREATE EXTENSION vector")
    yield server
    with postgres(server) as connection:
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        connection.execute(f"ALTER DATABASE aside RENAME TO {DATABASE}")
    shutil.rmtree(home / "backups", ignore_errors=True)


@contextmanager
def postgres(server: EmbeddedServer) -> Iterator[psycopg.Connection[Any]]:
    conninfo = psycopg.conninfo.make_conninfo(server.conninfo(SUPERUSER), dbname="postgres")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(others, [DATABASE])
        yield connection


@contextmanager
def only_first(number: int, folder: Path) -> Iterator[None]:
    """Let this be an older version of the product, with its first `number` migrations."""
    shutil.copytree(bundled("migrations"), folder)
    for name in ALL[number:]:
        (folder / f"{name}.sql").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "bundled", lambda _: folder)
        # Of what this version does not have yet.
        patch.setattr(module, "_grant", lambda *_: None)
        patch.setattr(module, "_open_months", lambda *_: None)
        yield


def run(server: EmbeddedServer, **given: Any) -> tuple[str, ...]:
    return migrate(server.conninfo(OWNER_ROLE), app_role=APP_ROLE, **given)


def test_an_empty_database_gets_all_of_them_in_order(emptied: EmbeddedServer) -> None:
    backups: list[str] = []
    assert run(emptied, backup=backups.append) == ALL
    assert applied_migrations(emptied.conninfo(APP_ROLE)) == ALL
    assert backups == []


def test_a_migrated_one_gets_nothing(emptied: EmbeddedServer) -> None:
    run(emptied)
    backups: list[str] = []
    assert run(emptied, backup=backups.append) == ()
    assert backups == []


def test_an_older_one_is_backed_up_then_migrated(emptied: EmbeddedServer, home: Path, tmp_path: Path) -> None:
    with only_first(3, tmp_path / "old"):
        assert run(emptied) == ALL[:3]
    with psycopg.connect(emptied.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
        connection.execute(
            "INSERT INTO access_class (tenant, digest, attributes) VALUES (1, 'x', '{\"collection\": \"a\"}')"
        )
    assert applied_migrations(emptied.conninfo(OWNER_ROLE)) == ALL[:3]
    with open_embedded(home, CLAIM):
        assert applied_migrations(emptied.conninfo(APP_ROLE)) == ALL
    (backup,) = (home / "backups").iterdir()
    assert backup.name.startswith(f"before-{ALL[3]}-")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert (home / "backups").stat().st_mode & 0o777 == 0o700
    require_restorable(emptied, backup)


def require_restorable(server: EmbeddedServer, backup: Path) -> None:
    with postgres(server) as connection:
        connection.execute("CREATE DATABASE restored")
    try:
        conninfo = psycopg.conninfo.make_conninfo(server.conninfo(SUPERUSER), dbname="restored")
        command = [str(binaries() / "pg_restore"), "--exit-on-error", "--dbname", conninfo, str(backup)]
        subprocess.run(command, check=True, capture_output=True)
        with psycopg.connect(conninfo, options=SEARCH_PATH) as connection:
            assert connection.execute("SELECT attributes FROM access_class").fetchall() == [({"collection": "a"},)]
        assert applied_migrations(conninfo) == ALL[:3]
    finally:
        with postgres(server) as connection:
            connection.execute("DROP DATABASE restored WITH (FORCE)")


def test_a_newer_one_is_refused_and_left_alone(emptied: EmbeddedServer, home: Path) -> None:
    run(emptied)
    with psycopg.connect(emptied.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
        later = "INSERT INTO _yoyo_migration (migration_hash, migration_id) VALUES ('h', '9999_later')"
        connection.execute(later)
    before = read_schema(emptied.conninfo(SUPERUSER))
    with pytest.raises(MadeByNewerVersion, match="newer version"):
        run(emptied)
    with pytest.raises(MadeByNewerVersion), open_embedded(home, CLAIM):
        pass
    assert read_schema(emptied.conninfo(SUPERUSER)) == before


def test_an_interruption_before_the_grants_is_made_good(emptied: EmbeddedServer, home: Path, tmp_path: Path) -> None:
    with only_first(len(ALL), tmp_path / "all"):
        run(emptied)
    with open_embedded(home, CLAIM) as database:
        assert database.server_version().startswith("18")


def test_an_interruption_within_them_is_made_good(emptied: EmbeddedServer, home: Path, tmp_path: Path) -> None:
    with only_first(2, tmp_path / "some"):
        run(emptied)
    with psycopg.connect(emptied.conninfo(OWNER_ROLE), options=SEARCH_PATH) as connection:
        # yoyo's lock is a row, which survives kill -9.
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 1)")
    with open_embedded(home, CLAIM):
        assert applied_migrations(emptied.conninfo(APP_ROLE)) == ALL


def test_two_processes_migrate_one_after_the_other(emptied: EmbeddedServer) -> None:
    with ThreadPoolExecutor(3) as pool:
        results = sorted(pool.map(lambda _: run(emptied), range(3)))
    assert results == [(), (), ALL]


def test_their_sum_is_the_schema_in_the_reference(server: EmbeddedServer) -> None:
    assert read_schema(server.conninfo(SUPERUSER)) == SCHEMA.read_text(encoding="utf-8"), (
        "write it anew: python -m tests.integration.schema > docs/reference/schema.sql"
    )


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nowhere = f"host={tmp_path} dbname=x user=y"
    with pytest.raises(StoreUnavailable):
        applied_migrations(nowhere)
    with pytest.raises(StoreUnavailable):
        migrate(nowhere, app_role="x")


@pytest.mark.parametrize("applied", [(), ALL[:2], ALL])
def test_what_is_pending_is_what_is_known_and_not_applied(applied: tuple[str, ...]) -> None:
    assert pending_migrations(applied) == ALL[len(applied) :]


def test_names_sort_in_the_order_of_application() -> None:
    assert [name[:4] for name in ALL] == [f"{number:04}" for number in range(1, len(ALL) + 1)]
