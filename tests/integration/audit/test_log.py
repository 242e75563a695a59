"""The audit log: a record is there once `append` has returned, once, and in its lane; otherwise nothing is."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import Event, RecordAltered, new_record_id, seal
from compliance_bot.records import Principal, RecordId
from compliance_bot.store import log as rows
from compliance_bot.store.connect import Database, StoreUnavailable

from ..shelf import draft, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.audit.record import Opened
    from compliance_bot.keys import Keyring
    from compliance_bot.store.log import SealedRecord

ANA, BOB = Principal(id="ana.lopez@bank.example"), Principal(id="bob")
AT = datetime(2026, 3, 3, 12, tzinfo=UTC)


def event(number: int = 0) -> Event:
    return Event(
        type="answer", outcome="answered", public={"number": number}, private={"principal": {"id": "x"}, "q": "secret?"}
    )


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


def envelopes(records: tuple[Opened, ...]) -> list[dict[str, Any]]:
    return [dict(record.envelope) for record in records]


def stored(database: Database) -> list[SealedRecord]:
    with database.reading() as transaction:
        return list(rows.newest(transaction, 1000, own=True))


class LostReply:
    """Breaks the connection of the next writing transactions: after their commit, or instead of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, committed: bool, times: int = 1) -> None:
        self.left = times
        leave = psycopg.Transaction.__exit__

        def fail(block: psycopg.Transaction, *error: Any) -> bool | None:
            if error[0] is not None or block.connection.read_only is not False or not self.left:
                return leave(block, *error)
            self.left -= 1
            if committed:
                leave(block, None, None, None)
            block.connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(psycopg.Transaction, "__exit__", fail)


class TestAppend:
    def test_a_record_is_readable_when_append_has_returned(self, log: AuditLog) -> None:
        id_ = log.append(event(7), ANA, at=AT)
        opened = log.one(id_)
        assert opened is not None
        assert (opened.id, opened.at, opened.envelope["public"]) == (id_, AT, {"number": 7})
        assert opened.private == event().private

    def test_it_waits_for_the_disk(self, log: AuditLog) -> None:
        with log.recording() as recorder:
            setting = recorder.transaction.connection.execute("SHOW synchronous_commit").fetchone()
            recorder.append(event(), ANA)
        assert setting == ("on",)

    def test_the_newest_come_first(self, log: AuditLog) -> None:
        ids = [log.append(event(n), ANA) for n in range(5)]
        newest = log.newest(3)
        assert sorted((record.id for record in newest), reverse=True) == [record.id for record in newest]
        assert {record.id for record in log.newest(99)} == set(ids)

    def test_an_unknown_record_is_none(self, log: AuditLog) -> None:
        assert log.one(new_record_id()) is None
        assert log.one(RecordId("no id")) is None

    def test_another_tenant_does_not_see_it(
        self, log: AuditLog, new_tenant: Callable[[], Database], keyring: Keyring
    ) -> None:
        id_ = log.append(event(), ANA)
        other = AuditLog(new_tenant(), keyring)
        assert other.one(id_) is None
        assert other.newest(10) == ()

    def test_what_is_stored_names_nobody_and_quotes_nothing(self, log: AuditLog, superuser: Any) -> None:
        id_ = log.append(event(), ANA)
        row = superuser.execute(
            "SELECT envelope, wrapped_key, ciphertext, e::text, p::text FROM audit.entry e JOIN audit.payload p "
            "USING (entry_id) WHERE entry_id = %s",
            [id_],
        ).fetchone()
        assert not [part for part in row if b"lopez" in bytes(str(part), "utf-8") or "secret" in str(part)]
        actors = superuser.execute("SELECT mac FROM audit.actor").fetchall()
        assert not [mac for (mac,) in actors if b"lopez" in mac]

    def test_a_principal_has_one_reference_of_its_own(
        self, log: AuditLog, database: Database, keyring: Keyring
    ) -> None:
        for who in (ANA, BOB, ANA):
            log.append(event(), who)
        AuditLog(database, keyring).append(event(), ANA)
        actors = [one["actor"] for one in envelopes(log.newest(10))]
        assert sorted(actors.count(actor) for actor in set(actors)) == [1, 3]
        assert {uuid.UUID(actor).version for actor in actors} == {4}


