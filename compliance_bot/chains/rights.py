"""The decisions that every governed act begins with: may they do this, and what may they read. Both go on record."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from compliance_bot.errors import Refused
from compliance_bot.policy.decide import Resource
from compliance_bot.store.scope import open_scope

if TYPE_CHECKING:
    from compliance_bot.chains.case import Case
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import Principal, RecordId, Scope
    from compliance_bot.store.connect import Transaction


NEVER_FOR_ANOTHER = frozenset({"break_glass", "approve", "erase", "reveal", "review"})


def require_permission(
    engine: PolicyEngine,
    principal: Principal,
    action: str,
    circumstances: Circumstances,
    case: Case,
    *,
    resource: Resource | None = None,
) -> None:
    """Raise Refused unless the policies let the principal do this, to the home where no resource is named.

    What somebody must answer for themselves is refused to whoever acts as another, whatever the policies say.
    """
    if principal.actor is not None and action in NEVER_FOR_ANOTHER:
        case.public["policies"] = {"set": engine.hash, "action": action, "determining": []}
        raise Refused
    if circumstances.purpose is not None:
        case.private["purpose"] = circumstances.purpose
    decision = engine.decide(principal, action, resource or Resource.home(), circumstances)
    case.public["policies"] = {"set": engine.hash, "action": action, "determining": list(decision.determining)}
    if not decision.allowed:
        raise Refused


def enter_scope(
    snapshot: Transaction,
    engine: PolicyEngine,
    principal: Principal,
    circumstances: Circumstances,
    case: Case,
    *,
    by_engine: bool = False,
) -> Scope:
    """Return the scope of what may be read, and open the snapshot to it; `by_engine` as `open_scope` has it."""
    scope = open_scope(snapshot, engine, principal, circumstances, by_engine=by_engine)
    case.public["scope"] = {
        "classes": len(scope.classes),
        "chunks": scope.chunks,
        "determining": list(scope.determining),
    }
    return scope


def index_state(key: bytes, record: RecordId, scope: Scope) -> str:
    """Return by what a record names the state of the index that it was searched in: HMAC-SHA256, in hex.

    A number that goes up with each change would tell reviewers of documents that they may not know of, and so would
    two records with the same name for a state. So each has a name of its own, and only the home can compare them.
    """
    return hmac.digest(key, f"{record}\n{scope.revision}".encode(), "sha256").hex()
