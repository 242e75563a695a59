"""Valid policies that are probably not meant are warned of; those that are meant are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.policy.cautions import cautions
from compliance_bot.policy.folder import Policies, load_policies

Load = Callable[..., Policies]

READ = '@id("reads") permit (principal in Group::"aml", action == Action::"read", resource);'


def warned(policies: Policies) -> list[tuple[tuple[str, ...], str]]:
    return [(caution.policies, caution.message) for caution in cautions(policies)]


@pytest.mark.parametrize("name", ["starter", "sample"])
def test_nothing_is_warned_of_in_the_shipped_policies(name: str) -> None:
    assert cautions(load_policies(bundled("policies") / name)) == ()


def test_an_empty_set_permits_nothing(load: Load) -> None:
    ((policies, message),) = warned(load())
    assert policies == ()
    assert "nobody may do anything" in message


@pytest.mark.parametrize(
    "conditions",
    [
        "when { resource has nosuch }",
        "when { resource has matter && !(resource has matter) }",
        "when { false }",
        "unless { true }",
        "when { resource has matter } unless { resource has matter }",
        "when { resource is Home }",
    ],
)
def test_a_policy_that_can_never_apply_is_warned_of(load: Load, conditions: str) -> None:
    ((policies, message),) = warned(load(READ.replace(";", f" {conditions};")))
    assert policies == ("reads",)
    assert "can never apply" in message


@pytest.mark.parametrize(
    "conditions",
    ["", "when { resource has matter }", "when { true }", "when { principal has region || resource has nosuch }"],
)
def test_a_policy_that_can_apply_is_not(load: Load, conditions: str) -> None:
    assert warned(load(READ.replace(";", f" {conditions};"))) == []


@pytest.mark.parametrize(
    "forbid",
    [
        "forbid (principal, action, resource)",
        'forbid (principal, action == Action::"read", resource)',
        'forbid (principal, action in [Action::"read", Action::"delete"], resource)',
    ],
)
def test_a_permit_that_a_forbid_always_overrules_is_warned_of(load: Load, forbid: str) -> None:
    ((policies, message),) = warned(load(READ, f'@id("never") {forbid};'))
    assert policies == ("reads", "never")
    assert "never forbids without a condition" in message


@pytest.mark.parametrize(
    "forbid",
    [
        'forbid (principal, action == Action::"delete", resource)',
        'forbid (principal in Group::"hr", action, resource)',
        'forbid (principal, action, resource in Collection::"x")',
        "forbid (principal, action, resource) when { principal has region }",
    ],
)
def test_a_forbid_that_leaves_something_is_not(load: Load, forbid: str) -> None:
    assert warned(load(READ, f'@id("some") {forbid};')) == []


def test_the_same_permitted_and_forbidden_is_a_contradiction(load: Load) -> None:
    when = " when { resource has matter };"
    permit = READ.replace(";", when)
    forbid = permit.replace("reads", "not").replace("permit", "forbid")
    ((policies, message),) = warned(load(permit, forbid))
    assert policies == ("reads", "not")
    assert "contradict" in message
    assert warned(load(permit, forbid.replace("has matter", "has owner"))) == []


def test_reading_that_depends_on_the_clock_is_warned_of_for_its_cost(load: Load) -> None:
    timed = READ.replace(";", ' when { context.now < datetime("2027-01-01") };')
    ((policies, message),) = warned(load(timed))
    assert policies == ("reads",)
    assert "context.now" in message
    assert warned(load(timed.replace('"read"', '"delete"'))) == []
