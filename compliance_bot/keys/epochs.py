"""The keys of the vault, one for each epoch: they wrap the data key of every value, and never come into the database.

An epoch lasts from one rotation to the next. A key of before is kept as long as there are backups that need it; to
discard it makes the values in those unreadable for good. Where the keys lie is the operator's choice: see `sources`.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from compliance_bot.errors import ComplianceError
from compliance_bot.keys import decrypt, encrypt

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = 1


class VaultKeyMissing(ComplianceError):
    """A key of the vault is not there: what it wraps cannot be opened, and nothing new is stored without one."""

    exit_code = 3
    hint = (
        "Restore the vault's keys from their backup, or set them as they were. Nothing was changed and nothing shown."
    )

    def __init__(self, epoch: int) -> None:
        super().__init__(f"the vault's key of epoch {epoch} is missing")


class VaultKeyWrong(ComplianceError):
    """A key of the vault is another one than its values were sealed with."""

    exit_code = 3
    hint = (
        "Restore the vault's keys from their backup, or set them as they were. Nothing was changed and nothing shown."
    )

    def __init__(self, epoch: int) -> None:
        super().__init__(f"the vault's key of epoch {epoch} is not the one that this database was written with")


class VaultKeyUnreadable(ComplianceError):
    """The keys of the vault cannot be read where the settings say they are."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(reason, hint="Look at the settings vault_keys and vault_key_command, and at keys/vault.")


class KeySource(Protocol):
    """Where the keys of the vault lie."""

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable or KeysExposed."""
        ...

    def add(self, epoch: int) -> None:
        """Make a new key durably; one that is there is kept. Raises UsageError where the operator has to."""
        ...

    def require_discardable(self, epoch: int) -> None:
        """Raise UsageError where the operator has to destroy this key, and has not yet."""
        ...

    def discard(self, epoch: int) -> None:
        """Destroy a key for good."""
        ...


class EpochKeys:
    """The keys of the vault, loaded when the first is needed. Never printed, never logged."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._keys: dict[int, bytes] = {}

    def __repr__(self) -> str:
        return "EpochKeys()"

    def has(self, epoch: int, check: bytes) -> bool:
        """Return whether the key that an epoch began with is there."""
        with suppress(VaultKeyMissing, VaultKeyWrong):
            self.require(epoch, check)
            return True
        return False

    def check(self, epoch: int) -> bytes:
        """Return what tells this key from another without telling it: stored with the epoch. Raises VaultKeyMissing."""
        return hmac.digest(self._key(epoch), b"compliance_bot.vault/check", "sha256")

    def require(self, epoch: int, check: bytes) -> None:
        """Raise VaultKeyMissing or VaultKeyWrong unless this is the key that an epoch began with."""
        if not hmac.compare_digest(self.check(epoch), check):
            raise VaultKeyWrong(epoch)

    def wrap(self, epoch: int, data_key: bytes, *, bound_to: bytes) -> bytes:
        """Return a data key encrypted under an epoch's key, openable only with the same `bound_to`."""
        return encrypt(self._key(epoch), data_key, bound_to=bound_to)

    def unwrap(self, epoch: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        """Return a data key. Raises VaultKeyMissing, or CannotDecrypt where key, place or bytes do not fit."""
        return decrypt(self._key(epoch), wrapped, bound_to=bound_to)

    def add(self, epoch: int) -> None:
        """Make the key of a new epoch, durably; one that is there is kept."""
        self._source.add(epoch)
        self._key(epoch)

    def require_discardable(self, epoch: int) -> None:
        """Raise UsageError where the operator has to destroy this key, and has not yet."""
        self._source.require_discardable(epoch)

    def discard(self, epoch: int) -> None:
        """Destroy the key of an epoch for good."""
        self._source.discard(epoch)
        self._keys.pop(epoch, None)

    def _key(self, epoch: int) -> bytes:
        if epoch not in self._keys:
            self._keys = dict(self._source.load())  # another process may have begun the epoch
        try:
            return self._keys[epoch]
        except KeyError:
            raise VaultKeyMissing(epoch) from None
