"""Key sets: parsed with care, fetched within bounds, loaded again when keys change and not with every token."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from compliance_bot.errors import Unavailable
from compliance_bot.identity.address import is_reachable_safely
from compliance_bot.identity.jwks import (
    FRESH_S,
    MAX_BYTES,
    RELOAD_S,
    STALE_S,
    InvalidKeySet,
    KeySource,
    ProviderUnreachable,
    discovered_keys,
    fetch,
    fetched_keys,
    parse_key_set,
)
from tests.identity_provider import Provider, Served, serving

PUBLIC = ECKey.generate_key("P-256").as_dict(private=False)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """A key set that can change and be away, and counts how often it was asked for."""

    def __init__(self, provider: Provider) -> None:
        self.provider, self.away, self.loads = provider, False, 0

    def __call__(self) -> bytes:
        self.loads += 1
        if self.away:
            raise ConnectionRefusedError
        return self.provider.key_set()


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as server:
        yield server


def test_keys_are_loaded_once_and_kept() -> None:
    source, clock = Source(Provider()), Clock()
    keys = KeySource(source, clock=clock)
    for _ in range(100):
        assert keys.matching("k1", "ES256")
        clock.now += FRESH_S / 200
    assert source.loads == 1


def test_an_unknown_key_id_makes_the_set_be_loaded_again_but_not_each_time() -> None:
    source, clock = Source(Provider()), Clock()
    keys = KeySource(source, clock=clock)
    assert keys.matching("k1", "ES256")
    clock.now += RELOAD_S
    source.provider.add_key("k2")
    assert keys.matching("k2", "ES256")
    assert source.loads == 2
    for number in range(1000):
        assert not keys.matching(f"invented-{number}", "ES256")
    assert source.loads == 2
    clock.now += RELOAD_S
    assert not keys.matching("invented", "ES256")
    assert source.loads == 3


def test_a_key_that_was_withdrawn_is_forgotten_in_an_hour() -> None:
    source, clock = Source(Provider()), Clock()
    keys = KeySource(source, clock=clock)
    assert keys.matching("k1", "ES256")
    del source.provider.keys["k1"]
    source.provider.add_key("k2")
    assert keys.matching("k1", "ES256")
    clock.now += FRESH_S + 1
    assert not keys.matching("k1", "ES256")


def test_while_the_provider_is_away_its_keys_serve_for_a_day() -> None:
    source, clock = Source(Provider()), Clock()
    keys = KeySource(source, clock=clock)
    assert keys.matching("k1", "ES256")
    source.away = True
    clock.now += STALE_S
    assert keys.matching("k1", "ES256")
    clock.now += RELOAD_S
    with pytest.raises(ProviderUnreachable):
        keys.matching("k1", "ES256")
    source.away = False
    clock.now += RELOAD_S
    assert keys.matching("k1", "ES256")


def test_a_provider_that_was_never_reached_is_told_and_not_asked_with_each_token() -> None:
    source, clock = Source(Provider()), Clock()
    source.away = True
    keys = KeySource(source, clock=clock)
    for _ in range(100):
        with pytest.raises(Unavailable, match="cannot be had at the moment"):
            keys.matching("k1", "ES256")
    assert source.loads == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected JSON"),
        (b"\xff", "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
        (b"[]", "at most 100 keys"),
        (b"{}", "at most 100 keys"),
        (json.dumps({"keys": [PUBLIC] * 101}).encode(), "at most 100 keys"),
        (b'{"keys": []}', "at least one public"),
        (b'{"keys": [7, {}, {"kty": "EC"}, {"kty": "XX"}]}', "at least one public"),
        (json.dumps({"keys": [{"kty": "oct", "k": "AAAA"}]}).encode(), "at least one public"),
        (json.dumps({"keys": [{**PUBLIC, "use": "enc"}]}).encode(), "at least one public"),
        (json.dumps({"keys": [{**PUBLIC, "key_ops": ["sign"]}]}).encode(), "at least one public"),
        (json.dumps({"keys": [{**PUBLIC, "kid": 7}]}).encode(), "at least one public"),
        (json.dumps({"keys": [{**PUBLIC, "x": "AAAA"}]}).encode(), "at least one public"),
        (json.dumps({"keys": [{"kty": "RSA", "n": "A" * 100_000, "e": "AQAB"}]}).encode(), "at least one public"),
        (json.dumps({"keys": [{"kty": "RSA", "n": "_" * 2000, "e": "AQAB"}]}).encode(), "at least one public"),
        (json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=True)]}).encode(), "a private key"),
    ],
)
def test_what_is_no_set_of_public_keys_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidKeySet, match=message):
        parse_key_set(content)


def test_a_short_rsa_key_is_left_out() -> None:
    short = {"kty": "RSA", "n": "_" * 170, "e": "AQAB", "kid": "short"}
    long = {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "long"}
    (key,) = parse_key_set(json.dumps({"keys": [short, long]}).encode())
    assert key.kid == "long"


def test_a_key_says_for_which_algorithm_it_is() -> None:
    (key,) = parse_key_set(json.dumps({"keys": [{**PUBLIC, "alg": "ES256"}]}).encode())
    assert key.suits("ES256")
    assert not key.suits("ES384")
    assert not key.suits("RS256")
    assert not key.suits("Ed25519")


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://login.bank.example", True), ("http://127.0.0.1:8080/x", True), ("http://localhost", True),
        ("http://[::1]:1/", True), ("http://login.bank.example", False), ("http://127.0.0.1.bank.example", False),
        ("http://localhost.bank.example", False), ("http://10.0.0.1", False), ("file:///etc/passwd", False),
        ("ftp://127.0.0.1", False), ("https://", False), ("", False), ("http://[", False),
    ],
)  # fmt: skip
def test_keys_are_fetched_by_https_or_from_this_machine(url: str, is_safe: bool) -> None:
    assert is_reachable_safely(url) is is_safe
    if not is_safe:
        with pytest.raises(InvalidKeySet, match="by https"):
            fetch(url)


def test_keys_are_discovered_at_the_issuer(served: Served) -> None:
    provider = Provider(issuer=f"{served.url}/realms/staff")
    about = {"issuer": provider.issuer, "jwks_uri": f"{served.url}/certs"}
    served.answers["/realms/staff/.well-known/openid-configuration"] = (200, json.dumps(about).encode())
    served.answers["/certs"] = (200, provider.key_set())
    keys = KeySource(discovered_keys(provider.issuer))
    assert keys.matching("k1", "ES256")
    assert served.asked == ["/realms/staff/.well-known/openid-configuration", "/certs"]


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"issuer": "https://evil.example", "jwks_uri": "http://127.0.0.1/"}, "another issuer"),
        ({"jwks_uri": "http://127.0.0.1/"}, "another issuer"),
        ({"issuer": "HERE"}, "no address of keys"),
        ({"issuer": "HERE", "jwks_uri": "http://10.0.0.1/"}, "no address of keys"),
        ({"issuer": "HERE", "jwks_uri": "file:///etc/passwd"}, "no address of keys"),
        ({"issuer": "HERE", "jwks_uri": ["https://x"]}, "no address of keys"),
        (["HERE"], "another issuer"),
    ],
)
def test_a_description_that_is_not_the_issuers_own_is_refused(served: Served, about: Any, message: str) -> None:
    content = json.dumps(about).replace("HERE", served.url).encode()
    served.answers["/.well-known/openid-configuration"] = (200, content)
    with pytest.raises(InvalidKeySet, match=message):
        discovered_keys(served.url)()


def test_an_answer_that_is_too_long_is_not_read_to_its_end(served: Served) -> None:
    served.answers["/keys"] = (200, b" " * (MAX_BYTES + 1))
    with pytest.raises(InvalidKeySet, match="at most"):
        fetch(f"{served.url}/keys")
    served.answers["/keys"] = (200, b" " * MAX_BYTES)
    assert len(fetch(f"{served.url}/keys")) == MAX_BYTES


def test_a_redirect_is_not_followed(served: Served) -> None:
    served.answers["/keys"] = (302, f"{served.url}/elsewhere".encode())
    served.answers["/elsewhere"] = (200, Provider().key_set())
    with pytest.raises(OSError, match="302"):
        fetch(f"{served.url}/keys")
    assert served.asked == ["/keys"]


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_that_is_an_error_is_none(served: Served, status: int) -> None:
    served.answers["/keys"] = (status, Provider().key_set())
    with pytest.raises(ProviderUnreachable):
        KeySource(fetched_keys(f"{served.url}/keys")).matching("k1", "ES256")


@pytest.mark.parametrize("manner", ["silent", "dripping"])
def test_a_server_that_takes_its_time_is_not_waited_for(served: Served, manner: str) -> None:
    served.answers["/keys"] = (200, Provider().key_set())
    served.wait_s, served.drip = (3600.0, False) if manner == "silent" else (0.0, True)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        fetch(f"{served.url}/keys", timeout_s=0.5)
    assert time.monotonic() - began < 10  # it would take an hour, or 40 s


def test_a_server_that_is_not_there_is_told(served: Served) -> None:
    with pytest.raises(OSError, match="refused"):
        fetch("http://127.0.0.1:9/keys")
