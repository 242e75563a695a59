"""The kill switch: stop a model, a collection or everything, at once and for every process, and let it run again.

A stopped collection is in nobody's scope. A stopped model is not asked: quote mode answers instead, where the settings
say so. While everything is stopped nothing is asked, searched, ingested or opened; the log can still be reviewed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Lifted, Stopped
from compliance_bot.chains.case import Case
from compliance_bot.chains.reason import reason_of
from compliance_bot.errors import UsageError
from compliance_bot.records import StopKind
from compliance_bot.store import stops as rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.records import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitch:
    """The kill switch of a home, for one principal."""

    act: Act

    def list(self) -> tuple[Stop, ...]:
        """Return what is stopped. Raises Refused."""
        with self.act.closing("kill_switch.list") as case:
            self.act.admit(case, "administer")
            with self.act.database.reading() as snapshot:
                found = rows.stops(snapshot)
            case.outcome = "done"
        return found

    def stop(self, kind: str, name: str, *, reason: str) -> bool:
        """Stop something and return whether it ran before. Raises Refused or a UsageError."""
        wanted, named = _named(kind, name)
        said = reason_of(reason)

        def act(recorder: Recorder, case: Case) -> bool:
            case.private["reason"] = said
            by = recorder.actor(case.principal)
            recorder.anchor(Stopped(kind=wanted, name=named))
            return rows.add_stop(recorder.transaction, wanted, named, by=by, at=case.at)

        return self._recorded("kill_switch.stop", wanted, named, act)

    def lift(self, kind: str, name: str) -> bool:
        """Let something run again and return whether it was stopped. Raises Refused or a UsageError."""
        wanted, named = _named(kind, name)

        def act(recorder: Recorder, _: Case) -> bool:
            recorder.anchor(Lifted(kind=wanted, name=named))
            return rows.lift_stop(recorder.transaction, wanted, named)

        return self._recorded("kill_switch.lift", wanted, named, act)

    def _recorded(self, type_: str, kind: StopKind, name: str, act: Callable[[Recorder, Case], bool]) -> bool:
        case = Case(type=type_, public={"kind": kind.value, "changed": False}, private={"name": name})

        def do(recorder: Recorder) -> bool:
            self.act.admit(case, "administer")
            changed = act(recorder, case)
            case.public["changed"] = changed
            return changed

        return self.act.recorded(case, do)


def _named(kind: str, name: str) -> tuple[StopKind, str]:
    """Return what is meant. Raises UsageError for another kind, or a name that is missing or too much."""
    try:
        wanted = StopKind(kind)
    except ValueError:
        raise UsageError(f"expected one of {', '.join(StopKind)}, found {kind!r}") from None
    if (wanted is StopKind.TENANT) == bool(name.strip()):
        raise UsageError("a model or a collection is stopped by its name, the tenant without one")
    return wanted, name.strip()
