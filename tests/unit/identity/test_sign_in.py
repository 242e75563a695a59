"""Signing in: a token, a header or a key becomes somebody, and never somebody else who is listed here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance_bot.identity.claims import Identity
from compliance_bot.identity.mapping import IdentityMapping, InvalidMapping
from compliance_bot.identity.principals import load_principals
from compliance_bot.identity.refusal import SignInRefused
from compliance_bot.identity.service_key import make_service_key
from compliance_bot.identity.sign_in import SignIn, admitted_kinds
from compliance_bot.records import Credential
from tests.identity_provider import AUDIENCE, ISSUER, NOW, Provider

KEY, KEY_HASH = make_service_key()
LISTED = f"""
- {{id: admin, groups: [administrators], attributes: {{clearance: 3}}}}
- {{id: Ana, groups: [staff], attributes: {{clearance: 2}}, sign_in: oidc}}
- {{id: paula, sign_in: header}}
- {{id: loader, kind: service, groups: [loaders], key_sha256: {KEY_HASH}}}
"""


class Memory:
    """Remembers in this process; what shares it between processes is tested with the database."""

    def __init__(self) -> None:
        self.seen: dict[str, datetime] = {}

    def first_use(self, token: str, *, until: datetime) -> bool:
        is_first = token not in self.seen
        self.seen[token] = until
        return is_first


Opened = Callable[..., SignIn]


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    provider = Provider()
    (tmp_path / "keys.json").write_bytes(provider.key_set())
    return provider


@pytest.fixture
def opened(tmp_path: Path, provider: Provider) -> Opened:
    (tmp_path / "principals.yaml").write_text(LISTED, encoding="utf-8")

    def open_one(*, memory: Memory | None = None, header: bool = False, now: datetime = NOW, **changes: Any) -> SignIn:
        rules = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": "keys.json", "groups": {"claim": "groups"}, **changes}
        section = {"header": {"name": "X-Assertion", **rules}} if header else {"oidc": rules}
        kinds = admitted_kinds(IdentityMapping.model_validate(section), tmp_path)
        principals = load_principals(tmp_path / "principals.yaml")
        return SignIn(kinds, principals, memory or Memory(), clock=lambda: now)

    return open_one


def refusal(sign_in: SignIn, credential: Credential) -> str:
    with pytest.raises(SignInRefused, match=r"^The sign-in was not accepted.$") as refused:
        sign_in.identify(credential)
    return refused.value.code


def test_a_token_becomes_somebody_with_its_groups_until_it_expires(opened: Opened, provider: Provider) -> None:
    identity = opened().identify(Credential(token=provider.token()))
    expected = Identity(
        id="u-17", groups=frozenset({"aml"}), attributes={}, source="token", valid_until=NOW + timedelta(seconds=360)
    )
    assert identity == expected


def test_a_signed_header_becomes_somebody(opened: Opened, provider: Provider) -> None:
    sign_in = opened(header=True)
    identity = sign_in.identify(Credential(header=provider.token()))
    assert (identity.id, identity.source) == ("u-17", "header")
    assert identity.valid_until == NOW + timedelta(seconds=60 + 60)
    late = opened(header=True, now=NOW + timedelta(seconds=120))
    assert refusal(late, Credential(header=provider.token())) == "expired"


@pytest.mark.parametrize("value", ["ana", "user=ana", "ana@bank.example", '{"sub": "ana"}', ""])
def test_a_header_that_is_not_signed_is_never_believed(opened: Opened, value: str) -> None:
    assert refusal(opened(header=True), Credential(header=value)) == "form"


def test_each_kind_is_accepted_only_where_it_is_configured(opened: Opened, provider: Provider) -> None:
    token = provider.token()
    assert refusal(opened(), Credential(header=token)) == "not-configured"
    assert refusal(opened(header=True), Credential(token=token)) == "not-configured"


def test_the_reason_goes_to_the_log_and_not_to_the_bearer(
    opened: Opened, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "compliance_bot"):
        refusal(opened(), Credential(token=provider.token(aud="another")))
    (record,) = caplog.records
    assert (record.msg, record.__dict__["fields"]) == ("sign_in.refused", {"error": "audience"})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("admin", "listed-here"), ("loader", "listed-here"), ("paula", "listed-here"), ("Admin", "look-alike"),
        ("admIn", "look-alike"), ("adrnin", "look-alike"), ("ana", "look-alike"), ("ANA", "look-alike"),
        ("1oader", "look-alike"), ("рaulа".replace("u", "и"), "id"),
    ],
)  # fmt: skip
def test_a_subject_is_not_taken_for_somebody_listed_here(
    opened: Opened, provider: Provider, name: str, code: str
) -> None:
    assert refusal(opened(), Credential(token=provider.token(sub=name))) == code


def test_an_entry_that_says_so_lets_a_token_be_them_with_what_the_token_says(
    opened: Opened, provider: Provider
) -> None:
    by_subject = opened().identify(Credential(token=provider.token(sub="Ana")))
    assert (by_subject.id, by_subject.groups, dict(by_subject.attributes)) == ("Ana", {"aml"}, {})
    by_name = opened(id="preferred_username")
    for name in ("ana", "ANA", "Ana"):
        assert by_name.identify(Credential(token=provider.token(preferred_username=name))).id == "Ana"
    assert refusal(by_name, Credential(token=provider.token(preferred_username="ADMIN"))) == "listed-here"
    assert refusal(by_name, Credential(token=provider.token(preferred_username="adrnin"))) == "look-alike"


def test_an_entry_for_the_proxy_is_not_for_the_provider(opened: Opened, provider: Provider) -> None:
    assert opened(header=True).identify(Credential(header=provider.token(sub="paula"))).id == "paula"
    assert refusal(opened(header=True), Credential(header=provider.token(sub="Ana"))) == "listed-here"


def test_a_token_for_single_use_is_accepted_once(opened: Opened, provider: Provider) -> None:
    memory = Memory()
    one, another = opened(memory=memory, single_use=True), opened(memory=memory, single_use=True)
    token = provider.token(jti="7")
    assert one.identify(Credential(token=token)).id == "u-17"
    assert refusal(another, Credential(token=token)) == "replayed"
    assert refusal(one, Credential(token=provider.token(jti="7", sub="u-18"))) == "replayed"
    assert one.identify(Credential(token=provider.token(jti="8"))).id == "u-17"
    assert all(until == NOW + timedelta(seconds=360) for until in memory.seen.values())


@pytest.mark.parametrize("number", [None, "", 7, ["7"], "\ud800", "7\n", "x" * 257])
def test_a_token_for_single_use_has_a_number(opened: Opened, provider: Provider, number: object) -> None:
    assert refusal(opened(single_use=True), Credential(token=provider.token(jti=number))) == "no-number"


def test_a_token_that_is_refused_is_not_used_up(opened: Opened, provider: Provider) -> None:
    memory = Memory()
    sign_in = opened(memory=memory, single_use=True)
    for changes in ({"aud": "another"}, {"sub": "admin"}, {"groups": "aml"}, {"hasgroups": True}):
        refusal(sign_in, Credential(token=provider.token(jti="7", **changes)))
    assert not memory.seen


def test_a_service_signs_in_with_its_key(opened: Opened) -> None:
    identity = opened().identify(Credential(service="Loader", key=KEY))
    assert (identity.id, identity.groups, identity.source) == ("loader", {"loaders"}, "service")
    assert identity.valid_until is None
    for name, key in (("loader", make_service_key()[0]), ("admin", KEY), ("nobody", KEY), ("", KEY), ("loader", "")):
        assert refusal(opened(), Credential(service=name, key=key)) == "service"


def test_what_was_shown_is_worth_nothing_once_its_time_is_over(opened: Opened, provider: Provider) -> None:
    identity = opened().identify(Credential(token=provider.token()))
    opened(now=NOW + timedelta(seconds=359)).require_still_valid(identity)
    with pytest.raises(SignInRefused):
        opened(now=NOW + timedelta(seconds=360)).require_still_valid(identity)


@pytest.mark.parametrize(
    ("jwks", "content", "message"),
    [
        ("../keys.json", None, "oidc.jwks: expected a file in the home"),
        ("/etc/passwd", None, "oidc.jwks: expected a file in the home"),
        ("absent.json", None, "oidc.jwks: absent.json: No such file"),
        ("bad.json", b"{}", "oidc.jwks: bad.json: expected an object with at most 100 keys"),
    ],
)
def test_a_key_file_that_is_none_is_told_when_the_home_is_opened(
    tmp_path: Path, opened: Opened, jwks: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / jwks).write_bytes(content)
    with pytest.raises(InvalidMapping, match=message):
        opened(jwks=jwks)


def test_a_link_out_of_the_home_is_no_file_in_it(tmp_path: Path, opened: Opened) -> None:
    (tmp_path / "linked.json").symlink_to("/etc/passwd")
    with pytest.raises(InvalidMapping, match="expected a file in the home"):
        opened(jwks="linked.json")
