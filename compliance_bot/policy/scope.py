"""Make the scope of a question: which access classes the asker may read, and how much there is in them.

The only place that makes a `Scope`. Every class is decided by the engine; nothing is readable by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.policy.decide import Resource
from compliance_bot.records import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import AccessClass, Principal


def decide_scope(
    engine: PolicyEngine,
    principal: Principal,
    classes: Sequence[AccessClass],
    circumstances: Circumstances,
    *,
    tenant: int,
    action: str = "read",
) -> Scope:
    """Return what the principal may read of these classes. Empty where nothing is permitted."""
    resources = [Resource.document(access_class.attributes) for access_class in classes]
    decisions = engine.decide(principal, action, resources, circumstances)
    permitted = [access_class for access_class, decision in zip(classes, decisions, strict=True) if decision.allowed]
    determining = {policy for decision in decisions if decision.allowed for policy in decision.determining}
    return Scope(
        tenant=tenant,
        principal=principal.id,
        classes=tuple(sorted(access_class.id for access_class in permitted)),
        chunks=sum(access_class.chunks for access_class in permitted),
        terms=sum(access_class.terms for access_class in permitted),
        policies=engine.hash,
        determining=tuple(sorted(determining)),
    )
