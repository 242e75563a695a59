"""What a check found: the first fault of each kind, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Verdict(StrEnum):
    """What comes of a check."""

    INTACT = "intact"
    TAMPERED = "tampered"
    INCOMPLETE = "incomplete"  # what was asked could not be checked


class Kind(StrEnum):
    """What is wrong."""

    FORM = "form"  # a file or a line that this program does not write
    FILE = "file"  # not the file that the manifest lists
    MANIFEST = "manifest"  # not what the log signed, or not what is there
    TABLE = "table"  # records.csv says something else than the records
    SIGNATURE = "signature"  # not signed by the log's key
    HANDOVER = "handover"  # a change of keys that the old key did not sign, or that is not in the log
    COSIGNATURE = "cosignature"  # a witness's signature is wrong
    TIMESTAMP = "timestamp"  # one that an authority did not make of this checkpoint
    TREE = "tree"  # the leaves have another root than the one signed
    TILE = "tile"  # a hash above the leaves is not theirs
    TRUNCATED = "truncated"  # the tree is smaller than it was
    REWRITTEN = "rewritten"  # the tree does not begin with what it was
    WITNESS_FILE = "witness_file"  # a checkpoint in a witness's file is not of this log and its keys
    LEAF = "leaf"  # a line is not of the leaf at its place in the tree
    ENVELOPE = "envelope"  # an envelope is not what its leaf is the hash of, or not of this form
    IDENTITY = "identity"  # id, tenant, time or origin do not belong together
    LANE_GAP = "lane_gap"  # a record names one before it that is not in the log
    LANE_FORK = "lane_fork"  # two records claim one place, or follow the same one
    ANNOUNCED = "announced"  # a heartbeat tells of a record that is not in the log
    BACK_DATED = "back_dated"  # a record is much older than those that the log had before it
    CLOCK = "clock"  # the clock of the log went back
    AFTER_WITNESS = "after_witness"  # a record is younger than the witness that saw it
    SILENCE = "silence"  # longer without a record than was asked for
    CONTENT = "content"  # a sealed half is not what its envelope tells of
    CONTENT_MISSING = "content_missing"  # and nobody declared it withheld
    SELECTION = "selection"  # what is there is not what was selected

    # Of a live log alone.
    UNPLACED = "unplaced"  # a record in the database that the log never took
    UNSEALED = "unsealed"  # a record waits for the tree, and nobody with the home's keys appended it
    UNRECORDED = "unrecorded"  # something was erased or corrected, and no record tells of it
    LOCK = "lock"  # what keeps the log append-only is off

    NO_KEY = "no_key"
    NOT_THERE = "not_there"  # a file that is needed
    QUORUM = "quorum"  # too few of the witnesses signed
    NO_TIMESTAMP = "no_timestamp"  # none of an authority that the auditor trusts
    OLD_CHECKPOINT = "old_checkpoint"  # the one given is not of this log and its keys
    NOT_SHOWN = "not_shown"  # the range or the selection does not let it check what was asked


_INCOMPLETE = frozenset(
    {Kind.NO_KEY, Kind.NOT_THERE, Kind.QUORUM, Kind.NO_TIMESTAMP, Kind.OLD_CHECKPOINT, Kind.NOT_SHOWN}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first of its kind."""

    kind: Kind
    message: str
    index: int | None = None  # of the leaf
    record: str | None = None
    count: int = 1


@dataclass(slots=True)
class Findings:
    """Faults by kind, as they are found."""

    _first: dict[Kind, Fault] = field(default_factory=dict)

    def add(self, kind: Kind, message: str, *, index: int | None = None, record: str | None = None) -> None:
        """Remember a fault."""
        self.merge([Fault(kind=kind, message=message, index=index, record=record)])

    def merge(self, faults: Iterable[Fault]) -> None:
        """Remember faults that were found elsewhere."""
        for fault in faults:
            known = self._first.get(fault.kind)
            if known is None:
                self._first[fault.kind] = fault
                continue
            first = min(known, fault, key=_place)
            self._first[fault.kind] = Fault(
                kind=first.kind,
                message=first.message,
                index=first.index,
                record=first.record,
                count=known.count + fault.count,
            )

    def drop(self, *kinds: Kind) -> None:
        """Forget what was found of these kinds."""
        for kind in kinds:
            self._first.pop(kind, None)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The first fault of each kind, in the order of the kinds."""
        return tuple(self._first[kind] for kind in Kind if kind in self._first)

    @property
    def by_kind(self) -> Mapping[Kind, Fault]:
        """The first fault of each kind."""
        return self._first

    @property
    def verdict(self) -> Verdict:
        """What comes of it. Whoever changed something cannot hide it by leaving out something else."""
        if self._first.keys() - _INCOMPLETE:
            return Verdict.TAMPERED
        return Verdict.INCOMPLETE if self._first else Verdict.INTACT


def _place(fault: Fault) -> int:
    return -1 if fault.index is None else fault.index
