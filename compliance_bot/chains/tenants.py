"""The tenant of a home as a whole: how much it has, export it, bring an export back, remove it. Each is on record.

An export is taken in one snapshot, and its record is committed before the file has its name. Removing needs the owner
account and an export of everything that there is; see docs/decisions/0009-how-a-tenant-is-removed.md.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.chains.case import Case
from compliance_bot.chains.catch_up import do_missing
from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.store import archive, bundle, removal, tenants
from compliance_bot.store.anchored import START, lock_anchor, move_position, position
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.migrate import known_migrations
from compliance_bot.store.models import open_everything
from compliance_bot.store.tree import wait_again

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from compliance_bot.anchor.standing import Anchor
    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.keys import Keyring
    from compliance_bot.store.bundle import Bundle, Draft, Manifest
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.removal import Removed
    from compliance_bot.store.tenants import Claim, Holdings, Removal

_KIND = removal.ADMINISTRATION[0]


class TenantNotEmpty(ComplianceError):
    """An export can only be brought back into a tenant that has nothing."""

    hint = "Use another name in the setting `tenant`, or remove this tenant first."


class BundleOfOtherTenant(ComplianceError):
    """The export is of a tenant of another name or number, which its records and keyed hashes say."""

    hint = "Set `tenant` to the name that it had, in a database where that name is still free."


class BundleOfOtherVersion(ComplianceError):
    """The export was made with another schema than this version has."""

    hint = "Bring it back with the version that made it, then upgrade."


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantState:
    """A tenant, as `tenant show` tells it."""

    name: str
    holdings: Holdings
    removals: tuple[Removal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRoom:
    """The tenant of a home, for one principal. Each call is an act of its own, by the rules of then."""

    begin: Callable[[], Act]
    keyring: Keyring
    claim: Claim
    anchor: Anchor

    def show(self) -> TenantState:
        """Return how much the tenant has, and whether an earlier log of it was removed. Raises Refused."""
        act = self.begin()
        with act.closing(f"{_KIND}show") as case, act.database.reading() as snapshot:
            act.admit(case, "administer")
            open_everything(snapshot)
            state = TenantState(
                name=self.claim.name, holdings=tenants.holdings(snapshot), removals=tenants.removals(snapshot)
            )
            case.outcome = "done"
        return state

    def export(self, path: Path) -> Manifest:
        """Write everything of the tenant that is in the database to a new file, and return what is in it.

        Raises Refused, BundleExists, BundleUnwritable. Without an error the file is whole, otherwise it is not there.
        """
        act = self.begin()
        with ExitStack() as kept:
            with act.closing(f"{_KIND}export") as case:
                act.admit(case, "administer")
                draft = kept.enter_context(bundle.draft(path))
                # Who exports has a reference in the log from here on, so that it is in the export.
                self._note(act, case, f"{_KIND}export.started")
                manifest = self._write(act, draft)
                case.public["export"] = {"sha256": manifest.sha256, "rows": sum(m.rows for m in manifest.members)}
                case.outcome = "done"
            draft.publish()
        return manifest

    def bring_back(self, path: Path, *, with_anchor: bool = True) -> Manifest:
        """Store an export in this tenant, which must have nothing, in one transaction; return what it was.

        What the anchor says has happened since the export is done again. Without it nothing is: what was erased or
        revoked since holds no more. Raises Refused, BundleDamaged, BundleOfOtherKeys, BundleOfOtherTenant,
        BundleOfOtherVersion, TenantNotEmpty, and what the anchor raises.
        """
        act, case = self.begin(), Case(type=f"{_KIND}import", public={"anchor": with_anchor})
        with act.begun(case):
            act.admit(case, "administer")
            with self._opened(path) as source:
                self._require_own(act, source.manifest)
                if source.manifest.migrations != known_migrations():
                    raise BundleOfOtherVersion
                source.require_whole()
                with act.log.recording() as recorder:
                    self._take_in(recorder, source, case, with_anchor=with_anchor)
                    case.outcome, case.public["export"] = "done", {"sha256": source.manifest.sha256}
                    recorder.append(case.event(), case.principal, id=case.id, at=case.at)
                return source.manifest

    def _take_in(self, recorder: Recorder, source: Bundle, case: Case, *, with_anchor: bool) -> None:
        """Store an export, and let the tenant stand where its anchor ends: an export is an old copy."""
        transaction = recorder.transaction
        lock_writers(transaction)
        lock_anchor(transaction)
        reached = position(transaction)
        move_position(transaction, START)  # an export of before there was an anchor has none
        _take_in(transaction, source)
        if not with_anchor:
            move_position(transaction, reached)
        elif missing := self.anchor.missing(transaction):
            case.public |= do_missing(recorder, missing, self.anchor, self.keyring, record=case.id)

    def remove(self, name: str, path: Path) -> Removed:
        """Remove the tenant with its log, for good. `name` must be its own, and `path` an export of all it has.

        Raises Refused, UsageError, NeedsOwner, BundleDamaged, ExportOutdated, TenantHeld, TenantBusy: then nothing is
        changed but the log.
        """
        act, case = self.begin(), Case(type=f"{_KIND}delete")
        with act.begun(case):
            act.admit(case, "administer")
            if name != self.claim.name:
                raise UsageError(
                    "the name that was given is not the tenant of this home: nothing is deleted",
                    hint="`compliance-bot tenant show` tells it.",
                )
            with self._opened(path) as source:
                self._require_own(act, source.manifest)
                source.require_whole()
                case.public["export"] = {"sha256": source.manifest.sha256}
                self._note(act, case, f"{_KIND}delete.started")
                with act.database.owning() as transaction:
                    return removal.remove(transaction, source)

    def _note(self, act: Act, case: Case, kind: str) -> None:
        """Leave a record of its own of what is about to be done."""
        noted = Case(type=kind, principal=case.principal, outcome="done", public=dict(case.public))
        act.log.append(noted.event(), noted.principal, id=noted.id, at=noted.at)

    def _opened(self, path: Path) -> AbstractContextManager[Bundle]:
        return bundle.opened(path, self.keyring, fingerprint=self.claim.fingerprint)

    def _require_own(self, act: Act, manifest: Manifest) -> None:
        if (manifest.tenant, manifest.number) != (self.claim.name, act.database.tenant):
            raise BundleOfOtherTenant

    def _write(self, act: Act, draft: Draft) -> Manifest:
        """Write all tables as of one moment."""
        with act.database.reading() as snapshot:
            open_everything(snapshot)
            archive.settle(snapshot)
            manifest = bundle.Manifest(
                tenant=self.claim.name,
                number=snapshot.tenant,
                fingerprint=self.claim.fingerprint.hex(),
                taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
                migrations=known_migrations(),
                models=archive.used_models(snapshot),
                members=tuple(
                    draft.add(table.name, table.columns, archive.rows_of(snapshot, table))
                    for table in archive.tables(snapshot)
                ),
            )
        draft.finish(manifest, self.keyring)
        return manifest


def _take_in(transaction: Transaction, source: Bundle) -> None:
    """Store all rows of an export in the tenant of a writing transaction."""
    lock_writers(transaction)
    archive.settle(transaction)
    tables = archive.tables(transaction)
    open_everything(transaction)
    if any(archive.has_rows(transaction, table) for table in tables if table.is_of_documents):
        raise TenantNotEmpty
    if not removal.is_administration(archive.first_records(transaction)):
        raise TenantNotEmpty
    members = {member.table: member for member in source.manifest.members}
    numbers = archive.own_numbers(transaction, source.manifest.models)
    for table in tables:
        if (member := members.pop(table.name, None)) is None or member.columns != table.columns:
            raise archive.RowsUnfit
        archive.take_in(transaction, table, source.rows(member), models=numbers)
        if table.name == archive.CLASSES:
            open_everything(transaction)
    if members:
        raise archive.RowsUnfit
    archive.skip_class_ids(transaction)
    wait_again(transaction)
