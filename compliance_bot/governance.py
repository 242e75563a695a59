"""What administrators, reviewers and auditors do with a home: grants, stops, records, policies, backups, the tenant.

Part of ComplianceBot, in which `bot` joins it with what askers and those who keep documents do.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from compliance_bot.chains.grants import Grants
from compliance_bot.chains.kill_switch import KillSwitch
from compliance_bot.chains.trail import Trail
from compliance_bot.privacy_office import PrivacyOffice
from compliance_bot.records import DocumentId, RecordId
from compliance_bot.wiring import LOCAL_ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.anchor_room import AnchorState
    from compliance_bot.chains.backups import BackupRoom
    from compliance_bot.chains.examine import PolicyReport
    from compliance_bot.chains.explain import Explainer, Explanation, Permissions
    from compliance_bot.chains.log_evidence import LogEvidence
    from compliance_bot.chains.log_room import LogRoom
    from compliance_bot.chains.tenants import TenantRoom
    from compliance_bot.chains.what_if import Comparison
    from compliance_bot.records import Asker, Grant, Principal, RecordSummary, Stop
    from compliance_bot.recovery.backup import Checked
    from compliance_bot.recovery.verify import Verified


class Governance(PrivacyOffice):
    """The governance of one open home. Every act leaves a record before it returns."""

    def principals(self) -> tuple[Principal, ...]:
        """Return the principals listed in the home, by id, for a page on which the operator of this machine is one."""
        return self._people(self._live.now())

    def grants(self, *, principal: Asker) -> tuple[Grant, ...]:
        """Return everything that was ever granted, the newest first. Raises Refused."""
        return self._grants(principal).list()

    def grant(
        self,
        person: str,
        *,
        reason: str,
        groups: Iterable[str] = (),
        attributes: Mapping[str, object] | None = None,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        principal: Asker = LOCAL_ADMINISTRATOR,
    ) -> Grant:
        """Give a person groups and attributes for a time and return the grant. Raises Refused or a UsageError."""
        return self._grants(principal).give(
            person,
            groups=groups,
            attributes=attributes or {},
            reason=reason,
            valid_from=valid_from,
            valid_to=valid_to,
        )

    def revoke(self, grant: str, *, principal: Asker = LOCAL_ADMINISTRATOR) -> None:
        """End a grant now. Raises Refused."""
        self._grants(principal).revoke(grant)

    def break_glass(self, *, reason: str, hours: float = 1.0, principal: Asker) -> Grant:
        """Take the group `break-glass` for some hours and return the grant. Raises Refused or a UsageError."""
        return self._grants(principal).break_glass(reason=reason, hours=hours)

    def review_grant(self, grant: str, *, finding: str, principal: Asker) -> None:
        """Say what came of looking at a broken glass afterwards. Raises Refused."""
        self._grants(principal).review(grant, finding=finding)

    def stops(self, *, principal: Asker) -> tuple[Stop, ...]:
        """Return what the kill switch has stopped. Raises Refused."""
        return KillSwitch(act=self._act(principal)).list()

    def stop(self, kind: str, name: str = "", *, reason: str, principal: Asker = LOCAL_ADMINISTRATOR) -> bool:
        """Stop a "model", a "collection" or the "tenant"; return whether it ran before. Raises Refused."""
        return KillSwitch(act=self._act(principal)).stop(kind, name, reason=reason)

    def lift(self, kind: str, name: str = "", *, principal: Asker = LOCAL_ADMINISTRATOR) -> bool:
        """Let what was stopped run again; return whether it was stopped. Raises Refused."""
        return KillSwitch(act=self._act(principal)).lift(kind, name)

    def records(self, *, principal: Asker, limit: int = 100) -> tuple[RecordSummary, ...]:
        """Return the newest records of the audit log, newest first. Raises Refused."""
        return Trail(act=self._act(principal), labels=self.labels).list(limit=limit)

    def record(self, record: str, *, principal: Asker) -> Shown:
        """Return one record with all that the principal may see of it. Raises Refused."""
        return Trail(act=self._act(principal), labels=self.labels).show(RecordId(record))

    def audit_log(self, *, principal: Asker) -> LogRoom:
        """Return the log's tree: its public keys, its checkpoint, proofs to hand out, the change of its key."""
        from compliance_bot.chains.log_room import LogRoom

        return LogRoom(
            begin=lambda: self._act(principal),
            integrator=self._integrator,
            pulse=self._pulse,
            witnessing=self._witnessing,
            files=self._signing_keys,
        )

    def log_evidence(self, *, principal: Asker) -> LogEvidence:
        """Return the whole log, to check it where it stands, and to export it. Each is on record."""
        from compliance_bot.chains.log_evidence import LogEvidence

        return LogEvidence(
            begin=lambda: self._act(principal),
            integrator=self._integrator,
            pulse=self._pulse,
            witnessing=self._witnessing,
            keyring=self._home.keyring,
            labels=self.labels,
        )

    def tenant(self, *, principal: Asker) -> TenantRoom:
        """Return the tenant of this home as a whole: to show, export, bring back and remove. Each is on record."""
        from compliance_bot.chains.tenants import TenantRoom
        from compliance_bot.store.tenants import claim

        keyring = self._home.keyring
        return TenantRoom(
            begin=lambda: self._act(principal),
            keyring=keyring,
            claim=claim(self.settings.tenant, keyring),
            anchor=self._anchor,
        )

    def anchor_state(self, *, principal: Asker) -> AnchorState:
        """Return where the anchor of this home is and how far it goes. Raises Refused."""
        from compliance_bot.chains.anchor_room import AnchorRoom

        return AnchorRoom(act=self._act(principal), anchor=self._anchor, keyring=self._home.keyring).show()

    def create_backup(
        self,
        path: Path,
        *,
        principal: Asker = LOCAL_ADMINISTRATOR,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Checked:
        """Write a backup of this home to a new file, read it back, and return what it is. Keys are not in it.

        Raises Refused, NotEmbedded, BackupExists, BackupUnwritable. Without an error the file is whole and was checked,
        otherwise it is not there.
        """
        return self._backups(principal).create(path, on_progress=on_progress)

    def verify_backup(
        self,
        path: Path,
        *,
        rehearse: bool = False,
        principal: Asker = LOCAL_ADMINISTRATOR,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Verified:
        """Read a backup of this home to its end, or rehearse its restore as well, and return what it is.

        Raises Refused, and what says what is wrong with it.
        """
        return self._backups(principal).verify(path, rehearses=rehearse, on_progress=on_progress)

    def _backups(self, principal: Asker) -> BackupRoom:
        from compliance_bot.chains.backups import BackupRoom

        return BackupRoom(act=self._act(principal), settings=self.settings, keyring=self._home.keyring)

    def check_policies(self, folder: Path | None = None) -> PolicyReport:
        """Return what is wrong with a policy folder (the home's by default), what is doubtful, and how its tests went.

        Raises UsageError where there is no such folder.
        """
        from compliance_bot.chains.examine import examine_policies

        return examine_policies(folder or self._home.policies)

    def explain(
        self,
        document: str,
        subject: str | None = None,
        *,
        principal: Asker,
        action: str = "read",
        purpose: str | None = None,
        context: Mapping[str, str | bool] | None = None,
        as_of: datetime | None = None,
    ) -> Explanation:
        """Return whether `subject`, or the principal, may act on a document, and why, as far as the principal may know.

        `context` is what an action is decided with besides, such as `entity_type` for `reveal`. Raises Refused (also
        for an absent document), UnknownPrincipal, UsageError, and PastNotKept.
        """
        from compliance_bot.chains.explain import Wanted

        wanted = Wanted(document=DocumentId(document), action=action, context=context, as_of=as_of)
        return self._explainer(principal, purpose).explain(wanted, subject)

    def who_may(
        self,
        document: str,
        *,
        principal: Asker,
        action: str = "read",
        purpose: str | None = None,
        context: Mapping[str, str | bool] | None = None,
    ) -> Permissions:
        """Return who of the people listed may act on a document. Raises Refused and UsageError."""
        from compliance_bot.chains.explain import Wanted

        wanted = Wanted(document=DocumentId(document), action=action, context=context)
        return self._explainer(principal, purpose).who(wanted)

    def what_if(
        self, folder: Path, *, principal: Asker, on_person: Callable[[str], None] = lambda _: None
    ) -> Comparison:
        """Return who would gain and lose what with the policies and people of a folder, as the principal may know.

        Raises Refused, FolderNotValid and UsageError.
        """
        from compliance_bot.chains.what_if import WhatIf

        act = self._act(principal)
        people = partial(self._people, act.rules)
        return WhatIf(act=act, people=people, granted=self._granted).compare(folder, on_person=on_person)

    def _grants(self, principal: Asker) -> Grants:
        return Grants(act=self._act(principal), keyring=self._home.keyring)

    def _explainer(self, principal: Asker, purpose: str | None) -> Explainer:
        from compliance_bot.chains.explain import Explainer
        from compliance_bot.chains.past import RightsKept

        act = self._act(principal, purpose)
        return Explainer(
            act=act,
            rights=lambda snapshot: RightsKept(
                policies=act.policies,
                find=partial(self._listed, act.rules),
                snapshot=snapshot,
                database=self._home.database,
                keyring=self._home.keyring,
            ),
            people=partial(self._people, act.rules),
        )
