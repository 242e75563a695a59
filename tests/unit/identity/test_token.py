"""Tokens: one is believed when everything about it is right, and refused for each single thing that is not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.errors import Refused
from compliance_bot.identity.jwks import KeySource
from compliance_bot.identity.mapping import OidcRules
from compliance_bot.identity.refusal import SignInRefused
from compliance_bot.identity.token import MAX_TOKEN_CHARS, verify
from tests.identity_provider import AUDIENCE, ISSUER, NOW, SECONDS, Provider, part, secret_of

PROVIDER = Provider()
RSA = Provider("RS256", "r1")
OTHER = Provider()
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "Ed25519", "EdDSA"]


def rules(**changes: Any) -> OidcRules:
    given = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": "keys.json", "groups": None, "algorithms": ALGORITHMS}
    return OidcRules.model_validate({**given, **changes})


def check(token: str, provider: Provider = PROVIDER, *, kind: Any = "token", now: Any = NOW, **changes: Any) -> Any:
    return verify(token, kind, rules(**changes), KeySource(provider.key_set), now)


def refusal(token: str, provider: Provider = PROVIDER, **more: Any) -> str:
    """Return the code for the log, once it is sure that the bearer learns nothing of it."""
    with pytest.raises(SignInRefused, match=r"^The sign-in was not accepted.$") as refused:
        check(token, provider, **more)
    assert isinstance(refused.value, Refused)
    assert refused.value.code not in str(refused.value) + refused.value.hint
    return refused.value.code


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "Ed25519"])
def test_a_good_token_is_believed_with_each_kind_of_key(algorithm: str) -> None:
    provider = Provider(algorithm)
    claims, until = check(provider.token(), provider)
    assert claims["sub"] == "u-17"
    assert until == NOW + timedelta(seconds=300 + 60)


def test_an_older_name_of_the_algorithm_is_understood() -> None:
    provider = Provider("Ed25519")
    assert check(provider.token(header={"alg": "EdDSA"}), provider)[0]["iss"] == ISSUER


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt", None])
def test_id_tokens_and_access_tokens_are_believed(kind: str | None) -> None:
    assert check(PROVIDER.token(header={"typ": kind}))


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt", "JWE", 7, ["JWT"]])
def test_a_token_made_for_something_else_is_refused(kind: object) -> None:
    assert refusal(PROVIDER.token(header={"typ": kind})) == "type"


def test_a_header_is_no_access_token() -> None:
    assert refusal(PROVIDER.token(header={"typ": "at+jwt"}), kind="header") == "type"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://login.bank.example/realms/other"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": [ISSUER]}, "issuer"),
        ({"aud": "another-app"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": {"compliance-bot": 1}}, "audience"),
        ({"aud": [AUDIENCE, 7]}, "audience"),
        ({"aud": AUDIENCE.upper()}, "audience"),
        ({"aud": [AUDIENCE, "another-app"]}, "authorized-party"),
        ({"aud": [AUDIENCE, "another-app"], "azp": "another-app"}, "authorized-party"),
        ({"azp": "another-app"}, "authorized-party"),
        ({"azp": [AUDIENCE]}, "authorized-party"),
        ({"cnf": {"jkt": "x"}}, "bound"),
        ({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, "type"),
        ({"exp": None}, "no-expiry"),
        ({"exp": str(SECONDS + 300)}, "time"),
        ({"exp": True}, "time"),
        ({"exp": 10**400}, "time"),
        ({"exp": 1e300}, "too-long-lived"),
        ({"exp": SECONDS + 401 * 86_400}, "too-long-lived"),
        ({"iat": "now"}, "time"),
        ({"nbf": [1]}, "time"),
    ],
)
def test_a_token_with_one_wrong_claim_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refusal(PROVIDER.token(**changes)) == code


def test_an_audience_may_be_one_of_several_when_we_are_the_authorized_party() -> None:
    assert check(PROVIDER.token(aud=["another-app", AUDIENCE], azp=AUDIENCE))
    assert check(PROVIDER.token(aud=[AUDIENCE]))
    assert check(PROVIDER.token(azp="front"), authorized_parties=["front"])
    assert check(PROVIDER.token(aud="two"), audience=[AUDIENCE, "two"])


@pytest.mark.parametrize(
    ("changes", "late_s", "code"),
    [
        ({"exp": SECONDS}, 59, None),
        ({"exp": SECONDS}, 60, "expired"),
        ({"exp": SECONDS - 3600}, 0, "expired"),
        ({"nbf": SECONDS + 60}, 0, None),
        ({"nbf": SECONDS + 61}, 0, "not-yet-valid"),
        ({"iat": SECONDS + 60}, 0, None),
        ({"iat": SECONDS + 61}, 0, "not-yet-valid"),
    ],
)
def test_clocks_may_differ_by_the_leeway_and_no_more(changes: dict[str, Any], late_s: int, code: str | None) -> None:
    token, now = PROVIDER.token(**changes), NOW + timedelta(seconds=late_s)
    if code is None:
        assert check(token, now=now)
    else:
        assert refusal(token, now=now) == code


def test_without_leeway_a_second_counts() -> None:
    assert refusal(PROVIDER.token(exp=SECONDS), leeway_s=0) == "expired"
    assert check(PROVIDER.token(exp=SECONDS + 1), leeway_s=0)


def test_a_token_is_too_old_by_its_issue_time_where_a_greatest_age_is_set() -> None:
    token = PROVIDER.token(iat=SECONDS - 100, exp=SECONDS + 3600)
    assert check(token, max_age_s=100)[1] == NOW + timedelta(seconds=60)
    assert refusal(token, max_age_s=100, now=NOW + timedelta(seconds=60)) == "expired"
    assert refusal(PROVIDER.token(iat=None), max_age_s=100) == "no-issue-time"
    assert check(PROVIDER.token(iat=None))


def test_a_token_signed_by_somebody_else_under_the_same_key_id_is_refused() -> None:
    assert refusal(OTHER.token()) == "signature"


def test_a_token_changed_after_it_was_signed_is_refused() -> None:
    header, _, signature = PROVIDER.token().split(".")
    payload = part(json.dumps(PROVIDER.claims(sub="admin")).encode())
    assert refusal(f"{header}.{payload}.{signature}") == "signature"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 7])
def test_an_unsigned_token_is_refused(algorithm: object) -> None:
    header = {key: value for key, value in {"alg": algorithm, "kid": "k1"}.items() if value is not None}
    unsigned = f"{part(json.dumps(header).encode())}.{part(json.dumps(PROVIDER.claims()).encode())}"
    assert refusal(f"{unsigned}.") == "form"
    assert refusal(f"{unsigned}.AA") == "algorithm"


@pytest.mark.parametrize("form", ["PEM", "DER", "JWK"])
def test_a_public_key_is_no_shared_secret(form: str) -> None:
    (key,) = (key for _, key in RSA.keys.values())
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = {
        "PEM": key.public_key.public_bytes(serialization.Encoding.PEM, spki),
        "DER": key.public_key.public_bytes(serialization.Encoding.DER, spki),
        "JWK": json.dumps(key.as_dict(private=False)).encode(),
    }[form]
    # What joserfc would sign with such a key after all is made by hand.
    import hmac

    head = part(json.dumps({"alg": "HS256", "kid": "r1", "typ": "JWT"}).encode())
    signed = f"{head}.{part(json.dumps(RSA.claims()).encode())}"
    forged = f"{signed}.{part(hmac.digest(secret, signed.encode(), 'sha256'))}"
    assert refusal(forged, RSA) == "algorithm"


def test_an_algorithm_that_is_not_ours_to_use_is_refused_though_the_key_could() -> None:
    assert refusal(PROVIDER.token(), algorithms=["RS256"]) == "algorithm"
    assert refusal(RSA.token(), RSA, algorithms=["PS256"]) == "algorithm"


def test_a_key_is_not_used_for_an_algorithm_of_another_kind() -> None:
    for algorithm in ("RS256", "Ed25519", "ES384"):
        header = {"alg": algorithm, "kid": "k1"}
        signed = PROVIDER.sign({}, header={"kid": "k1"}).split(".")[2]
        forged = f"{part(json.dumps(header).encode())}.{part(json.dumps(PROVIDER.claims()).encode())}.{signed}"
        assert refusal(forged) in ("key-unknown", "signature")


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}, {"zip": "DEF"}])
def test_an_extension_that_we_do_not_know_is_refused(header: dict[str, Any]) -> None:
    assert refusal(PROVIDER.token(header=header)) == "extension"


def test_a_token_does_not_say_where_its_key_is() -> None:
    (_, key), = OTHER.keys.values()  # fmt: skip
    for more in ({"jwk": key.as_dict(private=False)}, {"jku": "http://127.0.0.1/keys"}, {"x5u": "http://127.0.0.1/c"}):
        forged = OTHER.token(header={"kid": "k1", **more})
        assert refusal(forged) == "signature"


def test_a_key_id_that_nobody_has_is_refused() -> None:
    assert refusal(PROVIDER.token(header={"kid": "k2"})) == "key-unknown"
    assert refusal(PROVIDER.token(header={"kid": ""})) == "key-unknown"
    assert refusal(PROVIDER.sign_raw({"alg": "ES256", "kid": 7}, b"{}", PROVIDER.keys["k1"][1])) == "key-unknown"


def test_without_a_key_id_the_only_key_is_meant_and_of_two_none() -> None:
    two = Provider()
    token = two.token(header={"kid": None})
    assert check(token, two)
    two.add_key("k2")
    assert refusal(token, two) == "key-unknown"


def signed(payload: bytes, **header: Any) -> str:
    return PROVIDER.sign_raw({"alg": "ES256", "kid": "k1", **header}, payload, PROVIDER.keys["k1"][1])


def test_a_token_is_measured_before_it_is_read() -> None:
    fits = PROVIDER.token()
    padding = "x" * ((MAX_TOKEN_CHARS - len(fits)) * 3 // 4 - 200)
    assert len(PROVIDER.token(pad=padding)) <= MAX_TOKEN_CHARS
    assert check(PROVIDER.token(pad=padding))
    assert refusal(PROVIDER.token(pad=padding + "x" * 400)) == "too-long"
    assert refusal("a" * 50_000_000) == "too-long"


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d.e", "Bearer " + PROVIDER.token(),
        PROVIDER.token() + "\n", PROVIDER.token() + "=", " " + PROVIDER.token(),
        PROVIDER.token().replace(".", ".\u200b", 1), "é.é.é", "\ud800.a.a",
        f"{part(b'[]')}.{part(b'{}')}.AA",
        f"{part(b'7')}.{part(b'{}')}.AA", f"{part(bytes(range(256)))}.AA.AA", "A.AA.AA",
        f"{PROVIDER.token()},{PROVIDER.token()}",
    ],
)  # fmt: skip
def test_garbage_is_refused(token: str) -> None:
    assert refusal(token) == "form"


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe{}", b'{"exp": NaN}', b'{"exp": Infinity}', b"9" * 5000,
        b'{"sub": "u-17", "sub": "admin"}', b'{"a": {"b": 1, "b": 2}}',
        b"[" * 5000, b'{"a":' * 2000, b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)  # fmt: skip
def test_what_is_signed_and_no_object_with_each_name_once_is_refused(payload: bytes) -> None:
    token = signed(payload) if payload else signed(b"x").replace(part(b"x"), "", 1)
    assert refusal(token) == "form"


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: f"{part(raw)}.{part(raw)}.{part(raw)}"))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert refusal(text) in ("form", "algorithm", "extension", "type")


def test_a_shared_secret_in_the_key_set_is_no_key() -> None:
    secret = secret_of(b"s" * 32)
    content = json.loads(PROVIDER.key_set())
    content["keys"].append({**secret.as_dict(private=True), "kid": "s1"})
    source = KeySource(lambda: json.dumps(content).encode())
    assert source.matching("k1", "ES256")
    assert not source.matching("s1", "ES256")
