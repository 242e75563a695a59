"""The lock in the database: without a scope nothing is visible, and the application cannot take the lock off."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.store import places
from compliance_bot.store.connect import SEARCH_PATH, Database, StoreUnsuitable
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE, SUPERUSER
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import access_classes, class_of, enter, open_classes
from compliance_bot.store.seen import SeenTokens
from compliance_bot.store.tuning import SearchTuning, keep

from ..shelf import draft, hold, review, revise, scope_of, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.embedded import EmbeddedServer

    Superuser = psycopg.Connection[Any]

TEXT_TABLES = [
    "document", "document_class_history", "document_version", "chunk", "chunk_history", "embedding",
    "history_embedding", "posting", "redaction_review", "redaction_score", "term_stat", "vault_binding",
    "version_revision",
]  # fmt: skip
TENANT_TABLES = [
    "access_class",
    "access_shape",
    "class_count",
    "class_revision",
    "document_place",
    "document_source",
    "model_use",
    "redaction_measure",
    "search_tuning",
    "seen_token",
    "vault_epoch",
    "vault_part",
    "vault_value",
]
LOG_TABLES = [
    f"audit.{name}" for name in ("actor", "checkpoint", "cosignature", "entry", "leaf", "payload", "pending", "tile")
]
# A statement that names one of them meets its locks, not those of its parent.
PARTITIONS = [f"audit.{name}" for name in ("entry_first", "entry_default", "payload_first", "payload_default")]
# Nothing of the documents: tests/integration/store/test_isolation.py looks at these with all others.
RULE_TABLES = [
    "anchor_position",
    "policy_activation",
    "policy_set",
    "principal_grant",
    "stop",
    "vault_correction",
    "vault_erasure",
]


@pytest.fixture(scope="module")
def filled(module_database: Database, keyring: Keyring) -> Database:
    """Return a tenant with two collections, each with a document of two versions, and two tokens that were seen."""
    database, versions = module_database, []
    for collection in ("aml", "hr"):
        SeenTokens(database, keyring).first_use(collection, until=datetime.now(UTC))
        for year in ("five", "six"):
            one = draft(collection, f"the {collection} files are kept {year} years", collection=collection)
            stored = store(database, one)
            hold(database, *stored)
            revise(database, *stored)
            versions += stored
        with database.writing() as transaction:
            places.add_places(transaction, {one.source.encode(): (b"folder",)})
    review(database, *versions)
    with database.writing() as transaction:
        model = serving_model(transaction)
        assert model is not None
        keep(transaction, model, SearchTuning(recall=1.0, at=datetime(2026, 11, 3, tzinfo=UTC)))
    return database


def count(transaction: Transaction, table: str) -> int:
    row = transaction.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def altered(connection: Superuser, change: str, back: str) -> Iterator[None]:
    connection.execute(change)
    try:
        yield
    finally:
        connection.execute(back)


class TestVisibility:
    @pytest.mark.parametrize("table", TEXT_TABLES)
    def test_nothing_is_visible_before_a_scope_is_entered(self, filled: Database, table: str) -> None:
        with filled.reading() as transaction:
            assert count(transaction, table) == 0

    @pytest.mark.parametrize("table", TEXT_TABLES)
    def test_nothing_is_visible_in_an_empty_scope(self, filled: Database, table: str) -> None:
        with filled.reading() as transaction:
            scope_of(transaction, [])
            assert count(transaction, table) == 0

    @pytest.mark.parametrize("table", TEXT_TABLES)
    def test_a_scope_shows_its_own_classes_alone(self, filled: Database, table: str) -> None:
        with filled.reading() as transaction:
            (aml,) = scope_of(transaction, ["aml"]).classes
            rows = transaction.connection.execute(f"SELECT DISTINCT acl_id FROM {table}").fetchall()
            assert rows == [(aml,)]

    @pytest.mark.parametrize("table", [*TEXT_TABLES, *TENANT_TABLES])
    def test_the_scope_is_parsed_once_and_not_for_each_row(self, filled: Database, table: str) -> None:
        with filled.reading() as transaction:
            scope_of(transaction, ["aml"])
            rows = transaction.connection.execute(f"EXPLAIN SELECT max(tenant) FROM {table}").fetchall()
        plan = "\n".join(row for (row,) in rows)
        assert "InitPlan 1).col1" in plan
        assert "col1)::" not in plan

    @pytest.mark.parametrize("table", TEXT_TABLES)
    def test_another_tenant_sees_nothing_with_the_same_classes_open(
        self, filled: Database, new_tenant: Callable[[], Database], table: str
    ) -> None:
        with filled.reading() as transaction:
            classes = [one.id for one in access_classes(transaction)]
        with new_tenant().reading() as transaction:
            open_classes(transaction, classes)
            assert count(transaction, table) == 0

    @pytest.mark.parametrize("table", TENANT_TABLES)
    def test_classes_and_sources_are_those_of_the_tenant(
        self, filled: Database, new_tenant: Callable[[], Database], table: str
    ) -> None:
        with filled.reading() as transaction:
            once = {"access_shape", "class_revision", "model_use", "redaction_measure", "search_tuning", "vault_epoch"}
            known = {"vault_value": 3}  # a name and its two parts
            assert count(transaction, table) == (1 if table in once else known.get(table, 2))
        with new_tenant().reading() as transaction:
            assert count(transaction, table) == 0

    @pytest.mark.parametrize("table", [*TEXT_TABLES, *TENANT_TABLES, *LOG_TABLES])
    def test_a_connection_without_a_tenant_sees_nothing(
        self, filled: Database, server: EmbeddedServer, table: str
    ) -> None:
        with psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH) as connection:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    def test_the_owner_of_the_tables_sees_nothing_either(self, filled: Database, owner: Superuser) -> None:
        for table in (*TEXT_TABLES, *TENANT_TABLES):
            assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    def test_a_scope_ends_with_its_transaction(self, filled: Database) -> None:
        with filled.reading() as transaction:
            scope_of(transaction, ["aml", "hr"])
            assert count(transaction, "chunk") == 2
        for _ in range(3):
            with filled.reading() as transaction:
                assert count(transaction, "chunk") == 0

    def test_pooled_connections_carry_nothing_from_one_person_to_the_next(self, filled: Database) -> None:
        scopes: list[list[str]] = [["aml"], ["hr"], ["aml", "hr"], []]

        def ask(number: int) -> bool:
            allowed = scopes[number % len(scopes)]
            with filled.reading() as transaction:
                before = count(transaction, "chunk")
                scope = scope_of(transaction, allowed)
                seen = {row[0] for row in transaction.connection.execute("SELECT acl_id FROM chunk")}
            return before == 0 and seen == set(scope.classes)

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(ask, range(160)))

    def test_a_scope_of_another_tenant_cannot_be_entered(
        self, filled: Database, new_tenant: Callable[[], Database]
    ) -> None:
        with filled.reading() as transaction:
            scope = scope_of(transaction, ["aml"])
        with new_tenant().reading() as transaction, pytest.raises(RuntimeError, match="another"):
            enter(transaction, scope)


class TestWriting:
    def test_nothing_can_be_written_into_a_class_that_is_not_open(self, filled: Database) -> None:
        insert = "INSERT INTO document (tenant, id, acl_id, title) VALUES (%s, gen_random_uuid(), %s, 'x')"
        with filled.writing() as transaction:
            (hr,) = scope_of(transaction, ["hr"], entered=False).classes
            scope_of(transaction, ["aml"])
            with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.connection.transaction():
                transaction.connection.execute(insert, [transaction.tenant, hr])
            with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.connection.transaction():
                transaction.connection.execute(insert, [transaction.tenant + 1, hr])

    def test_nothing_can_be_written_in_a_reading_transaction(self, filled: Database) -> None:
        with filled.reading() as transaction, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            class_of(transaction, {"collection": "new"})

    def test_one_combination_of_attributes_is_one_class(self, database: Database) -> None:
        with database.writing() as transaction:
            one = class_of(transaction, {"collection": "a", "tags": frozenset({"x", "y"}), "level": 1})
            assert class_of(transaction, {"level": 1, "tags": frozenset({"y", "x"}), "collection": "a"}) == one
            others: list[dict[str, str | int | bool]] = [
                {"collection": "a"},
                {"collection": "a", "level": "1"},
                {"collection": "a", "level": True},
            ]
            assert len({one, *(class_of(transaction, {**attributes}) for attributes in others)}) == 4
        with database.reading() as transaction:
            assert access_classes(transaction)[0].attributes == {
                "collection": "a",
                "tags": frozenset({"x", "y"}),
                "level": 1,
            }


class TestApplicationAccount:
    def test_it_owns_nothing_and_cannot_bypass(self, superuser: Superuser) -> None:
        owned = "SELECT count(*) FROM pg_class WHERE relowner = %s::regrole"
        assert superuser.execute(owned, [APP_ROLE]).fetchone() == (0,)
        for role in (APP_ROLE, OWNER_ROLE):
            rights = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s"
            assert superuser.execute(rights, [role]).fetchone() == (False, False, False, False)

    @pytest.mark.parametrize(
        "attempt",
        [
            "SET ROLE compliance_bot_owner",
            "SET ROLE postgres",
            "SET session_replication_role = replica",
            "ALTER TABLE chunk NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE chunk DISABLE ROW LEVEL SECURITY",
            "DROP POLICY readable ON chunk",
            "CREATE POLICY everybody ON chunk USING (true)",
            "TRUNCATE chunk",
            "DROP TABLE chunk",
            "CREATE TABLE compliance_bot.mine (text text)",
            "UPDATE access_class SET attributes = '{}'",
            "DELETE FROM access_class",
            "UPDATE audit.entry SET envelope = 'x'",
            "DELETE FROM audit.entry",
            "TRUNCATE audit.entry CASCADE",
            "UPDATE audit.payload SET ciphertext = 'x'",
            "DELETE FROM audit.payload",
            "UPDATE audit.actor SET reference = gen_random_uuid()",
            "DELETE FROM audit.actor",
            "ALTER TABLE audit.entry DISABLE TRIGGER append_only",
            "UPDATE audit.leaf SET leaf_index = leaf_index + 1",
            "DELETE FROM audit.leaf",
            "UPDATE audit.tile SET root = hashes",
            "DELETE FROM audit.tile",
            "UPDATE audit.checkpoint SET note = 'x'",
            "DELETE FROM audit.checkpoint",
            "DELETE FROM audit.cosignature",
            "UPDATE audit.pending SET seal = NULL",
        ],
    )
    def test_it_cannot_take_a_lock_off(self, server: EmbeddedServer, attempt: str) -> None:
        with (
            psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(attempt)

    def test_row_security_off_is_an_error_not_a_view_of_everything(self, server: EmbeddedServer) -> None:
        with psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH) as connection:
            connection.execute("SET row_security = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute("SELECT count(*) FROM chunk")


class TestSelfTest:
    def test_a_whole_lock_is_accepted(self, filled: Database) -> None:
        filled.require_suitable()

    @pytest.mark.parametrize("table", [*TEXT_TABLES, *TENANT_TABLES, *LOG_TABLES, *PARTITIONS])
    @pytest.mark.parametrize(
        ("change", "back"),
        [
            ("DISABLE ROW LEVEL SECURITY", "ENABLE ROW LEVEL SECURITY"),
            ("NO FORCE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY"),
        ],
    )
    def test_a_table_without_the_lock_is_refused_by_name(
        self, filled: Database, owner: Superuser, table: str, change: str, back: str
    ) -> None:
        with (
            altered(owner, f"ALTER TABLE {table} {change}", f"ALTER TABLE {table} {back}"),
            pytest.raises(StoreUnsuitable, match=f"row-level security is not in force on: {table}$"),
        ):
            filled.require_suitable()

    def test_a_policy_that_lets_everybody_in_is_refused(self, filled: Database, owner: Superuser) -> None:
        with (
            altered(owner, "CREATE POLICY everybody ON chunk USING (true)", "DROP POLICY everybody ON chunk"),
            pytest.raises(StoreUnsuitable, match=r"not in force on: chunk$"),
        ):
            filled.require_suitable()

    def test_a_policy_that_was_hollowed_out_is_refused(self, filled: Database, owner: Superuser) -> None:
        row = owner.execute("SELECT qual FROM pg_policies WHERE tablename = 'chunk'").fetchone()
        assert row is not None
        with (
            altered(
                owner, "ALTER POLICY readable ON chunk USING (true)", f"ALTER POLICY readable ON chunk USING ({row[0]})"
            ),
            pytest.raises(StoreUnsuitable, match=r"not in force on: chunk$"),
        ):
            filled.require_suitable()

    @pytest.mark.parametrize("role", [SUPERUSER, OWNER_ROLE])
    def test_an_account_that_can_bypass_the_lock_is_refused(self, server: EmbeddedServer, role: str) -> None:
        database = Database(server.conninfo(role))
        try:
            with pytest.raises(StoreUnsuitable, match="can bypass row-level security"):
                database.require_suitable()
        finally:
            database.close()

    def test_an_application_account_with_bypassrls_is_refused(self, filled: Database, superuser: Superuser) -> None:
        with (
            altered(superuser, f"ALTER ROLE {APP_ROLE} BYPASSRLS", f"ALTER ROLE {APP_ROLE} NOBYPASSRLS"),
            pytest.raises(StoreUnsuitable, match="can bypass row-level security"),
        ):
            filled.require_suitable()


def test_every_table_is_one_of_these(superuser: Superuser) -> None:
    # A new table belongs into the lists above: is its text locked, or its tenant?
    query = """SELECT c.oid::regclass::text
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attname = 'tenant'
      WHERE relnamespace IN ('compliance_bot'::regnamespace, 'audit'::regnamespace) AND relkind IN ('r', 'p')
            AND NOT relispartition"""
    assert sorted(name for (name,) in superuser.execute(query)) == sorted(
        itertools.chain(TEXT_TABLES, TENANT_TABLES, RULE_TABLES, LOG_TABLES)
    )
