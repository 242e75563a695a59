"""Ask a part of the policies alone: what a `forbid` keeps somebody out of, and what has to be kept.

Who is merely not permitted to read a document may be told, in a review, that there is one. Who is forbidden may not: a
matter behind a wall, or a report of suspicion, is a secret by its existence. A `forbid` with the annotation
`@hold("why")` says that documents have to be kept as they are: for a litigation, or until a period of retention ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.policy.compile import Policy
from compliance_bot.policy.decide import CedarEngine
from compliance_bot.policy.folder import policy_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.policy.folder import Policies

_HOLD = "hold"  # the annotation
_ALL = {"op": "All"}
_EVERYTHING = Policy(
    id="everything",
    permits=True,
    body={
        "effect": "permit",
        "principal": _ALL,
        "action": _ALL,
        "resource": _ALL,
        "conditions": [],
        "annotations": {"id": "everything"},
    },
)


def walls_alone(policies: Policies) -> CedarEngine:
    """Return an engine that permits what no `forbid` of a set forbids. A forbid that fails forbids."""
    return _permitting_all_but(policies, [policy for policy in policies.compilable if not policy.permits], "walls")


def holds_alone(policies: Policies) -> tuple[CedarEngine, dict[str, str]]:
    """Return an engine that permits what nothing has to be kept from, and by policy why something has to be.

    A hold that fails holds.
    """
    holds = [policy for policy in policies.compilable if not policy.permits and _HOLD in _annotations(policy)]
    reasons = {policy.id: str(_annotations(policy)[_HOLD] or "a hold") for policy in holds}
    return _permitting_all_but(policies, holds, "holds"), reasons


def _annotations(policy: Policy) -> dict[str, object]:
    return dict(policy.body.get("annotations") or {})


def _permitting_all_but(policies: Policies, forbids: Sequence[Policy], name: str) -> CedarEngine:
    kept = (_EVERYTHING, *forbids)
    cedar = cedarpy.PolicySet.from_json_str(policy_set([policy.body for policy in kept]))
    # Under a hash of its own: what it decides must not be taken for a decision of the set.
    return CedarEngine(replace(policies, policies=cedar, compilable=kept, hash=f"{policies.hash}/{name}"))
