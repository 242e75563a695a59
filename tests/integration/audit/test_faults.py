"""A log whose database, keys or clock fail it: what was promised stays promised, and nothing is half done."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from compliance_bot.audit import record as records
from compliance_bot.audit.integrate import BATCH, Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.audit.pulse import Pulse
from compliance_bot.audit.record import MAX_ENVELOPE_BYTES, Event, RecordTooLarge, new_record_id
from compliance_bot.chains.case import closing
from compliance_bot.errors import Unavailable
from compliance_bot.keys.signing import SigningKeyFiles, SigningKeyUnreadable
from compliance_bot.records import Principal
from compliance_bot.store import tree
from compliance_bot.store.connect import Database, StoreRefuses, StoreUnavailable
from compliance_bot.store.embedded import APP_ROLE, DATABASE, SUPERUSER
from compliance_bot.store.log import Actor, RecordNotKept, actor_reference
from tests.whole_log import require_whole

from .test_integrate import NOBODYS_SEAL, backlog, event, fill, leaves, own_records, signed, went
from .test_log import LostReply, lanes
from .test_pulse import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.embedded import EmbeddedServer

    Superuser = psycopg.Connection[Any]

ANA = Principal(id="ana")
LARGE = Event(
    type="answer", outcome="answered", public={"many": ["x" * 100] * 700}, private={"principal": {"id": "ana"}}
)


@pytest.fixture
def files(tmp_path: Path) -> SigningKeyFiles:
    return SigningKeyFiles(tmp_path / "keys")


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


@pytest.fixture
def integrator(log: AuditLog, keyring: Keyring, files: SigningKeyFiles) -> Integrator:
    made = Integrator(log, keyring, files)
    made.begin()
    return made


class TestLost:
    """Records that were committed here and are gone are told of, whatever comes between."""

    def test_they_are_told_of_as_soon_as_the_database_takes_it(
        self, log: AuditLog, integrator: Integrator, superuser: Superuser
    ) -> None:
        gone = log.append(event(), ANA)
        superuser.execute("DELETE FROM audit.pending WHERE entry_id = %s", [gone])
        pulse = Pulse(log, integrator)
        superuser.execute(f"REVOKE INSERT ON audit.entry FROM {APP_ROLE}")
        try:
            with pytest.raises(StoreRefuses):
                pulse.catch_up()
        finally:
            superuser.execute(f"GRANT INSERT ON audit.entry TO {APP_ROLE}")
        pulse.catch_up()
        pulse.catch_up()
        assert own_records(log, "log.lost") == [{"records": [gone]}]

    def test_they_may_be_more_than_one_record_has_room_for(
        self, log: AuditLog, integrator: Integrator, database: Database, superuser: Superuser
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            gone = set(pool.map(lambda number: log.append(event(number), ANA), range(2500)))
        superuser.execute("DELETE FROM audit.pending WHERE tenant = %s", [database.tenant])
        Pulse(log, integrator).catch_up()
        told = [record for one in own_records(log, "log.lost") for record in one["records"]]
        assert (len(told), set(told)) == (2500, gone)

    def test_one_whose_commit_had_to_be_repeated_is_waited_for_as_well(
        self, log: AuditLog, integrator: Integrator, superuser: Superuser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Pulse(log, integrator).catch_up()
        LostReply(monkeypatch, committed=True)
        gone = log.append(event(), ANA)
        assert log.has_news
        superuser.execute("DELETE FROM audit.pending WHERE entry_id = %s", [gone])
        assert log.lost() == (gone,)


class TestForged:
    def test_what_waits_behind_very_many_of_them_is_taken_in_at_once(
        self, log: AuditLog, integrator: Integrator, database: Database, superuser: Superuser
    ) -> None:
        """Whoever has the database can fill a round with what no tree takes; a checkpoint is of all that waits."""
        fill(log, 2)
        _forge(superuser, database.tenant, BATCH - 1)
        last = log.append(event(), ANA)
        Pulse(log, integrator).catch_up()
        with database.reading() as transaction:
            assert tree.leaf_of(transaction, last) is not None
        assert backlog(database) == BATCH - 1


def _forge(superuser: Superuser, tenant: int, count: int) -> None:
    """Let records wait that nobody with the home's keys appended."""
    ids = [uuid.UUID(new_record_id()) for _ in range(count)]
    envelopes = [b'{"forged":%d}' % number for number in range(count)]
    superuser.execute(
        """WITH forged AS (
             INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope)
             SELECT id, %s, hash, envelope
             FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS given (id, hash, envelope)
             RETURNING entry_id, tenant
           )
           INSERT INTO audit.pending (entry_id, tenant, seal) SELECT entry_id, tenant, %s FROM forged""",
        [tenant, ids, [leaf_hash(envelope) for envelope in envelopes], envelopes, NOBODYS_SEAL],
    )


