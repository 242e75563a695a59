"""Tenants by name: who may have which, what the application account learns of others, and who waits for whom."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import Event
from compliance_bot.keys import create_keys
from compliance_bot.records import Principal
from compliance_bot.store import models, tenants
from compliance_bot.store.connect import SEARCH_PATH, Database, NeedsOwner, StoreRefuses, TenantBusy, TenantRemoved
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE
from compliance_bot.store.models import used_models
from compliance_bot.store.tenants import Claim, ForeignTenant, UnknownTenant, claim, find, register

from ..shelf import draft, put, store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.embedded import EmbeddedServer

    Superuser = psycopg.Connection[Any]

EVENT = Event(type="answer", outcome="answered", public={}, private={})
HOSTILE = ["O'Hara & Söhne", "x'; DROP TABLE tenant; --", '"; --', "%", "_", "$$;", "\\", "' OR '1'='1"]


@pytest.fixture
def other_keys(tmp_path: Path) -> Keyring:
    return create_keys(tmp_path / "keys")


def known(server: EmbeddedServer, name: str, keyring: Keyring) -> Claim:
    claimed = claim(name, keyring)
    register(server.conninfo(OWNER_ROLE), claimed)
    return claimed


class TestClaim:
    def test_the_number_follows_from_keys_and_name(self, keyring: Keyring, other_keys: Keyring) -> None:
        assert claim("a", keyring) == claim("a", keyring)
        numbers = {claim(name, keys).number for name in ("a", "b") for keys in (keyring, other_keys)}
        assert len(numbers) == 4
        assert all(1 < number < 2**31 for number in numbers)

    def test_the_default_tenant_is_the_one_that_there_was(self, keyring: Keyring, other_keys: Keyring) -> None:
        assert claim("default", keyring).number == claim("default", other_keys).number == 1

    def test_the_fingerprint_tells_keys_apart_and_is_none_of_them(self, keyring: Keyring, other_keys: Keyring) -> None:
        assert claim("a", keyring).fingerprint == claim("b", keyring).fingerprint
        assert claim("a", keyring).fingerprint != claim("a", other_keys).fingerprint
        assert claim("a", keyring).fingerprint not in {keyring.derive("wrap"), keyring.derive("tenant/fingerprint")}


class TestNames:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_any_printable_name_is_a_name_and_nothing_else(
        self, server: EmbeddedServer, keyring: Keyring, name: str
    ) -> None:
        claimed = known(server, name, keyring)
        assert find(server.conninfo(APP_ROLE), claimed) == claimed.number

    @pytest.mark.parametrize("name", ["nobody", "Default", "default ", "d%", "%", "' OR '1'='1", ""])
    def test_one_that_is_not_exactly_there_is_refused_with_what_to_do(
        self, server: EmbeddedServer, other_keys: Keyring, name: str
    ) -> None:
        claimed = Claim(name=f"{name}?", number=7, fingerprint=b"f")
        with pytest.raises(UnknownTenant, match="not registered") as refused:
            find(server.conninfo(APP_ROLE), claimed)
        assert "compliance-bot init" in refused.value.hint
        assert refused.value.exit_code == 3

    def test_registering_again_changes_nothing(
        self, server: EmbeddedServer, keyring: Keyring, other_keys: Keyring
    ) -> None:
        mine = known(server, "twice", keyring)
        known(server, "twice", keyring)
        known(server, "twice", other_keys)
        assert find(server.conninfo(APP_ROLE), mine) == mine.number

    def test_a_number_that_is_taken_is_not_given_twice(self, server: EmbeddedServer, keyring: Keyring) -> None:
        first = known(server, "first of its number", keyring)
        second = Claim(name="second of its number", number=first.number, fingerprint=first.fingerprint)
        register(server.conninfo(OWNER_ROLE), second)
        with pytest.raises(UnknownTenant):
            find(server.conninfo(APP_ROLE), second)


class TestKeys:
    def test_another_homes_keys_are_refused(
        self, server: EmbeddedServer, keyring: Keyring, other_keys: Keyring
    ) -> None:
        known(server, "bound", keyring)
        with pytest.raises(ForeignTenant, match="belongs to other keys") as refused:
            find(server.conninfo(APP_ROLE), claim("bound", other_keys))
        assert "copy `keys/`" in refused.value.hint

    def test_the_first_keys_that_come_bind_a_tenant_that_is_not_bound_yet(
        self, server: EmbeddedServer, superuser: Superuser, tmp_path: Path
    ) -> None:
        superuser.execute("INSERT INTO tenant (id, name) VALUES (99001, 'unbound')")
        homes = [claim("unbound", create_keys(tmp_path / str(number))) for number in range(6)]
        barrier = threading.Barrier(len(homes))

        def come(claimed: Claim) -> int | None:
            barrier.wait(30)
            try:
                return find(server.conninfo(APP_ROLE), claimed)
            except ForeignTenant:
                return None

        with ThreadPoolExecutor(len(homes)) as pool:
            found = list(pool.map(come, homes))
        assert sorted(found, key=str) == [99001, *[None] * (len(homes) - 1)]
        assert find(server.conninfo(APP_ROLE), homes[found.index(99001)]) == 99001

    def test_the_application_account_cannot_list_tenants(self, server: EmbeddedServer, keyring: Keyring) -> None:
        claimed = known(server, "hidden from others", keyring)
        with psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH, autocommit=True) as connection:
            for attempt in (
                "SELECT name FROM tenant",
                "SELECT * FROM audit.removed_tenant",
                "UPDATE tenant SET fingerprint = NULL",
                "DELETE FROM tenant",
                "INSERT INTO tenant (id, name) VALUES (2, 'mine')",
                "INSERT INTO audit.removed_tenant SELECT 1, '', now(), 0, '', '{}', ''",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(attempt)
            # Who has other keys learns that there is one of exactly this name, and not its number.
            row = connection.execute("SELECT * FROM open_tenant(%s, 'x')", [claimed.name]).fetchone()
            assert row == ("foreign", None)
            assert connection.execute("SELECT * FROM open_tenant('hidden%', 'x')").fetchone() == ("unknown", None)


class TestModels:
    def test_each_tenant_names_a_model_as_it_likes(self, new_tenant: Callable[[], Database]) -> None:
        one, two = new_tenant(), new_tenant()
        store(one, draft("a", "kept six years"))
        store(two, draft("a", "kept six years"))
        with one.writing() as transaction:
            ((model, use),) = used_models(transaction)
            renamed = models.register(transaction, hash=model.hash, name="/srv/one/model", dim=model.dim, use=use)
        assert (renamed.id, renamed.name) == (model.id, "/srv/one/model")
        with two.reading() as transaction:
            assert [(m.id, m.name) for m, _ in used_models(transaction)] == [(model.id, "test")]


class TestLog:
    """The log of a tenant goes with the tenant, or not at all."""

    MARK = """INSERT INTO audit.removed_tenant (number, name_sha256, records, later, export_sha256)
              VALUES (%s, '', 1, '{}', '')"""

    @pytest.fixture
    def recorded(self, database: Database, keyring: Keyring) -> Database:
        AuditLog(database, keyring).append(EVENT, Principal(id="ana"))
        return database

    @pytest.mark.parametrize("table", ["audit.entry", "audit.payload"])
    def test_the_owner_removes_no_record_without_a_mark(self, recorded: Database, table: str) -> None:
        with pytest.raises(StoreRefuses) as told, recorded.owning() as transaction:
            transaction.connection.execute(f"DELETE FROM {table}")
        assert "append-only" in str(told.value.__cause__)

    def test_a_mark_of_another_transaction_or_another_tenant_opens_nothing(
        self, recorded: Database, new_tenant: Callable[[], Database]
    ) -> None:
        with recorded.owning() as transaction:
            transaction.connection.execute(self.MARK, [recorded.tenant])
        with recorded.owning() as transaction:
            transaction.connection.execute(self.MARK, [new_tenant().tenant])
            with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.connection.transaction():
                transaction.connection.execute("DELETE FROM audit.payload")

    def test_a_mark_opens_the_log_of_its_tenant_for_deletion_alone(
        self, recorded: Database, new_tenant: Callable[[], Database], keyring: Keyring, superuser: Superuser
    ) -> None:
        other = new_tenant()
        AuditLog(other, keyring).append(EVENT, Principal(id="ana"))
        with recorded.owning() as transaction:
            transaction.connection.execute(self.MARK, [recorded.tenant])
            with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.connection.transaction():
                transaction.connection.execute("UPDATE audit.payload SET ciphertext = ''")
            assert transaction.connection.execute("DELETE FROM audit.payload").rowcount == 1
        query = "SELECT tenant FROM audit.payload WHERE tenant = ANY(%s)"
        assert superuser.execute(query, [[recorded.tenant, other.tenant]]).fetchall() == [(other.tenant,)]

    @pytest.mark.parametrize("change", ["DELETE FROM", "UPDATE {} SET records = 0 --", "TRUNCATE"])
    def test_a_mark_stays(self, recorded: Database, superuser: Superuser, change: str) -> None:
        superuser.execute(self.MARK, [recorded.tenant])
        table = "audit.removed_tenant"
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="stays"):
            superuser.execute(change.format(table) if "{}" in change else f"{change} {table}")


class TestWaiting:
    def test_writers_of_two_tenants_do_not_wait_for_each_other(self, new_tenant: Callable[[], Database]) -> None:
        one, two = new_tenant(), new_tenant()
        for database in (one, two):
            store(database, draft("before", "the model is known"))
        with one.writing() as first:
            put(first, [draft("a", "kept six years")])
            with two.writing() as second:
                second.connection.execute("SET LOCAL lock_timeout = '5s'")
                put(second, [draft("a", "kept six years")])

    def test_writers_of_one_tenant_take_turns(self, database: Database) -> None:
        done = threading.Event()

        def write() -> None:
            store(database, draft("b", "kept seven years"))
            done.set()

        with database.writing() as transaction:
            lock_writers(transaction)
            thread = threading.Thread(target=write)
            thread.start()
            assert not done.wait(0.5)
        thread.join(30)
        assert done.is_set()

    def test_a_tenant_that_is_written_to_is_not_removed_below_the_writer(self, database: Database) -> None:
        with database.writing(), pytest.raises(TenantBusy), database.owning(wait_s=1):
            pass

    def test_other_tenants_are_written_to_while_one_is_removed(self, new_tenant: Callable[[], Database]) -> None:
        one, two = new_tenant(), new_tenant()
        with one.owning():
            store(two, draft("a", "kept six years"))
        store(one, draft("a", "kept six years"))

    def test_nothing_is_written_to_a_tenant_that_is_gone(self, database: Database) -> None:
        store(database, draft("a", "kept six years"))
        with database.owning() as transaction:
            assert tenants.forget(transaction) == f"test {database.tenant}"
        with pytest.raises(TenantRemoved, match="not in the database any more"):
            store(database, draft("b", "kept six years"))

    def test_the_owners_transaction_needs_the_owner(self, server: EmbeddedServer) -> None:
        database = Database(server.conninfo(APP_ROLE))
        try:
            with pytest.raises(NeedsOwner) as refused, database.owning():
                pass
            assert "COMPLIANCE_BOT_DATABASE_OWNER_URL" in refused.value.hint
        finally:
            database.close()
