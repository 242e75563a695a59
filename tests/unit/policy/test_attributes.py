"""Attribute values get the types that the schema declares, or are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.policy.attributes import UndeclaredAttribute, typed_attributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.policy.folder import Policies

    Load = Callable[..., Policies]

SCHEMA = """
entity Collection; entity Group; entity Home;
entity User { clearance?: Long, department?: String, matters?: Set<String>, external?: Bool };
entity Document in [Collection] { collection: String, classification?: Long, tags?: Set<String>, code?: String };
action read appliesTo { principal: [User], resource: [Document] };
"""


@pytest.mark.parametrize(
    ("name", "given", "typed"),
    [
        ("clearance", 2, 2),
        ("clearance", "2", 2),
        ("clearance", " -7 ", -7),
        ("clearance", "-9223372036854775808", -(2**63)),
        ("department", "aml", "aml"),
        ("department", " aml ", "aml"),
        ("department", "007", "007"),
        ("department", "true", "true"),
        ("department", "a|b", "a|b"),
        ("department", "客户", "客户"),
        ("external", "true", True),
        ("external", False, False),
        ("matters", "heron", frozenset({"heron"})),
        ("matters", "heron | quillon|", frozenset({"heron", "quillon"})),
        ("matters", "", frozenset()),
        ("matters", ["heron", 7], frozenset({"heron", "7"})),
    ],
)
def test_a_value_gets_its_declared_type(load: Load, name: str, given: object, typed: object) -> None:
    (value,) = typed_attributes(load(schema=SCHEMA), "User", {name: given}).values()
    assert (value, type(value)) == (typed, type(typed))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("shoe_size", "40"),
        ("Clearance", 2),
        ("clearance", "two"),
        ("clearance", "2.0"),
        ("clearance", "２"),
        ("clearance", "--2"),
        ("clearance", True),
        ("clearance", 2**63),
        ("clearance", "9223372036854775808"),
        ("clearance", "1" * 5000),
        ("clearance", ""),
        ("department", 2),
        ("department", None),
        ("department", "a\0b"),
        ("department", "\ud800"),
        ("matters", ["a", "b\0"]),
        ("external", "yes"),
        ("external", 1),
        ("matters", 2.5),
        ("matters", {"a": 1}),
    ],
    ids=ascii,
)
def test_what_does_not_fit_is_refused_by_name_and_not_by_value(load: Load, name: str, given: object) -> None:
    with pytest.raises(UndeclaredAttribute, match=f"attribute '{name}' is not declared for User") as refused:
        typed_attributes(load(schema=SCHEMA), "User", {"department": "aml", name: given})
    assert refused.value.exit_code == 2
    assert (refused.value.entity, refused.value.name) == ("User", name)
    if isinstance(given, str) and len(given) > 2:
        assert given not in str(refused.value)


def test_the_collection_of_a_document_need_not_be_given(load: Load) -> None:
    given = {"classification": "3", "tags": "kyc|aml", "code": "12"}
    typed = typed_attributes(load(schema=SCHEMA), "Document", given)
    assert typed == {"classification": 3, "tags": frozenset({"aml", "kyc"}), "code": "12"}


def test_no_attributes_are_no_attributes(load: Load) -> None:
    assert typed_attributes(load(schema=SCHEMA), "Document", {}) == {}


def test_a_typed_value_keeps_its_type_when_typed_again(load: Load) -> None:
    policies = load(schema=SCHEMA)
    given = {"clearance": "2", "department": "7", "matters": "a|b", "external": "true"}
    once = typed_attributes(policies, "User", given)
    assert typed_attributes(policies, "User", once) == once


def test_the_place_of_the_value_is_told_where_there_is_one() -> None:
    assert str(UndeclaredAttribute("Document", "x", where="row 3")).startswith("row 3: attribute 'x'")
