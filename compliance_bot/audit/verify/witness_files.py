"""Compare files of checkpoints, which witnesses kept, with a tree: the log signed each, and each is what the tree was.

A file is read once for the sizes at which the tree's root is needed, and a second time to compare: it may have a line
for each minute of years. What was added to it in between is not looked at.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from compliance_bot.audit.kept import parse_kept
from compliance_bot.audit.note import MAX_NOTE_BYTES
from compliance_bot.audit.note_key import NoteError
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from compliance_bot.audit.checkpoint import Checkpoint
    from compliance_bot.audit.kept import Kept
    from compliance_bot.audit.verify.findings import Findings
    from compliance_bot.audit.verify.trust import Trust

_MAX_LINE_BYTES = 4 * MAX_NOTE_BYTES  # JSON takes three bytes for one at most


class NotAWitnessFile(UsageError):
    hint = "Give the file that the witness keeps: a line of JSON for each checkpoint that it was shown."

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


class Difference(enum.Enum):
    """In what a checkpoint and the tree differ."""

    MALFORMED = "it is none that a witness writes"
    OTHER_LOG = "it is of another log"
    NOT_SIGNED = "no key of this log signed it"
    KEY_UNKNOWN = "it was signed before the log's key changed: bring the keys from before too"
    GOES_BACK = "it is smaller than the one before"
    TREE_IS_SMALLER = "the tree has fewer leaves: it was cut off or put back"
    OTHER_ROOT = "the tree had another root at this size: it was rewritten"


_KINDS = {
    Difference.KEY_UNKNOWN: Kind.NO_KEY,
    Difference.TREE_IS_SMALLER: Kind.TRUNCATED,
    Difference.OTHER_ROOT: Kind.REWRITTEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFile:
    """The lines that a file had when it was opened."""

    path: Path
    lines: int
    sizes: frozenset[int]  # of all checkpoints in it

    def kept(self) -> Iterator[Kept | None]:
        """Yield the checkpoint of each line, in the order of the file, not verified; None for a line that has none."""
        return islice(_kept(self.path), self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How much of a file the tree bears out."""

    file: str
    checkpoints: int
    size: int  # of the largest of them


def open_witness_file(path: Path) -> WitnessFile:
    """Return a file of checkpoints. Raises NotAWitnessFile where it cannot be read or has none."""
    lines, sizes = 0, set[int]()
    try:
        for kept in _kept(path):
            lines += 1
            if kept is not None:
                sizes.add(kept.checkpoint.size)
    except OSError as error:
        raise NotAWitnessFile(path, error.strerror or "it cannot be read") from error
    if not sizes:
        raise NotAWitnessFile(path, "there is no checkpoint in it")
    return WitnessFile(path=path, lines=lines, sizes=frozenset(sizes))


def compare(
    file: WitnessFile, tree: Checkpoint, trust: Trust, roots: Mapping[int, bytes], findings: Findings
) -> Compared:
    """Note every checkpoint that the tree does not bear out. One check of a signature for each checkpoint.

    `roots` has the tree's root at each size that the file tells, up to its own.
    """
    before = count = largest = 0
    for number, kept in enumerate(file.kept(), start=1):
        difference = _unbelievable(kept, tree, trust)
        if kept is not None and difference is None:
            difference = _difference(kept.checkpoint, tree, roots, before)
            before = max(before, kept.checkpoint.size)
        if difference is None:
            count, largest = count + 1, before
        else:
            message = f"checkpoint {number} in {file.path.name} and the log differ: {difference.value}"
            findings.add(_KINDS.get(difference, Kind.WITNESS_FILE), message)
    return Compared(file=file.path.name, checkpoints=count, size=largest)


def _unbelievable(kept: Kept | None, tree: Checkpoint, trust: Trust) -> Difference | None:
    """Return why a checkpoint says nothing of this log; None where the log said it."""
    if kept is None:
        return Difference.MALFORMED
    told = kept.checkpoint
    if told.origin != tree.origin:
        return Difference.OTHER_LOG
    try:
        trust.opened(kept.note, told.size)
    except NoteError:
        return Difference.KEY_UNKNOWN if told.size < trust.known_from else Difference.NOT_SIGNED
    return None


def _difference(told: Checkpoint, tree: Checkpoint, roots: Mapping[int, bytes], before: int) -> Difference | None:
    if told.size < before:
        return Difference.GOES_BACK
    if told.size > tree.size:
        return Difference.TREE_IS_SMALLER
    return None if roots.get(told.size) == told.root else Difference.OTHER_ROOT


def _kept(path: Path) -> Iterator[Kept | None]:
    """Yield the checkpoint of each whole line; what a crash left of the last one is passed over."""
    with path.open("rb") as file:
        while line := file.readline(_MAX_LINE_BYTES):
            if not line.endswith(b"\n") and len(line) < _MAX_LINE_BYTES:
                return
            try:
                yield parse_kept(line)
            except NoteError:
                yield None
