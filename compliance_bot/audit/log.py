"""Append to the audit log and read it. A record is durable when `append` returns; until then nothing may be shown.

A record that is a transaction of its own is committed with those of other threads where it can be (`together`), and
alone where it cannot. Each stands in a lane (`lanes`): one that is deleted before a tree holds it leaves a gap.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.group import LeaderInterrupted
from compliance_bot.audit.lanes import Lanes, new_lane
from compliance_bot.audit.record import Event, Opened, new_record_id, open_record, seal
from compliance_bot.audit.together import NotTogether, Shared, Together
from compliance_bot.logs import note
from compliance_bot.store import log as rows
from compliance_bot.store.connect import StoreUnavailable
from compliance_bot.store.moves import require_standing
from compliance_bot.store.tree import outside

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator, Mapping

    from compliance_bot.anchor.acts import Anchored
    from compliance_bot.audit.lanes import Lane
    from compliance_bot.audit.record import Json
    from compliance_bot.keys import Keyring
    from compliance_bot.records import ClassId, DocumentId, Principal, RecordId
    from compliance_bot.store.connect import Database, Transaction
    from compliance_bot.store.log import SealedRecord


_AT_ONCE = 500  # records that are read together


class Remembers(Protocol):
    """What outlives the database: an `anchor.standing.Anchor`."""

    def write(self, transaction: Transaction, act: Anchored, *, record: RecordId, at: datetime) -> None:
        """Write an act durably as the last step of its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """What is to be put on record, and what must still be so when it is."""

    event: Event
    principal: Principal
    id: RecordId
    at: datetime
    read: Mapping[DocumentId, ClassId] = field(default_factory=dict, hash=False)
    erasures: int | None = None


class Recorder:
    """A transaction that ends with a record: the change and its record are durable together, or neither is."""

    def __init__(self, transaction: Transaction, lane: Lane, keyring: Keyring) -> None:
        self.transaction = transaction
        self._lane, self._keyring = lane, keyring
        self.ready: rows.Ready | None = None  # the record, once it is appended
        self.at = datetime.now(UTC)
        self.anchored: Anchored | None = None

    @property
    def sealed(self) -> SealedRecord | None:
        """The record of this transaction, once it is appended."""
        return self.ready.record if self.ready else None

    def actor(self, principal: Principal) -> uuid.UUID:
        """Return the random reference by which this principal appears."""
        return self._actor(principal).reference

    def _actor(self, principal: Principal) -> rows.Actor:
        mac = self._keyring.mac(f"actor/{self.transaction.tenant}", principal.id.encode())
        return rows.Actor(mac=mac, reference=rows.actor_reference(self.transaction, mac))

    def anchor(self, act: Anchored | None) -> None:
        """Let the anchor remember what this transaction does, of which a restored copy must not forget anything.

        It is written last, before the commit; None where it came to nothing.
        """
        if act is not None and self.anchored is not None:
            raise RuntimeError("a transaction has one line in the anchor")
        self.anchored = act

    def append(
        self, event: Event, principal: Principal, *, id: RecordId | None = None, at: datetime | None = None
    ) -> None:
        """Add the record of this transaction; exactly one."""
        if self.ready is not None:
            raise RuntimeError("a transaction has one record")
        self.at, actor = at or self.at, self._actor(principal)
        act = _Act(event=event, principal=principal, id=id or new_record_id(), at=self.at)
        self.ready = _ready(act, actor, self._lane, self._keyring, self.transaction.tenant)
        rows.append(self.transaction, self.ready.record, self.ready.seal)


def seal_of(keyring: Keyring, tenant: int, leaf_hash: bytes) -> bytes:
    """Return what shows the tree of a tenant that a record was appended by somebody who has the home's keys."""
    return keyring.mac(f"log/pending/{tenant}", leaf_hash)


