"""How witnesses are asked: by one process at a time, outside of transactions, and again where somebody was away."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.note import open_note
from compliance_bot.audit.note_key import SignatureType
from compliance_bot.audit.record import Event
from compliance_bot.audit.tip import LogInconsistent
from compliance_bot.chains import witnessing
from compliance_bot.chains.witnessing import WitnessesBusy, Witnessing
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.records import Principal
from compliance_bot.store import cosignatures
from compliance_bot.store.connect import StoreUnavailable
from compliance_bot.store.embedded import APP_ROLE
from compliance_bot.store.lead import leading
from compliance_bot.witness.client import HttpWitness
from compliance_bot.witness.cosigner import Cosigner
from compliance_bot.witness.evidence import Filed, Prove, Witness
from compliance_bot.witness.faults import WitnessAhead, WitnessUnavailable
from compliance_bot.witness.file import CheckpointFile, FileWitness
from compliance_bot.witness.quorum import Quorum
from compliance_bot.witness.server import WitnessServer
from tests.witnessed_log import WITNESS, WITNESS_KEY

if TYPE_CHECKING:
    import psycopg

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database
    from compliance_bot.store.embedded import EmbeddedServer

Making = Callable[..., Witnessing]

_EVENT = Event(type="note", outcome="done", public={}, private={"principal": {"id": "ana"}})
_OPEN = """SELECT count(*) FROM pg_stat_activity
           WHERE application_name = 'compliance_bot' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"""
_LEADER = """SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
             WHERE locktype = 'advisory' AND objid = %s AND classid = hashtext('compliance_bot.witness')::oid"""
_LEADS = """
import sys, time
from compliance_bot.store.connect import Database
from compliance_bot.store.lead import leading

with leading(Database(sys.argv[1], tenant=int(sys.argv[2]))) as lead:
    print(bool(lead), flush=True)
    time.sleep(600)
"""


class Meanwhile:
    """A file, and what happens while it is asked."""

    def __init__(self, file: FileWitness, do: Callable[[], object]) -> None:
        self.name, self._file, self._do = file.name, file, do

    def witness(self, note: bytes, prove: Prove) -> Filed:
        self._do()
        return self._file.witness(note, prove)


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


@pytest.fixture
def integrator(log: AuditLog, keyring: Keyring, tmp_path: Path) -> Integrator:
    integrator = Integrator(log, keyring, SigningKeyFiles(tmp_path / "keys"))
    integrator.begin()
    return integrator


@pytest.fixture
def file(tmp_path: Path) -> FileWitness:
    return FileWitness("file", CheckpointFile(tmp_path / "checkpoints.jsonl"))


@pytest.fixture
def by(database: Database, log: AuditLog, integrator: Integrator, tmp_path: Path) -> Making:
    """Return what makes a process that has the log witnessed by somebody."""

    def make(*witnesses: Witness, required: Sequence[str] = ()) -> Witnessing:
        quorum = Quorum(witnesses=witnesses, enough=len(witnesses), required=frozenset(required))
        return Witnessing(database, log, integrator, SigningKeyFiles(tmp_path / "keys"), quorum)

    return make


@contextmanager
def remote(integrator: Integrator, tmp_path: Path) -> Iterator[Callable[[], HttpWitness]]:
    """Run the reference witness, and give what asks it without knowing what it has seen."""
    log_key = integrator.signer().verifier(SignatureType.ED25519)
    with (
        closing(Cosigner(WITNESS, tmp_path / "state", [log_key])) as cosigner,
        WitnessServer(("127.0.0.1", 0), cosigner) as server,
    ):
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield lambda: HttpWitness("remote", f"http://127.0.0.1:{server.server_port}/", WITNESS_KEY, timeout_s=30)
        server.shutdown()
        serving.join(30)


def grow(log: AuditLog, integrator: Integrator, count: int = 1) -> None:
    for _ in range(count):
        log.append(_EVENT, Principal(id="ana"))
    assert integrator.round(wait=True)


def test_no_transaction_is_open_while_witnesses_are_asked(
    by: Making, file: FileWitness, database: Database, superuser: psycopg.Connection[Any]
) -> None:
    """So nobody waits for a witness: neither the tenant's other writers, nor vacuum."""
    seen: list[int] = []

    def look() -> None:
        (count,) = superuser.execute(_OPEN).fetchone() or (None,)
        seen.append(count)
        with database.owning(wait_s=1):
            pass

    shown = by(Meanwhile(file, look)).ask()
    assert shown is not None
    assert shown.attested.is_enough
    assert seen == [0]