class TestLanes:
    def test_there_may_be_more_of_them_than_a_heartbeat_has_room_for(
        self, log: AuditLog, integrator: Integrator
    ) -> None:
        committed = log.commit(event(), ANA)
        for lane in [log._lanes.take() for _ in range(1000)]:  # as after a thousand at once
            lane.move_on(committed.leaf_hash)
            log._lanes.give_back(lane)
        pulse = Pulse(log, integrator, round_s=0.02, heartbeat_s=0.1)
        pulse.start()
        until(lambda: own_records(log, "log.heartbeat"))
        pulse.stop()
        assert {len(beat["lanes"]) for beat in own_records(log, "log.heartbeat")} == {300}

    @pytest.mark.parametrize("change", ["another key", "begun anew"])
    def test_what_the_log_writes_itself_overtakes_nothing_in_a_lane(
        self,
        change: str,
        log: AuditLog,
        integrator: Integrator,
        database: Database,
        files: SigningKeyFiles,
        server: EmbeddedServer,
    ) -> None:
        """It gets into the tree before what waits, and a lane stands there in its order."""
        fill(log, 3)
        if change == "another key":
            files.add()
            went(integrator, limit=1)
        else:
            integrator.begin_anew()
        while went(integrator).added:
            pass
        require_whole(server.conninfo(SUPERUSER), database.tenant, files.load())

    def test_a_database_that_is_away_uses_none_up(self, log: AuditLog, server: EmbeddedServer) -> None:
        log.append(event(), ANA)
        before = log.heads()
        away = AuditLog(Database("host=/nowhere dbname=none connect_timeout=1"), log._keyring)
        away._database._pool.timeout = 0.5
        away._lanes._free = list(log._lanes._free)
        with pytest.raises(StoreUnavailable):
            away.append(event(), ANA)
        away._database.close()
        assert away.heads() == before


class TestTooLarge:
    """A record that would not fit: what it was of is not shown, and that is on record."""

    def test_an_envelope_that_does_not_fit_is_told_by_its_size(self, log: AuditLog) -> None:
        with pytest.raises(RecordTooLarge, match=f"{MAX_ENVELOPE_BYTES} bytes.*7[0-9]{{4}}"):
            log.append(LARGE, ANA)
        assert log.newest(10) == ()

    def test_a_case_that_ends_with_one_is_on_record_without_what_was_too_much(self, log: AuditLog) -> None:
        def answer() -> None:
            with closing(log, "answer", lambda: ANA) as case:
                case.outcome = "answered"
                case.public |= LARGE.public
                case.private["answer"] = "Nine."

        with pytest.raises(RecordTooLarge):
            answer()
        (record,) = log.newest(10)
        assert (record.envelope["type"], record.envelope["outcome"]) == ("answer", "failed")
        assert record.envelope["public"].keys() == {"error", "timings_us"}
        assert record.envelope["public"]["error"] == "RecordTooLarge"
        assert record.private == {"principal": records.describe(ANA)}

    def test_so_is_one_that_failed_otherwise_before(self, log: AuditLog) -> None:
        def answer() -> None:
            with closing(log, "answer", lambda: ANA) as case:
                case.public |= LARGE.public
                raise StoreUnavailable

        with pytest.raises(StoreUnavailable):
            answer()
        (record,) = log.newest(10)
        assert record.envelope["public"] == {"error": "StoreUnavailable", "timings_us": {}}


