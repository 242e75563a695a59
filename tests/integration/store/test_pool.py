"""A connection that goes from one person to the next carries nothing along, whatever happened on it before."""

from __future__ import annotations

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.errors import Unavailable
from compliance_bot.records import Principal
from compliance_bot.store.connect import Database, Transaction
from compliance_bot.store.embedded import APP_ROLE
from compliance_bot.store.scope import open_scope

from ..shelf import draft, scope_of, store
from .test_scope import NOW, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.policy import CedarEngine
    from compliance_bot.store.embedded import EmbeddedServer

    Connection = psycopg.Connection[Any]

COLLECTIONS = [f"c{n}" for n in range(8)]
ALL_BITS = "\\x" + "ff" * 4096
TABLES = ("document", "document_version", "chunk", "embedding", "posting", "term_stat")


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """Return a tenant with eight collections of one document each."""
    store(module_database, *(draft(name, f"text of {name}", collection=name, title=name) for name in COLLECTIONS))
    return module_database


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> CedarEngine:
    """Return an engine by which a group reads the collection of its name."""
    from compliance_bot.policy import load

    folder: Path = tmp_path_factory.mktemp("policies")
    (folder / "a.cedarschema").write_text(SCHEMA, encoding="utf-8")
    grants = (
        f'@id("{name}") permit (principal in Group::"{name}", action == Action::"read",'
        f' resource in Collection::"{name}");'
        for name in COLLECTIONS
    )
    (folder / "a.cedar").write_text("\n".join(grants), encoding="utf-8")
    return load(folder)


