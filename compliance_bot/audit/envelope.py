"""The public half of a record, and how its sealed half opens under the record's own key. Pure functions.

All that a verifier needs of a record: the standard library and `cryptography`. Which home key wraps a record key, and
what an event means, is not known here: `record` seals and opens with a home's keys.
AES-GCM does not commit to a key, so the envelope has an HMAC of the plaintext: a ciphertext cannot be opened as two
texts. The exact bytes of an envelope are hashed and stored; `parse_envelope` takes no others for the same.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from compliance_bot.audit.canonical import Json, canonical, parse_canonical
from compliance_bot.errors import ComplianceError
from compliance_bot.keys import KEY_BYTES, CannotDecrypt, decrypt, encrypt

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ENVELOPE_BYTES = 65_535  # C2SP tlog-tiles: an entry's length has 16 bits
ENVELOPE_VERSION = 1
_FIELDS = frozenset({"v", "id", "at", "tenant", "type", "outcome", "actor", "lane", "public", "payload"})
_LANE_FIELDS = frozenset({"writer", "counter", "previous"})
_PAYLOAD_FIELDS = frozenset({"sha256", "commitment"})
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")  # UUIDv7, RFC 9562
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class EnvelopeMalformed(ComplianceError):
    """The envelope of an audit record is not in the form that this program writes."""

    hint = "Somebody changed it, or it is of a later version. Keep it as it is and tell the auditor."


class ContentAltered(ComplianceError):
    """The sealed half of an audit record is not what its envelope tells of."""

    hint = "Rely on none of it. Keep it as it is and tell the auditor."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where a record stands among those of its writer."""

    writer: str
    counter: int  # from 0
    previous: str  # leaf hash of the writer's record before, hex; empty for the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What anybody may know of a record."""

    id: str  # UUIDv7
    at: str  # when the act began: RFC 3339 in UTC, to the millisecond
    tenant: int
    type: str
    outcome: str
    actor: str  # a random reference
    lane: Lane
    public: Mapping[str, Json] = field(hash=False)
    sha256: str  # of the ciphertext
    commitment: str  # HMAC-SHA256 of the plaintext under a key derived from the record's

    @property
    def time(self) -> datetime:
        """When the act began."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The sealed half, with what the envelope tells of it."""

    ciphertext: bytes
    sha256: str
    commitment: str


def parse_envelope(encoded: bytes) -> Envelope:
    """Return what the bytes of an envelope say. Raises EnvelopeMalformed for all that was not written by this program.

    INVARIANT: it formats to these bytes and no others, so whoever has the hash has what it says.
    """
    if len(encoded) > MAX_ENVELOPE_BYTES:
        raise EnvelopeMalformed(f"an envelope has at most {MAX_ENVELOPE_BYTES} bytes, and this one has {len(encoded)}")
    try:
        value = parse_canonical(encoded)
    except ValueError:
        raise EnvelopeMalformed("an envelope is canonical JSON, and this one is not") from None
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["v"] != ENVELOPE_VERSION:
        raise EnvelopeMalformed(f"an envelope of version {ENVELOPE_VERSION} has its ten fields, and this one has not")
    lane, payload = value["lane"], value["payload"]
    if not _is_lane(lane) or not _is_payload(payload) or not _are_fields(value):
        raise EnvelopeMalformed("a field of the envelope has another type or form than version 1 gives it")
    return Envelope(
        id=value["id"],
        at=value["at"],
        tenant=value["tenant"],
        type=value["type"],
        outcome=value["outcome"],
        actor=value["actor"],
        lane=Lane(**lane),
        public=value["public"],
        sha256=payload["sha256"],
        commitment=payload["commitment"],
    )


def format_envelope(envelope: Envelope) -> bytes:
    """Return the bytes of an envelope. Raises ValueError if they would not fit into a log entry."""
    lane = envelope.lane
    encoded = canonical(
        {
            "v": ENVELOPE_VERSION,
            "id": envelope.id,
            "at": envelope.at,
            "tenant": envelope.tenant,
            "type": envelope.type,
            "outcome": envelope.outcome,
            "actor": envelope.actor,
            "lane": {"writer": lane.writer, "counter": lane.counter, "previous": lane.previous},
            "public": dict(envelope.public),
            "payload": {"sha256": envelope.sha256, "commitment": envelope.commitment},
        }
    )
    if len(encoded) > MAX_ENVELOPE_BYTES:
        raise ValueError(f"the envelope of an audit record may have {MAX_ENVELOPE_BYTES} bytes, not {len(encoded)}")
    return encoded


def seal_content(plaintext: bytes, record_key: bytes, *, record: str) -> Sealed:
    """Return the sealed half of a record, bound to its id."""
    encryption_key, commitment_key = _derive(record_key)
    ciphertext = encrypt(encryption_key, plaintext, bound_to=record.encode())
    return Sealed(
        ciphertext=ciphertext,
        sha256=hashlib.sha256(ciphertext).hexdigest(),
        commitment=hmac.digest(commitment_key, plaintext, "sha256").hex(),
    )


def open_content(sealed: Sealed, record_key: bytes, *, record: str) -> bytes:
    """Return the plaintext. Raises ContentAltered unless hash, ciphertext, key and commitment all fit."""
    if hashlib.sha256(sealed.ciphertext).hexdigest() != sealed.sha256:
        raise ContentAltered("the ciphertext is not the one that the envelope has the hash of")
    if len(record_key) != KEY_BYTES:
        raise ContentAltered(f"the key of a record has {KEY_BYTES} bytes, and this one has {len(record_key)}")
    encryption_key, commitment_key = _derive(record_key)
    try:
        plaintext = decrypt(encryption_key, sealed.ciphertext, bound_to=record.encode())
    except CannotDecrypt:
        raise ContentAltered("the ciphertext does not open under the key that came with it") from None
    if not hmac.compare_digest(hmac.digest(commitment_key, plaintext, "sha256").hex(), sealed.commitment):
        raise ContentAltered("the text is not the one that the envelope commits to: another key opens it as another")
    return plaintext


def _derive(record_key: bytes) -> tuple[bytes, bytes]:
    """Return the keys to encrypt and to commit with: HKDF-SHA256 without a salt (RFC 5869), one block each.

    The extraction is done once for both: a verifier derives them for each record.
    """
    extracted = hmac.digest(bytes(KEY_BYTES), record_key, "sha256")
    return hmac.digest(extracted, b"encrypt\x01", "sha256"), hmac.digest(extracted, b"commit\x01", "sha256")


def _is_lane(lane: Json) -> bool:
    return (
        isinstance(lane, dict)
        and lane.keys() == _LANE_FIELDS
        and isinstance(lane["writer"], str)
        and type(lane["counter"]) is int
        and lane["counter"] >= 0
        and isinstance(lane["previous"], str)
        and _HEX.fullmatch(lane["previous"]) is not None
    )


def _is_payload(payload: Json) -> bool:
    return (
        isinstance(payload, dict)
        and payload.keys() == _PAYLOAD_FIELDS
        and all(isinstance(value, str) and _SHA256.fullmatch(value) for value in payload.values())
    )


def _are_fields(value: Mapping[str, Json]) -> bool:
    return (
        all(isinstance(value[name], str) for name in ("id", "at", "type", "outcome", "actor"))
        and type(value["v"]) is int
        and type(value["tenant"]) is int
        and isinstance(value["public"], dict)
        and _ID.fullmatch(value["id"]) is not None
        and _is_time(value["at"])
    )


def _is_time(text: str) -> bool:
    if _TIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
