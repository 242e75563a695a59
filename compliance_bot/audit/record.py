"""What an audit record says, and its two halves as bytes: a public envelope and a sealed payload. Pure functions.

The envelope holds no personal data: ids, hashes, counts. The payload (who, the masked question, the quotes) is
encrypted under a key of its own per record, wrapped by the home's key. AES-GCM does not commit to a key, so the
envelope has an HMAC of the plaintext: a ciphertext cannot be opened as two texts.
Canonical JSON here: UTF-8, sorted ASCII keys, no blanks, no floats. The exact bytes are hashed and stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.errors import ComplianceError
from compliance_bot.keys import KEY_BYTES, CannotDecrypt, decrypt, encrypt
from compliance_bot.policy.values import to_plain
from compliance_bot.records import RecordId
from compliance_bot.store.log import SealedRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.keys import Keyring
    from compliance_bot.records import Principal

Json = Any  # str, int, bool, None, and lists and dicts of these
MAX_ENVELOPE_BYTES = 65_535  # C2SP tlog-tiles: an entry's length has 16 bits
ENVELOPE_VERSION = 1


class RecordTooLarge(ComplianceError):
    exit_code = 3
    hint = "Nothing was shown or done. Ask for less at a time: fewer passages, fewer documents."

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"an audit record may have {MAX_ENVELOPE_BYTES} bytes in the open, and this has {size_bytes}")


class RecordAltered(ComplianceError):
    hint = "Somebody changed the log, or part of it was lost. Keep the database as it is and tell the auditor."

    def __init__(self, record: RecordId) -> None:
        super().__init__(f"audit record {record} is not what was written: its hash, commitment or key does not fit")


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
    value = int.from_bytes(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return RecordId(str(UUID(int=value)))


def canonical(value: Json) -> bytes:
    """Return the one encoding of a value. Raises TypeError for floats and keys that are not ASCII text."""
    _require_canonical(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


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
    record_key = os.urandom(KEY_BYTES)
    plaintext = canonical(dict(event.private))
    ciphertext = encrypt(_derive(record_key, "encrypt"), plaintext, bound_to=id.encode())
    envelope = canonical(
        {
            "v": ENVELOPE_VERSION,
            "id": id,
            "at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "tenant": tenant,
            "type": event.type,
            "outcome": event.outcome,
            "actor": actor,
            "lane": dict(lane),
            "public": dict(event.public),
            "payload": {
                "sha256": hashlib.sha256(ciphertext).hexdigest(),
                "commitment": hmac.new(_derive(record_key, "commit"), plaintext, "sha256").hexdigest(),
            },
        }
    )
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise RecordTooLarge(len(envelope))
    wrapped = keyring.wrap(record_key, bound_to=id.encode())
    return SealedRecord(
        id=id, leaf_hash=leaf_hash(envelope), envelope=envelope, wrapped_key=wrapped, ciphertext=ciphertext
    )


def open_record(record: SealedRecord, keyring: Keyring) -> Opened:
    """Return what a record says. Raises RecordAltered unless hash, ciphertext and commitment all fit."""
    if leaf_hash(record.envelope) != record.leaf_hash:
        raise RecordAltered(record.id)
    try:
        return _opened(record, json.loads(record.envelope), keyring)
    except (CannotDecrypt, ValueError, LookupError, TypeError) as error:
        # An envelope that is no JSON, or lacks something, was not written by `seal`.
        raise RecordAltered(record.id) from error


def _opened(record: SealedRecord, envelope: Json, keyring: Keyring) -> Opened:
    payload = envelope["payload"]
    if envelope["id"] != record.id or hashlib.sha256(record.ciphertext).hexdigest() != payload["sha256"]:
        raise RecordAltered(record.id)
    record_key = keyring.unwrap(record.wrapped_key, bound_to=record.id.encode())
    plaintext = decrypt(_derive(record_key, "encrypt"), record.ciphertext, bound_to=record.id.encode())
    commitment = hmac.new(_derive(record_key, "commit"), plaintext, "sha256").hexdigest()
    if not hmac.compare_digest(commitment, payload["commitment"]):
        raise RecordAltered(record.id)
    at = datetime.fromisoformat(envelope["at"])
    return Opened(id=record.id, at=at, envelope=envelope, private=json.loads(plaintext))


def _derive(record_key: bytes, use: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=use.encode()).derive(record_key)


def _require_canonical(value: Json) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError("a key in an audit record is ASCII text")
            _require_canonical(item)
    elif isinstance(value, list):
        for item in value:
            _require_canonical(item)
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"an audit record holds no {type(value).__name__}")
