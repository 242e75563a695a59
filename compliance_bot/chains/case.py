"""The open record of one question: what each step found out, until it is sealed.

Whatever way a question ends (answered, abstained, refused, failed), `closing` appends its record before anything
leaves; if the record cannot be committed, nothing does.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from compliance_bot.audit.record import Event, Json, RecordTooLarge, describe, new_record_id
from compliance_bot.chains.identify import ImpersonationRefused
from compliance_bot.errors import ComplianceError, Unavailable
from compliance_bot.logs import note
from compliance_bot.records import Principal
from compliance_bot.store.moves import MovedMeanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.records import ClassId, DocumentId, RecordId

# Stands in the record of a refusal where nobody was identified.
NOBODY = Principal(id="-")


@dataclass(slots=True)
class Case:
    """One question on its way. `public` and `private` become the record's two halves."""

    type: str
    id: RecordId = field(default_factory=new_record_id)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    principal: Principal = NOBODY
    outcome: str = "failed"
    public: dict[str, Json] = field(default_factory=dict)
    private: dict[str, Json] = field(default_factory=dict)
    timings_ms: dict[str, float] = field(default_factory=dict)
    # What is about to be shown, and the class as which it was read: it stands like that when the record is committed.
    read: dict[DocumentId, ClassId] = field(default_factory=dict)
    leaf_hash: bytes = b""  # of its record, once that is committed
    erasures: int | None = None  # where values are about to be shown: how many there had been when they were opened

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings_ms[name] = round((time.perf_counter() - began) * 1000, 3)

    def end_with(self, error: BaseException) -> None:
        """Let this have ended with an error: refused, or failed where nobody refused it."""
        if isinstance(error, ImpersonationRefused):
            self.principal = error.by
        is_refusal = isinstance(error, ComplianceError) and error.exit_code != Unavailable.exit_code
        self.outcome = "refused" if is_refusal else "failed"
        # The name only: a message may say more than a record should.
        self.public["error"] = type(error).__name__

    def event(self) -> Event:
        """Return the record of this case as it stands."""
        timings = {name: round(value * 1000) for name, value in self.timings_ms.items()}
        return Event(
            type=self.type,
            outcome=self.outcome,
            public={**self.public, "timings_us": timings},
            private={**self.private, "principal": describe(self.principal)},
        )

    def withdraw(self, error: Exception) -> None:
        """Let this have come to nothing at the last moment: what would have been shown is not in the record either."""
        self.type, self.outcome = self.type.replace("completed", "aborted"), "failed"
        told = {
            name: value
            for name, value in self.public.items()
            if name not in ("citations", "shown", "revealed", "receipt")
        }
        self.public = {**told, "error": type(error).__name__}
        self.private = {name: value for name, value in self.private.items() if name == "question"}

    def tell(self, tenant: int, *, level: Literal["info", "warning"] = "info") -> None:
        """Log how the case ended: ids, counts and times of its public half."""
        public, model, fallback = self.public, self.public.get("model"), self.public.get("fallback")
        error, unsupported, exact = public.get("error"), public.get("unsupported"), public.get("exact")
        note(
            f"{self.type.partition('.')[0]}.done",
            level="warning" if fallback else level,
            record=self.id,
            tenant=tenant,
            outcome=self.outcome,
            error=str(error) if error else None,
            model=str(model["name"]) if isinstance(model, dict) else None,
            fallback=str(fallback["reason"]) if isinstance(fallback, dict) else None,
            citations=_count(public.get("citations")),
            candidates=_count(public.get("candidates")),
            denied=_count(public.get("denied")),
            unsupported=unsupported if isinstance(unsupported, int) else None,
            exact=exact if isinstance(exact, bool) else None,
            timings_ms=dict(self.timings_ms),
        )


def _count(value: Json) -> int | None:
    return len(value) if isinstance(value, list) else None


@contextmanager
def closing(log: AuditLog, kind: str, identify: Callable[[], Principal] | None = None) -> Iterator[Case]:
    """Open a case and append its record when the block ends, also when it ends with an error.

    With `identify`, the block begins with who acts known. What a token is checked against may need a connection of its
    own, and there are only so many: so that comes before the block takes one.
    """
    case = Case(type=kind)
    began = time.perf_counter()
    with errors_recorded(case, log):
        if identify is not None:
            case.principal = identify()
        yield case
    try:
        with case.step("record"):  # for the asker: a record cannot tell how long it took itself
            committed = log.commit(
                case.event(), case.principal, id=case.id, at=case.at, read=case.read, erasures=case.erasures
            )
            case.leaf_hash = committed.leaf_hash
    except (MovedMeanwhile, RecordTooLarge) as error:
        case.withdraw(error)
        _append_failed(case, log)
        case.tell(log.tenant)
        raise
    case.timings_ms["total"] = round((time.perf_counter() - began) * 1000, 3)
    case.tell(log.tenant)


@contextmanager
def errors_recorded(case: Case, log: AuditLog) -> Iterator[None]:
    """Append the record of a case whose block ends with an error, also when it is interrupted, and raise the error."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, MovedMeanwhile):
            case.withdraw(error)
        else:
            case.end_with(error)
        _append_failed(case, log)
        case.tell(log.tenant, level="info" if case.outcome == "refused" else "warning")
        raise


def _append_failed(case: Case, log: AuditLog) -> None:
    """Append the record of a case that came to nothing; what it was about is left out where all of it does not fit."""
    try:
        log.append(case.event(), case.principal, id=case.id, at=case.at)
    except RecordTooLarge:
        case.public = {"error": case.public["error"]}
        log.append(case.event(), case.principal, id=case.id, at=case.at)
