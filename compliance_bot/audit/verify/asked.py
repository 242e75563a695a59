"""By what a log is checked: all that is believed comes from whoever asks, and from nowhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.times import LONGEST_ACT_S

if TYPE_CHECKING:
    from compliance_bot.audit.note_key import VerifierKey
    from compliance_bot.audit.verify.timestamps import OpenTimestamp
    from compliance_bot.audit.verify.witness_files import WitnessFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an auditor brings, and how strictly they look."""

    keys: tuple[VerifierKey, ...] = ()  # of the log
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0  # how many of the witnesses
    old_checkpoint: bytes | None = None  # the note that the auditor kept
    witness_files: tuple[WitnessFile, ...] = ()
    opens_timestamp: OpenTimestamp | None = None  # by authorities that the auditor trusts
    opens_content: bool = True
    longest_act_s: int = LONGEST_ACT_S  # by which a record may come late
    longest_silence_s: int | None = None  # None: silences that nobody announced are told, and no fault
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
