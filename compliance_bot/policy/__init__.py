"""Decide, with Cedar policies, who may do and see what. No I/O beyond reading the policy folder.

policies = load(Path("policies"))
decision = policies.decide(principal, "read", Resource.document(attributes), Circumstances(now=now))
compiled = policies.compile(principal, "read", Circumstances(now=now))  # the same, as SQL over access_class
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.policy.decide import CedarEngine, Circumstances, Decision, Resource
from compliance_bot.policy.folder import InvalidPolicies, load_policies

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CedarEngine", "Circumstances", "Decision", "InvalidPolicies", "Resource", "load"]


def load(folder: Path) -> CedarEngine:
    """Return the policy set of a folder, ready to decide. Raises InvalidPolicies with what is wrong and where."""
    return CedarEngine(load_policies(folder))
