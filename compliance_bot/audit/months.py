"""Have the months to come opened in the log's tables, once a day in each process.

It never stands in the way of a record: what fails is told and tried again the next day. Months are opened two ahead,
and a record finds a place without one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from compliance_bot.logs import note
from compliance_bot.store.months import open_months

if TYPE_CHECKING:
    from compliance_bot.audit.log import AuditLog

EVERY_S = 86_400.0


class Months:
    """The months of one log, as one process looks after them."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._due_at = 0.0

    def look(self) -> None:
        """Open what is to be opened, if a day has passed since the last look."""
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + EVERY_S
        try:
            with self._log.writing() as transaction:
                unopened = open_months(transaction)
        except Exception as error:  # noqa: BLE001 - whatever it is, records are appended without it
            note("log.months", level="warning", tenant=self._log.tenant, error=type(error).__name__)
            return
        for name in unopened:
            note("log.month_in_default", level="warning", tenant=self._log.tenant, outcome=name)
