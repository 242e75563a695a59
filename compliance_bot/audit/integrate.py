"""Put records into the log's tree and sign checkpoints of it. One at a time for each tenant, restartable anywhere.

A round is one transaction: records that wait get their places, tiles that became full are stored, a checkpoint is
signed; all of it, or nothing. Nothing goes into the tree without the seal of whoever appended it, and nothing is signed
that does not go on from the last checkpoint. See docs/decisions/0016.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit import subtrees
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.grow import grow
from compliance_bot.audit.months import Months
from compliance_bot.audit.note import sign_note
from compliance_bot.audit.note_key import SigningKey, format_verifier_key
from compliance_bot.audit.record import Event, RecordAltered, describe, open_record
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.audit.tip import LogInconsistent, read_tip, read_unsigned, require_stored, verifier
from compliance_bot.logs import note
from compliance_bot.records import Principal
from compliance_bot.store import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.audit.log import AuditLog, Recorder
    from compliance_bot.audit.record import Json
    from compliance_bot.audit.tip import Tip
    from compliance_bot.keys import Keyring
    from compliance_bot.keys.signing import SigningKeyFiles, SigningKeys
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.log import SealedRecord

THE_LOG = Principal(id="compliance-bot")  # who writes the records that the log needs for itself
BATCH = 4096  # records of one round
_OPENED_AT_ONCE = 500
_PATIENCE_S = 20  # for whoever leads at the moment
_MOST_NAMED = 1000  # altered records


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round came to: the tree, and what of it is new."""

    size: int
    added: int
    is_full: bool  # it looked at as many as it may, so more may wait
    checkpoint: bytes  # the newest, signed now or before
    signer: SigningKey  # whose it is; of a handover the one that signs from now on

    @property
    def origin(self) -> str:
        return self.signer.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The leaves that followed, of what waited."""

    size: int  # of the tree then
    added: int
    is_full: bool


class Integrator:
    """Writes the tree of one tenant. Safe to share between threads: one leads, others find nothing to do."""

    def __init__(self, log: AuditLog, keyring: Keyring, files: SigningKeyFiles) -> None:
        self._log, self._keyring, self._files = log, keyring, files
        self._months = Months(log)
        self._refused: set[RecordId] = set()
        self._signer: SigningKey | None = None
        self._why_not: type[LogInconsistent] = LogInconsistent
        self._is_halted = False

    def halt(self) -> None:
        """Sign nothing any more: a witness that this home requires remembers another history of this log."""
        self._is_halted = True

    def signer(self) -> SigningKey:
        """Return the key that signed the newest checkpoint, under the origin of the log, as the last round left them.

        A newer one signs nothing before it took over. Raises LogInconsistent where no checkpoint could be made: what is
        not in order gets no signature.
        """
        if self._is_halted:
            raise LogInconsistent
        if self._signer is None:
            raise self._why_not
        return self._signer

    def begin(self) -> None:
        """Let the log have a tree, made from what was written so far if it has none. Raises SigningKeyMissing.

        A log that was tampered with can be opened, so that somebody can look: no receipt is signed for it.
        """
        self._months.look()
        try:
            with self._log.reading() as transaction:
                keys = self._files.load()
                tip = read_tip(transaction, keys)
                has_unsealed = tree.has_unsealed(transaction)
            if tip is None or has_unsealed:
                self.round(wait=True)
            else:
                self._signer = SigningKey(name=tip.origin, private_key=tip.signer)
        except LogInconsistent as error:
            self._why_not = type(error)
            note("log.stalled", level="warning", tenant=self._log.tenant, error=type(error).__name__)

    def round(self, *, wait: bool = False, limit: int = BATCH) -> Round | None:
        """Put what waits into the tree and return what that came to; None where another one leads at the moment.

        Takes at most `limit` records; with `wait` it takes the lead as soon as nobody has it. Raises LogInconsistent,
        SigningKeyMissing, and what the database raises: then nothing was done.
        """
        self._months.look()
        with self._log.recording(needs_record=False, is_apart=True) as recorder:
            done = self._round(recorder, wait=wait, limit=limit)
        if done is not None:
            self._signer = done.signer
        return done

    def begin_anew(self) -> Round:
        """Let the tree go on under a new origin, with all that is in it, and return it.

        For a database that was put back, or a signing key that is lost: what would be signed next could be something
        else than what was signed before, and nobody may be told of both that they are one log.
        """
        self._is_halted = False
        with self._log.recording(is_apart=True) as recorder:
            transaction = recorder.transaction
            tree.lead(transaction, wait_s=_PATIENCE_S)
            last, size = read_unsigned(transaction), tree.leaf_count(transaction)
            began = self._announce(recorder, size, last, altered=[])
            done = self._sign(transaction, self._take(transaction, began[0], BATCH), began[1])
        self._signer = done.signer
        return done

    def _round(self, recorder: Recorder, *, wait: bool, limit: int) -> Round | None:
        if self._is_halted:
            raise LogInconsistent
        transaction = recorder.transaction
        if not tree.lead(transaction, wait_s=_PATIENCE_S if wait else None):
            return None
        keys = self._files.load()
        tip = read_tip(transaction, keys)
        if tip is not None:
            require_stored(transaction, tip)
        began = self._begin(recorder, tip)
        if tip is None or began is not None:
            assert began is not None, "where there was no tree, one has begun"
            return self._sign(transaction, self._take(transaction, began[0], limit), began[1])
        return self._continue(recorder, tip, keys, limit)

    def _begin(self, recorder: Recorder, tip: Tip | None) -> tuple[int, SigningKey] | None:
        """Let a tree begin where there is none, or where records came without seals: those of before, or of an export.

        What was there becomes its first leaves. Returns size and key; None where nothing has to begin.
        """
        size, altered = tip.size if tip else 0, list[str]()
        for records in self._unsealed(recorder.transaction):
            foreign = {record.id for record in records if not self._opens(record)}
            altered += sorted(foreign)
            if tip is not None:  # a tree that begins takes what it finds, and says what of it was altered
                self._refused |= foreign
            taken = [(one.id, one.leaf_hash) for one in records if one.id not in self._refused]
            size = grow(recorder.transaction, size, taken)
        if tip is not None and size == tip.size:
            return None
        return self._announce(recorder, size, tip.checkpoint if tip else None, altered=altered)

    def _announce(
        self, recorder: Recorder, size: int, last: Checkpoint | None, *, altered: Sequence[str]
    ) -> tuple[int, SigningKey]:
        """Append the record with which a tree begins after its first `size` leaves, and return its size and its key."""
        key = SigningKey(name=f"compliance-bot/{secrets.token_hex(8)}", private_key=self._files.begin().newest)
        public: dict[str, Json] = {
            "origin": key.name,
            "key": _written(key),
            "carried_over": size,
            "altered": list(altered[:_MOST_NAMED]),
        }
        if last is not None:
            public["continues"] = {"origin": last.origin, "size": last.size, "root": last.root.hex()}
        return _append_own(recorder, "log.began", public, size), key

    def _continue(self, recorder: Recorder, tip: Tip, keys: SigningKeys, limit: int) -> Round:
        """Go on with the key that signed last, or hand over to a newer one."""
        transaction = recorder.transaction
        key, last = (SigningKey(name=tip.origin, private_key=private) for private in (keys.newest, tip.signer))
        if verifier(tip.origin, keys.newest) != verifier(tip.origin, tip.signer):
            public = {"key": _written(key), "replaces": _written(last)}
            size = _append_own(recorder, "log.key", public, tip.size)
            return self._sign(transaction, self._take(transaction, size, limit), key, last)
        taken = self._take(transaction, tip.size, limit)
        if not taken.added:
            return Round(size=tip.size, added=0, is_full=taken.is_full, checkpoint=tip.note, signer=key)
        return self._sign(transaction, taken, key)

    def _take(self, transaction: Transaction, size: int, limit: int) -> Taken:
        """Let what waits with its seal be the next leaves. What has another is not looked at a second time."""
        waiting = tree.waiting(transaction, limit, but=self._refused)
        sealed = [(one.id, one.leaf_hash) for one in waiting if self._is_sealed(one)]
        return Taken(size=grow(transaction, size, sealed), added=len(sealed), is_full=len(waiting) == limit)

    def _sign(self, transaction: Transaction, taken: Taken, *signers: SigningKey) -> Round:
        root = subtrees.root(taken.size, StoredTree(transaction))
        checkpoint = Checkpoint(origin=signers[0].name, size=taken.size, root=root)
        signed = sign_note(format_checkpoint(checkpoint), *signers)
        tree.add_checkpoint(transaction, tree.SignedTree(size=taken.size, note=signed), is_handover=len(signers) > 1)
        return Round(size=taken.size, added=taken.added, is_full=taken.is_full, checkpoint=signed, signer=signers[0])

    def _unsealed(self, transaction: Transaction) -> Iterator[Sequence[SealedRecord]]:
        """Yield what waits without a seal, in parts; when the next is read, each was taken or is among the refused."""
        while records := tree.unsealed(transaction, _OPENED_AT_ONCE, but=self._refused):
            yield records

    def _opens(self, record: SealedRecord) -> bool:
        """Return whether a record was sealed with the keys of this home, and not changed."""
        try:
            open_record(record, self._keyring)
        except RecordAltered:
            note("log.altered", level="warning", record=record.id, tenant=self._log.tenant)
            return False
        return True

    def _is_sealed(self, waiting: tree.Waiting) -> bool:
        """Return whether whoever appended a record had the keys of this home."""
        if hmac.compare_digest(waiting.seal, self._log.seal_of(waiting.leaf_hash)):
            return True
        self._refused.add(waiting.id)
        note("log.forged", level="warning", record=waiting.id, tenant=self._log.tenant)
        return False


def own_event(kind: str, public: dict[str, Json], *, outcome: str = "done") -> Event:
    """Return what the log says of itself: all of it in the open."""
    return Event(type=kind, outcome=outcome, public=public, private={"principal": describe(THE_LOG)})


def _append_own(recorder: Recorder, kind: str, public: dict[str, Json], size: int) -> int:
    """Append a record of the log itself as the next leaf, and return the size of the tree then."""
    recorder.append(own_event(kind, public), THE_LOG)
    assert recorder.sealed is not None, "it was just appended"
    return grow(recorder.transaction, size, [(recorder.sealed.id, recorder.sealed.leaf_hash)])


def _written(key: SigningKey) -> str:
    return format_verifier_key(verifier(key.name, key.private_key))
