"""One embedded PostgreSQL for the session; each test has a tenant of its own, which is as good as a database."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import psycopg
import pytest

from compliance_bot.home import create_home
from compliance_bot.keys import load_keys
from compliance_bot.settings import PREFIX, load_settings
from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE, SUPERUSER, EmbeddedServer, destroy
from compliance_bot.store.tenants import Claim, register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring

_TENANTS = itertools.count(100)


@pytest.fixture(scope="session", autouse=True)
def _no_environment() -> Iterator[None]:
    """Keep the tests off whatever database the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.upper().startswith((PREFIX, "PG")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, _no_environment: None) -> Iterator[Path]:
    """Return the home that all tests share. A test that changes its schema or stops its server restores it."""
    path = tmp_path_factory.mktemp("shared") / "home"
    try:
        create_home(load_settings(home=path))
        yield path
    finally:
        destroy(path)


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[EmbeddedServer]:
    """Return the running server of the shared home."""
    server = EmbeddedServer.open(home)
    yield server
    server.close()


@pytest.fixture(scope="session")
def keyring(home: Path) -> Keyring:
    return load_keys(home / "keys")


def _registered(server: EmbeddedServer) -> Database:
    number, owner = next(_TENANTS), server.conninfo(OWNER_ROLE)
    register(owner, Claim(name=f"test {number}", number=number, fingerprint=b"test"))
    return Database(server.conninfo(APP_ROLE), revive=server.ensure_running, tenant=number, owner=owner)


@pytest.fixture
def new_tenant(server: EmbeddedServer) -> Iterator[Callable[[], Database]]:
    """Return a function that opens the database for a tenant nobody else has."""
    opened: list[Database] = []

    def open_one() -> Database:
        database = _registered(server)
        opened.append(database)
        return database

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture(scope="module")
def module_database(server: EmbeddedServer) -> Iterator[Database]:
    """Return a tenant for the tests of a module that only read."""
    database = _registered(server)
    yield database
    database.close()


@pytest.fixture
def database(new_tenant: Callable[[], Database]) -> Database:
    return new_tenant()


@pytest.fixture
def superuser(server: EmbeddedServer) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Return a connection that no lock holds."""
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
        yield connection


@pytest.fixture
def owner(server: EmbeddedServer) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Return a connection of the account that owns the schema."""
    with psycopg.connect(server.conninfo(OWNER_ROLE), autocommit=True, options=SEARCH_PATH) as connection:
        yield connection
