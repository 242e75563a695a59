"""A real log before real witnesses: what its tree proves is cosigned, and its own key passes off no other history."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from compliance_bot.audit import merkle, subtrees
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from compliance_bot.audit.integrate import Integrator, Round
from compliance_bot.audit.live import LiveLog
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.note import parse_note, sign_note
from compliance_bot.audit.note_key import SignatureType
from compliance_bot.audit.record import Event
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.findings import Verdict
from compliance_bot.audit.verify.log import verify_log
from compliance_bot.audit.verify.witness_files import open_witness_file
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.records import Principal
from compliance_bot.witness.client import HttpWitness
from compliance_bot.witness.cosigner import Cosigner
from compliance_bot.witness.file import CheckpointFile, FileWitness
from compliance_bot.witness.quorum import Attested, Quorum, attest
from compliance_bot.witness.server import WitnessServer
from tests.witnessed_log import WITNESS, WITNESS_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


@pytest.fixture
def integrator(log: AuditLog, keyring: Keyring, tmp_path: Path) -> Integrator:
    integrator = Integrator(log, keyring, SigningKeyFiles(tmp_path / "keys"))
    integrator.begin()
    return integrator


@pytest.fixture
def file(tmp_path: Path) -> CheckpointFile:
    return CheckpointFile(tmp_path / "checkpoints.jsonl")


@pytest.fixture
def quorum(integrator: Integrator, file: CheckpointFile, tmp_path: Path) -> Iterator[Quorum]:
    log_key = integrator.signer().verifier(SignatureType.ED25519)
    with (
        closing(Cosigner(WITNESS, tmp_path / "state", [log_key])) as cosigner,
        WitnessServer(("127.0.0.1", 0), cosigner) as server,
    ):
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        remote = HttpWitness("remote", f"http://127.0.0.1:{server.server_port}/", WITNESS_KEY, timeout_s=30)
        yield Quorum(witnesses=(remote, FileWitness("file", file)), enough=2, required=frozenset({"remote"}))
        server.shutdown()
        serving.join(30)


def grown(log: AuditLog, integrator: Integrator, count: int) -> Round:
    for number in range(count):
        public, private = {"number": number}, {"principal": {"id": "ana"}}
        log.append(Event(type="answer", outcome="answered", public=public, private=private), Principal(id="ana"))
    done = integrator.round()
    assert done is not None
    return done


def shown(database: Database, quorum: Quorum, note: bytes) -> Attested:
    """Show a checkpoint, with proofs from the tree in the database."""
    size = parse_checkpoint(parse_note(note).text).size
    with database.reading() as transaction:
        stored = StoredTree(transaction)
        return attest(quorum, note, lambda old: subtrees.prove_consistency(old, size, stored))


def test_every_checkpoint_of_a_growing_log_is_cosigned_and_kept(
    log: AuditLog,
    integrator: Integrator,
    database: Database,
    keyring: Keyring,
    quorum: Quorum,
    file: CheckpointFile,
) -> None:
    for count in (3, 300, 1):  # a full tile in between
        done = grown(log, integrator, count)
        shown(database, quorum, done.checkpoint).require_enough()
    log_key = integrator.signer().verifier(SignatureType.ED25519)
    with database.reading() as transaction:
        asked = Asked(keys=(log_key,), witness_files=(open_witness_file(file.path),), jobs=1)
        report = verify_log(LiveLog(transaction, keyring), asked)
    assert report.verdict is Verdict.INTACT
    assert [one.checkpoints for one in report.compared] == [3]
    last = file.last()
    assert last is not None
    assert last.note == done.checkpoint


def test_another_history_under_the_log_s_own_key_is_disputed(
    log: AuditLog, integrator: Integrator, database: Database, quorum: Quorum
) -> None:
    done = grown(log, integrator, 5)
    shown(database, quorum, done.checkpoint).require_enough()
    invented = [merkle.leaf_hash(b"%d" % number) for number in range(done.size)]
    other = Checkpoint(origin=done.origin, size=done.size, root=merkle.root(invented))
    signer = integrator.signer()
    attested = shown(database, quorum, sign_note(format_checkpoint(other), signer))
    assert [one.witness for one in attested.disputes] == ["remote", "file"]


def test_a_log_that_was_put_back_is_disputed(
    log: AuditLog, integrator: Integrator, database: Database, quorum: Quorum
) -> None:
    old = grown(log, integrator, 2)
    shown(database, quorum, grown(log, integrator, 4).checkpoint).require_enough()
    assert len(shown(database, quorum, old.checkpoint).disputes) == 2
