"""The database keeps tenants apart, in every table with a tenant that its catalogue has, whatever classes are open."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import Event
from compliance_bot.home import create_home
from compliance_bot.keys import load_keys
from compliance_bot.records import Principal, StopKind
from compliance_bot.settings import load_settings
from compliance_bot.store import archive, granted, places, stops
from compliance_bot.store.archive import TenantTable
from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import APP_ROLE, EmbeddedServer, destroy
from compliance_bot.store.granted import SealedGrant

from ..shelf import draft, hold, review, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring

    Connection = psycopg.Connection[Any]

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
EVENT = Event(type="answer", outcome="answered", public={}, private={})

# One value of each type, for a table that nothing here fills.
SYNTHETIC: dict[str, object] = {
    "int2": 1, "int4": 1, "int8": 1, "text": "x", "bool": False, "uuid": str(uuid.UUID(int=7)),
    "bytea": "\\x" + "00" * 32,
    "timestamptz": "2026-01-01T00:00:00Z", "jsonb": {}, "halfvec": "[1]", "xid8": "1", "float8": 1.0,
    "float4": 1.0,
    "date": "2026-01-01",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two tenants with the same documents, and a row of each of them in every table."""

    mine: Database
    theirs: Database
    tables: tuple[TenantTable, ...]
    my_rows: dict[str, dict[str, Any]]
    their_rows: dict[str, dict[str, Any]]


def fill(database: Database, keyring: Keyring) -> None:
    """Put the same things into a tenant."""
    for year in ("five", "six"):
        one = draft("shared", f"the files are kept {year} years")
        stored = store(database, one)
        hold(database, *stored)
    review(database, *stored)
    with database.writing() as transaction:
        places.add_places(transaction, {one.source.encode(): (b"folder",)})
        when: Any = {"granted_at": NOON, "valid_from": NOON, "valid_to": None}
        grant = SealedGrant(id=uuid.uuid4(), sealed=b"x", emergency=False, **when)
        granted.add_grant(transaction, grant, person=b"x", by=uuid.uuid4())
        stops.add_stop(transaction, StopKind.MODEL, "some model", by=uuid.uuid4(), at=NOON)
    AuditLog(database, keyring).append(EVENT, Principal(id="ana"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, _no_environment: None) -> Iterator[Path]:
    """Return a home of these tests alone: they put rows into it that belong to nothing, and it cannot be restored."""
    path = tmp_path_factory.mktemp("isolation") / "home"
    try:
        create_home(load_settings(home=path))
        yield path
    finally:
        destroy(path)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer.open(home)
    yield server
    server.close()


@pytest.fixture(scope="module")
def keyring(home: Path) -> Keyring:
    return load_keys(home / "keys")


@pytest.fixture
def pair(new_tenant: Callable[[], Database], keyring: Keyring, superuser: Connection) -> Pair:
    mine, theirs = new_tenant(), new_tenant()
    for database in (mine, theirs):
        fill(database, keyring)
    with mine.reading() as transaction:
        tables = archive.tables(transaction)
    rows = [{t.name: a_row(superuser, t, tenant=d.tenant) for t in tables} for d in (mine, theirs)]
    return Pair(mine=mine, theirs=theirs, tables=tables, my_rows=rows[0], their_rows=rows[1])


def a_row(superuser: Connection, table: TenantTable, *, tenant: int) -> dict[str, Any]:
    """Return a row of the tenant; where it has none, make one of whatever fits the types."""
    name = sql.Identifier(table.schema, table.relation)
    query = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE tenant = %s LIMIT 1").format(name)
    if (found := superuser.execute(query, [tenant]).fetchone()) is None:
        made = _synthetic(superuser, table, tenant)
        with superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
            superuser.execute(_insertion(table), [Jsonb(made)])
        found = superuser.execute(query, [tenant]).fetchone()
    assert found is not None, f"let `fill` put something into {table.name}"
    row: dict[str, Any] = found[0]
    return row


def _synthetic(superuser: Connection, table: TenantTable, tenant: int) -> dict[str, Any]:
    query = """SELECT a.attname, t.typname, t.typcategory FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
               WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"""
    columns = superuser.execute(query, [table.name]).fetchall()
    values = {name: [] if category == "A" else SYNTHETIC.get(kind) for name, kind, category in columns}
    return {**values, "tenant": tenant}


def _insertion(table: TenantTable) -> sql.Composed:
    insert = "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::{0}, %s)"
    return sql.SQL(insert).format(sql.Identifier(table.schema, table.relation))


@contextmanager
def application(server: EmbeddedServer, tenant: int | None) -> Iterator[Connection]:
    """Open a connection of the application account in a tenant, or in none, with every class of everybody open."""
    with psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH, autocommit=True) as connection:
        if tenant is not None:
            connection.execute("SELECT set_config('compliance_bot.tenant', %s, false)", [str(tenant)])
        everything = "\\x" + "ff" * 10_000  # more classes than all tests make
        connection.execute("SELECT set_config('compliance_bot.class_bits', %s, false)", [everything])
        yield connection


