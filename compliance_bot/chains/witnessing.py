"""Show the log's checkpoints to its witnesses, the newest one each time, and keep what they say of it.

One process of a tenant at a time, so that witnesses see checkpoints in their order. They are asked outside of any
transaction: one may take its time to answer. A witness that remembers another history is on record; one that the home
requires lets nothing more be signed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit import subtrees
from compliance_bot.audit.integrate import THE_LOG, own_event
from compliance_bot.audit.note import format_signature
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.audit.tip import read_tip
from compliance_bot.errors import Unavailable
from compliance_bot.logs import note
from compliance_bot.store import cosignatures
from compliance_bot.store.lead import leading
from compliance_bot.witness.evidence import Cosigned, Timestamped
from compliance_bot.witness.quorum import attest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.integrate import Integrator
    from compliance_bot.audit.log import AuditLog
    from compliance_bot.audit.tip import Tip
    from compliance_bot.keys.signing import SigningKeyFiles
    from compliance_bot.store.connect import Database
    from compliance_bot.store.lead import Lead
    from compliance_bot.witness.evidence import Evidence
    from compliance_bot.witness.quorum import Attested, Quorum

ASKED_EVERY_S = 60.0
_PATIENCE_S = 30  # for whoever asks at the moment


class WitnessesBusy(Unavailable):
    """Another process asks the witnesses at the moment."""

    hint = "Try again when it has its answers: a witness that is away takes as long as its timeout_s says."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A checkpoint, and what each witness said of it."""

    size: int
    note: bytes  # with the cosignatures that came
    attested: Attested


class Witnessing:
    """What one process has its log witnessed by."""

    def __init__(
        self, database: Database, log: AuditLog, integrator: Integrator, files: SigningKeyFiles, quorum: Quorum
    ) -> None:
        self._database, self._log, self._integrator = database, log, integrator
        self._files, self._quorum = files, quorum
        self._turn = threading.Lock()
        self._told: set[str] = set()

    def ask(self, *, at_least_every_s: float = ASKED_EVERY_S) -> Shown | None:
        """Show the newest checkpoint to all witnesses and return what each said.

        None where it was shown, or another one was, within this time, where another process asks at the moment, or
        where there is nothing to show. Raises what the database raises.
        """
        with self._turn:
            if self._due(at_least_every_s) is None:  # most rounds end here, without a connection of their own
                return None
            with leading(self._database) as lead:
                tip = self._due(at_least_every_s) if lead else None
                shown = self._show(tip, lead) if tip and lead else None
        return self._tell(shown) if shown else None

    def ask_now(self) -> Shown | None:
        """The same, whatever they were shown before, and as soon as nobody else asks; None where nothing is to show.

        Raises WitnessesBusy, and what the database raises.
        """
        with self._turn, leading(self._database, wait_s=_PATIENCE_S) as lead:
            if lead is None:
                raise WitnessesBusy
            with self._database.reading() as snapshot:
                tip = read_tip(snapshot, self._files.load())
            shown = self._show(tip, lead) if tip else None
        return self._tell(shown) if shown else None

    def _due(self, every_s: float) -> Tip | None:
        names = [one.name for one in self._quorum.witnesses]
        with self._database.reading() as snapshot:
            tip = read_tip(snapshot, self._files.load())
            return tip if tip and cosignatures.is_due(snapshot, names, tip.size, every_s) else None

    def _show(self, tip: Tip, lead: Lead) -> Shown:
        """Ask all witnesses, and keep what came of it. INVARIANT: no transaction is open while they are asked."""

        def prove(old_size: int) -> Sequence[bytes]:
            with self._database.reading() as snapshot:
                return subtrees.prove_consistency(old_size, tip.size, StoredTree(snapshot))

        attested = attest(self._quorum, tip.note, prove)
        # Somebody else may have shown a larger tree meanwhile: then a dispute of this one is none.
        lead.require_held()
        stored = [(seen.witness, *_stored(seen.evidence)) for seen in attested.seen]
        if stored:
            with self._database.writing() as transaction:
                for witness, kind, evidence in stored:
                    cosignatures.add(transaction, tip.size, witness, kind, evidence)
        lines = (evidence for _, kind, evidence in stored if kind == "cosignature")
        return Shown(size=tip.size, note=b"".join([tip.note, *lines]), attested=attested)

    def _tell(self, shown: Shown) -> Shown:
        """Say who has not seen it, and put on record who disputes it, once each."""
        attested = shown.attested
        for one in attested.not_seen:
            note("log.unwitnessed", level="warning", tenant=self._log.tenant, error=type(one.reason).__name__)
        disputes = {one.witness: type(one.reason).__name__ for one in attested.disputes}
        if disputes.keys() & attested.required:
            self._integrator.halt()
        if fresh := {witness: reason for witness, reason in disputes.items() if witness not in self._told}:
            said = [{"witness": witness, "says": reason} for witness, reason in sorted(fresh.items())]
            event = own_event("log.disputed", {"size": shown.size, "disputes": said}, outcome="failed")
            self._log.append(event, THE_LOG)
            self._told |= fresh.keys()
        return shown


def _stored(evidence: Evidence) -> tuple[cosignatures.Kind, bytes]:
    if isinstance(evidence, Cosigned):
        return "cosignature", format_signature(evidence.signature).encode()
    if isinstance(evidence, Timestamped):
        return "timestamp", evidence.response
    return "file", str(evidence.at).encode()
