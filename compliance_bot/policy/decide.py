"""Decide one request, or one request per access class, with the Cedar engine.

A pure function over policies: no I/O, no clock. Forbid wins over permit, no match is a refusal, and an error while
evaluating any policy is a refusal too (Cedar itself would skip a forbid that fails).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, Protocol

import cedarpy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from compliance_bot.policy.load import Policies
    from compliance_bot.records import AttributeValue, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What is acted on: the home, a collection, or the documents of one access class."""

    type: str
    id: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)

    @classmethod
    def home(cls) -> Resource:
        return cls(type="Home", id="home")

    @classmethod
    def collection(cls, name: str) -> Resource:
        return cls(type="Collection", id=name)

    @classmethod
    def document(cls, attributes: Mapping[str, AttributeValue], *, id: str = "document") -> Resource:
        return cls(type="Document", id=id, attributes=attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Cedar's context: when, what for, and what an action needs besides."""

    now: datetime  # with its zone
    purpose: str | None = None
    more: Mapping[str, str | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("a time without its zone is no moment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Allowed or not, and the ids of the policies that decided. `errors` counts policies that failed."""

    allowed: bool
    determining: tuple[str, ...]
    errors: int


class PolicyEngine(Protocol):
    """Anything that can decide. `hash` names the policies it decides with."""

    @property
    def hash(self) -> str: ...

    def decide(
        self, principal: Principal, action: str, resources: Sequence[Resource], circumstances: Circumstances
    ) -> tuple[Decision, ...]:
        """Return one decision per resource, in order."""
        ...


class CedarEngine:
    """The Cedar engine over one loaded policy set."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    @property
    def hash(self) -> str:
        return self._policies.hash

    def decide(
        self, principal: Principal, action: str, resources: Sequence[Resource], circumstances: Circumstances
    ) -> tuple[Decision, ...]:
        """Return one decision per resource, in order. About 0.1 ms each after 1 ms for the principal."""
        if not resources:
            return ()
        uids = [{"type": resource.type, "id": f"{index}/{resource.id}" if resource.type == "Document" else resource.id}
                for index, resource in enumerate(resources)]  # fmt: skip
        entities = [*_principal_entities(principal), *_resource_entities(resources, uids)]
        try:
            known = cedarpy.Entities.from_json_str(json.dumps(entities), self._policies.schema)
        except ValueError:
            # An entity that does not fit the schema cannot be decided about.
            return tuple(Decision(allowed=False, determining=(), errors=1) for _ in resources)
        context = _context(circumstances)
        requests = [
            {"principal": {"type": "User", "id": principal.id}, "action": {"type": "Action", "id": action},
             "resource": uid, "context": context}
            for uid in uids
        ]  # fmt: skip
        results = cedarpy.is_authorized_batch(requests, self._policies.policies, known, self._policies.schema)
        return tuple(_decision(result) for result in results)


def _decision(result: cedarpy.AuthzResult) -> Decision:
    diagnostics = result.diagnostics
    return Decision(
        allowed=result.allowed and not diagnostics.errors,
        determining=tuple(sorted(diagnostics.id_annotations_by_reason.values())),
        errors=len(diagnostics.errors),
    )


def _principal_entities(principal: Principal) -> list[dict[str, Any]]:
    groups = [{"type": "Group", "id": group} for group in sorted(principal.groups)]
    user = {"type": "User", "id": principal.id}
    return [
        {"uid": user, "attrs": to_cedar(principal.attributes), "parents": groups},
        *({"uid": group, "attrs": {}, "parents": []} for group in groups),
    ]


def _resource_entities(resources: Sequence[Resource], uids: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    entities: list[dict[str, Any]] = []
    collections: set[str] = set()
    for resource, uid in zip(resources, uids, strict=True):
        parents = []
        if resource.type == "Document":
            collection = str(resource.attributes["collection"])
            collections.add(collection)
            parents = [{"type": "Collection", "id": collection}]
        entities.append({"uid": uid, "attrs": to_cedar(resource.attributes), "parents": parents})
    named = {resource.id for resource in resources if resource.type == "Collection"}
    entities += [
        {"uid": {"type": "Collection", "id": name}, "attrs": {}, "parents": []} for name in sorted(collections - named)
    ]
    return entities


def to_cedar(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return attributes as Cedar's JSON entity format has them; sets become sorted lists."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in sorted(attributes.items())
    }


def _context(circumstances: Circumstances) -> dict[str, Any]:
    now = circumstances.now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    context: dict[str, Any] = {"now": {"__extn": {"fn": "datetime", "arg": now}}, **circumstances.more}
    if circumstances.purpose is not None:
        context["purpose"] = circumstances.purpose
    return context
