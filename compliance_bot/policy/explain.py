"""Say why a decision came out as it did: which policies decided, what each asked, and what it found.

Each condition of a policy is made a policy of its own and put to the engine, with its opposite beside it: where neither
holds, evaluating it fails. So Cedar stays the only judge, and nothing here evaluates anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import cedarpy

from compliance_bot.policy.decide import CedarEngine
from compliance_bot.policy.folder import policy_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.policy.compile import Policy
    from compliance_bot.policy.decide import Circumstances, Decision, Resource
    from compliance_bot.policy.folder import Policies
    from compliance_bot.policy.source import Source
    from compliance_bot.records import Principal

Part = Literal["principal", "action", "resource", "when", "unless"]
Role = Literal["decided", "overruled", "nearest", "failed"]

_ALL = {"op": "All"}
_ANYTHING = {"effect": "permit", "principal": _ALL, "action": _ALL, "resource": _ALL, "conditions": []}
_CANARY = "canary"  # a policy that always holds, unless the request cannot be decided at all
_SCOPE: tuple[Part, ...] = ("principal", "action", "resource")
_AROUND = {
    "principal": ("permit(", ", action, resource);"),
    "action": ("permit(principal, ", ", resource);"),
    "resource": ("permit(principal, action, ", ");"),
}
_NEEDLESS = re.compile(r"(?<![\w\]])\(([\w.]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that a policy asks. `holds` is None where it cannot be evaluated, as with an absent attribute.

    What an `unless` lists is a condition too: it holds where the listed is not the case.
    """

    part: Part
    text: str
    holds: bool | None
    reads: tuple[str, ...]  # principal.department, resource.matter, context.now, …


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one policy had to do with a decision.

    It decided; it permitted, and was overruled; of the permits that did not hold it came nearest; or it failed. For a
    set that came from no folder, `file` is empty, `line` 0, and `text` in Cedar's words.
    """

    policy: str
    effect: Literal["permit", "forbid"]
    role: Role
    file: str
    line: int
    text: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """A decision with its reasons, those that decided first. Undecidable: the document does not fit the schema."""

    decision: Decision
    reasons: tuple[Reason, ...]
    is_decidable: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A condition not yet decided: the policy that holds where it does, and the one that holds where it does not."""

    part: Part
    body: Mapping[str, Any]
    opposite: Mapping[str, Any] | None
    reads: tuple[str, ...]


def explain(
    policies: Policies, principal: Principal, action: str, resource: Resource, circumstances: Circumstances
) -> Reasons:
    """Return the decision of a policy set about one request, and why. Takes two calls of the engine."""
    decision = CedarEngine(policies).decide(principal, action, resource, circumstances)
    asked = {policy.id: tuple(_asked(policy)) for policy in policies.compilable}
    true = _true_parts(policies, asked, principal, action, resource, circumstances)
    if _CANARY not in true:
        return Reasons(decision=decision, reasons=(), is_decidable=False)
    conditions = {
        policy: tuple(_condition(part, f"{policy}/{n}", true) for n, part in enumerate(parts))
        for policy, parts in asked.items()
    }
    roles = _roles(policies.compilable, conditions, decision)
    sources = {source.id: source for source in policies.sources}
    reasons = [
        _reason(policy, roles[policy.id], conditions[policy.id], sources.get(policy.id))
        for policy in policies.compilable
        if policy.id in roles
    ]
    order = {"decided": 0, "failed": 1, "overruled": 2, "nearest": 3}
    reasons.sort(key=lambda reason: (order[reason.role], reason.policy))
    return Reasons(decision=decision, reasons=tuple(reasons), is_decidable=True)


def _reason(policy: Policy, role: Role, conditions: tuple[Condition, ...], source: Source | None) -> Reason:
    return Reason(
        policy=policy.id,
        effect="permit" if policy.permits else "forbid",
        role=role,
        file=source.file if source else "",
        line=source.line if source else 0,
        text=source.text if source else cedarpy.policies_from_json_str(policy_set([policy.body])).strip(),
        conditions=conditions,
    )


def _true_parts(
    policies: Policies,
    asked: Mapping[str, Sequence[_Asked]],
    principal: Principal,
    action: str,
    resource: Resource,
    circumstances: Circumstances,
) -> frozenset[str]:
    """Return the names of the parts, and of the opposites of parts, that hold."""
    bodies = [{**_ANYTHING, "annotations": {"id": _CANARY}}]
    for policy, parts in asked.items():
        for n, part in enumerate(parts):
            bodies.append({**part.body, "annotations": {"id": f"{policy}/{n}"}})
            if part.opposite is not None:
                bodies.append({**part.opposite, "annotations": {"id": f"{policy}/{n}/not"}})
    single = replace(policies, policies=cedarpy.PolicySet.from_json_str(policy_set(bodies)))
    return frozenset(CedarEngine(single).decide(principal, action, resource, circumstances).determining)