def test_a_witness_that_lags_is_proven_the_growth_and_what_it_says_is_kept(
    by: Making, log: AuditLog, integrator: Integrator, database: Database, tmp_path: Path
) -> None:
    with remote(integrator, tmp_path) as witness:
        assert by(witness()).ask() is not None
        grow(log, integrator, 300)  # a full tile in between
        shown = by(witness()).ask(at_least_every_s=0)
    assert shown is not None
    assert shown.attested.is_enough
    assert open_note(shown.note, [WITNESS_KEY]).verified[0].key == WITNESS_KEY
    with database.reading() as snapshot:
        (kept,) = cosignatures.of(snapshot, shown.size)
    assert shown.note.endswith(kept.evidence)


def test_while_one_process_asks_another_one_does_not(
    by: Making, file: FileWitness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing, "_PATIENCE_S", 1)
    others: list[object] = []

    def meanwhile() -> None:
        others.append(by(file).ask(at_least_every_s=0))
        with pytest.raises(WitnessesBusy):
            by(file).ask_now()

    assert by(Meanwhile(file, meanwhile)).ask() is not None
    assert others == [None]
    assert by(file).ask_now() is not None


def test_a_process_that_is_killed_while_it_leads_leads_no_more(
    by: Making, file: FileWitness, database: Database, server: EmbeddedServer
) -> None:
    command = [sys.executable, "-c", _LEADS, server.conninfo(APP_ROLE), str(database.tenant)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        leads, shown = leader.stdout.readline(), by(file).ask()
        leader.send_signal(signal.SIGKILL)
    assert (leads, shown) == ("True\n", None)
    assert by(file).ask_now() is not None


def test_each_tenant_has_a_lead_of_its_own(new_tenant: Callable[[], Database]) -> None:
    one, two = new_tenant(), new_tenant()
    with leading(one) as first, leading(two) as second, leading(one) as third:
        assert (bool(first), bool(second), third) == (True, True, None)
    with leading(one) as again:
        assert again


def test_who_lost_the_lead_concludes_nothing_from_a_dispute(
    by: Making,
    file: FileWitness,
    log: AuditLog,
    integrator: Integrator,
    database: Database,
    superuser: psycopg.Connection[Any],
) -> None:
    """Somebody else may have shown a larger tree since: to this one the witness says, rightly, that it is ahead."""

    def lose() -> None:
        assert superuser.execute(_LEADER, [database.tenant]).fetchall() == [(True,)]
        raise WitnessAhead(seen=9, shown=1)

    with pytest.raises(StoreUnavailable):
        by(Meanwhile(file, lose), required=["file"]).ask()
    assert not [one for one in log.newest(20, own=True) if one.envelope["type"] == "log.disputed"]
    assert integrator.signer()
    assert by(file).ask() is not None, "the lead is free"


def test_who_has_the_lead_halts_the_log_on_a_dispute(by: Making, file: FileWitness, integrator: Integrator) -> None:
    def dispute() -> None:
        raise WitnessAhead(seen=9, shown=1)

    assert by(Meanwhile(file, dispute), required=["file"]).ask() is not None
    with pytest.raises(LogInconsistent):
        integrator.signer()


def test_who_was_away_is_asked_again_now_though_another_one_saw_it(
    by: Making, file: FileWitness, tmp_path: Path
) -> None:
    other = FileWitness("other", CheckpointFile(tmp_path / "other.jsonl"))

    def away() -> None:
        raise WitnessUnavailable

    shown = by(file, Meanwhile(other, away)).ask()
    assert shown is not None
    assert not shown.attested.is_enough
    assert by(file, other).ask(at_least_every_s=0) is None
    now = by(file, other).ask_now()
    assert now is not None
    assert now.attested.is_enough
    assert now.note == shown.note
