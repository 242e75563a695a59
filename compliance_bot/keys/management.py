"""Keys that a key management system wraps: in the home they lie encrypted, and open nothing without it.

Those of the vault are loaded here. The log's, which are wrapped in the same way, are in `custody`.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Protocol

from compliance_bot.keys import KEY_BYTES, write_once
from compliance_bot.keys.command import OperatorCommand
from compliance_bot.keys.epochs import VaultKeyUnreadable
from compliance_bot.keys.sources import FOLDER, destroy, key_files, read_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from compliance_bot.errors import ComplianceError


class KeyManagement(Protocol):
    """A key management system: it wraps a key under one of its own, which never leaves it."""

    def wrap_new(self) -> bytes:
        """Return a new random key, wrapped. Raises what says that its keys cannot be read."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises what says that its keys cannot be read."""
        ...


class CommandManagement:
    """A key management system behind a command, which is called with `wrap` or `unwrap` as its last argument.

    It reads base64 from its input and writes base64 to its output: a few lines around a cloud's client, a hardware
    token's tool, or a program of one's own.
    """

    def __init__(
        self,
        command: str,
        *,
        setting: str = "vault_key_command",
        refuse: Callable[[str], ComplianceError] = VaultKeyUnreadable,
    ) -> None:
        self._command = OperatorCommand(command, setting=setting, refuse=refuse)
        self._setting, self._refuse = setting, refuse

    def wrap(self, key: bytes) -> bytes:
        """Return the key encrypted. Raises VaultKeyUnreadable, or what was named in its place."""
        return self._command.call("wrap", given=base64.b64encode(key))

    def wrap_new(self) -> bytes:
        """Return a new random key, wrapped; one that does not come back, or is not hidden, is refused."""
        key = os.urandom(KEY_BYTES)
        wrapped = self.wrap(key)
        if key in wrapped or self.unwrap(wrapped) != key:
            raise self._refuse(f"{self._setting}: what it wraps, it does not unwrap again, or does not hide")
        return wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises VaultKeyUnreadable, or what was named in its place."""
        return self._command.call("unwrap", given=base64.b64encode(wrapped))


class ManagedKeys:
    """Keys that lie in the home wrapped by a key management system, and are unwrapped when the vault is opened."""

    def __init__(self, keys: Path, management: KeyManagement) -> None:
        self._folder, self._management = keys / FOLDER, management

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable or KeysExposed."""
        keys = {}
        for path, epoch, is_wrapped in key_files(self._folder):
            if not is_wrapped:
                continue
            keys[epoch] = self._management.unwrap(read_key(path))
            if len(keys[epoch]) != KEY_BYTES:
                raise VaultKeyUnreadable(f"{path}: what was unwrapped is not a key of {KEY_BYTES} bytes")
        return keys

    def add(self, epoch: int) -> None:
        """Make a new key, have it wrapped and keep that durably; one that is there is kept."""
        name = f"epoch-{epoch}.wrapped"
        if (self._folder / name).exists():
            return
        write_once(self._folder, name, self._management.wrap_new())

    def require_discardable(self, epoch: int) -> None:
        """Do nothing: any key can be destroyed here."""

    def discard(self, epoch: int) -> None:
        """Destroy a key for good."""
        destroy(self._folder, f"epoch-{epoch}.wrapped")
