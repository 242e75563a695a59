"""Where the keys of the vault lie: in files of the home, or in the environment. `management` has the third place."""

from __future__ import annotations

import base64
import binascii
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError
from compliance_bot.keys import KEY_BYTES, read_private, sync_folder, write_once
from compliance_bot.keys.epochs import FIRST, VaultKeyUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from compliance_bot.errors import ComplianceError

FOLDER = "vault"  # in the folder of keys
_FILE = re.compile(r"epoch-([1-9][0-9]{0,8})(\.wrapped)?")


class FileKeys:
    """Keys in files of the home, readable by its owner alone."""

    def __init__(self, keys: Path) -> None:
        self._folder = keys / FOLDER

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable or KeysExposed."""
        keys = {}
        for path, epoch, is_wrapped in key_files(self._folder):
            if is_wrapped:
                continue
            keys[epoch] = read_key(path)
            if len(keys[epoch]) != KEY_BYTES:
                raise VaultKeyUnreadable(f"{path} is not a key: expected {KEY_BYTES} bytes")
        return keys

    def add(self, epoch: int) -> None:
        """Make a new key durably; one that is there is kept."""
        write_once(self._folder, f"epoch-{epoch}", os.urandom(KEY_BYTES))

    def require_discardable(self, epoch: int) -> None:
        """Do nothing: any key can be destroyed here."""

    def discard(self, epoch: int) -> None:
        """Destroy a key for good."""
        destroy(self._folder, f"epoch-{epoch}")


class EnvironmentKeys:
    """Keys that the operator sets: `1:BASE64 2:BASE64`, all epochs that are still needed."""

    def __init__(self, written: str) -> None:
        self._written = written

    def load(self) -> Mapping[int, bytes]:
        """Return the key of each epoch there is. Raises VaultKeyUnreadable; no message quotes a key."""
        return parse_keys(
            self._written,
            lambda place: VaultKeyUnreadable(f"vault_keys: part {place} is not EPOCH:BASE64 of {KEY_BYTES} bytes"),
        )

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


def parse_keys(written: str, refuse: Callable[[int], ComplianceError]) -> Mapping[int, bytes]:
    """Return the keys of a setting `1:BASE64 2:BASE64` by number; raise what `refuse` makes of a part that is none."""
    keys = {}
    for place, word in enumerate(written.replace(",", " ").split(), start=1):
        number, _, encoded = word.partition(":")
        with suppress(binascii.Error, ValueError):
            key = base64.b64decode(encoded, validate=True)
            if number.isdecimal() and int(number) >= FIRST and len(key) == KEY_BYTES and int(number) not in keys:
                keys[int(number)] = key
                continue
        raise refuse(place)
    return keys


def key_files(folder: Path) -> list[tuple[Path, int, bool]]:
    """Return the key files of a folder: path, epoch, and whether it is a wrapped one."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise VaultKeyUnreadable(f"{folder}: {error.strerror}") from error
    found = ((name, _FILE.fullmatch(name)) for name in names)
    return [(folder / name, int(match[1]), match[2] is not None) for name, match in found if match]


def read_key(path: Path) -> bytes:
    """Return what is in a key file. Raises VaultKeyUnreadable or KeysExposed."""
    try:
        return read_private(path)
    except OSError as error:
        raise VaultKeyUnreadable(f"{path}: {error.strerror}") from error


def destroy(folder: Path, name: str) -> None:
    """Overwrite a file and take it away: how much that destroys is up to the file system and its snapshots."""
    path = folder / name
    with suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(folder)
