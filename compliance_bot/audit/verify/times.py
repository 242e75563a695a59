"""The times that records tell of, in the order in which the log took them. Fed in the order of the tree.

A record tells when its act began, and acts take their time: one may come into the log behind others that began later.
So one is back-dated only where it is older by more than an act may last. What the log writes of itself has no such
delay: there a smaller difference shows that the clock went back.
All of it is the word of one machine's clock. Only a witness's time is somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.findings import Kind

if TYPE_CHECKING:
    from compliance_bot.audit.verify.findings import Findings
    from compliance_bot.audit.verify.records import Fact

LONGEST_ACT_S = 24 * 3600  # a long ingest run, with room
CLOCK_STEP_S = 300  # what keeping a clock right may set it back by, with room
_SLACK_S = 60  # a heartbeat may come this much later than it was announced
OWN_RECORDS = "log."  # what the types of the log's own records begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A time without records that a heartbeat had not announced."""

    index: int  # of the record that ended it
    since_ms: int
    until_ms: int
    announced_s: int

    @property
    def since(self) -> str:
        """When it began, as envelopes tell times."""
        return told(self.since_ms)

    @property
    def until(self) -> str:
        """When it ended, as envelopes tell times."""
        return told(self.until_ms)


class Times:
    """The times so far."""

    def __init__(self, findings: Findings, *, longest_act_s: int, longest_silence_s: int | None) -> None:
        self._findings = findings
        self._longest_act_ms = longest_act_s * 1000
        self._longest_silence_ms = None if longest_silence_s is None else longest_silence_s * 1000
        self._latest_ms: int | None = None
        self._own_ms: int | None = None
        self._next_within_s = 0  # as the last heartbeat announced; 0 announces nothing
        self.silences = 0
        self.first_silence: Silence | None = None

    def add(self, fact: Fact) -> None:
        """Compare a record with those before it."""
        latest = fact.at_ms if self._latest_ms is None else self._latest_ms
        if fact.at_ms < latest - self._longest_act_ms:
            message = f"the record tells of {told(fact.at_ms)}, and the log had one of {told(latest)} before it"
            self._findings.add(Kind.BACK_DATED, message, index=fact.place, record=fact.id)
        if fact.type.startswith(OWN_RECORDS):
            self._check_clock(fact)
        self._check_silence(fact, fact.at_ms - latest)
        self._latest_ms = max(latest, fact.at_ms)

    def begin(self) -> None:
        """Forget the records so far: the log carried them over, in the order in which it found them."""
        self._findings.drop(Kind.BACK_DATED, Kind.CLOCK, Kind.SILENCE)
        self._latest_ms = self._own_ms = self.first_silence = None
        self._next_within_s = self.silences = 0

    def announce(self, next_within_s: int) -> None:
        """Remember when a heartbeat says that something will be written again; 0 where the process ends."""
        self._next_within_s = next_within_s

    def check_witness(self, seen_at_s: int) -> None:
        """Note that a record is younger than the tree that a witness saw with it."""
        if self._latest_ms is not None and self._latest_ms > (seen_at_s + CLOCK_STEP_S) * 1000:
            message = f"a record tells of {told(self._latest_ms)}, and a witness saw it at {told(seen_at_s * 1000)}"
            self._findings.add(Kind.AFTER_WITNESS, message)

    def _check_clock(self, fact: Fact) -> None:
        if self._own_ms is not None and fact.at_ms < self._own_ms - CLOCK_STEP_S * 1000:
            message = f"the clock of the log went back from {told(self._own_ms)} to {told(fact.at_ms)}"
            self._findings.add(Kind.CLOCK, message, index=fact.place, record=fact.id)
        self._own_ms = fact.at_ms

    def _check_silence(self, fact: Fact, silence_ms: int) -> None:
        since_ms = fact.at_ms - silence_ms
        if self._next_within_s and silence_ms > (self._next_within_s + _SLACK_S) * 1000:
            self.silences += 1
            self.first_silence = self.first_silence or Silence(
                index=fact.place, since_ms=since_ms, until_ms=fact.at_ms, announced_s=self._next_within_s
            )
        if self._longest_silence_ms is not None and silence_ms > self._longest_silence_ms:
            message = f"nothing was recorded from {told(since_ms)} to {told(fact.at_ms)}"
            self._findings.add(Kind.SILENCE, message, index=fact.place, record=fact.id)


def told(time_ms: int) -> str:
    """Return a time as envelopes tell it; a number where it lies outside of what a calendar has."""
    try:
        moment = datetime.fromtimestamp(time_ms // 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms after 1970"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"
