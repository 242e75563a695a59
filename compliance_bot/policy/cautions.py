"""Warn of policies that are valid and probably not meant: they never apply, are always overruled, or contradict.

Cedar's validator knows which conditions can never be true, but its binding does not tell. It does tell type errors, and
it does not look behind a condition that is always false: so a type error is appended to the policy, and if nobody
complains, nothing can reach it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import cedarpy

from compliance_bot.policy.folder import policy_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.policy.compile import Policy
    from compliance_bot.policy.folder import Policies

_TYPE_ERROR = {"kind": "when", "body": {"<": {"left": {"Value": "text"}, "right": {"Value": 1}}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """A warning, and the ids of the policies that it is about."""

    policies: tuple[str, ...]
    message: str


def cautions(policies: Policies) -> tuple[Caution, ...]:
    """Return what is probably not meant. None of it makes a set invalid."""
    return tuple(_cautions(policies))


def _cautions(policies: Policies) -> Iterator[Caution]:
    if not policies.compilable:
        yield Caution(policies=(), message="there is no policy: nobody may do anything")
    for policy in policies.compilable:
        if _is_impossible(policy, policies.schema):
            message = "can never apply: its conditions are false for every action and resource of the schema"
            yield Caution(policies=(policy.id,), message=message)
        if policy.concerns("read", policies.declared) and _reads_clock(policy.body):
            message = "compares context.now when it decides about reading: scopes cannot be kept between questions"
            yield Caution(policies=(policy.id,), message=message)
    for one, other in combinations(policies.compilable, 2):
        if one.permits == other.permits:
            continue
        permit, forbid = (one, other) if one.permits else (other, one)
        if _meaning(permit) == _meaning(forbid):
            message = "contradict each other: the same scope and conditions, permitted and forbidden; forbid wins"
            yield Caution(policies=(permit.id, forbid.id), message=message)
        elif _overrules(forbid, permit, policies):
            message = f"never has an effect: {forbid.id} forbids without a condition all that it permits"
            yield Caution(policies=(permit.id, forbid.id), message=message)


def _is_impossible(policy: Policy, schema: cedarpy.Schema) -> bool:
    trap = {**policy.body, "conditions": [*policy.body["conditions"], _TYPE_ERROR]}
    text = cedarpy.policies_from_json_str(policy_set([trap]))
    return cedarpy.validate_policies(text, schema).validation_passed


def _named(constraint: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids in a scope's constraint."""
    entities = [constraint["entity"]] if "entity" in constraint else constraint.get("entities", [])
    return frozenset(entity["id"] for entity in entities)


def _reads_clock(node: Any) -> bool:
    if isinstance(node, dict):
        if node.get("left") == {"Var": "context"} and node.get("attr") == "now":
            return True
        return any(_reads_clock(child) for child in node.values())
    return isinstance(node, list) and any(_reads_clock(child) for child in node)


def _meaning(policy: Policy) -> tuple[Any, ...]:
    body = policy.body
    return (body["principal"], body["action"], body["resource"], body["conditions"])


def _overrules(forbid: Policy, permit: Policy, policies: Policies) -> bool:
    """Return whether a forbid holds whenever a permit does, as far as their scopes show it."""
    if forbid.body["conditions"]:
        return False
    return _covers_actions(forbid.body["action"], permit.body["action"], policies) and all(
        forbid.body[part]["op"] == "All" or forbid.body[part] == permit.body[part] for part in ("principal", "resource")
    )


def _covers_actions(wide: Mapping[str, Any], narrow: Mapping[str, Any], policies: Policies) -> bool:
    if wide["op"] == "All":
        return True
    if narrow["op"] == "All":
        return False
    named = _named(wide)
    if wide["op"] == "==":
        return _named(narrow) == named
    return all(policies.declared.groups_of(action) & named for action in _named(narrow))
