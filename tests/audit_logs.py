"""Logs that tests make in memory, with the functions that the program makes them with: records, trees, notes, keys."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_bot.audit.bundle.line import Line, format_line
from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.selection import EVERYTHING, Selection
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.envelope import _derive, format_envelope, parse_envelope
from compliance_bot.audit.merkle import leaf_hash, root
from compliance_bot.audit.note import sign_note
from compliance_bot.audit.note_key import SignatureType, SigningKey, VerifierKey, format_verifier_key
from compliance_bot.audit.record import Event, seal
from compliance_bot.audit.source import Extent, Handover, Timestamp
from compliance_bot.audit.tiles import WIDTH, Tile
from compliance_bot.keys import KEY_BYTES, Keyring
from compliance_bot.records import RecordId
from compliance_bot.store.log import SealedRecord

ORIGIN = "compliance-bot/0f3c"
BEGIN = datetime(2026, 3, 3, 12, tzinfo=UTC)
KEYRING = Keyring(b"\x01" * KEY_BYTES)


def signing_key(number: int, name: str = ORIGIN) -> SigningKey:
    """Return a key that is always the same."""
    return SigningKey(name=name, private_key=Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def record_id(at: datetime, number: int) -> RecordId:
    """Return a UUIDv7 of that time."""
    value = int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | number
    return RecordId(str(uuid.UUID(int=value)))


@dataclass
class MadeLog:
    """A log: its records in the order of the tree, and the keys that sign it."""

    keys: list[SigningKey] = field(default_factory=lambda: [signing_key(1)])
    tenant: int = 1
    records: list[SealedRecord] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    lanes: dict[str, tuple[int, str]] = field(default_factory=dict)
    at: datetime = BEGIN

    def write(self, kind: str = "answer", *, writer: str = "w", **given: Any) -> SealedRecord:
        """Write a record, five seconds after the last, and put it into the tree."""
        record = self.seal(kind, writer=writer, **given)
        self.records.append(record)
        return record

    def seal(
        self,
        kind: str = "answer",
        *,
        writer: str = "w",
        outcome: str = "answered",
        at: datetime | None = None,
        public: dict[str, Any] | None = None,
        private: dict[str, Any] | None = None,
    ) -> SealedRecord:
        """Write a record that is in no tree yet."""
        self.at = at or self.at + timedelta(seconds=5)
        counter, previous = self.lanes.get(writer, (0, ""))
        record = seal(
            Event(
                type=kind, outcome=outcome, public=public or {"n": len(self.records)}, private=private or {"q": "Why?"}
            ),
            id=record_id(self.at, len(self.records)),
            at=self.at,
            tenant=self.tenant,
            actor=str(uuid.UUID(int=7)),
            lane={"writer": writer, "counter": counter, "previous": previous},
            keyring=KEYRING,
        )
        self.lanes[writer] = (counter + 1, record.leaf_hash.hex())
        return record

    def disclose(self, id: RecordId, ciphertext: bytes, key: bytes, *, text: bytes) -> None:
        """Let the log have one record, of this ciphertext and a commitment to this text, to be opened with this key."""
        self.records.clear()
        self.lanes.clear()
        made = self.write(at=self.at)
        committed = hmac.digest(_derive(b"\3" * KEY_BYTES)[1], text, "sha256").hex()
        envelope = format_envelope(
            dataclasses.replace(
                parse_envelope(made.envelope),
                id=id,
                sha256=hashlib.sha256(ciphertext).hexdigest(),
                commitment=committed,
            )
        )
        self.records = [
            SealedRecord(
                id=id,
                leaf_hash=leaf_hash(envelope),
                envelope=envelope,
                wrapped_key=KEYRING.wrap(key, bound_to=id.encode()),
                ciphertext=ciphertext,
            )
        ]

    def fill(self, count: int) -> MadeLog:
        """Write records of several types, by three writers."""
        for number in range(count):
            self.write(["answer", "search", "ingest"][number % 3], writer=f"w{number % 3}")
        return self

    def begin(self) -> SealedRecord:
        """Write the record with which a tree begins."""
        key = format_verifier_key(self.keys[0].verifier(SignatureType.ED25519))
        public = {"origin": ORIGIN, "key": key, "carried_over": len(self.records)}
        return self.write("log.began", writer="log", outcome="done", public=public)

    def beat(self, next_within_s: int = 60, *, at: datetime | None = None) -> SealedRecord:
        """Write a heartbeat that tells of all lanes."""
        lanes = [{"writer": writer, "counter": n, "previous": leaf} for writer, (n, leaf) in self.lanes.items()]
        public = {"next_within_s": next_within_s, "lanes": lanes}
        return self.write("log.heartbeat", writer="log", outcome="done", public=public, at=at)

    def hand_over(
        self,
        new: SigningKey,
        *,
        signed_by: Collection[SigningKey] | None = None,
        kind: str = "log.key",
        public: dict[str, Any] | None = None,
    ) -> None:
        """Change the key."""
        old = self.keys[-1]
        key, replaces = (format_verifier_key(one.verifier(SignatureType.ED25519)) for one in (new, old))
        public = {"key": key, "replaces": replaces} if public is None else public
        record = self.write(kind, writer="log", outcome="done", public=public)
        line = format_line(Line(index=len(self.records) - 1, leaf=record.leaf_hash, envelope=record.envelope))
        note = self.checkpoint(keys=[old, new] if signed_by is None else signed_by)
        self.handovers.append(Handover(size=len(self.records), note=note, line=line))
        self.keys.append(new)

    def checkpoint(self, size: int | None = None, keys: Collection[SigningKey] | None = None) -> bytes:
        """Return the signed note of the tree at a size."""
        size = len(self.records) if size is None else size
        computed = root([record.leaf_hash for record in self.records[:size]])
        text = format_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=computed))
        return sign_note(text, *(keys or [self.keys[-1]]))

    @property
    def verifier(self) -> VerifierKey:
        """The key that an auditor got when the log began."""
        return self.keys[0].verifier(SignatureType.ED25519)

    def source(self, **given: Any) -> MadeSource:
        """Return the log as something to verify or export."""
        values = {"first": 0, "end": len(self.records), "content": Content.DISCLOSED, **given}
        return MadeSource(self, **values)


@dataclass
class MadeSource:
    """A part of a made log. What is withheld is told by a function of the index."""

    log: MadeLog
    first: int
    end: int
    selection: Selection = EVERYTHING
    content: Content = Content.DISCLOSED
    is_withheld: Callable[[int], bool] = lambda _: False
    note: bytes | None = None
    stamps: tuple[Timestamp, ...] = ()

    @property
    def extent(self) -> Extent:
        return Extent(first=self.first, end=self.end, selection=self.selection, content=self.content)

    def checkpoint(self) -> bytes:
        return self.note or self.log.checkpoint()

    def handovers(self) -> tuple[Handover, ...]:
        return tuple(self.log.handovers)

    def timestamps(self) -> tuple[Timestamp, ...]:
        return self.stamps

    @cached_property
    def _levels(self) -> list[list[bytes]]:
        levels = [[record.leaf_hash for record in self.log.records]]
        while len(below := levels[-1]) >= WIDTH:
            levels.append([root(below[at : at + WIDTH]) for at in range(0, len(below) // WIDTH * WIDTH, WIDTH)])
        return levels

    def tile(self, tile: Tile) -> bytes:
        start = tile.index * WIDTH
        return b"".join(self._levels[tile.level][start : start + tile.width])

    def batches(self) -> Iterator[MadeBatch]:
        for first in range(self.first, self.end, 100):
            yield MadeBatch(self, first, min(100, self.end - first))

    def line(self, index: int) -> Line:
        record = self.log.records[index]
        if not self.selection.is_everything and not self.selection.selects(parse_envelope(record.envelope)):
            return Line(index=index, leaf=record.leaf_hash)
        if self.content is Content.NONE or self.is_withheld(index):
            hidden = self.content is not Content.NONE
            return Line(index=index, leaf=record.leaf_hash, envelope=record.envelope, is_withheld=hidden)
        key = KEYRING.unwrap(record.wrapped_key, bound_to=record.id.encode())
        return Line(index=index, leaf=record.leaf_hash, envelope=record.envelope, ciphertext=record.ciphertext, key=key)


@dataclass
class MadeBatch:
    """Some leaves of a made log."""

    source: MadeSource
    first: int
    count: int

    def lines(self) -> Iterator[Line]:
        return (self.source.line(index) for index in range(self.first, self.first + self.count))

    def leaf_hashes(self) -> Iterator[bytes]:
        return (record.leaf_hash for record in self.source.log.records[self.first : self.first + self.count])
