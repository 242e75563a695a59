"""What administrators, reviewers and auditors do with a home: grants, stops, records, policies, the tenant.

Part of ComplianceBot, in which `bot` joins it with what askers and those who keep documents do.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from compliance_bot.chains.grants import Grants
from compliance_bot.chains.kill_switch import KillSwitch
from compliance_bot.chains.trail import Trail
from compliance_bot.chains.vault_room import VaultRoom
from compliance_bot.records import DocumentId, RecordId
from compliance_bot.redaction.masking import Redaction
from compliance_bot.wiring import LOCAL_ADMINISTRATOR, Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.act import Act
    from compliance_bot.chains.anchor_room import AnchorState
    from compliance_bot.chains.backups import BackupRoom
    from compliance_bot.chains.confirming import Confirmed
    from compliance_bot.chains.correcting import Corrected, Correcting, Label
    from compliance_bot.chains.erasing import Candidate, Certificate, Erasing
    from compliance_bot.chains.examine import PolicyReport
    from compliance_bot.chains.explain import Explainer, Explanation, Permissions
    from compliance_bot.chains.exposure import DocumentReport, Exposure, PersonReport
    from compliance_bot.chains.ledger import Quality
    from compliance_bot.chains.measuring import Measured
    from compliance_bot.chains.sampling import Sample
    from compliance_bot.chains.tenants import TenantRoom
    from compliance_bot.chains.vault_room import Rotated, VaultState
    from compliance_bot.chains.vault_room import Shown as Revealed
    from compliance_bot.chains.what_if import Comparison
    from compliance_bot.records import Asker, Grant, Principal, RecordSummary, Stop
    from compliance_bot.recovery.backup import Checked
    from compliance_bot.recovery.verify import Verified
    from compliance_bot.redaction.spans import Detects


class Governance(Wiring):
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

    def vault_state(self, *, principal: Asker) -> VaultState:
        """Return how much the vault holds, and under which keys. Raises Refused."""
        return self._vault_room(principal).show()

    def reveal(
        self,
        document: str,
        placeholders: Iterable[str] = (),
        *,
        principal: Asker,
        purpose: str | None = None,
        version: int | None = None,
    ) -> tuple[Revealed, ...]:
        """Return what placeholders of a document stand for; all that the principal may see where none is named.

        Raises Refused where the document or a placeholder is absent or may not be seen.
        """
        wanted = tuple(placeholders)
        return self._undisturbed(
            self._acting(principal, purpose),
            lambda act: VaultRoom(act=act, vault=self.vault).reveal(DocumentId(document), wanted, version=version),
        )

    def rotate_vault_key(
        self, *, principal: Asker = LOCAL_ADMINISTRATOR, on_progress: Callable[[int], None] = lambda _: None
    ) -> Rotated:
        """Wrap every value of the vault with a new key. May be interrupted and run again.

        Raises Refused, and UsageError where the operator has to set the new key first.
        """
        return self._vault_room(principal).rotate(on_progress=on_progress)

    def discard_vault_key(self, epoch: int, *, principal: Asker = LOCAL_ADMINISTRATOR) -> None:
        """Destroy a key of the vault that wraps nothing any more. Raises Refused or UsageError."""
        self._vault_room(principal).discard(epoch)

    def propose_erasure(
        self, name: str, *, reason: str, principal: Asker, purpose: str | None = None
    ) -> tuple[Candidate, ...]:
        """Return what may belong to a person: the name, names that share a part of it, values that stand beside it.

        As far as the principal may read. Nothing is changed. Raises Refused and UsageError.
        """
        return self._erasing(principal, purpose).propose(name, reason=reason)

    def erase(
        self, name: str, *, also: Iterable[str] = (), reason: str, principal: Asker, purpose: str | None = None
    ) -> Certificate:
        """Erase a name, and of what is proposed with it what is named by its handle; return the certificate.

        Raises Refused, and UsageError for a handle that is not proposed.
        """
        return self._erasing(principal, purpose).erase(name, also=tuple(also), reason=reason)

    def held_on(self, name: str, *, reason: str, principal: Asker, purpose: str | None = None) -> PersonReport:
        """Return what is held on a person, where, and who was shown it, as far as the principal may read.

        Raises Refused and UsageError.
        """
        return self._exposure(principal, purpose).of_person(name, reason=reason)

    def exposure(self, document: str, *, reason: str, principal: Asker, purpose: str | None = None) -> DocumentReport:
        """Return who was shown a document, or was answered from it. Raises Refused and UsageError."""
        return self._exposure(principal, purpose).of_document(DocumentId(document), reason=reason)

    def mark(
        self,
        document: str,
        words: str | tuple[int, int],
        *,
        entity_type: str,
        reason: str,
        principal: Asker,
        purpose: str | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Corrected:
        """Mark personal data that detection missed, words of a document or their place in its text, wherever it stands.

        Raises Refused, and UsageError where the words do not stand there in the clear.
        """
        return self._correct(
            principal,
            purpose,
            on_progress,
            lambda one: one.mark(DocumentId(document), words, type_=entity_type, reason=reason),
        )

    def unmark(
        self,
        document: str,
        placeholder: str,
        *,
        reason: str,
        principal: Asker,
        purpose: str | None = None,
        version: int | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Corrected:
        """Give back the words behind a placeholder, which are no personal data, wherever the principal may do so.

        Raises Refused where document or placeholder are absent, or may not be seen or reclassified.
        """
        return self._correct(
            principal,
            purpose,
            on_progress,
            lambda one: one.unmark(DocumentId(document), placeholder, reason=reason, version=version),
        )

    def corrections(self, *, principal: Asker) -> tuple[Label, ...]:
        """Return what was said of detection, the newest first, without values. Raises Refused."""
        return self._correcting(self._act(principal)).list()

    def _correct(
        self,
        principal: Asker,
        purpose: str | None,
        on_progress: Callable[[int, int], None],
        do: Callable[[Correcting], Corrected],
    ) -> Corrected:
        return self._renewing(
            self._acting(principal, purpose), lambda act: do(self._correcting(act, on_progress=on_progress))
        )

    def _correcting(self, act: Act, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Correcting:
        from compliance_bot.chains.correcting import Correcting
        from compliance_bot.ingest.revise import Reviser

        parts = self.parts
        return Correcting(
            act=act,
            labels=self.labels,
            detector=self._strict(act),
            reviser=Reviser(vault=self.vault, embedder=parts.embedder, term_key=parts.term_key),
            on_progress=on_progress,
        )

    def sample_passages(
        self,
        n: int = 10,
        *,
        principal: Asker,
        seed: int | None = None,
        collection: str | None = None,
        purpose: str | None = None,
    ) -> Sample:
        """Return `n` passages at random in which the principal may see every value, and that nobody has reviewed.

        With a `seed` the same ones again. The record says what they showed.
        """
        from compliance_bot.chains.sampling import Sampling

        drawn = secrets.randbits(31) if seed is None else seed
        return self._undisturbed(
            self._acting(principal, purpose),
            lambda act: Sampling(act=act, vault=self.vault).sample(n, seed=drawn, collection=collection),
        )

    def confirm_redaction(
        self,
        document: str,
        start: int,
        end: int,
        *,
        principal: Asker,
        version: int | None = None,
        language: str | None = None,
        purpose: str | None = None,
    ) -> Confirmed:
        """Record that from `start` to `end` all that is personal is masked rightly, and nothing else is.

        Places count in the text that the principal gets from `document` for the same purpose. Raises Refused and
        UsageError.
        """
        from compliance_bot.chains.confirming import Confirming

        confirming = Confirming(act=self._act(principal, purpose), vault=self.vault)
        return confirming.confirm(DocumentId(document), start, end, version=version, language=language)

    def measure_redaction(
        self,
        *,
        principal: Asker,
        purpose: str | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Measured:
        """Run the detector over what was confirmed, as far as the principal may see all of it, and keep the counts.

        Raises Refused, and NothingReviewed where there is nothing.
        """
        from compliance_bot.chains.measuring import Measuring

        act = self._act(principal, purpose)
        return Measuring(act=act, vault=self.vault, detector=self.detector).measure(on_progress=on_progress)

    def redaction_quality(self, *, principal: Asker, purpose: str | None = None) -> Quality:
        """Return recall and precision of redaction on what was confirmed, as far as the principal may read."""
        from compliance_bot.chains.ledger import Ledger

        return Ledger(act=self._act(principal, purpose)).show()

    def _exposure(self, principal: Asker, purpose: str | None) -> Exposure:
        from compliance_bot.chains.exposure import Exposure

        act = self._act(principal, purpose)
        return Exposure(act=act, vault=self.vault, detector=self._strict(act))

    def _erasing(self, principal: Asker, purpose: str | None) -> Erasing:
        from compliance_bot.chains.erasing import Erasing

        act = self._act(principal, purpose)
        return Erasing(act=act, vault=self.vault, keyring=self._home.keyring, detector=self._strict(act))

    def _strict(self, act: Act) -> Detects:
        """Return what masks a text that may be about any collection, by the rules of an act."""
        with self._home.database.reading() as snapshot:
            self.labels.read(snapshot)
        redaction = Redaction(
            detector=self.detector, profiles=act.rules.redaction, corrections=lambda: self.labels.known
        )
        return redaction.strict.detector

    def _vault_room(self, principal: Asker) -> VaultRoom:
        return VaultRoom(act=self._act(principal), vault=self.vault)

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
