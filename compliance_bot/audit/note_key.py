"""The keys of signed notes: who signs under which name, and the text form that is handed to verifiers. Pure functions.

The form is that of C2SP signed-note (https://c2sp.org/signed-note, "Verifier keys"). Where private keys are kept is not
known here. What is parsed formats to the same text and the other way round; anything else is refused.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from compliance_bot.keys.signing import PrivateKey

KEY_ID_BYTES = 4
_KEY_BYTES = 32


class NoteError(ComplianceError):
    """The note is not well formed, or nobody who is trusted signed it."""

    hint = "Do not rely on its text. Get it again from where it came; if it stays so, keep it and tell the auditor."


class SignatureType(enum.IntEnum):
    """What a signature is over, as a verifier key says it (signed-note, "Signature types")."""

    ED25519 = 0x01  # the text of the note
    COSIGNATURE = 0x04  # a time, and the text of the note


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key with the name it signs under. Its id tells it from others of that name."""

    name: str
    type: SignatureType
    public_key: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes that name and key hash to (signed-note, "Signatures")."""
        encoded = self.name.encode(errors="surrogatepass") + b"\n" + bytes([self.type]) + self.public_key
        return hashlib.sha256(encoded).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key with the name it signs under."""

    name: str
    private_key: PrivateKey = field(repr=False)

    def verifier(self, kind: SignatureType) -> VerifierKey:
        """Return the key that those who verify need."""
        return VerifierKey(name=self.name, type=kind, public_key=self.private_key.public_key().public_bytes_raw())


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the key of a text `name+id+key` (signed-note, "Verifier keys"). Raises NoteError."""
    name, *rest = text.split("+", 2)
    if len(rest) != 2 or not is_key_name(name):
        raise NoteError("a verifier key is `name+id+key`, the name without spaces, and this is something else")
    id, encoded = rest
    key = parse_base64(encoded)
    if len(key) != 1 + _KEY_BYTES or key[0] not in set(SignatureType):
        known = ", ".join(f"{kind:#04x}" for kind in SignatureType)
        raise NoteError(f"a verifier key has one of the types {known} and {_KEY_BYTES} bytes, and this one has not")
    parsed = VerifierKey(name=name, type=SignatureType(key[0]), public_key=key[1:])
    if id != parsed.id.hex():
        raise NoteError("the id in the verifier key is not that of its name and key: it was changed or cut")
    return parsed


def format_verifier_key(key: VerifierKey) -> str:
    """Return a key as `name+id+key`. Raises NoteError for what would not parse to the same."""
    text = f"{key.name}+{key.id.hex()}+{base64.b64encode(bytes([key.type]) + key.public_key).decode()}"
    if parse_verifier_key(text) != key:
        raise NoteError("the name of a key has neither spaces nor a plus")
    return text


def parse_base64(text: str) -> bytes:
    """Return the bytes of the one base64 text that they have (RFC 4648 section 4). Raises NoteError for any other."""
    try:
        decoded = base64.b64decode(text)
    except ValueError:
        decoded = b""
    if base64.b64encode(decoded).decode() != text:  # b64decode passes over whatever does not belong there
        raise NoteError("standard base64 with its padding was expected, and something else came")
    return decoded


def is_key_name(name: str) -> bool:
    """Say whether a key may have this name (signed-note, "Format"): no Unicode spaces, no plus, UTF-8."""
    return name != "" and all(
        character > " " and character != "+" and not character.isspace() and not "\ud800" <= character <= "\udfff"
        for character in name
    )
