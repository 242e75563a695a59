"""How many witnesses have to have seen a checkpoint, and asking them all. Who they are is `policy`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError
from compliance_bot.witness.faults import QuorumMissed, WitnessDisputes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.witness.evidence import Evidence, Prove, Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """The witnesses of a log, how many are enough, and which of them have to be among those."""

    witnesses: tuple[Witness, ...]
    enough: int
    required: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A witness has seen the checkpoint."""

    witness: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """A witness gave nothing that counts."""

    witness: str
    reason: ComplianceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What all witnesses said of one checkpoint, in the order of the policy."""

    seen: tuple[Seen, ...]
    not_seen: tuple[NotSeen, ...]
    enough: int
    required: frozenset[str]

    @property
    def disputes(self) -> tuple[NotSeen, ...]:
        """Who remembers another history. Any of them is an alarm, whatever the others say."""
        return tuple(one for one in self.not_seen if isinstance(one.reason, WitnessDisputes))

    @property
    def missing(self) -> tuple[str, ...]:
        """Who is required and has not seen it, sorted."""
        return tuple(sorted(self.required - {one.witness for one in self.seen}))

    @property
    def is_enough(self) -> bool:
        """Whether the policy is met."""
        return len(self.seen) >= self.enough and not self.missing

    def require_enough(self) -> None:
        """Raise the first dispute, and QuorumMissed where the policy is not met."""
        if self.disputes:
            raise self.disputes[0].reason
        if not self.is_enough:
            raise QuorumMissed(wanted=self.enough, got=len(self.seen), missing=self.missing)


def attest(quorum: Quorum, note: bytes, prove: Prove) -> Attested:
    """Show a checkpoint to all witnesses at once and return what each said: as long as the slowest may take.

    `prove` is called by one of them at a time. Raises nothing that a witness does: what to do without one, or when one
    disputes, is for the caller to decide.
    """
    turn = threading.Lock()

    def prove_in_turn(old_size: int) -> Sequence[bytes]:
        with turn:
            return prove(old_size)

    def ask(witness: Witness) -> Seen | NotSeen:
        try:
            return Seen(witness=witness.name, evidence=witness.witness(note, prove_in_turn))
        except ComplianceError as error:
            return NotSeen(witness=witness.name, reason=error)

    with ThreadPoolExecutor(max_workers=max(1, len(quorum.witnesses)), thread_name_prefix="witness") as pool:
        outcomes = tuple(pool.map(ask, quorum.witnesses))
    return Attested(
        seen=tuple(one for one in outcomes if isinstance(one, Seen)),
        not_seen=tuple(one for one in outcomes if isinstance(one, NotSeen)),
        enough=quorum.enough,
        required=quorum.required,
    )
