"""What the log writes of itself: that it began, that its key changed, that it is alive (decision 16)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.findings import Kind
from compliance_bot.audit.verify.trust import KEY_CHANGED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.audit.canonical import Json
    from compliance_bot.audit.source import Extent
    from compliance_bot.audit.verify.findings import Findings
    from compliance_bot.audit.verify.lanes import Lanes
    from compliance_bot.audit.verify.records import Fact
    from compliance_bot.audit.verify.times import Times

BEGAN, HEARTBEAT = "log.began", "log.heartbeat"
_NOT_OURS = "the record tells of the beginning of a log, and it is not this one's"
_LEAF = re.compile(r"[0-9a-f]{64}")


class OwnRecords:
    """The log's own records so far."""

    def __init__(
        self,
        findings: Findings,
        lanes: Lanes,
        times: Times,
        *,
        origin: str,
        changes: frozenset[int],
        extent: Extent,
    ) -> None:
        self._findings, self._lanes, self._times = findings, lanes, times
        self._origin, self._changes, self._extent = origin, changes, extent
        self._tenant: int | None = None
        self._has_begun = False
        self._other: Fact | None = None  # the beginning of a log that this one goes on from
        self.carried_over = 0

    def add(self, fact: Fact) -> None:
        """Look at a record; most are none of the log's own."""
        self._tenant = fact.tenant if self._tenant is None else self._tenant
        if fact.tenant != self._tenant:
            self._wrong(Kind.IDENTITY, "the record is of another tenant than those before it", fact)
        if fact.public is None:
            return
        if fact.type == BEGAN:
            self._check_beginning(fact, fact.public.get("origin"), fact.public.get("carried_over"))
        elif fact.type == KEY_CHANGED and self._is_own_key(fact.public) and fact.place not in self._changes:
            self._wrong(Kind.HANDOVER, "the record tells of a new key, and no handover for it is there", fact)
        elif fact.type == HEARTBEAT:
            self._hear(fact, fact.public.get("next_within_s"), fact.public.get("lanes"))

    def finish(self, *, is_all: bool) -> None:
        """Note that the log never began, although all of it was shown and one of another name did."""
        if is_all and self._other is not None and not self._has_begun:
            self._wrong(Kind.IDENTITY, _NOT_OURS, self._other)

    def _check_beginning(self, fact: Fact, origin: Json, carried_over: Json) -> None:
        """Look at a beginning: this log's, once, or before it those of logs that it goes on from.

        What those took in may have come with an export of a tenant, whose records have other places, and older times.
        """
        if self._has_begun or (
            origin == self._origin and (type(carried_over) is not int or carried_over != fact.place)
        ):
            self._wrong(Kind.IDENTITY, _NOT_OURS, fact)
        elif origin == self._origin:
            self._has_begun, self.carried_over = True, fact.place
            self._times.begin()
        else:
            self._other = fact

    def _is_own_key(self, public: Mapping[str, Json]) -> bool:
        return str(public.get("key")).startswith(f"{self._origin}+")

    def _hear(self, fact: Fact, next_within_s: Json, lanes: Json) -> None:
        leaves = _leaves(lanes)
        if leaves is None or type(next_within_s) is not int or next_within_s < 0:
            self._wrong(Kind.ENVELOPE, "the heartbeat does not announce what one announces", fact)
            return
        self._lanes.announce(fact, leaves)
        if self._extent.is_whole:  # where records are left out, a silence tells nothing
            self._times.announce(next_within_s)

    def _wrong(self, kind: Kind, message: str, fact: Fact) -> None:
        self._findings.add(kind, message, index=fact.place, record=fact.id)


def _leaves(lanes: Json) -> list[bytes] | None:
    """Return the leaves that a heartbeat tells of; None where it is not well formed. A lane may be empty yet."""
    if not isinstance(lanes, list):
        return None
    leaves = []
    for lane in lanes:
        previous = lane.get("previous") if isinstance(lane, dict) else None
        if not isinstance(previous, str) or (previous and not _LEAF.fullmatch(previous)):
            return None
        if previous:
            leaves.append(bytes.fromhex(previous))
    return leaves
