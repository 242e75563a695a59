"""The reader of schemas sees what Cedar's own normal form says."""

from __future__ import annotations

import cedarpy
import pytest

from compliance_bot.policy.schema import SchemaNotUnderstood, read_schema

SCHEMA = r"""
type Level = Long; type Address = { city: String, "the zip"?: Long };
namespace Bank { entity Teller in [Branch]; entity Branch { city: String }; type Local = Set<String>; }
@doc("two; statements { in a text")
entity Group;
entity Folder in Folder;
entity User in [Group] { a?: Level, b: Set<Long>, c: Set<Group>, d: Group, e: datetime,
  f: Address, g: Bool } tags String;
entity Document in [Bank::Branch, Folder] = {
  "odd \"name\u{e9}"?: Level, owner?: Bank::Teller, deep: Set<Set<Long>>, money: decimal };
entity Colour enum ["re}d", "green"];
action "all"; action edit in ["all"];
@doc("x") action read, "write it" in [Action::"edit"] appliesTo {
  principal: User, resource: [Document, Folder], context: Address };
"""


def test_it_reads_entities_attributes_and_parents() -> None:
    declared = read_schema(str(cedarpy.Schema.from_str(SCHEMA)))
    assert set(declared.entities) == {"Group", "Folder", "User", "Document", "Colour"}
    user = {name: (str(a.type), a.required) for name, a in declared.attributes("User").items()}
    assert user == {
        "a": ("Long", False), "b": ("Set<Long>", True), "c": ("Set<Group>", True), "d": ("Group", True),
        "e": ("datetime", True), "f": ("other", True), "g": ("Bool", True),
    }  # fmt: skip
    document = {name: str(a.type) for name, a in declared.attributes("Document").items()}
    assert document == {'odd "nameé': "Long", "owner": "Bank::Teller", "deep": "other", "money": "other"}
    assert declared.entities["Document"].parents == ("Bank::Branch", "Folder")
    assert declared.is_hierarchy("Folder")
    assert not declared.is_hierarchy("Group")
    assert not declared.is_hierarchy("Nothing")
    assert declared.attributes("Nothing") == {}


def test_it_reads_actions_and_the_groups_that_they_are_in() -> None:
    declared = read_schema(str(cedarpy.Schema.from_str(SCHEMA)))
    read = declared.actions["read"]
    assert (read.principals, sorted(read.resources)) == (("User",), ["Document", "Folder"])
    assert {name: a.required for name, a in read.context.items()} == {"city": True, "the zip": False}
    assert declared.groups_of("write it") == {"write it", "edit", "all"}
    assert declared.groups_of("fly") == {"fly"}


@pytest.mark.parametrize(
    "text", ["entity User { a: ", "action read appliesTo { context: Nothing };", "entity User { a ~ };"]
)
def test_what_it_does_not_understand_is_said_and_not_guessed(text: str) -> None:
    with pytest.raises(SchemaNotUnderstood):
        read_schema(text)