def _ready(act: _Act, actor: rows.Actor, lane: Lane, keyring: Keyring, tenant: int) -> rows.Ready:
    """Return what is to be stored. Raises RecordTooLarge."""
    record = seal(
        act.event,
        id=act.id,
        at=act.at,
        tenant=tenant,
        actor=str(actor.reference),
        lane=lane.place(),
        keyring=keyring,
    )
    return rows.Ready(record=record, seal=seal_of(keyring, tenant, record.leaf_hash), actor=actor)


class AuditLog:
    """The log of one home."""

    def __init__(self, database: Database, keyring: Keyring, anchor: Remembers | None = None) -> None:
        """Without an anchor it can be read, and take records of what need not be anchored."""
        self._database, self._keyring, self._anchor = database, keyring, anchor
        self._lanes, self._together = Lanes(), Together(database)
        self._acknowledged: dict[RecordId, None] = {}  # committed here, and not seen in the tree yet
        self._lock = threading.Lock()

    @property
    def tenant(self) -> int:
        return self._database.tenant

    @contextmanager
    def recording(self, *, needs_record: bool = True, is_apart: bool = False) -> Iterator[Recorder]:
        """Open a writing transaction whose commit includes one record, which the block appends.

        One that `is_apart` is alone in its lane: it may get into the tree before what waits, and overtakes nothing.
        Raises what the anchor raises where the block has something for it: then nothing was done.
        """
        with self._database.writing() as transaction:
            lane = new_lane() if is_apart else self._lanes.take()
            recorder = Recorder(transaction, lane, self._keyring)
            yield recorder
            if recorder.sealed is None and needs_record:
                raise RuntimeError("a recorded transaction ended without its record")
            self._write_to_anchor(recorder)
        if recorder.sealed is not None:
            self._acknowledge(recorder.sealed)
            lane.move_on(recorder.sealed.leaf_hash)
        if not is_apart:
            self._lanes.give_back(lane)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a read-only snapshot of the database that the log is in."""
        with self._database.reading() as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a writing transaction of the database that the log is in, for what is not in its records."""
        with self._database.writing() as transaction:
            yield transaction

    @property
    def has_news(self) -> bool:
        """Whether a record was committed here that was not seen in the tree yet."""
        return bool(self._acknowledged)

    def heads(self) -> list[Json]:
        """Return the lanes of this process that are not in use: how many records, and the leaf of the last.

        Of very many the ones that were used last.
        """
        return self._lanes.heads()

    def lost(self) -> tuple[RecordId, ...]:
        """Return which records of this process are gone: neither in the tree, nor waiting for it.

        Each is returned until it is forgotten: what cannot be put on record now is put there later.
        """
        with self._lock:
            asked = tuple(self._acknowledged)
        if not asked:
            return ()
        with self._database.reading() as transaction:
            left = outside(transaction, asked)
        with self._lock:
            for one in asked:
                if one not in left:
                    self._acknowledged.pop(one, None)
        return tuple(one for one, waits in left.items() if not waits)

    def forget(self, lost: Iterable[RecordId]) -> None:
        """Ask no more for records that are lost: that they are is on record."""
        with self._lock:
            for record in lost:
                self._acknowledged.pop(record, None)

    def seal_of(self, leaf_hash: bytes) -> bytes:
        """Return the seal of a record that this home appended."""
        return seal_of(self._keyring, self.tenant, leaf_hash)

    def _write_to_anchor(self, recorder: Recorder) -> None:
        """Let what the transaction did outlive its database. INVARIANT: nothing but the commit comes after it."""
        if recorder.anchored is None:
            return
        if self._anchor is None or recorder.sealed is None:
            raise RuntimeError("what is to be anchored was done without an anchor")
        self._anchor.write(recorder.transaction, recorder.anchored, record=recorder.sealed.id, at=recorder.at)

    def append(
        self,
        event: Event,
        principal: Principal,
        *,
        id: RecordId | None = None,
        at: datetime | None = None,
        read: Mapping[DocumentId, ClassId] | None = None,
        erasures: int | None = None,
    ) -> RecordId:
        """Return the id of the committed record. Raises what `commit` raises: then show nothing."""
        return self.commit(event, principal, id=id, at=at, read=read, erasures=erasures).id

    def commit(
        self,
        event: Event,
        principal: Principal,
        *,
        id: RecordId | None = None,
        at: datetime | None = None,
        read: Mapping[DocumentId, ClassId] | None = None,
        erasures: int | None = None,
    ) -> SealedRecord:
        """Return the record as it was committed. Raises what the database raises, or RecordTooLarge: then show nothing.

        Raises MovedMeanwhile, with no record, unless the documents that were `read` still have these classes, and no
        value was erased since there had been so many `erasures`.
        """
        act = _Act(
            event=event,
            principal=principal,
            id=id or new_record_id(),
            at=at or datetime.now(UTC),
            read=read or {},
            erasures=erasures,
        )
        return self._commit_together(act) or self._commit_alone(act)

    def _commit_together(self, act: _Act) -> SealedRecord | None:
        """Commit a record in one transaction with those of other threads; None where it has to be alone."""
        actor = self._together.actor(act.principal)
        if actor is None:
            return None
        lane = self._lanes.take()
        seal = partial(_ready, act, actor, lane, self._keyring, self.tenant)
        shared = Shared(seal=seal, read=act.read, erasures=act.erasures)
        error = self._together.commit(shared)
        if error is None:
            assert shared.ready is not None, "it was committed"
            self._acknowledge(shared.ready.record)
            lane.move_on(shared.ready.record.leaf_hash)
            self._lanes.give_back(lane)
            return shared.ready.record
        if shared.ready is not None and isinstance(error, StoreUnavailable | LeaderInterrupted):
            return self._repeat(act, shared.ready)
        if not isinstance(error, NotTogether):
            note("log.apart", level="warning", tenant=self.tenant, record=act.id, error=type(error).__name__)
        self._lanes.give_back(lane)
        return None

    def _commit_alone(self, act: _Act) -> SealedRecord:
        recorder: Recorder | None = None
        try:
            with self.recording() as recorder:
                require_standing(recorder.transaction, act.read, act.erasures)
                recorder.append(act.event, act.principal, id=act.id, at=act.at)
        except StoreUnavailable:
            if recorder is None or recorder.ready is None:
                raise
            return self._repeat(act, recorder.ready)
        assert recorder.ready is not None, "it was committed"
        self._together.remember(act.principal, recorder.ready.actor)
        return recorder.ready.record

    def _repeat(self, act: _Act, ready: rows.Ready) -> SealedRecord:
        """Append the same bytes again, since the reply to COMMIT may have been lost; their lane is given up.

        Nothing changes where they were committed after all.
        """
        with self._database.writing() as transaction:
            require_standing(transaction, act.read, act.erasures)
            rows.actor_reference(transaction, ready.actor.mac, proposed=ready.actor.reference)
            rows.append(transaction, ready.record, ready.seal)
        self._acknowledge(ready.record)
        return ready.record

    def newest(self, limit: int, *, own: bool = False) -> tuple[Opened, ...]:
        """Return the newest records, opened; with `own`, those of the log itself too. Raises RecordAltered."""
        with self._database.reading() as transaction:
            records = rows.newest(transaction, limit, own=own)
        return tuple(open_record(record, self._keyring) for record in records)

    def each(self) -> Iterator[Opened]:
        """Yield every record that there is now, the oldest first, opened. Raises RecordAltered."""
        last: RecordId | None = None
        while True:
            with self._database.reading() as transaction:
                records = rows.after(transaction, last, _AT_ONCE)
            if not records:
                return
            last = records[-1].id
            yield from (open_record(record, self._keyring) for record in records)

    def one(self, record: RecordId) -> Opened | None:
        """Return one record, opened; None for an unknown id. Raises RecordAltered."""
        with self._database.reading() as transaction:
            sealed = rows.one(transaction, record)
        return open_record(sealed, self._keyring) if sealed else None

    def _acknowledge(self, sealed: SealedRecord) -> None:
        """Remember that a record was committed, until it is seen in the tree."""
        note("record.committed", level="debug", record=sealed.id, tenant=self.tenant)
        with self._lock:
            self._acknowledged[sealed.id] = None
