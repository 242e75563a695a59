"""Show the log's checkpoints to its witnesses, the newest one each time, and keep what they say of it.

One process of a tenant at a time, so that witnesses see checkpoints in their order. A witness that remembers another
history is on record; one that the home requires lets nothing more be signed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from compliance_bot.audit import subtrees
from compliance_bot.audit.integrate import THE_LOG, own_event
from compliance_bot.audit.note import format_signature
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.audit.tip import read_tip
from compliance_bot.logs import note
from compliance_bot.store import cosignatures
from compliance_bot.witness.evidence import Cosigned, Timestamped
from compliance_bot.witness.quorum import attest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.integrate import Integrator
    from compliance_bot.audit.log import AuditLog
    from compliance_bot.keys.signing import SigningKeyFiles
    from compliance_bot.witness.evidence import Evidence
    from compliance_bot.witness.quorum import Attested, Quorum

ASKED_EVERY_S = 60.0


class Witnessing:
    """What one process has its log witnessed by."""

    def __init__(self, log: AuditLog, integrator: Integrator, files: SigningKeyFiles, quorum: Quorum) -> None:
        self._log, self._integrator, self._files, self._quorum = log, integrator, files, quorum
        self._turn = threading.Lock()
        self._told: set[str] = set()

    def ask(self, *, at_least_every_s: float = ASKED_EVERY_S) -> Attested | None:
        """Show the newest checkpoint to all witnesses and return what each said.

        None where it was shown, or another one was, within this time, where another process asks at the moment, or
        where there is nothing to show. Raises what the database raises.
        """
        with self._turn, self._log.writing() as transaction:
            if not cosignatures.lead(transaction):
                return None
            tip = read_tip(transaction, self._files.load())
            names = [one.name for one in self._quorum.witnesses]
            if tip is None or not cosignatures.is_due(transaction, names, tip.size, at_least_every_s):
                return None
            tree = StoredTree(transaction)

            def prove(old_size: int) -> Sequence[bytes]:
                return subtrees.prove_consistency(old_size, tip.size, tree)

            attested = attest(self._quorum, tip.note, prove)
            for seen in attested.seen:
                kind, evidence = _stored(seen.evidence)
                cosignatures.add(transaction, tip.size, seen.witness, kind, evidence)
        self._tell(attested, tip.size)
        return attested

    def _tell(self, attested: Attested, size: int) -> None:
        """Say who has not seen it, and put on record who disputes it, once each."""
        for one in attested.not_seen:
            note("log.unwitnessed", level="warning", tenant=self._log.tenant, error=type(one.reason).__name__)
        disputes = {one.witness: type(one.reason).__name__ for one in attested.disputes}
        if disputes.keys() & attested.required:
            self._integrator.halt()
        if fresh := {witness: reason for witness, reason in disputes.items() if witness not in self._told}:
            said = [{"witness": witness, "says": reason} for witness, reason in sorted(fresh.items())]
            event = own_event("log.disputed", {"size": size, "disputes": said}, outcome="failed")
            self._log.append(event, THE_LOG)
            self._told |= fresh.keys()


def _stored(evidence: Evidence) -> tuple[cosignatures.Kind, bytes]:
    if isinstance(evidence, Cosigned):
        return "cosignature", format_signature(evidence.signature).encode()
    if isinstance(evidence, Timestamped):
        return "timestamp", evidence.response
    return "file", str(evidence.at).encode()
