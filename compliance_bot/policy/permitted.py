"""Ask the engine about documents at hand: what is about to be shown, sent or told.

The third lock. It knows the documents by their attributes alone, not by the scope that they were found in, so it
catches what a mistake in the scope or in a query let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.policy.decide import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import AttributeValue, Principal


def permitted_each(
    engine: PolicyEngine,
    principal: Principal,
    action: str,
    documents: Sequence[Mapping[str, AttributeValue]],
    circumstances: Circumstances,
) -> tuple[bool, ...]:
    """Return for each document, given by its attributes, whether the policies permit the action on it."""
    # Those with the same attributes are decided about once. True equals 1, so the types belong to the key.
    keys = [frozenset((name, type(value), value) for name, value in one.items()) for one in documents]
    distinct = dict(zip(keys, documents, strict=True))
    resources = [Resource.document(attributes) for attributes in distinct.values()]
    decisions = engine.decide_each(principal, action, resources, circumstances)
    allowed = {key: decision.allowed for key, decision in zip(distinct, decisions, strict=True)}
    return tuple(allowed[key] for key in keys)
