"""Explain access: may somebody act on a document and why, and who may. Each explanation is on record.

An explanation is given to reviewers (the action `administer` or `review`), and to everybody about themselves. Nobody
learns by it of a document that they may not read and could not name: a person who asks about themselves is refused as
for an absent document, and a reviewer names a document by an id that tells nothing. A reviewer sees no title that they
may not read, and no attribute of a document that a `forbid` keeps from them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compliance_bot.errors import Refused, UsageError
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.expectations import context_of
from compliance_bot.policy.explain import explain
from compliance_bot.policy.expressions import RESOURCE
from compliance_bot.policy.walls import walls_alone
from compliance_bot.store.documents import class_of_document, document_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from compliance_bot.chains.act import Act
    from compliance_bot.chains.case import Case
    from compliance_bot.chains.then import RightsThen
    from compliance_bot.policy.decide import CedarEngine, Circumstances, Decision
    from compliance_bot.policy.explain import Reason, Reasons
    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue, DocumentId, Principal, Scope
    from compliance_bot.store.connect import Transaction

_REVIEWERS = ("administer", "review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mattered:
    """A value that a policy looked at. `value` is None where there was none, or where it is withheld."""

    name: str  # principal.clearance, resource.matter, context.purpose, …
    value: AttributeValue | None
    is_withheld: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why somebody may, or may not, act on a document. `title` is None where its viewer may not read it.

    Told to somebody about themselves, it has no `reasons`: policies may name what not everybody may know of.
    """

    document: DocumentId
    title: str | None
    principal: str
    action: str
    as_of: datetime | None
    policies: str  # hash of the set that decided
    decision: Decision
    reasons: tuple[Reason, ...]
    values: tuple[Mattered, ...]
    is_decidable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """Somebody who may, and the policies that say so."""

    principal: str
    determining: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Who of the people listed may act on a document."""

    document: DocumentId
    title: str | None
    action: str
    policies: str
    permitted: tuple[Permitted, ...]
    listed: int  # how many people were asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be explained: an action on a document, and what the policies are told besides."""

    document: DocumentId
    action: str = "read"
    context: Mapping[str, str | bool] | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Explanations for one asker."""

    act: Act
    rights: Callable[[Transaction], RightsThen]
    people: Callable[[], tuple[Principal, ...]]

    def explain(self, wanted: Wanted, subject: str | None) -> Explanation:
        """Return why `subject`, or without one the asker, may or may not.

        Raises Refused, UsageError, PastNotKept, UnknownPrincipal.
        """
        with self.act.closing("policy.explain") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            is_reviewer = may_review(self.act.engine, case.principal, now, case)
            subject = case.principal.id if subject is None else subject
            if not is_reviewer and case.principal.id != subject:
                raise Refused
            case.private["explained"] = {"principal": subject}
            scope = self.act.enter(snapshot, case, now)
            if not is_reviewer and class_of_document(snapshot, scope, wanted.document) is None:
                raise Refused
            rights = self.rights(snapshot)
            policies = rights.policies_at(wanted.as_of)
            is_self = subject == case.principal.id and wanted.as_of is None  # who may be in no list
            person = case.principal if is_self else rights.principal_at(subject, wanted.as_of)
            then = _circumstances(wanted, policies, now)
            attributes = rights.attributes_at(wanted.document, wanted.as_of)
            if attributes is None:
                raise Refused
            resource = Resource.document(attributes)
            found = explain(policies, person, wanted.action, resource, then)
            is_walled = not walls_alone(self.act.engine.policies).decide(case.principal, "read", resource, now).allowed
            case.outcome = "done"
            case.public["explained"] = {
                "document": wanted.document,
                "action": wanted.action,
                "as_of": wanted.as_of.isoformat() if wanted.as_of else None,
                "set": policies.hash,
                "effect": found.decision.effect,
                "determining": list(found.decision.determining),
            }
            return Explanation(
                document=wanted.document,
                title=_title(snapshot, scope, wanted.document),
                principal=subject,
                action=wanted.action,
                as_of=wanted.as_of,
                policies=policies.hash,
                decision=found.decision,
                reasons=found.reasons if is_reviewer else (),
                values=_values(found, person, attributes, then, is_walled=is_walled, all_reasons=is_reviewer),
                is_decidable=found.is_decidable,
            )

    def who(self, wanted: Wanted) -> Permissions:
        """Return who of the people listed may. Raises Refused, for those who may not review too, and UsageError."""
        with self.act.closing("policy.who") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            require_reviewer(self.act.engine, case.principal, now, case)
            scope = self.act.enter(snapshot, case, now)
            then = _circumstances(wanted, self.act.engine.policies, now)
            attributes = self.rights(snapshot).attributes_at(wanted.document, None)
            if attributes is None:
                raise Refused
            resource, people = Resource.document(attributes), self.people()
            decisions = [(one.id, self.act.engine.decide(one, wanted.action, resource, then)) for one in people]
            permitted = tuple(
                Permitted(principal=id_, determining=decision.determining)
                for id_, decision in decisions
                if decision.allowed
            )
            case.outcome = "done"
            case.public["explained"] = {
                "document": wanted.document,
                "action": wanted.action,
                "set": self.act.engine.hash,
                "listed": len(people),
                "permitted": len(permitted),
            }
            return Permissions(
                document=wanted.document,
                title=_title(snapshot, scope, wanted.document),
                action=wanted.action,
                policies=self.act.engine.hash,
                permitted=permitted,
                listed=len(people),
            )


def require_one_of(
    engine: CedarEngine, principal: Principal, actions: Sequence[str], circumstances: Circumstances, case: Case
) -> None:
    """Raise Refused unless the policies let somebody do one of these to the home, as themselves."""
    if principal.actor is not None or not _may_one_of(engine, principal, actions, circumstances, case):
        raise Refused


def may_review(engine: CedarEngine, principal: Principal, circumstances: Circumstances, case: Case) -> bool:
    """Return whether somebody may see others' rights: the policies let them administer, or review."""
    return _may_one_of(engine, principal, _REVIEWERS, circumstances, case)