def _condition(asked: _Asked, name: str, true: frozenset[str]) -> Condition:
    is_false = asked.opposite is None or f"{name}/not" in true
    holds = True if name in true else False if is_false else None
    return Condition(part=asked.part, text=_text(asked), holds=holds, reads=asked.reads)


def _roles(
    policies: Sequence[Policy], conditions: Mapping[str, Sequence[Condition]], decision: Decision
) -> dict[str, Role]:
    """Return what each policy that had to do with a decision had to do with it."""
    if decision.allowed:
        return dict.fromkeys(decision.determining, "decided")
    roles: dict[str, Role] = {}
    distances: dict[str, int] = {}
    for policy in policies:
        missing = [one for one in conditions[policy.id] if not one.holds]
        if not missing:
            roles[policy.id] = "overruled" if policy.permits else "decided"
        elif missing[0].holds is None:
            roles[policy.id] = "failed"
        elif policy.permits and all(one.part != "action" for one in missing):
            distances[policy.id] = len(missing)
    if "overruled" not in roles.values():
        nearest = min(distances.values(), default=0)
        roles.update({id_: "nearest" for id_, distance in distances.items() if distance == nearest})
    return roles


def _asked(policy: Policy) -> Iterator[_Asked]:
    """Yield what a policy asks, one thing at a time, in the order in which Cedar looks at it."""
    for part in _SCOPE:
        constraint = policy.body[part]
        if constraint["op"] != "All":
            yield _Asked(part, {**_ANYTHING, part: constraint}, None, _scope_reads(part, constraint))
    for condition in policy.body["conditions"]:
        kind: Part = "when" if condition["kind"] == "when" else "unless"
        other = "unless" if kind == "when" else "when"
        # An `unless` of alternatives is broken by each of them.
        for body in _split(condition["body"], "&&" if kind == "when" else "||"):
            yield _Asked(
                kind,
                {**_ANYTHING, "conditions": [{"kind": kind, "body": body}]},
                {**_ANYTHING, "conditions": [{"kind": other, "body": body}]},
                tuple(sorted(set(_reads(body)))),
            )


def _split(body: Mapping[str, Any], connective: str) -> Iterator[Mapping[str, Any]]:
    if connective in body:
        yield from _split(body[connective]["left"], connective)
        yield from _split(body[connective]["right"], connective)
    else:
        yield body


def _text(asked: _Asked) -> str:
    """Return a condition in Cedar's own words."""
    written = cedarpy.policies_from_json_str(policy_set([asked.body])).strip()
    if asked.part in {"when", "unless"}:
        inside = written[written.index("{") + 1 : written.rindex("}")]
        return _NEEDLESS.sub(r"\1", inside.strip())
    before, after = _AROUND[asked.part]
    return written.removeprefix(before).removesuffix(after)


def _scope_reads(part: str, constraint: Mapping[str, Any]) -> tuple[str, ...]:
    entity = constraint.get("entity") or (constraint.get("in") or {}).get("entity")
    if part == "action" or entity is None:
        return ()
    if part == "principal":
        return ("principal.groups" if entity["type"] == "Group" else "principal.id",)
    return (f"resource.{entity['type'].lower()}",) if entity["type"] != "Document" else ()


def _reads(node: Any) -> Iterator[str]:
    """Yield the attributes that an expression looks at."""
    if isinstance(node, list):
        for child in node:
            yield from _reads(child)
    if not isinstance(node, dict):
        return
    left = node.get("left")
    owner = left.get("Var") if isinstance(left, dict) else None
    if owner is not None and "attr" in node:
        yield f"{owner}.{node['attr']}"
    for name, child in node.items():
        if name == "in" and isinstance(child, dict) and "left" in child:
            yield from _reads_place(child)
        yield from _reads(child)


def _reads_place(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `x in y` looks at: of a person the groups, of a document what it lies in."""
    owner = node["left"].get("Var")
    if owner == "principal":
        yield "principal.groups"
    elif owner == "resource":
        for target in _targets(node["right"]):
            yield f"resource.{target.lower()}"


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "__entity" in node:
            yield str(node["__entity"]["type"])
        else:
            for child in node.values():
                yield from _targets(child)
    elif isinstance(node, list):
        for child in node:
            yield from _targets(child)
