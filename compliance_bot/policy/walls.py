"""Tell what somebody may not even know of: documents from which a `forbid` keeps them out.

Who is merely not permitted to read a document may be told, in a review, that there is one. Who is forbidden may not: a
matter behind a wall, or a report of suspicion, is a secret by its existence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.policy.compile import Policy
from compliance_bot.policy.decide import CedarEngine
from compliance_bot.policy.folder import policy_set

if TYPE_CHECKING:
    from compliance_bot.policy.folder import Policies

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
    kept = (_EVERYTHING, *(policy for policy in policies.compilable if not policy.permits))
    cedar = cedarpy.PolicySet.from_json_str(policy_set([policy.body for policy in kept]))
    # Under a hash of its own: what it decides must not be taken for a decision of the set.
    return CedarEngine(replace(policies, policies=cedar, compilable=kept, hash=f"{policies.hash}/walls"))