class TestIdempotence:
    def sealed(self, keyring: Keyring, tenant: int) -> SealedRecord:
        lane = {"writer": "w", "counter": 0, "previous": ""}
        return seal(event(), id=new_record_id(), at=AT, tenant=tenant, actor="a", lane=lane, keyring=keyring)

    def test_the_same_bytes_again_change_nothing(self, database: Database, keyring: Keyring) -> None:
        record = self.sealed(keyring, database.tenant)
        for _ in range(3):
            with database.writing() as transaction:
                rows.append(transaction, record, bytes(32))
        assert stored(database) == [record]

    def test_other_bytes_under_the_same_id_are_a_bug(self, database: Database, keyring: Keyring) -> None:
        one, other = self.sealed(keyring, database.tenant), self.sealed(keyring, database.tenant)
        with database.writing() as transaction:
            rows.append(transaction, one, bytes(32))
        with pytest.raises(RuntimeError, match="another record has this id"), database.writing() as transaction:
            rows.append(transaction, replace(other, id=one.id), bytes(32))
        assert stored(database) == [one]

    def test_a_connection_closed_before_the_commit_is_no_commit(self, log: AuditLog) -> None:
        # psycopg leaves the block of a closed connection without a word.
        def close_meanwhile() -> None:
            with log.recording() as recorder:
                recorder.append(event(), ANA)
                recorder.transaction.connection.close()

        with pytest.raises(StoreUnavailable):
            close_meanwhile()
        assert log.newest(10) == ()

    def test_a_lost_reply_to_commit_makes_no_second_record(
        self, log: AuditLog, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failing = LostReply(monkeypatch, committed=True)
        id_ = log.append(event(), ANA)
        assert failing.left == 0
        assert [record.id for record in log.newest(10)] == [id_]

    def test_a_commit_that_did_not_happen_is_repeated(self, log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
        failing = LostReply(monkeypatch, committed=False)
        id_ = log.append(event(), ANA)
        assert failing.left == 0
        assert [record.id for record in log.newest(10)] == [id_]
        # The reference of the principal was rolled back with the first attempt.
        log.append(event(), ANA)
        assert len({one["actor"] for one in envelopes(log.newest(10))}) == 1

    def test_when_it_fails_twice_the_caller_is_told(self, log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
        failing = LostReply(monkeypatch, committed=False, times=2)
        with pytest.raises(StoreUnavailable):
            log.append(event(), ANA)
        assert failing.left == 0
        assert log.newest(10) == ()


def lanes(records: tuple[Opened, ...]) -> dict[str, list[dict[str, Any]]]:
    """Return the envelopes by writer, in the order of their counters."""
    by_writer: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in envelopes(records):
        by_writer[record["lane"]["writer"]].append(record)
    return {writer: sorted(one, key=lambda e: e["lane"]["counter"]) for writer, one in by_writer.items()}


class TestLanes:
    def require_unbroken(self, database: Database, log: AuditLog) -> dict[str, list[dict[str, Any]]]:
        hashes = {record.id: record.leaf_hash.hex() for record in stored(database)}
        found = lanes(log.newest(1000))
        for records in found.values():
            assert [one["lane"]["counter"] for one in records] == list(range(len(records)))
            assert [one["lane"]["previous"] for one in records] == ["", *(hashes[one["id"]] for one in records[:-1])]
        return found

    def test_a_writer_counts_and_names_the_leaf_before(self, log: AuditLog, database: Database) -> None:
        for n in range(5):
            log.append(event(n), ANA)
        assert [len(records) for records in self.require_unbroken(database, log).values()] == [5]

    def test_threads_write_in_lanes_of_their_own(self, log: AuditLog, database: Database) -> None:
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda n: log.append(event(n), ANA), range(80)))
        found = self.require_unbroken(database, log)
        assert len(set(ids)) == sum(map(len, found.values())) == 80
        assert 1 <= len(found) <= 8

    def test_a_deleted_record_leaves_a_gap(self, log: AuditLog, database: Database) -> None:
        for n in range(3):
            log.append(event(n), ANA)
        (records,) = lanes(log.newest(10)).values()
        assert [one["lane"]["counter"] for one in (records[0], records[2])] == [0, 2]

    def test_after_a_failure_a_new_lane_begins(self, log: AuditLog, database: Database) -> None:
        log.append(event(), ANA)
        with pytest.raises(ZeroDivisionError), log.recording() as recorder:
            _ = recorder.append(event(), ANA), 1 // 0  # type: ignore[func-returns-value]
        log.append(event(), ANA)
        assert [len(records) for records in self.require_unbroken(database, log).values()] == [1, 1]


class TestRecording:
    def test_the_change_and_its_record_are_there_together(self, log: AuditLog, database: Database) -> None:
        with log.recording() as recorder:
            put(recorder.transaction, [draft("a", "text")])
            recorder.append(event(), ANA)
        assert len(stored(database)) == 1
        with database.reading() as transaction:
            assert transaction.connection.execute("SELECT chunks FROM class_count").fetchall() == [(1,)]

    def test_a_change_without_its_record_does_not_happen(self, log: AuditLog, database: Database) -> None:
        with pytest.raises(RuntimeError, match="without its record"), log.recording() as recorder:
            put(recorder.transaction, [draft("a", "text")])
        with database.reading() as transaction:
            assert transaction.connection.execute("SELECT chunks FROM class_count").fetchall() == []

    def test_a_record_of_a_failed_change_does_not_stay(self, log: AuditLog, database: Database) -> None:
        with pytest.raises(ZeroDivisionError), log.recording() as recorder:
            _ = recorder.append(event(), ANA), 1 // 0  # type: ignore[func-returns-value]
        assert stored(database) == []

    def test_a_transaction_has_one_record(self, log: AuditLog) -> None:
        with log.recording() as recorder:
            recorder.append(event(), ANA)
            with pytest.raises(RuntimeError, match="one record"):
                recorder.append(event(), ANA)


class TestWithoutTheDatabase:
    def test_nothing_is_appended_and_the_caller_is_told(self, keyring: Keyring, tmp_path: Any) -> None:
        nowhere = Database(f"host={tmp_path} dbname=x user=y connect_timeout=1")
        nowhere._pool.timeout = 0.5
        try:
            with pytest.raises(StoreUnavailable, match="cannot be reached") as refused:
                AuditLog(nowhere, keyring).append(event(), ANA)
            assert refused.value.exit_code == 3
        finally:
            nowhere.close()


@pytest.fixture
def record(log: AuditLog) -> RecordId:
    return log.append(event(), ANA)


CHANGES = [
    "UPDATE audit.entry SET envelope = envelope || ' '",
    "DELETE FROM audit.payload",
    "DELETE FROM audit.entry",
    "TRUNCATE audit.entry CASCADE",
    "UPDATE audit.payload SET ciphertext = '\\x00'",
]


class TestAppendOnly:
    @pytest.fixture(params=["owner", "superuser", "superuser as a replica"])
    def powerful(self, request: pytest.FixtureRequest, owner: Any, superuser: Any) -> Iterator[Any]:
        if request.param == "owner":
            yield owner
        else:
            if request.param.endswith("replica"):
                superuser.execute("SET session_replication_role = replica")
            yield superuser

    @pytest.mark.parametrize("change", CHANGES)
    def test_no_account_changes_a_record_unnoticed(
        self, log: AuditLog, record: RecordId, powerful: Any, change: str
    ) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            powerful.execute(change)
        assert log.one(record) is not None

    def test_a_record_that_lost_its_payload_is_told_and_not_left_out(
        self, log: AuditLog, record: RecordId, superuser: Any
    ) -> None:
        superuser.execute("ALTER TABLE audit.payload DISABLE TRIGGER append_only")
        try:
            superuser.execute("DELETE FROM audit.payload WHERE entry_id = %s", [record])
        finally:
            superuser.execute("ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only")
        for read in (lambda: log.newest(10), lambda: log.one(record)):
            with pytest.raises(RecordAltered, match=record):
                read()

    def test_the_public_half_is_canonical_json_as_stored(self, database: Database, record: RecordId) -> None:
        (one,) = stored(database)
        envelope = json.loads(one.envelope)
        assert json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == one.envelope
        assert envelope["id"] == record
