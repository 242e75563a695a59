"""Tokens for single use: accepted once, by all processes and threads together, and forgotten when worthless."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import APP_ROLE
from compliance_bot.store.seen import SeenTokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.keys import Keyring
    from compliance_bot.store.embedded import EmbeddedServer

SOON = datetime.now(UTC) + timedelta(minutes=5)


def count(database: Database) -> int:
    with database.reading() as transaction:
        row = transaction.connection.execute("SELECT count(*) FROM seen_token").fetchone()
    assert row is not None
    return int(row[0])


def test_a_token_is_new_once(database: Database, keyring: Keyring) -> None:
    seen = SeenTokens(database, keyring)
    assert seen.first_use("issuer\0one", until=SOON)
    assert not seen.first_use("issuer\0one", until=SOON)
    assert not SeenTokens(database, keyring).first_use("issuer\0one", until=SOON)
    assert seen.first_use("issuer\0two", until=SOON)


def test_of_many_at_once_one_is_the_first(database: Database, keyring: Keyring) -> None:
    seen = SeenTokens(database, keyring)
    with ThreadPoolExecutor(16) as pool:
        firsts = list(pool.map(lambda _: seen.first_use("the same", until=SOON), range(64)))
    assert sum(firsts) == 1


def test_each_tenant_remembers_for_itself(new_tenant: Callable[[], Database], keyring: Keyring) -> None:
    one, other = new_tenant(), new_tenant()
    assert SeenTokens(one, keyring).first_use("the same", until=SOON)
    assert SeenTokens(other, keyring).first_use("the same", until=SOON)
    assert (count(one), count(other)) == (1, 1)


def test_a_connection_without_a_tenant_sees_no_token(
    database: Database, keyring: Keyring, server: EmbeddedServer
) -> None:
    SeenTokens(database, keyring).first_use("one", until=SOON)
    with psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH) as connection:
        assert connection.execute("SELECT count(*) FROM seen_token").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO seen_token VALUES (%s, %s, now())", (database.tenant, b"0" * 32)
            )  # the tenant of somebody else


def test_nothing_of_a_token_is_stored(database: Database, keyring: Keyring, superuser: Any) -> None:
    SeenTokens(database, keyring).first_use("issuer\0secret-number", until=SOON)
    rows = superuser.execute("SELECT digest FROM seen_token WHERE tenant = %s", (database.tenant,)).fetchall()
    ((digest,),) = rows
    assert digest == keyring.mac(f"seen/{database.tenant}", b"issuer\0secret-number")
    assert len(digest) == 32


def test_what_expired_an_hour_ago_is_removed_and_nothing_else(database: Database, keyring: Keyring) -> None:
    seen, now = SeenTokens(database, keyring), datetime.now(UTC)
    assert seen.first_use("long ago", until=now - timedelta(minutes=61))
    assert seen.first_use("just now", until=now - timedelta(minutes=59))
    assert seen.first_use("later", until=now + timedelta(minutes=5))
    assert count(database) == 2
    assert not seen.first_use("just now", until=now)
    assert not seen.first_use("later", until=now)
