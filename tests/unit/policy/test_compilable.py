"""What has no exact form in SQL is refused when the policies are loaded, naming the policy and the construct."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.policy import InvalidPolicies

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.policy.folder import Policies

    Load = Callable[..., Policies]

SCHEMA = """
entity Group; entity Home; entity Collection; entity Matter; entity Case in [Matter];
entity User in [Group] { clearance?: Long, level: Long, name?: String, vip?: Bool } ;
entity Document in [Collection] {
  collection: String, number: Long, other: Long, due: datetime, tags: Set<String>, more: Set<String>, region: String,
  owner: User, matter: Matter, case: Case
};
action read appliesTo { principal: [User], resource: [Document], context: { now: datetime, purpose?: String } };
action reveal appliesTo { principal: [User], resource: [Document], context: { now: datetime } };
"""


def policy(condition: str, *, effect: str = "permit", action: str = "read", mark: str = "") -> str:
    return f'@id("it") {mark} {effect} (principal, action == Action::"{action}", resource) when {{ {condition} }};'


REFUSED = [
    ("resource.number + 1 > 2", "`+` of an attribute"),
    ("-resource.number > 2", "`neg` of an attribute"),
    ('resource.due.offset(duration("1d")) > context.now', "`offset` of an attribute"),
    ('context.now.durationSince(resource.due) > duration("1d")', "`durationSince` of an attribute"),
    ("resource.due.toDate() == context.now.toDate()", "`toDate` of an attribute"),
    ("resource.owner.level > 2", "`.level` of an attribute"),
    ("resource.owner has clearance", "`.clearance` of an attribute"),
    ('resource.owner in Group::"a"', "type User can be in others"),
    ('resource.case in Matter::"a"', "type Case can be in others"),
    ("resource.tags.containsAll(resource.more)", "between two attributes"),
    ("resource.tags.contains(resource.region)", "between two attributes"),
    ("[resource.region].contains(principal.name)", "`Set` of an attribute"),
    ("{a: resource.region}.a == principal.name", "`Record` of an attribute"),
    ('(if resource.number > 1 then "a" else "b") == "a"', "no truth values"),
    ('resource == Document::"a"', "a single document is named"),
    ('resource in [Document::"a"]', "a single document is named"),
    ('decimal("1.0").lessThan(decimal("2.0"))', "`decimal`"),
    ('ip("127.0.0.1").isLoopback()', "`ip`"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "construct"), REFUSED, ids=[condition for condition, _ in REFUSED])
def test_it_is_refused_and_told_which(load: Load, condition: str, construct: str) -> None:
    guarded = condition if "principal." not in condition else f"principal has name && {condition}"
    with pytest.raises(InvalidPolicies, match=r"^it: ") as refusal:
        load(policy(guarded), schema=SCHEMA)
    assert construct in str(refusal.value)


def test_a_single_document_in_the_scope_of_a_policy_is_refused(load: Load) -> None:
    with pytest.raises(InvalidPolicies, match="a single document is named"):
        load('@id("it") permit (principal, action, resource == Document::"a");', schema=SCHEMA)


@pytest.mark.parametrize("condition", [condition for condition, _ in REFUSED])
def test_a_forbid_may_be_left_to_the_engine_and_a_permit_may_not(load: Load, condition: str) -> None:
    guarded = condition if "principal." not in condition else f"principal has name && {condition}"
    marked = policy(guarded, effect="forbid", mark='@enforce("postcheck")')
    assert load(marked, schema=SCHEMA).compilable[0].is_checked_after
    with pytest.raises(InvalidPolicies, match="only a forbid"):
        load(policy(guarded, mark='@enforce("postcheck")'), schema=SCHEMA)


def test_another_word_is_refused(load: Load) -> None:
    with pytest.raises(InvalidPolicies, match=r'it: expected @enforce\("postcheck"\), found .later.'):
        load(policy("true", effect="forbid", mark='@enforce("later")'), schema=SCHEMA)


def test_policies_about_other_actions_may_be_anything(load: Load) -> None:
    assert load(policy("resource.number + 1 > 2", action="reveal"), schema=SCHEMA).ids == ("it",)


def test_a_policy_that_is_nested_too_deep_is_refused(load: Load) -> None:
    fine = " && ".join(["context.now == context.now"] * 90)
    assert load(policy(fine), schema=SCHEMA)
    with pytest.raises(InvalidPolicies, match="nested more than 100 deep"):
        load(policy(" && ".join(["context.now == context.now"] * 120)), schema=SCHEMA)


class TestSchema:
    @pytest.mark.parametrize("entity", ["User", "Group", "Home", "Collection", "Document"])
    def test_the_products_own_part_must_be_there(self, load: Load, entity: str) -> None:
        renamed = SCHEMA.replace(f"entity {entity}", f"entity Other{entity}")
        for before, after in (("[", "]"), (": ", ",")):
            renamed = renamed.replace(f"{before}{entity}{after}", f"{before}Other{entity}{after}")
        with pytest.raises(InvalidPolicies, match=f"entity {entity} is missing"):
            load(schema=renamed)

    def test_a_parent_of_documents_needs_the_attribute_that_says_which(self, load: Load) -> None:
        with pytest.raises(InvalidPolicies, match="expected an attribute matter: String"):
            load(schema=SCHEMA.replace("entity Document in [Collection]", "entity Document in [Collection, Matter]"))

    def test_the_collection_is_always_there(self, load: Load) -> None:
        with pytest.raises(InvalidPolicies, match="must not be optional"):
            load(schema=SCHEMA.replace("collection: String", "collection?: String"))

    @pytest.mark.parametrize("kind", ["decimal", "ipaddr", "duration", "{a: String}", "Set<Set<String>>", "Set<Bool>"])
    def test_an_attribute_of_documents_that_cannot_be_searched_by_is_refused(self, load: Load, kind: str) -> None:
        with pytest.raises(InvalidPolicies, match="cannot be searched by"):
            load(schema=SCHEMA.replace("number: Long", f"number: {kind}"))
