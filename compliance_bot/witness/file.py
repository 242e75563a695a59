"""A witness that is a file: every checkpoint that it was shown, a line each, none before it follows from the last.

It is worth what its place is worth: on a disk of the operator's own it shows an old copy that was put back; where the
operator can add but not change, it is a witness. What a line says is `audit.kept`; how it is written so that a crash
cannot break the file is `append_only`. One file is of one log.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from compliance_bot import append_only
from compliance_bot.audit.checkpoint import Checkpoint, parse_checkpoint
from compliance_bot.audit.kept import format_kept, parse_kept
from compliance_bot.audit.merkle import EMPTY_ROOT, ProofError, check_consistency
from compliance_bot.audit.note import parse_note
from compliance_bot.audit.note_key import NoteError
from compliance_bot.witness.evidence import Filed
from compliance_bot.witness.faults import (
    WitnessAhead,
    WitnessDisputes,
    WitnessFileAltered,
    WitnessFileUnusable,
    WitnessForked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.audit.kept import Kept
    from compliance_bot.witness.evidence import Prove


class CheckpointFile:
    """The checkpoints of one log, in a file that need not be there yet. Safe to share between processes."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock

    def append(self, note: bytes, prove: Prove) -> int:
        """Write a checkpoint durably unless it is the last one already, and return when it was seen.

        Raises WitnessDisputes, ProofError and whatever `prove` raises, and the file is as before; NoteError for what
        is no checkpoint; WitnessFileUnusable.
        """
        shown = parse_checkpoint(parse_note(note).text)
        with self._writing() as file:
            line = append_only.last_line(file)
            last = None if line is None else self._parse(line).checkpoint
            require_follows(last, shown, prove)
            at = int(self._clock())
            if last is None or last.size != shown.size:
                append_only.append_line(file, format_kept(at, note), self.path.parent)
        return at

    def last(self) -> Kept | None:
        """Return the last checkpoint; reads the end of the file alone. Raises as `checkpoints` does."""
        with self._reading() as file:
            line = None if file is None else append_only.last_line(file)
        return None if line is None else self._parse(line)

    def checkpoints(self) -> Iterator[Kept]:
        """Yield all checkpoints in order, none of them verified. Raises WitnessFileAltered, WitnessFileUnusable."""
        with self._reading() as file:
            if file is not None:
                for number, line in enumerate(append_only.whole_lines(file), start=1):
                    yield self._parse(line, number)

    def _parse(self, line: bytes, number: int | None = None) -> Kept:
        try:
            return parse_kept(line)
        except NoteError as error:
            raise WitnessFileAltered(self.path, number) from error

    @contextmanager
    def _reading(self) -> Iterator[int | None]:
        try:
            with append_only.reading(self.path) as file:
                yield file
        except OSError as error:
            raise WitnessFileUnusable(self.path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[int]:
        try:
            with append_only.writing(self.path) as file:
                yield file
        except OSError as error:
            raise WitnessFileUnusable(self.path, error) from error


class FileWitness:
    """A file as one of the log's witnesses."""

    def __init__(self, name: str, file: CheckpointFile) -> None:
        self.name, self._file = name, file

    def witness(self, note: bytes, prove: Prove) -> Filed:
        """Write the checkpoint into the file. Raises WitnessDisputes and WitnessUnavailable."""
        try:
            return Filed(path=self._file.path, at=self._file.append(note, prove))
        except ProofError as error:
            raise WitnessDisputes(f"the file's last checkpoint is no beginning of this one: {error}") from error


def require_follows(last: Checkpoint | None, shown: Checkpoint, prove: Prove) -> None:
    """Raise unless a checkpoint is of the tree of the last one, or of what it grew to.

    Raises WitnessDisputes for another log, a smaller tree, and another root at the same size; ProofError for a proof
    that does not show it. A log that was never seen begins with no leaves, as in C2SP tlog-witness.
    """
    last = last or Checkpoint(origin=shown.origin, size=0, root=EMPTY_ROOT)
    if last.origin != shown.origin:
        raise WitnessDisputes("the witness remembers another log there: each log needs a place of its own")
    if shown.size < last.size:
        raise WitnessAhead(seen=last.size, shown=shown.size)
    proof = prove(last.size)
    if shown.size == last.size and shown.root != last.root:
        raise WitnessForked(shown.size)
    check_consistency(last.size, shown.size, proof, last.root, shown.root)
