"""Change the attributes under which documents are filed: who may read them is another from the next question on.

Decisions, moves and the record are one transaction. A document that is forbidden and one that is absent are refused
with the same words, after the same work. Who may move what where: docs/decisions/0010.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Move, Refiled
from compliance_bot.chains.case import Case
from compliance_bot.chains.refiling import typed
from compliance_bot.errors import Refused, UsageError
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.values import to_plain
from compliance_bot.records import DocumentId, Reclassified
from compliance_bot.store import documents
from compliance_bot.store.moves import documents_in, move_documents, wait_for_answers
from compliance_bot.store.scope import canonical, class_attributes, class_digest, class_of, open_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.audit.log import Recorder
    from compliance_bot.audit.record import Json
    from compliance_bot.chains.act import Act
    from compliance_bot.chains.refiling import Attributes, Change, Refiling
    from compliance_bot.keys import Keyring
    from compliance_bot.policy.decide import Circumstances, Decision
    from compliance_bot.records import AttributeValue, ClassId, Principal, Scope
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.scope import ClassAttributes

# What an envelope of at most 65,535 bytes has room for.
_MOST_DOCUMENTS = 1000
_MOST_CLASSES = 100


class MaskedLess(UsageError):
    """A document cannot be moved into a collection in which more of it would be masked."""

    hint = "Ingest its file into that collection, which masks it anew, and delete this document."

    def __init__(self, collection: str, *, old: str, new: str) -> None:
        super().__init__(
            f"collection {collection!r} has the redaction profile {new!r}, which masks what {old!r} leaves in the text"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policies say of moving a document from one class to another."""

    is_seen: bool
    is_permitted: bool
    is_lost: bool  # the principal will not be able to read it
    determining: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to happen to each document that is meant, by the class it has."""

    becomes: dict[ClassId, Attributes] = field(default_factory=dict)
    moving: dict[DocumentId, ClassId] = field(default_factory=dict)
    unchanged: int = 0
    refused: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """The attributes of the documents of a home, for one principal."""

    act: Act
    keyring: Keyring

    def refile(self, wanted: Refiling, *, is_rehearsal: bool = False) -> Reclassified:
        """Change attributes, durably, with the record, and return what became of it.

        Raises UsageError before anything is looked up, and Refused where the one document that is named is forbidden,
        absent, or not to be moved there. Of several, those that may not be moved stay, and are counted. Raises
        MaskedLess, and moves none, where one that may be moved is masked less than its new collection asks.
        """
        case = Case(type="documents.set")

        def do(recorder: Recorder) -> Plan:
            documents.lock_writers(recorder.transaction)
            plan = self._plan(recorder.transaction, wanted, case)
            case.public["dry_run"] = is_rehearsal
            if plan.moving and not is_rehearsal:
                self._move(recorder.transaction, plan)
                recorder.anchor(_refiled(plan))
            return plan

        plan = self.act.recorded(case, do)
        return Reclassified(
            changed=tuple(sorted(plan.moving)),
            unchanged=plan.unchanged,
            refused=plan.refused,
            unreadable=plan.unreadable,
            is_rehearsal=is_rehearsal,
            record=case.id,
        )

    def _plan(self, transaction: Transaction, wanted: Refiling, case: Case) -> Plan:
        """Return what is to happen, decided and written into the case. Raises UsageError or Refused."""
        now = self.act.circumstances()
        change = typed(self.act.policies, wanted)
        scope = self.act.enter(transaction, case, now)
        classes = class_attributes(transaction, scope.classes)
        found = _found(transaction, scope, classes, wanted.document, change)
        concerned = {class_id: classes[class_id] for class_id in sorted(set(found.values()))}
        pairs = [(attributes, change.applied(attributes)) for attributes in concerned.values()]
        verdicts = self._judge(case.principal, now, pairs)
        judged = dict(zip(concerned, verdicts, strict=True))
        plan = Plan()
        for class_id, attributes in concerned.items():
            if (becomes := change.applied(attributes)) != attributes:
                plan.becomes[class_id] = becomes
        for document, class_id in found.items():
            if not judged[class_id].is_seen:
                if wanted.document:
                    raise Refused
            elif class_id not in plan.becomes:
                plan.unchanged += 1
            elif not judged[class_id].is_permitted:
                if wanted.document:
                    raise Refused
                plan.refused += 1
            else:
                self._require_masked(classes[class_id], plan.becomes[class_id])
                plan.moving[document] = class_id
                plan.unreadable += judged[class_id].is_lost
        self._describe(case, plan, change, classes, judged)
        return plan

    def _judge(
        self, principal: Principal, now: Circumstances, pairs: Sequence[tuple[Mapping[str, AttributeValue], Attributes]]
    ) -> tuple[Verdict, ...]:
        """Return a verdict for each move from attributes to attributes."""

        def decide(action: str, resources: list[Resource]) -> tuple[Decision, ...]:
            return self.act.engine.decide_each(principal, action, resources, now)

        was, becomes = ([Resource.document(pair[side]) for pair in pairs] for side in (0, 1))
        collections = [Resource.collection(str(new["collection"])) for _, new in pairs]
        asked = zip(
            pairs,
            decide("read", was),
            decide("reclassify", was),
            decide("reclassify", becomes),
            decide("read", becomes),
            decide("ingest", collections),
            strict=True,
        )
        return tuple(
            Verdict(
                is_seen=sees.allowed,
                is_permitted=leaves.allowed
                and (arrives.allowed or (_is_walled(arrives) and _is_walled(keeps)))
                and (old["collection"] == new["collection"] or enters.allowed),
                is_lost=not keeps.allowed,
                determining=frozenset((*leaves.determining, *arrives.determining)),
            )
            for (old, new), sees, leaves, arrives, keeps, enters in asked
        )

    def _require_masked(self, attributes: Mapping[str, AttributeValue], becomes: Attributes) -> None:
        """Raise MaskedLess where the new collection's profile masks what the old one's leaves in the text."""
        profiles = self.act.rules.redaction
        old, new = profiles.of(str(attributes["collection"])), profiles.of(str(becomes["collection"]))
        if not old.covers(new):
            raise MaskedLess(str(becomes["collection"]), old=old.name, new=new.name)

    def _move(self, transaction: Transaction, plan: Plan) -> None:
        leaving = set(plan.moving.values())
        targets = {old: class_of(transaction, plan.becomes[old]) for old in leaving}
        open_classes(transaction, leaving | set(targets.values()))
        move_documents(transaction, {document: targets[old] for document, old in plan.moving.items()})
        wait_for_answers(transaction)

    def _describe(
        self,
        case: Case,
        plan: Plan,
        change: Change,
        classes: ClassAttributes,
        judged: Mapping[ClassId, Verdict],
    ) -> None:
        """Write down what moves: ids and keyed digests of classes in the envelope, the values in the sealed half."""
        leaving = sorted(set(plan.moving.values()))
        determining = sorted({id_ for class_id in leaving for id_ in judged[class_id].determining})
        set_ = self.act.engine.hash
        case.public["policies"] = {"set": set_, "action": "reclassify", "determining": list(determining)}
        case.public |= {"changed": len(plan.moving), "unchanged": plan.unchanged, "refused": plan.refused}
        if not plan.moving:
            return
        named: list[Json] = [
            {
                "from": self._digest(classes[old]),
                "to": self._digest(plan.becomes[old]),
                "documents": sorted(document for document, class_id in plan.moving.items() if class_id == old),
            }
            for old in leaving
        ]
        if len(plan.moving) > _MOST_DOCUMENTS or len(leaving) > _MOST_CLASSES:
            case.private["moved"] = named
            digest = hashlib.sha256("\n".join(sorted(plan.moving)).encode()).hexdigest()
            case.public["moved_sha256"] = digest  # of the ids, one a line
        else:
            case.public["moved"] = named
        case.private["attributes"] = {
            "set": _pairs(change.attributes),
            "unset": sorted(change.unset),
            "where": _pairs(change.where),
        }

    def _digest(self, attributes: Mapping[str, AttributeValue]) -> str:
        return class_digest(self.keyring, self.act.log.tenant, attributes).hex()


def _found(
    transaction: Transaction,
    scope: Scope,
    classes: ClassAttributes,
    document: DocumentId | None,
    change: Change,
) -> dict[DocumentId, ClassId]:
    """Return the readable documents that are meant, with their classes. Raises Refused where there is no such one."""
    if document is None:
        return documents_in(
            transaction, scope, [class_id for class_id, attributes in classes.items() if change.selects(attributes)]
        )
    class_id = documents.class_of_document(transaction, scope, document)
    if class_id is None:
        raise Refused
    return {DocumentId(str(documents.as_uuid(document))): class_id}


def _refiled(plan: Plan) -> Refiled:
    """Return what a restored copy has to do again."""
    moves = []
    for old in sorted(set(plan.moving.values())):
        leaving = tuple(sorted(document for document, class_id in plan.moving.items() if class_id == old))
        moves.append(Move(attributes=canonical(plan.becomes[old]), documents=leaving))
    return Refiled(moves=tuple(moves))


def _is_walled(decision: Decision) -> bool:
    """Return whether a policy forbids it; not whether none permits it, and not where one failed."""
    return not decision.allowed and bool(decision.determining) and not decision.errors


def _pairs(attributes: Mapping[str, AttributeValue]) -> list[Json]:
    """Return names with values: the names are a customer's, and need not be what a record's keys have to be."""
    return [[name, value] for name, value in to_plain(attributes).items()]
