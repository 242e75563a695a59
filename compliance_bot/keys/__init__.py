"""The keys of a home: made once, kept outside the database, readable by their owner alone.

One random key-encryption key wraps the key of each audit record; keys for other uses (index terms, change detection,
commitments) are derived from it with HKDF-SHA256 (RFC 5869), one label each, so that none can stand in for another.
Losing the file loses what it encrypts: back it up apart from the database.
"""

from __future__ import annotations

import os
import secrets
import ssl
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
_FILE = "key-encryption-key"
_NONCE_BYTES = 12  # NIST SP 800-38D: 96-bit random nonce; each data key encrypts one message


class KeysMissing(ComplianceError):
    exit_code = 3
    hint = "Restore keys/ from its backup. Without it the audit payloads of this home cannot be read."

    def __init__(self, path: Path) -> None:
        super().__init__(f"no key file at {path}")


class KeysExposed(ComplianceError):
    exit_code = 3

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} can be read by other accounts", hint=f"Run `chmod 600 {path}` and consider it known.")


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Keys by use. Never printed, never logged."""

    _root: bytes
    _derived: dict[str, bytes] = field(default_factory=dict, compare=False)  # by use; there are few

    def derive(self, use: str) -> bytes:
        """Return the 32-byte key for one use, such as `terms/1`."""
        if use not in self._derived:
            derivation = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=use.encode())
            self._derived[use] = derivation.derive(self._root)
        return self._derived[use]

    def mac(self, use: str, message: bytes) -> bytes:
        """Return HMAC-SHA256 of the message under the key for that use."""
        code = HMAC(self.derive(use), hashes.SHA256())
        code.update(message)
        return code.finalize()

    def wrap(self, data_key: bytes, *, bound_to: bytes) -> bytes:
        """Return the data key encrypted under the key-encryption key, openable only with the same `bound_to`."""
        return encrypt(self.derive("wrap"), data_key, bound_to=bound_to)

    def unwrap(self, wrapped: bytes, *, bound_to: bytes) -> bytes:
        """Return the data key. Raises CannotDecrypt for another key, another record or changed bytes."""
        return decrypt(self.derive("wrap"), wrapped, bound_to=bound_to)


class CannotDecrypt(ComplianceError):
    """The ciphertext does not open with this home's key: it was changed, or belongs to another home."""


def random_bytes(count: int) -> bytes:
    """Return random bytes that are fit for keys.

    They come from OpenSSL's generator, which the kernel seeds, and anew in each process that was forked. Asking the
    kernel for a few bytes lets another thread in each time, which costs as much as sealing a record.
    """
    return ssl.RAND_bytes(count)


def encrypt(key: bytes, plaintext: bytes, *, bound_to: bytes) -> bytes:
    """Return nonce and AES-256-GCM ciphertext; `bound_to` is authenticated with it."""
    nonce = random_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to)


def decrypt(key: bytes, ciphertext: bytes, *, bound_to: bytes) -> bytes:
    """Return the plaintext of `encrypt`. Raises CannotDecrypt."""
    try:
        return AESGCM(key).decrypt(ciphertext[:_NONCE_BYTES], ciphertext[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt from error


def create_keys(folder: Path) -> Keyring:
    """Make the key file of a new home and return its keys. An existing file is kept, never overwritten."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if not (folder / _FILE).exists():
        write_once(folder, _FILE, os.urandom(KEY_BYTES))
    return load_keys(folder)


def load_keys(folder: Path) -> Keyring:
    """Return the keys of a home. Raises KeysMissing or KeysExposed."""
    path = folder / _FILE
    try:
        root = read_private(path)
    except OSError as error:
        raise KeysMissing(path) from error
    if len(root) != KEY_BYTES:
        raise KeysMissing(path)
    return Keyring(root)


def read_private(path: Path) -> bytes:
    """Return what is in a file that its owner alone may read. Raises KeysExposed, and OSError."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeysExposed(path)
    return path.read_bytes()


def write_once(folder: Path, name: str, content: bytes) -> None:
    """Write a private file durably, whole or not at all; one that is there stays: it is another process's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f"{name}.{secrets.token_hex(6)}.partial"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(partial, folder / name)
    partial.unlink()
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder be durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
