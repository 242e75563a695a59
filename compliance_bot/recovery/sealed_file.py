"""A file in which every byte is authenticated: a header that anybody can read, and a sealed stream of any length.

    bytes          what
    0 to 23        `compliance-bot backup 1` and a line feed: the format and its version
    24 to 55       salt: random, another for each file
    56 to 59       n: length of the header, big-endian
    60 to 59 + n   header
    60 + n on      segments, one after the other

A segment is up to 1 MiB of the stream, encrypted with AES-256-GCM; 16 bytes of tag follow it. All but the last are
full; the last is empty only where the stream is. The key is HKDF-SHA256 (RFC 5869) of the home's key for `backup/1`,
with the salt, and with the SHA-256 of all bytes before the first segment as its purpose: another header is another key.
The nonce of a segment is its number in 11 bytes, big-endian, then 1 for the last and 0 for any other. So a bit that
changed, a segment that is missing, doubled or elsewhere, one of another file, and a file that was cut short or added to
do not open. The construction is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár 2015) as in C2SP age.

Pure but for the file it is given: nothing here knows what the header or the stream says.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from compliance_bot.errors import ComplianceError
from compliance_bot.keys import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.keys import Keyring

MAGIC = b"compliance-bot backup 1\n"
SEGMENT_BYTES = 1 << 20
TAG_BYTES = 16
_SALT_BYTES, _LENGTH_BYTES = 32, 4
_MOST_HEADER_BYTES = 1 << 16
_USE = "backup/1"


class NotSealed(ComplianceError):
    """The file is no backup: expected the beginning that each of them has."""

    exit_code = 2
    hint = "Name the file that `compliance-bot backup create` wrote."


class SealBroken(ComplianceError):
    """The backup is not what was written: it is damaged, incomplete or changed."""

    hint = "Nothing of it was used. Take another copy of it, or another backup."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """All that stands before the first segment."""

    header: bytes
    salt: bytes = field(repr=False)

    def encoded(self) -> bytes:
        """Return the exact bytes."""
        return MAGIC + self.salt + len(self.header).to_bytes(_LENGTH_BYTES, "big") + self.header

    def cipher(self, keyring: Keyring) -> AESGCM:
        """Return what seals and opens the segments behind this preamble."""
        purpose = hashlib.sha256(self.encoded()).digest()
        derive = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=self.salt, info=purpose)
        return AESGCM(derive.derive(keyring.derive(_USE)))


class Sealing:
    """A stream on its way into a file. Without `finish` the file does not open."""

    def __init__(self, file: IO[bytes], keyring: Keyring, header: bytes) -> None:
        if len(header) > _MOST_HEADER_BYTES:
            raise ValueError(f"a header has up to {_MOST_HEADER_BYTES} bytes, not {len(header)}")
        preamble = Preamble(header=header, salt=os.urandom(_SALT_BYTES))
        self._file, self._cipher = file, preamble.cipher(keyring)
        self._number, self._waiting = 0, bytearray()
        file.write(preamble.encoded())

    def write(self, block: bytes) -> None:
        """Add bytes to the stream. A full segment waits until it is known not to be the last."""
        self._waiting += block
        while len(self._waiting) > SEGMENT_BYTES:
            self._seal(bytes(self._waiting[:SEGMENT_BYTES]), is_last=False)
            del self._waiting[:SEGMENT_BYTES]

    def finish(self) -> None:
        """Write the last segment."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, segment: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), segment, None))
        self._number += 1


def read_preamble(file: IO[bytes]) -> Preamble:
    """Return what stands at the beginning; nothing has vouched for it yet. Raises NotSealed or SealBroken."""
    if file.read(len(MAGIC)) != MAGIC:
        raise NotSealed
    salt = file.read(_SALT_BYTES)
    length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
    if length > _MOST_HEADER_BYTES:
        raise SealBroken
    header = file.read(length)
    if len(salt) != _SALT_BYTES or len(header) != length:
        raise SealBroken
    return Preamble(header=header, salt=salt)


def opened(file: IO[bytes], keyring: Keyring, preamble: Preamble) -> Iterator[bytes]:
    """Yield the stream behind the preamble, segment by segment, each as it was written, in constant memory.

    That it is complete is known at its end alone. Raises SealBroken.
    """
    cipher, number = preamble.cipher(keyring), 0
    sealed = file.read(SEGMENT_BYTES + TAG_BYTES)
    is_last = False
    while not is_last:
        following = file.read(SEGMENT_BYTES + TAG_BYTES)
        is_last = not following
        try:
            segment = cipher.decrypt(_nonce(number, is_last=is_last), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error
        if segment:
            yield segment
        sealed, number = following, number + 1


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
