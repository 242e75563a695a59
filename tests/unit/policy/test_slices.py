"""A part of the policies decides as the whole set does: the same effect, reasons and errors."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.policy.decide import CedarEngine, Circumstances, Decision, Resource
from compliance_bot.records import Principal
from tests.random_policies import NOW, Random, unvalidated

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


def whole(engine: CedarEngine, monkeypatch: pytest.MonkeyPatch) -> CedarEngine:
    """Return an engine over the same policies that leaves none of them out."""
    plain = CedarEngine(engine.policies)
    monkeypatch.setattr(plain._slices, "of", lambda *_: engine.policies.policies)
    return plain


def decisions(
    engine: CedarEngine, who: Principal, action: str, documents: Sequence[Resource], now: Circumstances
) -> tuple[Decision, ...]:
    return engine.decide_each(who, action, documents, now)


def test_random_policies_decide_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Random(random.Random(17))
    compared = sliced = allowed = failed = 0
    while compared < 10_000:
        engine = unvalidated(made.policies())
        if engine is None:
            continue
        plain = whole(engine, monkeypatch)
        for _ in range(4):
            who, now = made.principal(), made.circumstances()
            documents = [Resource.document(made.document()) for _ in range(10)]
            for action in ("read", "look"):
                found = decisions(engine, who, action, documents, now)
                assert found == decisions(plain, who, action, documents, now)
                compared += len(found)
                sliced += engine._slices.of(who.groups, action) is not engine.policies.policies
                allowed += sum(one.allowed for one in found)
                failed += sum(one.errors > 0 for one in found)
    # Comparing wholes with themselves, or refusals alone, would show nothing.
    assert sliced > 300
    assert 0.05 < allowed / compared < 0.6
    assert failed > 100


POLICIES = """
@id("staff") permit (principal in Group::"staff", action == Action::"read", resource);
@id("hr") permit (principal in Group::"hr", action in [Action::"look"], resource);
@id("ana") permit (principal == User::"ana", action, resource);
@id("in-ana") permit (principal in User::"ana", action, resource);
@id("is-legal") forbid (principal is User in Group::"legal", action, resource);
@id("other") forbid (principal, action == Action::"look", resource);
"""


def kept(engine: CedarEngine, groups: set[str], action: str) -> set[str]:
    policies = str(engine._slices.of(frozenset(groups), action))
    ids = cedarpy.policies_to_json_str(policies)
    return {name for name in ("staff", "hr", "ana", "in-ana", "is-legal", "other") if f'"{name}"' in ids}


def test_a_policy_is_left_out_by_its_action_or_a_group_alone() -> None:
    engine = unvalidated(POLICIES)
    assert engine is not None
    always = {"ana", "in-ana", "is-legal"}
    assert kept(engine, {"staff"}, "read") == {"staff", *always}
    assert kept(engine, {"hr"}, "read") == {"hr", *always}  # read is in look
    assert kept(engine, {"staff", "hr"}, "look") == {"hr", "other", *always}
    assert kept(engine, set(), "unknown") == always


def test_another_group_that_no_policy_names_makes_no_new_part() -> None:
    engine = unvalidated(POLICIES)
    assert engine is not None
    one = engine._slices.of(frozenset({"staff"}), "read")
    assert engine._slices.of(frozenset({"staff", "painters"}), "read") is one
    assert engine._slices.of(frozenset({"painters"}), "read") is not one


def test_a_principal_without_the_group_is_not_decided_by_what_was_kept_for_one_with_it() -> None:
    engine = unvalidated(POLICIES)
    assert engine is not None
    document = Resource.document({"collection": "aml"})
    now = Circumstances(now=NOW)
    for _ in range(2):
        assert engine.decide(Principal(id="bo", groups={"staff"}), "read", document, now).allowed
        assert not engine.decide(Principal(id="bo"), "read", document, now).allowed
        assert not engine.decide(Principal(id="bo", groups={"staff", "legal"}), "read", document, now).allowed