@pytest.fixture
def one_connection(filled: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return the same tenant over a pool of one connection: whatever is left on it, the next one gets."""
    monkeypatch.setattr("compliance_bot.store.connect._POOL_SIZE", 1)
    database = Database(filled._conninfo, tenant=filled.tenant)
    yield database
    database.close()


def seen(transaction: Transaction, table: str = "document") -> int:
    (count,) = transaction.connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return int(count)


def titles(transaction: Transaction) -> set[str]:
    """Return what shows of all documents to a query without a scope."""
    return {title for (title,) in transaction.connection.execute("SELECT title FROM document")}


def backend(transaction: Transaction) -> int:
    return transaction.connection.info.backend_pid


def run(transaction: Transaction, statements: str) -> int:
    transaction.connection.execute(statements)
    return backend(transaction)


def opened(database: Database, act: Callable[[Transaction], object]) -> None:
    """Do something where everything is open."""
    with database.reading() as transaction:
        scope_of(transaction, COLLECTIONS)
        assert seen(transaction) == len(COLLECTIONS)
        act(transaction)


def next_one(database: Database) -> tuple[int, int]:
    """Return which connection the next asker gets, and how many documents show on it."""
    with database.reading() as transaction:
        return backend(transaction), seen(transaction)


class TestManyAskers:
    def test_each_of_many_askers_at_once_sees_what_they_may_and_no_more(
        self, filled: Database, engine: CedarEngine
    ) -> None:
        """16 threads, 800 askers; every third fails, every fifth is cancelled, every seventh forgets its scope."""
        chance = random.Random(1)
        askers = [frozenset(chance.sample(COLLECTIONS, chance.randrange(0, 4))) for _ in range(800)]
        connections: set[int] = set()

        def ask(number: int) -> bool:
            groups = askers[number]
            who = Principal(id=f"p{number % 50}", groups=groups)
            good = []
            with (
                suppress(ZeroDivisionError, psycopg.errors.QueryCanceled, Unavailable),
                filled.reading() as transaction,
            ):
                connections.add(backend(transaction))
                good.append(titles(transaction) == set())
                if number % 7:
                    open_scope(transaction, engine, who, NOW)
                good.append(titles(transaction) == (groups if number % 7 else set()))
                if number % 3 == 0:
                    raise ZeroDivisionError
                if number % 5 == 0:
                    transaction.connection.execute("SET LOCAL statement_timeout = 1")
                    transaction.connection.execute("SELECT pg_sleep(60)")
            return good == [True, True]

        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(ask, range(len(askers))))
        assert 1 < len(connections) <= 16  # they did share

    def test_two_transactions_at_once_on_one_database_have_scopes_of_their_own(self, filled: Database) -> None:
        with filled.reading() as one, filled.reading() as other:
            scope_of(one, ["c1"])
            scope_of(other, ["c2"])
            assert (titles(one), titles(other)) == ({"c1"}, {"c2"})


class TestWhatIsLeftBehind:
    """Each on one connection, so that the next asker gets just the one on which it happened."""

    def test_a_scope_does_not_outlive_an_exception(self, one_connection: Database) -> None:
        first: list[int] = []
        with pytest.raises(ZeroDivisionError):
            opened(one_connection, lambda transaction: first.append(backend(transaction)) or 1 / 0)
        assert next_one(one_connection) == (first[0], 0)

    def test_a_scope_does_not_outlive_a_failed_statement(self, one_connection: Database) -> None:
        with pytest.raises(psycopg.errors.UndefinedTable):
            opened(one_connection, lambda transaction: run(transaction, "SELECT * FROM nothing"))
        assert next_one(one_connection)[1] == 0

    def test_a_scope_does_not_outlive_a_cancelled_query(self, one_connection: Database) -> None:
        endless = "SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)"
        with pytest.raises(Unavailable):
            opened(one_connection, lambda transaction: run(transaction, endless))
        assert next_one(one_connection)[1] == 0

    def test_a_scope_does_not_outlive_a_connection_that_was_cut(
        self, one_connection: Database, superuser: Connection
    ) -> None:
        def cut(transaction: Transaction) -> None:
            superuser.execute("SELECT pg_terminate_backend(%s)", [backend(transaction)])
            seen(transaction)

        with pytest.raises(Unavailable):
            opened(one_connection, cut)
        assert next_one(one_connection)[1] == 0

    def test_a_scope_does_not_outlive_a_killed_server(self, filled: Database, server: EmbeddedServer) -> None:
        def kill(transaction: Transaction) -> None:
            os.kill(backend(transaction), signal.SIGKILL)  # PostgreSQL restarts all of its processes then
            seen(transaction)

        database = Database(filled._conninfo, tenant=filled.tenant, revive=server.ensure_running)
        try:
            with pytest.raises(Unavailable):
                opened(database, kill)
            assert next_one(database)[1] == 0  # waits until the server is back
        finally:
            database.close()

    def test_who_forgets_to_enter_a_scope_sees_nothing(self, one_connection: Database) -> None:
        with one_connection.reading() as transaction:
            scope_of(transaction, COLLECTIONS)
            assert seen(transaction) == 8
        for _ in range(3):
            with one_connection.reading() as transaction:
                assert [seen(transaction, table) for table in TABLES] == [0] * len(TABLES)


class TestSessions:
    """Settings of the session, of the account and of the database, that would open everything to everybody."""

    @pytest.mark.parametrize(
        "opening", [f"SET compliance_bot.class_bits = '{ALL_BITS}'", "SELECT set_config(%s, %s, false)"]
    )
    def test_what_somebody_set_for_the_session_opens_nothing_to_the_next(
        self, one_connection: Database, opening: str
    ) -> None:
        given = ["compliance_bot.class_bits", ALL_BITS] if "%s" in opening else None
        with one_connection.reading() as transaction:
            transaction.connection.execute(opening, given)
            first = backend(transaction)
            assert seen(transaction) == 8  # in the transaction that did it, nothing can help
        for begin in (one_connection.reading, one_connection.writing, one_connection.reading):
            with begin() as transaction:
                left = transaction.connection.execute("SELECT current_setting('compliance_bot.class_bits')").fetchone()
                assert (backend(transaction), left) == (first, ("",))
                assert [seen(transaction, table) for table in TABLES] == [0] * len(TABLES)

    def test_a_tenant_that_was_set_for_the_session_is_not_the_next_ones(
        self, filled: Database, one_connection: Database
    ) -> None:
        with one_connection.reading() as transaction:
            transaction.connection.execute("SET compliance_bot.tenant = '1'")
        for begin in (one_connection.reading, one_connection.writing):
            with begin() as transaction:
                scope_of(transaction, ["c3"])
                assert titles(transaction) == {"c3"}

    def test_what_is_written_waits_for_the_disk_whatever_the_session_was_told(self, one_connection: Database) -> None:
        with one_connection.reading() as transaction:
            transaction.connection.execute("SET synchronous_commit = off")
        with one_connection.writing() as transaction:
            assert transaction.connection.execute("SHOW synchronous_commit").fetchone() == ("on",)

    @pytest.mark.parametrize("place", [f"ROLE {APP_ROLE}", "DATABASE compliance_bot"])
    def test_what_is_set_for_every_session_of_an_account_opens_nothing(
        self, filled: Database, one_connection: Database, superuser: Connection, place: str
    ) -> None:
        superuser.execute(f"ALTER {place} SET compliance_bot.class_bits = '{ALL_BITS}'")
        superuser.execute(f"ALTER {place} SET compliance_bot.tenant = '{filled.tenant}'")
        try:
            with psycopg.connect(filled._conninfo) as bare:  # another program with this account has all of it open
                assert bare.execute("SELECT count(*) FROM compliance_bot.document").fetchone() == (8,)
            with one_connection.reading() as transaction:
                assert seen(transaction) == 0
        finally:
            superuser.execute(f"ALTER {place} RESET compliance_bot.class_bits")
            superuser.execute(f"ALTER {place} RESET compliance_bot.tenant")


def test_every_pooled_connection_begins_closed_by_one_statement(
    one_connection: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mechanism taken away: what the session has set is open to the next."""
    from compliance_bot.store import connect

    only_tenant = {"begin_closed": "SELECT set_config('compliance_bot.tenant', %(tenant)s, true)"}
    with one_connection.reading() as transaction:
        transaction.connection.execute(f"SET compliance_bot.class_bits = '{ALL_BITS}'")
    monkeypatch.setattr(connect, "_SQL", {**connect._SQL, **only_tenant})
    with one_connection.reading() as transaction:
        assert seen(transaction) == 8
