"""The public keys of those who sign tokens: from a file of the home, or fetched, and kept for a while.

A key that is not known makes the set be loaded again, at most once in half a minute, so that rotation is followed and
a flood of tokens with invented key ids is not passed on. While a source is away, keys serve for a day and no longer.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from compliance_bot.errors import Unavailable
from compliance_bot.identity.address import is_loopback, is_reachable_safely

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from joserfc.jwk import Key

MAX_BYTES = 256 * 1024
MAX_KEYS = 100
TIMEOUT_S = 5.0
FRESH_S = 3600  # then they are loaded again: a key that was withdrawn is forgotten
STALE_S = 86_400  # a provider that is away for longer is not believed from memory
RELOAD_S = 30
_RSA_BITS = range(2048, 8193)  # at least: NIST SP 800-57 part 1; at most: checking takes longer with each bit
_KINDS = {"R": "RSA", "P": "RSA", "E": "EC"}


class ProviderUnreachable(Unavailable):
    """The keys of the sign-in provider cannot be had at the moment."""


class InvalidKeySet(ValueError):
    """Bytes that are no set of public keys. Says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key with what its set says of it."""

    key: Key
    kind: str  # RSA, EC or OKP
    kid: str | None
    algorithm: str | None

    def suits(self, algorithm: str) -> bool:
        wanted = "OKP" if algorithm.startswith("Ed") else _KINDS[algorithm[0]]
        return self.kind == wanted and self.algorithm in (None, algorithm)


class KeySource:
    """The keys of one issuer. Safe to share between threads; one of them loads while others wait."""

    def __init__(self, load: Callable[[], bytes], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._load, self._clock = load, clock
        self._lock = threading.Lock()
        self._keys: tuple[PublicKey, ...] = ()
        self._loaded = self._tried = float("-inf")

    def matching(self, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
        """Return the keys that such a token may be signed with; without a key id, the only one. Raises Unavailable."""
        with self._lock:
            if self._clock() - self._loaded > FRESH_S:
                self._reload()
            found = self._found(kid, algorithm)
            if not found:
                self._reload()
                found = self._found(kid, algorithm)
            return found

    def _found(self, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
        suiting = tuple(key for key in self._keys if key.suits(algorithm))
        if kid is None:  # which of several is meant would be a guess
            return suiting if len(suiting) == 1 else ()
        return tuple(key for key in suiting if key.kid == kid)

    def _reload(self) -> None:
        if self._clock() - self._tried >= RELOAD_S:
            self._tried = self._clock()
            try:
                self._keys = parse_key_set(self._load())
                self._loaded = self._clock()
            except (OSError, HTTPException, ValueError) as error:
                self._require_recent(error)
        self._require_recent(None)

    def _require_recent(self, error: Exception | None) -> None:
        if self._clock() - self._loaded > STALE_S:
            self._keys = ()
            raise ProviderUnreachable from error


def parse_key_set(content: bytes) -> tuple[PublicKey, ...]:
    """Return the public keys for signatures in a JWKS (RFC 7517). Raises InvalidKeySet where there is none."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidKeySet("expected JSON") from error
    listed = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise InvalidKeySet(f"expected an object with at most {MAX_KEYS} keys")
    keys = tuple(key for one in listed if (key := _public_key(one)) is not None)
    if not keys:
        raise InvalidKeySet("expected at least one public RSA, EC or Ed25519 key for signatures")
    return keys


def _public_key(entry: Any) -> PublicKey | None:
    """Return a key; None for one of another kind or use, since a set may hold those too."""
    if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    if "d" in entry:
        raise InvalidKeySet("a private key is among them: whoever reads this can sign")
    kid, algorithm, operations = entry.get("kid"), entry.get("alg"), entry.get("key_ops", ["verify"])
    is_told_right = isinstance(kid, str | None) and isinstance(algorithm, str | None) and isinstance(operations, list)
    if not is_told_right or entry.get("use", "sig") != "sig" or "verify" not in operations:
        return None
    kind = entry["kty"]
    members = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}[kind]
    try:
        if kind == "RSA" and _bits(entry["n"]) not in _RSA_BITS:
            return None
        key = JWKRegistry.import_key({"kty": kind, **{name: entry[name] for name in members}})
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return PublicKey(key=key, kind=kind, kid=kid, algorithm=algorithm)


def _bits(modulus: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))).bit_length()


def file_keys(path: Path) -> Callable[[], bytes]:
    """Return what loads a key set from a file of the home."""

    def load() -> bytes:
        with path.open("rb") as file:
            return file.read(MAX_BYTES)

    return load


def fetched_keys(url: str) -> Callable[[], bytes]:
    """Return what fetches a key set from its address."""
    return lambda: fetch(url)


def discovered_keys(issuer: str) -> Callable[[], bytes]:
    """Return what finds a provider's key set by OpenID Connect Discovery 1.0, section 4."""

    def load() -> bytes:
        try:
            about = json.loads(fetch(issuer.rstrip("/") + "/.well-known/openid-configuration"))
        except RecursionError as error:
            raise InvalidKeySet("expected JSON") from error
        if not isinstance(about, dict) or about.get("issuer") != issuer:
            raise InvalidKeySet("the provider's own description names another issuer")
        url = about.get("jwks_uri")
        if not isinstance(url, str) or not is_reachable_safely(url):
            raise InvalidKeySet("the provider's own description names no address of keys by https")
        return fetch(url)

    return load


def fetch(url: str, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return what stands there: bounded in size and time, no redirects. Raises OSError, HTTPException or ValueError."""
    if not is_reachable_safely(url):
        raise InvalidKeySet("expected an address by https")
    result: list[bytes | Exception] = []
    # In a thread of its own: a name server, a handshake or a drop a second would outlast any limit on single reads.
    reader = threading.Thread(target=_read, args=(url, timeout_s, result), daemon=True, name="fetch-keys")
    reader.start()
    reader.join(timeout_s)
    if not result:
        raise TimeoutError("no answer in time")
    (answer,) = result
    if isinstance(answer, Exception):
        raise answer
    return answer


def _read(url: str, timeout_s: float, result: list[bytes | Exception]) -> None:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_loopback(url):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=timeout_s) as response:
            content = response.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InvalidKeySet(f"expected at most {MAX_BYTES} bytes")
        result.append(content)
    except urllib.error.HTTPError as error:
        error.close()
        result.append(OSError(f"the server answered {error.code}"))
    except (OSError, HTTPException, ValueError) as error:
        result.append(error)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: keys come from where the operator said."""
        return
