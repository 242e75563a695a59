"""The tree of a log as it was last signed, and whether what is stored still gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit import subtrees
from compliance_bot.audit.checkpoint import Checkpoint, parse_checkpoint
from compliance_bot.audit.merkle import ProofError
from compliance_bot.audit.note import open_note, parse_note
from compliance_bot.audit.note_key import NoteError, SignatureType, SigningKey
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.errors import Unavailable
from compliance_bot.keys.signing import SigningKeyMissing
from compliance_bot.store import tree

if TYPE_CHECKING:
    from compliance_bot.audit.note_key import VerifierKey
    from compliance_bot.keys.signing import PrivateKey, SigningKeys
    from compliance_bot.store.connect import Transaction


class LogInconsistent(Unavailable):
    """What the database has of the log is not what was signed, or seen by a witness: nothing more is signed."""

    hint = (
        "Keep the database as it is, run `compliance-bot audit verify`, and tell the auditor. A copy that was put back "
        "on purpose goes on with `compliance-bot audit begin-anew`."
    )


class CheckpointBeyondTree(LogInconsistent):
    """A checkpoint in the database is of more records than the tree has."""

    hint = (
        "Keep the database as it is, run `compliance-bot audit verify`, and tell the auditor: records were taken out, "
        "or somebody wrote that row. `audit begin-anew` does not help. Once it is known that the row is false, the "
        "database's owner removes it, and the log goes on (docs/how-to/keep-the-log-verifiable.md)."
    )

    def __init__(self, tenant: int, size: int) -> None:
        super().__init__(
            f"the row of audit.checkpoint with tenant {tenant} and size {size} is of more records than the tree has: "
            "nothing more is signed"
        )


class SigningKeyReplaced(LogInconsistent):
    """The newest checkpoint of the log was signed by none of the keys in keys/log: nothing more is signed."""

    hint = (
        "Restore keys/log from its backup where a key was exchanged. Where none was, the database was: keep it as it "
        "is, run `compliance-bot audit verify`, and tell the auditor."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The newest checkpoint: what it says, its bytes, and which of the home's keys signed it."""

    checkpoint: Checkpoint
    note: bytes
    signer: PrivateKey

    @property
    def origin(self) -> str:
        return self.checkpoint.origin

    @property
    def size(self) -> int:
        return self.checkpoint.size


def read_tip(transaction: Transaction, keys: SigningKeys) -> Tip | None:
    """Return what was last signed; None where nothing was. Raises SigningKeyMissing, LogInconsistent."""
    signed = tree.last_checkpoint(transaction)
    if signed is None:
        return None
    try:
        note = parse_note(signed.note)
        checkpoint = parse_checkpoint(note.text)
        ours = {verifier(checkpoint.origin, key): key for key in keys.keys}
        if not ours:
            raise SigningKeyMissing
        if {(one.name, one.key_id) for one in note.signatures}.isdisjoint((key.name, key.id) for key in ours):
            raise _inconsistent(transaction, signed, SigningKeyReplaced())
        signers = {one.key for one in open_note(signed.note, ours).verified}
    except NoteError as error:
        raise _inconsistent(transaction, signed, LogInconsistent()) from error
    if checkpoint.size != signed.size:
        raise _inconsistent(transaction, signed, LogInconsistent())
    (*_, signer) = (key for public, key in ours.items() if public in signers)
    return Tip(checkpoint=checkpoint, note=signed.note, signer=signer)


def read_unsigned(transaction: Transaction) -> Checkpoint | None:
    """Return what the newest checkpoint says, with nothing of it verified; None where there is none to be read.

    Raises CheckpointBeyondTree: whatever is signed next, that one would still be the newest.
    """
    signed = tree.last_checkpoint(transaction)
    if signed is None:
        return None
    if signed.size > tree.leaf_count(transaction):
        raise CheckpointBeyondTree(transaction.tenant, signed.size)
    try:
        return parse_checkpoint(parse_note(signed.note).text)
    except NoteError:
        return None


def require_stored(transaction: Transaction, tip: Tip) -> None:
    """Raise LogInconsistent unless what is stored still gives the root that was signed."""
    try:
        stored = subtrees.root(tip.size, StoredTree(transaction))
    except ProofError as error:
        raise LogInconsistent from error
    if stored != tip.checkpoint.root:
        raise LogInconsistent


def verifier(origin: str, key: PrivateKey) -> VerifierKey:
    """Return the public key under which a log of this origin is signed."""
    return SigningKey(name=origin, private_key=key).verifier(SignatureType.ED25519)


def _inconsistent(transaction: Transaction, signed: tree.SignedTree, known: LogInconsistent) -> LogInconsistent:
    """Return what to say of a newest checkpoint that is not in order: that it is beyond the tree, or what is known."""
    if signed.size > tree.leaf_count(transaction):
        return CheckpointBeyondTree(transaction.tenant, signed.size)
    return known
