"""One AES-GCM ciphertext that opens under two keys, as two texts: why an envelope commits to its text.

AES-GCM authenticates with a polynomial over GF(2^128) whose point comes from the key. One free block makes the tags of
two keys equal: a linear equation. NIST SP 800-38D; Grubbs, Lu, Ristenpart, "Message Franking via Committing
Authenticated Encryption" (2017).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
_R = 0xE1 << 120


def ciphertext_of_two_keys(one: bytes, other: bytes, *, nonce: bytes, bound_to: bytes, blocks: int = 4) -> bytes:
    """Return nonce, ciphertext and tag that open under both keys. The first block is the one that is solved for."""
    body = [0, *range(1, blocks)]
    free = 0
    tags = [_tag(key, nonce, bound_to, body) for key in (one, other)]
    exponent = len(body) - free + 1  # the blocks from the free one on, and the block of lengths
    powers = [_power(_hash_key(key), exponent) for key in (one, other)]
    body[free] = _multiply(tags[0] ^ tags[1], _invert(powers[0] ^ powers[1]))
    tag, same = (_tag(key, nonce, bound_to, body) for key in (one, other))
    assert tag == same
    return nonce + b"".join(block.to_bytes(BLOCK, "big") for block in body) + tag.to_bytes(BLOCK, "big")


def _tag(key: bytes, nonce: bytes, bound_to: bytes, body: list[int]) -> int:
    padded = bound_to + bytes(-len(bound_to) % BLOCK)
    associated = [int.from_bytes(padded[at : at + BLOCK], "big") for at in range(0, len(padded), BLOCK)]
    lengths = (len(bound_to) * 8) << 64 | len(body) * BLOCK * 8
    point, value = _hash_key(key), 0
    for block in [*associated, *body, lengths]:
        value = _multiply(value ^ block, point)
    return value ^ _encrypt_block(key, nonce + b"\0\0\0\1")


def _hash_key(key: bytes) -> int:
    return _encrypt_block(key, bytes(BLOCK))


def _encrypt_block(key: bytes, block: bytes) -> int:
    return int.from_bytes(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block), "big")


def _multiply(x: int, y: int) -> int:
    """Return the product in GCM's field, whose bits are numbered from the left."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (_R if y & 1 else 0)
    return product


def _power(x: int, exponent: int) -> int:
    result = 1 << 127  # one
    while exponent:
        if exponent & 1:
            result = _multiply(result, x)
        x, exponent = _multiply(x, x), exponent >> 1
    return result


def _invert(x: int) -> int:
    return _power(x, 2**128 - 2)
