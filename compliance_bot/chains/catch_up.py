"""Let a database that was put back, or whose last act was interrupted, do again what its anchor has, before it serves.

All of it is one transaction with one record, which names the records of the acts. Where nothing is missing, nothing is
recorded.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from compliance_bot.audit.record import Event, describe, new_record_id
from compliance_bot.chains.case import NOBODY
from compliance_bot.logs import note
from compliance_bot.recovery.apply import Applied, Applying
from compliance_bot.store.anchored import move_position, position
from compliance_bot.store.documents import lock_writers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.anchor.line import Line
    from compliance_bot.anchor.standing import Anchor
    from compliance_bot.audit.log import AuditLog, Recorder
    from compliance_bot.audit.record import Json
    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Database

_MOST_RECORDS = 1000  # that an envelope has room for


class _NothingMissing(Exception):
    """Ends a transaction that would have no record: somebody else was faster."""


class CatchingUp:
    """Keeps the database of an open home at the end of its anchor. Safe to share between threads."""

    def __init__(self, database: Database, log: AuditLog, anchor: Anchor, keyring: Keyring) -> None:
        """Do what is missing, with its record. Raises what the anchor raises: then nothing may be served."""
        self._database, self._log, self._anchor, self._keyring = database, log, anchor, keyring
        self._lock = threading.Lock()
        self._seen = anchor.file.state()
        self.applied: Mapping[str, int] = asdict(Applied())  # when it was opened
        self._catch_up()

    def go_on(self) -> None:
        """Do what another process has begun since and not finished. Costs nothing while nobody writes to the file.

        A file that cannot be looked at stops nothing: what has been anchored is done. Raises as making one does.
        """
        seen = self._anchor.file.state()
        if seen is None or seen == self._seen:
            return
        with self._lock:
            self._catch_up()
            self._seen = seen

    def _catch_up(self) -> None:
        if self._anchor.is_reached(self._database):
            return
        with self._database.writing() as transaction:  # what is about to be committed is waited for, and no ingest
            if not self._anchor.missing(transaction):
                return
        with suppress(_NothingMissing):
            with self._log.recording() as recorder:
                lock_writers(recorder.transaction)
                missing = self._missing(recorder)
                id = new_record_id()
                public = do_missing(recorder, missing, self._anchor, self._keyring, record=id)
                event = Event(type="anchor.applied", outcome="done", public=public, private=_private(missing))
                recorder.append(event, NOBODY, id=id)
                self.applied = public["applied"]
            note("anchor.applied", level="warning", record=id, tenant=self._log.tenant)

    def _missing(self, recorder: Recorder) -> tuple[Line, ...]:
        missing = self._anchor.missing(recorder.transaction)
        if not missing:
            raise _NothingMissing
        return missing


def do_missing(
    recorder: Recorder, missing: Sequence[Line], anchor: Anchor, keyring: Keyring, *, record: RecordId
) -> dict[str, Json]:
    """Do what lines say and move the database's position; return what its record says of it.

    The caller has locked the writers, holds the anchor, and appends the record.
    """
    transaction = recorder.transaction
    known = position(transaction)
    applying = Applying(transaction=transaction, keyring=keyring, record=record, by=recorder.actor(NOBODY))
    applied = applying.apply((anchor.act_of(line), line.at) for line in missing)
    move_position(transaction, missing[-1].position)
    public: dict[str, Json] = {"from": known.number, "to": missing[-1].number, "applied": asdict(applied)}
    records = [line.record for line in missing]
    if len(records) > _MOST_RECORDS:
        return {**public, "records_sha256": hashlib.sha256("\n".join(records).encode()).hexdigest()}
    return {**public, "records": records}


def _private(missing: Sequence[Line]) -> dict[str, Json]:
    records = [line.record for line in missing] if len(missing) > _MOST_RECORDS else []
    return {"principal": describe(NOBODY), "records": records}
