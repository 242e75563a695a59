"""The policies that can have to do with a request: the others would be evaluated for nothing, each time.

A policy is left out by its head alone: another action, or a group that the principal is not in. Such a policy is not
satisfied and cannot fail, so decisions, reasons and errors are those of the whole set (Cutler et al. 2024, "Cedar: A
New Language for Expressive, Fast, Safe, and Analyzable Authorization", on policy slicing). What is read here is the
set that decides, and nothing that is compiled: the third lock does not rest on the first.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cedarpy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.policy.schema import Declared

_MOST_KEPT = 256  # some hundred kilobytes each, for large sets
_GROUP = "Group"


class Slices:
    """The parts of one policy set, each made once. Safe to share between threads."""

    def __init__(self, policies: cedarpy.PolicySet, declared: Declared) -> None:
        self._whole, self._declared = policies, declared
        self._kept: dict[tuple[str, frozenset[str]], cedarpy.PolicySet] = {}

    def of(self, groups: frozenset[str], action: str) -> cedarpy.PolicySet:
        """Return the policies that can have to do with an action of somebody in exactly these groups."""
        key = (action, groups & self._named_groups)
        found = self._kept.get(key)
        if found is None:
            found = self._cut(*key)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    def _cut(self, action: str, groups: frozenset[str]) -> cedarpy.PolicySet:
        actions = self._declared.groups_of(action)
        kept = {
            name: body
            for name, body in self._bodies.items()
            if _may_act(body["principal"], groups) and _is_among(body["action"], action, actions)
        }
        if len(kept) == len(self._bodies):
            return self._whole
        return cedarpy.PolicySet.from_json_str(
            json.dumps({"staticPolicies": kept, "templates": {}, "templateLinks": []})
        )

    @cached_property
    def _bodies(self) -> Mapping[str, Mapping[str, Any]]:
        bodies: Mapping[str, Mapping[str, Any]] = json.loads(cedarpy.policies_to_json_str(str(self._whole)))[
            "staticPolicies"
        ]
        return bodies

    @cached_property
    def _named_groups(self) -> frozenset[str]:
        named = (_group_of(body["principal"]) for body in self._bodies.values())
        return frozenset(group for group in named if group is not None)


def _group_of(constraint: Mapping[str, Any]) -> str | None:
    """Return the group that a principal must be in, where that is all that a policy's head says of it."""
    if constraint["op"] != "in" or constraint["entity"]["type"] != _GROUP:
        return None
    return str(constraint["entity"]["id"])


def _may_act(constraint: Mapping[str, Any], groups: frozenset[str]) -> bool:
    group = _group_of(constraint)
    return group is None or group in groups


def _is_among(constraint: Mapping[str, Any], action: str, groups: frozenset[str]) -> bool:
    """Return whether an action is one that a policy's head names. `groups` are those it is in, and itself."""
    if constraint["op"] == "==":
        return bool(constraint["entity"]["id"] == action)
    if constraint["op"] == "in":
        named = [constraint["entity"]] if "entity" in constraint else constraint["entities"]
        return any(entity["id"] in groups for entity in named)
    return True
