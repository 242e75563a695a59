"""The proof that one record stands in the tree that was last signed, from what is stored now.

What is stored is not believed: the proof is checked against the signed root before it is returned, as whoever gets it
will check it. Six round trips with those of the snapshot, whatever the size of the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit import subtrees
from compliance_bot.audit.merkle import ProofError, check_inclusion
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.audit.tip import LogInconsistent, read_tip
from compliance_bot.store import tree

if TYPE_CHECKING:
    from compliance_bot.keys.signing import SigningKeys
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Where a record stands, the hashes that lead from it to the root, and the checkpoint that signs the root."""

    index: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: bytes  # the note, as it was signed


def prove_record(transaction: Transaction, record: RecordId, keys: SigningKeys) -> Inclusion | None:
    """Return the proof for a record; None where no tree has it. Raises SigningKeyMissing, LogInconsistent."""
    leaf, tip = tree.leaf_of(transaction, record), read_tip(transaction, keys)
    if leaf is None or tip is None:
        return None
    try:
        hashes = subtrees.prove_inclusion(leaf.index, tip.size, StoredTree(transaction))
        check_inclusion(leaf.hash, leaf.index, tip.size, hashes, tip.checkpoint.root)
    except ProofError as error:
        raise LogInconsistent from error
    return Inclusion(index=leaf.index, leaf_hash=leaf.hash, hashes=hashes, checkpoint=tip.note)
