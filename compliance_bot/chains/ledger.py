"""The quality ledger: recall and precision of redaction on a home's own documents, their history, and what got worse.

All of it is sums over what the reader may read: what was confirmed, measured or found elsewhere is in no figure, and a
run that looked only elsewhere is not there. Runs are compared on the same stretches with the same labels alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.policy.permitted import permitted_each
from compliance_bot.redaction.quality import changes, figures
from compliance_bot.store import measures, quality
from compliance_bot.store.scope import class_attributes, narrowed

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.chains.act import Act
    from compliance_bot.chains.case import Case
    from compliance_bot.records import RecordId, Scope
    from compliance_bot.redaction.quality import Change, Figures
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.measures import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What changed since the last run by another detector or profile, on the `stretches` that both looked at."""

    since: RecordId
    at: datetime
    detector: str
    profiles: tuple[str, ...]
    stretches: int
    changes: tuple[Change, ...]

    @property
    def worse(self) -> tuple[Change, ...]:
        """What fell by more than chance explains."""
        return tuple(one for one in self.changes if one.is_worse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The ledger as far as its reader may read.

    `history` has every run, the newest first; `figures` and `drift` are of the newest. `unlabelled` are types that
    stand in documents and in no stretch that it looked at: nothing is known of them.
    """

    confirmed: int  # stretches
    figures: tuple[Figures, ...]
    unlabelled: tuple[str, ...]
    drift: Drift | None
    history: tuple[Run, ...]

    @property
    def unmeasured(self) -> int:
        """How many confirmed stretches the newest run did not look at."""
        return self.confirmed - (self.history[0].reviews if self.history else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The ledger, for one reader."""

    act: Act

    def show(self) -> Quality:
        """Return the ledger. Raises what the database does."""
        with self.act.closing("privacy.quality") as case, self.act.database.reading() as snapshot:
            scope = self._readable(snapshot, case)
            runs = measures.history(snapshot, scope)
            newest = measures.counted(snapshot, scope, runs[0].record) if runs else ()
            shown = figures((one.language, one.types) for one in newest)
            labelled = {one.type for one in shown if one.counts.gold}
            standing = {type_ for _, type_ in quality.standing_types(snapshot, scope)}
            ledger = Quality(
                confirmed=len(quality.reviews(snapshot, scope)),
                figures=shown,
                unlabelled=tuple(sorted(standing - labelled)),
                drift=_drift(snapshot, scope, runs) if runs else None,
                history=runs,
            )
            case.outcome = "done"
            case.public["quality"] = {"runs": len(runs), "confirmed": ledger.confirmed}
        return ledger

    def _readable(self, snapshot: Transaction, case: Case) -> Scope:
        """Return what may be read, each class of it decided by the policies once more."""
        now = self.act.circumstances()
        scope = self.act.enter(snapshot, case, now)
        among = class_attributes(snapshot, scope.classes)
        permitted = permitted_each(self.act.engine, case.principal, "read", list(among.values()), now)
        return narrowed(scope, [class_id for class_id, may in zip(among, permitted, strict=True) if may])


def _drift(snapshot: Transaction, scope: Scope, runs: tuple[Run, ...]) -> Drift | None:
    """Return what changed from the last run that differs in its way of looking; None where there is none."""
    newest = runs[0].record
    before = measures.run_before(snapshot, scope, newest)
    if before is None:
        return None
    (run,) = (one for one in runs if one.record == before)
    common = measures.comparable(snapshot, scope, newest, before)
    was, is_ = (
        [one.types for one in measures.counted(snapshot, scope, record) if one.review in common]
        for record in (before, newest)
    )
    return Drift(
        since=before,
        at=run.at,
        detector=run.detector,
        profiles=run.profiles,
        stretches=len(common),
        changes=changes(was, is_),
    )
