"""The rules in force: policies, listed people and redaction, read anew when their files change, each change on record.

A set that is not valid never comes into force: the last good one stays, and the record and the log say so. Every act
takes the rules once, at its beginning, so that all its decisions are made with the same ones.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Activated
from compliance_bot.audit.record import Event, describe, new_record_id
from compliance_bot.chains.case import NOBODY
from compliance_bot.errors import ComplianceError
from compliance_bot.identity import IdentityMapping, InvalidPrincipals, read_mapping, read_principals
from compliance_bot.keys import decrypt, encrypt
from compliance_bot.logs import note
from compliance_bot.policy.attributes import require_declared
from compliance_bot.policy.decide import CedarEngine
from compliance_bot.policy.files import InvalidPolicies, policy_paths, read_files
from compliance_bot.policy.folder import policies_of
from compliance_bot.redaction.assignment import read_assignment
from compliance_bot.store import rules as rows
from compliance_bot.store.rules import SealedSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.identity import Listed
    from compliance_bot.keys import Keyring
    from compliance_bot.policy.files import PolicyFiles
    from compliance_bot.policy.folder import Policies
    from compliance_bot.redaction.assignment import CollectionProfiles
    from compliance_bot.store.connect import Database

SETTLE_S = 1.0  # a file that is being written can be valid and lack its last policy
PEOPLE, MAPPING = "principals.yaml", "identity.yaml"

_Seen = tuple[tuple[str, int, int, int], ...]  # name, time of change, size and inode of each file


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Policies, the people they are about, and how their collections are masked, as of one moment."""

    policies: Policies
    engine: CedarEngine
    principals: Mapping[str, Listed] = field(hash=False)
    mapping: IdentityMapping
    redaction: CollectionProfiles


class LiveRules:
    """The rules of a home as they stand now. Safe to share between threads."""

    def __init__(
        self,
        folder: Path,
        *,
        database: Database,
        log: AuditLog,
        keyring: Keyring,
        settle_s: float = SETTLE_S,
        require: Callable[[PolicyFiles], None] = lambda _: None,
    ) -> None:
        """Read the folder, and record it where it is not the one of before. Raises InvalidPolicies, InvalidProfile and
        what `require` raises, which looks at files before they come into force.
        """
        self._folder, self._database, self._log, self._keyring = folder, database, log, keyring
        self._settle_s, self._require = settle_s, require
        self._lock = threading.Lock()
        self._seen = self._look()
        files = read_files(folder)
        self._rules = self._parsed(files)
        self._bring_into_force(self._rules, files)

    def now(self) -> Rules:
        """Return the rules in force. Files that changed are read first, once they are left alone for a second.

        Raises StoreUnavailable where a change cannot be recorded.
        """
        if self._look() != self._seen:
            with self._lock:
                self._renew()
        return self._rules

    def _renew(self) -> None:
        seen = self._look()
        if seen == self._seen or not self._is_settled(seen):
            return
        try:
            files = read_files(self._folder)
            rules = self._parsed(files)
            if self._look() != seen:
                return  # it changed while it was read: the next act looks again
            self._bring_into_force(rules, files)
        except ComplianceError as error:
            if error.exit_code == InvalidPolicies.exit_code:
                self._reject(error)
                self._seen = seen
                return
            raise
        self._rules, self._seen = rules, seen

    def _is_settled(self, seen: _Seen) -> bool:
        newest = max((changed for _, changed, _, _ in seen), default=0)
        age_s = time.time() - newest / 1e9
        return not 0 <= age_s < self._settle_s  # a time in the future says nothing

    def _look(self) -> _Seen:
        try:
            stats = [(name, path.stat()) for name, path in policy_paths(self._folder)]
        except OSError:
            return ()
        return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats)

    def _parsed(self, files: PolicyFiles) -> Rules:
        self._require(files)
        policies = policies_of(files)
        if PEOPLE not in files.content:
            raise InvalidPrincipals(f"{self._folder / PEOPLE}: expected a list of principals, found no such file")
        principals = read_principals(files.content[PEOPLE], self._folder / PEOPLE)
        listed = files.content.get(MAPPING)
        mapping = IdentityMapping() if listed is None else read_mapping(listed, self._folder / MAPPING)
        for section in filter(None, (mapping.oidc, mapping.header)):
            require_declared(policies, "User", section.attributes)
        return Rules(
            policies=policies,
            engine=CedarEngine(policies),
            principals=principals,
            mapping=mapping,
            redaction=read_assignment(files.content),
        )

    def _bring_into_force(self, rules: Rules, read: PolicyFiles) -> None:
        """Record a set, where it is another than the last one recorded."""
        files = {name: read.text(name) for name in read.content}
        activated = Activated.of(files, self._keyring, self._log.tenant)
        digest = activated.digest
        with self._database.reading() as snapshot:
            before = rows.in_force(snapshot)
        if before is not None and before.digest == digest:
            return
        now, record = datetime.now(UTC), new_record_id()
        sealed = SealedSet(
            digest=digest, hash=rules.policies.hash, sealed=seal_files(files, self._keyring, digest), since=now
        )
        old = open_files(before, self._keyring) if before else {}
        changed = sorted(name for name in {*files, *old} if files.get(name) != old.get(name))
        event = Event(
            type="policy.change",
            outcome="done",
            public={
                "from": before.hash if before else None,
                "to": rules.policies.hash,
                "policies": len(rules.policies.ids),
            },
            private={"principal": describe(NOBODY), "files": changed},
        )
        with self._log.recording() as recorder:
            rows.activate(recorder.transaction, sealed, record=record)
            recorder.anchor(activated)
            recorder.append(event, NOBODY, id=record, at=now)
        note("policy.changed", record=record, tenant=self._log.tenant)

    def _reject(self, error: ComplianceError) -> None:
        event = Event(
            type="policy.rejected",
            outcome="refused",
            public={"policies": self._rules.policies.hash, "error": type(error).__name__},
            private={"principal": describe(NOBODY), "message": str(error)},
        )
        record = self._log.append(event, NOBODY)
        note("policy.rejected", level="warning", record=record, tenant=self._log.tenant, error=type(error).__name__)


def seal_files(files: Mapping[str, str], keyring: Keyring, digest: bytes) -> bytes:
    """Return the files of a policy set, encrypted under a key of the home."""
    return encrypt(keyring.derive("policy-set"), json.dumps(files, sort_keys=True).encode(), bound_to=digest)


def open_files(sealed: SealedSet, keyring: Keyring) -> dict[str, str]:
    """Return the files of a sealed policy set, by name. Raises CannotDecrypt."""
    text = decrypt(keyring.derive("policy-set"), sealed.sealed, bound_to=sealed.digest)
    return {str(name): str(content) for name, content in json.loads(text).items()}
