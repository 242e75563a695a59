"""What an audit record says, and its two halves as bytes: a public envelope and a sealed payload. Pure functions.

The envelope holds no personal data: ids, hashes, counts. The payload (who, the masked question, the quotes) is
encrypted under a key of its own per record, wrapped by the home's key. The forms of both halves, and what proves that
they were not changed, are those of `envelope`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from compliance_bot.audit.canonical import Json, canonical, parse_json
from compliance_bot.audit.envelope import (
    MAX_ENVELOPE_BYTES,
    ContentAltered,
    Envelope,
    EnvelopeMalformed,
    EnvelopeTooLarge,
    Lane,
    Sealed,
    format_envelope,
    open_content,
    parse_envelope,
    seal_content,
)
from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.errors import ComplianceError
from compliance_bot.keys import KEY_BYTES, CannotDecrypt, random_bytes
from compliance_bot.policy.values import to_plain
from compliance_bot.records import RecordId
from compliance_bot.store.log import SealedRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.keys import Keyring
    from compliance_bot.records import Principal


class RecordTooLarge(ComplianceError):
    exit_code = 3
    hint = "Nothing was shown or done. Ask for less at a time: fewer passages, fewer documents."

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"an audit record may have {MAX_ENVELOPE_BYTES} bytes in the open, and this has {size_bytes}")


class RecordAltered(ComplianceError):
    hint = "Somebody changed the log, or part of it was lost. Keep the database as it is and tell the auditor."

    def __init__(self, record: RecordId) -> None:
        super().__init__(f"audit record {record} is not what was written: its hash, commitment or key does not fit")


__all__ = [
    "MAX_ENVELOPE_BYTES",
    "Event",
    "Json",
    "Opened",
    "RecordAltered",
    "canonical",
    "describe",
    "new_record_id",
    "open_record",
    "seal",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `public` goes into the envelope and holds no personal data; `private` is encrypted."""

    type: str  # answer, search, ingest, delete, review, ...
    outcome: str  # answered, abstained, refused, failed, done
    public: Mapping[str, Json] = field(hash=False)
    private: Mapping[str, Json] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A record as a reviewer reads it."""

    id: RecordId
    at: datetime
    envelope: Mapping[str, Json] = field(hash=False)
    private: Mapping[str, Json] = field(hash=False)


def describe(principal: Principal) -> dict[str, Json]:
    """Return a principal as a payload holds it: who, with what rights at the time, and who really acted."""
    described = {
        "id": principal.id,
        "groups": sorted(principal.groups),
        "attributes": to_plain(principal.attributes),
        "source": principal.source,
    }
    return described if principal.actor is None else {**described, "actor": principal.actor}


def new_record_id() -> RecordId:
    """Return a UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random."""
    value = int.from_bytes(int(time.time() * 1000).to_bytes(6, "big") + random_bytes(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return RecordId(str(UUID(int=value)))


def seal(
    event: Event,
    *,
    id: RecordId,
    at: datetime,
    tenant: int,
    actor: str,
    lane: Mapping[str, Json],
    keyring: Keyring,
) -> SealedRecord:
    """Return the record as it is stored. Raises RecordTooLarge if the envelope would not fit into a log entry."""
    record_key = random_bytes(KEY_BYTES)
    content = seal_content(canonical(dict(event.private)), record_key, record=id)
    envelope = Envelope(
        id=id,
        at=at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        tenant=tenant,
        type=event.type,
        outcome=event.outcome,
        actor=actor,
        lane=Lane(**lane),
        public=event.public,
        sha256=content.sha256,
        commitment=content.commitment,
    )
    try:
        encoded = format_envelope(envelope)
    except EnvelopeTooLarge as error:
        raise RecordTooLarge(error.size_bytes) from error
    wrapped = keyring.wrap(record_key, bound_to=id.encode())
    return SealedRecord(
        id=id, leaf_hash=leaf_hash(encoded), envelope=encoded, wrapped_key=wrapped, ciphertext=content.ciphertext
    )


def open_record(record: SealedRecord, keyring: Keyring) -> Opened:
    """Return what a record says. Raises RecordAltered unless hash, ciphertext and commitment all fit."""
    if leaf_hash(record.envelope) != record.leaf_hash:
        raise RecordAltered(record.id)
    try:
        return _opened(record, parse_envelope(record.envelope), keyring)
    except (CannotDecrypt, ContentAltered, EnvelopeMalformed, ValueError) as error:
        raise RecordAltered(record.id) from error


def _opened(record: SealedRecord, envelope: Envelope, keyring: Keyring) -> Opened:
    if envelope.id != record.id:
        raise RecordAltered(record.id)
    sealed = Sealed(ciphertext=record.ciphertext, sha256=envelope.sha256, commitment=envelope.commitment)
    record_key = keyring.unwrap(record.wrapped_key, bound_to=record.id.encode())
    private = parse_json(open_content(sealed, record_key, record=record.id))
    return Opened(id=record.id, at=envelope.time, envelope=parse_json(record.envelope), private=private)
