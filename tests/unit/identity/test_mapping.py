"""The mapping file: read whole or refused, with the key that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compliance_bot.identity import load_principals
from compliance_bot.identity.mapping import InvalidMapping, TokenRules, load_mapping

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "sign-people-in.md"

OIDC = """
oidc:
  issuer: https://login.bank.example/realms/staff
  audience: compliance-bot
  groups: {claim: realm_access.roles}
"""
HEADER = """
header:
  name: X-Forwarded-Assertion
  issuer: https://proxy.bank.example
  audience: compliance-bot
  jwks: keys/proxy.json
  groups: {claim: groups}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "identity.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_accepts_no_token(tmp_path: Path) -> None:
    mapping = load_mapping(tmp_path / "identity.yaml")
    assert (mapping.oidc, mapping.header, mapping.accounts) == (None, None, {})


def test_defaults_are_the_careful_ones(tmp_path: Path) -> None:
    mapping = load_mapping(write(tmp_path, OIDC + HEADER + "accounts: {root: admin}\n"))
    assert mapping.oidc is not None
    assert mapping.header is not None
    assert mapping.oidc.groups is not None
    assert (mapping.oidc.id, mapping.oidc.leeway_s, mapping.oidc.max_age_s) == (("sub",), 60, None)
    assert (mapping.oidc.groups.claim, mapping.oidc.groups.missing) == (("realm_access", "roles"), "refuse")
    assert mapping.oidc.groups.markers == (("_claim_names", "roles"), ("hasgroups",))
    assert all(name[0] in "RPE" for name in mapping.oidc.algorithms)
    assert (mapping.header.max_age_s, mapping.header.single_use) == (60, False)
    assert mapping.accounts == {"root": "admin"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping"),
        ("- oidc", "expected a mapping"),
        ("oidc: [", "cannot be read as YAML with each key once at line 1"),
        ("accounts: {}\naccounts: {root: admin}", "cannot be read as YAML with each key once at line 1"),
        ("accounts: {root: ana, root: admin}", "each key once"),
        ("? {a: 1}\n: 2", "each key once|the whole|expected"),
        ("!!python/object/apply:os.getcwd []", "cannot be read as YAML"),
        ("saml: {}", "saml: Extra inputs"),
        ("oidc: {}", "oidc.issuer: Field required"),
        (OIDC.replace("  groups: {claim: realm_access.roles}\n", ""), "oidc.groups: Field required"),
        (OIDC + "  leway_s: 60", "oidc.leway_s: Extra inputs"),
        (OIDC + "  leeway_s: 301", "oidc.leeway_s: .*less than or equal to 300"),
        (OIDC + "  leeway_s: true", "oidc.leeway_s: .*valid integer"),
        (OIDC + "  leeway_s: '60'", "oidc.leeway_s: .*valid integer"),
        (OIDC + "  single_use: 1", "oidc.single_use: .*valid boolean"),
        (OIDC + "  algorithms: [HS256]", "oidc.algorithms.0: Input should be 'RS256'"),
        (OIDC + "  algorithms: [RS256, none]", "oidc.algorithms.1: Input should be"),
        (OIDC + "  algorithms: []", "oidc.algorithms: .*at least 1"),
        (OIDC + "  id: []", "oidc.id: .*at least 1"),
        (OIDC + "  id: a..b", "oidc.id.1: .*at least 1 character"),
        (OIDC + "  attributes: {clearance: 7}", "oidc.attributes.clearance: .*valid tuple"),
        (OIDC + "  jwks: a.json\n  jwks_url: https://a.example", "oidc: expected jwks or jwks_url, not both"),
        (OIDC + "  jwks_url: http://keys.example", "oidc: keys are fetched by https"),
        (OIDC.replace("https:", "http:"), "oidc: keys are fetched by https"),
        (OIDC.replace("/staff", "/staff?a=1"), "oidc: an issuer has no query"),
        (OIDC.replace("compliance-bot", "[]"), "oidc.audience: .*at least 1"),
        (OIDC.replace("realm_access.roles", "groups, map: {a: 1}"), "oidc.groups.map.a: .*valid string"),
        (OIDC.replace("realm_access.roles", "groups, missing: keep"), "oidc.groups.missing: Input should be"),
        (HEADER.replace("  name: X-Forwarded-Assertion\n", ""), "header.name: Field required"),
        (HEADER.replace("X-Forwarded-Assertion", '"X: y"'), "header.name: .*pattern"),
        (HEADER + "  max_age_s: 3601", "header.max_age_s: .*less than or equal to 3600"),
        (HEADER + "  max_age_s: null", "header.max_age_s: a header is for one request"),
        ("accounts: {root: 0}", "accounts.root: .*valid string"),
        ('accounts: {root: "adm\\u200bin"}', "accounts: an id: expected letters"),
        (OIDC.replace("login.bank.example/realms/staff", "proxy.bank.example") + HEADER, "share issuer and audience"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidMapping, match=message) as refused:
        load_mapping(write(tmp_path, text))
    assert "identity.yaml" in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "identity.yaml").write_bytes(b"\xff")
    with pytest.raises(InvalidMapping, match="cannot be read as UTF-8 text"):
        load_mapping(tmp_path / "identity.yaml")


EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_page_is_a_valid_file(tmp_path: Path, example: str) -> None:
    if example.startswith("- "):
        assert load_principals(write(tmp_path, example))
    else:
        mapping = load_mapping(write(tmp_path, example))
        assert mapping.oidc or mapping.header or mapping.accounts


def test_the_page_has_every_key() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert {name for name in TokenRules.model_fields if f"| `{name}` |" not in text} == set()
    assert len(EXAMPLES) == 6
