"""Monthly partitions of the log: every record finds a place, every partition is locked, and no month is ever lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import Event
from compliance_bot.records import Principal
from compliance_bot.store.connect import SEARCH_PATH, StoreRefuses, StoreUnsuitable
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER
from compliance_bot.store.months import open_months
from tests.months import month, name, record_id

from .test_migrate import ALL, emptied, only_first, run  # noqa: F401  # a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database
    from compliance_bot.store.embedded import EmbeddedServer

    Connection = psycopg.Connection[Any]

ANA = Principal(id="ana")
EVENT = Event(type="answer", outcome="answered", public={}, private={"principal": {"id": "ana"}})
PARTITIONS = """SELECT i.inhrelid::regclass::text FROM pg_inherits i
  WHERE i.inhparent IN ('audit.entry'::regclass, 'audit.payload'::regclass) ORDER BY 1"""


@pytest.fixture
def alone(emptied: EmbeddedServer) -> Iterator[Connection]:  # noqa: F811
    """Return a superuser's connection to a database of its own, migrated."""
    run(emptied)
    with psycopg.connect(emptied.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
        yield connection


def take_out(connection: Connection, ahead: int, *tables: str) -> None:
    """Let a month not be opened yet."""
    for table in tables:
        connection.execute(f"ALTER TABLE {table} DETACH PARTITION {name(ahead, table)}")
        connection.execute(f"DROP TABLE {name(ahead, table)}")


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


class TestPlaces:
    def test_a_record_stands_in_the_partition_of_the_month_of_its_id(
        self, log: AuditLog, database: Database, superuser: Connection
    ) -> None:
        last = datetime.fromtimestamp(month(2).timestamp() - 0.001, UTC)
        expected = {
            record_id(datetime(2019, 5, 4, tzinfo=UTC)): "first",
            record_id(datetime.now(UTC)): "first",
            record_id(month(1), 1): f"{month(1):%Y_%m}",
            record_id(last): f"{month(1):%Y_%m}",
            record_id(month(2), 1): f"{month(2):%Y_%m}",
            record_id(month(12)): "default",
        }
        for id_ in expected:
            log.append(EVENT, ANA, id=id_)
        for table in ("audit.entry", "audit.payload"):
            query = f"SELECT entry_id::text, tableoid::regclass::text FROM {table} WHERE tenant = %s"
            found = dict(superuser.execute(query, [database.tenant]).fetchall())
            assert found == {id_: f"{table}_{partition}" for id_, partition in expected.items()}
        assert [one.id for one in log.each()] == sorted(expected)
        assert [one.id for one in log.newest(2)] == sorted(expected)[:-3:-1]
        for id_ in expected:
            one = log.one(id_)
            assert one is not None
            assert one.id == id_

    def test_only_the_months_to_come_are_opened_and_each_once(self, database: Database, superuser: Connection) -> None:
        before = superuser.execute(PARTITIONS).fetchall()
        with database.writing() as transaction:
            assert open_months(transaction) == ()
        assert superuser.execute(PARTITIONS).fetchall() == before
        found = {partition for (partition,) in before if partition.startswith("audit.entry")}
        assert found == {"audit.entry_first", "audit.entry_default", name(1), name(2)}

    def test_a_month_that_is_missing_is_opened_with_all_locks(self, alone: Connection) -> None:
        take_out(alone, 1, "audit.entry")
        take_out(alone, 2, "audit.payload")
        assert alone.execute("SELECT * FROM audit.open_months()").fetchall() == []
        for table in ("audit.entry", "audit.payload"):
            names = [partition for (partition,) in alone.execute(PARTITIONS).fetchall() if partition.startswith(table)]
            assert names == sorted([f"{table}_first", f"{table}_default", name(1, table), name(2, table)])
            assert len({shape(alone, partition) for partition in names}) == 1

    def test_a_month_that_the_default_partition_has_records_of_stays_there_and_is_told(self, alone: Connection) -> None:
        take_out(alone, 1, "audit.entry", "audit.payload")
        take_out(alone, 2, "audit.entry", "audit.payload")
        insert = "INSERT INTO audit.entry VALUES (%s, 1, %s, 'x')"
        alone.execute(insert, [record_id(month(1)), bytes(32)])
        for _ in range(2):
            assert alone.execute("SELECT * FROM audit.open_months()").fetchall() == [(name(1),)]
        for id_ in (record_id(month(1), 1), record_id(month(2))):
            alone.execute(insert, [id_, bytes(32)])
        query = "SELECT tableoid::regclass::text FROM audit.entry ORDER BY entry_id"
        assert alone.execute(query).fetchall() == [("audit.entry_default",), ("audit.entry_default",), (name(2),)]

    def test_a_month_with_records_in_the_tree_cannot_be_taken_out(self, alone: Connection) -> None:
        id_ = record_id(month(1))
        alone.execute("INSERT INTO audit.entry VALUES (%s, 1, %s, 'x')", [id_, bytes(32)])
        alone.execute("INSERT INTO audit.leaf (entry_id, tenant, leaf_index) VALUES (%s, 1, 0)", [id_])
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            take_out(alone, 1, "audit.entry")

    @pytest.mark.parametrize("ahead", [0, 1, 12])
    def test_a_leaf_needs_its_record_whatever_the_month(self, superuser: Connection, ahead: int) -> None:
        insert = "INSERT INTO audit.leaf (entry_id, tenant, leaf_index) VALUES (%s, 1, 1000000)"
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            superuser.execute(insert, [record_id(month(ahead), 77)])


def shape(connection: Connection, partition: str) -> tuple[Any, ...]:
    """Return what a partition has of columns, constraints, triggers, locks and policies."""
    query = """SELECT c.relrowsecurity, c.relforcerowsecurity, COALESCE(c.relacl, acldefault('r', c.relowner))::text,
      ARRAY(SELECT ROW(a.attname, a.atttypid, a.attnotnull) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum)::text,
      ARRAY(SELECT ROW(o.contype, pg_get_constraintdef(o.oid)) FROM pg_constraint o
            WHERE o.conrelid = c.oid AND o.contype <> 'n' ORDER BY 1)::text,
      ARRAY(SELECT ROW(t.tgname, t.tgtype, t.tgenabled, t.tgfoid) FROM pg_trigger t
            WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)::text,
      ARRAY(SELECT ROW(p.polname, p.polcmd, p.polroles, pg_get_expr(p.polqual, c.oid)) FROM pg_policy p
            WHERE p.polrelid = c.oid)::text
      FROM pg_class c WHERE c.oid = %s::regclass"""
    row = connection.execute(query, [partition]).fetchone()
    assert row is not None
    return row


class TestLocks:
    @pytest.fixture(params=["owner", "superuser", "superuser as a replica"])
    def powerful(self, request: pytest.FixtureRequest, owner: Connection, superuser: Connection) -> Connection:
        if request.param == "owner":
            return owner
        if request.param.endswith("replica"):
            superuser.execute("SET session_replication_role = replica")
        return superuser

    @pytest.mark.parametrize("change", ["UPDATE {} SET tenant = 0", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    def test_no_account_changes_a_record_by_the_name_of_its_partition(self, powerful: Connection, change: str) -> None:
        names = [partition for (partition,) in powerful.execute(PARTITIONS).fetchall()]
        assert len(names) == 8
        for partition in names:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                powerful.execute(change.format(partition))

    @pytest.mark.parametrize("table", ["entry_first", "payload_default", name(1, "payload")])
    def test_the_application_cannot_even_name_one(self, database: Database, table: str) -> None:
        for statement in ("SELECT count(*) FROM {}", "INSERT INTO {} SELECT", "DELETE FROM {}"):
            with pytest.raises(StoreRefuses), database.writing() as transaction:
                transaction.connection.execute(statement.format(f"audit.{table}"))

    @pytest.mark.parametrize(
        ("change", "back", "told"),
        [
            ("DISABLE TRIGGER append_only", "ENABLE ALWAYS TRIGGER append_only", "triggers.*: append_only on {}$"),
            ("ENABLE TRIGGER append_only", "ENABLE ALWAYS TRIGGER append_only", "triggers.*: append_only on {}$"),
            ("DISABLE ROW LEVEL SECURITY", "ENABLE ROW LEVEL SECURITY", "not in force on: {}$"),
        ],
    )
    @pytest.mark.parametrize("partition", ["audit.entry_default", name(1), name(2, "audit.payload")])
    def test_one_whose_lock_is_off_is_found(
        self, database: Database, owner: Connection, partition: str, change: str, back: str, told: str
    ) -> None:
        owner.execute(f"ALTER TABLE {partition} {change}")
        try:
            with pytest.raises(StoreUnsuitable, match=told.format(partition)):
                database.require_suitable()
        finally:
            owner.execute(f"ALTER TABLE {partition} {back}")
        database.require_suitable()

    def test_a_right_on_one_is_found(self, database: Database, owner: Connection) -> None:
        owner.execute(f"GRANT DELETE ON audit.entry_default TO {APP_ROLE}")
        try:
            with pytest.raises(StoreUnsuitable, match=r"rights.*: audit\.entry_default: DELETE$"):
                database.require_suitable()
        finally:
            owner.execute(f"REVOKE DELETE ON audit.entry_default FROM {APP_ROLE}")


class TestUpgrade:
    """What a log of before has stays where it is."""

    @pytest.mark.parametrize("ahead", [0, 5])
    def test_a_log_becomes_the_first_partition_and_nothing_is_copied(
        self,
        emptied: EmbeddedServer,  # noqa: F811
        tmp_path: Path,
        ahead: int,
    ) -> None:
        with only_first(ALL.index("0024_months"), tmp_path / "old"):
            run(emptied)
        newest = record_id(month(ahead), 5)  # with 5, a clock was ahead
        with psycopg.connect(emptied.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
            connection.execute(f"GRANT SELECT, INSERT ON audit.entry, audit.payload TO {APP_ROLE}")
            for id_ in (record_id(month(-30)), newest):
                connection.execute("INSERT INTO audit.entry VALUES (%s, 1, %s, 'x')", [id_, bytes(32)])
                connection.execute("INSERT INTO audit.payload VALUES (%s, 1, 'k', 'c')", [id_])
                connection.execute("INSERT INTO audit.pending (entry_id, tenant) VALUES (%s, 1)", [id_])
            files = "SELECT pg_relation_filenode('audit.{}'), pg_relation_filenode('audit.{}')"
            before = connection.execute(files.format("entry", "payload")).fetchone()
        assert run(emptied) == ALL[ALL.index("0024_months") :]
        with psycopg.connect(emptied.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
            assert connection.execute(files.format("entry_first", "payload_first")).fetchone() == before
            for table in ("entry", "payload"):
                stands = f"SELECT DISTINCT tableoid::regclass::text, count(*) FROM audit.{table} GROUP BY 1"
                assert connection.execute(stands).fetchall() == [(f"audit.{table}_first", 2)]
                assert shape(connection, f"audit.{table}_first") == shape(connection, f"audit.{table}_default")
            connection.execute("INSERT INTO audit.entry VALUES (%s, 1, %s, 'x')", [record_id(month(2)), bytes(32)])
            stands = "SELECT tableoid::regclass::text FROM audit.entry WHERE entry_id = %s"
            expected = "audit.entry_first" if ahead else name(2)
            assert connection.execute(stands, [record_id(month(2))]).fetchone() == (expected,)
