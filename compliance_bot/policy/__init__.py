"""Decide, with Cedar policies, who may do and see what. No I/O beyond reading the policy folder.

    policies = load(Path("policies"))
    decision = policies.decide(principal, "read", Resource.document(attributes), Circumstances(now=now))
    compiled = policies.compile(principal, "read", Circumstances(now=now))  # the same, as SQL over access_class

Names are resolved when first used: what only formats an attribute does not load the Cedar engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from compliance_bot.policy.decide import CedarEngine, Circumstances, Decision, Resource
    from compliance_bot.policy.folder import InvalidPolicies

_HOMES = {
    "CedarEngine": "compliance_bot.policy.decide",
    "Circumstances": "compliance_bot.policy.decide",
    "Decision": "compliance_bot.policy.decide",
    "InvalidPolicies": "compliance_bot.policy.folder",
    "Resource": "compliance_bot.policy.decide",
}

__all__ = ["CedarEngine", "Circumstances", "Decision", "InvalidPolicies", "Resource", "load"]


def load(folder: Path) -> CedarEngine:
    """Return the policy set of a folder, ready to decide. Raises InvalidPolicies with what is wrong and where."""
    from compliance_bot.policy.decide import CedarEngine
    from compliance_bot.policy.folder import load_policies

    return CedarEngine(load_policies(folder))


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'compliance_bot.policy' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
