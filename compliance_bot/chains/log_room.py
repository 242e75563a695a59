"""The log's tree, for one principal: its public keys, its checkpoint, proofs to hand out, the change of its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.inclusion import prove_record
from compliance_bot.audit.note import parse_note
from compliance_bot.audit.note_key import format_verifier_key
from compliance_bot.audit.receipt import prove
from compliance_bot.audit.tip import read_tip, verifier
from compliance_bot.chains.case import Case
from compliance_bot.chains.receipts import receipt_of
from compliance_bot.errors import Refused, Unavailable, UsageError
from compliance_bot.store import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.integrate import Integrator
    from compliance_bot.audit.pulse import Pulse
    from compliance_bot.audit.record import Opened
    from compliance_bot.chains.act import Act
    from compliance_bot.chains.witnessing import Shown, Witnessing
    from compliance_bot.keys.signing import SigningKeyFiles
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction


class NotInTree(Unavailable):
    """The tree has not taken this record in yet."""

    hint = "Try again in a second. If it stays so, run `compliance-bot doctor` and `compliance-bot audit verify`."


class NoWitnesses(UsageError):
    """This home names no witnesses, so nobody can be asked."""

    hint = "Name them in policies/witnesses.yaml: docs/how-to/witness-the-log.md."


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeys:
    """What somebody who verifies a log needs to know beforehand."""

    origin: str
    signing: str  # the verifier key that signs now
    earlier: tuple[str, ...]  # the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRoom:
    """Each call is an act of its own, by the rules of then, and on record."""

    begin: Callable[[], Act]
    integrator: Integrator
    pulse: Pulse
    witnessing: Witnessing | None
    files: SigningKeyFiles

    def keys(self) -> LogKeys:
        """Return the public keys of the log. Raises Refused."""
        act = self.begin()
        with act.closing("audit.keys") as case, act.database.reading() as snapshot:
            act.admit(case, "review")
            known = self._keys(snapshot)
            case.outcome = "done"
        return known

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint, with all that waits now in its tree. Raises Refused, LogInconsistent."""
        act = self.begin()
        with act.closing("audit.checkpoint") as case:
            act.admit(case, "review")
            self.pulse.catch_up(wait=True)
            with act.database.reading() as snapshot:
                tip = read_tip(snapshot, self.files.load())
            assert tip is not None, "a round signs one"
            case.public["size"] = tip.size
            case.outcome = "done"
        return tip.note

    def witnessed_checkpoint(self) -> Shown:
        """Return the same, with what each witness of the home says of it when it is asked now.

        Whether they are enough is told by `attested`, and is on record. Raises NoWitnesses and WitnessesBusy as well.
        """
        act = self.begin()
        with act.closing("audit.checkpoint") as case:
            act.admit(case, "review")
            if self.witnessing is None:
                raise NoWitnesses
            self.pulse.catch_up(wait=True)
            shown = self.witnessing.ask_now()
            assert shown is not None, "a round signs one"
            case.public |= {"size": shown.size, "seen_by": [one.witness for one in shown.attested.seen]}
            case.outcome = "done" if shown.attested.is_enough else "failed"
        return shown

    def rotate_key(self, *, reason: str) -> LogKeys:
        """Let another key sign from now on, and return all keys. Raises Refused; UsageError without a reason.

        The checkpoint that covers the change is signed by both, so that who knows the old key comes to know the new.
        """
        act = self._ordered("audit.rotate_key", reason)
        self.pulse.catch_up(wait=True)
        self.files.add()
        self.pulse.catch_up(wait=True)
        with act.database.reading() as snapshot:
            return self._keys(snapshot)

    def begin_anew(self, *, reason: str) -> LogKeys:
        """Let the tree go on under a new origin, and return its keys. Raises Refused; UsageError without a reason.

        Whoever verified the old one has to be told: from the new one alone they cannot know that it is the same log.
        """
        act = self._ordered("audit.begin_anew", reason)
        self.integrator.begin_anew()
        with act.database.reading() as snapshot:
            return self._keys(snapshot)

    def _ordered(self, kind: str, reason: str) -> Act:
        """Return an act whose record is durable before what it is about to do: it was ordered, and by whom."""
        act, case = self.begin(), Case(type=kind)
        with act.begun(case):
            act.admit(case, "administer")
            if not reason.strip():
                raise UsageError("this is done for a reason, and none was given", hint="Say it with --reason.")
            case.private["reason"], case.outcome = reason, "done"
            act.log.append(case.event(), case.principal, id=case.id, at=case.at)
        return act

    def receipt(self, record: RecordId) -> bytes:
        """Return the proof that the record of an answer is in the log, with its receipt (C2SP tlog-proof).

        For whoever asked, and for reviewers. Raises Refused, also for an unknown id; UsageError for a record that is of
        no answer; NotInTree, LogInconsistent.
        """
        act = self.begin()
        with act.closing("audit.receipt") as case:
            opened = act.log.one(record)
            if opened is None or opened.private["principal"]["id"] != case.principal.id:
                act.admit(case, "review")
                if opened is None:
                    raise Refused
            case.public["shown"] = {"record": opened.id}
            self.pulse.catch_up(wait=True)
            with act.database.reading() as snapshot:
                encoded = self._proof(snapshot, opened)
            case.outcome = "done"
        return encoded

    def _proof(self, snapshot: Transaction, opened: Opened) -> bytes:
        found = prove_record(snapshot, opened.id, self.files.load())
        if found is None:
            raise NotInTree
        receipt = receipt_of(opened, found.leaf_hash, self.integrator)
        if receipt is None:
            raise UsageError("this record has no receipt: it is of no answer, or of before the log had a tree")
        return prove(receipt, found.index, found.hashes, found.checkpoint)

    def _keys(self, snapshot: Transaction) -> LogKeys:
        files, signed = self.files.load(), tree.last_checkpoint(snapshot)
        origin = parse_checkpoint(parse_note(signed.note).text).origin if signed else ""
        *earlier, signing = (format_verifier_key(verifier(origin, key)) for key in files.keys)
        return LogKeys(origin=origin, signing=signing, earlier=tuple(earlier))
