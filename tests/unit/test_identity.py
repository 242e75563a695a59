"""Identity: a name given on this machine becomes exactly what the file lists, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.errors import Refused
from compliance_bot.identity import InvalidPrincipals, Listed, UnknownPrincipal, find_principal, load_principals

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


@pytest.mark.parametrize("name", ["bob", "Ana", "ana ", ""])
def test_an_unknown_name_is_refused_without_telling_who_is_known(tmp_path: Path, name: str) -> None:
    principals = load_principals(write(tmp_path, "- id: ana"))
    with pytest.raises(UnknownPrincipal) as refused:
        find_principal(principals, name)
    assert isinstance(refused.value, Refused)
    assert "ana" not in str(refused.value)
    assert find_principal(principals, "ana").id == "ana"


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
        ("- [", "cannot be read as YAML"),
        ("- !!python/object/apply:os.getcwd []", "cannot be read as YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_the_entry_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidPrincipals, match=message) as refused:
        load_principals(write(tmp_path, text))
    assert refused.value.exit_code == 2


def test_a_missing_file_or_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidPrincipals, match="cannot be read as YAML"):
        load_principals(tmp_path / "principals.yaml")
    (tmp_path / "principals.yaml").write_bytes(b"\xff- id: ana")
    with pytest.raises(InvalidPrincipals, match="cannot be read as YAML"):
        load_principals(tmp_path / "principals.yaml")
