"""Signed notes: a text, and below it the signatures of those who vouch for it. Pure functions over bytes.

The formats are C2SP signed-note (https://c2sp.org/signed-note) and, for a witness that says when it saw a text, the
Ed25519 kind of C2SP tlog-cosignature (https://c2sp.org/tlog-cosignature). What a text means is not known here.
What is parsed formats to the same bytes and the other way round; anything else is refused.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compliance_bot.audit.note_key import KEY_ID_BYTES, NoteError, SignatureType, is_key_name, parse_base64

if TYPE_CHECKING:
    from collections.abc import Collection

    from compliance_bot.audit.note_key import SigningKey, VerifierKey

MAX_NOTE_BYTES = 256 * 1024  # sixteen signatures of 5 kB, which have to be accepted, are 107 kB in base64
MAX_SIGNATURES = 100  # as golang.org/x/mod/sumdb/note
_TIME_BYTES = 8
_DASH = "— "
_COSIGNED = "cosignature/v1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature line, not verified."""

    name: str
    key_id: bytes
    value: bytes  # with the time before it, if it is a cosignature


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text and its signature lines, not verified."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """That a key signed, and for a cosignature when, in seconds since 1970. The time is the witness's word."""

    key: VerifierKey
    at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedNote:
    """A text that at least one of the known keys signed, and which of them did. A key counts once."""

    text: str
    verified: tuple[Verified, ...]


def open_note(encoded: bytes, keys: Collection[VerifierKey]) -> OpenedNote:
    """Return the text of a note and who signed it. Raises NoteError unless one of these keys did.

    Signatures of other keys are ignored. A wrong one of a known key refuses the note, whoever else signed it
    (signed-note, "Signatures"). Any one key suffices: who needs the log's own signature, or several witnesses, looks
    at `verified`. One check per signature of a known key.
    """
    note = parse_note(encoded)
    known = {(key.name, key.id): key for key in keys}
    if any(known[key.name, key.id] != key for key in keys):
        raise NoteError("two known keys have the same name and id: trust one of them and remove the other")
    verified: dict[VerifierKey, Verified] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            verified.setdefault(key, _verify(note.text, signature.value, key))
    if not verified:
        raise NoteError(f"none of the {len(note.signatures)} signatures is by one of the {len(known)} known keys")
    return OpenedNote(text=note.text, verified=tuple(verified.values()))


def sign_note(text: str, *keys: SigningKey) -> bytes:
    """Return a note signed by these keys (signed-note, "Ed25519 signatures"). The text ends with a newline."""
    if text.startswith(_COSIGNED):
        raise NoteError("this text would make the signature pass for a cosignature: begin it with another line")
    signatures = tuple(
        Signature(
            name=key.name,
            key_id=key.verifier(SignatureType.ED25519).id,
            value=key.private_key.sign(_encode(text)),
        )
        for key in keys
    )
    return format_note(Note(text=text, signatures=signatures))


def cosign_note(encoded: bytes, key: SigningKey, *, at: int) -> bytes:
    """Return the note with a signature that says when it was made (tlog-cosignature, "Ed25519 signed message").

    What was signed before is not verified here: a witness does that, and checks consistency, before it cosigns.
    """
    note = parse_note(encoded)
    if not 0 <= at < 2**63:
        raise NoteError(f"the time of a cosignature is in seconds from 1970 on and below 2**63, not {at}")
    signature = Signature(
        name=key.name,
        key_id=key.verifier(SignatureType.COSIGNATURE).id,
        value=at.to_bytes(_TIME_BYTES, "big") + key.private_key.sign(_cosigned(note.text, at)),
    )
    return format_note(Note(text=note.text, signatures=(*note.signatures, signature)))


def parse_note(encoded: bytes) -> Note:
    """Return text and signatures, none of them verified (signed-note, "Format"). Raises NoteError."""
    if len(encoded) > MAX_NOTE_BYTES:
        raise NoteError(f"a note has at most {MAX_NOTE_BYTES} bytes, and this one has {len(encoded)}")
    try:
        decoded = encoded.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"a note is UTF-8, and byte {error.start} of this one is not") from None
    if any(character < " " and character != "\n" for character in decoded):
        raise NoteError("a note has no control characters but newlines, and this one has: was it sent as a text file?")
    text, blank, signatures = decoded.rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or lines.pop() != "" or not lines:
        raise NoteError("a note is a text, an empty line and signatures, each with a newline, and this one is not")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"a note has at most {MAX_SIGNATURES} signatures, and this one has {len(lines)}")
    parsed = tuple(_parse_signature(line, number) for number, line in enumerate(lines, start=1))
    return Note(text=text + "\n", signatures=parsed)


def format_note(note: Note) -> bytes:
    """Return the bytes of a note. Raises NoteError for what would not parse to the same."""
    encoded = _encode("".join([note.text, "\n", *map(format_signature, note.signatures)]))
    if parse_note(encoded) != note:
        raise NoteError("the text or a key's name would not be read back as it is: a text ends with a newline")
    return encoded


def format_signature(signature: Signature) -> str:
    """Return the line of a signature, with its end, as it stands in a note (signed-note, "Format")."""
    return f"{_DASH}{signature.name} {base64.b64encode(signature.key_id + signature.value).decode()}\n"


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NoteError("a note is UTF-8, and half of a surrogate pair has no place in it") from None


def _verify(text: str, value: bytes, key: VerifierKey) -> Verified:
    at, signed = None, _encode(text)
    if key.type is SignatureType.COSIGNATURE:
        at, value = int.from_bytes(value[:_TIME_BYTES], "big"), value[_TIME_BYTES:]
        signed = _cosigned(text, at)
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(value, signed)
    except InvalidSignature:
        raise NoteError(f"the signature by the known key {key.name} is wrong: text or signature was changed") from None
    if at is not None and at >= 2**63:
        raise NoteError(f"the cosignature by the known key {key.name} has a time beyond 2**63 seconds")
    return Verified(key=key, at=at)


def _cosigned(text: str, at: int) -> bytes:
    return _encode(f"{_COSIGNED}time {at}\n{text}")


def _parse_signature(line: str, number: int) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_key_name(name):
        raise NoteError(f"signature {number} is not a dash, a name without spaces and plus, and base64")
    value = parse_base64(encoded)
    if len(value) <= KEY_ID_BYTES:
        raise NoteError(f"signature {number} is shorter than the id of a key")
    return Signature(name=name, key_id=value[:KEY_ID_BYTES], value=value[KEY_ID_BYTES:])
