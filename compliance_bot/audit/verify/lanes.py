"""The lanes of a log: whether each record follows the one that its writer wrote before. Fed in any order.

What a record names as the one before has to be in the tree: the one with the counter before where that is shown, and
otherwise one that is not shown. So a record that was deleted before a tree held it is missed also where only some
records are shown. The last of a lane is missed only where a heartbeat tells of it.
In memory: for each lane what stands at its open ends, and for each record whose forerunner is not shown, one hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compliance_bot.audit.verify.findings import Findings
    from compliance_bot.audit.verify.records import Fact


@dataclass(slots=True)
class _Lane:
    tails: dict[int, bytes] = field(default_factory=dict)  # leaf of each record that none follows yet, by counter
    waiting: dict[int, Fact] = field(default_factory=dict)  # each record whose forerunner was not seen yet, by counter
    has_begun: bool = False


class Lanes:
    """The lanes so far."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._lanes: dict[str, _Lane] = {}
        self._announced: dict[bytes, Fact] = {}

    def add(self, fact: Fact) -> None:
        """Put a record into its lane."""
        lane = self._lanes.setdefault(fact.writer, _Lane())
        if fact.counter == 0:
            self._begin(lane, fact)
        elif (forerunner := lane.tails.pop(fact.counter - 1, None)) is not None:
            self._require_follows(fact, forerunner)
        elif fact.counter in lane.waiting:
            self._fork(fact)
        else:
            lane.waiting[fact.counter] = fact
        follower = lane.waiting.pop(fact.counter + 1, None)
        if follower is not None:
            self._require_follows(follower, fact.leaf)
        else:
            lane.tails[fact.counter] = fact.leaf

    def announce(self, fact: Fact, leaves: Iterable[bytes]) -> None:
        """Remember the leaves that a heartbeat tells of as the last of their lanes."""
        for leaf in leaves:
            self._announced.setdefault(leaf, fact)

    def finish(self, leaves: Iterable[bytes], shown: Shown) -> None:
        """Look for what was named and not seen among all leaves of the tree."""
        wanted: dict[bytes, Fact] = {}
        for lane in self._lanes.values():
            for fact in lane.waiting.values():
                if fact.previous in wanted:
                    self._fork(fact)
                wanted.setdefault(fact.previous, fact)
        announced = dict(self._announced)
        if wanted or announced:
            for index, leaf in enumerate(leaves):
                announced.pop(leaf, None)
                if leaf in wanted and shown.has(index):
                    self._fork(wanted[leaf])
                wanted.pop(leaf, None)
        for fact in wanted.values():
            self._gap(fact)
        for fact in announced.values():
            message = "a heartbeat tells of a record as the last of its lane, and that record is not in the log"
            self._findings.add(Kind.ANNOUNCED, message, index=fact.place, record=fact.id)

    def _begin(self, lane: _Lane, fact: Fact) -> None:
        if lane.has_begun:
            self._fork(fact)
        elif fact.previous:
            self._gap(fact)
        lane.has_begun = True

    def _require_follows(self, fact: Fact, forerunner: bytes) -> None:
        if fact.previous != forerunner:
            message = "the record before this one in its lane is another than the one it names"
            self._findings.add(Kind.LANE_FORK, message, index=fact.place, record=fact.id)

    def _gap(self, fact: Fact) -> None:
        message = "the record before this one in its lane is not in the log: it was deleted"
        self._findings.add(Kind.LANE_GAP, message, index=fact.place, record=fact.id)

    def _fork(self, fact: Fact) -> None:
        message = "another record has the same place in this lane, or follows the same record"
        self._findings.add(Kind.LANE_FORK, message, index=fact.place, record=fact.id)


class Shown:
    """Of which leaves a record was shown: a bit for each leaf of the range."""

    def __init__(self, first: int, end: int) -> None:
        self._first = first
        self._bits = bytearray((end - first) // 8 + 1)

    def mark(self, index: int) -> None:
        """Remember that the record of this leaf was shown."""
        place = index - self._first
        self._bits[place >> 3] |= 1 << (place & 7)

    def has(self, index: int) -> bool:
        """Return whether the record of this leaf was shown."""
        place = index - self._first
        return 0 <= place < len(self._bits) * 8 and bool(self._bits[place >> 3] & 1 << (place & 7))
