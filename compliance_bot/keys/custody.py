"""Who keeps the private half of a signing key, where that is not the home: a key management system, the environment, or
a signer, out of which it never comes.

What the home keeps of it is a file all the same: the wrapped key, or its public half, with which what comes from
elsewhere is compared before it counts. See docs/decisions/0017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.keys import KEY_BYTES
from compliance_bot.keys.command import OperatorCommand
from compliance_bot.keys.signing import (
    PUBLIC,
    WRAPPED,
    PublicHalf,
    SigningKeyUnreadable,
    public_bytes,
    try_out,
)
from compliance_bot.keys.sources import parse_keys

if TYPE_CHECKING:
    from compliance_bot.keys.management import KeyManagement
    from compliance_bot.keys.signing import PrivateKey

_SIGN_TIMEOUT_S = 10  # a round waits for it, and a handover for two; others wait 20 seconds for a round


class SigningKeyWrong(ComplianceError):
    """A signing key is another one than this log was signed with."""

    exit_code = 3

    def __init__(self, number: int, setting: str) -> None:
        super().__init__(
            f"{setting}: the log's key {number} is not the one on record in keys/log",
            hint="Set it as it was. Another key takes over with `compliance-bot audit rotate-key` alone. "
            "Nothing was signed and nothing is lost.",
        )


class SignerFailed(ComplianceError):
    """What signs the log elsewhere did not sign."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            hint="Look at the setting log_sign_command and what it calls. Nothing was signed and nothing is lost: "
            "what was recorded gets into the tree when it signs again.",
        )


class Wrapped:
    """The file is the key, wrapped by a key management system; unwrapped once, when a process first needs it."""

    suffix = WRAPPED

    def __init__(self, management: KeyManagement) -> None:
        self._management = management
        self._unwrapped: dict[bytes, PrivateKey] = {}

    def __repr__(self) -> str:
        return "Wrapped()"

    def make(self, _: int, /) -> bytes:
        """Return a new key, wrapped. Raises SigningKeyUnreadable."""
        return self._management.wrap_new()

    def open(self, _: int, kept: bytes, /) -> PrivateKey:
        """Return a key. Raises SigningKeyUnreadable, and ValueError for what is none."""
        if kept not in self._unwrapped:
            self._unwrapped[kept] = Ed25519PrivateKey.from_private_bytes(self._management.unwrap(kept))
        return self._unwrapped[kept]


class InEnvironment:
    """The operator sets the key, `1:BASE64 2:BASE64`; the file is its public half."""

    suffix = PUBLIC

    def __init__(self, written: str) -> None:
        """Raises SigningKeyUnreadable for what is no list of keys, whether or not one of them is needed."""
        read = parse_keys(
            written,
            lambda place: SigningKeyUnreadable(f"log_keys: part {place} is not NUMBER:BASE64 of {KEY_BYTES} bytes"),
        )  # no message quotes one
        self._keys = {number: Ed25519PrivateKey.from_private_bytes(key) for number, key in read.items()}

    def make(self, number: int, /) -> bytes:
        """Return the public half of a key that was set. Raises UsageError where it was not."""
        key = self._keys.get(number)
        if key is None:
            raise UsageError(
                f"the log's keys are in the setting log_keys, which has none of number {number}",
                hint=f"Add {number}:BASE64 of {KEY_BYTES} random bytes (`openssl rand -base64 32`), keep the others, "
                "and repeat.",
            )
        return public_bytes(key)

    def open(self, number: int, kept: bytes, /) -> PrivateKey:
        """Return a key. Raises SigningKeyWrong, and ValueError for what is none."""
        public, key = Ed25519PublicKey.from_public_bytes(kept), self._keys.get(number)
        if key is not None and public_bytes(key) != kept:
            raise SigningKeyWrong(number, "log_keys")
        return key or PublicHalf(public)


class AtSigner:
    """A command signs; the private half never comes into this process. The file is the public half.

    It is called with `public N`, and writes the public half of its key N in base64; or with `sign N`, reads the text
    that is to be signed, byte for byte, and writes its signature in base64.
    """

    suffix = PUBLIC

    def __init__(self, command: str) -> None:
        self._command = OperatorCommand(command, setting="log_sign_command", refuse=SignerFailed)

    def make(self, number: int, /) -> bytes:
        """Return the public half of a key that the command signs with, as was tried. Raises SignerFailed."""
        public = self._command.call("public", str(number), given=b"", timeout_s=_SIGN_TIMEOUT_S)
        if len(public) != KEY_BYTES:
            raise SignerFailed(f"log_sign_command public: expected {KEY_BYTES} bytes, not {len(public)}")
        try_out(self.open(number, public))
        return public

    def open(self, number: int, kept: bytes, /) -> PrivateKey:
        """Return a key; the command is not called before it signs. Raises ValueError for what is none."""
        return _SignerKey(number=number, public=Ed25519PublicKey.from_public_bytes(kept), command=self._command)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignerKey:
    """A key of a signer. Each signature is verified before anybody gets it."""

    number: int
    public: Ed25519PublicKey
    command: OperatorCommand

    def sign(self, data: bytes, /) -> bytes:
        """Return the command's signature. Raises SignerFailed, and SigningKeyWrong for one of another key or text."""
        signature = self.command.call("sign", str(self.number), given=data, timeout_s=_SIGN_TIMEOUT_S)
        try:
            self.public.verify(signature, data)
        except InvalidSignature:
            raise SigningKeyWrong(self.number, "log_sign_command") from None
        return signature

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        return self.public
