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
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from compliance_bot.audit.canonical import Json, canonical, parse_canonical_text
from compliance_bot.audit.shape import require_canonical_text
from compliance_bot.errors import ComplianceError
from compliance_bot.keys import KEY_BYTES, CannotDecrypt, decrypt, encrypt

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ENVELOPE_BYTES = 65_535  # C2SP tlog-tiles: an entry's length has 16 bits
ENVELOPE_VERSION = 1
# The bytes of version 1. Its keys are sorted, so they stand in one order; `public` alone has none that are known here.
_TEXT, _NUMBER, _HASH = r'[^"\\\x00-\x1f]*', r"(?:0|[1-9]\d{0,17})", "[0-9a-f]{64}"
_FORM = re.compile(
    rf"""
    \{{"actor":"({_TEXT})",
    "at":"(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z)",
    "id":"([0-9a-f]{{8}}-[0-9a-f]{{4}}-7[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}})",  # UUIDv7, RFC 9562
    "lane":\{{"counter":({_NUMBER}),
        "previous":"([0-9a-f]*)",
        "writer":"({_TEXT})"\}},
    "outcome":"({_TEXT})",
    "payload":\{{"commitment":"({_HASH})","sha256":"({_HASH})"\}},
    "public":(?P<public>\{{.*\}}),
    "tenant":({_NUMBER}),
    "type":"({_TEXT})",
    "v":{ENVELOPE_VERSION}\}}
    """,
    re.DOTALL | re.VERBOSE | re.ASCII,
)
_HMAC_HASH = SHA256()
_EXTRACTION = HMAC(bytes(KEY_BYTES), _HMAC_HASH)  # RFC 5869: without a salt the key is zeros. Copied, never changed


class EnvelopeMalformed(ComplianceError):
    """The envelope of an audit record is not in the form that this program writes."""

    hint = "Somebody changed it, or it is of a later version. Keep it as it is and tell the auditor."


class EnvelopeTooLarge(ValueError):
    """The envelope does not fit into a log entry."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"the envelope of an audit record may have {MAX_ENVELOPE_BYTES} bytes, not {size_bytes}")
        self.size_bytes = size_bytes


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


class Fields(NamedTuple):
    """The texts of an envelope, in the order in which they stand there. A tuple: a verifier reads very many."""

    actor: str
    at: str
    id: str
    counter: str
    previous: str
    writer: str
    outcome: str
    commitment: str
    sha256: str
    public: str  # canonical JSON
    tenant: str
    type: str


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
    fields = parse_fields(encoded)
    return Envelope(
        id=fields.id,
        at=fields.at,
        tenant=int(fields.tenant),
        type=fields.type,
        outcome=fields.outcome,
        actor=fields.actor,
        lane=Lane(writer=fields.writer, counter=int(fields.counter), previous=fields.previous),
        public=parse_canonical_text(fields.public),
        sha256=fields.sha256,
        commitment=fields.commitment,
    )


def parse_fields(encoded: bytes) -> Fields:
    """Return the texts of an envelope. Raises EnvelopeMalformed as `parse_envelope` does."""
    if len(encoded) > MAX_ENVELOPE_BYTES:
        raise EnvelopeMalformed(f"an envelope has at most {MAX_ENVELOPE_BYTES} bytes, and this one has {len(encoded)}")
    try:
        form = _FORM.fullmatch(encoded.decode())
        if form is not None:
            fields = Fields._make(form.groups())
            datetime.fromisoformat(fields.at)
            bytes.fromhex(fields.previous)  # the form says nothing of how many digits
            require_canonical_text(fields.public)
            return fields
    except ValueError:
        raise EnvelopeMalformed("an envelope is canonical JSON and has a time, and this one has not") from None
    raise EnvelopeMalformed(f"an envelope of version {ENVELOPE_VERSION} has its ten fields, and this one has not")


def format_envelope(envelope: Envelope) -> bytes:
    """Return the bytes of an envelope. Raises ValueError if they do not fit into a log entry or are no envelope."""
    lane, public = envelope.lane, canonical(dict(envelope.public)).decode()
    text = (
        f'{{"actor":"{envelope.actor}","at":"{envelope.at}","id":"{envelope.id}","lane":{{"counter":{lane.counter},'
        f'"previous":"{lane.previous}","writer":"{lane.writer}"}},"outcome":"{envelope.outcome}","payload":'
        f'{{"commitment":"{envelope.commitment}","sha256":"{envelope.sha256}"}},"public":{public},'
        f'"tenant":{envelope.tenant},"type":"{envelope.type}","v":{ENVELOPE_VERSION}}}'
    )
    encoded = text.encode()
    if len(encoded) > MAX_ENVELOPE_BYTES:
        raise EnvelopeTooLarge(len(encoded))
    form = _FORM.fullmatch(text)
    if form is None or form["public"] != public:  # the other parts have no quotes, so each of them is what was put in
        raise ValueError("the id, time, lane or a word of the audit record is none that an envelope has")
    bytes.fromhex(lane.previous)
    return encoded


def seal_content(plaintext: bytes, record_key: bytes, *, record: str) -> Sealed:
    """Return the sealed half of a record, bound to its id."""
    encryption_key, commitment_key = _derive(record_key)
    ciphertext = encrypt(encryption_key, plaintext, bound_to=record.encode())
    return Sealed(
        ciphertext=ciphertext,
        sha256=hashlib.sha256(ciphertext).hexdigest(),
        commitment=_commit(commitment_key, plaintext),
    )


def open_content(sealed: Sealed, record_key: bytes, *, record: str) -> bytes:
    """Return the plaintext. Raises ContentAltered unless hash, ciphertext, key and commitment all fit."""
    return open_ciphertext(sealed.ciphertext, record_key, record, sealed.sha256, sealed.commitment)


def open_ciphertext(ciphertext: bytes, record_key: bytes, record: str, sha256: str, commitment: str) -> bytes:
    """Return the plaintext, given what the envelope tells of it, as `open_content` does."""
    if hashlib.sha256(ciphertext).hexdigest() != sha256:
        raise ContentAltered("the ciphertext is not the one that the envelope has the hash of")
    if len(record_key) != KEY_BYTES:
        raise ContentAltered(f"the key of a record has {KEY_BYTES} bytes, and this one has {len(record_key)}")
    encryption_key, commitment_key = _derive(record_key)
    try:
        plaintext = decrypt(encryption_key, ciphertext, bound_to=record.encode())
    except CannotDecrypt:
        raise ContentAltered("the ciphertext does not open under the key that came with it") from None
    if not hmac.compare_digest(_commit(commitment_key, plaintext), commitment):
        raise ContentAltered("the text is not the one that the envelope commits to: another key opens it as another")
    return plaintext


def _derive(record_key: bytes) -> tuple[bytes, bytes]:
    """Return the keys to encrypt and to commit with: HKDF-SHA256 without a salt (RFC 5869), one block each.

    Written out, since a verifier derives them for each record: what both have in common is computed once.
    """
    extraction = _EXTRACTION.copy()
    extraction.update(record_key)
    encrypts = HMAC(extraction.finalize(), _HMAC_HASH)
    commits = encrypts.copy()
    encrypts.update(b"encrypt\x01")
    commits.update(b"commit\x01")
    return encrypts.finalize(), commits.finalize()


def _commit(commitment_key: bytes, plaintext: bytes) -> str:
    """Return HMAC-SHA256 of a text, in hex."""
    committed = HMAC(commitment_key, _HMAC_HASH)
    committed.update(plaintext)
    return committed.finalize().hex()
