"""Claims: what the mapping says they mean, and a refusal for whatever it does not say."""

from __future__ import annotations

from typing import Any

import pytest

from compliance_bot.identity.claims import Identity, read_claims
from compliance_bot.identity.mapping import OidcRules
from compliance_bot.identity.refusal import SignInRefused
from tests.identity_provider import AUDIENCE, ISSUER, NOW

GROUPS = {"claim": "groups"}


def read(claims: dict[str, Any], **changes: Any) -> Identity:
    given = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": "keys.json", "groups": GROUPS}
    rules = OidcRules.model_validate({**given, **changes})
    return read_claims({"sub": "u-17", "groups": [], **claims}, rules, source="token", valid_until=NOW)


def refusal(claims: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(SignInRefused) as refused:
        read(claims, **changes)
    return refused.value.code


def test_groups_keep_their_names_or_get_those_of_the_map() -> None:
    mapped = {"claim": "groups", "map": {"g-1": "aml"}}
    assert read({"groups": ["g-1", "kyc"]}, groups=mapped).groups == {"aml", "kyc"}
    assert read({"groups": ["g-1", "kyc"]}, groups={**mapped, "only_mapped": True}).groups == {"aml"}
    assert read({"groups": ["g-1"]}, groups={"claim": "groups", "only_mapped": True}).groups == frozenset()


def test_groups_stand_under_a_path() -> None:
    claims = {"realm_access": {"roles": ["aml"]}, "https://bank.example/groups": ["kyc"]}
    assert read(claims, groups={"claim": "realm_access.roles"}).groups == {"aml"}
    assert read(claims, groups={"claim": ["https://bank.example/groups"]}).groups == {"kyc"}


def test_nobody_has_groups_where_the_mapping_says_so() -> None:
    assert read({"groups": ["aml"]}, groups=None).groups == frozenset()


@pytest.mark.parametrize(
    "claims",
    [
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}},
        {"hasgroups": True},
        {"hasgroups": "true"},
        {"hasgroups": None},
    ],
)
def test_a_group_list_that_says_it_is_not_all_is_refused_even_beside_groups(claims: dict[str, Any]) -> None:
    for groups in ([], ["aml"]):
        assert refusal({**claims, "groups": groups}) == "groups-incomplete"
        assert refusal({**claims, "groups": groups}, groups={**GROUPS, "missing": "none"}) == "groups-incomplete"


def test_marks_of_other_lists_and_a_plain_no_are_none() -> None:
    assert read({"_claim_names": {"photos": "src1"}, "hasgroups": False, "groups": ["aml"]}).groups == {"aml"}


def test_what_marks_an_incomplete_list_can_be_said() -> None:
    groups = {"claim": "groups", "incomplete_if": ["groups_truncated"]}
    assert refusal({"groups": ["aml"], "groups_truncated": True}, groups=groups) == "groups-incomplete"
    assert read({"groups": ["aml"], "hasgroups": True}, groups=groups).groups == {"aml"}


def test_a_missing_group_list_is_refused_unless_it_means_none() -> None:
    assert refusal({}, groups={"claim": "roles"}) == "groups-missing"
    assert refusal({"realm_access": []}, groups={"claim": "realm_access.roles"}) == "groups-missing"
    assert read({}, groups={"claim": "roles", "missing": "none"}).groups == frozenset()


@pytest.mark.parametrize(
    "groups",
    ["aml", None, True, 7, {"aml": True}, ["aml", 7], [["aml"]], [""], ["a\nb"], ["a\u202eb"], ["a\ud800"],
     ["x"] * 1001, ["x" * 257]],
)  # fmt: skip
def test_groups_that_are_no_list_of_names_are_refused(groups: Any) -> None:
    assert refusal({"groups": groups}) == "groups"
    assert refusal({"groups": groups}, groups={**GROUPS, "missing": "none"}) == "groups"


def test_a_subject_is_taken_as_it_is_and_other_ids_are_folded() -> None:
    claims = {"sub": "Ana", "upn": "Ana@Bank.Example", "email": "ANA@bank.example", "email_verified": True}
    assert read(claims).id == "Ana"
    assert read(claims, id="upn").id == "ana@bank.example"
    assert read(claims, id="email").id == "ana@bank.example"


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_address_that_nobody_verified_is_no_id(verified: object) -> None:
    assert refusal({"email": "ana@bank.example", "email_verified": verified}, id="email") == "email-unverified"


@pytest.mark.parametrize(
    "name",
    [None, 7, True, ["u-17"], {"id": "u-17"}, "", " u-17", "u\n17", "u\u200b17", "\u0430na", "u\u202e17", "x" * 257,
     "\ud800", "ａｎａ", "Jose\u0301"],
)  # fmt: skip
def test_a_subject_that_is_no_name_is_refused(name: Any) -> None:
    assert refusal({"sub": name}) == "id"


@pytest.mark.parametrize("name", ["o'neil", 'ana "the boss"', "'; DROP TABLE document; --", 'User::"admin"', "a\\b"])
def test_quotes_and_code_in_a_name_are_text(name: str) -> None:
    assert read({"sub": name}).id == name


def test_attributes_are_found_by_their_paths_and_may_be_absent() -> None:
    claims = {"bank": {"clearance": 2, "matters": ["heron"], "active": True}, "dept": "aml"}
    paths = {"clearance": "bank.clearance", "matters": "bank.matters", "department": "dept", "region": "where"}
    assert dict(read(claims, attributes=paths).attributes) == {
        "clearance": 2,
        "matters": ["heron"],
        "department": "aml",
    }


@pytest.mark.parametrize("value", [None, 1.5, {"a": 1}, [1], ["a", None], "a\x00b", "a\ud800"])
def test_an_attribute_that_is_no_value_is_refused(value: Any) -> None:
    assert refusal({"dept": value}, attributes={"department": "dept"}) == "attributes"
