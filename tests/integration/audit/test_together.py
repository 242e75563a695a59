"""Records of several threads in one transaction: each is there once, or its thread is told why it is not."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from compliance_bot.audit.group import LeaderInterrupted
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import MAX_ENVELOPE_BYTES, Event, RecordTooLarge, new_record_id
from compliance_bot.audit.together import Shared
from compliance_bot.records import ClassId, DocumentId
from compliance_bot.store import documents, vault
from compliance_bot.store import log as rows
from compliance_bot.store.arrays import UuidArray, register_arrays
from compliance_bot.store.connect import Database, StoreUnavailable
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE
from compliance_bot.store.moves import MovedMeanwhile, move_documents, wait_for_answers
from compliance_bot.store.scope import access_classes, class_bits, class_of

from ..shelf import all_classes, draft, store
from . import test_log
from .test_log import ANA, BOB, envelopes, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.embedded import EmbeddedServer

    Superuser = psycopg.Connection[Any]


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    """Return a log whose next records of these two may be committed together."""
    log = AuditLog(database, keyring)
    for who in (ANA, BOB):
        log.append(event(), who)
    return log


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("this did not come about")


@contextmanager
def held_up(log: AuditLog, server: EmbeddedServer) -> Iterator[Callable[[int], None]]:
    """Hold up what is written, and give a function that waits until so many wait behind one that leads."""
    with psycopg.connect(server.conninfo(OWNER_ROLE)) as owner:
        owner.execute("LOCK TABLE audit.pending IN EXCLUSIVE MODE")
        yield lambda count: until(lambda: len(log._together._group._waiting) == count)


def together(log: AuditLog, server: EmbeddedServer, appends: Sequence[Mapping[str, Any]]) -> list[Future[RecordId]]:
    """Append all of these in one group, behind one that leads, and return what became of each."""
    log._together._group._company = 1  # the one that leads is to wait for nobody
    with ThreadPoolExecutor(len(appends) + 1) as pool:
        with held_up(log, server) as wait:
            pool.submit(log.append, event(), ANA)
            until(lambda: log._together._group._is_led)
            ends = [pool.submit(log.append, **{"event": event(), "principal": ANA, **one}) for one in appends]
            wait(len(appends))
        return ends


def transactions(superuser: Superuser, records: Sequence[RecordId]) -> int:
    query = "SELECT count(DISTINCT xmin::text) FROM audit.entry WHERE entry_id = ANY(%s::uuid[])"
    (count,) = superuser.execute(query, [list(records)]).fetchone() or (0,)
    return int(count)


class TestGroups:
    def test_what_several_threads_append_is_one_transaction(
        self, log: AuditLog, server: EmbeddedServer, superuser: Superuser
    ) -> None:
        ends = together(log, server, [{"principal": who} for who in (ANA, BOB, ANA, BOB, ANA)])
        ids = [one.result() for one in ends]
        assert len(set(ids)) == 5
        assert transactions(superuser, ids) == 1
        assert {one.id for one in log.newest(10)} >= set(ids)

    def test_each_stands_in_a_lane_of_its_own_and_all_wait_for_the_tree(
        self, log: AuditLog, server: EmbeddedServer, database: Database
    ) -> None:
        for _ in range(3):
            together(log, server, [{}] * 5)
        test_log.TestLanes().require_unbroken(database, log)
        with database.reading() as transaction:
            waiting = transaction.connection.execute("SELECT count(*) FROM audit.pending WHERE seal IS NOT NULL")
            assert waiting.fetchone() == (20,)

    def test_each_person_keeps_their_reference(self, log: AuditLog, server: EmbeddedServer) -> None:
        first = {one.envelope["actor"] for one in log.newest(10)}
        together(log, server, [{"principal": who} for who in (ANA, BOB, ANA)])
        assert {one.envelope["actor"] for one in log.newest(10)} == first
        assert len(first) == 2

    def test_one_that_is_there_already_is_a_bug_and_the_others_are_kept(
        self, log: AuditLog, server: EmbeddedServer
    ) -> None:
        there = log.append(event(), ANA)
        taken, *others = together(log, server, [{"id": there}, {}, {}])
        assert "another record has this id" in str(taken.exception())
        assert {one.result() for one in others} <= {record.id for record in log.newest(10)}

    @pytest.mark.parametrize(
        "change", ["DELETE FROM audit.actor", "UPDATE audit.actor SET reference = gen_random_uuid()"]
    )
    def test_nobody_is_named_by_a_reference_that_they_have_not(
        self, change: LiteralString, log: AuditLog, server: EmbeddedServer, superuser: Superuser, database: Database
    ) -> None:
        old = {one.envelope["actor"] for one in log.newest(10)}
        superuser.execute(change + " WHERE tenant = %s", [database.tenant])  # as in a database that was put back
        ids = [one.result() for one in together(log, server, [{"principal": BOB}, {"principal": ANA}])]
        now = {one["actor"] for one in envelopes(log.newest(len(ids) + 1))}
        known = superuser.execute("SELECT reference FROM audit.actor WHERE tenant = %s", [database.tenant])
        assert {uuid.UUID(one) for one in now} == {reference for (reference,) in known}
        assert not now & old


class TestWhatTheyRestOn:
    @pytest.fixture
    def document(self, database: Database) -> DocumentId:
        (one,) = store(database, draft("a", "keep five years"))
        return one.document

    @pytest.fixture
    def at(self, database: Database) -> ClassId:
        with database.reading() as transaction:
            (one,) = access_classes(transaction)
        return one.id

    def test_records_that_rest_on_what_still_is_so_are_kept(
        self, log: AuditLog, server: EmbeddedServer, superuser: Superuser, document: DocumentId, at: ClassId
    ) -> None:
        ends = together(log, server, [{"read": {document: at}, "erasures": 0}, {"read": {document: at}}, {}])
        assert transactions(superuser, [one.result() for one in ends]) == 1

    @pytest.mark.parametrize("changed", ["class", "document", "erasures"])
    def test_one_that_rests_on_what_changed_is_not_and_the_others_are(
        self, changed: str, log: AuditLog, server: EmbeddedServer, document: DocumentId, at: ClassId
    ) -> None:
        wrong: dict[str, Any] = {
            "class": {"read": {document: ClassId(at + 1)}},
            "document": {"read": {DocumentId(str(uuid.uuid4())): at}},
            "erasures": {"read": {document: at}, "erasures": 1},
        }[changed]
        right = {"read": {document: at}, "erasures": 0}
        for appends in ([wrong, right, {}], [right, wrong]):
            before = len(log.newest(100))
            ends = together(log, server, appends)
            for one, end in zip(appends, ends, strict=True):
                if one is wrong:
                    assert isinstance(end.exception(), MovedMeanwhile)
                else:
                    assert log.one(end.result()) is not None
            assert len(log.newest(100)) == before + len(appends)  # the one that led is one of them

    def test_a_class_that_another_one_read_is_not_its_own(
        self, log: AuditLog, server: EmbeddedServer, database: Database, document: DocumentId, at: ClassId
    ) -> None:
        beside, elsewhere = store(
            database, draft("b", "keep six years"), draft("c", "keep seven years", matter="heron")
        )
        with database.reading() as transaction:
            (there,) = [one.id for one in access_classes(transaction) if one.id != at]
        reads = [{document: there}, {elsewhere.document: there}, {beside.document: at}]
        moved, *others = together(log, server, [{"read": read} for read in reads])
        assert isinstance(moved.exception(), MovedMeanwhile)
        assert {one.result() for one in others} <= {one.id for one in log.newest(10)}

    def test_who_is_held_up_by_a_move_sees_it(
        self, log: AuditLog, database: Database, document: DocumentId, at: ClassId
    ) -> None:
        with ThreadPoolExecutor(1) as pool:
            with database.writing() as transaction:
                documents.lock_writers(transaction)
                to = class_of(transaction, {"collection": "aml", "matter": "heron"})
                all_classes(transaction)
                move_documents(transaction, {document: to})
                wait_for_answers(transaction)
                answer = pool.submit(log.append, event(), ANA, read={document: at})
                time.sleep(0.3)
                assert not answer.done(), "it waits for the move"
            assert isinstance(answer.exception(), MovedMeanwhile)
        assert len(log.newest(100)) == 2
        assert log.one(log.append(event(), ANA, read={document: to})) is not None

    @pytest.mark.usefixtures("document")
    def test_an_erasure_is_seen(self, log: AuditLog, database: Database) -> None:
        with database.writing() as transaction:
            erased = vault.erasures(transaction)
            transaction.connection.execute(_ERASED, {"tenant": database.tenant, "id": new_record_id()})
        with pytest.raises(MovedMeanwhile):
            log.append(event(), ANA, erasures=erased)
        assert log.one(log.append(event(), ANA, erasures=erased + 1)) is not None

    def test_what_a_transaction_saw_before_is_not_believed(
        self, log: AuditLog, database: Database, document: DocumentId, at: ClassId
    ) -> None:
        with database._pool.connection() as connection:
            register_arrays(connection)
            connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            connection.set_read_only(False)
            with pytest.raises(psycopg.DatabaseError) as refused, connection.transaction():
                connection.execute(rows._SQL["append_all"], _nothing(database, document, at))
            connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
            with connection.transaction():
                connection.execute(rows._SQL["append_all"], _nothing(database, document, at))
        assert refused.value.sqlstate == "LR001"


class TestFaults:
    @pytest.mark.parametrize("is_committed", [True, False])
    def test_a_lost_reply_leaves_one_record_for_each(
        self,
        is_committed: bool,
        log: AuditLog,
        server: EmbeddedServer,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write, left = Database.write_at_once, [1, 1]  # of the one that leads, and of the others

        def fail(self: Database, statement: Any, values: Any) -> None:
            if not left:
                write(self, statement, values)
                return
            left.pop()
            if is_committed:
                write(self, statement, values)
            else:
                with self._pool.connection() as connection:
                    register_arrays(connection)
                    connection.execute(statement, {"tenant": self.tenant, **values})
                    connection.rollback()
            raise StoreUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(Database, "write_at_once", fail)
            ids = {one.result() for one in together(log, server, [{"principal": who} for who in (ANA, BOB, ANA)])}
        assert left == []
        assert len(ids) == 3
        records = log.newest(100)
        assert (len(records), ids < {one.id for one in records}) == (2 + 1 + 3, True)
        with database.reading() as transaction:
            assert transaction.connection.execute("SELECT count(*) FROM audit.pending").fetchone() == (6,)
        test_log.TestLanes().require_unbroken(database, log)
        log.append(event(), ANA)
        assert len({one["actor"] for one in envelopes(log.newest(100))}) == 2

    def test_what_no_group_can_be_written_with_is_told_and_keeps_no_record_away(
        self, log: AuditLog, owner: Superuser, caplog: pytest.LogCaptureFixture
    ) -> None:
        owner.execute(f"REVOKE EXECUTE ON FUNCTION audit.append_all FROM {APP_ROLE}")
        try:
            with ThreadPoolExecutor(4) as pool:
                ids = list(pool.map(lambda _: log.append(event(), ANA), range(4)))
        finally:
            owner.execute(f"GRANT EXECUTE ON FUNCTION audit.append_all TO {APP_ROLE}")
        assert {one.id for one in log.newest(10)} > set(ids)
        assert [note.message for note in caplog.records if note.levelname == "WARNING"] == ["log.apart"] * 4

    def test_one_that_is_not_as_expected_is_no_cause_for_a_warning(
        self, log: AuditLog, server: EmbeddedServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        wrong, right = together(log, server, [{"erasures": 1}, {}])
        assert isinstance(wrong.exception(), MovedMeanwhile)
        assert log.one(right.result()) is not None
        assert not [note for note in caplog.records if note.levelname == "WARNING"]

    def test_one_that_cannot_be_sealed_is_told_why_and_the_others_are_kept(
        self, log: AuditLog, server: EmbeddedServer, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        large = Event(type="answer", outcome="answered", public={"x": "y" * MAX_ENVELOPE_BYTES}, private={})
        wrong, *others = together(log, server, [{"event": large}, {}, {"principal": BOB}])
        assert isinstance(wrong.exception(), RecordTooLarge)
        assert {one.result() for one in others} <= {record.id for record in log.newest(10)}
        assert not [note for note in caplog.records if note.levelname == "WARNING"]
        test_log.TestLanes().require_unbroken(database, log)

    @pytest.mark.parametrize("is_sealed", [False, True])
    def test_who_waits_for_one_that_is_interrupted_is_on_record_once(
        self, is_sealed: bool, log: AuditLog, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(shared: Shared) -> LeaderInterrupted:
            if is_sealed:  # and nobody knows whether it was written
                shared.ready = shared.seal()
            return LeaderInterrupted()

        with monkeypatch.context() as patch:
            patch.setattr(log._together._group, "add", interrupted)
            record = log.append(event(), ANA)
        assert [one.id for one in log.newest(10)].count(record) == 1
        log.append(event(), ANA)
        test_log.TestLanes().require_unbroken(database, log)

    def test_connections_that_the_server_closed_cost_nothing(self, log: AuditLog, superuser: Superuser) -> None:
        log.append(event(), ANA)
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()",
            [APP_ROLE],
        )
        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(lambda _: log.append(event(), ANA), range(20)))
        assert sorted(one.id for one in log.newest(100))[-20:] == sorted(ids)

    def test_a_commit_waits_for_the_disk_whatever_an_administrator_set(
        self, server: EmbeddedServer, database: Database, keyring: Keyring, superuser: Superuser
    ) -> None:
        named = sql.Identifier(APP_ROLE)
        settings = {
            "synchronous_commit": "off",
            "default_transaction_isolation": "'repeatable read'",
            "default_transaction_read_only": "on",
        }
        for name, value in settings.items():
            superuser.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(named, sql.SQL(name), sql.SQL(value)))  # type: ignore[arg-type]
        superuser.execute(_TELLS)
        opened = Database(server.conninfo(APP_ROLE), tenant=database.tenant)
        try:
            log = AuditLog(opened, keyring)
            log.append(event(), ANA)
            alone = superuser.execute("DELETE FROM public.told RETURNING *").fetchall()
            log.append(event(), ANA)
            at_once = superuser.execute("DELETE FROM public.told RETURNING *").fetchall()
        finally:
            opened.close()
            superuser.execute("DROP TRIGGER tell ON audit.pending; DROP FUNCTION public.tell(); DROP TABLE public.told")
            for name in settings:
                superuser.execute(sql.SQL("ALTER ROLE {} RESET {}").format(named, sql.SQL(name)))  # type: ignore[arg-type]
        assert alone == [("on", "read committed", False)]
        assert at_once == [("on", "read committed", True)]


_ERASED = """INSERT INTO compliance_bot.vault_erasure (tenant, record, at) VALUES (%(tenant)s, %(id)s, now())"""
# What held when a record was stored, and whether its statement was a transaction of its own.
_TELLS = """
CREATE TABLE public.told (durable text, isolation text, is_at_once boolean);
GRANT INSERT ON public.told TO PUBLIC;
CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.told VALUES (current_setting('synchronous_commit'), current_setting('transaction_isolation'),
                                  current_query() LIKE '%append_all%');
  RETURN NEW;
END $$;
CREATE TRIGGER tell BEFORE INSERT ON audit.pending FOR EACH ROW EXECUTE FUNCTION public.tell()
"""


def _nothing(database: Database, document: DocumentId, at: ClassId) -> dict[str, Any]:
    lists = ("ids", "leaf_hashes", "envelopes", "wrapped_keys", "ciphertexts", "seals", "macs", "actors")
    return {
        "tenant": database.tenant,
        "documents": UuidArray([uuid.UUID(document).bytes]),
        "classes": [at],
        "class_bits": class_bits([at]),
        "erasures": None,
        **{name: [] for name in lists},
    }
