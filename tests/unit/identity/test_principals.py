"""Identity: a name given on this machine becomes exactly what the file lists, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.errors import Refused
from compliance_bot.identity import InvalidPrincipals, Listed, UnknownPrincipal, find_principal, load_principals
from compliance_bot.identity.principals import find_service
from compliance_bot.identity.service_key import make_service_key

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    path = folder / "principals.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_listed_principal_has_the_groups_and_attributes_listed(tmp_path: Path) -> None:
    path = write(tmp_path, "- {id: ana, groups: [aml, kyc], attributes: {clearance: 2}}\n- id: 'o''neil'")
    assert load_principals(path) == {
        "ana": Listed(id="ana", groups=frozenset({"aml", "kyc"}), attributes={"clearance": 2}),
        "o'neil": Listed(id="o'neil", groups=frozenset(), attributes={}),
    }


def test_an_empty_list_lists_nobody(tmp_path: Path) -> None:
    assert load_principals(write(tmp_path, "[]")) == {}


@pytest.mark.parametrize("name", ["bob", "ana ", "", "an\u200ba", "\u0430na", "4na"])
def test_an_unknown_name_is_refused_without_telling_who_is_known(tmp_path: Path, name: str) -> None:
    principals = load_principals(write(tmp_path, "- id: ana"))
    with pytest.raises(UnknownPrincipal) as refused:
        find_principal(principals, name)
    assert isinstance(refused.value, Refused)
    assert "ana" not in str(refused.value)
    assert find_principal(principals, "ana").id == "ana"


def test_a_name_is_found_in_any_case_and_keeps_the_spelling_that_policies_use(tmp_path: Path) -> None:
    principals = load_principals(write(tmp_path, "- id: ana\n- id: Bo"))
    assert find_principal(principals, "ANA").id == "ana"
    assert find_principal(principals, "bo").id == "Bo"


KEY, KEY_HASH = make_service_key()
SERVICE = f"- {{id: loader, kind: service, groups: [loaders], key_sha256: {KEY_HASH}}}\n- id: ana\n"


def test_a_service_is_found_by_its_name_and_key_together(tmp_path: Path) -> None:
    principals = load_principals(write(tmp_path, SERVICE))
    found = find_service(principals, "loader", KEY)
    assert found is not None
    assert (found.id, found.kind, found.groups) == ("loader", "service", frozenset({"loaders"}))
    other = make_service_key()[0]
    for name, key in (("loader", other), ("loader", ""), ("ana", KEY), ("nobody", KEY), ("load\u200ber", KEY)):
        assert find_service(principals, name, key) is None
    assert KEY_HASH not in repr(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a list"),
        ("id: ana", "expected a list"),
        ("- ana", "principals.yaml entry 1: expected id, groups and attributes"),
        ("- id: ana\n- {id: bo, role: boss}", "entry 2: expected id, groups and attributes"),
        ("- groups: [aml]", "entry 1: expected a non-empty text as id"),
        ("- id: 7", "non-empty text as id"),
        ("- id: ''", "non-empty text as id"),
        ("- id: ' ana'", "non-empty text as id"),
        ("- {id: ana, groups: aml}", "expected a list of names as groups"),
        ("- {id: ana, groups: [1]}", "expected a list of names as groups"),
        ("- {id: ana, attributes: [clearance]}", "expected a mapping as attributes"),
        ("- {id: ana, attributes: {1: 2}}", "expected a mapping as attributes"),
        ("- id: ana\n- id: ana", "an id stands twice"),
        ("- id: ana\n- id: ANA", "an id stands twice: entry 2"),
        ("- id: alice\n- id: bo\n- id: a1ice", "the id of entry 3 looks like that of another"),
        ("- id: ca\n- id: са", "the id of entry 2 looks like that of another"),
        ('- id: "an\\u200ba"', "entry 1: id: expected letters, digits"),
        ('- id: "\\u0430na"', "entry 1: id: expected letters of one script"),
        ('- id: "Jose\\u0301"', "entry 1: id: expected Unicode form NFKC"),
        ("- {id: ana, kind: robot}", "entry 1: kind: expected person or service"),
        ("- {id: ana, kind: service}", "entry 1: key_sha256: expected the hash"),
        ("- {id: ana, kind: service, key_sha256: 12}", "entry 1: key_sha256: expected 64 hex digits"),
        (f"- {{id: ana, key_sha256: {'a' * 64}}}", "key_sha256: expected 64 hex digits, and only for kind: service"),
        ("- {id: ana, sign_in: password}", "entry 1: sign_in: expected oidc or header"),
        (f"- {{id: l, kind: service, key_sha256: {'a' * 64}, sign_in: oidc}}", "sign_in: .* only for a person"),
        ("- [", "cannot be read as YAML"),
        ("- !!python/object/apply:os.getcwd []", "cannot be read as YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_the_entry_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidPrincipals, match=message) as refused:
        load_principals(write(tmp_path, text))
    assert refused.value.exit_code == 2


def test_a_missing_file_or_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidPrincipals, match=r"principals\.yaml: No such file"):
        load_principals(tmp_path / "principals.yaml")
    (tmp_path / "principals.yaml").write_bytes(b"\xff- id: ana")
    with pytest.raises(InvalidPrincipals, match="cannot be read as YAML"):
        load_principals(tmp_path / "principals.yaml")
