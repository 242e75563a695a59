"""The keys that sign the audit log: Ed25519, one file each in the home, outside the database. The newest signs.

An older one stays: it proves what it signed, and signs once more when the next one takes over. They are no part of the
key-encryption key: what reads records is not what vouches for them. See docs/decisions/0016.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_bot.errors import ComplianceError
from compliance_bot.keys import KEY_BYTES, read_private, write_once

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "log"  # in the folder of keys
_FILE = re.compile(r"key-([1-9][0-9]{0,8})")


class SigningKeyMissing(ComplianceError):
    """The log of this home was signed, and the key that did it is not there."""

    exit_code = 3
    hint = "Restore keys/log from its backup. Without it nobody could tell a new record from a forged one."


class SigningKeyUnreadable(ComplianceError):
    """A file in keys/log is not a signing key of 32 bytes, or cannot be read."""

    exit_code = 3
    hint = "Restore keys/log from its backup."


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The private keys of a log, the oldest first. Never printed, never logged."""

    keys: tuple[Ed25519PrivateKey, ...] = field(repr=False)

    @property
    def newest(self) -> Ed25519PrivateKey:
        """Return the key that signs. Raises SigningKeyMissing."""
        if not self.keys:
            raise SigningKeyMissing
        return self.keys[-1]

    def of(self, public_key: bytes) -> Ed25519PrivateKey:
        """Return the private key of a public one. Raises SigningKeyMissing."""
        for key in reversed(self.keys):
            if key.public_key().public_bytes_raw() == public_key:
                return key
        raise SigningKeyMissing


class SigningKeyFiles:
    """Where the signing keys of a home lie."""

    def __init__(self, keys: Path) -> None:
        self._folder = keys / FOLDER

    def load(self) -> SigningKeys:
        """Return the keys there are, maybe none. Raises SigningKeyUnreadable or KeysExposed."""
        return SigningKeys(tuple(self._read(number) for number in self._numbers()))

    def add(self) -> SigningKeys:
        """Make another key, durably, which signs from now on, and return all. The others stay."""
        number = max(self._numbers(), default=0) + 1
        write_once(self._folder, f"key-{number}", os.urandom(KEY_BYTES))
        return self.load()

    def begin(self) -> SigningKeys:
        """Return the keys; the first is made where there is none."""
        if not self._numbers():
            write_once(self._folder, "key-1", os.urandom(KEY_BYTES))
        return self.load()

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SigningKeyUnreadable from error
        return sorted(int(match[1]) for match in map(_FILE.fullmatch, names) if match)

    def _read(self, number: int) -> Ed25519PrivateKey:
        try:
            return Ed25519PrivateKey.from_private_bytes(read_private(self._folder / f"key-{number}"))
        except (OSError, ValueError) as error:
            raise SigningKeyUnreadable from error
