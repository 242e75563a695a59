"""Compare a file of checkpoints with a tree: each was signed by the log, and is the tree as it was at that size."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.note import open_note
from compliance_bot.audit.note_key import NoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from compliance_bot.audit.checkpoint import Checkpoint
    from compliance_bot.audit.note_key import VerifierKey
    from compliance_bot.witness.file import Kept


class Difference(enum.Enum):
    """In what a checkpoint and the tree differ."""

    NOT_SIGNED = "no key of this log signed it"
    OTHER_LOG = "it is of another log"
    GOES_BACK = "it is smaller than the one before"
    TREE_IS_SMALLER = "the tree has fewer leaves: it was cut off or put back"
    OTHER_ROOT = "the tree had another root at this size: it was rewritten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A checkpoint in a witness's file that the tree does not bear out."""

    number: int  # in the file, from 1
    checkpoint: Checkpoint
    difference: Difference


def disagreements(
    kept: Iterable[Kept], tree: Checkpoint, keys: Collection[VerifierKey], root_at: Callable[[int], bytes]
) -> Iterator[Disagreement]:
    """Yield every checkpoint that the tree does not bear out, in the file's order; none where all is well.

    `root_at` gives the tree's root at a size up to its own; it is asked for sizes that never get smaller, so that one
    walk over the leaves serves all. `keys` are the log's own, former ones included.
    """
    before = 0
    for number, one in enumerate(kept, start=1):
        difference = _difference(one, tree, keys, root_at, before)
        if difference is not None:
            yield Disagreement(number=number, checkpoint=one.checkpoint, difference=difference)
        before = max(before, one.checkpoint.size)


def _difference(
    kept: Kept, tree: Checkpoint, keys: Collection[VerifierKey], root_at: Callable[[int], bytes], before: int
) -> Difference | None:
    try:
        open_note(kept.note, keys)
    except NoteError:
        return Difference.NOT_SIGNED
    if kept.checkpoint.origin != tree.origin:
        return Difference.OTHER_LOG
    if kept.checkpoint.size < before:
        return Difference.GOES_BACK
    if kept.checkpoint.size > tree.size:
        return Difference.TREE_IS_SMALLER
    return None if root_at(kept.checkpoint.size) == kept.checkpoint.root else Difference.OTHER_ROOT
