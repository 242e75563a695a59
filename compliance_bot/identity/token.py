"""Verify a token: the signed half of "who are you". What its claims mean here is `claims`.

A JSON Web Token in compact form (RFC 7515, 7519), as OpenID Connect (Core 1.0, section 3.1.3.7) and access tokens (RFC
9068) have it, under the advice of RFC 8725: the algorithm is chosen by our rules and must fit the key, and nothing in
the token's own header says where its key is. Pure but for the source of keys: no clock, no memory, no log.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from compliance_bot.identity.refusal import SignInRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from compliance_bot.identity.jwks import KeySource
    from compliance_bot.identity.mapping import TokenRules

Claims = dict[str, Any]  # JSON; stays within this package
Kind = Literal["token", "header"]

MAX_TOKEN_CHARS = 16 * 1024
_MAX_DEPTH = 32
_MAX_LIFETIME_S = 400 * 86_400  # what is valid for longer is no sign-in
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Each kind of token has its own type where it has one (RFC 8725, 3.11); older providers leave it out or say JWT.
_TYPES = {"token": {None, "jwt", "at+jwt", "application/at+jwt"}, "header": {None, "jwt"}}


def verify(token: str, kind: Kind, rules: TokenRules, keys: KeySource, now: datetime) -> tuple[Claims, datetime]:
    """Return the claims of a token that is believed, and until when. Raises SignInRefused or Unavailable."""
    header, claims, signed, signature = _taken_apart(token)
    algorithm, kid = _checked_header(header, kind, rules)
    candidates = keys.matching(kid, algorithm)
    if not candidates:
        raise SignInRefused("key-unknown")
    if not any(_is_signed(algorithm, one.key, signed, signature) for one in candidates):
        raise SignInRefused("signature")
    _check_parties(claims, rules)
    return claims, _checked_times(claims, rules, now)


def _taken_apart(token: str) -> tuple[Claims, Claims, bytes, bytes]:
    """Return header, claims, what is signed, and the signature: parsed, and not believed yet."""
    if len(token) > MAX_TOKEN_CHARS:
        raise SignInRefused("too-long")
    if not _COMPACT.fullmatch(token):
        raise SignInRefused("form")
    header, payload, signature = token.split(".")
    return _object(header), _object(payload), f"{header}.{payload}".encode(), _decoded(signature)


def _checked_header(header: Claims, kind: Kind, rules: TokenRules) -> tuple[str, str | None]:
    algorithm, kid, declared = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        raise SignInRefused("algorithm")
    if {"crit", "b64", "zip", "enc"} & header.keys():  # extensions that we do not know must not be ignored
        raise SignInRefused("extension")
    if declared is not None and not isinstance(declared, str):
        raise SignInRefused("type")
    if (declared.lower() if declared else declared) not in _TYPES[kind]:
        raise SignInRefused("type")
    if kid is not None and not isinstance(kid, str):
        raise SignInRefused("key-unknown")
    return algorithm, kid


def _is_signed(algorithm: str, key: Any, signed: bytes, signature: bytes) -> bool:
    checker = JWSRegistry.algorithms[algorithm]
    try:
        checker.check_key(key)
        return checker.verify(signed, signature, key)
    except (JoseError, ValueError):
        return False


def _check_parties(claims: Claims, rules: TokenRules) -> None:
    """Refuse what was not made by this issuer, for us."""
    if claims.get("iss") != rules.issuer:
        raise SignInRefused("issuer")
    named = claims.get("aud")
    audience = [named] if isinstance(named, str) else named
    if not isinstance(audience, list) or not all(isinstance(one, str) for one in audience):
        raise SignInRefused("audience")
    if not set(audience) & set(rules.audience):
        raise SignInRefused("audience")
    party = claims.get("azp")
    if party is None and len(set(audience)) > 1:
        raise SignInRefused("authorized-party")
    if party is not None and party not in (*rules.audience, *rules.authorized_parties):
        raise SignInRefused("authorized-party")
    if "cnf" in claims:  # bound to a key whose proof we do not ask for: a bearer may have stolen it (RFC 7800)
        raise SignInRefused("bound")
    if "events" in claims:  # a logout or security event, which is signed with the same keys
        raise SignInRefused("type")


def _checked_times(claims: Claims, rules: TokenRules, now: datetime) -> datetime:
    """Return until when the token is believed. Seconds that are missing or no numbers are refused."""
    seconds, leeway = now.timestamp(), rules.leeway_s
    expires, issued, begins = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None:
        raise SignInRefused("no-expiry")
    end = expires + leeway
    if begins is not None and begins - leeway > seconds:
        raise SignInRefused("not-yet-valid")
    if issued is not None and issued - leeway > seconds:
        raise SignInRefused("not-yet-valid")
    if rules.max_age_s is not None:
        if issued is None:
            raise SignInRefused("no-issue-time")
        end = min(end, issued + rules.max_age_s + leeway)
    if end <= seconds:
        raise SignInRefused("expired")
    if end - seconds > _MAX_LIFETIME_S:
        raise SignInRefused("too-long-lived")
    return now + timedelta(seconds=end - seconds)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SignInRefused("time")
    try:
        number = float(value)
    except OverflowError:
        raise SignInRefused("time") from None
    if not math.isfinite(number):
        raise SignInRefused("time")
    return number


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SignInRefused("form") from None


def _object(part: str) -> Claims:
    """Return a part as a JSON object: each name once, no numbers that JSON has not, not nested without end."""
    try:
        parsed = json.loads(_decoded(part), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise SignInRefused("form") from None
    if not isinstance(parsed, dict) or _is_deeper(parsed, _MAX_DEPTH):
        raise SignInRefused("form")
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> Claims:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_: str) -> Any:
    raise ValueError("no number of JSON")


def _is_deeper(value: Any, depth: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth == 0 or any(_is_deeper(one, depth - 1) for one in inner)
