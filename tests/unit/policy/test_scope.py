"""The scope: exactly the permitted classes, with their counts and the policies that permitted them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.policy.decide import CedarEngine, Circumstances
from compliance_bot.policy.scope import decide_scope
from compliance_bot.records import AccessClass, ClassId, Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    Engine = Callable[..., CedarEngine]

NOW = Circumstances(now=datetime(2026, 3, 3, tzinfo=UTC))
ANA = Principal(id="ana", groups={"aml"})
CLASSES = (
    AccessClass(id=ClassId(7), attributes={"collection": "hr"}, chunks=100, terms=1000),
    AccessClass(id=ClassId(5), attributes={"collection": "aml"}, chunks=10, terms=101),
    AccessClass(id=ClassId(2), attributes={"collection": "aml", "matter": "heron"}, chunks=3, terms=33),
    AccessClass(id=ClassId(9), attributes={"collection": "aml", "owner": "ana"}, chunks=4, terms=44),
)
AML = '@id("aml") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"aml");'
OWN = """@id("own") permit (principal, action == Action::"read", resource)
  when { resource has owner && principal == User::"ana" && resource.owner == "ana" };"""
WALL = '@id("wall") forbid (principal, action == Action::"read", resource) when { resource has matter };'
DELETE = '@id("delete") permit (principal, action == Action::"delete", resource in Collection::"hr");'


def test_it_has_the_permitted_classes_sorted_and_their_sums(engine: Engine) -> None:
    scope = decide_scope(engine(AML, WALL), ANA, CLASSES, NOW, tenant=3)
    assert (scope.classes, scope.chunks, scope.terms) == ((5, 9), 14, 145)
    assert (scope.tenant, scope.principal) == (3, "ana")


def test_it_names_the_policy_set_and_the_policies_that_permitted(engine: Engine) -> None:
    cedar = engine(AML, OWN, WALL)
    scope = decide_scope(cedar, ANA, CLASSES, NOW, tenant=1)
    assert scope.policies == cedar.hash
    # "wall" forbade one class and permitted none.
    assert scope.determining == ("aml", "own")


def test_it_is_empty_where_nothing_is_permitted(engine: Engine) -> None:
    for cedar, classes in ((engine(), CLASSES), (engine(AML), ()), (engine(AML), CLASSES[:1])):
        scope = decide_scope(cedar, ANA, classes, NOW, tenant=1)
        assert scope.is_empty
        assert (scope.classes, scope.chunks, scope.terms, scope.determining) == ((), 0, 0, ())


def test_a_readable_class_without_chunks_leaves_it_empty(engine: Engine) -> None:
    drained = AccessClass(id=ClassId(1), attributes={"collection": "aml"})
    scope = decide_scope(engine(AML), ANA, [drained], NOW, tenant=1)
    assert (scope.classes, scope.is_empty) == ((1,), True)


def test_another_action_has_another_scope(engine: Engine) -> None:
    cedar = engine(AML, DELETE)
    assert decide_scope(cedar, ANA, CLASSES, NOW, tenant=1, action="delete").classes == (7,)


def test_one_class_that_does_not_fit_the_schema_is_not_readable(engine: Engine) -> None:
    stray = AccessClass(id=ClassId(1), attributes={"collection": "aml", "colour": "red"}, chunks=1)
    assert 1 not in decide_scope(engine(AML), ANA, [*CLASSES, stray], NOW, tenant=1).classes
