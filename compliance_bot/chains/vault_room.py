"""The vault of a home, for one principal: what it holds, values of a document, its key. Each act is on record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.chains.case import Case
from compliance_bot.chains.draw import Drawing
from compliance_bot.errors import Refused, UsageError
from compliance_bot.policy.decide import Resource
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.store import documents
from compliance_bot.store import vault as rows
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.scope import class_attributes, everything_open
from compliance_bot.vault.rotate import rewrap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.privacy.reveal import Unveiled
    from compliance_bot.records import DocumentId
    from compliance_bot.store.connect import Transaction
    from compliance_bot.vault.book import Vault

_AT_ONCE = 1000  # values whose keys are wrapped anew in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochState:
    """An epoch of the vault's key: how many values its key wraps, and whether the right one is there."""

    number: int
    began_at: datetime
    values: int
    has_key: bool
    discarded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultState:
    """How much the vault holds, and under which keys, the newest epoch last."""

    placeholders: int
    documents: int
    values: int  # distinct ones, parts of names included
    epochs: tuple[EpochState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A placeholder of a document, and what it stands for: every way in which the document writes it."""

    placeholder: str
    type: str
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What became of a rotation: the epoch of the new key, and how many values it wraps since this run."""

    epoch: int
    wrapped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRoom:
    """The vault, for one principal."""

    act: Act
    vault: Vault

    def show(self) -> VaultState:
        """Return how much the vault holds. Raises Refused."""
        with self.act.closing("vault.show") as case, self.act.database.reading() as snapshot:
            self.act.admit(case, "administer")
            state = self._state(snapshot)
            case.outcome = "done"
        return state

    def reveal(
        self, document: DocumentId, placeholders: Collection[str] = (), *, version: int | None = None
    ) -> tuple[Shown, ...]:
        """Return what placeholders of a document stand for, all that the principal may see where none is named.

        Raises Refused where the document, or one that is named, is absent or may not be seen: with the same words.
        """
        with self.act.closing("reveal") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            scope = self.act.enter(snapshot, case, now)
            found = documents.version_text(snapshot, scope, document, version)
            class_id = documents.class_of_document(snapshot, scope, document)
            if found is None or class_id is None:
                raise Refused
            resource = Resource.document(class_attributes(snapshot, [class_id])[class_id])
            self.act.admit(case, "read", now, resource=resource)
            drawing = Drawing(
                Viewer(engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=now)
            )
            drawing.look(snapshot, scope, [(found.document, found.version)])
            shown = _shown(drawing.seen[found.document, found.version], frozenset(placeholders))
            case.outcome, case.read = "done", {found.document: class_id}
            case.public["shown"] = {"document": found.document, "number": found.version, "sha256": found.sha256}
            drawing.tell(case)
        return shown

    def rotate(self, *, on_progress: Callable[[int], None] = lambda _: None) -> Rotated:
        """Begin a new epoch and wrap every value's key with the new key. May be interrupted and run again.

        What was interrupted goes on in its epoch. Raises Refused, and UsageError where the operator has to set the
        new key first.
        """
        case = Case(type="vault.rotate.started")
        epoch = self.act.recorded(case, lambda recorder: self._begin(recorder, case))
        done = 0
        while True:
            with self.act.database.writing() as transaction, everything_open(transaction):
                wrapped = rewrap(self.vault.keys, transaction, epoch, limit=_AT_ONCE)
            if not wrapped:
                break
            done += wrapped
            on_progress(done)
        finished = Case(
            type="vault.rotate",
            principal=case.principal,
            outcome="done",
            public={**case.public, "epoch": epoch, "wrapped": done},
        )
        self.act.log.append(finished.event(), finished.principal, id=finished.id, at=finished.at)
        return Rotated(epoch=epoch, wrapped=done)

    def discard(self, epoch: int) -> None:
        """Destroy the key of an epoch that wraps nothing any more: backups of then cannot be opened again.

        Raises Refused, and UsageError for one that is in use or unknown.
        """
        case = Case(type="vault.discard", public={"epoch": epoch})

        def do(recorder: Recorder) -> None:
            transaction = recorder.transaction
            self.act.admit(case, "administer")
            lock_writers(transaction)
            with everything_open(transaction):
                known = {one.number: one for one in rows.epochs(transaction)}
            if epoch not in known:
                raise UsageError(f"there is no epoch {epoch}", hint="`compliance-bot vault show` lists them.")
            if epoch == max(known) or known[epoch].values:
                raise UsageError(
                    f"the key of epoch {epoch} is in use", hint="Run `compliance-bot vault rotate` first, to its end."
                )
            self.vault.keys.require_discardable(epoch)
            rows.discard_epoch(transaction, epoch)

        self.act.recorded(case, do)
        self.vault.keys.discard(epoch)  # on record first: run again, this is made up for

    def _begin(self, recorder: Recorder, case: Case) -> int:
        """Return the epoch to rotate to: a new one, or the one that a rotation before was on its way to."""
        transaction = recorder.transaction
        self.act.admit(case, "administer")
        lock_writers(transaction)
        current = self.vault.require_key(transaction)
        with everything_open(transaction):
            is_unfinished = any(one.values for one in rows.epochs(transaction) if one.number < current)
        if is_unfinished:
            case.public |= {"epoch": current, "resumed": True}
            return current
        self.vault.keys.add(current + 1)
        rows.begin_epoch(transaction, current + 1, self.vault.keys.check(current + 1))
        case.public["epoch"] = current + 1
        return current + 1

    def _state(self, snapshot: Transaction) -> VaultState:
        with everything_open(snapshot):
            placeholders, held, values = rows.count(snapshot)
            found = rows.epochs(snapshot)
        return VaultState(
            placeholders=placeholders,
            documents=held,
            values=values,
            epochs=tuple(
                EpochState(
                    number=one.number,
                    began_at=one.began_at,
                    values=one.values,
                    has_key=self.vault.keys.has(one.number, one.check),
                    discarded_at=one.discarded_at,
                )
                for one in found
            ),
        )


def _shown(version: Unveiled, wanted: frozenset[str]) -> tuple[Shown, ...]:
    """Return the placeholders that were asked for with their values. Raises Refused unless all may be seen."""
    seen = version.values(wanted)
    if not wanted <= seen.keys():
        raise Refused
    return tuple(
        Shown(placeholder=one, type=values[0].type, values=tuple(dict.fromkeys(value.value for value in values)))
        for one, values in sorted(seen.items())
    )
