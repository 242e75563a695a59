"""The tree over the log: every record gets into it once, nothing else does, and nothing follows what was changed."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit import merkle, subtrees
from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.note import open_note, parse_note
from compliance_bot.audit.note_key import NoteError, parse_verifier_key
from compliance_bot.audit.record import Event, new_record_id
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.audit.tip import CheckpointBeyondTree, LogInconsistent, read_tip, verifier
from compliance_bot.keys.signing import SigningKeyFiles, SigningKeyMissing
from compliance_bot.records import Principal, RecordId
from compliance_bot.store import tree
from compliance_bot.store.connect import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.audit.integrate import Round
    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database

    Superuser = psycopg.Connection[Any]

ANA = Principal(id="ana")
NOBODYS_SEAL = bytes(32)


@pytest.fixture
def files(tmp_path: Path) -> SigningKeyFiles:
    return SigningKeyFiles(tmp_path / "keys")


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


@pytest.fixture
def integrator(log: AuditLog, keyring: Keyring, files: SigningKeyFiles) -> Integrator:
    return Integrator(log, keyring, files)


def event(number: int = 0) -> Event:
    return Event(type="answer", outcome="answered", public={"number": number}, private={"principal": {"id": "ana"}})


def fill(log: AuditLog, count: int) -> None:
    for number in range(count):
        log.append(event(number), ANA)


def went(integrator: Integrator, **given: Any) -> Round:
    done = integrator.round(**given)
    assert done is not None, "nobody else leads"
    return done


def leaves(database: Database) -> list[bytes]:
    """Return the leaf hashes of the tree in order, from the records themselves."""
    query = """SELECT e.envelope FROM audit.leaf l JOIN audit.entry e USING (entry_id)
               WHERE l.tenant = %s ORDER BY leaf_index"""
    with database.reading() as transaction:
        rows = transaction.connection.execute(query, [database.tenant]).fetchall()
    return [merkle.leaf_hash(envelope) for (envelope,) in rows]


def signed(database: Database) -> dict[int, bytes]:
    with database.reading() as transaction:
        query = "SELECT size, note FROM audit.checkpoint WHERE tenant = %s"
        return dict(transaction.connection.execute(query, [database.tenant]).fetchall())


def backlog(database: Database) -> int:
    with database.reading() as transaction:
        return tree.backlog(transaction).records


def own_records(log: AuditLog, kind: str) -> list[dict[str, Any]]:
    return [dict(one.envelope["public"]) for one in log.each() if one.envelope["type"] == kind]


class TestTree:
    def test_a_log_without_a_record_begins_with_one_that_says_so(self, integrator: Integrator, log: AuditLog) -> None:
        integrator.begin()
        (began,) = own_records(log, "log.began")
        assert began["carried_over"] == 0
        assert began["altered"] == []
        assert parse_verifier_key(began["key"]).name == began["origin"]

    def test_what_was_written_before_is_carried_over_and_said_to_be_so(
        self, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        fill(log, 7)
        superuser.execute("UPDATE audit.pending SET seal = NULL WHERE tenant = %s", [database.tenant])
        integrator.begin()
        (began,) = own_records(log, "log.began")
        assert began["carried_over"] == 7
        assert len(leaves(database)) == 8
        assert backlog(database) == 0

    def test_of_what_was_carried_over_it_says_which_was_altered(
        self, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        fill(log, 2)
        bad = log.append(event(), ANA)
        superuser.execute("UPDATE audit.pending SET seal = NULL WHERE tenant = %s", [database.tenant])
        with superuser.transaction():
            superuser.execute("ALTER TABLE audit.payload DISABLE TRIGGER append_only")
            superuser.execute("UPDATE audit.payload SET ciphertext = 'x' WHERE entry_id = %s", [bad])
            superuser.execute("ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only")
        integrator.begin()
        began = next(one for one in _public(database, log) if "carried_over" in one)
        assert (began["carried_over"], began["altered"]) == (3, [bad])

    @pytest.mark.parametrize("batches", [[1], [255], [256], [257], [100, 155, 1, 300], [700, 1, 1]])
    def test_root_and_proofs_are_those_of_the_leaves(
        self, batches: list[int], integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        for count in batches:
            _append_many(log, count)
            went(integrator)
        hashes = leaves(database)
        assert len(hashes) == sum(batches) + 1
        for size, note in signed(database).items():
            assert parse_checkpoint(parse_note(note).text).root == merkle.root(hashes[:size])
        with database.reading() as transaction:
            reader = StoredTree(transaction)
            for index in {0, 1, len(hashes) // 2, len(hashes) - 1}:
                proof = subtrees.prove_inclusion(index, len(hashes), reader)
                merkle.check_inclusion(hashes[index], index, len(hashes), proof, merkle.root(hashes))
            for old in {1, len(hashes) // 3 or 1, len(hashes) - 1}:
                proof = subtrees.prove_consistency(old, len(hashes), reader)
                merkle.check_consistency(old, len(hashes), proof, merkle.root(hashes[:old]), merkle.root(hashes))

    def test_tiles_that_are_full_are_stored_once_with_their_root(
        self, integrator: Integrator, log: AuditLog, database: Database
    ) -> None:
        integrator.begin()
        _append_many(log, 600)
        for _ in range(7):
            went(integrator, limit=100)
        hashes = leaves(database)
        with database.reading() as transaction:
            query = "SELECT hashes, root FROM audit.tile WHERE tenant = %s ORDER BY level, tile_index"
            tiles = transaction.connection.execute(query, [database.tenant]).fetchall()
        cut = [hashes[:256], hashes[256:512]]
        assert tiles == [(b"".join(part), merkle.root(part)) for part in cut]

    def test_a_round_takes_no_more_than_it_may_and_the_next_goes_on(
        self, integrator: Integrator, log: AuditLog, database: Database
    ) -> None:
        integrator.begin()
        fill(log, 5)
        assert [went(integrator, limit=2).added for _ in range(4)] == [2, 2, 1, 0]
        assert backlog(database) == 0

    def test_records_stand_in_the_order_in_which_they_came_not_in_that_of_their_ids(
        self, integrator: Integrator, log: AuditLog, database: Database
    ) -> None:
        integrator.begin()
        early = RecordId("01900000-0000-7000-8000-000000000001")  # of 2024
        first = log.append(event(), ANA)
        log.append(event(), ANA, id=early)  # its question was open for longer
        went(integrator)
        with database.reading() as transaction:
            places = [tree.leaf_of(transaction, one) for one in (first, early)]
        assert [place.index for place in places if place] == [1, 2]

    def test_without_news_nothing_is_signed(self, integrator: Integrator, log: AuditLog, database: Database) -> None:
        integrator.begin()
        before = signed(database)
        assert went(integrator).added == 0
        assert signed(database) == before


class TestSigning:
    def test_a_checkpoint_opens_with_the_key_that_the_log_began_with(
        self, integrator: Integrator, log: AuditLog, database: Database
    ) -> None:
        integrator.begin()
        fill(log, 3)
        done = went(integrator)
        (began,) = own_records(log, "log.began")
        assert parse_checkpoint(open_note(done.checkpoint, [parse_verifier_key(began["key"])]).text).size == 4

    def test_each_tenant_has_an_origin_of_its_own(
        self, new_tenant: Callable[[], Database], keyring: Keyring, files: SigningKeyFiles
    ) -> None:
        origins = {went(Integrator(AuditLog(new_tenant(), keyring), keyring, files)).origin for _ in range(3)}
        assert len(origins) == 3

    def test_a_new_key_takes_over_with_a_checkpoint_that_both_sign(
        self, integrator: Integrator, log: AuditLog, database: Database, files: SigningKeyFiles
    ) -> None:
        integrator.begin()
        (began,) = own_records(log, "log.began")
        old = parse_verifier_key(began["key"])
        new = verifier(old.name, files.add().newest)
        fill(log, 2)
        handover = went(integrator).checkpoint
        assert {one.key for one in open_note(handover, [old, new]).verified} == {old, new}
        (change,) = own_records(log, "log.key")
        assert [parse_verifier_key(change[name]) for name in ("replaces", "key")] == [old, new]
        fill(log, 1)
        later = went(integrator).checkpoint
        open_note(later, [new])
        with pytest.raises(NoteError):
            open_note(later, [old])
        with database.reading() as transaction:
            assert [one.note for one in tree.handovers(transaction, 99)] == [handover]

    def test_without_its_key_a_signed_log_does_not_go_on(
        self, integrator: Integrator, log: AuditLog, keyring: Keyring, tmp_path: Path
    ) -> None:
        integrator.begin()
        other = Integrator(log, keyring, SigningKeyFiles(tmp_path / "elsewhere"))
        with pytest.raises(SigningKeyMissing):
            other.begin()
        assert not (tmp_path / "elsewhere").exists(), "no other key may take its place unsaid"
        fill(log, 1)
        SigningKeyFiles(tmp_path / "elsewhere").add()
        with pytest.raises(LogInconsistent):
            other.round()


class TestRefusal:
    def test_a_record_without_the_seal_of_the_home_gets_into_no_tree(
        self, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        fill(log, 1)
        forged = _insert(superuser, database.tenant, NOBODYS_SEAL)
        fill(log, 1)
        assert [went(integrator).added for _ in range(2)] == [2, 0]
        with database.reading() as transaction:
            assert tree.leaf_of(transaction, forged) is None
            assert tree.backlog(transaction).oldest == forged or tree.backlog(transaction).records == 1

    def test_nor_does_one_that_is_passed_off_as_older_than_the_tree(
        self, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        forged = _insert(superuser, database.tenant, None)
        fill(log, 1)
        assert went(integrator).added == 1
        integrator.begin()
        assert len(own_records_of(database, "log.began")) == 1
        with database.reading() as transaction:
            assert tree.leaf_of(transaction, forged) is None

    def test_a_record_that_is_in_the_tree_and_is_put_back_to_wait_stops_nothing(
        self, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        record = log.append(event(), ANA)
        query = "SELECT tenant, seal FROM audit.pending WHERE entry_id = %s"
        row = superuser.execute(query, [record]).fetchone() or (0, b"")
        went(integrator)
        superuser.execute("INSERT INTO audit.pending (entry_id, tenant, seal) VALUES (%s, %s, %s)", [record, *row])
        fill(log, 1)
        assert went(integrator).added == 1
        assert len(leaves(database)) == 3

    def test_records_that_came_with_an_export_let_the_tree_begin_anew(
        self, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        fill(log, 2)
        old = went(integrator)
        fill(log, 3)
        superuser.execute("UPDATE audit.pending SET seal = NULL WHERE tenant = %s", [database.tenant])
        new = went(integrator)
        assert new.origin != old.origin
        began = own_records(log, "log.began")[-1]
        root = parse_checkpoint(parse_note(old.checkpoint).text).root.hex()
        assert (began["carried_over"], began["continues"]) == (6, {"origin": old.origin, "size": 3, "root": root})

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE audit.entry SET leaf_hash = sha256('x') WHERE tenant = %(tenant)s",
            "DELETE FROM audit.leaf WHERE tenant = %(tenant)s AND leaf_index = 2",
            "UPDATE audit.leaf SET leaf_index = 1000 + leaf_index WHERE tenant = %(tenant)s",
            "UPDATE audit.checkpoint SET size = size - 1 WHERE tenant = %(tenant)s AND size = 4",
            """UPDATE audit.checkpoint SET size = 3,
               note = replace(convert_from(note, 'UTF8'), E'\\n4\\n', E'\\n3\\n')::bytea
               WHERE tenant = %(tenant)s AND size = 4""",
        ],
    )
    def test_nothing_is_signed_on_top_of_what_was_changed(
        self, change: str, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        fill(log, 3)
        went(integrator)
        with superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")
            for table in ("entry", "leaf", "checkpoint"):
                superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only")
            superuser.execute(change, {"tenant": database.tenant})
            for table in ("entry", "leaf", "checkpoint"):
                superuser.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")
        fill(log, 1)
        before = signed(database)
        with pytest.raises(LogInconsistent):
            integrator.round()
        assert signed(database) == before
        assert backlog(database) == 1

    @pytest.mark.parametrize(
        "note", ["note", "replace(convert_from(note, 'UTF8'), E'\\n4\\n', E'\\n9\\n')::bytea", "'x'"]
    )
    def test_a_checkpoint_of_more_records_than_there_are_is_named_and_nothing_begins_anew_beside_it(
        self, note: str, integrator: Integrator, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        integrator.begin()
        fill(log, 3)
        went(integrator)
        superuser.execute(
            f"INSERT INTO audit.checkpoint (tenant, size, note) SELECT tenant, 9, {note} FROM audit.checkpoint "
            "WHERE tenant = %s AND size = 4",
            [database.tenant],
        )
        before = signed(database)
        for what in (integrator.round, integrator.begin_anew):
            with pytest.raises(CheckpointBeyondTree, match=f"tenant {database.tenant} and size 9"):
                what()
        assert signed(database) == before


class TestOneAtATime:
    def test_while_one_leads_another_finds_nothing_to_do(
        self, integrator: Integrator, log: AuditLog, database: Database
    ) -> None:
        integrator.begin()
        fill(log, 3)
        with database.writing() as transaction:
            assert tree.lead(transaction)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(integrator.round).result() is None
        assert went(integrator).added == 3

    def test_many_at_once_lose_nothing_and_double_nothing(
        self, log: AuditLog, database: Database, keyring: Keyring, files: SigningKeyFiles
    ) -> None:
        Integrator(log, keyring, files).begin()
        done = threading.Event()

        def integrate() -> None:
            own = Integrator(log, keyring, files)
            while not done.is_set():
                own.round(limit=7)

        with ThreadPoolExecutor(6) as pool:
            leaders = [pool.submit(integrate) for _ in range(3)]
            for writer in [pool.submit(fill, log, 60) for _ in range(3)]:
                writer.result()
            done.set()
            for leader in leaders:
                leader.result()
        while went(Integrator(log, keyring, files), wait=True).added:
            pass
        hashes = leaves(database)
        assert len(hashes) == len(set(hashes)) == 181
        for size, note in signed(database).items():
            assert parse_checkpoint(parse_note(note).text).root == merkle.root(hashes[:size])
        with database.reading() as transaction:
            assert read_tip(transaction, files.load()) is not None

    def test_what_fails_half_way_did_nothing(
        self, integrator: Integrator, log: AuditLog, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        integrator.begin()
        fill(log, 300)
        monkeypatch.setattr(tree, "add_checkpoint", _broken)
        with pytest.raises(StoreUnavailable):
            integrator.round()
        assert (backlog(database), len(leaves(database))) == (300, 1)
        monkeypatch.undo()
        assert went(integrator).added == 300


class TestLost:
    def test_a_record_that_was_taken_out_before_the_tree_had_it_is_noticed(
        self, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        fill(log, 2)
        gone = log.append(event(), ANA)
        with superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")
            superuser.execute("DELETE FROM audit.pending WHERE entry_id = %s", [gone])
        assert log.lost() == log.lost() == (gone,)
        log.forget([gone])
        assert log.lost() == ()
        assert log.has_news

    def test_one_that_still_seems_to_wait_is_noticed_too(
        self, log: AuditLog, database: Database, superuser: Superuser
    ) -> None:
        gone = log.append(event(), ANA)
        with superuser.transaction():
            for table in ("payload", "entry"):
                superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only")
                superuser.execute(f"DELETE FROM audit.{table} WHERE entry_id = %s", [gone])
                superuser.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")
        assert log.lost() == (gone,)

    def test_what_stands_in_the_tree_is_no_news(self, log: AuditLog, integrator: Integrator) -> None:
        integrator.begin()
        fill(log, 2)
        went(integrator)
        assert log.lost() == ()
        assert not log.has_news


def _broken(*_: Any, **__: Any) -> None:
    raise psycopg.OperationalError("the server went away")


def _append_many(log: AuditLog, count: int) -> None:
    """Append records by several writers, which is quicker."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.append(event(number), ANA), range(count)))


def _insert(superuser: Superuser, tenant: int, seal: bytes | None) -> Any:
    """Let somebody who has the database, and not the home, put a record there."""
    forged = new_record_id()
    envelope = b'{"forged":true}'
    superuser.execute(
        "INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope) VALUES (%s, %s, %s, %s)",
        [uuid.UUID(forged), tenant, merkle.leaf_hash(envelope), envelope],
    )
    superuser.execute(
        "INSERT INTO audit.pending (entry_id, tenant, seal) VALUES (%s, %s, %s)", [uuid.UUID(forged), tenant, seal]
    )
    return forged


def _public(database: Database, log: AuditLog) -> list[dict[str, Any]]:
    return own_records_of(database, "log.began")


def own_records_of(database: Database, kind: str) -> list[dict[str, Any]]:
    """Return the public halves of records of the log itself, also where others do not open."""
    query = """SELECT convert_from(envelope, 'UTF8')::jsonb FROM audit.entry
               WHERE tenant = %s AND convert_from(envelope, 'UTF8')::jsonb ->> 'type' = %s"""
    with database.reading() as transaction:
        rows = transaction.connection.execute(query, [database.tenant, kind]).fetchall()
    return [envelope["public"] for (envelope,) in rows]
