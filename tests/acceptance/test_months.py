"""A log whose records lie in several months comes back whole, from a backup and from the export of a tenant."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from compliance_bot.audit.note_key import parse_verifier_key
from compliance_bot.audit.record import Event
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.bot import ComplianceBot
from compliance_bot.home import create_home
from compliance_bot.records import Principal
from compliance_bot.settings import load_settings
from compliance_bot.store.connect import SEARCH_PATH
from compliance_bot.store.embedded import OWNER_ROLE, SUPERUSER, EmbeddedServer, destroy
from tests.acceptance.conftest import Cli, made_home
from tests.months import month, name, record_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.records import RecordId

ANA = Principal(id="ana")
EVENT = Event(type="answer", outcome="answered", public={}, private={"principal": {"id": "ana"}})
TABLES = ("audit.entry", "audit.payload")
LONG_S = 20 * 366 * 86_400

# When a record was written, and the partition that it lies in.
_MILLISECOND = timedelta(milliseconds=1)
WRITTEN = {
    record_id(at, number): (at, partition)
    for number, (at, partition) in enumerate(
        [
            (datetime(2019, 5, 4, tzinfo=UTC), "first"),
            (month(-2) - _MILLISECOND, "first"),
            (month(-2), f"{month(-2):%Y_%m}"),
            (month(-1) - _MILLISECOND, f"{month(-2):%Y_%m}"),
            (month(-1), f"{month(-1):%Y_%m}"),
            (month(0), f"{month(0):%Y_%m}"),
            (month(12), "default"),  # its clock was ahead
        ]
    )
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a home that began three months ago, with a record on each side of each border."""
    with made_home(tmp_path_factory.mktemp("months")) as path:
        server = EmbeddedServer.open(path)
        try:
            with psycopg.connect(server.conninfo(OWNER_ROLE), options=SEARCH_PATH) as owner:
                _begin_months_ago(owner)
        finally:
            server.close()
        with ComplianceBot.open(path) as bot:
            for record, (at, _) in WRITTEN.items():
                bot._log.append(EVENT, ANA, id=record, at=at)
        yield path


def _begin_months_ago(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let the first partition of an empty log end with the third month before this, and open those since."""
    ids = [f"'{UUID(int=int(month(ahead).timestamp() * 1000) << 80)}'" for ahead in (-2, -1, 0, 1)]
    for table in TABLES:
        owner.execute(f"ALTER TABLE {table} DETACH PARTITION {table}_first")
        owner.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_first FOR VALUES FROM (MINVALUE) TO ({ids[0]})")
        for ahead, begin, end in zip((-2, -1, 0), ids, ids[1:], strict=False):
            bound = f"FOR VALUES FROM ({begin}) TO ({end})"
            owner.execute("SELECT audit.add_partition(%s, %s, %s)", [table, f"{month(ahead):%Y_%m}", bound])


def places(home: Path, table: str) -> dict[str, str]:
    """Return which partition each record lies in that the tests wrote."""
    server = EmbeddedServer.open(home)
    try:
        with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
            query = f"SELECT entry_id::text, tableoid::regclass::text FROM {table} WHERE entry_id = ANY(%s)"
            return dict(connection.execute(query, [list(WRITTEN)]).fetchall())
    finally:
        server.close()


def require_months(home: Path) -> None:
    """Fail unless each record lies in its month, with both of its halves."""
    for table in TABLES:
        assert places(home, table) == {record: f"{table}_{partition}" for record, (_, partition) in WRITTEN.items()}


def require_whole(home: Path) -> None:
    """Fail unless each record opens and stands in the tree, and the log is as it was signed."""
    with ComplianceBot.open(home) as bot:
        key = parse_verifier_key(bot.audit_log(principal="admin").keys().signing)
        asked = Asked(keys=(key,), longest_act_s=LONG_S, jobs=1)
        report = bot.log_evidence(principal="admin").verify(asked)
        assert report.faults == ()
        assert report.opened == report.records > len(WRITTEN)
        assert {one.id for one in bot._log.each()} >= set(WRITTEN)
        bot._home.database.require_suitable()


def written_now(home: Path) -> tuple[RecordId, str]:
    """Return a record of now, and the partition that it went to."""
    with ComplianceBot.open(home) as bot:
        record = bot._log.append(EVENT, ANA)
    server = EmbeddedServer.open(home)
    try:
        with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
            query = "SELECT tableoid::regclass::text FROM audit.payload WHERE entry_id = %s"
            ((partition,),) = connection.execute(query, [record]).fetchall()
    finally:
        server.close()
    return record, partition


def test_it_is_whole_before_anything_is_done(home: Path) -> None:
    require_months(home)
    require_whole(home)


def test_a_backup_brings_every_month_back_with_its_locks(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, target = tmp_path / "home.backup", tmp_path / "restored"
    assert cli("backup", "create", backup).code == 0
    assert cli("backup", "verify", backup, "--rehearse").code == 0
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(target))
    try:
        result = cli("backup", "restore", backup, "--keys", home / "keys")
        assert result.code == 0, result.err
        require_months(target)
        require_whole(target)
        assert written_now(target)[1] == name(0, "audit.payload")
    finally:
        destroy(target)


def test_a_tenant_that_is_exported_and_deleted_comes_back_with_every_month(
    home: Path, cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "tenant.zip"
    exported = cli("tenant", "export", file, "--json").json
    assert exported["tables"]["audit.entry"] > len(WRITTEN)
    assert cli("tenant", "delete", "--yes-delete", "default", "--export", file).code == 0
    assert places(home, "audit.entry") == places(home, "audit.payload") == {}
    assert cli("tenant", "import", file, "--json").json["tables"] == exported["tables"]
    require_months(home)
    require_whole(home)
    assert written_now(home)[1] == name(0, "audit.payload")


def test_an_export_is_taken_in_where_its_months_were_never_opened(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "tenant.zip", tmp_path / "other"
    assert cli("tenant", "export", file).code == 0
    shutil.copytree(home / "keys", other / "keys", ignore=shutil.ignore_patterns("database.json"))
    shutil.copy(home.with_name("home.anchor.jsonl"), other.with_name("other.anchor.jsonl"))
    create_home(load_settings(home=other))
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(other))
    try:
        result = cli("tenant", "import", file)
        assert result.code == 0, result.err
        require_whole(other)
        assert set(places(other, "audit.payload").values()) == {"audit.payload_first", "audit.payload_default"}
    finally:
        destroy(other)
