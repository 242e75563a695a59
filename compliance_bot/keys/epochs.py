"""The keys of the vault, one for each epoch: they wrap the data key of every value, and never come into the database.

An epoch lasts from one rotation to the next. A key of before is kept as long as there are backups that need it; to
discard it makes the values in those unreadable for good. Where the keys lie is the operator's choice: in files of the
home, in the environment, or wrapped by a key management system, which a command speaks to.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import secrets
import shlex
import stat
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.keys import KEY_BYTES, KeysExposed, decrypt, encrypt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST = 1
_FOLDER = "vault"
_FILE = re.compile(r"epoch-([1-9][0-9]{0,8})(\.wrapped)?")
_COMMAND_TIMEOUT_S = 30
_MOST_WRAPPED = 65_536  # bytes


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


class FileKeys:
    """Keys in files of the home, readable by its owner alone."""

    def __init__(self, keys: Path) -> None:
        self._folder = keys / _FOLDER

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable or KeysExposed."""
        keys = {}
        for path, epoch, is_wrapped in _files(self._folder):
            if is_wrapped:
                continue
            keys[epoch] = _read(path)
            if len(keys[epoch]) != KEY_BYTES:
                raise VaultKeyUnreadable(f"{path} is not a key: expected {KEY_BYTES} bytes")
        return keys

    def add(self, epoch: int) -> None:
        """Make a new key durably; one that is there is kept."""
        _write_once(self._folder, f"epoch-{epoch}", os.urandom(KEY_BYTES))

    def require_discardable(self, epoch: int) -> None:
        """Do nothing: any key can be destroyed here."""

    def discard(self, epoch: int) -> None:
        """Destroy a key for good."""
        _destroy(self._folder, f"epoch-{epoch}")


class EnvironmentKeys:
    """Keys that the operator sets: `1:BASE64 2:BASE64`, all epochs that are still needed."""

    def __init__(self, written: str) -> None:
        self._written = written

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable; no message quotes a key."""
        keys = {}
        for place, word in enumerate(self._written.replace(",", " ").split(), start=1):
            epoch, _, encoded = word.partition(":")
            with suppress(binascii.Error, ValueError):
                key = base64.b64decode(encoded, validate=True)
                if epoch.isdecimal() and int(epoch) >= FIRST and len(key) == KEY_BYTES and int(epoch) not in keys:
                    keys[int(epoch)] = key
                    continue
            raise VaultKeyUnreadable(f"vault_keys: part {place} is not EPOCH:BASE64 of {KEY_BYTES} bytes")
        return keys

    def add(self, epoch: int) -> None:
        """Raise UsageError unless the operator has set this key already."""
        if epoch not in self.load():
            raise UsageError(
                f"the vault's keys are in the setting vault_keys, which has none of epoch {epoch}",
                hint=f"Add {epoch}:BASE64 of 32 random bytes (`openssl rand -base64 32`), keep the others, and repeat.",
            )

    def require_discardable(self, epoch: int) -> None:
        """Raise UsageError while the operator still sets this key."""
        if epoch in self.load():
            raise UsageError(f"take epoch {epoch} out of the setting vault_keys, wherever it is kept, and repeat")

    def discard(self, epoch: int) -> None:
        """Do nothing: the operator destroyed the key."""


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
        self._folder, self._management = keys / _FOLDER, management

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable or KeysExposed."""
        keys = {}
        for path, epoch, is_wrapped in _files(self._folder):
            if not is_wrapped:
                continue
            keys[epoch] = self._management.unwrap(_read(path))
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
        _write_once(self._folder, name, wrapped)

    def require_discardable(self, epoch: int) -> None:
        """Do nothing: any key can be destroyed here."""

    def discard(self, epoch: int) -> None:
        """Destroy a key for good."""
        _destroy(self._folder, f"epoch-{epoch}.wrapped")


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


def _files(folder: Path) -> list[tuple[Path, int, bool]]:
    """Return the key files of a folder: path, epoch, and whether it is a wrapped one."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise VaultKeyUnreadable(f"{folder}: {error.strerror}") from error
    found = ((name, _FILE.fullmatch(name)) for name in names)
    return [(folder / name, int(match[1]), match[2] is not None) for name, match in found if match]


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeysExposed(path)
        return path.read_bytes()
    except OSError as error:
        raise VaultKeyUnreadable(f"{path}: {error.strerror}") from error


def _write_once(folder: Path, name: str, content: bytes) -> None:
    """Write a file durably, whole or not at all; one that is there stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f"{name}.{secrets.token_hex(6)}.partial"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(partial, folder / name)
    partial.unlink()
    _sync(folder)


def _destroy(folder: Path, name: str) -> None:
    """Overwrite a file and take it away: how much that destroys is up to the file system and its snapshots."""
    path = folder / name
    with suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync(folder)


def _sync(folder: Path) -> None:
    """Let the names in a folder be durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
