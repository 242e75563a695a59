"""Compare the rights that two policy sets give: who would gain or lose what, before a change is put in force.

Counted over the access classes with the compiled policies, so that thousands of classes are one query per person and
set. What a `forbid` in force keeps from the reviewer is left out of every figure, whatever the other set says: a matter
behind a wall must not show in a count. That a wall itself would fall is told by the list of policies that differ.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from compliance_bot.chains.examine import load_folder
from compliance_bot.chains.explain import require_reviewer
from compliance_bot.policy.decide import CedarEngine, Resource
from compliance_bot.policy.occasions import READING, Occasion, occasions
from compliance_bot.policy.walls import walls_alone
from compliance_bot.store.classes import class_holdings
from compliance_bot.store.scope import class_attributes, permitted_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from compliance_bot.chains.act import Act
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue, ClassId, Principal
    from compliance_bot.store.classes import Held
    from compliance_bot.store.connect import Transaction

_MOST_KINDS = 10  # of a person's change in one collection: more are counted, not listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Documents with the same access attributes, and how much there is of them."""

    attributes: Mapping[str, AttributeValue] = field(hash=False)
    documents: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsChange:
    """What one person gains or loses: documents of one collection, or an action on the home or a collection."""

    principal: str
    effect: Literal["gains", "loses"]
    action: str
    context: Mapping[str, str | bool] = field(default_factory=dict, hash=False)  # what it is decided with besides
    collection: str | None = None  # None for an action on the home
    documents: int = 0
    passages: int = 0
    kinds: tuple[Kind, ...] = ()  # the largest; `kinds_left_out` says how many more there are
    kinds_left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """A policy that stands in one set alone, or says something else in the other."""

    policy: str
    effect: Literal["permit", "forbid"]
    change: Literal["added", "removed", "changed"]
    was_forbid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two policy sets, and what changes with the second, as far as the reviewer may know of it."""

    before: str  # hash of the set in force
    after: str
    policies: tuple[PolicyChange, ...]
    joined: tuple[str, ...]  # people listed in the second set alone
    left: tuple[str, ...]
    altered: tuple[str, ...]  # listed in both, with other groups or attributes
    changes: tuple[RightsChange, ...]
    principals: int  # compared
    documents: int

    @property
    def has_gains(self) -> bool:
        """Return whether somebody gains something. A wall that is lowered counts: what it frees may not be counted."""
        return any(change.effect == "gains" for change in self.changes) or any(
            change.was_forbid and change.change != "added" for change in self.policies
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of the two sets, with the people whom it lists. `kept` has what was found for one snapshot."""

    engine: CedarEngine
    people: Mapping[str, Principal]
    kept: dict[tuple[str, str], frozenset[ClassId]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What there is that the reviewer may know of."""

    held: Mapping[ClassId, Held]
    attributes: Mapping[ClassId, Mapping[str, AttributeValue]]

    @property
    def collections(self) -> tuple[str, ...]:
        return tuple(sorted({str(attributes["collection"]) for attributes in self.attributes.values()}))


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Comparisons for one reviewer."""

    act: Act
    people: Callable[[], tuple[Principal, ...]]
    granted: Callable[[Principal], Principal]  # grants hold under either set

    def compare(self, folder: Path, *, on_person: Callable[[str], None] = lambda _: None) -> Comparison:
        """Return who gains and loses what with the policies and people of a folder.

        Raises Refused, FolderNotValid and UsageError.
        """
        with self.act.closing("policy.what-if") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            require_reviewer(self.act.engine, case.principal, now, case)
            policies, people = load_folder(folder)
            before = _Side(engine=self.act.engine, people={one.id: one for one in self.people()})
            listed = {name: self.granted(person) for name, person in people.items()}
            after = _Side(engine=CedarEngine(policies), people=listed)
            known = _known(snapshot, self.act.engine, case.principal, now)
            names = sorted({*before.people, *after.people})
            touched = _touched_actions(self.act.engine.policies, policies)
            asked = tuple(occasions(self.act.engine.policies, policies))
            changes: list[RightsChange] = []
            for name in names:
                is_same = name in before.people and name in after.people and not _is_altered(name, before, after)
                actions = touched if is_same else _all_actions(self.act.engine.policies, policies)
                # What may be done to documents hangs on reading them.
                concerned = [one for one in asked if "read" in actions or one.action in actions]
                changes += _changes(snapshot, name, before, after, known, concerned, actions, now)
                on_person(name)
            case.outcome = "done"
            case.public["compared"] = {
                "set": before.engine.hash,
                "with": after.engine.hash,
                "principals": len(names),
                "gains": sum(change.effect == "gains" for change in changes),
                "losses": sum(change.effect == "loses" for change in changes),
            }
            return Comparison(
                before=before.engine.hash,
                after=after.engine.hash,
                policies=tuple(_policy_changes(before.engine.policies, policies)),
                joined=tuple(sorted(set(after.people) - set(before.people))),
                left=tuple(sorted(set(before.people) - set(after.people))),
                altered=tuple(name for name in names if _is_altered(name, before, after)),
                changes=tuple(changes),
                principals=len(names),
                documents=sum(held.documents for held in known.held.values()),
            )


def _known(snapshot: Transaction, engine: CedarEngine, reviewer: Principal, now: Circumstances) -> _Known:
    """Return what no wall in force keeps from the reviewer."""
    open_classes = permitted_classes(snapshot, walls_alone(engine.policies), reviewer, now, kept={})
    holdings = class_holdings(snapshot)
    held = {id_: holdings[id_] for id_ in open_classes if id_ in holdings}
    return _Known(held=held, attributes=class_attributes(snapshot, held))


def _all_actions(before: Policies, after: Policies) -> frozenset[str]:
    return frozenset({*before.declared.actions, *after.declared.actions})


def _touched_actions(before: Policies, after: Policies) -> frozenset[str]:
    """Return the actions that a policy which differs may decide: the others are decided as they were.

    A policy whose scope names other actions is not evaluated, and so cannot fail either.
    """
    everything = _all_actions(before, after)
    if before.declared != after.declared:
        return everything
    touched: set[str] = set()
    for change in _policy_changes(before, after):
        for policies in (before, after):
            for policy in policies.compilable:
                if policy.id == change.policy:
                    touched |= {action for action in everything if policy.concerns(action, policies.declared)}
    return frozenset(touched)


def _changes(
    snapshot: Transaction,
    name: str,
    before: _Side,
    after: _Side,
    known: _Known,
    asked: Sequence[Occasion],
    actions: frozenset[str],
    now: Circumstances,
) -> Iterator[RightsChange]:
    """Yield what changes for one person: what they may do to documents by collection, then what else they may do.

    What is not read is neither deleted, moved, revealed nor processed: of those, what may be read as well counts.
    """
    readable = [_permitted(snapshot, side, name, READING, now) for side in (before, after)]
    for action, found in groupby(asked, key=lambda one: one.action):
        rights: dict[Occasion, tuple[frozenset[ClassId], ...]] = {
            one: tuple(
                may if one == READING else may & _permitted(snapshot, side, name, one, now)
                for side, may in zip((before, after), readable, strict=True)
            )
            for one in found
        }
        if len(set(rights.values())) == 1:  # whatever the context
            rights = {Occasion(action=action, context={}): next(iter(rights.values()))}
        for one, (old, new) in rights.items():
            yield from _of_documents(name, "gains", one, (new - old) & known.held.keys(), known)
            yield from _of_documents(name, "loses", one, (old - new) & known.held.keys(), known)
    was, will = (_doing(side, name, known.collections, actions, now) for side in (before, after))
    for action, collection in sorted(will - was, key=str):
        yield RightsChange(principal=name, effect="gains", action=action, collection=collection)
    for action, collection in sorted(was - will, key=str):
        yield RightsChange(principal=name, effect="loses", action=action, collection=collection)


def _is_altered(name: str, before: _Side, after: _Side) -> bool:
    if name not in before.people or name not in after.people:
        return False
    was, will = before.people[name], after.people[name]
    return (was.groups, dict(was.attributes)) != (will.groups, dict(will.attributes))


def _permitted(
    snapshot: Transaction, side: _Side, name: str, asked: Occasion, now: Circumstances
) -> frozenset[ClassId]:
    """Return the classes of the documents to which a person may do something."""
    if name not in side.people or asked.action not in side.engine.policies.declared.actions:
        return frozenset()
    given = replace(now, more=asked.context)
    return permitted_classes(snapshot, side.engine, side.people[name], given, kept=side.kept, action=asked.action)


def _doing(
    side: _Side, name: str, collections: Iterable[str], actions: frozenset[str], now: Circumstances
) -> frozenset[tuple[str, str | None]]:
    """Return which of these actions a person may do to the home, and to which collections."""
    if name not in side.people:
        return frozenset()
    person, engine = side.people[name], side.engine
    places = [(collection, Resource.collection(collection)) for collection in collections]
    may: set[tuple[str, str | None]] = set()
    for action in engine.policies.declared.actions.values():
        is_by_case = any(attribute.required and attribute.name != "now" for attribute in action.context.values())
        if action.name not in actions or is_by_case:
            continue
        if "Home" in action.resources and engine.decide(person, action.name, Resource.home(), now).allowed:
            may.add((action.name, None))
        if "Collection" in action.resources:
            decisions = engine.decide_each(person, action.name, [place for _, place in places], now)
            may |= {(action.name, c) for (c, _), one in zip(places, decisions, strict=True) if one.allowed}
    return frozenset(may)


def _of_documents(
    name: str, effect: Literal["gains", "loses"], asked: Occasion, classes: Iterable[ClassId], known: _Known
) -> Iterator[RightsChange]:
    by_collection: dict[str, list[ClassId]] = defaultdict(list)
    for id_ in classes:
        by_collection[str(known.attributes[id_]["collection"])].append(id_)
    for collection, ids in sorted(by_collection.items()):
        kinds = [
            Kind(attributes=known.attributes[i], documents=known.held[i].documents, passages=known.held[i].passages)
            for i in sorted(ids, key=lambda i: (-known.held[i].documents, i))[:_MOST_KINDS]
        ]
        yield RightsChange(
            principal=name,
            effect=effect,
            action=asked.action,
            context=asked.context,
            collection=collection,
            documents=sum(known.held[i].documents for i in ids),
            passages=sum(known.held[i].passages for i in ids),
            kinds=tuple(kinds),
            kinds_left_out=len(ids) - len(kinds),
        )


def _policy_changes(before: Policies, after: Policies) -> Iterator[PolicyChange]:
    """Yield the policies that differ by what they say, whatever file they stand in."""
    old, new = ({policy.id: policy for policy in policies.compilable} for policies in (before, after))
    for id_ in sorted({*old, *new}):
        if old.get(id_) and new.get(id_) and old[id_].body == new[id_].body:
            continue
        change: Literal["added", "removed", "changed"] = (
            "added" if id_ not in old else "removed" if id_ not in new else "changed"
        )
        effect: Literal["permit", "forbid"] = "permit" if (new.get(id_) or old[id_]).permits else "forbid"
        was_forbid = id_ in old and not old[id_].permits
        yield PolicyChange(policy=id_, effect=effect, change=change, was_forbid=was_forbid)
