"""Erase a person on request: propose what is theirs, have the officer confirm it, erase it, and certify that.

The policies decide who may (`erase`), and what has to be kept (a `forbid` on `delete` with the annotation `@hold`):
there a value is restricted instead, and the certificate says why. Erasing reaches every document, also those that the
officer may not read; proposals and certificates speak of those alone that they may, so that a matter whose existence is
a secret stays one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Erased
from compliance_bot.chains.case import Case
from compliance_bot.chains.draw import tell_of
from compliance_bot.chains.reason import reason_of
from compliance_bot.chains.typed import typed_value
from compliance_bot.errors import UsageError
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.walls import holds_alone
from compliance_bot.privacy.erase import by_value, erase_values
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.redaction.mask import mask
from compliance_bot.store import names
from compliance_bot.store import vault as rows
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.moves import wait_for_answers
from compliance_bot.store.scope import class_attributes, class_digest, everything_open

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.keys import Keyring
    from compliance_bot.records import ClassId, RecordId, Scope
    from compliance_bot.redaction.spans import Detects
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.vault import Binding
    from compliance_bot.vault.book import Vault

_MOST_BESIDE = 50
_TOMBSTONES = 5000  # placeholders that a record names


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value that may belong to a person, as far as the officer may read.

    `value` is None where the officer may not see it; `handle` names it in this vault. Counts are of readable documents.
    """

    handle: str
    type: str
    value: str | None = field(repr=False)
    placeholders: int
    documents: int
    why: str  # named: it is what was asked for; part: its name shares a part; beside: it stands in the same documents
    shared: int  # readable documents that hold it beside what was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was erased, as far as the officer may read. What stands elsewhere was treated alike and is not counted."""

    record: RecordId
    at: datetime
    values: int
    placeholders: int
    documents: int
    restricted: int  # placeholders that had to be kept: shown to nobody
    reasons: tuple[str, ...]  # why


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """The erasure of persons, for one officer."""

    act: Act
    vault: Vault
    keyring: Keyring
    detector: Detects

    def propose(self, name: str, *, reason: str) -> tuple[Candidate, ...]:
        """Return what may be theirs: the name itself, names that share a part, values that stand beside them.

        Nothing is changed. Raises Refused and UsageError.
        """
        case = Case(type="erase.proposed")

        def do(recorder: Recorder) -> tuple[Candidate, ...]:
            self._admit(recorder, case, reason)
            found = tuple(self._candidates(recorder.transaction, name, case, with_values=True).values())
            case.public["proposed"] = len(found)
            return found

        return self.act.recorded(case, do)

    def erase(self, name: str, *, also: Collection[str] = (), reason: str) -> Certificate:
        """Erase a name, and of what was proposed with it what is named by its handle; return the certificate.

        All of it or nothing. Raises Refused, and UsageError for a handle that is not proposed any more.
        """
        case = Case(type="erase")

        def do(recorder: Recorder) -> Certificate:
            transaction = recorder.transaction
            self._admit(recorder, case, reason)
            values = self._meant(transaction, name) | self._confirmed(transaction, name, also, case)
            scope = self.act.enter(transaction, case, self.act.circumstances())
            hashes = names.macs(transaction, values)  # known no more once they are erased
            with everything_open(transaction):
                held, why = self._held(transaction, rows.bindings_of(transaction, values), case)
                recorder.anchor(Erased(values=hashes, held=self._digests(transaction, held)))
                erased = erase_values(transaction, values, held)
            rows.add_erasure(transaction, case.id, case.at)
            wait_for_answers(transaction)
            gone, kept = (_readable(those, scope) for those in (erased.gone, erased.restricted))
            # Sealed, since who reviews may not know of every document; `audit.review` withholds what they may not read.
            case.private["tombstones"] = _tombstones(erased.gone)
            case.private["kept"] = _tombstones(erased.restricted)
            reasons = self._reasons({one.class_id for one in kept}, why)
            return Certificate(
                record=case.id,
                at=case.at,
                values=len({one.token for one in gone}),
                placeholders=len(gone),
                documents=len({one.document for one in gone}),
                restricted=len(kept),
                reasons=reasons,
            )

        return self.act.recorded(case, do)

    def _admit(self, recorder: Recorder, case: Case, reason: str) -> None:
        """Raise Refused unless the officer may erase. Their reason goes on record without personal data."""
        said = reason_of(reason)
        self.act.admit(case, "erase")
        case.private["reason"] = mask(said, self.detector).text
        lock_writers(recorder.transaction)

    def _meant(self, transaction: Transaction, name: str) -> frozenset[int]:
        """Return the values that are written as the officer typed it."""
        type_, typed = typed_value(name, self.detector)
        return self.vault.exactly(transaction, type_, typed)

    def _candidates(
        self, transaction: Transaction, name: str, case: Case, *, with_values: bool
    ) -> dict[int, Candidate]:
        """Return what may be theirs by its token, what was named first. What the officer is shown goes on record."""
        now = self.act.circumstances()
        type_, typed = typed_value(name, self.detector)
        scope = self.act.enter(transaction, case, now)
        viewer = Viewer(engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=now)
        meant = self.vault.exactly(transaction, type_, typed)
        asked = self.vault.sought(transaction, type_, typed)
        sought = {value for one in asked for value in one.values}
        sought |= names.sharing(transaction, {token for one in asked for token in one.tokens[1:]})
        named = by_value(_readable(rows.bindings_of(transaction, {*meant, *sought}), scope))
        beside = names.beside(transaction, scope, named, limit=_MOST_BESIDE)
        found = by_value(_readable(rows.bindings_of(transaction, {*meant, *sought, *beside}), scope))
        attributes = class_attributes(transaction, {one.class_id for those in found.values() for one in those})
        permitted = viewer.permitted_types(attributes, {one.type for those in found.values() for one in those})
        shown = {
            token: next((one for one in those if with_values and _may_be_shown(one, permitted)), None)
            for token, those in found.items()
        }
        tell_of(case, [one for one in shown.values() if one is not None])
        made = {
            token: Candidate(
                handle=self.vault.handle(transaction.tenant, token),
                type=those[0].type,
                value=None if (one := shown[token]) is None else self.vault.open(transaction.tenant, one),
                placeholders=len(those),
                documents=len({one.document for one in those}),
                why="named" if token in meant else "part" if token in sought else "beside",
                shared=beside.get(token, 0),
            )
            for token, those in found.items()
        }
        order = ("named", "part", "beside")
        ranked = sorted(
            made.items(),
            key=lambda item: (order.index(item[1].why), -item[1].shared, -item[1].placeholders, item[1].handle),
        )
        return dict(ranked)

    def _confirmed(self, transaction: Transaction, name: str, also: Collection[str], case: Case) -> frozenset[int]:
        """Return the values that the officer confirmed. Raises UsageError for a handle that is not proposed."""
        if not also:
            return frozenset()
        found = self._candidates(transaction, name, case, with_values=False)
        proposed = {one.handle: token for token, one in found.items()}
        if unknown := sorted(set(also) - proposed.keys()):
            raise UsageError(f"{unknown[0]!r} is not proposed with this name", hint="Propose again, without --confirm.")
        return frozenset(proposed[handle] for handle in also)

    def _held(
        self, transaction: Transaction, bindings: Sequence[Binding], case: Case
    ) -> tuple[frozenset[ClassId], dict[ClassId, tuple[str, ...]]]:
        """Return the classes that have to be kept as they are, and by which policies."""
        engine, _ = holds_alone(self.act.policies)
        attributes = class_attributes(transaction, {one.class_id for one in bindings})
        resources = [Resource.document(one) for one in attributes.values()]
        decisions = engine.decide_each(case.principal, "delete", resources, self.act.circumstances())
        why = {
            class_id: decision.determining
            for class_id, decision in zip(attributes, decisions, strict=True)
            if not decision.allowed
        }
        return frozenset(why), why

    def _digests(self, transaction: Transaction, classes: Collection[ClassId]) -> tuple[bytes, ...]:
        """Return what names classes outside this database, whose numbers may be others after a restore."""
        attributes = class_attributes(transaction, classes)
        return tuple(sorted(class_digest(self.keyring, transaction.tenant, one) for one in attributes.values()))

    def _reasons(self, kept: Collection[ClassId], why: dict[ClassId, tuple[str, ...]]) -> tuple[str, ...]:
        _, said = holds_alone(self.act.policies)
        return tuple(sorted({said.get(id_, "a hold") for class_id in kept for id_ in why.get(class_id, ())}))


def _may_be_shown(one: Binding, permitted: Collection[tuple[ClassId, str]]) -> bool:
    return (one.class_id, one.type) in permitted and not one.is_restricted


def _readable(bindings: Collection[Binding], scope: Scope) -> tuple[Binding, ...]:
    among = frozenset(scope.classes)
    return tuple(one for one in bindings if one.class_id in among)


def _tombstones(bindings: Sequence[Binding]) -> list[list[str]]:
    """Return what stands for nothing any more: document, version and placeholder, each once."""
    places = dict.fromkeys((one.document, one.version, f"<{one.type}_{one.number}>") for one in bindings)
    return [list(place) for place in list(places)[:_TOMBSTONES]]
