"""The self-test at start finds whatever takes row-level security off, or leads around it; and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.store import locks
from compliance_bot.store.connect import StoreUnsuitable
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE

from ..shelf import draft, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.store.connect import Database

    Connection = psycopg.Connection[Any]

TENANT = "tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)"
BITS = "(SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea)"
OPEN = f"CASE WHEN acl_id < 8 * length({BITS}) THEN get_bit({BITS}, acl_id) = 1 ELSE false END"
READABLE = f"{TENANT} AND {OPEN}"
INNER = "CREATE VIEW inner_text AS TABLE document_version"


@contextmanager
def altered(connection: Connection, change: str, back: str) -> Iterator[None]:
    for statement in change.split(";"):
        connection.execute(statement)
    try:
        yield
    finally:
        for statement in back.split(";"):
            connection.execute(statement)


def found(database: Database, message: str) -> None:
    with pytest.raises(StoreUnsuitable, match=message) as refused:
        database.require_suitable()
    assert refused.value.hint


class TestConditions:
    @pytest.mark.parametrize(
        "condition",
        [
            "true",
            f"({READABLE}) OR true",
            f"({READABLE}) OR 1 = 1",
            f"({READABLE}) OR now() > '2000-01-01'",
            f"({READABLE}) OR now() > '2999-01-01'",  # today it lets nobody in
            f"({READABLE}) OR current_user = '{APP_ROLE}'",
            f"({READABLE}) OR acl_id = 4711",
            f"({READABLE}) OR heading = 'public'",
            f"({READABLE}) OR EXISTS (SELECT FROM compliance_bot.class_count)",
            TENANT,
            OPEN,
            READABLE.replace("= 1 ", "= 1 OR acl_id = 4711 "),
            READABLE.replace(") = 1", ") <= 1"),
            READABLE.replace("ELSE false", "ELSE true"),
            READABLE.replace("compliance_bot.class_bits", "compliance_bot.tenant"),
            READABLE.replace("compliance_bot.class_bits", "my.classes"),
            READABLE.replace("acl_id <", "1 <"),
            "tenant IS NOT NULL AND acl_id IS NOT NULL",
            "false",
            "'' = ''",
        ],
    )
    def test_one_that_lets_others_in_or_nobody_is_refused(
        self, database: Database, owner: Connection, condition: str
    ) -> None:
        back = f"ALTER POLICY readable ON chunk USING ({READABLE})"
        with altered(owner, f"ALTER POLICY readable ON chunk USING ({condition})", back):
            found(database, r"row-level security is not in force on: chunk$")
        database.require_suitable()

    @pytest.mark.parametrize("condition", ["true", f"({TENANT}) OR true", "tenant = 1", "tenant IS NOT NULL"])
    @pytest.mark.parametrize("table", ["access_class", "audit.payload", "document_source"])
    def test_one_of_a_table_without_text_is_looked_at_as_well(
        self, database: Database, owner: Connection, table: str, condition: str
    ) -> None:
        back = f"ALTER POLICY tenant ON {table} USING ({TENANT})"
        with altered(owner, f"ALTER POLICY tenant ON {table} USING ({condition})", back):
            found(database, rf"not in force on: {table}$")

    def test_one_that_says_the_same_in_another_order_is_accepted(self, database: Database, owner: Connection) -> None:
        back = f"ALTER POLICY readable ON chunk USING ({READABLE})"
        with altered(owner, f"ALTER POLICY readable ON chunk USING ({OPEN} AND {TENANT})", back):
            database.require_suitable()

    @pytest.mark.parametrize(
        "policy",
        [
            f"FOR SELECT USING ({READABLE})",
            f"TO {APP_ROLE} USING ({READABLE})",
            f"AS RESTRICTIVE USING ({READABLE})",
            f"USING ({READABLE}) WITH CHECK (true)",
            f"USING ({TENANT})",
        ],
    )
    def test_a_policy_of_another_kind_is_refused(self, database: Database, owner: Connection, policy: str) -> None:
        drop = "DROP POLICY readable ON chunk"
        back = f"{drop}; CREATE POLICY readable ON chunk USING ({READABLE})"
        with altered(owner, f"{drop}; CREATE POLICY readable ON chunk {policy}", back):
            found(database, r"not in force on: chunk$")

    @pytest.mark.parametrize("policy", ["USING (true)", "FOR SELECT USING (true)", "AS RESTRICTIVE USING (true)"])
    def test_a_second_policy_is_refused(self, database: Database, owner: Connection, policy: str) -> None:
        with altered(owner, f"CREATE POLICY second ON posting {policy}", "DROP POLICY second ON posting"):
            found(database, r"not in force on: posting$")

    def test_a_table_without_any_policy_is_refused(self, database: Database, owner: Connection) -> None:
        back = f"CREATE POLICY readable ON chunk USING ({READABLE})"
        with altered(owner, "DROP POLICY readable ON chunk", back):
            found(database, r"not in force on: chunk$")

    def test_a_new_table_with_a_tenant_needs_a_lock(self, database: Database, owner: Connection) -> None:
        with altered(owner, "CREATE TABLE copied AS SELECT * FROM chunk", "DROP TABLE copied"):
            found(database, r"not in force on: copied$")

    def test_what_would_be_let_through_is_what_the_self_test_says(self, database: Database, owner: Connection) -> None:
        """The trial itself sees the difference, whatever the words."""
        with database.reading() as transaction:
            assert locks._holds(transaction, READABLE, True)
            assert locks._holds(transaction, TENANT, False)
            assert not locks._holds(transaction, TENANT, True)
            assert not locks._holds(transaction, READABLE, False)
            assert locks._holds(transaction, READABLE.replace(") = 1", ") = 1 AND true"), True)


class TestAccount:
    @pytest.mark.parametrize(
        ("change", "back"),
        [
            (f"GRANT {OWNER_ROLE} TO {APP_ROLE}", f"REVOKE {OWNER_ROLE} FROM {APP_ROLE}"),
            (
                f"GRANT {OWNER_ROLE} TO {APP_ROLE} WITH INHERIT FALSE, SET TRUE",
                f"REVOKE {OWNER_ROLE} FROM {APP_ROLE}",
            ),
            (
                f"CREATE ROLE between; GRANT {OWNER_ROLE} TO between; GRANT between TO {APP_ROLE} WITH INHERIT FALSE",
                f"REVOKE between FROM {APP_ROLE}; DROP ROLE between",
            ),
            (
                f"CREATE ROLE passing BYPASSRLS; GRANT passing TO {APP_ROLE} WITH INHERIT FALSE",
                f"REVOKE passing FROM {APP_ROLE}; DROP ROLE passing",
            ),
            (f"GRANT pg_read_server_files TO {APP_ROLE}", f"REVOKE pg_read_server_files FROM {APP_ROLE}"),
            (f"GRANT pg_execute_server_program TO {APP_ROLE}", f"REVOKE pg_execute_server_program FROM {APP_ROLE}"),
            (f"ALTER ROLE {APP_ROLE} CREATEROLE", f"ALTER ROLE {APP_ROLE} NOCREATEROLE"),
            (f"ALTER ROLE {APP_ROLE} REPLICATION", f"ALTER ROLE {APP_ROLE} NOREPLICATION"),
            (
                f"CREATE TABLE mine (text text); ALTER TABLE mine OWNER TO {APP_ROLE}",
                "DROP TABLE mine",
            ),
            (
                f"CREATE FUNCTION mine() RETURNS int RETURN 1; ALTER FUNCTION mine() OWNER TO {APP_ROLE}",
                "DROP FUNCTION mine()",
            ),
            (
                f"GRANT CREATE ON SCHEMA compliance_bot TO {APP_ROLE}",
                f"REVOKE CREATE ON SCHEMA compliance_bot FROM {APP_ROLE}",
            ),
            ("GRANT CREATE ON SCHEMA audit TO PUBLIC", "REVOKE CREATE ON SCHEMA audit FROM PUBLIC"),
        ],
    )
    def test_one_that_could_take_the_lock_off_is_refused(
        self, database: Database, superuser: Connection, change: str, back: str
    ) -> None:
        with altered(superuser, change, back):
            found(database, "can bypass row-level security")
        database.require_suitable()


class TestWaysAround:
    @pytest.mark.parametrize(
        ("change", "back", "name"),
        [
            (
                f"CREATE VIEW public.all_text AS SELECT text FROM chunk; GRANT SELECT ON public.all_text TO {APP_ROLE}",
                "DROP VIEW public.all_text",
                "all_text",
            ),
            (
                "CREATE VIEW all_text AS SELECT text FROM chunk; GRANT SELECT ON all_text TO PUBLIC",
                "DROP VIEW all_text",
                "all_text",
            ),
            (
                f"CREATE VIEW all_text AS SELECT text, id FROM chunk; GRANT SELECT (text) ON all_text TO {APP_ROLE}",
                "DROP VIEW all_text",
                "all_text",
            ),
            (
                f"{INNER}; CREATE VIEW outer_text AS TABLE inner_text; GRANT SELECT ON outer_text TO {APP_ROLE}",
                "DROP VIEW outer_text; DROP VIEW inner_text",
                "outer_text",
            ),
            (
                f"CREATE MATERIALIZED VIEW kept_text AS TABLE chunk; GRANT SELECT ON kept_text TO {APP_ROLE}",
                "DROP MATERIALIZED VIEW kept_text",
                "kept_text",
            ),
        ],
    )
    def test_a_view_with_its_owners_rights_is_refused(
        self, database: Database, superuser: Connection, change: str, back: str, name: str
    ) -> None:
        with altered(superuser, change, back):
            found(database, rf"views that show locked tables.*: {name}$")

    def test_a_view_that_this_account_cannot_read_or_that_reads_with_its_rights_is_accepted(
        self, database: Database, superuser: Connection
    ) -> None:
        change = "CREATE VIEW theirs AS SELECT text FROM chunk; CREATE VIEW ours WITH (security_invoker = on)"
        change += f" AS SELECT text FROM chunk; GRANT SELECT ON ours TO {APP_ROLE}"
        with altered(superuser, change, "DROP VIEW theirs; DROP VIEW ours"):
            database.require_suitable()

    @pytest.mark.parametrize("schema", ["public", "compliance_bot"])
    def test_a_function_with_the_owners_rights_is_refused(
        self, database: Database, superuser: Connection, schema: str
    ) -> None:
        name = f"{schema}.tell_all()"
        change = f"CREATE FUNCTION {name} RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT text FROM chunk';"
        change += f"ALTER FUNCTION {name} OWNER TO {OWNER_ROLE}"
        with altered(superuser, change, f"DROP FUNCTION {name}"):
            found(database, r"functions that run with.*: tell_all\(\)$")
            superuser.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
            database.require_suitable()

    @pytest.mark.parametrize(
        ("right", "table", "told"),
        [
            ("TRUNCATE", "chunk", "chunk: TRUNCATE"),
            ("TRIGGER", "document", "document: TRIGGER"),
            ("REFERENCES (tenant)", "document", "document: REFERENCES"),
            ("UPDATE (envelope)", "audit.entry", "audit.entry: UPDATE"),
            ("DELETE", "audit.payload", "audit.payload: DELETE"),
        ],
    )
    def test_a_right_that_the_lock_does_not_hold_is_refused(
        self, database: Database, superuser: Connection, right: str, table: str, told: str
    ) -> None:
        change, back = f"GRANT {right} ON {table} TO {APP_ROLE}", f"REVOKE {right} ON {table} FROM {APP_ROLE}"
        with altered(superuser, change, back):
            found(database, rf"rights that row-level security does not hold: {told}$")

    @pytest.mark.parametrize(
        ("table", "trigger", "state"),
        [
            ("access_class", "revise_updated", "DISABLE"),
            ("class_count", "revise_deleted", "ENABLE REPLICA"),
            ("audit.entry", "append_only", "ENABLE"),  # silent under session_replication_role = replica
        ],
    )
    def test_a_trigger_that_is_off_is_refused(
        self, database: Database, owner: Connection, table: str, trigger: str, state: str
    ) -> None:
        back = f"ALTER TABLE {table} ENABLE {'ALWAYS ' if trigger == 'append_only' else ''}TRIGGER {trigger}"
        with altered(owner, f"ALTER TABLE {table} {state} TRIGGER {trigger}", back):
            found(database, rf"triggers that the locks rely on.*: {trigger} on ")


def test_the_self_test_tells_the_same_with_text_in_the_tables_and_leaves_nothing_open(database: Database) -> None:
    store(database, draft("a", "one two three"))
    database.require_suitable()
    with database.reading() as transaction:
        assert transaction.connection.execute("SELECT count(*) FROM chunk").fetchone() == (0,)
