"""What can go wrong between a log and its witnesses. A witness that disputes a checkpoint is an alarm, not a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

HOW_TO = "docs/how-to/witness-the-log.md"
_ALARM = f"Keep this log and what the witness has, change neither, and tell the auditor: {HOW_TO}."


class WitnessUnavailable(Unavailable):
    """The witness cannot be asked at the moment."""

    hint = "The record stands; this checkpoint has one witness less. It is asked again with the next one."


class WitnessFileUnusable(WitnessUnavailable):
    hint = "Mount the disk that it lies on, make room, or give it back to the account that runs this, mode 600."

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"the witness's file {path} cannot be used: {error.strerror}")


class WitnessRefuses(ComplianceError):
    """The witness was asked and does not cosign for this log."""

    hint = f"Give the witness's operator the log's key, and compare both sides' settings: {HOW_TO}."


class WitnessUnbelievable(ComplianceError):
    """The witness's answer is not one that counts."""

    hint = f"Nothing of it was kept. Compare its key and address with what its operator tells: {HOW_TO}."


class WitnessDisputes(ComplianceError):
    """The witness remembers another history of this log."""

    hint = _ALARM


class WitnessAhead(WitnessDisputes):
    """A smaller tree was shown to a witness that has seen a larger one."""

    def __init__(self, *, seen: int, shown: int) -> None:
        self.seen = seen
        super().__init__(
            f"the witness has seen {seen} leaves and was shown {shown}: this log was put back, or somebody else signs "
            "in its name"
        )


class WitnessForked(WitnessDisputes):
    def __init__(self, size: int) -> None:
        super().__init__(f"the witness has another root for the same {size} leaves: one of the two trees was changed")


class WitnessFileAltered(WitnessDisputes):
    def __init__(self, path: Path, line: int | None) -> None:
        which = f"line {line}" if line else "the last line"
        super().__init__(f"{which} of the witness's file {path} is not one that was written there")


class QuorumMissed(Unavailable):
    """Fewer witnesses than the policy asks for have seen the checkpoint."""

    hint = f"See what each witness says, and mend what keeps it away: {HOW_TO}."

    def __init__(self, *, wanted: int, got: int, missing: tuple[str, ...]) -> None:
        required = f"; required and missing: {', '.join(missing)}" if missing else ""
        super().__init__(f"{wanted} witnesses were expected to have seen the checkpoint, and {got} have{required}")
