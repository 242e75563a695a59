"""Keys of service principals: random, shown once, kept as a hash.

    python -c "from compliance_bot.identity import make_service_key; print(*make_service_key())"

A key has 256 random bits, so one round of SHA-256 is enough; a password would need a slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_PREFIX = "cbk_"  # lets secret scanners find a key that was committed
_KEY = re.compile(r"cbk_[A-Za-z0-9_-]{43}")
_NONE = "0" * 64


def make_service_key() -> tuple[str, str]:
    """Return a new key, and its hash for `key_sha256` in principals.yaml. The key is kept nowhere."""
    key = _PREFIX + secrets.token_urlsafe(32)
    return key, hashlib.sha256(key.encode()).hexdigest()


def is_service_key(key: str, key_sha256: str | None) -> bool:
    """Return whether a key belongs to a hash. Takes as long where there is no hash."""
    fits = _KEY.fullmatch(key) is not None
    digest = hashlib.sha256(key.encode() if fits else b"").hexdigest()
    return hmac.compare_digest(digest, key_sha256 or _NONE) and fits
