"""Keys of services: random, checked against a hash, and of no use when they are something else."""

from __future__ import annotations

import hashlib

import pytest

from compliance_bot.identity.service_key import is_service_key, make_service_key


def test_a_key_opens_with_its_own_hash_alone() -> None:
    (key, digest), (other_key, other_digest) = make_service_key(), make_service_key()
    assert is_service_key(key, digest)
    assert is_service_key(other_key, other_digest)
    assert not is_service_key(key, other_digest)
    assert key not in (other_key, digest)


def test_a_key_has_256_random_bits_and_its_hash_is_sha256() -> None:
    key, digest = make_service_key()
    assert len(key) == len("cbk_") + 43  # 32 bytes in base64url
    assert digest == hashlib.sha256(key.encode()).hexdigest()


@pytest.mark.parametrize("key", ["", "password", "cbk_", "cbk_" + "a" * 42, "cbk_" + "ä" * 43, "x" * 1_000_000])
def test_what_is_no_key_opens_nothing(key: str) -> None:
    assert not is_service_key(key, hashlib.sha256(key.encode()).hexdigest())
    assert not is_service_key(key, hashlib.sha256(b"").hexdigest())
    assert not is_service_key(key, None)


def test_no_key_opens_where_there_is_no_hash() -> None:
    assert not is_service_key(make_service_key()[0], None)
