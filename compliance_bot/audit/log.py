"""Append to the audit log and read it. A record is durable when `append` returns; until then nothing may be shown.

Each record stands in a lane: a writer, a counter, the leaf before it. A lane is used by one thread at a time and moves
on only after its record is committed; after a failure it is given up and a new one begins. So a record that is deleted
before a tree holds it leaves a visible gap, and writers do not wait for each other.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.record import Event, Opened, new_record_id, open_record, seal
from compliance_bot.logs import note
from compliance_bot.store import log as rows
from compliance_bot.store.connect import StoreUnavailable
from compliance_bot.store.moves import require_standing
from compliance_bot.store.tree import standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compliance_bot.anchor.acts import Anchored
    from compliance_bot.audit.record import Json
    from compliance_bot.keys import Keyring
    from compliance_bot.records import ClassId, DocumentId, Principal, RecordId
    from compliance_bot.store.connect import Database, Transaction
    from compliance_bot.store.log import SealedRecord


_AT_ONCE = 500  # records that are read together
_MOST_HEADS = 300  # lanes that an envelope of at most 65,535 bytes has room for


@dataclass(slots=True)
class _Lane:
    writer: str
    counter: int = 0
    previous: str = ""  # leaf hash of the lane's last record, hex


def _new_lane() -> _Lane:
    return _Lane(writer=str(uuid.uuid4()))


class Remembers(Protocol):
    """What outlives the database: an `anchor.standing.Anchor`."""

    def write(self, transaction: Transaction, act: Anchored, *, record: RecordId, at: datetime) -> None:
        """Write an act durably as the last step of its transaction."""


class Recorder:
    """A transaction that ends with a record: the change and its record are durable together, or neither is."""

    def __init__(self, transaction: Transaction, lane: _Lane, keyring: Keyring) -> None:
        self.transaction = transaction
        self._lane, self._keyring = lane, keyring
        self._references: dict[bytes, uuid.UUID] = {}
        self.sealed: SealedRecord | None = None
        self.at = datetime.now(UTC)
        self.anchored: Anchored | None = None

    def actor(self, principal: Principal) -> uuid.UUID:
        """Return the random reference by which this principal appears."""
        mac = self._keyring.mac(f"actor/{self.transaction.tenant}", principal.id.encode())
        self._references[mac] = rows.actor_reference(self.transaction, mac)
        return self._references[mac]

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
        if self.sealed is not None:
            raise RuntimeError("a transaction has one record")
        self.at = at or self.at
        lane = {"writer": self._lane.writer, "counter": self._lane.counter, "previous": self._lane.previous}
        self.sealed = seal(
            event,
            id=id or new_record_id(),
            at=self.at,
            tenant=self.transaction.tenant,
            actor=str(self.actor(principal)),
            lane=lane,
            keyring=self._keyring,
        )
        rows.append(
            self.transaction, self.sealed, seal_of(self._keyring, self.transaction.tenant, self.sealed.leaf_hash)
        )

    def repeat(self, transaction: Transaction) -> None:
        """Append the same bytes in another transaction: nothing changes where the first one was committed after all."""
        assert self.sealed is not None, "there is a record to repeat"
        for mac, reference in self._references.items():
            rows.actor_reference(transaction, mac, proposed=reference)
        rows.append(transaction, self.sealed, seal_of(self._keyring, transaction.tenant, self.sealed.leaf_hash))


def seal_of(keyring: Keyring, tenant: int, leaf_hash: bytes) -> bytes:
    """Return what shows the tree of a tenant that a record was appended by somebody who has the home's keys."""
    return keyring.mac(f"log/pending/{tenant}", leaf_hash)


class AuditLog:
    """The log of one home."""

    def __init__(self, database: Database, keyring: Keyring, anchor: Remembers | None = None) -> None:
        """Without an anchor it can be read, and take records of what need not be anchored."""
        self._database, self._keyring, self._anchor = database, keyring, anchor
        self._free: list[_Lane] = []
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
            lane = _new_lane() if is_apart else self._take_lane()
            recorder = Recorder(transaction, lane, self._keyring)
            yield recorder
            if recorder.sealed is None and needs_record:
                raise RuntimeError("a recorded transaction ended without its record")
            self._write_to_anchor(recorder)
        if recorder.sealed is not None:
            self._acknowledge(recorder.sealed)
        if not is_apart:
            self._give_back(lane, recorder.sealed)

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
        with self._lock:
            return [
                {"writer": lane.writer, "counter": lane.counter, "previous": lane.previous}
                for lane in self._free[-_MOST_HEADS:]
                if lane.counter
            ]

    def lost(self) -> tuple[RecordId, ...]:
        """Return which records of this process are gone: neither in the tree, nor waiting for it.

        Each is returned until it is forgotten: what cannot be put on record now is put there later.
        """
        with self._lock:
            asked = tuple(self._acknowledged)
        if not asked:
            return ()
        with self._database.reading() as transaction:
            found = standing(transaction, asked)
        with self._lock:
            for one in found:
                if one.in_tree:
                    self._acknowledged.pop(one.id, None)
        return tuple(one.id for one in found if not one.waits and not one.in_tree)

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
        id, at = id or new_record_id(), at or datetime.now(UTC)
        recorder: Recorder | None = None
        try:
            with self.recording() as recorder:
                require_standing(recorder.transaction, read or {}, erasures)
                recorder.append(event, principal, id=id, at=at)
        except StoreUnavailable:
            # The reply to COMMIT may have been lost.
            if recorder is None or recorder.sealed is None:
                raise
            with self._database.writing() as transaction:
                require_standing(transaction, read or {}, erasures)
                recorder.repeat(transaction)
            self._acknowledge(recorder.sealed)  # its lane is given up
        assert recorder.sealed is not None, "it was committed"
        return recorder.sealed

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

    def _take_lane(self) -> _Lane:
        with self._lock:
            return self._free.pop() if self._free else _new_lane()

    def _give_back(self, lane: _Lane, sealed: SealedRecord | None) -> None:
        if sealed is not None:
            lane.counter += 1
            lane.previous = sealed.leaf_hash.hex()
        with self._lock:
            self._free.append(lane)

    def _acknowledge(self, sealed: SealedRecord) -> None:
        """Remember that a record was committed, until it is seen in the tree."""
        note("record.committed", level="debug", record=sealed.id, tenant=self.tenant)
        with self._lock:
            self._acknowledged[sealed.id] = None
