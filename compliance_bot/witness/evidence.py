"""What a witness is asked and what it gives: the one interface that the log needs to know. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from compliance_bot.audit.note import Signature
    from compliance_bot.audit.note_key import VerifierKey

Prove = Callable[[int], Sequence[bytes]]
"""From a size that the witness knows to the consistency proof up to the checkpoint that it is shown.

Never asked for a larger size than the checkpoint's. It may raise: the witness is then left as it was.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A signature by the witness's own key, verified, to be added to the note."""

    signature: Signature
    key: VerifierKey
    at: int  # seconds since 1970, by the witness's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The note is in a file, durably."""

    path: Path
    at: int  # seconds since 1970, by this machine's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamped:
    """The answer of a time stamping authority, verified: what an auditor needs besides its root certificate."""

    response: bytes  # DER, as it came
    at: datetime  # by the authority's clock


Evidence = Cosigned | Filed | Timestamped


class Witness(Protocol):
    """Somebody who remembers checkpoints."""

    @property
    def name(self) -> str:
        """Return the name that the operator gave it."""

    def witness(self, note: bytes, prove: Prove) -> Evidence:
        """Show a signed checkpoint. It returns once the evidence is durable where it is kept, within bounds of time.

        Raises WitnessUnavailable, WitnessRefuses, WitnessUnbelievable, and WitnessDisputes, which is the alarm.
        """
