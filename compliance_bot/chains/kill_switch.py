"""The kill switch: stop a model, a collection or everything, at once and for every process, and let it run again.

A stopped collection is in nobody's scope. A stopped model is not asked: quote mode answers instead, where the settings
say so. While everything is stopped nothing is asked, searched, ingested or opened; the log can still be reviewed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.record import describe
from compliance_bot.chains.case import Case, closing, identify_case
from compliance_bot.chains.rights import require_permission
from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.records import StopKind
from compliance_bot.store import stops as rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.log import AuditLog, Recorder
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import Principal, Stop
    from compliance_bot.store.connect import Database

_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitch:
    """The kill switch of a home, for one principal."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    identify: Callable[[], Principal]
    circumstances: Callable[[], Circumstances]

    def list(self) -> tuple[Stop, ...]:
        """Return what is stopped. Raises Refused."""
        with closing(self.log, "kill_switch.list", self.identify) as case:
            require_permission(self.engine, case.principal, "administer", self.circumstances(), case)
            with self.database.reading() as snapshot:
                found = rows.stops(snapshot)
            case.outcome = "done"
        return found

    def stop(self, kind: str, name: str, *, reason: str) -> bool:
        """Stop something and return whether it ran before. Raises Refused or a UsageError."""
        wanted, named = _named(kind, name)
        said = " ".join(reason.split())
        if not said or not said.isprintable() or len(said) > _LONGEST:
            raise UsageError(f"expected a reason: printable words, at most {_LONGEST} characters")

        def act(recorder: Recorder, case: Case) -> bool:
            case.private["reason"] = said
            by = recorder.actor(case.principal)
            return rows.add_stop(recorder.transaction, wanted, named, by=by, at=case.at)

        return self._recorded("kill_switch.stop", wanted, named, act)

    def lift(self, kind: str, name: str) -> bool:
        """Let something run again and return whether it was stopped. Raises Refused or a UsageError."""
        wanted, named = _named(kind, name)
        return self._recorded(
            "kill_switch.lift", wanted, named, lambda recorder, _: rows.lift_stop(recorder.transaction, wanted, named)
        )

    def _recorded(self, type_: str, kind: StopKind, name: str, act: Callable[[Recorder, Case], bool]) -> bool:
        """Do something and append its record, in one transaction; a refusal is recorded as well."""
        case, changed = Case(type=type_), False
        identify_case(case, self.identify, self.log)
        refusal: ComplianceError | None = None
        with self.log.recording() as recorder:
            try:
                require_permission(self.engine, case.principal, "administer", self.circumstances(), case)
                changed = act(recorder, case)
                case.outcome = "done"
            except ComplianceError as error:
                refusal, case.outcome, case.public["error"] = error, "refused", type(error).__name__
            case.public |= {"kind": kind.value, "changed": changed}
            case.private |= {"name": name, "principal": describe(case.principal)}
            recorder.append(case.event(), case.principal, id=case.id, at=case.at)
        if refusal is not None:
            raise refusal
        return changed


def _named(kind: str, name: str) -> tuple[StopKind, str]:
    """Return what is meant. Raises UsageError for another kind, or a name that is missing or too much."""
    try:
        wanted = StopKind(kind)
    except ValueError:
        raise UsageError(f"expected one of {', '.join(StopKind)}, found {kind!r}") from None
    if (wanted is StopKind.TENANT) == bool(name.strip()):
        raise UsageError("a model or a collection is stopped by its name, the tenant without one")
    return wanted, name.strip()