BREAKS = {
    "a trigger refuses entries": (
        """CREATE FUNCTION audit.refuse_all() RETURNS trigger LANGUAGE plpgsql
           AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
           CREATE TRIGGER refuse BEFORE INSERT ON audit.entry FOR EACH ROW EXECUTE FUNCTION audit.refuse_all()""",
        "DROP TRIGGER refuse ON audit.entry; DROP FUNCTION audit.refuse_all()",
    ),
    "a trigger refuses what is to wait": (
        """CREATE FUNCTION audit.refuse_all() RETURNS trigger LANGUAGE plpgsql
           AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
           CREATE TRIGGER refuse BEFORE INSERT ON audit.pending FOR EACH ROW EXECUTE FUNCTION audit.refuse_all()""",
        "DROP TRIGGER refuse ON audit.pending; DROP FUNCTION audit.refuse_all()",
    ),
    "a trigger swallows what is to wait": (
        """CREATE FUNCTION audit.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
           CREATE TRIGGER swallow BEFORE INSERT ON audit.pending FOR EACH ROW EXECUTE FUNCTION audit.swallow()""",
        "DROP TRIGGER swallow ON audit.pending; DROP FUNCTION audit.swallow()",
    ),
    "no right to let records wait": (
        f"REVOKE INSERT ON audit.pending FROM {APP_ROLE}",
        f"GRANT INSERT ON audit.pending TO {APP_ROLE}",
    ),
    "no right to add payloads": (
        f"REVOKE INSERT ON audit.payload FROM {APP_ROLE}",
        f"GRANT INSERT ON audit.payload TO {APP_ROLE}",
    ),
}


@pytest.fixture(params=BREAKS)
def broken(request: pytest.FixtureRequest, superuser: Superuser) -> Iterator[str]:
    """Break something in the database; each of these is as an administrator might have done it."""
    breaks, mends = BREAKS[request.param]
    superuser.execute(breaks)
    yield request.param
    superuser.execute(mends)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("is_known", [False, True], ids=["first of its person", "one of many"])
def test_without_its_record_nothing_is_done_and_the_caller_is_told(
    is_known: bool, log: AuditLog, database: Database
) -> None:
    if is_known:
        with database.writing() as transaction:
            mac = log._keyring.mac(f"actor/{database.tenant}", ANA.id.encode())
            reference = actor_reference(transaction, mac)
        log._together.remember(ANA, Actor(mac=mac, reference=reference))
    with pytest.raises(Unavailable) as told:
        log.append(event(), ANA)
    assert isinstance(told.value, StoreRefuses | RecordNotKept)
    assert (log.newest(10), backlog(database), log.has_news) == ((), 0, False)


UNFIT = {
    "leaf": f"REVOKE INSERT ON audit.leaf FROM {APP_ROLE}",
    "checkpoint": f"REVOKE INSERT ON audit.checkpoint FROM {APP_ROLE}",
    "pending": f"REVOKE DELETE ON audit.pending FROM {APP_ROLE}",
    "tile": f"REVOKE SELECT ON audit.tile FROM {APP_ROLE}",
}


@pytest.mark.parametrize("table", UNFIT)
def test_without_a_right_that_the_tree_needs_records_wait_and_none_is_lost(
    table: str, log: AuditLog, integrator: Integrator, database: Database, superuser: Superuser
) -> None:
    fill(log, 300)
    went(integrator)
    before = signed(database)
    superuser.execute(UNFIT[table])
    try:
        fill(log, 3)
        pulse = Pulse(log, integrator, round_s=0.02)
        pulse.start()
        time.sleep(0.3)
        pulse.stop()
        with pytest.raises(StoreRefuses, match="42501"):
            integrator.round()
        assert (backlog(database), signed(database)) == (3, before)
    finally:
        superuser.execute(UNFIT[table].replace("REVOKE", "GRANT").replace(" FROM ", " TO "))
    went(integrator)
    assert (backlog(database), len(leaves(database))) == (0, 304)
    assert log.lost() == ()


