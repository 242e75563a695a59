"""A policy folder is loaded whole and valid, or refused with the file or policy that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.policy.folder import InvalidPolicies, load_policies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.policy.folder import Policies

    Load = Callable[..., Policies]

READ = '@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource);'
WALL = '@id("wall") forbid (principal, action, resource) when { principal in Group::"sales" };'


@pytest.mark.parametrize("name", ["starter", "sample"])
def test_the_shipped_policies_are_valid(name: str) -> None:
    assert load_policies(bundled("policies") / name).ids


def test_policies_of_all_files_are_loaded_and_named(load: Load) -> None:
    assert load(READ, WALL).ids == ("aml-reads", "wall")


def test_an_empty_set_is_valid(load: Load) -> None:
    assert load().ids == ()
    assert load("// nothing yet\n").ids == ()


def test_the_hash_names_exactly_this_schema_and_these_policies(load: Load) -> None:
    first = load(READ, WALL).hash
    assert load(READ, WALL).hash == first
    assert len({first, load(READ).hash, load(READ, WALL.replace("sales", "sale")).hash, load().hash}) == 4
    wider = (bundled("policies") / "starter" / "starter.cedarschema").read_text(encoding="utf-8")
    assert load(READ, WALL, schema=wider.replace("owner?: String,", "owner?: String, site?: String,")).hash != first


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (READ.rstrip(";"), r"1\.cedar: "),
        ("nonsense", r"1\.cedar: "),
        (READ.replace("Group", "Grup"), "aml-reads: "),
        (READ.replace('"read"', '"raed"'), "aml-reads: "),
        (READ.replace(";", " when { principal.clearence > 1 };"), "aml-reads: "),
        (READ.replace(";", ' when { principal has clearance && principal.clearance > "1" };'), "aml-reads: "),
        (READ.replace(";", " when { principal.clearance > 1 };"), "aml-reads: "),
        (READ.replace('@id("aml-reads") ', ""), "a permit policy has no @id"),
        (READ.replace("aml-reads", ""), "a permit policy has no @id"),
        (WALL.replace('@id("wall") ', ""), "a forbid policy has no @id"),
        (READ + "\n" + WALL.replace("wall", "aml-reads"), "two policies have the id 'aml-reads'"),
        ('@id("t") permit (principal == ?principal, action, resource);', "templates are not supported"),
    ],
    ids=[
        *("cut off", "no policy", "unknown type", "unknown action", "undeclared attribute", "wrong type"),
        *("unguarded optional attribute", "permit without id", "empty id", "forbid without id", "id twice", "template"),
    ],
)
def test_an_invalid_policy_is_refused_by_file_or_id(load: Load, policy: str, message: str) -> None:
    with pytest.raises(InvalidPolicies, match=message) as refused:
        load(policy)
    assert refused.value.exit_code == 2


def test_an_id_that_stands_in_two_files_is_refused(load: Load) -> None:
    with pytest.raises(InvalidPolicies, match="two policies have the id 'aml-reads'"):
        load(READ, READ)


def test_a_syntax_error_is_told_with_its_own_file(load: Load) -> None:
    with pytest.raises(InvalidPolicies, match=r"2\.cedar: "):
        load(READ, "permit (")


@pytest.mark.parametrize("schema", ["entity User", "entity User {};\naction read appliesTo { principal: [Usr] };", "{"])
def test_an_invalid_schema_is_refused(load: Load, schema: str) -> None:
    with pytest.raises(InvalidPolicies, match=r"a\.cedarschema: "):
        load(READ, schema=schema)


def test_no_schema_and_two_schemas_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicies, match=r"expected one \*\.cedarschema file, found 0"):
        load_policies(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.cedarschema").write_text("entity User;")
    with pytest.raises(InvalidPolicies, match="found 2"):
        load_policies(tmp_path)


def test_files_that_are_no_text_are_refused(load: Load, tmp_path: Path) -> None:
    load(READ)
    (tmp_path / "1.cedar").write_bytes(b"\xff")
    with pytest.raises(InvalidPolicies, match=r"1\.cedar: cannot be read as UTF-8 text"):
        load_policies(tmp_path)
