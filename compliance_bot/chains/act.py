"""What every governed act begins with, and how one that changes something is kept together with its record.

The rules are taken once, when the act begins: all its decisions are made with the same ones.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from compliance_bot.anchor.faults import AnchorFault
from compliance_bot.audit.record import RecordTooLarge
from compliance_bot.chains.case import closing, errors_recorded
from compliance_bot.chains.rights import enter_scope, require_permission
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from compliance_bot.audit.log import AuditLog, Recorder
    from compliance_bot.chains.case import Case
    from compliance_bot.chains.rules import Rules
    from compliance_bot.policy.decide import CedarEngine, Circumstances, Resource
    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import Principal, Scope
    from compliance_bot.store.connect import Database, Transaction

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of one principal, in the database of a home and on record in its log."""

    database: Database
    log: AuditLog
    rules: Rules
    identify: Callable[[], Principal]
    circumstances: Callable[[], Circumstances]

    @property
    def engine(self) -> CedarEngine:
        """What decides."""
        return self.rules.engine

    @property
    def policies(self) -> Policies:
        """What it decides by."""
        return self.rules.policies

    def closing(self, kind: str) -> AbstractContextManager[Case]:
        """Return the case of an act that changes nothing: its block begins with who acts known, and is recorded."""
        return closing(self.log, kind, self.identify)

    def admit(
        self, case: Case, action: str, now: Circumstances | None = None, *, resource: Resource | None = None
    ) -> None:
        """Raise Refused unless the policies let the principal of a case do this, to the home where nothing is named."""
        require_permission(self.engine, case.principal, action, now or self.circumstances(), case, resource=resource)

    def enter(self, snapshot: Transaction, case: Case, now: Circumstances) -> Scope:
        """Return the scope of what the principal of a case may read, and open the snapshot to it."""
        return enter_scope(snapshot, self.engine, case.principal, now, case)

    @contextmanager
    def begun(self, case: Case) -> Iterator[None]:
        """Begin a case with who acts known; an error in the block is on record, and what goes well records itself."""
        with errors_recorded(case, self.log):
            case.principal = self.identify()
            yield

    def recorded(self, case: Case, do: Callable[[Recorder], Outcome]) -> Outcome:
        """Do something and append its record, in one transaction, and return what `do` returns.

        A refusal is recorded as well, and raised then: what `do` had done by then is undone. So is everything where the
        anchor cannot be written, or the record would be too large.
        """
        with self.begun(case):
            pass  # before a connection is taken: a token may need one of its own
        try:
            return self._together(case, do)
        except (AnchorFault, RecordTooLarge) as fault:
            with errors_recorded(case, self.log):
                raise fault from None

    def _together(self, case: Case, do: Callable[[Recorder], Outcome]) -> Outcome:
        """Return what `do` returns, once it is durable with its record."""
        refusal: ComplianceError | None = None
        with self.log.recording() as recorder:
            try:
                with recorder.transaction.savepoint():
                    outcome = do(recorder)
                case.outcome = "done"
            except ComplianceError as error:
                refusal = error
                case.end_with(error)
                recorder.anchor(None)
            recorder.append(case.event(), case.principal, id=case.id, at=case.at)
        if refusal is not None:
            raise refusal
        return outcome
