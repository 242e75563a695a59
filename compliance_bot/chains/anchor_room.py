"""The anchor of a home, for one principal: where it is, and how somebody accepts that it is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.anchor.faults import AnchorAltered, AnchorForeign, AnchorLost
from compliance_bot.chains.case import Case
from compliance_bot.chains.catch_up import do_missing
from compliance_bot.chains.reason import reason_of
from compliance_bot.errors import UsageError
from compliance_bot.store.documents import lock_writers

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from compliance_bot.anchor.standing import Anchor
    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorState:
    """An anchor whose every line is right."""

    path: Path
    first: int | None  # number of its first line; another than 1 where an anchor before it was lost
    last: int
    written_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossAccepted:
    """What became of an anchor that was lost."""

    path: Path
    record: RecordId
    lost: str  # what was wrong with it
    applied: int  # lines that were left, and were done again


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRoom:
    """The anchor, for one principal."""

    act: Act
    anchor: Anchor
    keyring: Keyring

    def show(self) -> AnchorState:
        """Return where it is and how far it goes; every line is checked. Raises Refused, and what the anchor raises."""
        with self.act.closing("anchor.show") as case:
            self.act.admit(case, "administer")
            lines = tuple(self.anchor.file.lines())
            case.outcome = "done"
        return AnchorState(
            path=self.anchor.file.path,
            first=lines[0].number if lines else None,
            last=lines[-1].number if lines else 0,
            written_at=lines[-1].at if lines else None,
        )

    def accept_loss(self, *, reason: str) -> LossAccepted:
        """Begin another anchor where this database stands; where lines are left that it lacks, do these and keep it.

        The file is set aside, not removed. Raises Refused, and UsageError where nothing is lost.
        """
        said = reason_of(reason)
        case = Case(type="anchor.loss_accepted")

        def do(recorder: Recorder) -> LossAccepted:
            self.act.admit(case, "administer")
            case.private["reason"] = said
            lock_writers(recorder.transaction)
            lost = self._fault(recorder.transaction)
            case.public["lost"] = lost
            left = self.anchor.left(recorder.transaction)
            if left:
                case.public |= do_missing(recorder, left, self.anchor, self.keyring, record=case.id)
            else:
                self.anchor.begin_anew(recorder.transaction, record=case.id, at=case.at)
            return LossAccepted(path=self.anchor.file.path, record=case.id, lost=lost, applied=len(left))

        return self.act.recorded(case, do)

    def _fault(self, transaction: Transaction) -> str:
        """Return what is wrong with the anchor. Raises UsageError where nothing is, or where it may be put right."""
        try:
            self.anchor.missing(transaction)
        except (AnchorLost, AnchorForeign, AnchorAltered) as fault:
            return type(fault).__name__
        raise UsageError("the anchor has everything that this database has: nothing is lost")
