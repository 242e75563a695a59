"""The keys that sign the audit log: Ed25519, a file for each in the home, outside the database. The newest signs.

An older one stays: it proves what it signed, and signs once more when the next one takes over. They are no part of the
key-encryption key: what reads records is not what vouches for them. A file holds the key itself, or what is left of it
here where somebody else keeps it: see `custody`, and docs/decisions/0016 and 0017.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.keys import KEY_BYTES, read_private, write_once

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FOLDER = "log"  # in the folder of keys
CLEAR, WRAPPED, PUBLIC = "", ".wrapped", ".public"  # how the names of files end, by what is in them
_FILE = re.compile(r"key-([1-9][0-9]{0,8})(|\.wrapped|\.public)")


class SigningKeyMissing(ComplianceError):
    """The log of this home was signed, and the key that did it is not there."""

    exit_code = 3
    hint = "Restore keys/log from its backup. Without it nobody could tell a new record from a forged one."


class SigningKeyUnreadable(ComplianceError):
    """A signing key cannot be read where the settings say it is."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            hint="Look at the settings log_keys, log_key_command and log_sign_command, and restore keys/log from its "
            "backup where it was damaged. Nothing was signed and nothing is lost.",
        )


class PrivateKey(Protocol):
    """What signs: an Ed25519PrivateKey, or what has one elsewhere do it."""

    def sign(self, data: bytes, /) -> bytes:
        """Return an Ed25519 signature. One that is made elsewhere raises a ComplianceError where it is not made."""
        ...

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        ...


class Custody(Protocol):
    """Who keeps the private half of a signing key, and what the home has of it."""

    @property
    def suffix(self) -> str:
        """Return how the names of such files end."""
        ...

    def make(self, number: int, /) -> bytes:
        """Return what the home is to keep of a new key. Raises UsageError where the operator has to make it first."""
        ...

    def open(self, number: int, kept: bytes, /) -> PrivateKey:
        """Return a key. Raises ValueError for what is none, and SigningKeyUnreadable."""
        ...


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The private keys of a log, the oldest first. Never printed, never logged."""

    keys: tuple[PrivateKey, ...] = field(repr=False)

    @property
    def newest(self) -> PrivateKey:
        """Return the key that signs. Raises SigningKeyMissing."""
        if not self.keys:
            raise SigningKeyMissing
        return self.keys[-1]


class InHome:
    """The file is the key."""

    suffix = CLEAR

    def make(self, _: int, /) -> bytes:
        """Return a new key."""
        return os.urandom(KEY_BYTES)

    def open(self, _: int, kept: bytes, /) -> PrivateKey:
        """Return a key. Raises ValueError."""
        return Ed25519PrivateKey.from_private_bytes(kept)


@dataclass(frozen=True, slots=True)
class PublicHalf:
    """A key whose private half is not at hand: it proves what it signed, and signs nothing."""

    public: Ed25519PublicKey

    def sign(self, _: bytes, /) -> bytes:
        """Raise SigningKeyMissing."""
        raise SigningKeyMissing

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        return self.public


class SigningKeyFiles:
    """Where the signing keys of a home lie: a file for each; new ones are made in the custody of whoever keeps them."""

    def __init__(self, keys: Path, custody: Custody | None = None) -> None:
        self._folder, self._custody = keys / FOLDER, custody or InHome()

    def load(self) -> SigningKeys:
        """Return the keys there are, maybe none. Raises SigningKeyMissing, SigningKeyUnreadable or KeysExposed.

        Of an earlier key the public half suffices.
        """
        there = self._there()
        keys = tuple(self._open(number, there[number]) for number in sorted(there))
        if keys and isinstance(keys[-1], PublicHalf):
            raise SigningKeyMissing(
                f"of the log's key {max(there)} there is only the public half",
                hint="Set log_keys or log_sign_command as they were: what makes its signatures is not here. "
                "Nothing was signed and nothing is lost.",
            )
        return SigningKeys(keys)

    def add(self) -> SigningKeys:
        """Make another key, durably, which signs from now on, and return all. The others stay.

        Raises UsageError where the operator has to make it first, or it is one that the log had before.
        """
        number = max(self._there(), default=0) + 1
        kept = self._custody.make(number)
        known = {public_bytes(key) for key in self.load().keys}
        if public_bytes(self._custody.open(number, kept)) in known:
            raise UsageError(
                f"the key that is to be the log's key {number} is one that it had before",
                hint=f"Make another one, let it be number {number}, and repeat. Nothing was changed.",
            )
        write_once(self._folder, f"key-{number}{self._custody.suffix}", kept)
        return self.load()

    def begin(self) -> SigningKeys:
        """Return the keys; the first is made where there is none."""
        return self.load() if self._there() else self.add()

    def in_clear(self) -> tuple[int, ...]:
        """Return the numbers of the keys that lie in the home as they are."""
        return tuple(number for number, kinds in sorted(self._there().items()) if CLEAR in kinds)

    def _there(self) -> Mapping[int, Collection[str]]:
        """Return what there is of each key, by number."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SigningKeyUnreadable(f"{self._folder}: {error.strerror}") from error
        there: dict[int, set[str]] = {}
        for match in filter(None, map(_FILE.fullmatch, names)):
            there.setdefault(int(match[1]), set()).add(match[2])
        return there

    def _open(self, number: int, kinds: Collection[str]) -> PrivateKey:
        ways = ((CLEAR, InHome().open), (self._custody.suffix, self._custody.open), (PUBLIC, _public_half))
        for suffix, opened in ways:
            if suffix in kinds:
                path = self._folder / f"key-{number}{suffix}"
                try:
                    return opened(number, _read(path))
                except ValueError:
                    raise SigningKeyUnreadable(f"{path} is not a key: expected {KEY_BYTES} bytes") from None
        path = self._folder / f"key-{number}{WRAPPED}"
        raise SigningKeyUnreadable(f"{path} is wrapped, and the setting log_key_command is not given")


def public_bytes(key: PrivateKey) -> bytes:
    """Return the public half of a key as bytes."""
    return key.public_key().public_bytes_raw()


def try_out(key: PrivateKey) -> None:
    """Let a key sign something that means nothing. Raises what signing raises."""
    key.sign(f"compliance-bot trial {secrets.token_hex(8)}\n".encode())


def _public_half(_: int, kept: bytes) -> PublicHalf:
    return PublicHalf(Ed25519PublicKey.from_public_bytes(kept))


def _read(path: Path) -> bytes:
    """Return what is in a file; others may read a public half."""
    try:
        return path.read_bytes() if path.suffix == PUBLIC else read_private(path)
    except OSError as error:
        raise SigningKeyUnreadable(f"{path}: {error.strerror}") from error
