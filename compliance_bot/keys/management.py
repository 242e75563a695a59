"""Keys of the vault that a key management system wraps: in the home they lie encrypted, and open nothing without it."""

from __future__ import annotations

import base64
import binascii
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Protocol

from compliance_bot.keys import KEY_BYTES, write_once
from compliance_bot.keys.epochs import VaultKeyUnreadable
from compliance_bot.keys.sources import FOLDER, destroy, key_files, read_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COMMAND_TIMEOUT_S = 30
_MOST_WRAPPED = 65_536  # bytes


class KeyManagement(Protocol):
    """A key management system: it wraps a key under one of its own, which never leaves it."""

    def wrap(self, key: bytes) -> bytes:
        """Return the key encrypted. Raises VaultKeyUnreadable."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises VaultKeyUnreadable."""
        ...


class CommandManagement:
    """A key management system behind a command, which is called with `wrap` or `unwrap` as its last argument.

    It reads base64 from its input and writes base64 to its output: a few lines around a cloud's client, a hardware
    token's tool, or a program of one's own.
    """

    def __init__(self, command: str) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise VaultKeyUnreadable(f"vault_key_command is not a command line: {error}") from None
        if not self._command:
            raise VaultKeyUnreadable("vault_key_command is blank: expected a command")

    def wrap(self, key: bytes) -> bytes:
        """Return the key encrypted. Raises VaultKeyUnreadable."""
        return self._call("wrap", key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises VaultKeyUnreadable."""
        return self._call("unwrap", wrapped)

    def _call(self, what: str, data: bytes) -> bytes:
        try:
            done = subprocess.run(  # the operator's own command, without a shell
                [*self._command, what],
                input=base64.b64encode(data),
                capture_output=True,
                timeout=_COMMAND_TIMEOUT_S,
                check=True,
            )
            answer = base64.b64decode(done.stdout.strip(), validate=True)
        except subprocess.CalledProcessError as error:
            raise VaultKeyUnreadable(f"vault_key_command {what}: it ended with {error.returncode}") from None
        except (OSError, subprocess.TimeoutExpired, binascii.Error) as error:
            raise VaultKeyUnreadable(f"vault_key_command {what}: {type(error).__name__}") from None
        if not 0 < len(answer) <= _MOST_WRAPPED:
            raise VaultKeyUnreadable(f"vault_key_command {what}: it answered nothing, or far too much")
        return answer


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
        key = os.urandom(KEY_BYTES)
        wrapped = self._management.wrap(key)
        if key in wrapped or self._management.unwrap(wrapped) != key:
            raise VaultKeyUnreadable("vault_key_command: what it wraps, it does not unwrap again, or does not hide")
        write_once(self._folder, name, wrapped)

    def require_discardable(self, epoch: int) -> None:
        """Do nothing: any key can be destroyed here."""

    def discard(self, epoch: int) -> None:
        """Destroy a key for good."""
        destroy(self._folder, f"epoch-{epoch}.wrapped")
