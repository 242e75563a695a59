"""The tree grows by itself while a home is open, and silence is seen."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.pulse import Pulse
from compliance_bot.audit.record import Event
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.records import Principal
from compliance_bot.store import tree
from compliance_bot.store.connect import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Database

ANA = Principal(id="ana")
EVENT = Event(type="answer", outcome="answered", public={}, private={"principal": {"id": "ana"}})
PATIENCE_S = 20


@pytest.fixture
def log(database: Database, keyring: Keyring) -> AuditLog:
    return AuditLog(database, keyring)


@pytest.fixture
def integrator(log: AuditLog, keyring: Keyring, tmp_path: Path) -> Integrator:
    integrator = Integrator(log, keyring, SigningKeyFiles(tmp_path))
    integrator.begin()
    return integrator


def pulse(log: AuditLog, integrator: Integrator, **given: float) -> Pulse:
    made = Pulse(log, integrator, **{"round_s": 0.02, **given})
    made.start()
    return made


def in_tree(database: Database, record: RecordId) -> bool:
    with database.reading() as transaction:
        return tree.leaf_of(transaction, record) is not None


def beats(log: AuditLog) -> list[dict[str, Any]]:
    return [dict(one.envelope["public"]) for one in log.each() if one.envelope["type"] == "log.heartbeat"]


def until(holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def test_what_is_appended_gets_into_the_tree_by_itself(
    log: AuditLog, integrator: Integrator, database: Database
) -> None:
    running = pulse(log, integrator)
    record = log.append(EVENT, ANA)
    until(lambda: in_tree(database, record))
    running.stop()


def test_when_it_ends_everything_is_in_the_tree(log: AuditLog, integrator: Integrator, database: Database) -> None:
    running = pulse(log, integrator, round_s=3600)
    records = [log.append(EVENT, ANA) for _ in range(5)]
    assert not any(in_tree(database, record) for record in records)
    running.stop()
    assert all(in_tree(database, record) for record in records)
    assert not log.has_news


def test_a_silence_is_announced_with_the_lanes_as_they_stand(
    log: AuditLog, integrator: Integrator, database: Database
) -> None:
    last = [log.append(EVENT, ANA) for _ in range(3)][-1]
    running = pulse(log, integrator, heartbeat_s=0.3)
    until(lambda: len(beats(log)) >= 2)
    running.stop()
    first, *_, goodbye = beats(log)
    assert first["next_within_s"] > 0
    assert goodbye["next_within_s"] == 0
    (lane,) = [one for one in first["lanes"] if one["counter"] >= 3]
    envelope = next(one.envelope for one in log.each() if one.id == last)
    assert (lane["writer"], lane["counter"]) == (envelope["lane"]["writer"], envelope["lane"]["counter"] + 1)


def test_while_others_append_there_is_no_silence(log: AuditLog, integrator: Integrator) -> None:
    running = pulse(log, integrator, heartbeat_s=1.0)
    times = [time.monotonic()]
    while times[-1] < times[0] + 2.5:
        log.append(EVENT, ANA)
        time.sleep(0.05)
        times.append(time.monotonic())
    running.stop()
    silences = sum(later - earlier > 0.9 for earlier, later in pairwise(times))  # a machine that stood still
    assert len(beats(log)) <= silences


def test_a_record_that_disappears_is_on_record(
    log: AuditLog, integrator: Integrator, superuser: psycopg.Connection[Any]
) -> None:
    running = pulse(log, integrator, round_s=3600)
    log.append(EVENT, ANA)
    gone = log.append(EVENT, ANA)
    superuser.execute("DELETE FROM audit.pending WHERE entry_id = %s", [gone])
    running.stop()
    lost = [dict(one.envelope["public"]) for one in log.each() if one.envelope["type"] == "log.lost"]
    assert lost == [{"records": [gone]}]


def test_a_database_that_is_away_for_a_while_ends_nothing(
    log: AuditLog, integrator: Integrator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[None] = []

    def fail(**_: Any) -> None:
        failed.append(None)
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(integrator, "round", fail)
        running = pulse(log, integrator)
        record = log.append(EVENT, ANA)
        until(lambda: len(failed) >= 3)
    until(lambda: in_tree(database, record))
    running.stop()


def test_nor_does_one_that_is_away_at_the_end(
    log: AuditLog, integrator: Integrator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = pulse(log, integrator, round_s=3600)
    record = log.append(EVENT, ANA)

    def fail(**_: Any) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(integrator, "round", fail)
        running.stop()
    assert not in_tree(database, record)
    integrator.round(wait=True)  # of whoever opens it next
    assert in_tree(database, record)
