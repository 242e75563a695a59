"""A line and its transaction: who writes is at the end, and nobody takes what is about to be done for missing."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from compliance_bot.anchor.acts import Granted
from compliance_bot.anchor.faults import AnchorForeign, AnchorLost, DatabaseBehind
from compliance_bot.anchor.standing import Anchor
from compliance_bot.audit.log import AuditLog
from compliance_bot.chains.catch_up import CatchingUp
from compliance_bot.records import GrantId, RecordId
from compliance_bot.store.anchored import START, Position, move_position, position

if TYPE_CHECKING:
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database, Transaction

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def anchor(database: Database, keyring: Keyring, tmp_path: Path) -> Anchor:
    return Anchor(tmp_path / "anchor.jsonl", keyring, database.tenant)


def write(anchor: Anchor, transaction: Transaction) -> None:
    grant = Granted(grant=GrantId("00000000-0000-0000-0000-000000000001"))
    anchor.write(transaction, grant, record=RecordId("00000000-0000-0000-0000-000000000002"), at=NOON)


def test_a_line_and_the_position_go_together(anchor: Anchor, database: Database) -> None:
    for number in (1, 2, 3):
        with database.writing() as transaction:
            write(anchor, transaction)
        with database.reading() as snapshot:
            assert position(snapshot).number == number
        assert anchor.is_reached(database)


def test_who_is_not_at_the_end_writes_nothing(anchor: Anchor, database: Database) -> None:
    for _ in range(2):
        with database.writing() as transaction:
            write(anchor, transaction)
    text = anchor.file.path.read_bytes()
    for known, fault in (
        (START, DatabaseBehind),
        (Position(number=1, mac=b"\x00" * 32), DatabaseBehind),
        (Position(number=2, mac=b"\x00" * 32), AnchorForeign),
        (Position(number=3, mac=b"\x00" * 32), AnchorLost),
    ):
        with database.writing() as transaction, pytest.raises(fault):
            _write_at(anchor, transaction, known)
        assert anchor.file.path.read_bytes() == text


class _Interrupted(Exception):
    """Undoes a transaction behind its line."""


def _end(*, is_done: bool) -> None:
    if not is_done:
        raise _Interrupted


def _write_at(anchor: Anchor, transaction: Transaction, known: Position) -> None:
    move_position(transaction, known)
    write(anchor, transaction)


@pytest.mark.parametrize("is_done", [True, False])
def test_what_is_about_to_be_done_is_waited_for(
    anchor: Anchor, database: Database, keyring: Keyring, *, is_done: bool
) -> None:
    log, opened = AuditLog(database, keyring, anchor), threading.Event()

    def open_it() -> None:
        CatchingUp(database, log, anchor, keyring)
        opened.set()

    opening = threading.Thread(target=open_it)
    with suppress(_Interrupted), database.writing() as transaction:
        write(anchor, transaction)
        opening.start()
        assert not opened.wait(1)
        _end(is_done=is_done)
    opening.join(60)
    assert opened.is_set()
    assert anchor.is_reached(database)
    assert [record.envelope["type"] for record in log.newest(5)] == ([] if is_done else ["anchor.applied"])