def trespasses(connection: Connection, table: TenantTable, row: dict[str, Any], *, mine: int | None) -> set[str]:
    """Return what this connection can do to the tenant of the row: nothing, if it is locked out."""
    name, theirs = sql.Identifier(table.schema, table.relation), row["tenant"]
    attempts: dict[str, tuple[str, list[Any]]] = {
        "read": ("SELECT FROM {} WHERE tenant = %s", [theirs]),
        "update": ("UPDATE {} SET tenant = tenant WHERE tenant = %s", [theirs]),
        "delete": ("DELETE FROM {} WHERE tenant = %s", [theirs]),
        "move mine to them": ("UPDATE {} SET tenant = %s WHERE tenant = %s", [theirs, mine]),
    }
    done = {
        what for what, (query, values) in attempts.items() if _rows(connection, sql.SQL(query).format(name), values)
    }
    return done | ({"insert"} if _rows(connection, _insertion(table), [Jsonb(row)]) else set())


def _rows(connection: Connection, query: sql.Composed, values: list[Any]) -> int:
    """Return how many rows a statement reached, and undo it. One that got as far as a constraint reached one."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(query, values).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0  # no right to the table, or row-level security
    except psycopg.IntegrityError:
        return 1


def test_every_table_with_a_tenant_is_closed_to_every_other_tenant(pair: Pair, server: EmbeddedServer) -> None:
    assert len(pair.tables) >= 17
    with application(server, pair.mine.tenant) as connection:
        for table in pair.tables:
            row = pair.their_rows[table.name]
            assert trespasses(connection, table, row, mine=pair.mine.tenant) == set(), table.name


def test_what_is_ones_own_is_there_all_the_same(pair: Pair, server: EmbeddedServer) -> None:
    # Otherwise the test above would pass on an empty database, too.
    with application(server, pair.mine.tenant) as connection:
        for table in pair.tables:
            query = sql.SQL("SELECT FROM {}").format(sql.Identifier(table.schema, table.relation))
            assert _rows(connection, query, []) > 0, table.name


def test_without_a_tenant_nothing_can_be_seen_or_done(pair: Pair, server: EmbeddedServer) -> None:
    with application(server, None) as connection:
        for table in pair.tables:
            for row in (pair.my_rows[table.name], pair.their_rows[table.name]):
                assert trespasses(connection, table, row, mine=None) == set(), table.name


def test_a_table_whose_lock_is_off_is_found_by_this(pair: Pair, server: EmbeddedServer, owner: Connection) -> None:
    for table in pair.tables:
        name = sql.Identifier(table.schema, table.relation)
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(name))
        try:
            with application(server, pair.mine.tenant) as connection:
                found = trespasses(connection, table, pair.their_rows[table.name], mine=pair.mine.tenant)
        finally:
            owner.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(name))
        read_only = table.name == "compliance_bot.document_class_history"  # triggers write it
        assert ({"read"} if read_only else {"read", "insert"}) <= found, table.name


def test_the_ids_that_tenants_draw_from_one_sequence_tell_nobody_how_many_there_are(server: EmbeddedServer) -> None:
    with application(server, 1) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT last_value FROM access_class_id_seq")


def test_the_planners_statistics_of_locked_tables_are_closed(
    pair: Pair, server: EmbeddedServer, owner: Connection
) -> None:
    owner.execute("ANALYZE document_version")
    with application(server, pair.mine.tenant) as connection:
        query = "SELECT FROM pg_stats WHERE tablename = 'document_version'"
        assert _rows(connection, sql.SQL(query).format(), []) == 0


def test_a_tenant_sees_its_own_models_and_no_path_of_another(
    pair: Pair, new_tenant: Callable[[], Database], server: EmbeddedServer
) -> None:
    with application(server, pair.mine.tenant) as connection:
        assert _rows(connection, sql.SQL("SELECT FROM embedding_model").format(), []) == 1
    with application(server, new_tenant().tenant) as connection:
        assert _rows(connection, sql.SQL("SELECT FROM embedding_model").format(), []) == 0
