"""Seal one value and open it again. Pure functions over keys.

Each value has a data key of its own, which the epoch's key wraps. Both are bound to the stretch of the one version that
the value stands for: moved to another place, neither opens. The length of what is stored tells nothing but a class of
lengths.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from compliance_bot.keys import KEY_BYTES, decrypt, encrypt

if TYPE_CHECKING:
    from compliance_bot.keys.epochs import EpochKeys

_FILL = 64  # bytes: nearly all values have one length, sealed
_SIZE_BYTES = 4


def place(
    tenant: int, document: str, version: str, *, in_title: bool, start: int, end: int, type_: str, number: int
) -> bytes:
    """Return what a value is bound to."""
    return json.dumps(["vault", tenant, document, version, in_title, start, end, type_, number]).encode()


def seal(value: str, keys: EpochKeys, epoch: int, *, bound_to: bytes) -> tuple[bytes, bytes]:
    """Return the wrapped data key and the ciphertext of a value. Raises VaultKeyMissing."""
    data_key = os.urandom(KEY_BYTES)
    return (
        keys.wrap(epoch, data_key, bound_to=bound_to),
        encrypt(data_key, _filled(value.encode("utf-8", "surrogatepass")), bound_to=bound_to),
    )


def unseal(wrapped_key: bytes, ciphertext: bytes, keys: EpochKeys, epoch: int, *, bound_to: bytes) -> str:
    """Return a sealed value. Raises VaultKeyMissing, or CannotDecrypt where key, place or bytes do not fit."""
    data_key = keys.unwrap(epoch, wrapped_key, bound_to=bound_to)
    plain = decrypt(data_key, ciphertext, bound_to=bound_to)
    size = int.from_bytes(plain[:_SIZE_BYTES], "big")
    return plain[_SIZE_BYTES : _SIZE_BYTES + size].decode("utf-8", "surrogatepass")


def _filled(plain: bytes) -> bytes:
    """Return bytes with their length before them, filled up: to 64, and beyond that to ever coarser steps."""
    size = len(plain) + _SIZE_BYTES
    step = max(_FILL, 1 << max(0, size.bit_length() - 3))
    return len(plain).to_bytes(_SIZE_BYTES, "big") + plain + bytes(-size % step)
