"""The proof of one record: right at every place, made in three queries, and never handed out where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.inclusion import Inclusion, prove_record
from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.merkle import check_inclusion
from compliance_bot.audit.note import open_note
from compliance_bot.audit.tip import LogInconsistent, verifier
from compliance_bot.keys.signing import SigningKeyFiles, SigningKeyMissing

from .test_integrate import ANA, _append_many, event, leaves, went

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Database

    Superuser = psycopg.Connection[Any]


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


def proof(database: Database, record: RecordId, files: SigningKeyFiles) -> Inclusion | None:
    with database.reading() as transaction:
        return prove_record(transaction, record, files.load())


def records(log: AuditLog) -> list[RecordId]:
    return [one.id for one in log.each()]


@pytest.mark.parametrize("count", [1, 2, 255, 256, 600])
def test_every_record_of_a_tree_is_proven(
    count: int, log: AuditLog, integrator: Integrator, database: Database, files: SigningKeyFiles
) -> None:
    _append_many(log, count)
    went(integrator)
    hashes, keys = leaves(database), files.load()
    places = set()
    with database.reading() as transaction:
        for record in records(log):
            one = prove_record(transaction, record, keys)
            assert one is not None
            assert one.leaf_hash == hashes[one.index]
            origin = parse_checkpoint(one.checkpoint.partition(b"\n\n")[0].decode() + "\n").origin
            signed = parse_checkpoint(open_note(one.checkpoint, [verifier(origin, keys.newest)]).text)
            check_inclusion(one.leaf_hash, one.index, signed.size, one.hashes, signed.root)
            places.add(one.index)
    assert places == set(range(count + 1))


def test_one_that_waits_has_no_proof_nor_has_that_of_another_tenant(
    log: AuditLog,
    integrator: Integrator,
    database: Database,
    files: SigningKeyFiles,
    new_tenant: Callable[[], Database],
    keyring: Keyring,
) -> None:
    record = log.append(event(), ANA)
    assert proof(database, record, files) is None
    went(integrator)
    assert proof(database, record, files) is not None
    other = new_tenant()
    Integrator(AuditLog(other, keyring), keyring, files).begin()
    assert proof(other, record, files) is None


def test_without_the_key_there_is_none(
    log: AuditLog, integrator: Integrator, database: Database, tmp_path: Path
) -> None:
    record = log.append(event(), ANA)
    went(integrator)
    with pytest.raises(SigningKeyMissing):
        proof(database, record, SigningKeyFiles(tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit.entry SET leaf_hash = sha256('x') WHERE entry_id = %(record)s",
        "UPDATE audit.entry SET leaf_hash = sha256('x') WHERE tenant = %(tenant)s AND entry_id <> %(record)s",
        "DELETE FROM audit.leaf WHERE tenant = %(tenant)s AND leaf_index = 600",
        "UPDATE audit.leaf SET leaf_index = leaf_index + 1000 WHERE entry_id = %(record)s",
        "UPDATE audit.tile SET hashes = overlay(hashes PLACING sha256('x') FROM 65) WHERE tenant = %(tenant)s",
        "UPDATE audit.tile SET root = sha256('x') WHERE tenant = %(tenant)s AND tile_index = 0",
        "DELETE FROM audit.tile WHERE tenant = %(tenant)s AND tile_index = 0",
    ],
)
def test_a_proof_that_leads_to_another_root_than_the_one_signed_is_not_handed_out(
    change: str,
    log: AuditLog,
    integrator: Integrator,
    database: Database,
    files: SigningKeyFiles,
    superuser: Superuser,
) -> None:
    _append_many(log, 600)
    went(integrator)
    query = "SELECT entry_id::text FROM audit.leaf WHERE tenant = %s AND leaf_index = 300"
    ((record,),) = superuser.execute(query, [database.tenant]).fetchall()
    assert proof(database, record, files) is not None
    with superuser.transaction():
        for table in ("entry", "leaf", "tile"):
            superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only")
        superuser.execute(change, {"tenant": database.tenant, "record": record})
        for table in ("entry", "leaf", "tile"):
            superuser.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")
    with pytest.raises(LogInconsistent):
        proof(database, record, files)


def test_it_takes_three_queries_whatever_the_levels_of_the_tree(
    log: AuditLog, integrator: Integrator, database: Database, files: SigningKeyFiles, tmp_path: Path
) -> None:
    _append_many(log, 600)
    went(integrator)
    record, keys, trace = records(log)[0], files.load(), tmp_path / "trace"
    with database.reading() as transaction, trace.open("w") as file:
        transaction.connection.pgconn.trace(file.fileno())
        assert prove_record(transaction, record, keys) is not None
        transaction.connection.pgconn.untrace()
    assert trace.read_text().count("ReadyForQuery") == 3
