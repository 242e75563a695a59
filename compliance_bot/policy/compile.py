"""Compile Cedar policies, for one principal, action and context, into SQL that selects access classes.

The result agrees with the Cedar engine on every class, evaluation errors included, and errors deny: a class is
permitted where some permit is true, no policy of the set fails, and no forbid is true. What has no exact form in SQL is
refused when the policies are loaded (`compilable`), naming the policy and the construct; a forbid may be marked
@enforce("postcheck") instead, and then the engine decides every class that the SQL permits as well. A permit never.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from compliance_bot.policy.expressions import Expressions
from compliance_bot.policy.fragments import Constant, Failure
from compliance_bot.policy.operators import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.policy.expressions import Subject
    from compliance_bot.policy.schema import Declared


@dataclass(frozen=True, kw_only=True)  # no slots: something is kept
class Policy:
    """One policy in Cedar's JSON form (EST)."""

    id: str
    permits: bool
    body: Mapping[str, Any] = field(hash=False)
    is_checked_after: bool = False  # @enforce("postcheck")

    @cached_property
    def reads_clock(self) -> bool:
        """Whether the time of the request matters to it. A policy that takes the context whole may look at anything."""
        return any(_reads_clock(condition["body"]) for condition in self.body["conditions"])

    def concerns(self, action: str, declared: Declared) -> bool:
        """Return whether the policy can decide about an action, as far as its scope tells."""
        constraint = self.body["action"]
        if constraint["op"] == "All":
            return True
        named = [constraint["entity"]] if "entity" in constraint else constraint["entities"]
        groups = frozenset({action}) if constraint["op"] == "==" else declared.groups_of(action)
        return bool(groups & {entity["id"] for entity in named})


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A predicate over `access_class c`, and each permit's own part of it. Placeholders are psycopg's, by name."""

    sql: str
    permits: tuple[tuple[str, str], ...]  # id and SQL of those that can be true for this principal
    parameters: Mapping[str, Any] = field(hash=False)
    needs_engine: bool = False  # a forbid is left to the engine

    @classmethod
    def nothing(cls) -> Compiled:
        """Return the predicate of one who may do it to nothing."""
        return cls(sql="false", permits=(), parameters={})

    @property
    def permits_nothing(self) -> bool:
        return self.sql == "false"

    @property
    def key(self) -> str:
        """What tells two compiled predicates apart."""
        return repr((self.sql, self.permits, sorted(self.parameters.items()), self.needs_engine))


def _reads_clock(node: Any) -> bool:
    if isinstance(node, list):
        return any(_reads_clock(child) for child in node)
    if not isinstance(node, dict):
        return False
    if node.get("Var") == "context":
        return True
    left, name = node.get("left"), node.get("attr")
    if name is not None and left == {"Var": "context"}:
        return bool(name == "now")
    return any(_reads_clock(child) for child in node.values())


def compile_policies(policies: Sequence[Policy], declared: Declared, subject: Subject) -> Compiled:
    """Return the predicate for one subject. Raises Uncompilable where `require_compilable` would have."""
    parameters = Parameters()
    permits: list[tuple[str, str]] = []
    conditions: list[str] = []
    needs_engine = False
    for policy in policies:
        if policy.is_checked_after:
            needs_engine = True
            continue
        fragment = Expressions(declared, subject, parameters).condition(policy.body)
        if isinstance(fragment, Failure):
            return Compiled.nothing()  # an error denies, whatever the class
        if isinstance(fragment, Constant):
            if fragment.value is False:
                continue
            if not policy.permits:
                return Compiled.nothing()
            permits.append((policy.id, "true"))
        elif policy.permits:
            permits.append((policy.id, f"({fragment.text} IS TRUE)"))
            conditions += [f"({fragment.text} IS NOT NULL)"] if fragment.can_fail else []
        else:
            conditions.append(f"(NOT COALESCE({fragment.text}, true))")
    if not permits:
        return Compiled.nothing()
    some = " OR ".join(text for _, text in permits)
    sql = "\n  AND ".join([f"({some})", *conditions])
    return Compiled(sql=sql, permits=tuple(permits), parameters=parameters.values, needs_engine=needs_engine)