def _may_one_of(
    engine: CedarEngine, principal: Principal, actions: Sequence[str], circumstances: Circumstances, case: Case
) -> bool:
    for action in actions:
        decision = engine.decide(principal, action, Resource.home(), circumstances)
        case.public["policies"] = {"set": engine.hash, "action": action, "determining": list(decision.determining)}
        if decision.allowed:
            return True
    return False


def require_reviewer(engine: CedarEngine, principal: Principal, circumstances: Circumstances, case: Case) -> None:
    """Raise Refused unless somebody may see others' rights."""
    if not may_review(engine, principal, circumstances, case):
        raise Refused


def _circumstances(wanted: Wanted, policies: Policies, now: Circumstances) -> Circumstances:
    """Return the circumstances that are explained. Raises UsageError for what the schema does not declare."""
    actions = policies.declared.actions
    if wanted.action not in actions or RESOURCE not in actions[wanted.action].resources:
        known = sorted(name for name, one in actions.items() if RESOURCE in one.resources)
        raise UsageError(f"there is no such action on documents; known: {', '.join(known)}")
    given = {"purpose": now.purpose} if now.purpose is not None else {}
    context = {**given, **(wanted.context or {})}
    return context_of(context, wanted.action, policies, now=wanted.as_of or now.now)


def _title(snapshot: Transaction, scope: Scope, document: DocumentId) -> str | None:
    """Return the title of a document that the viewer may read."""
    versions = document_versions(snapshot, scope, document)
    return versions[0].title if versions else None


def _values(
    found: Reasons,
    person: Principal,
    attributes: Mapping[str, AttributeValue],
    circumstances: Circumstances,
    *,
    is_walled: bool,
    all_reasons: bool,
) -> tuple[Mattered, ...]:
    """Return the values that the policies looked at; to the person themselves, those of the policies that decided."""
    owners: dict[str, Mapping[str, AttributeValue | None]] = {
        "principal": {"id": person.id, "groups": person.groups, **person.attributes},
        "resource": attributes,
        "context": {"now": circumstances.now, "purpose": circumstances.purpose, **circumstances.more},
    }
    read = {
        name
        for reason in found.reasons
        if all_reasons or reason.role == "decided"
        for condition in reason.conditions
        for name in condition.reads
    }
    values = []
    for name in sorted(read):
        owner, _, attribute = name.partition(".")
        mattered = Mattered(name=name, value=owners[owner].get(attribute))
        is_hidden = is_walled and owner == "resource"
        values.append(replace(mattered, value=None, is_withheld=True) if is_hidden else mattered)
    return tuple(values)
