"""An act and its record are one: what was refused in the middle left nothing but its record."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from compliance_bot.anchor.acts import Stopped
from compliance_bot.anchor.standing import Anchor
from compliance_bot.audit.log import AuditLog
from compliance_bot.bundled import bundled
from compliance_bot.chains.act import Act
from compliance_bot.chains.case import Case
from compliance_bot.chains.rules import LiveRules
from compliance_bot.errors import Refused
from compliance_bot.policy.decide import Circumstances
from compliance_bot.records import Principal, StopKind
from compliance_bot.store.stops import add_stop, stops

if TYPE_CHECKING:
    from pathlib import Path

    from compliance_bot.audit.log import Recorder
    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database


@pytest.fixture
def act(database: Database, keyring: Keyring, tmp_path: Path) -> Act:
    log = AuditLog(database, keyring, Anchor(tmp_path / "anchor.jsonl", keyring, database.tenant))
    live = LiveRules(bundled("policies") / "starter", database=database, log=log, keyring=keyring)
    return Act(
        database=database,
        log=log,
        rules=live.now(),
        identify=lambda: Principal(id="admin"),
        circumstances=lambda: Circumstances(now=datetime.now(UTC)),
    )


def stop(recorder: Recorder, case: Case) -> None:
    add_stop(recorder.transaction, StopKind.MODEL, "some-model", by=uuid.uuid4(), at=case.at)


def stopped(act: Act) -> int:
    with act.database.reading() as snapshot:
        return len(stops(snapshot))


def test_what_was_done_stands_with_its_record(act: Act) -> None:
    case = Case(type="test.done")
    act.recorded(case, lambda recorder: stop(recorder, case))
    record = act.log.one(case.id)
    assert stopped(act) == 1
    assert record is not None
    assert (record.envelope["outcome"], record.private["principal"]["id"]) == ("done", "admin")


def test_what_a_refused_act_had_done_by_then_is_undone_and_the_refusal_is_on_record(act: Act) -> None:
    case = Case(type="test.refused")

    def do(recorder: Recorder) -> None:
        stop(recorder, case)
        raise Refused

    with pytest.raises(Refused):
        act.recorded(case, do)
    record = act.log.one(case.id)
    assert stopped(act) == 0
    assert record is not None
    assert (record.envelope["outcome"], record.envelope["public"]["error"]) == ("refused", "Refused")


def test_without_its_record_nothing_is_done(act: Act) -> None:
    case = Case(type="test.unrecorded", public={"text": object()})  # type: ignore[dict-item]  # no record can hold it
    with pytest.raises(TypeError):
        act.recorded(case, lambda recorder: stop(recorder, case))
    assert stopped(act) == 0


def anchored(act: Act) -> int:
    last = act.log._anchor.file.last()  # type: ignore[union-attr]
    return last.number if last else 0


def test_what_came_to_nothing_is_not_in_the_anchor(act: Act) -> None:
    before = anchored(act)
    case = Case(type="test.refused")

    def do(recorder: Recorder) -> None:
        recorder.anchor(Stopped(kind=StopKind.MODEL, name="some-model"))
        stop(recorder, case)
        raise Refused

    with pytest.raises(Refused):
        act.recorded(case, do)
    assert anchored(act) == before


def test_what_is_done_is_in_the_anchor_with_its_record(act: Act) -> None:
    before, case = anchored(act), Case(type="test.done")

    def do(recorder: Recorder) -> None:
        recorder.anchor(Stopped(kind=StopKind.MODEL, name="some-model"))
        stop(recorder, case)

    act.recorded(case, do)
    assert anchored(act) == before + 1
    assert act.log._anchor.file.last().record == case.id  # type: ignore[union-attr]


def test_a_log_without_an_anchor_takes_nothing_that_belongs_there(act: Act, keyring: Keyring) -> None:
    case = Case(type="test.done")
    alone = replace(act, log=AuditLog(act.database, keyring))
    with pytest.raises(RuntimeError, match="without an anchor"):
        alone.recorded(case, lambda recorder: recorder.anchor(Stopped(kind=StopKind.MODEL, name="m")))
    assert act.log.one(case.id) is None