class TestDurability:
    @pytest.mark.parametrize("whose", ["ROLE {app}", "DATABASE {database}", "ROLE {app} IN DATABASE {database}"])
    def test_a_commit_waits_for_the_disk_whatever_an_administrator_set(
        self, whose: str, server: EmbeddedServer, database: Database, keyring: Keyring, superuser: Superuser
    ) -> None:
        named = sql.SQL(whose).format(app=sql.Identifier(APP_ROLE), database=sql.Identifier(DATABASE))  # type: ignore[arg-type]
        superuser.execute(sql.SQL("ALTER {} SET synchronous_commit = off").format(named))
        opened = Database(server.conninfo(APP_ROLE), tenant=database.tenant, owner=database._owner)
        try:
            with opened.reading() as transaction:
                assert _setting(transaction.connection) == "off", "the administrator's word counts where it may"
            log = AuditLog(opened, keyring)
            with log.recording() as recorder:
                recorder.append(event(), ANA)
                assert _setting(recorder.transaction.connection) == "on"
            with log.recording(needs_record=False) as recorder:  # a round of the tree
                assert _setting(recorder.transaction.connection) == "on"
            with opened.owning() as transaction:
                assert _setting(transaction.connection) == "on"
        finally:
            opened.close()
            superuser.execute(sql.SQL("ALTER {} RESET synchronous_commit").format(named))

    def test_nor_does_a_default_of_reading_only_keep_records_out(
        self, server: EmbeddedServer, database: Database, keyring: Keyring, superuser: Superuser
    ) -> None:
        superuser.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
        opened = Database(server.conninfo(APP_ROLE), tenant=database.tenant)
        try:
            log = AuditLog(opened, keyring)
            assert log.one(log.append(event(), ANA)) is not None
        finally:
            opened.close()
            superuser.execute("SET default_transaction_read_only = off")
            superuser.execute(f"ALTER DATABASE {DATABASE} RESET default_transaction_read_only")


class TestClock:
    @pytest.mark.parametrize("year", [1975, 2199])
    def test_one_that_is_wrong_changes_times_and_ids_and_no_order(
        self, year: int, log: AuditLog, integrator: Integrator, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = log.append(event(0), ANA)
        wrong = datetime(year, 1, 1, tzinfo=UTC)
        with monkeypatch.context() as patch:
            patch.setattr(records.time, "time", wrong.timestamp)
            second = log.append(event(1), ANA, at=wrong)
            went(integrator)
        third = log.append(event(2), ANA)
        went(integrator)
        assert (second < first) == (year < 2000)
        assert len(leaves(database)) == 4
        assert log.lost() == ()
        stored = log.newest(99, own=True)
        assert {one.at for one in stored if one.id == second} == {wrong}
        for lane in lanes(stored).values():
            assert [one["lane"]["counter"] for one in lane] == list(range(len(lane)))
        assert {one.id for one in log.each()} >= {first, second, third}


class TestSigningKey:
    @pytest.mark.parametrize("spoil", [lambda key: key.write_bytes(b"short"), lambda key: key.unlink() or key.mkdir()])
    def test_one_that_cannot_be_read_lets_records_wait(
        self,
        spoil: Callable[[Path], object],
        log: AuditLog,
        integrator: Integrator,
        database: Database,
        keyring: Keyring,
        files: SigningKeyFiles,
        tmp_path: Path,
    ) -> None:
        fill(log, 2)
        key = tmp_path / "keys" / "log" / "key-1"
        kept, before = key.read_bytes(), signed(database)
        spoil(key)
        key.chmod(0o700)
        with pytest.raises(SigningKeyUnreadable):
            integrator.round()
        with pytest.raises(SigningKeyUnreadable):
            Integrator(log, keyring, files).begin()
        assert (backlog(database), signed(database)) == (2, before)
        key.rmdir() if key.is_dir() else key.unlink()
        key.write_bytes(kept)
        key.chmod(0o600)
        assert went(integrator).added == 2

    def test_one_that_has_not_taken_over_yet_signs_no_receipt(
        self, log: AuditLog, integrator: Integrator, keyring: Keyring, files: SigningKeyFiles
    ) -> None:
        """Killed between making a key and handing over to it, the log still speaks with the key that is known."""
        known = _public(integrator)
        files.add()
        opened = Integrator(log, keyring, files)
        opened.begin()
        assert _public(opened) == known
        went(opened)
        assert _public(opened) != known


def _public(integrator: Integrator) -> bytes:
    return integrator.signer().private_key.public_key().public_bytes_raw()


def _setting(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SHOW synchronous_commit").fetchone()
    return str(row[0]) if row else ""
