"""The open record of one question: what each step found out, until it is sealed.

Whatever way a question ends (answered, abstained, refused, failed), `closing` appends its record before anything
leaves; if the record cannot be committed, nothing does.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.audit.record import Event, Json, describe, new_record_id
from compliance_bot.errors import ComplianceError, Unavailable
from compliance_bot.records import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.records import RecordId

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

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings_ms[name] = round((time.perf_counter() - began) * 1000, 3)

    def event(self) -> Event:
        """Return the record of this case as it stands."""
        timings = {name: round(value * 1000) for name, value in self.timings_ms.items()}
        return Event(
            type=self.type,
            outcome=self.outcome,
            public={**self.public, "timings_us": timings},
            private={**self.private, "principal": describe(self.principal)},
        )


@contextmanager
def closing(log: AuditLog, kind: str) -> Iterator[Case]:
    """Open a case and append its record when the block ends, also when it ends with an error."""
    case = Case(type=kind)
    began = time.perf_counter()
    try:
        yield case
    except BaseException as error:  # an interrupted question leaves a record too
        refused = isinstance(error, ComplianceError) and error.exit_code != Unavailable.exit_code
        case.outcome = "refused" if refused else "failed"
        # The name only: a message may say more than a record should.
        case.public["error"] = type(error).__name__
        log.append(case.event(), case.principal, id=case.id, at=case.at)
        raise
    with case.step("record"):  # for the asker: a record cannot tell how long it took itself
        log.append(case.event(), case.principal, id=case.id, at=case.at)
    case.timings_ms["total"] = round((time.perf_counter() - began) * 1000, 3)
